/* Indices: which ones an equation or a reduction binds, their extents, the places that an equation writes.
 *   y[n, (g, o), ..i < window(...)]     bare: from the definition or a read; `<`: given here; `2 + i < 10`: i runs over 8
 *   y[..i[perm]]  y[..drop(i, axes)]    any list of indices
 *   y[2 * (q < 5) + (r < 2)]            dumps: any affine place that is one to one
 *   sum(k, u < n, ..h, ..i[axes]: e)    an expression over packs binds the part that it selects                                */
#include "../ir/lin.h"
#include "../ir/scalar.h"
#include "elab.h"

Idx *idx_new(Elab *el, const char *name, Extent e, bool given) {
  return NEW_AS(el->c, Idx, .ix = { .name = name, .ext = ext_pos(e), .id = ++el->c->nid }, .given = given);
}
const char *pack_name(Elab *el, const char *pack, int i) { return ctx_intern(el->c, ctx_printf(el->c, "%s%d", pack == el->s_pack ? "e" : pack, i)); }
bool is_range(const Node *n) { return n && n->kind == N_BINARY && n->fn == FN_LT; }
bool is_arith(const Node *n) { return n->kind == N_BINARY && (n->fn == FN_ADD || n->fn == FN_SUB || n->fn == FN_MUL); }
static void name_add(Elab *el, const char *name, Names *out) {
  const Word *w = map_get(&el->word, name); if (!w || w->kind > W_TYPE) names_put(el->c, out, name);
}
void names_in(Elab *el, const Node *n, Names *out) {
  if (!n || n->kind == N_DOT) return;
  if (n->kind == N_NAME) name_add(el, n->text, out);
  if (n->kind == N_SPLICE && !n->kid[0]) name_add(el, el->s_pack, out);
  for (int i = 0; i < n->n; i++) names_in(el, n->kid[i], out);
  names_in(el, n->cond, out);
}

/* ---- extents from reads: the dimensions where a name stands bare */
typedef struct Infer { Elab *el; Frame *f; const char *name; Dims out; bool settled; } Infer;   /* settled: only tensors of known shape */

static const Tensor *infer_tensor(Infer *q, const Node *base) {
  Elab *el = q->el; Val v = { .k = V_NONE }; Catch k; const char *name = base->kind == N_CALL ? base->text : node_dotted(el->c, base);
  Slot *s = name ? slot_find(q->f, name) : NULL;
  if (base->kind != N_CALL) {
    if (!s || (s->state != SL_VALUE && (q->settled || s->state != SL_PENDING))) return NULL;
    v = slot_value(el, q->f, s, base->pos);
  } else if (!(s && s->fun) && map_get(&el->op, name) && catch_begin(el, &k)) {
    el->quiet++; v = base_value(el, base, q->f, (Scope){ 0 }); catch_end(el);
  }
  return v.k == V_TENSOR ? v.x->t : NULL;
}

static const char *bare_name(Elab *el, const Node *n) {
  const Node *q = n->kind == N_SPLICE ? n->kid[0] : n; return !q ? el->s_pack : q->kind == N_NAME ? q->text : NULL;
}

/* Between packs no place is known. */
static void infer_place(Infer *q, const Tensor *t, Node *const *it, int n, int i) {
  bool pack = it[i]->kind == N_SPLICE, before = false, after = false;
  for (int k = 0; k < n; k++) { before |= k < i && it[k]->kind == N_SPLICE; after |= k > i && it[k]->kind == N_SPLICE; }
  if ((before && after) || (pack && (before || after || t->rank < n - 1))) return;
  int d = before ? t->rank - (n - i) : i, len = pack ? t->rank - (n - 1) : 1; if (d < 0 || d + len > t->rank) return;
  q->out = (Dims){ t->shape + d, len, pack }; q->el->gave = t;
}
static void infer_walk(Infer *q, const Node *n) {
  const Tensor *t = NULL; if (!n || q->out.e) return;
  for (int i = 1; n->kind == N_INDEX && i < n->n && !q->out.e; i++)
    if (bare_name(q->el, n->kid[i]) == q->name && (t || (t = infer_tensor(q, n->kid[0])))) infer_place(q, t, n->kid + 1, n->n - 1, i - 1);
  for (int i = 0; i < n->n; i++) infer_walk(q, n->kid[i]);
  infer_walk(q, n->cond);
}

/* The extents of a name without a range: the definition's, a read's, those of the index of that name outside (s). */
static Dims bare_dims(Elab *el, Frame *f, const char *name, const Node *body, Scope s) {
  const Slot *sl = slot_find(f, name); Infer q = { .el = el, .f = f, .name = name, .settled = true }; Dims old = sl ? sl->dim : (Dims){ 0 }; Val v;
  if (!old.e || (f->graph && !sl->sym)) {
    infer_walk(&q, body); q.settled = false;
    infer_walk(&q, body);       /* what is read may itself wait for this tensor: only if nothing else says it */
  }
  if (!q.out.e) q.out = old;
  if (!q.out.e && scope_find(s, name, &v) && v_idx(v)) q.out = (Dims){ &v_idx(v)->ix.ext, 1, false };
  return q.out;
}

/* ---- binding */
static bool is_taken(Elab *el, const Slot *s) { return s && s->state != SL_NONE && !el->dump; }
static Val list_item(Val v, int i) { return v.k == V_LIST ? v.l->at[i] : v; }

/* Fresh indices for a name, with the extents ext; given: they are the name's from now on in this definition. */
static Val bind_index(Elab *el, Frame *f, const char *name, Val ext, bool pack, bool given, Pos p) {
  const Slot *s = slot_find(f, name); const char *what = ctx_printf(el->c, "the extent of '%s%s'", pack ? ".." : "", name);
  bool list = ext.k == V_LIST; int n = list ? ext.l->n : 1;
  if (is_taken(el, s)) fail_at(el, p, "'%s' is a value, not an index: use another name", name);
  if (pack != list) fail_at(el, p, pack ? "'%s': a pack wants a list of extents" : "'%s': a list of extents wants '..'", name);
  if (n > 64) fail_at(el, p, "a pack of %d indices: at most 64", n);
  bool free_ = given || (s && s->given && !f->graph); Extent *e = NEWN(el->c, Extent, n + 1); Val out = v_list(el, n);
  for (int i = 0; i < n; i++) {
    Idx *q = idx_new(el, pack ? pack_name(el, name, i) : name, need_ext(el, list_item(ext, i), p, what), free_);
    if (!pack && !given) q->from = el->gave;
    e[i] = q->ix.ext; out.l->at[i] = v_num(expr_index(el->c, &q->ix));
  }
  el->gave = NULL; Slot *own = slot_get(el, f, name); if (given && !own->sym) { slot_dim(el, f, name, (Dims){ e, n, pack }); own->given = true; }
  return pack ? out : out.l->at[0];
}

/* What a left side or a reduction binds: s grows by the names, bound by their indices. body: where extents are looked for. */
typedef struct Binder { Elab *el; Frame *f; const Stmt *st; const Node *body; Scope s; VEC(Index *) bound; } Binder;

static void bound_add(Binder *b, Val v) {
  for (int i = 0; i < (v.k == V_LIST ? v.l->n : 1); i++) PUSH(b->el->c, b->bound, &v_idx(list_item(v, i))->ix);
}
static void bind_name(Binder *b, const char *name, Val ext, bool pack, bool given, Pos p) {
  Val v = bind_index(b->el, b->f, name, ext, pack, given, p); b->s = scope_bind(b->el, b->s, name, v); bound_add(b, v);
}

/* `number + index < end` */
static void range_offset(Binder *l, const Node *n, Val end) {
  for (int k = 0; k < 2 && n->kid[0]->kind == N_BINARY && n->kid[0]->fn == FN_ADD; k++) {
    const Node *x = n->kid[0]->kid[k], *y = n->kid[0]->kid[1 - k]; if (y->kind != N_NAME || is_taken(l->el, slot_find(l->f, y->text))) continue;
    Val o = ev_scalar(l->el, x, l->f, (Scope){ .ext = true });
    bind_name(l, y->text, v_fn2(l->el, FN_SUB, end, o, n->pos), false, true, n->pos); return;
  }
  fail_at(l->el, n->pos, "'<' on the left wants an index, or a number + an index");
}

/* `index < end` */
static void bind_range(Binder *b, const Node *n, bool pack) {
  Scope s = b->s; s.ext = true; Val e = ev_node(b->el, n->kid[1], b->f, s); s.eq = true;
  if (e.k == V_COMP || e.k == V_TENSOR) e = v_scalar(b->el, e, b->f, s, n->pos);
  if (n->kid[0]->kind == N_NAME) bind_name(b, n->kid[0]->text, e, pack, true, n->pos);
  else range_offset(b, n, e);
}

/* ---- indices without a range */
/* An extent is often not found because the tensor that is read is not known. */
static void fail_extent(Binder *b, const char *name, const Node *n, Pos p) {
  Elab *el = b->el; const char *base = n && n->kind == N_INDEX ? node_dotted(el->c, n->kid[0]) : NULL;
  if (base && !slot_find(b->f, base) && !map_get(&el->word, base)) fail_unknown(el, n->pos, base, b->f, (Scope){ 0 });
  for (int i = 0; n && i < n->n; i++) fail_extent(b, NULL, n->kid[i], p);
  if (name)
    fail_at(el, p, "the extent of index '%s' cannot be found: it stands bare in no read of a tensor of known shape; write %s < extent", name, name);
}
static void bind_bare(Binder *b, const char *name, Pos p) {
  Elab *el = b->el; const Slot *s = slot_find(b->f, name);
  if (is_taken(el, s)) fail_at(el, p, "'%s' is a value, not an index: use another name", name);
  Dims d = bare_dims(el, b->f, name, b->body, b->st ? (Scope){ 0 } : b->s); if (!d.e) fail_extent(b, name, b->body, p);
  if (!s || !s->dim.e) slot_dim(el, b->f, name, d);
  bind_name(b, name, v_dims(el, d), d.pack, false, p);
}

/* ---- left sides */
static void left_ranges(Binder *l, const Node *n, bool splice) {
  if (!n) return;
  if (is_range(n)) bind_range(l, n, splice);
  else if (n->kind == N_SPLICE || n->kind == N_INDEX) left_ranges(l, n->kid[0], splice || n->kind == N_SPLICE);
  else if (n->kind == N_TUPLE || is_arith(n)) for (int i = 0; i < n->n; i++) left_ranges(l, n->kid[i], false);
}

static void left_names(Elab *el, const Node *n, Names *out) {
  if (is_range(n)) names_in(el, n->kid[0], out);
  else if (n->kind == N_TUPLE || n->kind == N_INDEX || is_arith(n) || (n->kind == N_SPLICE && n->kid[0]))
    for (int i = 0; i < n->n; i++) (n->kind == N_INDEX && i ? names_in : left_names)(el, n->kid[i], out);
  else names_in(el, n, out);
}

/* ---- places */
static void fail_place(Binder *l, Val v) {
  const char *what = v.k == V_NUM ? expr_print(l->el->c, v.e) : v_kind(v);
  fail_at(l->el, l->st->pos, "%s cannot stand on the left: only an index, a number, a number + an index, or a composite of them", what);
}

static Expr *place_value(Binder *l, Val v) {
  int64_t k;
  if (v.k == V_COMP) {                                     /* in a composite a 0 stands for a dimension of extent 1 */
    Val kept = v_list(l->el, 0); for (int i = 0; i < v.l->n; i++) if (!v_is_int(v.l->at[i], &k) || k) PUSH(l->el->c, *kept.l, v.l->at[i]);
    return comp_linear(l->el, kept.l, l->st->pos, NULL);
  }
  if (v.k == V_LIST) fail_at(l->el, l->st->pos, "a pack or list needs '..' in front on the left");
  if (v.k != V_NUM || v.e->type == T_BOOL || type_is_float(v.e->type)) fail_place(l, v);
  return v.e;
}

static void place_check(Binder *l, Expr *e) {
  Aff a; if (!expr_affine(l->el->c, e, &a) || !digits_apart(&a)) fail_place(l, v_num(e)); double lo = expr_range(l->el->c, e).lo;
  if (lo < 0) fail_at(l->el, l->st->pos, "the place %s on the left begins at %.0f", expr_print(l->el->c, e), lo);
}
static bool is_free(const Piece *p, const Index *x) { for (int i = 0; i < p->nfree; i++) if (p->free[i] == x) return true; return false; }

/* The indices of a place, left to right. */
static void place_free(Binder *l, const Expr *e, Piece *p) {
  if (e->kind == E_INDEX && !e->index->is_dim) {
    if (is_free(p, e->index)) fail_at(l->el, l->st->pos, "index '%s' stands twice on the left", e->index->name);
    APPEND(l->el->c, p->free, p->nfree, e->index);
  }
  for (int i = 0; i < e->n; i++) place_free(l, e->arg[i], p);
}

/* What the right side sees: the indices that stand on the left; of packs, the others are holes. */
static const Bind *left_scope(Binder *l, const Piece *p) {
  Scope out = { 0 };
  for (const Bind *b = l->s.b; b; b = b->up) {
    Val v = b->v;
    if (v.k == V_LIST) {
      v = v_list(l->el, b->v.l->n);
      for (int i = 0; i < v.l->n; i++) { Val w = b->v.l->at[i]; v.l->at[i] = v_idx(w) && is_free(p, &v_idx(w)->ix) ? w : (Val){ .k = V_HOLE }; }
    } else if (!v_idx(v) || !is_free(p, &v_idx(v)->ix)) continue;
    out = scope_bind(l->el, out, b->name, v);
  }
  return out.b;
}
void left_settle(Elab *el, Frame *f, Piece *p) {
  const Node *left = p->st->left; Binder l = { .el = el, .f = f, .st = p->st, .body = p->st->value }; Names names = { 0 }; Val bound;
  for (int i = 1; i < left->n; i++) left_ranges(&l, left->kid[i], false);
  for (int i = 1; i < left->n; i++) left_names(el, left->kid[i], &names);
  for (int i = 0; i < names.n; i++) {
    const Slot *sl = slot_find(f, names.at[i]);
    if (!scope_find(l.s, names.at[i], &bound) && (!sl || sl->state == SL_NONE)) bind_bare(&l, names.at[i], p->st->pos);
  }
  Scope s = { .b = l.s.b, .left = true }; const List *v = ev_items(el, left->kid + 1, left->n - 1, f, s);
  if (v->n > 64) fail_at(el, p->st->pos, "a tensor of %d dimensions: at most 64", v->n);
  p->place = NEWN(el->c, Expr *, v->n + 1);
  for (int d = 0; d < v->n; d++) { p->place[d] = place_value(&l, v->at[d]); place_check(&l, p->place[d]); place_free(&l, p->place[d], p); }
  p->scope = left_scope(&l, p);
}

/* ---- reductions: what they bind */
static bool list_has(const List *l, Val v) { for (int i = 0; i < l->n; i++) if (v_idx(v) && v_idx(l->at[i]) == v_idx(v)) return true; return false; }

/* A pack of fresh indices after a selection: the chosen ones; elsewhere those of before, or holes. */
static void bind_selected(Binder *r, const char *name, const List *fresh, const List *chosen) {
  Val old, v = v_list(r->el, fresh->n); bool has = scope_find(r->s, name, &old) && old.k == V_LIST && old.l->n == fresh->n;
  for (int i = 0; i < fresh->n; i++) v.l->at[i] = list_has(chosen, fresh->at[i]) ? fresh->at[i] : has ? old.l->at[i] : (Val){ .k = V_HOLE };
  r->s = scope_bind(r->el, r->s, name, v);
}

/* `..expression`: fresh indices for all packs in it; those that come out are bound. */
static void bind_expression(Binder *r, const Node *n, Pos p) {
  Elab *el = r->el; Names names = { 0 }; Scope s = r->s; names_in(el, n, &names); const List **fresh = NEWN(el->c, const List *, names.n + 1);
  for (int i = 0; i < names.n; i++) {
    const Slot *sl = slot_find(r->f, names.at[i]); if (!sl || sl->state != SL_NONE || !sl->dim.pack) continue;
    Val v = bind_index(el, r->f, sl->name, v_dims(el, sl->dim), true, false, p); fresh[i] = v.l; s = scope_bind(el, s, sl->name, v);
  }
  Val v = ev_node(el, n, r->f, s), chosen = v_list(el, 0); if (v.k != V_LIST) fail_at(el, p, "'..' wants a pack or a list; this is %s", v_kind(v));
  for (int i = 0; i < v.l->n; i++) {
    Val x = v.l->at[i]; if (list_has(chosen.l, x)) fail_at(el, p, "index '%s' is bound twice", v_idx(x)->ix.name);
    if (v_idx(x)) PUSH(el->c, *chosen.l, x);
    else if (!v_static(x)) fail_at(el, p, "a reduction binds bare indices");
  }
  for (int i = 0; i < names.n; i++) if (fresh[i]) bind_selected(r, names.at[i], fresh[i], chosen.l);
  bound_add(r, chosen);
}
static void bind_item(Binder *r, const Node *it) {
  bool splice = it->kind == N_SPLICE; const Node *n = splice ? it->kid[0] : it; const char *name = bare_name(r->el, it);
  if (name) bind_bare(r, name, it->pos);
  else if (is_range(n) && n->kid[0]->kind == N_NAME) bind_range(r, n, splice);
  else if (splice) bind_expression(r, n, it->pos);
  else fail_at(r->el, it->pos, "a reduction binds indices: k, k < n, ..k, ..k < list");
  if (name && (r->s.b->v.k == V_LIST) != splice) fail_at(r->el, it->pos, splice ? "'%s' is no pack" : "'%s' is a pack: write ..%s", name, name);
}

/* ---- reductions: the value */
static Expr *need_element(Elab *el, Val v, Pos p, const char *what) {
  if (v.k == V_LIST) fail_at(el, p, "%s of a reduction is a list: take sum(list) or prod(list) of it, or write '..'", what);
  if (v.k != V_NUM) fail_at(el, p, "%s of a reduction is %s", what, v_kind(v));
  return v.e;
}
static Val reduce_one(Binder *r, const Node *n, Red red, Val cond, Val body) {
  Elab *el = r->el; bool known = false, decided = v_is_bool(cond, &known), empty = decided && !known;
  Expr *b = need_element(el, body, n->pos, "the body"), *c = cond.k == V_NONE ? NULL : need_element(el, cond, n->pos, "the condition");
  if (decided) c = NULL;
  if (c && c->type != T_BOOL && c->type != T_NONE)
    fail_at(el, n->cond->pos, "the condition of a reduction is %s: it must be a truth value", type_name(c->type));
  Expr *e = expr_reduce(el->c, red, r->bound.at, r->bound.n, b, c, n->pos);
  for (int i = 0; i < r->bound.n; i++) empty |= ext_is(r->bound.at[i]->ext, 0);
  Num none = empty && e->type != T_NONE ? red_identity(red, type_strong(e->type)) : (Num){ 0 };
  if (empty) return e->type == T_NONE ? v_int(el, 0) : v_num(expr_const(el->c, type_strong(e->type), none.f, none.i));
  if (red == RED_SUM && b->kind == E_CONST && b->type == T_WINT && b->i == 0) return body;
  if (!r->bound.n && !c && red <= RED_ALL && (b->type == e->type || b->type == T_NONE)) return body;
  return v_num(e);
}
Val ev_reduce(Elab *el, const Node *n, Frame *f, Scope s) {
  Red red = red_by_name(n->text);
  if (red == RED_COUNT)
    fail_near(el, n->pos, n->text, &(Names){ .at = (const char **)red_name, .n = RED_COUNT },
              "'%s' is no reduction (sum prod max min any all mean argmax argmin)", n->text);
  if (!s.eq) fail_at(el, n->pos, "a reduction needs an equation with indices on its left (y[] for a scalar)");
  Binder r = { .el = el, .f = f, .s = s, .body = n->kid[n->n - 1] }; for (int i = 0; i + 1 < n->n; i++) bind_item(&r, n->kid[i]);
  Val cond = n->cond ? ev_scalar(el, n->cond, f, r.s) : (Val){ .k = V_NONE }; return reduce_one(&r, n, red, cond, ev_scalar(el, r.body, f, r.s));
}
