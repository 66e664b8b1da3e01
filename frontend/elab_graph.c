/* A graph: symbolic dimensions, inputs, parameters from the weights files, constants, state, its statements, its results.
 *   graph amp(x: f32[16, stream t], y: f32[N, 4] where N in 1..256) -> (z: f32[16, t]) { param w: f32[16]; state s: f32[8] = 0; ... s <- e; } */
#include "../ir/scalar.h"
#include "elab.h"
#include <stdlib.h>

typedef struct Unit { Elab *el; const Decl *d; Frame *f; VEC(Stmt *) st; VEC(Kernel *) kernel; } Unit;     /* kernel[i]: that st[i] stands in */

/* Runs fn for one part of the graph; after an error the next part goes on. */
static bool try_part(Unit *u, void (*fn)(Unit *, const void *), const void *arg) {
  Catch k; if (catch_begin(u->el, &k)) { fn(u, arg); catch_end(u->el); return true; } return false;
}
static bool is_poison(const Slot *s) { return s && s->state == SL_VALUE && s->v.k == V_POISON; }
static Val plain_value(Unit *u, const Node *n) { return first_of(ev_node(u->el, n, u->f, (Scope){ 0 })); }
static Val extent_value(Elab *el, const Node *n, Frame *f) { return ev_scalar(el, n, f, (Scope){ .ext = true }); }

/* ---- symbolic dimensions */
static void dim_bounds(Unit *u, Index *i, const Bound *b) {
  Elab *el = u->el; i->lo = need_int(el, ev_scalar(el, b->lo, u->f, (Scope){ 0 }), b->pos, "a bound of a dimension");
  i->hi = need_int(el, ev_scalar(el, b->hi, u->f, (Scope){ 0 }), b->pos, "a bound of a dimension");
  if (i->lo < 1 || i->hi < i->lo || i->hi > (int64_t)1 << 40)
    fail_at(el, b->pos, "the bounds %lld..%lld of '%s': the least is at least 1, the largest not below it", (long long)i->lo, (long long)i->hi,
            i->name);
}
static Index *dim_new(Unit *u, const char *name, bool stream, Pos p) {
  Elab *el = u->el; Graph *g = el->g; const Bound *b = NULL;
  Index *i = NEW_AS(el->c, Index, .name = name, .is_dim = true, .stream = stream, .lo = 1, .hi = STREAM_MAX, .id = ++el->c->nid);
  for (int k = u->d->nbound - 1; k >= 0; k--) if (u->d->bound[k].name == name) b = &u->d->bound[k];
  if (!b && !stream) fail_at(el, p, "the dimension '%s' needs bounds: write `where %s in 1..256` after the inputs", name, name);
  if (b) dim_bounds(u, i, b);
  for (int k = 0; stream && k < g->ndim; k++)
    if (g->dim[k]->stream) fail_at(el, p, "a graph has one stream dimension; '%s' is one already", g->dim[k]->name);
  APPEND(el->c, g->dim, g->ndim, i); slot_get(el, u->f, name)->sym = i; slot_dim(el, u->f, name, (Dims){ &(Extent){ i, 0 }, 1, false }); return i;
}

/* One dimension of an input: a number, `stream t`, a symbolic dimension (new where it first stands), or an expression of them. */
static Extent shape_item(Unit *u, const Node *n, bool input) {
  Elab *el = u->el; const Node *core = n->kind == N_NAMED ? n->kid[0] : n; if (is_range(core)) core = core->kid[1];
  if (core->kind == N_STREAM || (input && core->kind == N_NAME)) {
    const Slot *s = slot_find(u->f, core->text); if (s && s->sym) return (Extent){ s->sym, 0 };
    if (!s || s->state == SL_NONE) {
      if (!input) fail_at(el, n->pos, "'%s' is no dimension of the inputs", core->text);
      return (Extent){ dim_new(u, core->text, core->kind == N_STREAM, core->pos), 0 };
    }
  }
  Extent e = need_ext(el, extent_value(el, core, u->f), n->pos, "a dimension");
  if (!e.dim && e.n < 0) fail_at(el, n->pos, "a dimension of %lld", (long long)e.n);
  return e;
}

static int stream_place(const Tensor *t) { for (int d = 0; d < t->rank; d++) if (t->shape[d].dim && t->shape[d].dim->stream) return d; return -1; }

static Tensor *tensor_declared(Unit *u, const Stmt *st, TensorKind kind) {
  Elab *el = u->el; const char *name = st->name; const Slot *s = slot_find(u->f, name); int n = st->nitem; Pos p = st->pos;
  if (s && (s->state != SL_NONE || s->sym)) fail_at(el, p, "'%s' is already defined", name);
  if (n > 64) fail_at(el, p, "a tensor of %d dimensions: at most 64", n);
  Tensor *t = NEW_AS(el->c, Tensor, .name = name, .type = type_named(el, st->type, p), .rank = n, .kind = kind, .pos = p);
  t->shape = NEWN(el->c, Extent, n + 1); for (int d = 0; d < n; d++) t->shape[d] = shape_item(u, st->item[d], kind == TK_INPUT);
  t->stream_dim = stream_place(t); if (tensor_size(t) > (int64_t)1 << 40) fail_at(el, p, "'%s' has more than 2^40 elements", name);
  name_reserve(el, name); name_fresh(el, name); slot_set(el, u->f, name, v_tensor(el, t)); graph_have(el, t);
  for (int d = 0; d < n && (kind == TK_PARAM || kind == TK_CONST); d++)
    if (t->shape[d].dim) fail_at(el, p, "the %s '%s' needs constant extents", kind == TK_PARAM ? "parameter" : "constant", name);
  return t;
}

static void do_input(Unit *u, const void *arg) {
  const Param *p = arg; if (p->kind != P_TYPED) fail_at(u->el, p->pos, "an input of a graph is written name: type[shape]");
  const Stmt as = { .name = p->name, .type = p->type, .item = p->item, .nitem = p->nitem, .pos = p->pos };
  APPEND(u->el->c, u->el->g->in, u->el->g->nin, tensor_declared(u, &as, TK_INPUT));
}

static void do_bounds(Unit *u, const void *arg) {
  const Bound *b = arg; Elab *el = u->el; const Slot *s = slot_find(u->f, b->name); Names near = { 0 };
  if (el->c->nerror || (s && s->sym)) return;              /* after an error: perhaps the input was refused that has this dimension */
  for (int i = 0; i < el->g->ndim; i++) PUSH(el->c, near, el->g->dim[i]->name);
  fail_near(el, b->pos, b->name, &near, "'%s' is no dimension of the inputs", b->name);
}

/* ---- parameters */
static void weight_take(Elab *el, Tensor *t, const Weight *w, const char *path) {
  Tensor own = { .type = w->type, .rank = w->rank, .shape = NEWN(el->c, Extent, w->rank + 1) };
  for (int d = 0; d < w->rank; d++) own.shape[d] = extent_of(w->shape[d]);
  t->data = w->data; if (tensors_match(t, &own)) return;
  fail_at(el, t->pos, "the parameter '%s' is declared %s, but it is %s in %s", t->name, type_show(el, t), type_show(el, &own), path);
}
static void do_param(Unit *u, const void *arg) {
  const Stmt *st = arg; Elab *el = u->el; Tensor *t = tensor_declared(u, st, TK_PARAM); Names near = { 0 };
  bool missing = false;                                    /* a file could not be read: that is reported */
  for (int i = 0; i < el->nweights; i++) {
    const Weights *all = el->weights[i]; const Weight *w = all ? weights_find(all, t->name) : NULL;
    if (w) { weight_take(el, t, w, all->path); return; }
    missing |= !all;
    for (int k = 0; all && k < all->n; k++) PUSH(el->c, near, all->at[k].name);
  }
  if (missing) return;
  if (!el->nweights)
    fail_at(el, st->pos, "the parameter '%s' has no weights file to come from: write `weights \"file.safetensors\";` before the graph", t->name);
  fail_near(el, st->pos, t->name, &near, "the weights hold no tensor '%s'", t->name);
}

/* ---- constants */
/* Nested lists, row-major: an equation for each element at place[0], ...; out: all of them. */
static void const_list(Elab *el, Tensor *t, int d, Expr **place, Val v, List *out, Pos p) {
  if (d == t->rank) {
    if (v.k != V_NUM || v.e->kind != E_CONST) fail_at(el, p, "an element of '%s' is %s: it must be a number", t->name, v_kind(v));
    PUSH(el->c, *out, v); emit_eq(el, t, ctx_copy(el->c, place, sizeof *place * (size_t)(d + 1)), NULL, 0, v.e, p); return;
  }
  if (v.k == V_LIST && v.l->n != t->shape[d].n)
    fail_at(el, p, "'%s' has %s in dimension %d, the list has %d", t->name, ext_print(el, t->shape + d, 1), d, v.l->n);
  for (int i = 0; i < t->shape[d].n; i++) { place[d] = expr_int(el->c, i); const_list(el, t, d + 1, place, v.k == V_LIST ? v.l->at[i] : v, out, p); }
}
static void const_tensor(Unit *u, const Stmt *st, Val v) {
  Elab *el = u->el; Tensor *t = tensor_declared(u, st, TK_CONST); int64_t n = tensor_size(t); List *all = v_list(el, 0).l;
  Index **free = NEWN(el->c, Index *, t->rank + 1); Expr **place = NEWN(el->c, Expr *, t->rank + 1); el->constant = true;
  if (v.k != V_NUM) {
    if (n > 4096) fail_at(el, st->pos, "a list of %lld constants: put them into the weights file and write `param`", (long long)n);
    const_list(el, t, 0, place, v, all, st->pos); slot_find(u->f, st->name)->v.x->known = all; return;
  }
  for (int d = 0; d < t->rank; d++) { free[d] = &idx_new(el, pack_name(el, "i", d), t->shape[d], true)->ix; place[d] = expr_index(el->c, free[d]); }
  emit_eq(el, t, place, free, t->rank, v.e, st->pos);
}
static void do_const(Unit *u, const void *arg) {
  const Stmt *st = arg; Elab *el = u->el; const Slot *s = slot_find(u->f, st->name);
  if (s && s->state != SL_NONE) fail_at(el, st->pos, "'%s' is already defined", st->name);
  el->target = st->name; Val v = plain_value(u, st->value);
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
  EACH(Stmt, s, u->st) {
    if (s->kind != S_DEFINE || s->left->kind != N_INDEX || node_dotted(u->el->c, s->left->kid[0]) != st->name) continue;
    map_put(u->el->c, &u->el->history, st->name, (void *)st); return;
  }
  tensor_declared(u, st, TK_STATE);
}

int64_t history_of(Elab *el, Frame *f, Tensor *t) {
  const Stmt *st = map_get(&el->history, t->name); int d = t->stream_dim = stream_place(t); if (!st) return 0;
  if (d < 0)
    fail_at(el, st->pos, "'%s' has no stream dimension: only stream tensors have a past (a state's next value is written %s <- value)", t->name,
            t->name);
  if (st->nitem != t->rank) fail_at(el, st->pos, "'%s' has %d dimensions, its `state` line %d", t->name, t->rank, st->nitem);
  const Node *item = is_range(st->item[d]) ? st->item[d]->kid[1] : st->item[d];
  Extent e = need_ext(el, extent_value(el, item, f), st->pos, "the past of a stream tensor"); int64_t n = t->shape[d].n - e.n;
  if (e.dim != t->shape[d].dim || n < 1) fail_at(el, st->pos, "the past of '%s' is written `%s - frames`", t->name, t->shape[d].dim->name);
  return n;
}

/* What the state holds first: an expression over indices named in the state's shape. */
static void do_state_value(Unit *u, const void *arg) {
  const Stmt *st = arg; Elab *el = u->el; Slot *s = slot_find(u->f, st->name); if (!s || s->v.k == V_POISON || !st->value) return;
  Tensor *t = slot_value(el, u->f, s, st->pos).x->t; Scope sc = { .eq = true }; t->init_index = NEWN(el->c, Index *, t->rank + 1);
  for (int d = 0; d < t->rank; d++) {
    const Node *n = st->item[d]; bool named = is_range(n) && n->kid[0]->kind == N_NAME;
    const char *name = named ? n->kid[0]->text : pack_name(el, "i", d); t->init_index[d] = &idx_new(el, name, t->shape[d], true)->ix;
    if (named) sc = scope_bind(el, sc, name, v_num(expr_index(el->c, t->init_index[d])));
  }
  Val v = ev_scalar(el, st->value, u->f, sc);
  if (v.k != V_NUM) fail_at(el, st->pos, "the first value of '%s' is %s: it must be a number or an element", t->name, v_kind(v));
  Expr *e = bounds_check(el, v.e); bool zero = e->kind == E_CONST && e->type != T_BOOL && e->type != T_WFLOAT && expr_number(e) == 0;
  t->init = zero ? NULL : e;
}

static void do_next(Unit *u, const void *arg) {
  const Stmt *st = arg; Elab *el = u->el; const Slot *s = slot_find(u->f, st->name); if (is_poison(s)) return;
  if (!s || s->state != SL_VALUE || s->v.k != V_TENSOR || s->v.x->t->kind != TK_STATE)
    fail_at(el, st->pos, "'%s' is no state: write `state %s: f32[...] = 0;`", st->name, st->name);
  Tensor *t = s->v.x->t;
  el->target = ctx_intern(el->c, ctx_printf(el->c, "%s.next", st->name)); el->want = (Want){ &el->target, 1 };
  Val v = plain_value(u, st->value); if (v.k == V_LIFT || v.k == V_NUM) v = v_store(el, v, name_temp(el, el->target), st->pos);
  if (v.k != V_TENSOR) fail_at(el, st->pos, "the next value of '%s' is %s", st->name, v_kind(v));
  Tensor *w = v.x->t;
  if (!tensors_match(w, t)) fail_at(el, st->pos, "the state '%s' is %s, its next value is %s", t->name, type_show(el, t), type_show(el, w));
  if (t->next) fail_at(el, st->pos, "the state '%s' has two next values", t->name);
  t->next = w;
}

/* ---- results */
static void result_check(Unit *u, const Param *p, const Tensor *t) {
  Elab *el = u->el; if (p->kind != P_TYPED) return;
  Tensor said = { .type = type_named(el, p->type, p->pos), .rank = p->nitem, .shape = NEWN(el->c, Extent, p->nitem + 1) };
  for (int d = 0; d < p->nitem; d++) said.shape[d] = shape_item(u, p->item[d], false);
  if (tensors_match(&said, t)) return;
  fail_also(el, t->pos, "computed here");
  fail_at(el, p->pos, "the result '%s' is declared %s, but it is %s", p->name, type_show(el, &said), type_show(el, t));
}
static void do_result(Unit *u, const void *arg) {
  const Param *p = arg; Elab *el = u->el; Slot *s = slot_find(u->f, p->name);
  for (const Param *q = u->d->result; q < p; q++) if (q->name == p->name) fail_at(el, p->pos, "the result '%s' is named twice", p->name);
  Names near = { 0 }; for (int i = 0; i < u->f->slot.n; i++) PUSH(el->c, near, u->f->slot.at[i]->name);
  if (!s || s->state == SL_NONE) fail_near(el, p->pos, p->name, &near, "the result '%s' is not defined", p->name);
  Val v = first_of(slot_value(el, u->f, s, p->pos));
  if (!v_whole(v) && v.k != V_NUM) fail_at(el, p->pos, "the result '%s' is %s: it must be a tensor", p->name, v_kind(v));
  bool own = v.k == V_TENSOR && v.x->t->kind == TK_TEMP && v.x->t->name == p->name;      /* else a copy bears the result's name */
  if (!own) el->target = p->name;
  Tensor *t = own ? v.x->t : v_store(el, v_lift(el, v, p->pos), p->name, p->pos).x->t;
  if (!map_get(&el->have, t) && !tensor_size(t)) {
    if (el->c->nerror) fail_silent(el);
    fail_at(el, p->pos, "the result '%s' has no elements: %s", p->name, ext_print(el, t->shape, t->rank));
  }
  result_check(u, p, t); t->kind = TK_OUTPUT; APPEND(el->c, el->g->out, el->g->nout, t);
}

/* ---- layouts and places of tensors, in dumps:   h: f32[n = 1, c = 32] as [n, c / 16, c % 16];   h at scratch + 8192; */
static LayoutDim layout_part(Elab *el, const Stmt *st, const Node *n) {
  LayoutDim l; const char *name;
  if (!node_layout(n, &l, &name)) fail_at(el, n->pos, "a layout's parts are written INDEX, INDEX / n, INDEX %% n or INDEX / n %% m");
  l.dim = -1; for (int d = st->nitem - 1; d >= 0; d--) if (st->item[d]->kind == N_NAMED && st->item[d]->text == name) l.dim = d;
  if (l.dim < 0) fail_at(el, n->pos, "the layout of '%s' speaks of '%s', which is no dimension of it", st->name, name);
  return l;
}
static void do_layout(Unit *u, const void *arg) {
  static const char *const place[] = { "", "scratch", "state", "const" };     /* of Where */
  const Stmt *st = arg; Elab *el = u->el; const Slot *s = slot_find(u->f, st->name); Names near = { 0 };
  for (int i = 0; i < el->tensor.n; i++) PUSH(el->c, near, el->tensor.at[i]->name);
  if (is_poison(s)) return;
  if (!s || s->state != SL_VALUE || s->v.k != V_TENSOR) fail_near(el, st->pos, st->name, &near, "there is no tensor '%s'", st->name);
  Tensor *t = s->v.x->t; for (int k = 1; st->where && k < 4; k++) if (!strcmp(st->where, place[k])) { t->where = (Where)k; t->offset = st->offset; }
  if (st->where && t->where == AT_NONE) fail_at(el, st->pos, "'%s' is no place: tensors lie in scratch, state or const", st->where);
  if (st->type && (type_by_name(st->type) != t->type || st->nitem != t->rank))
    fail_at(el, st->pos, "'%s' is %s, this line says %s of %d dimensions", t->name, type_show(el, t), st->type, st->nitem);
  if (!st->nlayout) return;
  t->layout = NEWN(el->c, LayoutDim, st->nlayout); t->nlayout = st->nlayout;
  for (int k = 0; k < st->nlayout; k++) t->layout[k] = layout_part(el, st, st->layout[k]);
}

/* ---- kernels and schedules, of dumps or by hand. Their equations are elaborated with the graph's; here: do the names of the tree exist? What a
 * tree may do is the lowering's to say.
 *   kernel k0 "conv+relu" (x, w) -> (h: f32[8, 64]) { z[..] = ..; h[..] = ..; schedule { for o/8 { let z reg; z(c, o*, t~); h(o*, t~); } } } */
typedef struct Naming { Elab *el; const Kernel *k; Names index, written, tensor; } Naming;     /* the names that the schedule may use */

static void bound_names(Ctx *c, const Expr *e, Names *out) {
  for (int i = 0; e->kind == E_REDUCE && i < e->nbound; i++) names_put(c, out, e->bound[i]->name);
  for (int i = 0; i < e->n; i++) bound_names(c, e->arg[i], out);
}
static void eq_indices(Ctx *c, const Eq *e, Names *out) {
  for (int i = 0; i < e->nfree; i++) names_put(c, out, e->free[i]->name);
  bound_names(c, e->rhs, out);
}
static Tensor *tensor_find(const Elab *el, const char *name) { EACH(Tensor, t, el->tensor) if (t->name == name) return t; return NULL; }
static bool need_name(Naming *u, const Names *n, const char *name, const char *what, Pos p) {
  Ctx *c = u->el->c; if (names_have(n, name)) return true;
  diag_error(c, p, "%s '%s'", what, name); suggest(c, name, n->at, n->n); diag_note(c, u->k->pos, "in kernel %s", u->k->name); return false;
}

/* An index, or joined ones: i.j. */
static void need_index(Naming *u, const Names *n, const char *name, const char *what, Pos p) {
  const char *rest = name, *part = names_have(n, name) ? NULL : name_part(u->el->c, &rest);
  while (part && need_name(u, n, part, what, p)) part = names_have(n, name) ? NULL : name_part(u->el->c, &rest);
}
static void check_leaf(Naming *u, const Tree *t) {
  Names own = { 0 }; Ctx *c = u->el->c;
  if (!need_name(u, &u->written, t->name, "a schedule computes what an equation of its kernel writes; none writes", t->pos)) return;
  for (int i = 0; i < u->k->neq; i++) if (u->k->eq[i]->out->name == t->name) eq_indices(c, u->k->eq[i], &own);
  for (int i = 0; i < t->nleaf; i++) need_index(u, &own, t->leaf[i].index, ctx_printf(c, "the equation of '%s' has no index", t->name), t->pos);
}

/* `as [o / 16, c, o % 16]`: by the index that writes the dimension, or d0, d1, ... */
static int layout_dim(Naming *u, const char *tensor, const char *name) {
  int d; char rest;
  for (int i = 0; i < u->k->neq; i++) {
    const Eq *e = u->k->eq[i];
    for (d = 0; e->out->name == tensor && d < e->out->rank; d++) if (e->place[d]->kind == E_INDEX && e->place[d]->index->name == name) return d;
  }
  const Tensor *t = tensor_find(u->el, tensor); return t && sscanf(name, "d%d%c", &d, &rest) == 1 && d >= 0 && d < t->rank ? d : -1;
}
static void check_let(Naming *u, Tree *t) {
  need_name(u, &u->tensor, t->name, "'let' places a tensor; there is no", t->pos);
  if (t->storage == ST_ALIAS) need_name(u, &u->tensor, t->other, "an alias takes the storage of a tensor; there is no", t->pos);
  if (t->fold) need_name(u, &u->index, t->fold, "'fold' keeps the last of an index; the kernel has no index", t->pos);
  for (int i = 0; t->layout_name && i < t->nlayout; i++) {
    int *dim = &t->layout[i].dim; if (*dim >= 0 || (*dim = layout_dim(u, t->name, t->layout_name[i])) >= 0) continue;
    diag_error(u->el->c, t->pos, "the layout of '%s' speaks of '%s', which is no dimension of it", t->name, t->layout_name[i]);
  }
}
static void check_tree(Naming *u, Tree *t, int depth) {
  if (depth > 200) { diag_error(u->el->c, t->pos, "loops are nested more than 200 deep"); return; }
  for (; t; t = t->next) {
    if (t->kind == TREE_LEAF) check_leaf(u, t);
    if (t->kind == TREE_LET) check_let(u, t);
    if (t->kind == TREE_PREFETCH) need_name(u, &u->tensor, t->name, "'prefetch' loads a tensor; there is no", t->pos);
    if (t->kind == TREE_PREFETCH && t->other) need_index(u, &u->index, t->other, "'prefetch' is for a loop's next step; no index is called", t->pos);
    if (t->kind == TREE_FOR) need_index(u, &u->index, t->name, "'for' runs an index of the kernel's equations; none is called", t->pos);
    if (t->kind == TREE_FOR && t->body) check_tree(u, t->body, depth + 1);
  }
}

static void kernel_head(Naming *u, Kernel *k, const Stmt *st) {
  Ctx *c = u->el->c; k->in = NEWN(c, Tensor *, st->nin + 1); k->out = NEWN(c, Tensor *, st->nout + 1);
  for (int i = 0; i < st->nin; i++)
    if (need_name(u, &u->tensor, st->in[i], "there is no tensor", st->pos)) k->in[k->nin++] = tensor_find(u->el, st->in[i]);
  for (const Param *p = st->out; p < st->out + st->nout; p++) {
    if (!need_name(u, &u->tensor, p->name, "there is no tensor", p->pos)) continue;
    Tensor *t = k->out[k->nout++] = tensor_find(u->el, p->name);
    if (p->kind == P_TYPED && (p->nitem != t->rank || type_by_name(p->type) != t->type))
      diag_error(c, p->pos, "kernel %s makes '%s' as %s of %d dimensions; it is %s", k->name, p->name, p->type, p->nitem, type_show(u->el, t));
  }
}
static void kernel_finish(Elab *el, Kernel *k, const Stmt *st) {
  Naming u = { .el = el, .k = k }; Ctx *c = el->c;
  for (int i = 0; i < el->g->nkernel; i++) if (el->g->kernel[i]->name == k->name) diag_error(c, k->pos, "two kernels are called '%s'", k->name);
  for (int i = 0; i < el->tensor.n; i++) PUSH(c, u.tensor, el->tensor.at[i]->name);
  if (!k->label) k->label = k->name;
  kernel_head(&u, k, st); if (!k->neq) diag_error(c, k->pos, "the kernel %s has no equations", k->name);
  for (int i = 0; i < k->neq; i++) { eq_indices(c, k->eq[i], &u.index); names_put(c, &u.written, k->eq[i]->out->name); }
  check_tree(&u, k->tree, 0);
  for (int i = 0; k->tree && i < k->neq; i++) {
    const char *name = k->eq[i]->out->name; if (tree_computes(k->tree, name)) continue;
    diag_error(c, k->eq[i]->pos, "the schedule of kernel %s does not compute '%s': every equation needs a leaf, %s(...)", k->name, name, name);
    diag_note(c, k->pos, "in kernel %s", k->name);
  }
  APPEND(c, el->g->kernel, el->g->nkernel, k);
}

/* ---- the whole */
/* The statements of kernels stand among the graph's: names are known everywhere. Gives the kernel of each statement of the graph. */
static Kernel **flatten(Unit *u) {
  Ctx *c = u->el->c; Kernel **all = NEWN(c, Kernel *, u->d->nstmt + 1);
  for (int i = 0; i < u->d->nstmt; i++) {
    Stmt *st = u->d->stmt[i]; PUSH(c, u->st, st); PUSH(c, u->kernel, NULL); if (st->kind != S_KERNEL) continue;
    all[i] = NEW_AS(c, Kernel, .name = st->name, .label = st->label, .tree = st->tree, .pos = st->pos);
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

/* The equations of a dump stand as they stood in it: their order is part of the text. */
static int by_place(const void *x, const void *y) {
  const Pos a = (*(Eq *const *)x)->pos, b = (*(Eq *const *)y)->pos;
  return a.line != b.line ? (a.line > b.line) - (a.line < b.line) : (a.col > b.col) - (a.col < b.col);
}
void graph_elaborate(Elab *el, const Decl *d) {
  static const Row before[] = { { S_PARAM, do_param }, { S_CONST, do_const }, { S_STATE, do_state } };
  static const Row after[] = { { S_STATE, do_state_value }, { S_NEXT, do_next } }, last[] = { { S_DECL, do_layout } };
  const Ast *a = el->ast; Graph *g = el->g; int errors = el->c->nerror;
  Unit u = { .el = el, .d = d, .f = NEW_AS(el->c, Frame, .op = d, .graph = true) };
  *g = (Graph){ .name = d->name, .pos = d->pos, .stage = a->stage > STAGE_EXPAND ? a->stage : STAGE_EXPAND, .weights = a->weights,
                .nweights = a->nweights };
  el->nweights = a->nweights; el->weights = NEWN(el->c, Weights *, a->nweights + 1);
  for (int i = 0; i < a->nweights; i++) el->weights[i] = weights_open(el->c, a->weights[i], a->src, a->weights_pos[i]);
  for (int i = 0; i < d->nparam; i++) if (!try_part(&u, do_input, &d->param[i])) slot_set(el, u.f, d->param[i].name, (Val){ .k = V_POISON });
  for (int i = 0; i < d->nbound; i++) try_part(&u, do_bounds, &d->bound[i]);
  Kernel **kernel = flatten(&u); run_rows(&u, before, 3); body_run(el, u.f, u.st.at, u.kernel.at, u.st.n); run_rows(&u, after, 2);
  bool body = el->c->nerror == errors;
  if (!d->nresult) diag_error(el->c, d->pos, "the graph '%s' has no results: write `graph %s(...) -> (y) { ... }`", d->name, d->name);
  for (int i = 0; i < d->nresult; i++) try_part(&u, do_result, &d->result[i]);
  run_rows(&u, last, 1); g->tensor = el->tensor.at; g->ntensor = el->tensor.n; g->eq = el->eq.at; g->neq = el->eq.n;
  for (int i = 0; i < g->ntensor; i++) g->tensor[i]->stream_dim = stream_place(g->tensor[i]);
  if (el->dump && g->neq) qsort(g->eq, (size_t)g->neq, sizeof *g->eq, by_place);
  for (int i = 0; body && i < d->nstmt; i++) if (kernel[i]) kernel_finish(el, kernel[i], d->stmt[i]);
  for (int i = 0; i < g->nkernel && el->dump; i++) qsort(g->kernel[i]->eq, (size_t)g->kernel[i]->neq, sizeof *g->eq, by_place);
  if (el->c->nerror == errors) graph_sort(el->c, g);
}
