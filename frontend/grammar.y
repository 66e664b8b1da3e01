/* The grammar of frit's text: LANGUAGE.md 7, with the declarations of 5, the dumps of 6 and the loop trees of SCHEDULE.md 1.
 * Actions only build nodes (ast.c); what they mean is elaboration's business. Every list recovers at its own end (`error ';'`,
 * `error '}'`), so that one run reports all syntax errors. Words such as `state` reach us as keywords only where they are (lexer.l). */
%require "3.8"
%define api.pure full %define api.token.prefix {K_} %locations %expect 0
%define parse.error custom %define parse.lac full %define lr.default-reduction consistent
%param { void *scanner } %parse-param { struct Parse *p }

%code requires { #include "parse.h" }
%union { Node *node; Stmt *stmt; Tree *tree; const char *text; int64_t i; double f; int kind; Param param;
         NodeList nodes; NameList names; StmtList stmts; LeafList leaves; TreeList trees; ParamList params; LeafDim leaf; Place place; }
%code {
int yylex(YYSTYPE *v, YYLTYPE *l, void *scanner);
static void yyerror(YYLTYPE *l, void *scanner, Parse *p, const char *what);
#define C (p->c)
#define POS(l) ((Pos){ p->src, (uint32_t)(l).first_line, (uint32_t)(l).first_column })
#define RECOVERED (yyerrok, p->lost = false)
/* A node, parameter, statement or tree of a kind at a place, and its fields. */
#define NODE(k, l, ...) node_make(p, (Node){ .kind = (k), .pos = POS(l), __VA_ARGS__ })
#define KIDS(...) .kid = (Node *[]){ __VA_ARGS__ }, .n = sizeof (Node *[]){ __VA_ARGS__ } / sizeof(Node *)
#define LIST(l) .kid = (l).at, .n = (l).n
#define BINARY(f, l, a, b) NODE(N_BINARY, l, .fn = (Fn)(f), KIDS(a, b))
#define PARAM(k, l, ...) (Param){ .kind = (k), .pos = POS(l), __VA_ARGS__ }
#define LEFT(left, must, k, l, ...) stmt_left(p, (Stmt){ .kind = (k), .pos = POS(l), __VA_ARGS__ }, left, must)
#define STMT(k, l, ...) ctx_copy(C, &(Stmt){ .kind = (k), .pos = POS(l), __VA_ARGS__ }, sizeof(Stmt))
#define ITEMS(l) .item = (l).at, .nitem = (l).n
#define TREE(k, l, ...) ctx_copy(C, &(Tree){ .kind = (k), .pos = POS(l), __VA_ARGS__ }, sizeof(Tree))
#define STORE(l, ...) TREE(TREE_LET, l, .name = __VA_ARGS__)
}
%initial-action { @$ = (YYLTYPE){ 1, 1, 1, 1 }; }

%token END 0 "the end of the file" %token <text> NAME "a name" STRING "a string" OP "'op'" GRAPH "'graph'"
%token <i> INT "a number" BIG "a number " %token <f> FLOAT "a number  "
%token OR "'or'" IF "'if'" STAGE "'stage'" WEIGHTS "'weights'" PARAM "'param'" CONST "'const'" STATE "'state'" KERNEL "'kernel'" SCHEDULE "'schedule'"
%token LET "'let'" FOR "'for'" PREFETCH "'prefetch'" STREAM "'stream'" IN "'in'" AS "'as'" AT "'at'" WHERE "'where'" FOLD "'fold'" ALIAS "'alias'"
%token BY "'by'" DOTS "'..'" REST "'...'" ARROW "'->'" NEXT "'<-'" EQ "'=='" NE "'!='" LE "'<='" GE "'>='" SHL "'<<'" SHR "'>>'" POW "'**'"

%type <node> expr or bitor xor and cmp shift sum product unary power postfix primary item arg condition
%type <nodes> items item_list args arg_list shape layout %type <params> params param_list result result_list results %type <param> param typed
%type <stmts> stmts block %type <stmt> stmt %type <names> names name_list %type <text> by label %type <place> place %type <kind> kind compare
%type <i> step %type <trees> schedule tree tree_block %type <tree> tree_item %type <leaves> leaves leaf_list %type <leaf> leaf
%%
file: %empty | file file_item | file error;   /* no yyerrok: it drops token by token up to the next declaration */

file_item:
    STAGE NAME ';'                              { file_stage(p, POS(@2), $2); }
  | WEIGHTS STRING ';'                          { file_weights(p, POS(@2), $2); }
  | OP NAME '(' params ')' by '=' expr ';'
      { file_decl(p, (Decl){ .kind = D_OP, .pos = POS(@2), .doc = $1, .name = $2, .by = $6, .expr = $8 }, $4, (ParamList){ 0 }, (StmtList){ 0 }); }
  | OP NAME '(' params ')' by '=' error ';' { RECOVERED; } | OP NAME '(' params ')' by '=' error { RECOVERED; }
  | OP NAME '(' params ')' by result block      { file_decl(p, (Decl){ .kind = D_OP, .pos = POS(@2), .doc = $1, .name = $2, .by = $6 }, $4, $7, $8); }
  | GRAPH NAME '(' params ')' result block      { file_decl(p, (Decl){ .kind = D_GRAPH, .pos = POS(@2), .doc = $1, .name = $2 }, $4, $6, $7); }
  | OP error block | OP error ';' { RECOVERED; } | OP error { RECOVERED; } | GRAPH error block | GRAPH error { RECOVERED; };
by: %empty { $$ = NULL; } | BY NAME { $$ = $2; };

params: %empty { $$ = (ParamList){ 0 }; } | param_list;
param_list:
    param                                       { $$ = (ParamList){ 0 }; PUSH(C, $$, $1); }
  | param_list ',' param                        { $$ = $1; PUSH(C, $$, $3); }
  | param_list WHERE NAME IN expr DOTS expr     { $$ = $1; PUSH(C, $$.bound, ((Bound){ $3, $5, $7, POS(@3) })); }
  | param_list ',' NAME IN expr DOTS expr       { $$ = $1; PUSH(C, $$.bound, ((Bound){ $3, $5, $7, POS(@3) })); };
param:
    NAME { $$ = PARAM(P_PLAIN, @1, .name = $1); } | NAME REST { $$ = PARAM(P_PLAIN, @1, .name = $1, .variadic = true); }
  | REST { $$ = PARAM(P_REST, @1, .name = "..."); }
  | NAME '=' expr { $$ = PARAM(P_ATTR, @1, .name = $1, .value = $3); } | NAME ':' NAME { $$ = PARAM(P_ATTR, @1, .name = $1, .type = $3); }
  | NAME ':' NAME '=' expr                      { $$ = PARAM(P_ATTR, @1, .name = $1, .type = $3, .value = $5); }
  | NAME ':' NAME '[' items ']'                 { $$ = PARAM(P_TYPED, @1, .name = $1, .type = $3, ITEMS($5)); }
  | NAME '[' items ']'                          { $$ = PARAM(P_TENSOR, @1, .name = $1, ITEMS($3)); }
  | NAME '[' items ']' REST                     { $$ = PARAM(P_TENSOR, @1, .name = $1, ITEMS($3), .variadic = true); }
  | NAME '[' items ']' '=' expr                 { $$ = PARAM(P_TENSOR, @1, .name = $1, ITEMS($3), .value = $6); };

result: %empty { $$ = (ParamList){ 0 }; } | ARROW results { $$ = $2; }
  | ARROW NAME { $$ = (ParamList){ 0 }; PUSH(C, $$, (PARAM(P_PLAIN, @2, .name = $2))); };
results: '(' result_list ')' { $$ = $2; };
result_list: typed { $$ = (ParamList){ 0 }; PUSH(C, $$, $1); } | result_list ',' typed { $$ = $1; PUSH(C, $$, $3); };
typed: NAME { $$ = PARAM(P_PLAIN, @1, .name = $1); } | NAME ':' NAME { $$ = PARAM(P_TYPED, @1, .name = $1, .type = $3); }
  | NAME ':' NAME '[' items ']' { $$ = PARAM(P_TYPED, @1, .name = $1, .type = $3, ITEMS($5)); };

block: open stmts '}' { $$ = $2; } | open stmts error '}' { RECOVERED; $$ = $2; } | open stmts error { RECOVERED; $$ = $2; };
open: '{' { RECOVERED; };
stmts: %empty { $$ = (StmtList){ 0 }; } | stmts stmt { $$ = $1; if ($2) PUSH(C, $$, $2); };
stmt:
    expr '=' expr ';'                           { $$ = STMT(S_DEFINE, @1, .left = $1, .value = $3); }
  | expr ':' NAME '=' expr ';'                  { $$ = STMT(S_DEFINE, @1, .left = $1, .type = $3, .value = $5); }
  | expr ':' NAME '[' args ']' layout place ';'
      { $$ = LEFT($1, true, S_DECL, @1, .type = $3, ITEMS($5), .layout = $7.at, .nlayout = $7.n, .where = $8.where, .offset = $8.offset); }
  | expr AT NAME '+' INT ';'                    { $$ = LEFT($1, true, S_DECL, @1, .where = $3, .offset = $5); }
  | PARAM NAME ':' NAME shape ';'               { $$ = STMT(S_PARAM, @2, .name = $2, .type = $4, ITEMS($5)); }
  | STATE NAME ':' NAME shape ';'               { $$ = STMT(S_STATE, @2, .name = $2, .type = $4, ITEMS($5)); }
  | STATE NAME ':' NAME shape '=' expr ';'      { $$ = STMT(S_STATE, @2, .name = $2, .type = $4, ITEMS($5), .value = $7); }
  | CONST expr '=' expr ';'                     { $$ = LEFT($2, false, S_CONST, @2, .value = $4); }
  | CONST expr ':' NAME '=' expr ';'            { $$ = LEFT($2, false, S_CONST, @2, .type = $4, .value = $6); }
  | CONST expr ':' NAME '[' items ']' '=' expr ';'  { $$ = LEFT($2, true, S_CONST, @2, .type = $4, ITEMS($6), .value = $9); }
  | NAME NEXT expr ';'                          { $$ = STMT(S_NEXT, @1, .name = $1, .value = $3); }
  | KERNEL NAME label '(' names ')' ARROW results '{' stmts schedule '}'
      { $$ = STMT(S_KERNEL, @2, .name = $2, .label = $3, .in = $5.at, .nin = $5.n, .out = $8.at, .nout = $8.n, .body = $10.at,
                               .nbody = $10.n, .tree = $11.first, .has_tree = $11.last); }
  | KERNEL NAME label '(' names ')' ARROW results '{' stmts error '}'  { RECOVERED; $$ = NULL; }
  | error ';'                                   { RECOVERED; $$ = NULL; };
shape: %empty { $$ = (NodeList){ 0 }; } | '[' items ']' { $$ = $2; };
layout: %empty { $$ = (NodeList){ 0 }; } | AS '[' items ']' { $$ = $3; };
place: %empty { $$ = (Place){ 0 }; } | AT NAME '+' INT { $$ = (Place){ $2, $4 }; };
label: %empty { $$ = NULL; } | STRING;
names: %empty { $$ = (NameList){ 0 }; } | name_list;
name_list: NAME { $$ = (NameList){ 0 }; PUSH(C, $$, $1); } | name_list ',' NAME { $$ = $1; PUSH(C, $$, $3); };

schedule: %empty { $$ = (TreeList){ 0 }; } | SCHEDULE tree_block { $$ = $2; if (!$$.last) $$.last = TREE(TREE_FOR, @1); };
tree_block: '{' tree '}' { $$ = $2; } | '{' tree error '}' { RECOVERED; $$ = $2; };
tree: %empty { $$ = (TreeList){ 0 }; }
  | tree tree_item { $$ = $1; if ($2) { if ($$.last) $$.last->next = $2; else $$.first = $2; $$.last = $2; } };
tree_item:
    FOR NAME step kind tree_block               { $$ = TREE(TREE_FOR, @2, .name = $2, .step = $3, .loop = (LoopKind)($4 % TREE_PARALLEL),
                                                            .parallel = $4 >= TREE_PARALLEL, .body = $5.first); }
  | NAME '(' leaves ')' ';'                     { $$ = TREE(TREE_LEAF, @1, .name = $1, .leaf = $3.at, .nleaf = $3.n); }
  | LET NAME NAME layout ';'                    { $$ = tree_with_layout(p, STORE(@2, $2, .storage = tree_storage(p, POS(@3), $3)), $4); }
  | LET NAME NAME layout FOLD NAME INT ';'
      { $$ = tree_with_layout(p, STORE(@2, $2, .storage = tree_storage(p, POS(@3), $3)), $4); tree_with_fold(p, POS(@7), $$, $6, $7); }
  | LET NAME FOLD NAME INT ';'                  { $$ = tree_with_fold(p, POS(@5), STORE(@2, $2, .storage = ST_MEM), $4, $5); }
  | LET NAME ALIAS NAME ';'                     { $$ = STORE(@2, $2, .storage = ST_ALIAS, .other = $4); }
  | PREFETCH NAME '[' INT ']' ';'               { $$ = TREE(TREE_PREFETCH, @2, .name = $2, .step = $4); }
  | PREFETCH NAME '[' NAME ']' ';'              { $$ = TREE(TREE_PREFETCH, @2, .name = $2, .other = $4); }
  | error ';'                                   { RECOVERED; $$ = NULL; };
step: %empty { $$ = 0; } | '/' INT { $$ = parse_step(p, POS(@2), $2); };
kind: %empty { $$ = LOOP_SERIAL; } | '*' { $$ = LOOP_UNROLL; } | NAME { $$ = tree_kind(p, POS(@1), $1, false); }
  | NAME NAME { $$ = tree_kind(p, POS(@1), $1, false) % TREE_PARALLEL + tree_kind(p, POS(@2), $2, true); };
leaves: %empty { $$ = (LeafList){ 0 }; } | leaf_list;
leaf_list: leaf { $$ = (LeafList){ 0 }; PUSH(C, $$, $1); } | leaf_list ',' leaf { $$ = $1; PUSH(C, $$, $3); };
leaf: NAME { $$ = (LeafDim){ $1, LEAF_SERIAL, 1 }; } | NAME '*' { $$ = (LeafDim){ $1, LEAF_UNROLL, 0 }; }
  | NAME '~' { $$ = (LeafDim){ $1, LEAF_VECTOR, 0 }; } | NAME '/' INT { $$ = (LeafDim){ $1, LEAF_SERIAL, parse_step(p, POS(@3), $3) }; }
  | NAME '/' INT '~' { $$ = (LeafDim){ $1, LEAF_VECTOR, parse_step(p, POS(@3), $3) }; } | NAME '+' { $$ = (LeafDim){ $1, LEAF_DOT, 0 }; };

items: %empty { $$ = (NodeList){ 0 }; } | item_list;
item_list: item { $$ = (NodeList){ 0 }; PUSH(C, $$, $1); } | item_list ',' item { $$ = $1; PUSH(C, $$, $3); };
item:
    expr | expr '@' expr                        { $$ = NODE(N_AT, @2, KIDS($1, $3)); }
  | DOTS { $$ = NODE(N_SPLICE, @1, KIDS(NULL)); } | DOTS expr { $$ = NODE(N_SPLICE, @1, KIDS($2)); }
  | DOTS expr '@' expr                          { Node *at = NODE(N_AT, @3, KIDS($2, $4)); $$ = NODE(N_SPLICE, @1, KIDS(at)); }
  | DOTS '~' expr                               { $$ = NODE(N_SPLICE, @1, .broadcast = true, KIDS($3)); }
  | STREAM NAME                                 { $$ = NODE(N_STREAM, @1, .text = $2); };
args: %empty { $$ = (NodeList){ 0 }; } | arg_list;
arg_list: arg { $$ = (NodeList){ 0 }; PUSH(C, $$, $1); } | arg_list ',' arg { $$ = $1; PUSH(C, $$, $3); };
arg: item | NAME '=' expr { $$ = NODE(N_NAMED, @1, .text = $1, KIDS($3)); } | REST { $$ = NODE(N_PASS, @1); };
condition: %empty { $$ = NULL; } | IF expr { $$ = $2; };

expr: or | or '?' expr ':' expr                 { $$ = NODE(N_COND, @2, KIDS($1, $3, $5)); };
or: bitor | or OR bitor                         { $$ = NODE(N_OR, @2, KIDS($1, $3)); };
bitor: xor | bitor '|' xor                      { $$ = BINARY(FN_OR, @2, $1, $3); };
xor: and | xor '^' and                          { $$ = BINARY(FN_XOR, @2, $1, $3); };
and: cmp | and '&' cmp                          { $$ = BINARY(FN_AND, @2, $1, $3); };
cmp: shift | shift compare shift                { $$ = BINARY($2, @2, $1, $3); };
compare: EQ { $$ = FN_EQ; } | NE { $$ = FN_NE; } | '<' { $$ = FN_LT; } | LE { $$ = FN_LE; } | '>' { $$ = FN_GT; } | GE { $$ = FN_GE; };
shift: sum | shift SHL sum { $$ = BINARY(FN_SHL, @2, $1, $3); } | shift SHR sum { $$ = BINARY(FN_SHR, @2, $1, $3); };
sum: product | sum '+' product { $$ = BINARY(FN_ADD, @2, $1, $3); } | sum '-' product { $$ = BINARY(FN_SUB, @2, $1, $3); };
product: unary | product '*' unary { $$ = BINARY(FN_MUL, @2, $1, $3); } | product '/' unary { $$ = BINARY(FN_DIV, @2, $1, $3); }
  | product '%' unary { $$ = BINARY(FN_MOD, @2, $1, $3); };
unary: power | '-' unary { $$ = NODE(N_UNARY, @1, .fn = FN_NEG, KIDS($2)); } | '!' unary { $$ = NODE(N_UNARY, @1, .fn = FN_NOT, KIDS($2)); }
  | '-' BIG { $$ = NODE(N_INT, @1, .i = $2); };
power: postfix | postfix POW unary              { $$ = BINARY(FN_POW, @2, $1, $3); };
postfix: primary
  | postfix '[' items ']'                       { $$ = node_first(p, N_INDEX, POS(@1), $1, $3); }
  | postfix '[' expr ':' expr ']'               { $$ = NODE(N_SLICE, @1, KIDS($1, $3, $5)); }
  | postfix '[' ':' expr ']'                    { $$ = NODE(N_SLICE, @1, KIDS($1, NULL, $4)); }
  | postfix '[' expr ':' ']'                    { $$ = NODE(N_SLICE, @1, KIDS($1, $3, NULL)); }
  | postfix '.' NAME                            { $$ = node_name(p, POS(@1), $1, $3); }
  | NAME '(' args ')'                           { $$ = NODE(N_CALL, @1, .text = $1, LIST($3)); }
  | NAME '(' args condition ':' expr ')'        { PUSH(C, $3, $6); $$ = NODE(N_REDUCE, @1, .text = $1, .cond = $4, LIST($3)); };
primary:
    NAME                                        { $$ = node_name(p, POS(@1), NULL, $1); }
  | INT { $$ = NODE(N_INT, @1, .i = $1); } | FLOAT { $$ = NODE(N_FLOAT, @1, .f = $1); } | STRING { $$ = NODE(N_STRING, @1, .text = $1); }
  | '(' expr ')'                                { $$ = $2; $$->paren = true; }
  | '(' item ',' item_list ')'                  { $$ = node_first(p, N_TUPLE, POS(@1), $2, $4); }
  | '(' DOTS expr ')'                           { Node *all = NODE(N_SPLICE, @2, KIDS($3)); $$ = NODE(N_TUPLE, @1, KIDS(all)); }
  | '[' items ']'                               { $$ = NODE(N_LIST, @1, LIST($2)); };
%%
/* "memory exhausted": bison's stack has its bound. */
static void yyerror(YYLTYPE *l, void *scanner, Parse *p, const char *what) {
  (void)scanner, (void)what; parse_error(p, POS(*l), "this is nested too deep"); p->stop = true;
}

/* The many tokens that begin or continue an expression are one word for people: `text` stands for the members if `sign` is among them.
 * The last row's are rarely what is missing: named only if nothing else may stand. (Numbers have three tokens, told apart by blanks.) */
static const struct Group { const char *text, *sign, *members; } groups[] = {
  { "a statement", "'param'", "'param' 'const' 'state' 'kernel' a name a number   a string '(' '[' '-' '!' 'schedule'" },
  { "an expression", "'!'", "a name a number   a string '(' '[' '-' '!' '..' '...' 'stream'" },
  { "an operator", "'&'", "'&' '|' '^' '+' '-' '*' '/' '%' '**' '<<' '>>' '==' '!=' '<' '<=' '>' '>=' '?' 'or' '[' '.' '(' '@'" },
  { NULL, NULL, "the end of the file 'at' '<-' 'as' 'alias' 'fold' 'by' '...' 'where'" },
};
enum { EXPECT_MAX = 100 };

static const char *expected_text(Parse *p, const yypcontext_t *at) {
  yysymbol_kind_t kind[EXPECT_MAX]; const char *word[EXPECT_MAX]; int n = yypcontext_expected_tokens(at, kind, EXPECT_MAX - 3);
  Text t = { .c = C };
  for (int i = 0; i < n; i++) word[i] = yysymbol_name(kind[i]);
  for (const struct Group *g = groups; g < groups + 4; g++) {
    bool stands = !g->sign; int kept = 0;
    for (int i = 0; i < n && !stands; i++) stands = !strcmp(word[i], g->sign);
    for (int i = 0; i < n; i++) if (!stands || !strstr(g->members, word[i]) || (!g->text && i == n - 1 && !kept)) word[kept++] = word[i];
    if (stands && g->text) word[kept++] = g->text;
    n = kept;
  }
  for (int i = 0; i < n; i++) text_add(&t, "%s%s", i == 0 ? "" : i == n - 1 ? " or " : ", ", word[i]);
  return n ? t.s : "something else";
}

static int yyreport_syntax_error(const yypcontext_t *at, void *scanner, Parse *p) {
  (void)scanner; parse_unexpected(p, expected_text(p, at)); return 0;
}
