/* Builds the nodes that the grammar asks for, and says what is wrong with the text.
 *
 *   layers.0.w.shape[1]   is   N_INDEX(N_DOT(N_DOT(N_DOT(N_NAME layers, 0), w), shape), N_INT 1)
 */
#include "parse.h"
#include "grammar.h"
#include <stdlib.h>
#include <string.h>

/* ---- errors */
static void parse_count(Parse *p)
{
  if (++p->nerror < PARSE_ERRORS || p->stop) return;
  p->stop = true;
  diag_help(p->c, "that is enough: the rest of this file was not looked at");
}

void parse_error(Parse *p, Pos at, const char *fmt, ...)
{
  char text[512];
  va_list ap;

  va_start(ap, fmt);
  vsnprintf(text, sizeof text, fmt, ap);
  va_end(ap);
  if (p->stop) return;
  diag_error(p->c, at, "%s", text);
  parse_count(p);
}

/* A token as it was written, in quotes. */
static const char *tok_text(Parse *p, Tok t)
{
  if (t.kind == 0) return t.len ? "a bracket" : "the end of the file";
  const char *q = t.kind == K_STRING ? "" : "'";
  return ctx_printf(p->c, "%s%.*s%s%s", q, t.len > 40 ? 40 : (int)t.len, p->src->text + t.off, t.len > 40 ? "..." : "", q);
}

static bool starts_statement(int before)
{
  return before == 0 || before == ';' || before == '{' || before == '}';
}

/* A mistyped keyword: two names side by side, or a name where a declaration should begin. */
static bool parse_misspelt(Parse *p)
{
  static const char *const outer[] = { "op", "graph", "stage", "weights" };
  static const char *const inner[] = { "param", "const", "state", "kernel", "schedule", "let", "for", "prefetch" };
  bool top = p->depth == 0;
  Tok t = top && starts_statement(p->before.kind) ? p->last : p->before;
  int before = top && t.off == p->last.off ? p->before.kind : p->before2.kind;

  if (t.kind != K_NAME || !starts_statement(before)) return false;
  const char *word = ctx_internn(p->c, p->src->text + t.off, t.len);
  const char *near = top ? diag_near(word, outer, 4) : diag_near(word, inner, 8);
  if (!near || (!top && p->last.kind != K_NAME)) return false;
  parse_error(p, t.pos, "there is no statement '%s'", word);
  diag_help(p->c, "did you mean '%s'?", near);
  return true;
}

void parse_unexpected(Parse *p, const char *expected)
{
  Tok found = p->last, after = p->before;
  Pos at = found.pos;

  p->lost = true;
  if (found.kind == '{' && p->depth >= 2) p->skip = p->depth - 1;
  bool noise = p->bad_line && (found.pos.line == p->bad_line || after.pos.line == p->bad_line);
  if (p->stop || noise || parse_misspelt(p)) return;
  if (after.kind == 0) {
    parse_error(p, at, "expected %s, found %s", expected, tok_text(p, found));
    return;
  }
  if (found.pos.line != after.pos.line && !starts_statement(after.kind)) {                 /* most likely something is missing at the end of the line before */
    at = after.pos;
    at.col += (uint32_t)after.len;
  }
  parse_error(p, at, "expected %s after %s, found %s", expected, tok_text(p, after), tok_text(p, found));
  bool ends = found.kind == ';' || found.kind == '{' || found.kind == '}', compares = found.kind == '<' || found.kind == '>' || (found.kind >= K_EQ && found.kind <= K_GE);
  bool file = found.kind == 0 || found.kind == K_OP || found.kind == K_GRAPH;
  int k = file ? p->depth - 1 : ends ? p->dropped : found.kind == ')' || found.kind == ']' ? p->closed : -1;
  if (compares && strstr(expected, "an operator")) diag_help(p->c, "comparisons do not chain: write a < b & b < c");
  if (k >= 0)
    diag_note(p->c, p->open[k], "'%c' was opened here", p->open_char[k]);
}

/* ---- nodes */
Node *node_new(Parse *p, NodeKind kind, Pos pos)
{
  Node *n = NEW(p->c, Node);

  n->kind = kind;
  n->pos = pos;
  n->depth = 1;
  return n;
}

/* Deeper trees than AST_DEPTH are cut off with an error, so that all later walks may recurse. */
static Node *node_finish(Parse *p, Node *n)
{
  int depth = n->cond ? n->cond->depth : 0;

  for (int i = 0; i < n->n; i++)
    if (n->kid[i] && n->kid[i]->depth > depth) depth = n->kid[i]->depth;
  n->depth = depth + 1;
  if (n->depth <= AST_DEPTH) return n;
  parse_error(p, n->pos, "this expression is nested deeper than %d", AST_DEPTH);
  p->stop = true;
  return node_int(p, n->pos, 0);
}

Node *node_kids(Parse *p, NodeKind kind, Pos pos, NodeList l)
{
  Node *n = node_new(p, kind, pos);

  n->kid = l.at;
  n->n = l.n;
  return node_finish(p, n);
}

Node *node_kid1(Parse *p, NodeKind kind, Pos pos, Node *a)
{
  NodeList l = { 0 };

  PUSH(p->c, l, a);
  return node_kids(p, kind, pos, l);
}

Node *node_kid2(Parse *p, NodeKind kind, Pos pos, Node *a, Node *b)
{
  NodeList l = { 0 };

  PUSH(p->c, l, a);
  PUSH(p->c, l, b);
  return node_kids(p, kind, pos, l);
}

Node *node_kid3(Parse *p, NodeKind kind, Pos pos, Node *a, Node *b, Node *d)
{
  NodeList l = { 0 };

  PUSH(p->c, l, a);
  PUSH(p->c, l, b);
  PUSH(p->c, l, d);
  return node_kids(p, kind, pos, l);
}

Node *node_text(Parse *p, NodeKind kind, Pos pos, const char *text)
{
  Node *n = node_new(p, kind, pos);

  n->text = text;
  return n;
}

Node *node_int(Parse *p, Pos pos, int64_t i)
{
  Node *n = node_new(p, N_INT, pos);

  n->i = i;
  return n;
}

Node *node_fn1(Parse *p, Fn f, Pos pos, Node *a)
{
  Node *n = node_kid1(p, N_UNARY, pos, a);

  n->fn = f;
  return n;
}

Node *node_fn2(Parse *p, Fn f, Pos pos, Node *a, Node *b)
{
  Node *n = node_kid2(p, N_BINARY, pos, a, b);

  n->fn = f;
  return n;
}

Node *node_dot(Parse *p, Pos pos, Node *of, const char *dotted)
{
  for (;;) {
    const char *end = strchr(dotted, '.');
    of = node_kid1(p, N_DOT, pos, of);
    of->text = end ? ctx_internn(p->c, dotted, (size_t)(end - dotted)) : ctx_intern(p->c, dotted);
    if (!end) return of;
    dotted = end + 1;
  }
}

Node *node_name(Parse *p, Pos pos, const char *dotted)
{
  const char *end = strchr(dotted, '.');

  if (!end) return node_text(p, N_NAME, pos, dotted);
  Node *first = node_text(p, N_NAME, pos, ctx_internn(p->c, dotted, (size_t)(end - dotted)));
  return node_dot(p, pos, first, end + 1);
}

const char *node_dotted(Ctx *c, const Node *n)
{
  if (n->kind == N_NAME) return n->text;
  if (n->kind != N_DOT) return NULL;
  const char *of = node_dotted(c, n->kid[0]);
  return of ? ctx_intern(c, ctx_printf(c, "%s.%s", of, n->text)) : NULL;
}

Node *node_read(Parse *p, Pos pos, Node *of, NodeList places)
{
  NodeList l = { 0 };

  PUSH(p->c, l, of);
  for (int i = 0; i < places.n; i++) PUSH(p->c, l, places.at[i]);
  return node_kids(p, N_INDEX, pos, l);
}

Node *node_reduce(Parse *p, Pos pos, const char *name, NodeList bound, Node *cond, Node *body)
{
  Node *n = node_text(p, N_REDUCE, pos, name);

  PUSH(p->c, bound, body);
  n->kid = bound.at;
  n->n = bound.n;
  n->cond = cond;
  return node_finish(p, n);
}

/* ---- statements and declarations */
Stmt *stmt_new(Parse *p, StmtKind kind, Pos pos, const char *name)
{
  Stmt *s = NEW(p->c, Stmt);

  s->kind = kind;
  s->pos = pos;
  s->name = name;
  return s;
}

const char *left_name(Parse *p, const Node *left)
{
  const char *name = left->kind == N_NAME || left->kind == N_DOT ? node_dotted(p->c, left) : NULL;

  if (!name) parse_error(p, left->pos, "expected the name of a tensor here");
  return name ? name : "?";
}

Stmt *stmt_const(Parse *p, Pos pos, Node *left, const char *type, const NodeList *items, Node *value)
{
  bool named = left->kind == N_NAME || left->kind == N_DOT;
  Stmt *s = stmt_new(p, S_CONST, pos, named || items ? left_name(p, left) : NULL);

  s->left = s->name ? NULL : left;
  s->type = type;
  s->value = value;
  if (items) {
    s->item = items->at;
    s->nitem = items->n;
  }
  return s;
}

Stmt *stmt_decl(Parse *p, Pos pos, Node *left, const char *type, const NodeList *items, NodeList layout, Place place)
{
  Stmt *s = stmt_new(p, S_DECL, pos, left_name(p, left));

  s->decl = true;
  s->type = type;
  if (items) {
    s->item = items->at;
    s->nitem = items->n;
  }
  s->layout = layout.at;
  s->nlayout = layout.n;
  s->where = place.where;
  s->offset = place.offset;
  return s;
}

Stmt *stmt_kernel(Parse *p, Pos pos, const char *name, const char *label, NameList in, ParamList out, StmtList body)
{
  Stmt *s = stmt_new(p, S_KERNEL, pos, name);

  s->label = label;
  s->in = in.at;
  s->nin = in.n;
  s->out = out.at;
  s->nout = out.n;
  s->body = body.at;
  s->nbody = body.n;
  return s;
}

void file_stage(Parse *p, Pos pos, const char *name)
{
  int k = 0;

  while (k < STAGE_COUNT && strcmp(stage_name[k], name)) k++;
  if (k == STAGE_COUNT) {
    const char *near = diag_near(name, stage_name, STAGE_COUNT);
    parse_error(p, pos, "there is no stage '%s'", name);
    if (near) diag_help(p->c, "did you mean '%s'?", near);
  } else if (k > STAGE_PLAN) {
    parse_error(p, pos, "a text of stage '%s' is not read again: the last that is, is '%s'", name, stage_name[STAGE_PLAN]);
  } else if (p->ast->ndecl || p->ast->nweights || p->ast->stage != STAGE_PARSE) {
    parse_error(p, pos, "'stage' must be the first statement of a file");
  } else {
    p->ast->stage = (Stage)k;
  }
}

void file_weights(Parse *p, Pos pos, const char *path)
{
  Ast *a = p->ast;

  a->weights = ctx_grow(p->c, a->weights, a->nweights, &p->weights_cap, sizeof *a->weights);
  a->weights_pos = ctx_grow(p->c, a->weights_pos, a->nweights, &p->pos_cap, sizeof *a->weights_pos);
  a->weights[a->nweights] = path;
  a->weights_pos[a->nweights++] = pos;
}

void file_decl(Parse *p, DeclKind kind, Pos pos, Pos end, const char *doc, const char *name, ParamList params, const char *by,
               const ParamList *result, StmtList body, Node *expr)
{
  Ast *a = p->ast;

  a->decl = ctx_grow(p->c, a->decl, a->ndecl, &p->decl_cap, sizeof *a->decl);
  a->decl[a->ndecl++] = (Decl){
    .kind = kind, .pos = pos, .end = end, .name = name, .doc = doc, .param = params.at, .nparam = params.n, .by = by,
    .result = result ? result->at : NULL, .nresult = result ? result->n : 0, .has_result = result, .stmt = body.at, .nstmt = body.n,
    .expr = expr, .bound = params.bound, .nbound = params.nbound };
}

/* ---- loop trees */
int64_t parse_step(Parse *p, Pos at, int64_t n)
{
  if (n >= 1 && n <= INT32_MAX) return n;
  parse_error(p, at, "a step must be from 1 to %d, not %lld", INT32_MAX, (long long)n);
  return 1;
}

Tree *ast_tree_new(Parse *p, TreeKind kind, Pos pos, const char *name)
{
  Tree *t = NEW(p->c, Tree);

  t->kind = kind;
  t->pos = pos;
  t->name = name;
  return t;
}

Tree *ast_tree_for(Parse *p, Pos pos, const char *index, int64_t step, LoopKind loop, TreeList body)
{
  Tree *t = ast_tree_new(p, TREE_FOR, pos, index);

  t->step = step;
  t->loop = loop;
  t->body = body.first;
  return t;
}

LoopKind ast_tree_kind(Parse *p, Pos at, const char *word)
{
  static const char *const name[] = { "parallel", "even", "peel", "edge", "stream" };
  static const LoopKind kind[] = { LOOP_PARALLEL, LOOP_EVEN, LOOP_PEEL, LOOP_EDGE, LOOP_STREAM };

  for (int i = 0; i < 5; i++)
    if (!strcmp(name[i], word)) return kind[i];
  const char *near = diag_near(word, name, 5);
  parse_error(p, at, "there is no loop kind '%s'", word);
  diag_help(p->c, near ? "did you mean '%s'?" : "they are * (unrolled), parallel, even, peel, edge, stream", near);
  return LOOP_SERIAL;
}

Tree *ast_tree_let(Parse *p, Pos pos, Pos at, const char *name, const char *storage)
{
  static const char *const word[] = { "reg", "mem", "ring", "alias" };  /* in the order of Storage */
  Tree *t = ast_tree_new(p, TREE_LET, pos, name);

  for (int i = 0; i < 4; i++)
    if (!strcmp(word[i], storage)) {
      t->storage = (Storage)i;
      return t;
    }
  const char *near = diag_near(storage, word, 4);
  parse_error(p, at, "there is no storage '%s'", storage);
  diag_help(p->c, near ? "did you mean '%s'?" : "they are reg, mem, ring, alias NAME, fold INDEX n", near);
  return t;
}

void ast_tree_fold(Parse *p, Pos at, Tree *t, const char *index, int64_t n)
{
  if (t->storage != ST_MEM) parse_error(p, at, "only 'mem' can be folded");
  t->fold = index;
  t->nfold = parse_step(p, at, n);
}

/* INDEX, INDEX / n, INDEX % n or INDEX / n % m. */
static bool layout_part(const Node *n, LayoutDim *out, const char **name)
{
  *out = (LayoutDim){ -1, 1, 0 };
  if (n->kind == N_BINARY && n->fn == FN_MOD && n->kid[1]->kind == N_INT && n->kid[1]->i > 0) {
    out->mod = n->kid[1]->i;
    n = n->kid[0];
  }
  if (n->kind == N_BINARY && n->fn == FN_DIV && n->kid[1]->kind == N_INT && n->kid[1]->i > 0) {
    out->div = n->kid[1]->i;
    n = n->kid[0];
  }
  *name = n->kind == N_NAME ? n->text : "?";
  char *end = NULL;
  if (n->kind == N_NAME && n->text[0] == 'd' && n->text[1]) {
    long d = strtol(n->text + 1, &end, 10);               /* d0, d1: the dimensions by number, as dumps write them */
    if (!*end && d >= 0 && d < 64) out->dim = (int)d;
  }
  return n->kind == N_NAME;
}

void ast_tree_layout(Parse *p, Tree *t, NodeList items)
{
  if (items.n == 0) return;
  if (t->storage != ST_MEM) parse_error(p, items.at[0]->pos, "only 'mem' can have a layout");
  t->layout = NEWN(p->c, LayoutDim, items.n);
  t->layout_name = NEWN(p->c, const char *, items.n);
  t->nlayout = items.n;
  for (int i = 0; i < items.n; i++)
    if (!layout_part(items.at[i], &t->layout[i], &t->layout_name[i]))
      parse_error(p, items.at[i]->pos, "a layout's parts are written INDEX, INDEX / n, INDEX %% n or INDEX / n %% m");
}

Ast *ast_parse(Ctx *c, const Source *src)
{
  Parse *p = NEW(c, Parse);

  p->c = c;
  p->src = src;
  p->line = p->col = 1;
  p->ast = NEW(c, Ast);
  p->ast->src = src;
  p->ast->stage = STAGE_PARSE;
  return parse_run(p);
}
