/* What lexer, grammar and tree builders share while one source is parsed. Private to frontend/lexer.l, grammar.y, ast.c. */
#ifndef FRIT_PARSE_H
#define FRIT_PARSE_H
#include "ast.h"

#define PARSE_NEST 500            /* brackets within brackets */
#define PARSE_ERRORS 50           /* syntax errors of one source; then it is given up */

typedef VEC(Node *) NodeList; typedef VEC(const char *) NameList; typedef VEC(Stmt *) StmtList; typedef VEC(LeafDim) LeafList;
typedef struct TreeList { Tree *first, *last; } TreeList;
typedef struct Place { const char *where; int64_t offset; } Place;       /* `at scratch + 64`; where NULL: none */
typedef struct ParamList { Param *at; int n, cap; VEC(Bound) bound; } ParamList;

/* A token that was read: the last ones decide what a word means, and stand in the messages. */
typedef struct Tok { int kind; size_t off, len; Pos pos; } Tok;

typedef struct Parse {
  Ctx *c; const Source *src; Ast *ast;
  size_t off; uint32_t line, col;                         /* where the lexer stands */
  Tok last, before, before2; Pos open[PARSE_NEST + 1]; char open_char[PARSE_NEST + 1]; int depth;
  int closed, dropped;                                    /* the brackets that the last closing one closed, that lex_drop_open gave up; or -1 */
  const char *doc, *inside; uint32_t doc_line, decl_line; /* documentation that waits for its operator: above it, behind its first line */
  bool lost; int skip;           /* after an error, until the grammar has caught itself; > 0: tokens are dropped until brackets close to it */
  uint32_t bad_line;                                      /* has an error of the lexer: what the grammar then says is noise */
  int nerror, decl_cap; bool stop;                        /* decl_cap: of the array in ast */
} Parse;

void parse_error(Parse *p, Pos at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void parse_unexpected(Parse *p, const char *expected);    /* p->last came where that should: "expected X after Y, found Z" */

Node *node_make(Parse *p, Node like);                                             /* the same with its list of kids */
Node *node_first(Parse *p, NodeKind kind, Pos pos, Node *first, NodeList more);   /* its kids: first, then more */
Node *node_name(Parse *p, Pos pos, Node *of, const char *dotted);                 /* N_NAME (of NULL) or N_DOT, and a chain of N_DOT */
/* With what stands left of `:`, `=` or `at`: a name, or, unless it must be one, s.left. */
Stmt *stmt_left(Parse *p, Stmt s, Node *left, bool must);

void file_stage(Parse *p, Pos pos, const char *name); void file_weights(Parse *p, Pos pos, const char *path);
void file_decl(Parse *p, Decl d, ParamList params, ParamList result, StmtList body);

enum { TREE_PARALLEL = 8 };         /* added to a LoopKind */
int tree_kind(Parse *p, Pos at, const char *word, bool second); Storage tree_storage(Parse *p, Pos at, const char *word);
Tree *tree_with_fold(Parse *p, Pos at, Tree *t, const char *index, int64_t n); Tree *tree_with_layout(Parse *p, Tree *t, NodeList items);
int64_t parse_step(Parse *p, Pos at, int64_t n);          /* n, or an error and 1 if it is below 1 */
Ast *parse_run(Parse *p);                                 /* lexes and parses p->src; NULL after errors (lexer.l) */
#endif
