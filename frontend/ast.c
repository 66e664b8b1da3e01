/* Builds the nodes that the grammar asks for, and says what is wrong with the text.
 *   layers.0.w.shape[1]   is   N_INDEX(N_DOT(N_DOT(N_DOT(N_NAME layers, 0), w), shape), N_INT 1) */
#include "parse.h"
#include "grammar.h"
#include <stdlib.h>

/* ---- errors */
void parse_error(Parse *p, Pos at, const char *fmt, ...) {
  FORMAT(p->c, text); if (p->stop) return; diag_error(p->c, at, "%s", text);
  if (++p->nerror < PARSE_ERRORS) return;
  p->stop = true; diag_help(p->c, "that is enough: the rest of this file was not looked at");
}

bool suggest(Ctx *c, const char *s, const char *const *names, int n) {
  const char *near = diag_near(s, names, n); if (near) diag_help(c, "did you mean '%s'?", near); return near;
}

/* The place of word among names, or -1 after an error; help is given where no name is near. */
static int name_index(Parse *p, Pos at, const char *what, const char *word, const char *const *names, int n, const char *help) {
  for (int i = 0; i < n; i++) if (!strcmp(names[i], word)) return i;
  parse_error(p, at, "there is no %s '%s'", what, word); if (!suggest(p->c, word, names, n) && help) diag_help(p->c, "%s", help); return -1;
}

/* A token as it was written, in quotes. */
static const char *tok_text(Parse *p, Tok t) {
  if (t.kind == 0) return t.len ? "a bracket" : "the end of the file";
  const char *q = t.kind == K_STRING ? "" : "'";
  return ctx_printf(p->c, "%s%.*s%s%s", q, t.len > 40 ? 40 : (int)t.len, p->src->text + t.off, t.len > 40 ? "..." : "", q);
}

static bool starts_statement(int before) { return before == 0 || before == ';' || before == '{' || before == '}'; }

/* A mistyped keyword: two names side by side, or a name where a declaration should begin. */
static bool parse_misspelt(Parse *p) {
  static const char *const outer[] = { "op", "graph", "stage", "weights" };
  static const char *const inner[] = { "param", "const", "state", "kernel", "schedule", "let", "for", "prefetch" };
  bool top = p->depth == 0; Tok t = top && starts_statement(p->before.kind) ? p->last : p->before;
  int before = top && t.off == p->last.off ? p->before.kind : p->before2.kind;
  if (t.kind != K_NAME || !starts_statement(before) || (!top && p->last.kind != K_NAME)) return false;
  const char *word = ctx_internn(p->c, p->src->text + t.off, t.len), *near = top ? diag_near(word, outer, 4) : diag_near(word, inner, 8);
  if (!near) return false;
  parse_error(p, t.pos, "there is no statement '%s'", word); diag_help(p->c, "did you mean '%s'?", near); return true;
}
void parse_unexpected(Parse *p, const char *expected) {
  Tok found = p->last, after = p->before; Pos at = found.pos; p->lost = true;
  if (found.kind == '{' && p->depth >= 2) p->skip = p->depth - 1;
  bool noise = p->bad_line && (found.pos.line == p->bad_line || after.pos.line == p->bad_line); if (p->stop || noise || parse_misspelt(p)) return;
  if (after.kind == 0) { parse_error(p, at, "expected %s, found %s", expected, tok_text(p, found)); return; }
  /* most likely something is missing at the end of the line before */
  if (found.pos.line != after.pos.line && !starts_statement(after.kind)) at = after.pos, at.col += (uint32_t)after.len;
  parse_error(p, at, "expected %s after %s, found %s", expected, tok_text(p, after), tok_text(p, found));
  bool compares = found.kind == '<' || found.kind == '>' || (found.kind >= K_EQ && found.kind <= K_GE);
  if (compares && strstr(expected, "an operator")) diag_help(p->c, "comparisons do not chain: write a < b & b < c");
  bool file = found.kind == 0 || found.kind == K_OP || found.kind == K_GRAPH;
  int k = file ? p->depth - 1 : starts_statement(found.kind) ? p->dropped : found.kind == ')' || found.kind == ']' ? p->closed : -1;
  if (k >= 0) diag_note(p->c, p->open[k], "'%c' was opened here", p->open_char[k]);
}

/* ---- nodes */
/* Deeper trees than AST_DEPTH are cut off with an error, so that all later walks may recurse. */
Node *node_make(Parse *p, Node like) {
  Node **kid = like.n ? NEWN(p->c, Node *, like.n) : NULL; int depth = like.cond ? like.cond->depth : 0;
  for (int i = 0; i < like.n; i++) { kid[i] = like.kid[i]; if (kid[i] && kid[i]->depth > depth) depth = kid[i]->depth; }
  like.kid = kid, like.depth = depth + 1; if (depth < AST_DEPTH) return ctx_copy(p->c, &like, sizeof like);
  parse_error(p, like.pos, "this expression is nested deeper than %d", AST_DEPTH); p->stop = true;
  return node_make(p, (Node){ .kind = N_INT, .pos = like.pos });
}

Node *node_first(Parse *p, NodeKind kind, Pos pos, Node *first, NodeList more) {
  NodeList l = { 0 }; PUSH(p->c, l, first); for (int i = 0; i < more.n; i++) PUSH(p->c, l, more.at[i]);
  return node_make(p, (Node){ .kind = kind, .pos = pos, .kid = l.at, .n = l.n });
}

Node *node_name(Parse *p, Pos pos, Node *of, const char *dotted) {
  for (const char *s = dotted, *end; s; s = end ? end + 1 : NULL) {
    end = strchr(s, '.'); const char *part = ctx_internn(p->c, s, end ? (size_t)(end - s) : strlen(s));
    of = node_make(p, (Node){ .kind = of ? N_DOT : N_NAME, .pos = pos, .text = part, .kid = &of, .n = of != NULL });
  }
  return of;
}

const char *node_dotted(Ctx *c, const Node *n) {
  if (n->kind == N_NAME) return n->text;
  const char *of = n->kind == N_DOT ? node_dotted(c, n->kid[0]) : NULL; return of ? ctx_intern(c, ctx_printf(c, "%s.%s", of, n->text)) : NULL;
}

/* ---- statements and declarations */
Stmt *stmt_left(Parse *p, Stmt s, Node *left, bool must) {
  if (left->kind == N_NAME || left->kind == N_DOT) s.name = node_dotted(p->c, left);
  else if (!must) s.left = left;
  if (!s.name && !s.left) parse_error(p, left->pos, "expected the name of a tensor here"), s.name = "?";
  return ctx_copy(p->c, &s, sizeof s);
}

void file_stage(Parse *p, Pos pos, const char *name) {
  int k = name_index(p, pos, "stage", name, stage_name, STAGE_COUNT, NULL);
  if (k > STAGE_PLAN) parse_error(p, pos, "a text of stage '%s' is not read again: the last that is, is '%s'", name, stage_name[STAGE_PLAN]);
  else if (k >= 0 && (p->ast->ndecl || p->ast->nweights || p->ast->stage != STAGE_PARSE))
    parse_error(p, pos, "'stage' must be the first statement of a file");
  else if (k >= 0) p->ast->stage = (Stage)k;
}

void file_weights(Parse *p, Pos pos, const char *path) {
  Ast *a = p->ast; int n = a->nweights; APPEND(p->c, a->weights_pos, n, pos); APPEND(p->c, a->weights, a->nweights, path);
}

void file_decl(Parse *p, Decl d, ParamList params, ParamList result, StmtList body) {
  Ast *a = p->ast; d.param = params.at, d.nparam = params.n, d.bound = params.bound.at, d.nbound = params.bound.n;
  d.result = result.at, d.nresult = result.n, d.has_result = result.n, d.stmt = body.at, d.nstmt = body.n; if (p->inside) d.doc = p->inside;
  a->decl = ctx_grow(p->c, a->decl, a->ndecl, &p->decl_cap, sizeof *a->decl); a->decl[a->ndecl++] = d;
}

/* ---- loop trees */
int64_t parse_step(Parse *p, Pos at, int64_t n) {
  if (n >= 1 && n <= INT32_MAX) return n;
  parse_error(p, at, "a step must be from 1 to %d, not %lld", INT32_MAX, (long long)n); return 1;
}

int tree_kind(Parse *p, Pos at, const char *word, bool second) {
  static const char *const name[] = { "parallel", "even", "peel", "edge", "stream" };    /* LOOP_EVEN and on */
  const char *all = second ? "behind another kind stands parallel" : "they are * (unrolled), parallel, even, peel, edge, stream";
  int k = name_index(p, at, "loop kind", word, name, second ? 1 : 5, all); return k < 0 ? LOOP_SERIAL : k ? LOOP_EVEN + k - 1 : TREE_PARALLEL;
}

Storage tree_storage(Parse *p, Pos at, const char *word) {
  static const char *const name[] = { "reg", "mem", "ring", "alias", "past" };        /* in the order of Storage */
  int k = name_index(p, at, "storage", word, name, 5, "they are reg, mem, ring, past, alias NAME, fold INDEX n"); return k < 0 ? ST_REG : (Storage)k;
}
Tree *tree_with_fold(Parse *p, Pos at, Tree *t, const char *index, int64_t n) {
  if (t->storage != ST_MEM) parse_error(p, at, "only 'mem' can be folded");
  t->fold = index, t->nfold = parse_step(p, at, n); return t;
}

/* If n is `a fn number`, with a number above 0: that number, and n becomes a. */
static bool layout_step(const Node **n, Fn fn, int64_t *out) {
  const Node *e = *n; if (e->kind != N_BINARY || e->fn != fn || e->kid[1]->kind != N_INT || e->kid[1]->i <= 0) return false;
  *out = e->kid[1]->i, *n = e->kid[0]; return true;
}
bool node_layout(const Node *n, LayoutDim *out, const char **name) {
  *out = (LayoutDim){ -1, 1, 0 }; layout_step(&n, FN_MOD, &out->mod), layout_step(&n, FN_DIV, &out->div); *name = n->kind == N_NAME ? n->text : "?";
  if (n->kind == N_NAME && n->text[0] == 'd' && n->text[1]) {
    char *end;
    long d = strtol(n->text + 1, &end, 10);               /* d0, d1: the dimensions by number, as dumps write them */
    if (!*end && d >= 0 && d < 64) out->dim = (int)d;
  }
  return n->kind == N_NAME;
}

Tree *tree_with_layout(Parse *p, Tree *t, NodeList items) {
  if (items.n == 0) return t;
  if (t->storage != ST_MEM) parse_error(p, items.at[0]->pos, "only 'mem' can have a layout");
  t->layout = NEWN(p->c, LayoutDim, items.n), t->layout_name = NEWN(p->c, const char *, items.n), t->nlayout = items.n;
  for (int i = 0; i < items.n; i++)
    if (!node_layout(items.at[i], &t->layout[i], &t->layout_name[i]))
      parse_error(p, items.at[i]->pos, "a layout's parts are written INDEX, INDEX / n, INDEX %% n or INDEX / n %% m");
  return t;
}

/* ---- files */
bool path_ends(const char *path, const char *suffix) { size_t n = strlen(path), k = strlen(suffix); return n >= k && !strcmp(path + n - k, suffix); }
const char *path_base(const char *path) { const char *slash = strrchr(path, '/'); return slash ? slash + 1 : path; }
Ast *ast_parse(Ctx *c, const Source *src) {
  return parse_run(NEW_AS(c, Parse, .c = c, .src = src, .line = 1, .col = 1, .ast = NEW_AS(c, Ast, .src = src, .stage = STAGE_PARSE)));
}
