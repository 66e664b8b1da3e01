/* Statements of a body: equations, names for values, local functions.
 *
 * Left sides of equations are settled when their tensor is first asked for, so an equation may read what is defined later. An equation that
 * reads a tensor whose type is not yet known (a recurrence) is evaluated again until no type changes; the unknown type is neutral.
 * In a graph every statement is tried for itself: after an error the next one goes on.
 */
#include "elab.h"

typedef struct Body { Elab *el; Frame *f; Stmt *const *st; Kernel *const *kernel; Piece **piece; int n; bool again; } Body;

/* ---- equations into the graph */
void graph_have(Elab *el, Tensor *t)
{
  if (map_get(&el->have, t)) return;
  map_put(el->c, &el->have, t, t);
  if (el->constant) t->kind = TK_CONST;
  PUSH(el->c, el->tensor, t);
}

static bool is_empty(Index *const *free, int n)
{
  for (int i = 0; i < n; i++)
    if (!free[i]->ext.dim && free[i]->ext.n == 0) return true;
  return false;
}

typedef struct Large { int n; } Large;
static bool count_node(const Expr *e, void *n)
{
  (void)e;
  return ++((Large *)n)->n < 200000;
}

/* A constant equation may read constants only. */
static bool find_variable(const Expr *e, void *found)
{
  if (e->kind == E_READ && e->tensor->kind != TK_PARAM && e->tensor->kind != TK_CONST) *(const Tensor **)found = e->tensor;
  return true;
}

static Expr *stored(Elab *el, Expr *e, Type t, Pos p)
{
  Type s = type_strong(e->type);
  if (s == t || t == T_NONE || (e->kind == E_CONST && (e->type == T_WINT || e->type == T_WFLOAT) && type_class(e->type) == type_class(t))) return e;
  return expr_convert(el->c, CV_PLAIN, t, e, p);
}

enum { EQ_MAX = 100000 };

Eq *emit_eq(Elab *el, Tensor *t, Expr **place, Index **free, int nfree, Expr *rhs, Pos p)
{
  const Tensor *variable = NULL;
  Large count = { 0 };
  if (is_empty(free, nfree)) return NULL;
  expr_walk(rhs, count_node, &count);
  if (el->eq.n >= EQ_MAX) fail_at(el, p, "the graph expands to more than %d equations", EQ_MAX);
  if (count.n >= 200000) fail_at(el, p, "this equation is too large: more than 200000 functions and reads");
  if (el->constant) expr_walk(rhs, find_variable, &variable);
  if (variable) fail_at(el, p, "a constant reads '%s', which is not known when the graph is compiled", variable->name);
  Eq *e = NEW(el->c, Eq);
  *e = (Eq){ .out = t, .place = place, .free = free, .nfree = nfree, .rhs = stored(el, rhs, t->type, p), .constant = el->constant, .pos = p };
  e->pos = el->ncall ? el->call[0].pos : p;
  e->id = ++el->c->nid;
  e->rhs = bounds_check(el, e);
  e->label = label_now(el, NULL);
  graph_have(el, t);
  PUSH(el->c, el->eq, e);
  if (el->kernel && !el->constant) {
    Kernel *k = el->kernel;
    Eq **at = NEWN(el->c, Eq *, k->neq + 1);
    for (int i = 0; i < k->neq; i++) at[i] = k->eq[i];
    at[k->neq++] = e;
    k->eq = at;
  }
  return e;
}

/* ---- left sides */
static void group_shape(Elab *el, Group *g)
{
  Tensor *t = NEW(el->c, Tensor);
  Piece *first = g->piece.at[0];
  int rank = 0;
  while (first->place[rank]) rank++;
  *t = (Tensor){ .name = g->name, .type = T_NONE, .rank = rank, .shape = NEWN(el->c, Extent, rank + 1), .pos = first->st->pos, .stream_dim = -1 };
  for (int i = 0; i < g->piece.n; i++) {
    Piece *p = g->piece.at[i];
    int n = 0;
    while (p->place[n]) n++;
    if (n != rank) fail_at(el, p->st->pos, "pieces of '%s' have %d and %d dimensions", g->name, rank, n);
    for (int d = 0; d < rank; d++) {
      Extent e = ext_pos(place_end(el, p->place[d], p->st->pos));
      t->shape[d] = i ? ext_larger(el, t->shape[d], e, p->st->pos) : e;
    }
  }
  g->t = t;
}

static Type asserted_type(Elab *el, const Stmt *st)
{
  Type t = st->type ? type_by_name(st->type) : T_NONE;
  if (st->type && t == T_NONE) {
    const char *names[T_COUNT];
    for (int k = 0; k < T_WINT; k++) names[k] = type_name((Type)k);
    fail_near(el, st->pos, ctx_printf(el->c, "'%s' is no type", st->type), st->type, names, T_WINT);
  }
  return t;
}

static void group_declare(Elab *el, Frame *f, Slot *s)
{
  Group *g = s->group;
  el->target = frame_full(el, f, s->name);
  for (int i = 0; i < g->piece.n; i++) left_settle(el, f, g->piece.at[i]);
  group_shape(el, g);
  for (int i = 0; i < g->piece.n; i++) {
    Type t = asserted_type(el, g->piece.at[i]->st);
    if (t != T_NONE) g->t->type = g->type = t;
  }
  if (f->graph) g->t->history = history_of(el, f, g->t);
  g->t->name = name_fresh(el, frame_full(el, f, s->name));
  if (g->piece.at[0]->st->kind == S_CONST) g->t->kind = TK_CONST;
}

void declare_slot(Elab *el, Frame *f, Slot *s)
{
  Catch k;
  s->state = SL_BUSY;
  if (catch_begin(el, &k)) {
    group_declare(el, f, s);
    catch_end(el);
    s->state = SL_VALUE;
    s->v = v_tensor(el, s->group->t);
    return;
  }
  bool quiet = el->quiet > 0;
  catch_end(el);
  s->state = quiet && el->quiet ? SL_PENDING : SL_VALUE;
  s->v = (Val){ V_POISON, { 0 } };
  fail_silent(el);
}

/* ---- before the first statement */
static bool is_equation(const Stmt *s) { return (s->kind == S_DEFINE || s->kind == S_CONST) && s->left && s->left->kind == N_INDEX; }

static void prepare_equation(Body *b, int i)
{
  Elab *el = b->el;
  const Stmt *st = b->st[i];
  const char *name = node_full(el, st->left->kid[0]);
  if (!name) fail_at(el, st->pos, "the left side must be a tensor's name with indices");
  Slot *s = slot_get(el, b->f, name);
  if (s->state != SL_NONE && s->state != SL_PENDING) fail_at(el, st->pos, "'%s' is already defined", name);
  if (s->state == SL_NONE) {
    s->state = SL_PENDING;
    s->group = NEW(el->c, Group);
    s->group->name = name;
    s->group->type = T_NONE;
    if (b->f->graph) name_reserve(el, name);
  }
  Piece *p = NEW(el->c, Piece);
  p->st = st;
  p->kernel = b->kernel ? b->kernel[i] : NULL;
  PUSH(el->c, s->group->piece, p);
  s->group->left++;
  b->piece[i] = p;
}

static void prepare_local(Body *b, const Stmt *st)
{
  for (int k = 0; k < st->left->n; k++)
    if (st->left->kid[k]->kind != N_NAME) fail_at(b->el, st->pos, "a local function is written name(a, b) = expression");
  Slot *s = slot_get(b->el, b->f, st->left->text);
  if (s->fun) fail_at(b->el, st->pos, "'%s' is already defined", st->left->text);
  s->fun = st;
}

static void prepare_names(Body *b, const Stmt *st)
{
  const Node *l = st->left;
  if (!b->f->graph) return;
  if (l->kind != N_TUPLE) {
    if (node_full(b->el, l)) name_reserve(b->el, node_full(b->el, l));
  } else
    for (int k = 0; k < l->n; k++)
      if (node_full(b->el, l->kid[k])) name_reserve(b->el, node_full(b->el, l->kid[k]));
}

static void prepare(Body *b, int i)
{
  const Stmt *st = b->st[i];
  if (is_equation(st)) prepare_equation(b, i);
  else if (st->kind == S_DEFINE && st->left->kind == N_CALL) prepare_local(b, st);
  else if (st->kind == S_DEFINE) prepare_names(b, st);
}

/* ---- equations */
static Val equation_rhs(Body *b, const Piece *p)
{
  Scope s = { .b = p->scope, .eq = true };
  Val v = ev_scalar(b->el, p->st->value, b->f, s);
  if (v.k != V_NUM) fail_at(b->el, p->st->pos, "the right side is no element: it is %s", v_kind(v));
  return v;
}

/* A user's assertion may widen, and fix the type of a number. Dumps store as they say. */
static void assert_type(Body *b, const Piece *p, Type got)
{
  Type want = asserted_type(b->el, p->st);
  if (want == T_NONE || got == T_NONE || b->el->dump || got == want || type_promote(got, want) == want) return;
  fail_at(b->el, p->st->pos, "'%s' is %s here, but said to be %s: convert it, %s(...)", b->el->target, type_name(type_strong(got)), type_name(want), type_name(want));
}

static void equation_emit(Body *b, const Group *g, Piece *p, Val v)
{
  Elab *el = b->el;
  int n = 0;
  while (p->place[n]) n++;
  Kernel *k = el->kernel;
  bool constant = el->constant;
  el->kernel = p->kernel ? p->kernel : k;
  el->constant = constant || p->st->kind == S_CONST;
  emit_eq(el, g->t, p->place, p->free, p->nfree, v.e, p->st->pos);
  el->kernel = k;
  el->constant = constant;
}

static Slot *equation_slot(Body *b, const Stmt *st)
{
  Slot *s = slot_find(b->f, node_full(b->el, st->left->kid[0]));
  if (s->state == SL_PENDING) declare_slot(b->el, b->f, s);
  if (s->v.k == V_POISON) fail_silent(b->el);
  return s;
}

/* The type of a tensor in pieces is known when its last piece is. */
static void equation_type(Body *b, Group *g, Piece *p, Val v, bool last)
{
  assert_type(b, p, v.e->type);
  if (asserted_type(b->el, p->st) == T_NONE && v.e->type != T_NONE) g->type = type_promote(g->type, type_strong(v.e->type));
  g->again |= p->again;
  if (last && !g->again) g->t->type = g->type;
}

static void run_equation(Body *b, int i)
{
  Elab *el = b->el;
  Piece *p = b->piece[i];
  if (!p) return;
  Group *g = equation_slot(b, p->st)->group;
  el->target = g->t->name;
  b->f->unknown = false;
  p->rhs = equation_rhs(b, p);
  p->again = b->f->unknown;
  b->again |= p->again;
  equation_type(b, g, p, p->rhs, --g->left == 0);
  if (g->left || g->again) return;
  for (int k = 0; k < g->piece.n; k++)
    if (!g->piece.at[k]->again) equation_emit(b, g, g->piece.at[k], g->piece.at[k]->rhs);
}

/* ---- names for values */
static Val named_type(Body *b, const Stmt *st, Val v)
{
  Type want = asserted_type(b->el, st);
  if (want == T_NONE) return v;
  Type got = v_type(b->el, b->f, v, st->pos);
  if (got != want && (type_promote(got, want) != want || (v.k == V_TENSOR && !b->el->dump)))
    fail_at(b->el, st->pos, "'%s' is %s here, but said to be %s", b->el->target, type_name(got), type_name(want));
  return v_convert(b->el, CV_PLAIN, want, v, st->pos);
}

static void define_name(Body *b, const Stmt *st, const char *name, Val v)
{
  Slot *s = slot_get(b->el, b->f, name);
  if (s->state != SL_NONE) fail_at(b->el, st->pos, "'%s' is already defined", name);
  if (v.k == V_LIFT) v = v_store(b->el, v, frame_full(b->el, b->f, name), st->pos);
  if (v.k == V_COMP || v.k == V_LIM || v.k == V_HOLE) fail_at(b->el, st->pos, "%s where a value is needed", v_kind(v));
  s->state = SL_VALUE;
  s->v = v;
}

static void run_name(Body *b, const Stmt *st)
{
  Elab *el = b->el;
  const char *name = node_full(el, st->left), *full = frame_full(el, b->f, name);
  Slot *old = slot_find(b->f, name);
  if (old && old->state != SL_NONE && old->v.k != V_POISON) fail_at(el, st->pos, "'%s' is already defined", name);
  el->target = full;
  const char **want = NEWN(el->c, const char *, 1);
  want[0] = full;
  el->want = (Want){ want, 1 };
  Val v = first_of(ev_node(el, st->value, b->f, (Scope){ 0 }));
  if (st->type) v = named_type(b, st, v);
  define_name(b, st, name, v);
}

static void run_tuple(Body *b, const Stmt *st)
{
  Elab *el = b->el;
  const Node *l = st->left;
  const char **want = NEWN(el->c, const char *, l->n + 1), **name = NEWN(el->c, const char *, l->n + 1);
  for (int k = 0; k < l->n; k++) {
    name[k] = node_full(el, l->kid[k]);
    if (!name[k]) fail_at(el, st->pos, "a tuple of names stands on the left");
    want[k] = frame_full(el, b->f, name[k]);
  }
  el->target = l->n ? want[0] : NULL;
  el->want = (Want){ want, l->n };
  Val v = ev_node(el, st->value, b->f, (Scope){ 0 });
  int n = v.k == V_TUPLE || v.k == V_COMP ? v.l->n : 1;
  if (l->n > n) fail_at(el, st->pos, "%d result%s for %d names", n, n == 1 ? "" : "s", l->n);
  for (int k = 0; k < l->n; k++) {
    Val one = n == 1 && v.k != V_TUPLE && v.k != V_COMP ? v : v.l->at[k];
    if (one.k == V_LIM) one = v_num(one.m->e);
    define_name(b, st, name[k], one);
  }
}

static void again_types(Body *b);

static void run_define(Body *b, int i)
{
  const Stmt *st = b->st[i];
  if (b->again && !is_equation(st)) again_types(b);
  if (is_equation(st)) run_equation(b, i);
  else if (st->kind != S_DEFINE || st->left->kind == N_CALL) return;
  else if (st->left->kind == N_TUPLE) run_tuple(b, st);
  else if (node_full(b->el, st->left)) run_name(b, st);
  else fail_at(b->el, st->pos, "a statement defines a name or a tensor's elements");
}

/* ---- again, where types were not known */
static bool again_round(Body *b, int i)
{
  Piece *p = b->piece[i];
  Slot *s = slot_find(b->f, node_full(b->el, p->st->left->kid[0]));
  if (s->v.k == V_POISON) return false;
  Group *g = s->group;
  Type old = g->t->type;
  b->el->target = g->t->name;
  p->rhs = equation_rhs(b, p);
  equation_type(b, g, p, p->rhs, false);
  g->t->type = g->type;
  return g->t->type != old;
}

static void again_emit(Body *b, int i)
{
  Piece *p = b->piece[i];
  Slot *s = slot_find(b->f, node_full(b->el, p->st->left->kid[0]));
  if (s->v.k == V_POISON) return;
  Group *g = s->group;
  b->el->target = g->t->name;
  if (g->t->type == T_NONE) fail_at(b->el, p->st->pos, "the type of '%s' cannot be found: write %s[...]: f32 = ...", g->name, g->name);
  equation_emit(b, g, p, p->rhs);
}

/* ---- with and without going on after errors */
static bool try_step(Body *b, void (*fn)(Body *, int), int i)
{
  Elab *el = b->el;
  Catch k;
  if (!b->f->graph) {
    fn(b, i);
    return true;
  }
  Kernel *kernel = el->kernel;
  el->kernel = b->kernel ? b->kernel[i] : NULL;
  if (catch_begin(el, &k)) {
    fn(b, i);
    catch_end(el);
    el->kernel = kernel;
    return true;
  }
  catch_end(el);
  el->kernel = kernel;
  el->constant = false;
  statement_poison(el, b->f, b->st[i]);
  return false;
}

static void poison_name(Elab *el, Frame *f, const char *name)
{
  if (!name) return;
  Slot *s = slot_get(el, f, name);
  if (s->group && s->group->t && s->group->type != T_NONE && s->group->t->type != T_NONE) return;      /* shape and type are known: readers can go on */
  s->state = SL_VALUE;
  s->v = (Val){ V_POISON, { 0 } };
}

void statement_poison(Elab *el, Frame *f, const Stmt *st)
{
  const Node *l = st->left;
  if (st->name) poison_name(el, f, st->name);
  if (!l || l->kind == N_CALL) return;
  if (l->kind == N_TUPLE)
    for (int k = 0; k < l->n; k++) poison_name(el, f, node_full(el, l->kid[k]));
  else poison_name(el, f, node_full(el, l->kind == N_INDEX ? l->kid[0] : l));
}

static void again_step(Body *b, int i) { b->piece[i]->again = again_round(b, i); }

/* The pieces whose right sides have to be looked at again. */
static int again_list(const Body *b, int *todo)
{
  int n = 0;
  for (int i = 0; i < b->n; i++) {
    if (!b->piece[i]) continue;
    Slot *s = slot_find(b->f, node_full(b->el, b->piece[i]->st->left->kid[0]));
    if (s->state == SL_VALUE && s->v.k != V_POISON && s->group->again && !s->group->left) todo[n++] = i;
  }
  return n;
}

/* Rounds until no type changes. */
static void again_rounds(Body *b, const int *todo, int n)
{
  bool changed = n > 0;
  for (int round = 0; changed && round < n + 3; round++) {
    changed = false;
    for (int k = 0; k < n; k++) {
      if (!b->piece[todo[k]] || !try_step(b, again_step, todo[k])) b->piece[todo[k]] = NULL;
      changed |= b->piece[todo[k]] && b->piece[todo[k]]->again;
    }
  }
}

/* Before whole tensors are used: the types of the recurrences so far. */
static void again_types(Body *b)
{
  const char *target = b->el->target;
  Want want = b->el->want;
  int *todo = NEWN(b->el->c, int, b->n + 1), n = again_list(b, todo);
  again_rounds(b, todo, n);
  b->el->target = target;
  b->el->want = want;
  b->again = false;
}

static void run_again(Body *b)
{
  int *todo = NEWN(b->el->c, int, b->n + 1), n = again_list(b, todo);
  again_rounds(b, todo, n);
  for (int k = 0; k < n; k++)
    if (b->piece[todo[k]]) try_step(b, again_emit, todo[k]);
}

void body_run(Elab *el, Frame *f, Stmt *const *st, Kernel *const *kernel, int n)
{
  Body b = { el, f, st, kernel, NEWN(el->c, Piece *, n + 1), n, false };
  const char *target = el->target;
  for (int i = 0; i < n; i++) try_step(&b, prepare, i);
  for (int i = 0; i < n; i++) try_step(&b, run_define, i);
  run_again(&b);
  for (int i = 0; i < f->slot.n; i++) {
    Slot *s = f->slot.at[i];
    if (s->group && s->state == SL_VALUE && s->v.k == V_TENSOR) cover_check(el, s->group);
  }
  el->target = target;
}
