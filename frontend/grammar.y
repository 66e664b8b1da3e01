/* The grammar of frit's text: LANGUAGE.md 7, with the declarations of 5, the dumps of 6 and the loop trees of SCHEDULE.md 1.
 *
 * Actions only build nodes (ast.c); what they mean is elaboration's business. Every list recovers at its own end (`error ';'`,
 * `error '}'`), so that one run reports all syntax errors. Words such as `state` reach us as keywords only where they are (lexer.l).
 */
%require "3.8"
%define api.pure full
%define api.token.prefix {K_}
%define parse.error custom
%define parse.lac full
%define lr.default-reduction consistent
%locations
%expect 0
%param { void *scanner }
%parse-param { struct Parse *p }

%code requires { #include "parse.h" }
%union { Node *node; Stmt *stmt; Tree *tree; const char *text; int64_t i; double f; int kind; Param param;
         NodeList nodes; NameList names; StmtList stmts; LeafList leaves; TreeList trees; ParamList params; LeafDim leaf; Place place; }
%code {
#include <string.h>
int yylex(YYSTYPE *v, YYLTYPE *l, void *scanner);
static void yyerror(YYLTYPE *l, void *scanner, Parse *p, const char *what);
#define AT(l) ((Pos){ p->src, (uint32_t)(l).first_line, (uint32_t)(l).first_column })
#define END_OF(l) ((Pos){ p->src, (uint32_t)(l).last_line, (uint32_t)(l).last_column })
#define C (p->c)
#define RECOVERED (yyerrok, p->lost = false)
}
%initial-action { @$ = (YYLTYPE){ 1, 1, 1, 1 }; }

%token END 0 "the end of the file"
%token <text> NAME "a name" STRING "a string" OP "'op'" GRAPH "'graph'"
%token <i> INT "a number" BIG "a number "
%token <f> FLOAT "a number  "
%token OR "'or'" IF "'if'" STAGE "'stage'" WEIGHTS "'weights'" PARAM "'param'" CONST "'const'" STATE "'state'" KERNEL "'kernel'" SCHEDULE "'schedule'"
%token LET "'let'" FOR "'for'" PREFETCH "'prefetch'" STREAM "'stream'" IN "'in'" AS "'as'" AT "'at'" WHERE "'where'" FOLD "'fold'" ALIAS "'alias'" BY "'by'"
%token DOTS "'..'" REST "'...'" ARROW "'->'" NEXT "'<-'" EQ "'=='" NE "'!='" LE "'<='" GE "'>='" SHL "'<<'" SHR "'>>'" POW "'**'"

%type <node> expr or bitor xor and cmp shift sum product unary power postfix primary item arg condition
%type <nodes> items item_list args arg_list shape layout
%type <params> params param_list result result_list results
%type <param> param typed
%type <stmts> stmts block
%type <stmt> stmt
%type <names> names name_list
%type <text> by label
%type <place> place
%type <kind> kind
%type <i> step
%type <trees> schedule tree tree_block
%type <tree> tree_item
%type <leaves> leaves leaf_list
%type <leaf> leaf
%%
file: %empty | file file_item | file error;   /* no yyerrok: it drops token by token up to the next declaration */

file_item:
    STAGE NAME ';'                              { file_stage(p, AT(@2), $2); }
  | WEIGHTS STRING ';'                          { file_weights(p, AT(@2), $2); }
  | OP NAME '(' params ')' by '=' expr ';'      { file_decl(p, D_OP, AT(@2), END_OF(@9), $1, $2, $4, $6, NULL, (StmtList){ 0 }, $8); }
  | OP NAME '(' params ')' by '=' error ';'     { RECOVERED; }
  | OP NAME '(' params ')' by '=' error         { RECOVERED; }
  | OP NAME '(' params ')' by result block      { file_decl(p, D_OP, AT(@2), END_OF(@8), $1, $2, $4, $6, $7.at ? &$7 : NULL, $8, NULL); }
  | GRAPH NAME '(' params ')' result block      { file_decl(p, D_GRAPH, AT(@2), END_OF(@7), $1, $2, $4, NULL, $6.at ? &$6 : NULL, $7, NULL); }
  | OP error block | OP error ';' { RECOVERED; } | OP error { RECOVERED; }
  | GRAPH error block | GRAPH error { RECOVERED; }
  ;
by: %empty { $$ = NULL; } | BY NAME { $$ = $2; };

params: %empty { $$ = (ParamList){ 0 }; } | param_list;
param_list:
    param                                       { $$ = (ParamList){ 0 }; PUSH(C, $$, $1); }
  | param_list ',' param                        { $$ = $1; PUSH(C, $$, $3); }
  | param_list WHERE NAME IN expr DOTS expr     { $$ = $1; $$.bound = ctx_grow(C, $$.bound, $$.nbound, &$$.bcap, sizeof(Bound)); $$.bound[$$.nbound++] = (Bound){ $3, $5, $7, AT(@3) }; }
  | param_list ',' NAME IN expr DOTS expr       { $$ = $1; $$.bound = ctx_grow(C, $$.bound, $$.nbound, &$$.bcap, sizeof(Bound)); $$.bound[$$.nbound++] = (Bound){ $3, $5, $7, AT(@3) }; }
  ;
param:
    NAME                                        { $$ = (Param){ .kind = P_PLAIN, .pos = AT(@1), .name = $1 }; }
  | NAME REST                                   { $$ = (Param){ .kind = P_PLAIN, .pos = AT(@1), .name = $1, .variadic = true }; }
  | NAME '=' expr                               { $$ = (Param){ .kind = P_ATTR, .pos = AT(@1), .name = $1, .value = $3 }; }
  | NAME ':' NAME                               { $$ = (Param){ .kind = P_ATTR, .pos = AT(@1), .name = $1, .type = $3 }; }
  | NAME ':' NAME '=' expr                      { $$ = (Param){ .kind = P_ATTR, .pos = AT(@1), .name = $1, .type = $3, .value = $5 }; }
  | NAME ':' NAME '[' items ']'                 { $$ = (Param){ .kind = P_TYPED, .pos = AT(@1), .name = $1, .type = $3, .item = $5.at, .nitem = $5.n }; }
  | NAME '[' items ']'                          { $$ = (Param){ .kind = P_TENSOR, .pos = AT(@1), .name = $1, .item = $3.at, .nitem = $3.n }; }
  | NAME '[' items ']' REST                     { $$ = (Param){ .kind = P_TENSOR, .pos = AT(@1), .name = $1, .item = $3.at, .nitem = $3.n, .variadic = true }; }
  | NAME '[' items ']' '=' expr                 { $$ = (Param){ .kind = P_TENSOR, .pos = AT(@1), .name = $1, .item = $3.at, .nitem = $3.n, .value = $6 }; }
  | REST                                        { $$ = (Param){ .kind = P_REST, .pos = AT(@1), .name = "..." }; }
  ;

result:
    %empty                                      { $$ = (ParamList){ 0 }; }
  | ARROW NAME                                  { $$ = (ParamList){ 0 }; Param r = { .kind = P_PLAIN, .pos = AT(@2), .name = $2 }; PUSH(C, $$, r); }
  | ARROW results                               { $$ = $2; }
  ;
results: '(' result_list ')'                    { $$ = $2; };
result_list:
    typed                                       { $$ = (ParamList){ 0 }; PUSH(C, $$, $1); }
  | result_list ',' typed                       { $$ = $1; PUSH(C, $$, $3); }
  ;
typed:
    NAME                                        { $$ = (Param){ .kind = P_PLAIN, .pos = AT(@1), .name = $1 }; }
  | NAME ':' NAME                               { $$ = (Param){ .kind = P_TYPED, .pos = AT(@1), .name = $1, .type = $3 }; }
  | NAME ':' NAME '[' items ']'                 { $$ = (Param){ .kind = P_TYPED, .pos = AT(@1), .name = $1, .type = $3, .item = $5.at, .nitem = $5.n }; }
  ;

block: open stmts '}' { $$ = $2; } | open stmts error '}' { RECOVERED; $$ = $2; } | open stmts error { RECOVERED; $$ = $2; };
open: '{' { RECOVERED; };
stmts: %empty { $$ = (StmtList){ 0 }; } | stmts stmt { $$ = $1; if ($2) PUSH(C, $$, $2); };
stmt:
    expr '=' expr ';'                           { $$ = stmt_new(p, S_DEFINE, AT(@1), NULL); $$->left = $1; $$->value = $3; }
  | expr ':' NAME '=' expr ';'                  { $$ = stmt_new(p, S_DEFINE, AT(@1), NULL); $$->left = $1; $$->type = $3; $$->value = $5; }
  | expr ':' NAME '[' args ']' layout place ';' { $$ = stmt_decl(p, AT(@1), $1, $3, &$5, $7, $8); }
  | expr AT NAME '+' INT ';'                    { $$ = stmt_decl(p, AT(@1), $1, NULL, NULL, (NodeList){ 0 }, (Place){ $3, $5 }); }
  | PARAM NAME ':' NAME shape ';'               { $$ = stmt_new(p, S_PARAM, AT(@2), $2); $$->type = $4; $$->item = $5.at; $$->nitem = $5.n; }
  | STATE NAME ':' NAME shape ';'               { $$ = stmt_new(p, S_STATE, AT(@2), $2); $$->type = $4; $$->item = $5.at; $$->nitem = $5.n; }
  | STATE NAME ':' NAME shape '=' expr ';'      { $$ = stmt_new(p, S_STATE, AT(@2), $2); $$->type = $4; $$->item = $5.at; $$->nitem = $5.n; $$->value = $7; }
  | CONST expr '=' expr ';'                     { $$ = stmt_const(p, AT(@2), $2, NULL, NULL, $4); }
  | CONST expr ':' NAME '=' expr ';'            { $$ = stmt_const(p, AT(@2), $2, $4, NULL, $6); }
  | CONST expr ':' NAME '[' items ']' '=' expr ';'  { $$ = stmt_const(p, AT(@2), $2, $4, &$6, $9); }
  | NAME NEXT expr ';'                          { $$ = stmt_new(p, S_NEXT, AT(@1), $1); $$->value = $3; }
  | KERNEL NAME label '(' names ')' ARROW results '{' stmts schedule '}'  { $$ = stmt_kernel(p, AT(@2), $2, $3, $5, $8, $10); $$->tree = $11.first; $$->has_tree = $11.last; }
  | KERNEL NAME label '(' names ')' ARROW results '{' stmts error '}'  { RECOVERED; $$ = NULL; }
  | error ';'                                   { RECOVERED; $$ = NULL; }
  ;
shape: %empty { $$ = (NodeList){ 0 }; } | '[' items ']' { $$ = $2; };
layout: %empty { $$ = (NodeList){ 0 }; } | AS '[' items ']' { $$ = $3; };
place: %empty { $$ = (Place){ 0 }; } | AT NAME '+' INT { $$ = (Place){ $2, $4 }; };
label: %empty { $$ = NULL; } | STRING;
names: %empty { $$ = (NameList){ 0 }; } | name_list;
name_list: NAME { $$ = (NameList){ 0 }; PUSH(C, $$, $1); } | name_list ',' NAME { $$ = $1; PUSH(C, $$, $3); };

schedule: %empty { $$ = (TreeList){ 0 }; } | SCHEDULE tree_block { $$ = $2; if (!$$.last) $$.last = ast_tree_new(p, TREE_FOR, AT(@1), NULL); };
tree_block: '{' tree '}' { $$ = $2; } | '{' tree error '}' { RECOVERED; $$ = $2; };
tree: %empty { $$ = (TreeList){ 0 }; }
  | tree tree_item { $$ = $1; if ($2) { if ($$.last) $$.last->next = $2; else $$.first = $2; $$.last = $2; } };
tree_item:
    FOR NAME step kind tree_block               { $$ = ast_tree_for(p, AT(@2), $2, $3, $4, $5); }
  | NAME '(' leaves ')' ';'                     { $$ = ast_tree_new(p, TREE_LEAF, AT(@1), $1); $$->leaf = $3.at; $$->nleaf = $3.n; }
  | LET NAME NAME layout ';'                    { $$ = ast_tree_let(p, AT(@2), AT(@3), $2, $3); ast_tree_layout(p, $$, $4); }
  | LET NAME NAME layout FOLD NAME INT ';'      { $$ = ast_tree_let(p, AT(@2), AT(@3), $2, $3); ast_tree_layout(p, $$, $4); ast_tree_fold(p, AT(@7), $$, $6, $7); }
  | LET NAME FOLD NAME INT ';'                  { $$ = ast_tree_let(p, AT(@2), AT(@3), $2, "mem"); ast_tree_fold(p, AT(@5), $$, $4, $5); }
  | LET NAME ALIAS NAME ';'                     { $$ = ast_tree_let(p, AT(@2), AT(@3), $2, "alias"); $$->other = $4; }
  | PREFETCH NAME '[' INT ']' ';'               { $$ = ast_tree_new(p, TREE_PREFETCH, AT(@2), $2); $$->place = expr_int(C, $4); }
  | error ';'                                   { RECOVERED; $$ = NULL; }
  ;
step: %empty { $$ = 0; } | '/' INT { $$ = parse_step(p, AT(@2), $2); };
kind: %empty { $$ = LOOP_SERIAL; } | '*' { $$ = LOOP_UNROLL; } | NAME { $$ = ast_tree_kind(p, AT(@1), $1); };
leaves: %empty { $$ = (LeafList){ 0 }; } | leaf_list;
leaf_list: leaf { $$ = (LeafList){ 0 }; PUSH(C, $$, $1); } | leaf_list ',' leaf { $$ = $1; PUSH(C, $$, $3); };
leaf:
    NAME                                        { $$ = (LeafDim){ $1, LEAF_SERIAL, 1 }; }
  | NAME '/' INT                                { $$ = (LeafDim){ $1, LEAF_SERIAL, parse_step(p, AT(@3), $3) }; }
  | NAME '*'                                    { $$ = (LeafDim){ $1, LEAF_UNROLL, 0 }; }
  | NAME '~'                                    { $$ = (LeafDim){ $1, LEAF_VECTOR, 0 }; }
  | NAME '/' INT '~'                            { $$ = (LeafDim){ $1, LEAF_VECTOR, parse_step(p, AT(@3), $3) }; }
  ;

items: %empty { $$ = (NodeList){ 0 }; } | item_list;
item_list: item { $$ = (NodeList){ 0 }; PUSH(C, $$, $1); } | item_list ',' item { $$ = $1; PUSH(C, $$, $3); };
item:
    expr
  | expr '@' expr                               { $$ = node_kid2(p, N_AT, AT(@2), $1, $3); }
  | DOTS                                        { $$ = node_kid1(p, N_SPLICE, AT(@1), NULL); }
  | DOTS expr                                   { $$ = node_kid1(p, N_SPLICE, AT(@1), $2); }
  | DOTS expr '@' expr                          { $$ = node_kid1(p, N_SPLICE, AT(@1), node_kid2(p, N_AT, AT(@3), $2, $4)); }
  | DOTS '~' expr                               { $$ = node_kid1(p, N_SPLICE, AT(@1), $3); $$->broadcast = true; }
  | STREAM NAME                                 { $$ = node_text(p, N_STREAM, AT(@1), $2); }
  ;
args: %empty { $$ = (NodeList){ 0 }; } | arg_list;
arg_list: arg { $$ = (NodeList){ 0 }; PUSH(C, $$, $1); } | arg_list ',' arg { $$ = $1; PUSH(C, $$, $3); };
arg:
    item
  | NAME '=' expr                               { $$ = node_kid1(p, N_NAMED, AT(@1), $3); $$->text = $1; }
  | REST                                        { $$ = node_new(p, N_PASS, AT(@1)); }
  ;
condition: %empty { $$ = NULL; } | IF expr { $$ = $2; };

expr: or | or '?' expr ':' expr                 { $$ = node_kid3(p, N_COND, AT(@2), $1, $3, $5); };
or: bitor | or OR bitor                         { $$ = node_kid2(p, N_OR, AT(@2), $1, $3); };
bitor: xor | bitor '|' xor                      { $$ = node_fn2(p, FN_OR, AT(@2), $1, $3); };
xor: and | xor '^' and                          { $$ = node_fn2(p, FN_XOR, AT(@2), $1, $3); };
and: cmp | and '&' cmp                          { $$ = node_fn2(p, FN_AND, AT(@2), $1, $3); };
cmp: shift
  | shift EQ shift                              { $$ = node_fn2(p, FN_EQ, AT(@2), $1, $3); }
  | shift NE shift                              { $$ = node_fn2(p, FN_NE, AT(@2), $1, $3); }
  | shift '<' shift                             { $$ = node_fn2(p, FN_LT, AT(@2), $1, $3); }
  | shift LE shift                              { $$ = node_fn2(p, FN_LE, AT(@2), $1, $3); }
  | shift '>' shift                             { $$ = node_fn2(p, FN_GT, AT(@2), $1, $3); }
  | shift GE shift                              { $$ = node_fn2(p, FN_GE, AT(@2), $1, $3); };
shift: sum
  | shift SHL sum                               { $$ = node_fn2(p, FN_SHL, AT(@2), $1, $3); }
  | shift SHR sum                               { $$ = node_fn2(p, FN_SHR, AT(@2), $1, $3); };
sum: product
  | sum '+' product                             { $$ = node_fn2(p, FN_ADD, AT(@2), $1, $3); }
  | sum '-' product                             { $$ = node_fn2(p, FN_SUB, AT(@2), $1, $3); };
product: unary
  | product '*' unary                           { $$ = node_fn2(p, FN_MUL, AT(@2), $1, $3); }
  | product '/' unary                           { $$ = node_fn2(p, FN_DIV, AT(@2), $1, $3); }
  | product '%' unary                           { $$ = node_fn2(p, FN_MOD, AT(@2), $1, $3); };
unary: power
  | '-' unary                                   { $$ = node_fn1(p, FN_NEG, AT(@1), $2); }
  | '-' BIG                                     { $$ = node_int(p, AT(@1), $2); }
  | '!' unary                                   { $$ = node_fn1(p, FN_NOT, AT(@1), $2); };
power: postfix | postfix POW unary              { $$ = node_fn2(p, FN_POW, AT(@2), $1, $3); };
postfix: primary
  | postfix '[' items ']'                       { $$ = node_read(p, AT(@1), $1, $3); }
  | postfix '[' expr ':' expr ']'               { $$ = node_kid3(p, N_SLICE, AT(@1), $1, $3, $5); }
  | postfix '[' ':' expr ']'                    { $$ = node_kid3(p, N_SLICE, AT(@1), $1, NULL, $4); }
  | postfix '[' expr ':' ']'                    { $$ = node_kid3(p, N_SLICE, AT(@1), $1, $3, NULL); }
  | postfix '.' NAME                            { $$ = node_dot(p, AT(@1), $1, $3); }
  | NAME '(' args ')'                           { $$ = node_kids(p, N_CALL, AT(@1), $3); $$->text = $1; }
  | NAME '(' args condition ':' expr ')'        { $$ = node_reduce(p, AT(@1), $1, $3, $4, $6); };
primary:
    NAME                                        { $$ = node_name(p, AT(@1), $1); }
  | INT                                         { $$ = node_int(p, AT(@1), $1); }
  | FLOAT                                       { $$ = node_new(p, N_FLOAT, AT(@1)); $$->f = $1; }
  | STRING                                      { $$ = node_text(p, N_STRING, AT(@1), $1); }
  | '(' expr ')'                                { $$ = $2; $$->paren = true; }
  | '(' item ',' item_list ')'                  { NodeList l = { 0 }; PUSH(C, l, $2); for (int k = 0; k < $4.n; k++) PUSH(C, l, $4.at[k]); $$ = node_kids(p, N_TUPLE, AT(@1), l); }
  | '(' DOTS expr ')'                           { $$ = node_kid1(p, N_TUPLE, AT(@1), node_kid1(p, N_SPLICE, AT(@2), $3)); }
  | '[' items ']'                               { $$ = node_kids(p, N_LIST, AT(@1), $2); }
  ;
%%
static void yyerror(YYLTYPE *l, void *scanner, Parse *p, const char *what)
{
  (void)scanner;
  (void)what;                     /* "memory exhausted": bison's stack has its bound */
  parse_error(p, AT(*l), "this is nested too deep");
  p->stop = true;
}

/* The many tokens that begin or continue an expression are one word for people. A group stands for its members if `sign` is among them. */
static const struct Group { const char *text, *sign, *member[40]; } groups[] = {
  { "a statement", "'param'", { "'param'", "'const'", "'state'", "'kernel'", "a name", "a number", "a number ", "a number  ", "a string", "'('", "'['",
      "'-'", "'!'", "'schedule'" } },
  { "an expression", "'!'", { "a name", "a number", "a number ", "a number  ", "a string", "'('", "'['", "'-'", "'!'", "'..'", "'...'", "'stream'" } },
  { "an operator", "'&'", { "'&'", "'|'", "'^'", "'+'", "'-'", "'*'", "'/'", "'%'", "'**'", "'<<'", "'>>'", "'=='", "'!='", "'<'", "'<='", "'>'", "'>='",
      "'?'", "'or'", "'['", "'.'", "'('", "'@'" } },
};
/* Rarely what is missing: named only if nothing else may stand. */
static const char *const rare[] = { "the end of the file", "'at'", "'<-'", "'as'", "'alias'", "'fold'", "'by'", "'...'", "'where'" };
enum { EXPECT_MAX = 100 };
typedef struct Expected { const char *at[EXPECT_MAX]; int n; } Expected;

static bool expected_drop(Expected *e, const char *s)
{
  for (int i = 0; i < e->n; i++)
    if (!strcmp(e->at[i], s)) {
      memmove(e->at + i, e->at + i + 1, sizeof *e->at * (size_t)(--e->n - i));
      return true;
    }
  return false;
}

static void expected_group(Expected *e)
{
  for (size_t g = 0; g < sizeof groups / sizeof *groups; g++) {
    if (!expected_drop(e, groups[g].sign)) continue;
    for (const char *const *m = groups[g].member; *m; m++) expected_drop(e, *m);
    e->at[e->n++] = groups[g].text;
  }
  for (size_t i = 0; i < sizeof rare / sizeof *rare && e->n > 1; i++) expected_drop(e, rare[i]);
}

static const char *expected_text(Parse *p, const yypcontext_t *at)
{
  yysymbol_kind_t kind[EXPECT_MAX];
  int n = yypcontext_expected_tokens(at, kind, EXPECT_MAX - 3);
  Expected e = { .n = 0 };
  Text t = { .c = C };

  for (int i = 0; i < n; i++) e.at[e.n++] = yysymbol_name(kind[i]);
  expected_group(&e);
  for (int i = 0; i < e.n; i++) text_add(&t, "%s%s", i == 0 ? "" : i == e.n - 1 ? " or " : ", ", e.at[i]);
  return e.n ? t.s : "something else";
}

static int yyreport_syntax_error(const yypcontext_t *at, void *scanner, Parse *p)
{
  (void)scanner;
  parse_unexpected(p, expected_text(p, at));
  return 0;
}
