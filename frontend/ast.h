/* What the grammar builds: nodes with places, before any meaning. The parse stage prints them; elaboration turns them into equations. */
#ifndef FRIT_AST_H
#define FRIT_AST_H
#include "../ir/ir.h"
#include <string.h>

typedef struct Node Node;
typedef enum {
  N_NAME, N_INT, N_FLOAT, N_STRING,   /* text; i; f; text (without quotes, escapes \" \\ \n done) */
  N_UNARY, N_BINARY,        /* fn (of one: FN_NEG or FN_NOT); kid[0], kid[1] */
  N_COND,      /* kid[0] ? kid[1] : kid[2] */
  N_OR,        /* kid[0] or kid[1]; paren set on kid[1]'s node if it was written in parentheses */
  N_INDEX, N_SLICE,         /* kid[0] [ kid[1..] ]: a read, or a list indexed; kid[0] [ kid[1] : kid[2] ], either bound may be NULL */
  N_DOT,       /* kid[0] . text   (a name with dots, `conv1.w`, is N_DOT of N_NAME: elaboration decides) */
  N_CALL,      /* text ( kid... )   (dotted names are joined) */
  N_REDUCE,    /* text ( kid[0..n-2] if cond : kid[n-1] ); cond may be NULL */
  N_LIST, N_TUPLE,          /* [ kid... ]; ( kid, kid... ) or ( ..kid ) */
  N_SPLICE,    /* .. kid[0]; kid[0] NULL for a bare `..`; broadcast for `..~x` */
  N_AT, N_NAMED, N_PASS,    /* kid[0] @ kid[1]; in a call: text = kid[0]; `...` */
  N_STREAM     /* `stream t`: text; in the shape of an input */
} NodeKind;
struct Node { NodeKind kind; int n, depth; Pos pos; const char *text; int64_t i; double f; Fn fn; Node **kid, *cond; bool paren, broadcast; };
/* Dotted names. `layers.0.w` without blanks is one token. Where the grammar wants a name (parameters, `param`, `state`, `const`, kernels,
 * calls, named arguments, left of `<-`) it is that text with its dots; in an expression it becomes N_DOT(N_DOT(N_NAME layers, 0), w), just
 * as `h.size` is N_DOT(N_NAME h, size). node_dotted joins such a chain again: the longest known name wins, what is left are properties
 * (.size .rank .type .shape .given). NULL if n is not a name with dots. Texts are interned. Depth of a tree is at most AST_DEPTH. */
#define AST_DEPTH 1000
const char *node_dotted(Ctx *c, const Node *n);

typedef enum { P_PLAIN, P_ATTR, P_TENSOR, P_TYPED, P_REST } ParamKind;
/* One parameter. PLAIN: `x`, `x...` (variadic).  ATTR: `x = e`, `x: kind`, `x: kind = e`.  TENSOR: `x[items]`, `= default`, `...`.
 * TYPED: `x: f32[items]` (graphs).  REST: `...`. */
typedef struct Param { ParamKind kind; Pos pos; const char *name, *type; Node **item; int nitem; Node *value; bool variadic; } Param;

typedef enum {
  S_DEFINE,    /* left [: type] = value;   left: N_INDEX (equation), N_NAME, N_TUPLE of names, N_CALL (local function) */
  S_PARAM,     /* param name: type[items]; */
  S_CONST,     /* const name: type[items] = value;  (no items: a number)   or `const` before an equation: left set, computed when compiled */
  S_STATE, S_NEXT,          /* state name: type[items] [= value]; name <- value; */
  S_KERNEL,    /* kernel name "label" (names) -> (typed names) { stmts schedule { tree } } */
  S_DECL       /* layout and place clauses of dumps: `h: f32[n = 1, c = 32] as [n, c / 16, c % 16];` (name, type, item: N_NAMED or any,
                * layout: N_NAME, or N_BINARY of / and % on one), `h at scratch + 8192;` (name, where, offset) */
} StmtKind;
typedef struct Stmt Stmt;
struct Stmt {
  StmtKind kind; Pos pos; Node *left, *value; const char *name, *type, *label; Node **item; int nitem;
  const char **in; int nin; Param *out; int nout; Stmt **body; int nbody; Tree *tree; bool has_tree;
  Node **layout; int nlayout; const char *where; int64_t offset;
};

typedef struct Bound { const char *name; Node *lo, *hi; Pos pos; } Bound;       /* where N in 1..256 */
typedef enum { D_OP, D_GRAPH } DeclKind;
typedef struct Decl {
  DeclKind kind; Pos pos; const char *name, *doc; Param *param; int nparam; Param *result; int nresult; bool has_result;
  Stmt **stmt; int nstmt; Node *expr; Bound *bound; int nbound;      /* expr: `= expr;` */
  const char *by;                                         /* `op argsort(...) by sort`: the instruction that computes the same */
} Decl;
typedef struct Ast { const Source *src; Stage stage; Decl *decl; int ndecl; const char **weights; Pos *weights_pos; int nweights; } Ast;

/* Parses a source; all its syntax errors are recorded, NULL if there were any. */
Ast *ast_parse(Ctx *c, const Source *src);
char *ast_print(Ctx *c, const Ast *a);
/* Adds "did you mean X?" to the last diagnostic; false if no name is near. */
bool suggest(Ctx *c, const char *s, const char *const *names, int n);
bool path_ends(const char *path, const char *suffix); const char *path_base(const char *path);     /* base: without its folders */
/* n as a part of a layout: INDEX, INDEX / n, INDEX % n or INDEX / n % m, and the index's name; its dimension only of d0, d1, ..., else -1. */
bool node_layout(const Node *n, LayoutDim *out, const char **name);

/* ---- the prelude, embedded in the binary at build time from prelude.graph */
extern const char frit_prelude[]; extern const size_t frit_prelude_size;
const Ast *prelude(Ctx *c);                              /* the operators, parsed once a context */

/* ---- weights: named tensors of .safetensors (memory-mapped) and .nam files */
typedef struct Weight { const char *name; Type type; int rank; int64_t *shape; const void *data; } Weight;
typedef struct Weights { const char *path; Weight *at; int n; } Weights;
/* Opens path (relative to the folder of `from` unless absolute); records errors and gives NULL. */
Weights *weights_open(Ctx *c, const char *path, const Source *from, Pos pos);
const Weight *weights_find(const Weights *w, const char *name);
/* Writes a .safetensors file (sorted by name; data aligned to 64). */
bool safetensors_write(Ctx *c, const char *path, const Weight *w, int n);

/* ---- importers: the text of a .graph whose weights statement names `weights_path`, and the tensors it needs */
typedef struct Import { const char *graph_text; Weight *weight; int nweight; } Import;
bool nam_import(Ctx *c, const Source *src, const char *weights_path, bool prewarm, Import *out);

/* Reads path and parses it; a .nam file is imported first (its text names the .nam as its weights). NULL after errors. */
Ast *frontend_parse(Ctx *c, const char *path);
/* The same, and elaborates: the graph as concrete equations (STAGE_EXPAND, or the later stage that a dump names). NULL after errors. */
Graph *frontend_load(Ctx *c, const char *path);
#endif
