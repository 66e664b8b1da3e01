/* Statements of a body: equations, names for values, local functions. Left sides of equations are settled when their tensor is first asked for, so
 * an equation may read what is defined later. An equation that reads a tensor whose type is not yet known (a recurrence) is evaluated again until
 * no type changes; the unknown type is neutral. In a graph every statement is tried for itself: after an error the next one goes on. */
#include "../ir/lin.h"
#include "elab.h"
#include <stdlib.h>

/* piece[i]: of statement i, if it is an equation; again: a type was not known since the last round. */
typedef struct Body { Elab *el; Frame *f; Stmt *const *st; Kernel *const *kernel; Piece **piece; int n; bool again; } Body;

/* ---- equations into the graph */
void graph_have(Elab *el, Tensor *t) {
  if (map_get(&el->have, t)) return;
  map_put(el->c, &el->have, t, t); if (el->constant) t->kind = TK_CONST; PUSH(el->c, el->tensor, t);
}

enum { EQ_MAX = 100000, NODE_MAX = 200000 };

static bool find_variable(const Expr *e, void *found) {
  if (e->kind == E_READ && e->tensor->kind != TK_PARAM && e->tensor->kind != TK_CONST) *(const Tensor **)found = e->tensor;
  return true;
}

static Expr *stored(Elab *el, Expr *e, Type t, Pos p) {
  bool weak = e->kind == E_CONST && (e->type == T_WINT || e->type == T_WFLOAT);
  if (t == T_NONE || type_strong(e->type) == t || (weak && type_class(e->type) == type_class(t))) return e;
  return expr_convert(el->c, CV_PLAIN, t, e, p);
}
Eq *emit_eq(Elab *el, Tensor *t, Expr **place, Index **free, int nfree, Expr *rhs, Pos p) {
  const Tensor *variable = NULL; for (int i = 0; i < nfree; i++) if (ext_is(free[i]->ext, 0)) return NULL;
  if (el->eq.n >= EQ_MAX) fail_at(el, p, "the graph expands to more than %d equations", EQ_MAX);
  if (rhs->nodes >= NODE_MAX) fail_at(el, p, "this equation is too large: more than %d functions and reads", NODE_MAX);
  if (el->constant) expr_walk(rhs, find_variable, &variable);
  if (variable) fail_at(el, p, "a constant reads '%s', which is not known when the graph is compiled", variable->name);
  Eq *e = NEW_AS(el->c, Eq, .out = t, .place = place, .free = free, .nfree = nfree, .constant = el->constant, .pos = el->ncall ? el->call[0].pos : p,
               .id = ++el->c->nid);
  e->rhs = bounds_check(el, stored(el, rhs, t->type, p)); e->label = label_now(el, NULL); graph_have(el, t); PUSH(el->c, el->eq, e);
  if (el->kernel && !el->constant) APPEND(el->c, el->kernel->eq, el->kernel->neq, e);
  return e;
}

/* ---- left sides */
static int place_rank(const Piece *p) { int n = 0; while (p->place[n]) n++; return n; }

#define PLACE_MAX ((int64_t)1 << 40)

/* One past the largest value. */
static Extent place_end(Elab *el, const Expr *e, Pos p) {
  Aff a = { 0 }; expr_affine(el->c, e, &a);                /* it is: left_settle has looked */
  Extent out = { NULL, 1 + a.c };
  for (int i = 0; i < a.n; i++) {
    const Index *q = a.index[i]; int64_t reach;
    if (q->is_dim || (q->ext.dim && (a.k[i] != 1 || out.dim))) fail_at(el, p, "this place needs a constant extent: %s", expr_print(el->c, e));
    if (q->ext.dim) out.dim = q->ext.dim;
    if (__builtin_mul_overflow(a.k[i], q->ext.n - 1, &reach) || llabs(reach) > PLACE_MAX)
      fail_at(el, p, "the place %s reaches beyond 2^40", expr_print(el->c, e));
    if (reach > 0 || q->ext.dim || q->ext.n == 0) out.n += reach;
  }
  return out;
}

static Extent ext_larger(Elab *el, Extent a, Extent b, Pos p) {
  if (a.dim == b.dim) return a.n > b.n ? a : b;
  if (extent_min(a) >= extent_max(b)) return a;
  if (extent_min(b) >= extent_max(a)) return b;
  fail_at(el, p, "pieces that end at %s and %s: which is larger is not known", ext_print(el, &a, 1), ext_print(el, &b, 1));
}
static Tensor *group_tensor(Elab *el, const Group *g) {
  int rank = place_rank(g->piece.at[0]);
  Tensor *t = NEW_AS(el->c, Tensor, .name = g->name, .type = T_NONE, .rank = rank, .pos = g->piece.at[0]->st->pos, .stream_dim = -1);
  t->shape = NEWN(el->c, Extent, rank + 1);
  for (int i = 0; i < g->piece.n; i++) {
    const Piece *p = g->piece.at[i]; int n = place_rank(p);
    if (n != rank) fail_at(el, p->st->pos, "pieces of '%s' have %d and %d dimensions", g->name, rank, n);
    for (int d = 0; d < rank; d++) {
      Extent e = ext_pos(place_end(el, p->place[d], p->st->pos)); t->shape[d] = i ? ext_larger(el, t->shape[d], e, p->st->pos) : e;
    }
  }
  return t;
}

Type type_named(Elab *el, const char *name, Pos p) {
  Type t = type_by_name(name); Names near = { 0 }; for (int k = 0; k < T_WINT; k++) PUSH(el->c, near, type_name((Type)k));
  if (t == T_NONE) fail_near(el, p, name, &near, "'%s' is no type", name);
  return t;
}

static Type asserted_type(Elab *el, const Stmt *st) { return st->type ? type_named(el, st->type, st->pos) : T_NONE; }

static void group_declare(Elab *el, Frame *f, Slot *s) {
  Group *g = s->group; el->target = frame_full(el, f, s->name); for (int i = 0; i < g->piece.n; i++) left_settle(el, f, g->piece.at[i]);
  g->t = group_tensor(el, g);
  for (int i = 0; i < g->piece.n; i++) { Type t = asserted_type(el, g->piece.at[i]->st); if (t != T_NONE) g->t->type = g->type = t; }
  if (f->graph) g->t->history = history_of(el, f, g->t);
  g->t->name = name_fresh(el, frame_full(el, f, s->name)); if (g->piece.at[0]->st->kind == S_CONST) g->t->kind = TK_CONST;
}
void declare_slot(Elab *el, Frame *f, Slot *s) {
  Catch k; s->state = SL_BUSY;
  if (catch_begin(el, &k)) { group_declare(el, f, s); catch_end(el); s->state = SL_VALUE; s->v = v_tensor(el, s->group->t); return; }
  s->state = el->quiet ? SL_PENDING : SL_VALUE; s->v = (Val){ .k = V_POISON }; fail_silent(el);
}

/* ---- before the first statement */
static int left_count(const Node *l) { return l->kind == N_TUPLE ? l->n : 1; }
/* Name k of those that a left side defines; NULL: it is none. */
static const char *left_name(Elab *el, const Node *l, int k) {
  return node_dotted(el->c, l->kind == N_TUPLE ? l->kid[k] : l->kind == N_INDEX ? l->kid[0] : l);
}
static bool is_equation(const Stmt *s) { return (s->kind == S_DEFINE || s->kind == S_CONST) && s->left && s->left->kind == N_INDEX; }

static void prepare_equation(Body *b, int i) {
  Elab *el = b->el; const Stmt *st = b->st[i]; const char *name = left_name(el, st->left, 0);
  if (!name) fail_at(el, st->pos, "the left side must be a tensor's name with indices");
  Slot *s = slot_get(el, b->f, name); if (s->state != SL_NONE && s->state != SL_PENDING) fail_at(el, st->pos, "'%s' is already defined", name);
  if (s->state == SL_NONE) {
    s->state = SL_PENDING; s->group = NEW_AS(el->c, Group, .name = name, .type = T_NONE); if (b->f->graph) name_reserve(el, name);
  }
  b->piece[i] = NEW_AS(el->c, Piece, .st = st, .slot = s, .kernel = b->kernel ? b->kernel[i] : NULL);
  PUSH(el->c, s->group->piece, b->piece[i]); s->group->left++;
}

static void prepare_local(Body *b, const Stmt *st) {
  for (int k = 0; k < st->left->n; k++)
    if (st->left->kid[k]->kind != N_NAME) fail_at(b->el, st->pos, "a local function is written name(a, b) = expression");
  Slot *s = slot_get(b->el, b->f, st->left->text); if (s->fun) fail_at(b->el, st->pos, "'%s' is already defined", st->left->text); s->fun = st;
}
static void prepare(Body *b, int i) {
  const Stmt *st = b->st[i]; Node *left = st->left;
  if (is_equation(st)) prepare_equation(b, i);
  else if (st->kind == S_DEFINE && left->kind == N_CALL) prepare_local(b, st);
  else for (int k = 0; st->kind == S_DEFINE && b->f->graph && k < left_count(left); k++)
    if (left_name(b->el, left, k)) name_reserve(b->el, left_name(b->el, left, k));
}

/* ---- equations */
static void equation_emit(Body *b, const Group *g, const Piece *p) {
  Elab *el = b->el; Kernel *k = el->kernel; bool constant = el->constant; if (p->kernel) el->kernel = p->kernel;
  el->constant |= p->st->kind == S_CONST; emit_eq(el, g->t, p->place, p->free, p->nfree, p->rhs.e, p->st->pos);
  el->kernel = k; el->constant = constant;
}

/* Evaluates the right side. A user's type may widen, and fix the type of a number; dumps store as they say. */
static void equation_value(Body *b, Group *g, Piece *p) {
  Elab *el = b->el; Type want = asserted_type(el, p->st);
  el->target = g->t->name; p->rhs = ev_scalar(el, p->st->value, b->f, (Scope){ .b = p->scope, .eq = true });
  if (p->rhs.k != V_NUM) fail_at(el, p->st->pos, "the right side is no element: it is %s", v_kind(p->rhs));
  Type got = p->rhs.e->type;
  if (want != T_NONE && got != T_NONE && !el->dump && got != want && type_promote(got, want) != want)
    fail_at(el, p->st->pos, "'%s' is %s here, but said to be %s: convert it, %s(...)", el->target, type_name(type_strong(got)), type_name(want),
            type_name(want));
  if (want == T_NONE && got != T_NONE) g->type = type_promote(g->type, type_strong(got));
}

/* The type of a tensor in pieces is known when its last piece is; then they are emitted. */
static void run_equation(Body *b, int i) {
  Piece *p = b->piece[i]; if (!p) return; if (p->slot->state == SL_PENDING) declare_slot(b->el, b->f, p->slot);
  if (p->slot->v.k == V_POISON) fail_silent(b->el);
  Group *g = p->slot->group; b->f->unknown = false; equation_value(b, g, p);
  p->again = b->f->unknown; b->again |= p->again; g->again |= p->again; g->left--; if (g->left || g->again) return;
  g->t->type = g->type; for (int k = 0; k < g->piece.n; k++) equation_emit(b, g, g->piece.at[k]);
}

/* `name = value`, `(name, name) = value`. */
static void run_names(Body *b, const Stmt *st) {
  Elab *el = b->el; bool tuple = st->left->kind == N_TUPLE; int n = left_count(st->left);
  const char **want = NEWN(el->c, const char *, n + 1), **name = NEWN(el->c, const char *, n + 1);
  for (int k = 0; k < n; k++) {
    name[k] = left_name(el, st->left, k);
    if (!name[k]) fail_at(el, st->pos, tuple ? "a tuple of names stands on the left" : "a statement defines a name or a tensor's elements");
    want[k] = frame_full(el, b->f, name[k]);
  }
  if (st->type) fail_at(el, st->pos, "the type of '%s' is its value's: write %s = %s(...)", want[0], want[0], st->type);
  el->target = want[0]; el->want = (Want){ want, n };
  Val v = ev_node(el, st->value, b->f, (Scope){ 0 }); bool several = v.k == V_TUPLE || (tuple && v.k == V_COMP); int have = several ? v.l->n : 1;
  if (n > have) fail_at(el, st->pos, "%d result%s for %d names", have, plural(have), n);
  for (int k = 0; k < n; k++) {
    Val one = several ? v.l->at[k] : v; if (tuple && one.k == V_LIM) one = v_num(one.m->e);
    if (slot_get(el, b->f, name[k])->state != SL_NONE) fail_at(el, st->pos, "'%s' is already defined", name[k]);
    if (one.k == V_LIFT) one = v_store(el, one, want[k], st->pos);
    if (one.k == V_COMP || one.k == V_LIM || one.k == V_HOLE) fail_at(el, st->pos, "%s where a value is needed", v_kind(one));
    slot_set(el, b->f, name[k], one);
  }
}

/* ---- one statement, with and without going on after errors */
static bool try_step(Body *b, void (*fn)(Body *, int), int i) {
  Elab *el = b->el; Catch k; if (!b->f->graph) { fn(b, i); return true; }
  if (catch_begin(el, &k)) { el->kernel = b->kernel ? b->kernel[i] : NULL; fn(b, i); catch_end(el); return true; }
  statement_poison(el, b->f, b->st[i]); return false;
}

static void poison_name(Elab *el, Frame *f, const char *name) {
  if (!name) return;
  const Group *g = slot_get(el, f, name)->group;
  if (!g || !g->t || g->type == T_NONE || g->t->type == T_NONE) slot_set(el, f, name, (Val){ .k = V_POISON });     /* else readers can go on */
}
void statement_poison(Elab *el, Frame *f, const Stmt *st) {
  const Node *l = st->left;
  poison_name(el, f, st->name); if (!l || l->kind == N_CALL) return; for (int k = 0; k < left_count(l); k++) poison_name(el, f, left_name(el, l, k));
}

/* ---- again, where types were not known */
static void again_value(Body *b, int i) {
  Piece *p = b->piece[i]; Group *g = p->slot->group; p->again = false;
  Type old = g->t->type; equation_value(b, g, p); g->t->type = g->type; p->again = g->t->type != old;
}

static void again_emit(Body *b, int i) {
  const Piece *p = b->piece[i]; const Group *g = p->slot->group; b->el->target = g->t->name;
  if (g->t->type == T_NONE) fail_at(b->el, p->st->pos, "the type of '%s' cannot be found: write %s[...]: f32 = ...", g->name, g->name);
  equation_emit(b, g, p);
}

/* Has the right side of statement i to be looked at again? */
static bool is_again(const Body *b, int i) {
  const Slot *s = b->piece[i] ? b->piece[i]->slot : NULL;
  return s && s->state == SL_VALUE && s->v.k != V_POISON && s->group->again && !s->group->left;
}

/* Rounds over all such pieces, until no type changes. */
static void again_rounds(Body *b) {
  bool changed = true;
  for (int round = 0; changed && round < b->n + 3; round++) {
    changed = false;
    for (int i = 0; i < b->n; i++) {
      if (is_again(b, i) && !try_step(b, again_value, i)) b->piece[i] = NULL;
      changed |= is_again(b, i) && b->piece[i]->again;
    }
  }
}

static void run_define(Body *b, int i) {
  Elab *el = b->el; const Stmt *st = b->st[i]; if (is_equation(st)) { run_equation(b, i); return; }
  if (b->again) {                                          /* whole tensors are used: the types of the recurrences so far */
    const char *target = el->target; Want want = el->want; again_rounds(b); el->target = target; el->want = want; b->again = false;
  }
  if (st->kind == S_DEFINE && st->left->kind != N_CALL) run_names(b, st);
}
void body_run(Elab *el, Frame *f, Stmt *const *st, Kernel *const *kernel, int n) {
  Body b = { el, f, st, kernel, NEWN(el->c, Piece *, n + 1), n, false }; const char *target = el->target;
  for (int i = 0; i < n; i++) try_step(&b, prepare, i);
  for (int i = 0; i < n; i++) try_step(&b, run_define, i);
  again_rounds(&b); for (int i = 0; i < n; i++) if (is_again(&b, i)) try_step(&b, again_emit, i);
  EACH(Slot, s, f->slot) if (s->group && s->state == SL_VALUE && s->v.k == V_TENSOR) cover_check(el, s->group);
  el->target = target;
}
