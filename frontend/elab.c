/* Elaboration: the calls of a graph become concrete equations.
 *   y = relu(conv(x, w, pads = 1));
 *   y.y[n < 1, o < 8, i0 < 4]: f32 = sum(c < 3, k0 < 3: (x[n, c, i0 + k0 - 1] or 0) * w[o, c, k0]);
 *   y[i < 1, j < 8, k < 4]: f32 = max(y.y[i, j, k], 0);                                              */
#include "elab.h"
#include <math.h>

/* ---- errors */
enum { TRAIL = 3 };   /* of a longer way inwards, so many calls are shown at each end */

static void error_trail(Elab *el, Pos p) {
  int n = el->ncall, first = n > 2 * TRAIL ? TRAIL : n; Pos q = el->call[0].pos;
  if (n == 1 && p.src == q.src && p.line == q.line && p.col == q.col) return;
  for (int k = 0; k < n; k++) { if (k == first) k = n - TRAIL; diag_note(el->c, k + 1 < n ? el->call[k + 1].pos : p, "in %s", el->call[k].name); }
}
static void __attribute__((noreturn)) fail_text(Elab *el, Pos p, const char *text, const char *near) {
  if (!el->quiet) {
    diag_error(el->c, el->ncall ? el->call[0].pos : p, "%s", text);
    for (int k = 0; k < el->nalso; k++) diag_note(el->c, el->also[k].pos, "%s", el->also[k].text);
    error_trail(el, p); if (near) diag_help(el->c, "did you mean '%s'?", near);
  }
  el->nalso = 0; fail_silent(el);
}

void fail_also(Elab *el, Pos p, const char *fmt, ...) {
  FORMAT(el->c, text); if (p.src && el->nalso < 4) el->also[el->nalso++] = (Note){ .pos = p, .text = text };
}
void fail_at(Elab *el, Pos p, const char *fmt, ...) { FORMAT(el->c, text); fail_text(el, p, text, NULL); }
void fail_near(Elab *el, Pos p, const char *name, const Names *near, const char *fmt, ...) {
  FORMAT(el->c, text); fail_text(el, p, text, el->quiet ? NULL : diag_near(name, near->at, near->n));
}
void catch_push(Elab *el, Catch *k) { k->now = el->now; k->up = el->catch_; el->catch_ = k; }
void catch_end(Elab *el) { el->now = el->catch_->now; el->catch_ = el->catch_->up; }
void fail_silent(Elab *el) { Catch *k = el->catch_; if (!k) frit_bail(el->c); catch_end(el); longjmp(k->jmp, 1); }

/* ---- frames */
Slot *slot_find(const Frame *f, const char *name) { return map_get(&f->map, name); }
Slot *slot_get(Elab *el, Frame *f, const char *name) {
  Slot *s = slot_find(f, name); if (s) return s;
  s = NEW_AS(el->c, Slot, .name = name); PUSH(el->c, f->slot, s); map_put(el->c, &f->map, name, s); return s;
}
void slot_set(Elab *el, Frame *f, const char *name, Val v) { Slot *s = slot_get(el, f, name); s->state = SL_VALUE; s->v = v; }
void slot_dim(Elab *el, Frame *f, const char *name, Dims d) {
  Extent *e = NEWN(el->c, Extent, d.n + 1); if (d.n) memcpy(e, d.e, sizeof *e * (size_t)d.n); slot_get(el, f, name)->dim = (Dims){ e, d.n, d.pack };
}

/* ---- names */
bool names_have(const Names *n, const char *name) { for (int i = 0; i < n->n; i++) if (n->at[i] == name) return true; return false; }
void names_put(Ctx *c, Names *n, const char *name) { if (!names_have(n, name)) PUSH(c, *n, name); }

static const char name_used, name_reserved;       /* values of el->name: only their addresses matter */

const char *name_temp(Elab *el, const char *hint) {
  const char *s = hint;
  intptr_t k = (intptr_t)map_get(&el->suffix, hint);       /* the last that was tried */
  while (map_get(&el->name, s)) s = ctx_intern(el->c, ctx_printf(el->c, "%s%d", hint, (int)++k));
  map_put(el->c, &el->suffix, hint, (void *)k); map_put(el->c, &el->name, s, (void *)&name_used); return s;
}

const char *name_fresh(Elab *el, const char *hint) {
  if (map_get(&el->name, hint) != &name_reserved) return name_temp(el, hint);
  map_put(el->c, &el->name, hint, (void *)&name_used); return hint;
}
void name_reserve(Elab *el, const char *name) { if (!map_get(&el->name, name)) map_put(el->c, &el->name, name, (void *)&name_reserved); }

/* The graph-wide name for a frame's local one: what the caller calls the result, or the caller's name and a dot. */
const char *frame_full(Elab *el, const Frame *f, const char *local) {
  if (f->graph) return local;
  int nr = f->op->has_result ? f->op->nresult : 0;
  for (int k = 0; k < f->out.n && k < nr; k++) if (f->op->result[k].name == local) return f->out.name[k];
  const Node *l = !nr && f->out.n && f->op->nstmt ? f->op->stmt[f->op->nstmt - 1]->left : NULL;
  if (l && (l->kind == N_INDEX ? l->kid[0]->text : l->text) == local) return f->out.name[0];
  return f->prefix ? ctx_intern(el->c, ctx_printf(el->c, "%s.%s", f->prefix, local)) : local;
}

/* The chain of the operators that are being called, and `last`; what the statement defines where there is none. */
const char *label_now(Elab *el, const char *last) {
  Text t = { .c = el->c }; for (int k = 0; k < el->ncall; k++) text_add(&t, "%s%s", k ? "+" : "", el->call[k].name);
  if (last) text_add(&t, "%s%s", el->ncall ? "+" : "", last);
  if (!t.n) text_add(&t, "%s", el->target ? el->target : "value");
  return ctx_intern(el->c, t.s);
}

/* ---- words: what the language itself knows */
static void word_add(Elab *el, const char *s, WordKind kind, int id, Val v) {
  map_put(el->c, &el->word, ctx_intern(el->c, s), NEW_AS(el->c, Word, kind, id, v));
}
static void words_fill(Elab *el) {
  const Val none = { 0 }, value[] = { v_bool(el, true), v_bool(el, false), v_float(el, INFINITY), v_float(el, NAN), v_float(el, M_PI), none };
  static const char *const name[] = { "true", "false", "inf", "nan", "pi", "none" };
  for (int k = 0; k < RED_COUNT; k++) word_add(el, red_name[k], W_RED, k, none);
  for (int k = 0; k < 6; k++) word_add(el, name[k], W_VALUE, k, value[k]);
  for (int k = 0; k < T_WINT; k++) word_add(el, type_name((Type)k), W_TYPE, k, (Val){ V_TYPE, .t = (Type)k });
  for (int k = FN_EXP; k < FN_COUNT; k++) word_add(el, fn_info[k].text, W_FN, k, none);     /* min and max are both */
  for (int k = 0; k < LF_COUNT; k++) word_add(el, list_fn[k].name, W_LIST, k, none);
  word_add(el, "sat", W_CONVERT, CV_SAT, none); word_add(el, "bits", W_CONVERT, CV_BITS, none);
}

/* ---- operators: the file's own come before the prelude's */
static void op_add(Elab *el, Decl *d, bool own) {
  const Decl *old = map_get(&el->op, d->name);
  if (old && own && old->pos.src == d->pos.src) {
    diag_error(el->c, d->pos, "the operator '%s' is defined twice", d->name); diag_note(el->c, old->pos, "first here"); return;
  }
  if (!old) PUSH(el->c, el->op_name, d->name);
  map_put(el->c, &el->op, d->name, d);
}

static const Decl *graph_find(Ctx *c, const Ast *a) {
  const Decl *g = NULL;
  for (const Decl *d = a->decl; d < a->decl + a->ndecl; d++) {
    if (d->kind == D_GRAPH && g) {
      diag_error(c, d->pos, "'%s' is a second graph: a file holds one", d->name); diag_note(c, g->pos, "the first is here"); return NULL;
    }
    if (d->kind == D_GRAPH) g = d;
  }
  if (g) return g;
  diag_error(c, (Pos){ a->src, 1, 1 }, "there is no graph in this file");
  diag_help(c, "it needs one: graph NAME(x: f32[4]) -> (y: f32[4]) { y[i] = x[i]; }"); return NULL;
}

/* ---- from a path to a graph */
/* The weights of an imported text are the .nam itself, which lies in the same folder. */
Ast *frontend_parse(Ctx *c, const char *path) {
  const Source *src = source_read(c, path); Import in = { 0 }; if (!src) return NULL;
  bool nam = !path_ends(path, ".graph") && (path_ends(path, ".nam") || src->text[strspn(src->text, " \t\r\n")] == '{');
  if (nam && !nam_import(c, src, path_base(src->name), c->opt.prewarm, &in)) return NULL;
  return ast_parse(c, nam ? source_text(c, ctx_printf(c, "%s, imported", src->name), in.graph_text, strlen(in.graph_text)) : src);
}

/* The context has no field for the prelude: its parsed text hangs on its source, which is found again by its text. */
typedef struct Prelude { Source src; const Ast *ast; } Prelude;

const Ast *prelude(Ctx *c) {
  for (Source *s = c->sources; s; s = s->next) if (s->text == frit_prelude) return ((Prelude *)s)->ast;
  Prelude *p = NEW_AS(c, Prelude, .src = { .name = "prelude.graph", .text = frit_prelude, .size = frit_prelude_size, .next = c->sources });
  c->sources = &p->src; p->ast = ast_parse(c, &p->src); if (!p->ast) bug(c, "the prelude does not parse"); return p->ast;
}

#define WORD(w) .s_##w = ctx_intern(c, #w)
Graph *frontend_load(Ctx *c, const char *path) {
  const Ast *a = frontend_parse(c, path), *p; const Decl *d = a ? graph_find(c, a) : NULL; int before = c->nerror; if (!d) return NULL;
  Elab *el = NEW_AS(c, Elab, .c = c, .ast = a, .dump = a->stage > STAGE_PARSE, .g = NEW(c, Graph), WORD(size), WORD(rank), WORD(type), WORD(shape),
                  WORD(given), .s_pack = ctx_intern(c, ".."));
  words_fill(el); p = prelude(c); for (int i = 0; i < p->ndecl; i++) op_add(el, &p->decl[i], false);
  for (int i = 0; i < a->ndecl; i++) if (a->decl[i].kind == D_OP) op_add(el, &a->decl[i], true);
  graph_elaborate(el, d); return c->nerror > before ? NULL : el->g;
}
