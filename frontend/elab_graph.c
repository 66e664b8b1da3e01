/* A graph: symbolic dimensions, inputs, parameters from the weights files, constants, state, its statements, its results.
 *
 *   graph amp(x: f32[16, stream t], y: f32[N, 4] where N in 1..256) -> (z: f32[16, t]) { param w: f32[16]; state s: f32[8] = 0; ... s <- e; } */
#include "../ir/scalar.h"
#include "elab.h"

typedef struct Unit { Elab *el; const Decl *d; Frame *f; VEC(Stmt *) st; VEC(Kernel *) kernel; } Unit;     /* kernel[i]: that st[i] stands in */

/* Runs fn for one part of the graph; after an error the next part goes on. */
static bool try_part(Unit *u, void (*fn)(Unit *, const void *), const void *arg) {
  Catch k;
  if (catch_begin(u->el, &k)) {
    fn(u, arg);
    catch_end(u->el);
    return true;
  }
  return false;
}

static bool is_poison(const Slot *s) { return s && s->state == SL_VALUE && s->v.k == V_POISON; }
static Val plain_value(Unit *u, const Node *n) { return first_of(ev_node(u->el, n, u->f, (Scope){ 0 })); }
static Val extent_value(Elab *el, const Node *n, Frame *f) { return ev_scalar(el, n, f, (Scope){ .ext = true }); }

/* ---- symbolic dimensions */
static void dim_bounds(Unit *u, Index *i, const Bound *b) {
  Elab *el = u->el;
  i->lo = need_int(el, ev_scalar(el, b->lo, u->f, (Scope){ 0 }), b->pos, "a bound of a dimension");
  i->hi = need_int(el, ev_scalar(el, b->hi, u->f, (Scope){ 0 }), b->pos, "a bound of a dimension");
  if (i->lo < 1 || i->hi < i->lo || i->hi > (int64_t)1 << 40)
    fail_at(el, b->pos, "the bounds %lld..%lld of '%s': the least is at least 1, the largest not below it", (long long)i->lo, (long long)i->hi,
            i->name);
}

static Index *dim_new(Unit *u, const char *name, bool stream, Pos p) {
  Elab *el = u->el; Graph *g = el->g; const Bound *b = NULL;
  Index *i = MAKE(el->c, Index, .name = name, .is_dim = true, .stream = stream, .lo = 1, .hi = STREAM_MAX, .id = ++el->c->nid);
  for (int k = u->d->nbound - 1; k >= 0; k--) if (u->d->bound[k].name == name) b = &u->d->bound[k];
  if (!b && !stream) fail_at(el, p, "the dimension '%s' needs bounds: write `where %s in 1..256` after the inputs", name, name);
  if (b) dim_bounds(u, i, b);
  for (int k = 0; stream && k < g->ndim; k++)
    if (g->dim[k]->stream) fail_at(el, p, "a graph has one stream dimension; '%s' is one already", g->dim[k]->name);
  APPEND(el->c, g->dim, g->ndim, i);
  slot_get(el, u->f, name)->sym = i;
  slot_dim(el, u->f, name, (Dims){ &(Extent){ i, 0 }, 1, false });
  return i;
}

/* One dimension of an input: a number, `stream t`, a symbolic dimension (new where it first stands), or an expression of them. */
static Extent shape_item(Unit *u, const Node *n, bool input) {
  Elab *el = u->el; const Node *core = n->kind == N_NAMED ? n->kid[0] : n;
  if (is_range(core)) core = core->kid[1];
  if (core->kind == N_STREAM || (input && core->kind == N_NAME)) {
    const Slot *s = slot_find(u->f, core->text);
    if (s && s->sym) return (Extent){ s->sym, 0 };
    if (!s || s->state == SL_NONE) {
      if (!input) fail_at(el, n->pos, "'%s' is no dimension of the inputs", core->text);
      return (Extent){ dim_new(u, core->text, core->kind == N_STREAM, core->pos), 0 };
    }
  }
  Extent e = need_ext(el, extent_value(el, core, u->f), n->pos, "a dimension");
  if (!e.dim && e.n < 1) fail_at(el, n->pos, "a dimension of %lld", (long long)e.n);
  return e;
}

static int stream_place(const Tensor *t) { for (int d = 0; d < t->rank; d++) if (t->shape[d].dim && t->shape[d].dim->stream) return d; return -1; }

static Tensor *tensor_declared(Unit *u, const char *name, const char *type, Node *const *item, int n, TensorKind kind, Pos p) {
  static const char *const what[] = { [TK_PARAM] = "parameter", [TK_CONST] = "constant" };
  Elab *el = u->el; const Slot *s = slot_find(u->f, name);
  if (s && (s->state != SL_NONE || s->sym)) fail_at(el, p, "'%s' is already defined", name);
  if (n > 64) fail_at(el, p, "a tensor of %d dimensions: at most 64", n);
  Tensor *t = MAKE(el->c, Tensor, .name = name, .type = type_named(el, type, p), .rank = n, .shape = NEWN(el->c, Extent, n + 1), .kind = kind,
                   .pos = p);
  for (int d = 0; d < n; d++) t->shape[d] = shape_item(u, item[d], kind == TK_INPUT);
  t->stream_dim = stream_place(t);
  if (tensor_size(t) > (int64_t)1 << 40) fail_at(el, p, "'%s' has more than 2^40 elements", name);
  name_reserve(el, name);
  name_fresh(el, name);
  slot_set(el, u->f, name, v_tensor(el, t));
  graph_have(el, t);
  for (int d = 0; d < n && (kind == TK_PARAM || kind == TK_CONST); d++)
    if (t->shape[d].dim) fail_at(el, p, "the %s '%s' needs constant extents", what[kind], name);
  return t;
}

/* ---- inputs */
static void do_input(Unit *u, const void *arg) {
  const Param *p = arg;
  if (p->kind != P_TYPED) fail_at(u->el, p->pos, "an input of a graph is written name: type[shape]");
  APPEND(u->el->c, u->el->g->in, u->el->g->nin, tensor_declared(u, p->name, p->type, p->item, p->nitem, TK_INPUT, p->pos));
}

static void do_bounds(Unit *u, const void *arg) {
  const Bound *b = arg; Elab *el = u->el; const Slot *s = slot_find(u->f, b->name); Names near = { 0 };
  if (el->c->nerror || (s && s->sym)) return;              /* after an error: perhaps the input was refused that has this dimension */
  for (int i = 0; i < el->g->ndim; i++) PUSH(el->c, near, el->g->dim[i]->name);
  fail_near(el, b->pos, ctx_printf(el->c, "'%s' is no dimension of the inputs", b->name), b->name, near.at, near.n);
}

/* ---- parameters */
static void __attribute__((noreturn)) fail_weight(Elab *el, const char *name, Pos p) {
  Names near = { 0 };
  for (int i = 0; i < el->nweights; i++) for (int k = 0; k < el->weights[i]->n; k++) PUSH(el->c, near, el->weights[i]->at[k].name);
  if (!el->nweights)
    fail_at(el, p, "the parameter '%s' has no weights file to come from: write `weights \"file.safetensors\";` before the graph", name);
  fail_near(el, p, ctx_printf(el->c, "the weights hold no tensor '%s'", name), name, near.at, near.n);
}

static void weight_check(Elab *el, const Tensor *t, const Weight *w, const char *path) {
  Extent *e = NEWN(el->c, Extent, w->rank + 1);
  for (int d = 0; d < w->rank; d++) e[d] = extent_of(w->shape[d]);
  if (w->type == t->type && exts_equal(e, w->rank, t->shape, t->rank)) return;
  diag_error(el->c, t->pos, "the parameter '%s' is declared %s, but it is %s in %s", t->name, type_show(el, t->type, t->shape, t->rank),
             type_show(el, w->type, e, w->rank), path);
  fail_silent(el);
}

static void do_param(Unit *u, const void *arg) {
  const Stmt *st = arg; Elab *el = u->el;
  Tensor *t = tensor_declared(u, st->name, st->type, st->item, st->nitem, TK_PARAM, st->pos);
  bool missing = false;                                    /* a file could not be read: that is reported */
  for (int i = 0; i < el->nweights; i++) {
    const Weight *w = el->weights[i] ? weights_find(el->weights[i], t->name) : NULL;
    missing |= !el->weights[i];
    if (!w) continue;
    weight_check(el, t, w, el->weights[i]->path);
    t->data = w->data;
    return;
  }
  if (!missing) fail_weight(el, t->name, st->pos);
}

/* ---- constants */
/* Nested lists, row-major, into out. */
static void const_flatten(Elab *el, const Tensor *t, int d, Val v, List *out, Pos p) {
  if (d == t->rank) {
    if (v.k != V_NUM || v.e->kind != E_CONST) fail_at(el, p, "an element of '%s' is %s: it must be a number", t->name, v_kind(v));
    PUSH(el->c, *out, v);
    return;
  }
  if (v.k == V_LIST && v.l->n != t->shape[d].n)
    fail_at(el, p, "'%s' has %s in dimension %d, the list has %d", t->name, ext_print(el, t->shape + d, 1), d, v.l->n);
  for (int i = 0; i < t->shape[d].n; i++) const_flatten(el, t, d + 1, v.k == V_LIST ? v.l->at[i] : v, out, p);
}

/* One equation for each element. */
static void const_elements(Elab *el, Tensor *t, const List *l, Pos p) {
  for (int k = 0; k < l->n; k++) {
    Expr **place = NEWN(el->c, Expr *, t->rank + 1); int64_t at = k;
    for (int d = t->rank - 1; d >= 0; at /= t->shape[d--].n) place[d] = expr_int(el->c, at % t->shape[d].n);
    emit_eq(el, t, place, NULL, 0, l->at[k].e, p);
  }
}

static void const_spread(Elab *el, Tensor *t, Val v, Pos p) {
  Index **free = NEWN(el->c, Index *, t->rank + 1); Expr **place = NEWN(el->c, Expr *, t->rank + 1);
  for (int d = 0; d < t->rank; d++) {
    free[d] = &idx_new(el, pack_name(el, "i", d), t->shape[d], true)->ix;
    place[d] = expr_index(el->c, free[d]);
  }
  emit_eq(el, t, place, free, t->rank, v.e, p);
}

static void const_tensor(Unit *u, const Stmt *st, Val v) {
  Elab *el = u->el; Tensor *t = tensor_declared(u, st->name, st->type, st->item, st->nitem, TK_CONST, st->pos);
  int64_t n = tensor_size(t);
  el->constant = true;
  if (v.k == V_NUM) { const_spread(el, t, v, st->pos); return; }
  if (n > 4096) fail_at(el, st->pos, "a list of %lld constants: put them into the weights file and write `param`", (long long)n);
  List *flat = v_list(el, 0).l;
  const_flatten(el, t, 0, v, flat, st->pos);
  const_elements(el, t, flat, st->pos);
  slot_find(u->f, st->name)->v.x->known = flat;
}

static void do_const(Unit *u, const void *arg) {
  const Stmt *st = arg; Elab *el = u->el; const Slot *s = slot_find(u->f, st->name);
  if (s && s->state != SL_NONE) fail_at(el, st->pos, "'%s' is already defined", st->name);
  el->target = st->name;
  Val v = plain_value(u, st->value);
  if (v_whole(v)) fail_at(el, st->pos, "a constant over tensors is an equation: write `const %s[i] = ...`", st->name);
  el->target = st->name;
  if (st->item || st->nitem) { const_tensor(u, st, v); return; }
  Type t = st->type ? type_named(el, st->type, st->pos) : T_NONE;
  if (v.k == V_NUM && t != T_NONE) {
    if (!v_static(v)) fail_at(el, st->pos, "the constant '%s' is not known when the graph is compiled", st->name);
    v = v_num(expr_convert(el->c, CV_PLAIN, t, v.e, st->pos));
  }
  slot_set(el, u->f, st->name, v);
}

/* ---- state */
/* `state` of a tensor that has an equation is its past. */
static void do_state(Unit *u, const void *arg) {
  const Stmt *st = arg;
  for (int i = 0; i < u->st.n; i++) {
    const Stmt *s = u->st.at[i];
    if (s->kind != S_DEFINE || s->left->kind != N_INDEX || node_dotted(u->el->c, s->left->kid[0]) != st->name) continue;
    map_put(u->el->c, &u->el->history, st->name, (void *)st);
    return;
  }
  tensor_declared(u, st->name, st->type, st->item, st->nitem, TK_STATE, st->pos);
}

int64_t history_of(Elab *el, Frame *f, Tensor *t) {
  const Stmt *st = map_get(&el->history, t->name); int d = t->stream_dim = stream_place(t);
  if (!st) return 0;
  if (d < 0)
    fail_at(el, st->pos, "'%s' has no stream dimension: only stream tensors have a past (a state's next value is written %s <- value)", t->name,
            t->name);
  if (st->nitem != t->rank) fail_at(el, st->pos, "'%s' has %d dimensions, its `state` line %d", t->name, t->rank, st->nitem);
  const Node *item = is_range(st->item[d]) ? st->item[d]->kid[1] : st->item[d];
  Extent e = need_ext(el, extent_value(el, item, f), st->pos, "the past of a stream tensor");
  int64_t n = t->shape[d].n - e.n;
  if (e.dim != t->shape[d].dim || n < 1) fail_at(el, st->pos, "the past of '%s' is written `%s - frames`", t->name, t->shape[d].dim->name);
  return n;
}

/* What the state holds first: an expression over indices named in the state's shape. */
static void do_state_value(Unit *u, const void *arg) {
  const Stmt *st = arg; Elab *el = u->el; Slot *s = slot_find(u->f, st->name);
  if (!s || s->v.k == V_POISON || !st->value) return;
  Tensor *t = slot_value(el, u->f, s, st->pos).x->t; Scope sc = { .eq = true };
  t->init_index = NEWN(el->c, Index *, t->rank + 1);
  for (int d = 0; d < t->rank; d++) {
    const Node *n = st->item[d]; bool named = is_range(n) && n->kid[0]->kind == N_NAME;
    const char *name = named ? n->kid[0]->text : pack_name(el, "i", d);
    t->init_index[d] = &idx_new(el, name, t->shape[d], true)->ix;
    if (named) sc = scope_bind(el, sc, name, v_num(expr_index(el->c, t->init_index[d])));
  }
  Val v = ev_scalar(el, st->value, u->f, sc);
  if (v.k != V_NUM) fail_at(el, st->pos, "the first value of '%s' is %s: it must be a number or an element", t->name, v_kind(v));
  Expr *e = bounds_check(el, v.e);
  bool zero = e->kind == E_CONST && e->type != T_BOOL && e->type != T_WFLOAT && expr_number(e) == 0;
  t->init = zero ? NULL : e;
}

static void do_next(Unit *u, const void *arg) {
  const Stmt *st = arg; Elab *el = u->el; const Slot *s = slot_find(u->f, st->name);
  if (is_poison(s)) return;
  if (!s || s->state != SL_VALUE || s->v.k != V_TENSOR || s->v.x->t->kind != TK_STATE)
    fail_at(el, st->pos, "'%s' is no state: write `state %s: f32[...] = 0;`", st->name, st->name);
  Tensor *t = s->v.x->t;
  el->target = ctx_intern(el->c, ctx_printf(el->c, "%s.next", st->name)); el->want = (Want){ &el->target, 1 };
  Val v = plain_value(u, st->value);
  if (v.k == V_LIFT || v.k == V_NUM) v = v_store(el, v, name_temp(el, el->target), st->pos);
  if (v.k != V_TENSOR) fail_at(el, st->pos, "the next value of '%s' is %s", st->name, v_kind(v));
  Tensor *w = v.x->t;
  if (w->type != t->type || !exts_equal(w->shape, w->rank, t->shape, t->rank))
    fail_at(el, st->pos, "the state '%s' is %s, its next value is %s", t->name, type_show(el, t->type, t->shape, t->rank),
            type_show(el, w->type, w->shape, w->rank));
  if (t->next) fail_at(el, st->pos, "the state '%s' has two next values", t->name);
  t->next = w;
}

/* ---- results */
static void result_check(Unit *u, const Param *p, const Tensor *t) {
  Elab *el = u->el;
  if (p->kind != P_TYPED) return;
  Type want = type_named(el, p->type, p->pos); Extent *shape = NEWN(el->c, Extent, p->nitem + 1);
  for (int d = 0; d < p->nitem; d++) shape[d] = shape_item(u, p->item[d], false);
  if (want == t->type && exts_equal(shape, p->nitem, t->shape, t->rank)) return;
  diag_error(el->c, p->pos, "the result '%s' is declared %s, but it is %s", p->name, type_show(el, want, shape, p->nitem),
             type_show(el, t->type, t->shape, t->rank));
  if (t->pos.src) diag_note(el->c, t->pos, "computed here");
  fail_silent(el);
}

/* A list of numbers as a tensor of rank 1. */
static Tensor *list_tensor(Elab *el, const Param *p, const List *l) {
  Tensor *t = MAKE(el->c, Tensor, .name = name_fresh(el, p->name), .rank = 1, .shape = NEWN(el->c, Extent, 1), .pos = p->pos, .stream_dim = -1,
                   .type = T_NONE);
  t->shape[0] = extent_of(l->n);
  for (int i = 0; i < l->n; i++) {
    if (l->at[i].k != V_NUM || l->at[i].e->kind != E_CONST)
      fail_at(el, p->pos, "the result '%s' is a list, not of numbers: it must be a tensor", p->name);
    t->type = type_promote(t->type, type_strong(l->at[i].e->type));
  }
  const_elements(el, t, l, p->pos);
  return t;
}

/* The tensor that bears the result's name; a copy where the name stands for something else. */
static Tensor *result_tensor(Elab *el, const Param *p, Val v) {
  if (v.k == V_TENSOR && v.x->t->kind == TK_TEMP && v.x->t->name == p->name) return v.x->t;
  el->target = p->name;
  return v.k == V_LIST ? list_tensor(el, p, v.l) : v_store(el, v_lift(el, v, p->pos), p->name, p->pos).x->t;
}

static void do_result(Unit *u, const void *arg) {
  const Param *p = arg; Elab *el = u->el; Slot *s = slot_find(u->f, p->name);
  for (const Param *q = u->d->result; q < p; q++) if (q->name == p->name) fail_at(el, p->pos, "the result '%s' is named twice", p->name);
  if (!s || s->state == SL_NONE) {
    Names near = { 0 };
    for (int i = 0; i < u->f->slot.n; i++) PUSH(el->c, near, u->f->slot.at[i]->name);
    fail_near(el, p->pos, ctx_printf(el->c, "the result '%s' is not defined", p->name), p->name, near.at, near.n);
  }
  Val v = first_of(slot_value(el, u->f, s, p->pos));
  if (!v_whole(v) && v.k != V_NUM && v.k != V_LIST) fail_at(el, p->pos, "the result '%s' is %s: it must be a tensor", p->name, v_kind(v));
  Tensor *t = result_tensor(el, p, v);
  if (!map_get(&el->have, t) && !tensor_size(t)) {
    if (el->c->nerror) fail_silent(el);
    fail_at(el, p->pos, "the result '%s' has no elements: %s", p->name, ext_print(el, t->shape, t->rank));
  }
  result_check(u, p, t);
  t->kind = TK_OUTPUT;
  APPEND(el->c, el->g->out, el->g->nout, t);
}

/* ---- the whole */
static void do_layout(Unit *u, const void *arg) {
  const Stmt *st = arg; const Slot *s = slot_find(u->f, st->name); Names near = { 0 };
  for (int i = 0; i < u->el->tensor.n; i++) PUSH(u->el->c, near, u->el->tensor.at[i]->name);
  if (is_poison(s)) return;
  if (!s || s->state != SL_VALUE || s->v.k != V_TENSOR)
    fail_near(u->el, st->pos, ctx_printf(u->el->c, "there is no tensor '%s'", st->name), st->name, near.at, near.n);
  layout_apply(u->el, st, s->v.x->t);
}

/* The statements of kernels stand among the graph's: names are known everywhere. Gives the kernel of each statement of the graph. */
static Kernel **flatten(Unit *u) {
  Ctx *c = u->el->c; Kernel **all = NEWN(c, Kernel *, u->d->nstmt + 1);
  for (int i = 0; i < u->d->nstmt; i++) {
    Stmt *st = u->d->stmt[i];
    PUSH(c, u->st, st);
    PUSH(c, u->kernel, NULL);
    if (st->kind != S_KERNEL) continue;
    all[i] = MAKE(c, Kernel, .name = st->name, .label = st->label, .tree = st->tree, .pos = st->pos);
    for (int k = 0; k < st->nbody; k++) { PUSH(c, u->st, st->body[k]); PUSH(c, u->kernel, all[i]); }
  }
  return all;
}

/* Runs the statements of some kinds, in their order. */
typedef struct Row { StmtKind kind; void (*fn)(Unit *, const void *); } Row;

static void run_rows(Unit *u, const Row *row, int n) {
  for (int i = 0; i < u->st.n; i++)
    for (int k = 0; k < n; k++) {
      const Stmt *st = u->st.at[i]; bool equation = st->kind == S_CONST && !st->name;
      if (st->kind == row[k].kind && !equation && !try_part(u, row[k].fn, st)) statement_poison(u->el, u->f, st);
    }
}

void graph_elaborate(Elab *el, const Decl *d) {
  static const Row before[] = { { S_PARAM, do_param }, { S_CONST, do_const }, { S_STATE, do_state } };
  static const Row after[] = { { S_STATE, do_state_value }, { S_NEXT, do_next } }, last[] = { { S_DECL, do_layout } };
  const Ast *a = el->ast; Graph *g = el->g; int errors = el->c->nerror;
  Unit u = { .el = el, .d = d, .f = MAKE(el->c, Frame, .op = d, .graph = true) };
  *g = (Graph){ .name = d->name, .pos = d->pos, .stage = a->stage > STAGE_EXPAND ? a->stage : STAGE_EXPAND, .weights = a->weights,
                .nweights = a->nweights };
  el->nweights = a->nweights; el->weights = NEWN(el->c, Weights *, a->nweights + 1);
  for (int i = 0; i < a->nweights; i++) el->weights[i] = weights_open(el->c, a->weights[i], a->src, a->weights_pos[i]);
  for (int i = 0; i < d->nparam; i++) if (!try_part(&u, do_input, &d->param[i])) slot_set(el, u.f, d->param[i].name, (Val){ .k = V_POISON });
  for (int i = 0; i < d->nbound; i++) try_part(&u, do_bounds, &d->bound[i]);
  Kernel **kernel = flatten(&u);
  run_rows(&u, before, 3);
  body_run(el, u.f, u.st.at, u.kernel.at, u.st.n);
  run_rows(&u, after, 2);
  bool body = el->c->nerror == errors;
  if (!d->nresult) diag_error(el->c, d->pos, "the graph '%s' has no results: write `graph %s(...) -> (y) { ... }`", d->name, d->name);
  for (int i = 0; i < d->nresult; i++) try_part(&u, do_result, &d->result[i]);
  run_rows(&u, last, 1);
  g->tensor = el->tensor.at; g->ntensor = el->tensor.n; g->eq = el->eq.at; g->neq = el->eq.n;
  for (int i = 0; i < g->ntensor; i++) g->tensor[i]->stream_dim = stream_place(g->tensor[i]);
  if (body) kernels_finish(el, d, kernel);
  if (el->c->nerror == errors) graph_sort(el->c, g);
}
