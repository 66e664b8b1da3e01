/* What lexer, grammar and tree builders share while one source is parsed. Private to frontend/lexer.l, grammar.y, ast.c. */
#ifndef FRIT_PARSE_H
#define FRIT_PARSE_H
#include "ast.h"

#define PARSE_NEST 500            /* brackets within brackets */
#define PARSE_ERRORS 50           /* syntax errors of one source; then it is given up */

typedef struct NodeList { Node **at; int n, cap; } NodeList;
typedef struct NameList { const char **at; int n, cap; } NameList;
typedef struct StmtList { Stmt **at; int n, cap; } StmtList;
typedef struct LeafList { LeafDim *at; int n, cap; } LeafList;
typedef struct TreeList { Tree *first, *last; } TreeList;
typedef struct ParamList { Param *at; int n, cap; Bound *bound; int nbound, bcap; } ParamList;

typedef struct Place { const char *where; int64_t offset; } Place;     /* `at scratch + 64`; where NULL: none */

/* A token that was read: the last two decide what a word means, and stand in the messages. */
typedef struct Tok { int kind; size_t off, len; Pos pos; } Tok;

typedef struct Parse {
  Ctx *c; const Source *src; Ast *ast;
  size_t off; uint32_t line, col;                         /* where the lexer stands */
  Tok last, before, before2;
  Pos open[PARSE_NEST + 1]; char open_char[PARSE_NEST + 1]; int depth, closed, dropped;  /* closed: the one that the last closing bracket closed, or -1; dropped: the innermost that lex_drop_open gave up, or -1 */
  const char *doc; uint32_t doc_line;                     /* documentation that waits for its operator */
  int decl_cap, weights_cap, pos_cap;                     /* of the arrays in ast */
  bool lost;                                              /* after an error, until the grammar has caught itself again */
  int skip;                                               /* > 0: tokens are dropped until brackets are closed to this depth */
  uint32_t bad_line;                                      /* has an error of the lexer: what the grammar then says is noise */
  int nerror; bool stop;
} Parse;

/* Gives the kind of a word: a name, or a keyword where one may stand (lexer.l). */
int parse_word(Parse *p, const char *s, size_t n);
void parse_error(Parse *p, Pos at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

Node *node_new(Parse *p, NodeKind kind, Pos pos);
Node *node_kids(Parse *p, NodeKind kind, Pos pos, NodeList l);
Node *node_kid1(Parse *p, NodeKind kind, Pos pos, Node *a);
Node *node_kid2(Parse *p, NodeKind kind, Pos pos, Node *a, Node *b);
Node *node_kid3(Parse *p, NodeKind kind, Pos pos, Node *a, Node *b, Node *d);
Node *node_text(Parse *p, NodeKind kind, Pos pos, const char *text);
Node *node_int(Parse *p, Pos pos, int64_t i);
Node *node_fn1(Parse *p, Fn f, Pos pos, Node *a);
Node *node_fn2(Parse *p, Fn f, Pos pos, Node *a, Node *b);
Node *node_name(Parse *p, Pos pos, const char *dotted);   /* N_NAME, or N_DOT chain */
Node *node_dot(Parse *p, Pos pos, Node *of, const char *dotted);
Node *node_read(Parse *p, Pos pos, Node *of, NodeList places);
Node *node_reduce(Parse *p, Pos pos, const char *name, NodeList bound, Node *cond, Node *body);

/* Reports that p->last came where `expected` should: "expected X after Y, found Z". */
void parse_unexpected(Parse *p, const char *expected);

Stmt *stmt_new(Parse *p, StmtKind kind, Pos pos, const char *name);
/* `const left [: type [items]] = value;` */
Stmt *stmt_const(Parse *p, Pos pos, Node *left, const char *type, const NodeList *items, Node *value);
Stmt *stmt_decl(Parse *p, Pos pos, Node *left, const char *type, const NodeList *items, NodeList layout, Place place);
Stmt *stmt_kernel(Parse *p, Pos pos, const char *name, const char *label, NameList in, ParamList out, StmtList body);
/* A name on the left of `at` and `:`; an error if left is anything else. */
const char *left_name(Parse *p, const Node *left);

void file_stage(Parse *p, Pos pos, const char *name);
void file_weights(Parse *p, Pos pos, const char *path);
void file_decl(Parse *p, DeclKind kind, Pos pos, Pos end, const char *doc, const char *name, ParamList params, const char *by,
               const ParamList *result, StmtList body, Node *expr);

Tree *ast_tree_new(Parse *p, TreeKind kind, Pos pos, const char *name);
Tree *ast_tree_for(Parse *p, Pos pos, const char *index, int64_t step, LoopKind loop, TreeList body);
void ast_tree_fold(Parse *p, Pos at, Tree *t, const char *index, int64_t n);
Tree *ast_tree_let(Parse *p, Pos pos, Pos at, const char *name, const char *storage);
LoopKind ast_tree_kind(Parse *p, Pos at, const char *word);
void ast_tree_layout(Parse *p, Tree *t, NodeList items);
int64_t parse_step(Parse *p, Pos at, int64_t n);          /* n, or an error and 1 if it is below 1 */
Ast *parse_run(Parse *p);                                 /* lexes and parses p->src; NULL after errors (lexer.l) */
#endif
