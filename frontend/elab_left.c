/* Left sides: which indices an equation has, their extents, the places that it writes.
 *
 *   y[n, (g, o), ..i < window(...)]     bare: from the definition or a read; `<`: given here; `2 + i < 10`: i runs over 8
 *   y[..i[perm]]  y[..drop(i, axes)]    any list of indices
 *   y[2 * (q < 5) + (r < 2)]            dumps: any affine place that is one to one
 */
#include "elab.h"
#include <stdlib.h>

Idx *idx_new(Elab *el, const char *name, Extent e, bool given)
{
  Idx *i = NEW(el->c, Idx);
  i->ix = (Index){ .name = name, .ext = ext_pos(e), .id = ++el->c->nid };
  i->given = given;
  return i;
}

const char *pack_name(Elab *el, const char *pack, int i)
{
  return ctx_intern(el->c, ctx_printf(el->c, "%s%d", pack == el->s_pack ? "e" : pack, i));
}

/* ---- names in expressions */
static void name_add(Elab *el, const char *name, Names *out)
{
  const Word *w = map_get(&el->word, name);
  if (w && (w->kind == W_CONST || w->kind == W_TYPE)) return;
  for (int i = 0; i < out->n; i++)
    if (out->at[i] == name) return;
  PUSH(el->c, *out, name);
}

void names_in(Elab *el, const Node *n, Names *out)
{
  if (!n || n->kind == N_DOT) return;
  if (n->kind == N_NAME) name_add(el, n->text, out);
  if (n->kind == N_SPLICE && (!n->n || !n->kid[0])) name_add(el, el->s_pack, out);
  for (int i = 0; i < n->n; i++) names_in(el, n->kid[i], out);
  names_in(el, n->cond, out);
}

/* ---- binding */
static bool is_taken(Elab *el, const Slot *s) { return s && s->state != SL_NONE && !el->dump; }

static Val bind_pack(Elab *el, const char *name, const List *l, bool given, Pos p)
{
  Val out = v_list(el, l->n);
  if (l->n > 64) fail_at(el, p, "a pack of %d indices: at most 64", l->n);
  for (int i = 0; i < l->n; i++)
    out.l->at[i] = v_num(expr_index(el->c, &idx_new(el, pack_name(el, name, i), need_ext(el, l->at[i], p, ctx_printf(el->c, "the extent of '..%s'", name)), given)->ix));
  return out;
}

/* What a name's extents are from now on in this definition. */
static void bind_dims(Elab *el, Frame *f, const char *name, Val idx, bool given)
{
  Slot *s = slot_get(el, f, name);
  if (s->sym || !given) return;
  int n = idx.k == V_LIST ? idx.l->n : 1;
  Extent *e = NEWN(el->c, Extent, n + 1);
  for (int i = 0; i < n; i++) e[i] = v_idx(idx.k == V_LIST ? idx.l->at[i] : idx)->ix.ext;
  slot_dim(el, f, name, e, n, idx.k == V_LIST);
  s->given = true;
}

Val bind_index(Elab *el, Frame *f, const char *name, Val ext, bool pack, bool given, Pos p)
{
  Slot *s = slot_find(f, name);
  if (is_taken(el, s)) fail_at(el, p, "'%s' is a value, not an index: use another name", name);
  if (pack && ext.k != V_LIST) fail_at(el, p, "'%s': a pack wants a list of extents", name);
  if (!pack && ext.k == V_LIST) fail_at(el, p, "'%s': a list of extents wants '..'", name);
  bool was = s && s->given && !f->graph;
  Val v = pack ? bind_pack(el, name, ext.l, given || was, p)
               : v_num(expr_index(el->c, &idx_new(el, name, need_ext(el, ext, p, ctx_printf(el->c, "the extent of '%s'", name)), given || was)->ix));
  if (!pack) v_idx(v)->from = given ? NULL : el->gave;
  el->gave = NULL;
  bind_dims(el, f, name, v, given);
  return v;
}

/* ---- ranges on the left */
typedef struct Left { Elab *el; Frame *f; const Stmt *st; Scope s; } Left;

static bool is_arith(const Node *n) { return n->kind == N_BINARY && (n->fn == FN_ADD || n->fn == FN_SUB || n->fn == FN_MUL); }
static bool is_range(const Node *n) { return n->kind == N_BINARY && n->fn == FN_LT; }

/* `number + index < end` */
static void range_offset(Left *l, const Node *n, Val end)
{
  for (int k = 0; k < 2 && n->kid[0]->kind == N_BINARY && n->kid[0]->fn == FN_ADD; k++) {
    const Node *x = n->kid[0]->kid[k], *y = n->kid[0]->kid[1 - k];
    Slot *s = y->kind == N_NAME ? slot_find(l->f, y->text) : NULL;
    if (y->kind != N_NAME || is_taken(l->el, s)) continue;
    Val o = ev_scalar(l->el, x, l->f, (Scope){ .ext = true });
    Val v = bind_index(l->el, l->f, y->text, v_fn2(l->el, FN_SUB, end, o, n->pos), false, true, n->pos);
    l->s = scope_bind(l->el, l->s, y->text, v);
    return;
  }
  fail_at(l->el, n->pos, "'<' on the left wants an index, or a number + an index");
}

static void left_ranges(Left *l, const Node *n, bool splice)
{
  if (!n) return;
  if (is_range(n)) {
    Val e = ev_node(l->el, n->kid[1], l->f, (Scope){ .ext = true });
    if (e.k == V_COMP || e.k == V_TENSOR) e = v_scalar(l->el, e, l->f, (Scope){ .eq = true }, n->pos);
    if (n->kid[0]->kind == N_NAME) l->s = scope_bind(l->el, l->s, n->kid[0]->text, bind_index(l->el, l->f, n->kid[0]->text, e, splice, true, n->pos));
    else range_offset(l, n, e);
  } else if (n->kind == N_SPLICE || n->kind == N_INDEX) left_ranges(l, n->n ? n->kid[0] : NULL, splice || n->kind == N_SPLICE);
  else if (n->kind == N_TUPLE || is_arith(n))
    for (int i = 0; i < n->n; i++) left_ranges(l, n->kid[i], false);
}

static void left_names(Elab *el, const Node *n, Names *out)
{
  if (is_range(n)) names_in(el, n->kid[0], out);
  else if (n->kind == N_TUPLE || n->kind == N_INDEX || is_arith(n) || (n->kind == N_SPLICE && n->n && n->kid[0]))
    for (int i = 0; i < n->n; i++) (n->kind == N_INDEX && i ? names_in : left_names)(el, n->kid[i], out);
  else names_in(el, n, out);
}

/* ---- indices without a range */
/* An extent is often not found because the tensor that is read is not known. */
static void fail_extent(Left *l, const char *name, const Node *n)
{
  Elab *el = l->el;
  const char *base = n && n->kind == N_INDEX ? node_full(el, n->kid[0]) : NULL;
  if (base && !slot_find(l->f, base) && !map_get(&el->word, base)) fail_unknown(el, n->pos, base, l->f, (Scope){ 0 });
  for (int i = 0; n && i < n->n; i++)
    if (n->kid[i]) fail_extent(l, NULL, n->kid[i]);
  if (name) fail_at(el, l->st->pos, "the extent of index '%s' cannot be found: it stands bare in no read of a tensor of known shape; write %s < extent", name, name);
}

static void left_infer(Left *l, const char *name)
{
  Elab *el = l->el;
  Slot *s = slot_find(l->f, name);
  const Extent *e = s && s->has_dim ? s->ext : NULL;
  int n = e ? s->next : 0;
  bool pack = e && s->pack, found = e != NULL;
  if (!found || (l->f->graph && !s->sym)) found |= infer_extent(el, l->f, name, l->st->value, &e, &n, &pack);
  if (!found) fail_extent(l, name, l->st->value);
  Val v = pack ? v_list(el, n) : v_ext(el, e[0]);
  for (int i = 0; pack && i < n; i++) v.l->at[i] = v_ext(el, e[i]);
  if (!s || !s->has_dim) slot_dim(el, l->f, name, e, n, pack);
  l->s = scope_bind(el, l->s, name, bind_index(el, l->f, name, v, pack, false, l->st->pos));
}

static void left_bind(Left *l, Node *const *it, int n)
{
  Names names = { 0 };
  Val v;
  for (int i = 0; i < n; i++) left_ranges(l, it[i], false);
  for (int i = 0; i < n; i++) left_names(l->el, it[i], &names);
  for (int i = 0; i < names.n; i++) {
    Slot *s = slot_find(l->f, names.at[i]);
    if (scope_find(l->s, names.at[i], &v) || (s && s->state != SL_NONE)) continue;
    left_infer(l, names.at[i]);
  }
}

/* ---- values */
static Val left_val(Left *l, const Node *n);

static void left_add(Elab *el, List *out, int *cap, Val v)
{
  out->at = ctx_grow(el->c, out->at, out->n, cap, sizeof *out->at);
  out->at[out->n++] = v;
}

static List *left_items(Left *l, Node *const *it, int n)
{
  List *out = NEW(l->el->c, List);
  int cap = 0;
  for (int i = 0; i < n; i++) {
    if (it[i]->kind != N_SPLICE) {
      left_add(l->el, out, &cap, left_val(l, it[i]));
      continue;
    }
    Val v = { V_NONE, { 0 } };
    if (it[i]->n && it[i]->kid[0]) v = left_val(l, it[i]->kid[0]);
    else scope_find(l->s, l->el->s_pack, &v);
    if (v.k != V_LIST && v.k != V_COMP) fail_at(l->el, it[i]->pos, "'..' wants a pack or a list; this is %s", v_kind(v));
    for (int k = 0; k < v.l->n; k++) left_add(l->el, out, &cap, v.l->at[k]);
  }
  return out;
}

static Val left_val(Left *l, const Node *n)
{
  if (is_range(n)) return left_val(l, n->kid[0]);
  if (n->kind == N_TUPLE) return (Val){ V_COMP, { .l = left_items(l, n->kid, n->n) } };
  if (n->kind == N_INDEX && is_range(n->kid[0])) {
    Val v = left_val(l, n->kid[0]);
    if (v.k != V_LIST) fail_at(l->el, n->pos, "only a pack is indexed on the left");
    return list_index(l->el, n, v.l, l->f, l->s);
  }
  if (is_arith(n)) {
    Val a = left_val(l, n->kid[0]);
    return v_fn2(l->el, n->fn, a, left_val(l, n->kid[1]), n->pos);
  }
  return first_of(ev_node(l->el, n, l->f, l->s));
}

/* ---- places */
static bool is_zero(Val v)
{
  int64_t i;
  return v_is_int(v, &i) && i == 0;
}

static void fail_place(Left *l, Val v)
{
  const char *what = v.k == V_NUM ? expr_print(l->el->c, v.e) : v_kind(v);
  fail_at(l->el, l->st->pos, "%s cannot stand on the left: only an index, a number, a number + an index, or a composite of them", what);
}

/* In a composite a 0 stands for a dimension of extent 1. */
static Expr *place_comp(Left *l, const List *parts)
{
  Val kept = v_list(l->el, parts->n);
  int n = 0;
  for (int i = 0; i < parts->n; i++)
    if (!is_zero(parts->at[i])) kept.l->at[n++] = parts->at[i];
  kept.l->n = n;
  return comp_linear(l->el, kept.l, l->st->pos, NULL);
}

static Expr *place_value(Left *l, Val v)
{
  if (v.k == V_COMP) return place_comp(l, v.l);
  if (v.k == V_LIST) fail_at(l->el, l->st->pos, "a pack or list needs '..' in front on the left");
  if (v.k != V_NUM || v.e->type == T_BOOL || type_is_float(v.e->type)) fail_place(l, v);
  return v.e;
}

/* A mixed radix: each coefficient is beyond all that the smaller ones reach. */
static bool place_unique(const Aff *a)
{
  for (int i = 0; i < a->n; i++) {
    double reach = 0, k = (double)llabs(a->k[i]);
    for (int j = 0; j < a->n; j++)
      if (j != i && (llabs(a->k[j]) < k || (llabs(a->k[j]) == k && j < i))) reach += (double)llabs(a->k[j]) * (double)(extent_max(a->index[j]->ext) - 1);
    if (reach >= k && extent_max(a->index[i]->ext) > 1) return false;
  }
  return true;
}

#define PLACE_MAX ((int64_t)1 << 40)

Extent place_end(Elab *el, const Expr *e, Pos p)
{
  Aff a;
  Extent out = { NULL, 1 };
  if (!expr_affine(el->c, e, &a)) fail_at(el, p, "%s cannot stand on the left: it is not affine", expr_print(el->c, e));
  out.n += a.c;
  for (int i = 0; i < a.n; i++) {
    const Index *q = a.index[i];
    if (q->is_dim || (q->ext.dim && (a.k[i] != 1 || out.dim))) fail_at(el, p, "this place needs a constant extent: %s", expr_print(el->c, e));
    if (q->ext.dim) out.dim = q->ext.dim;
    int64_t reach;
    if (__builtin_mul_overflow(a.k[i], q->ext.n - 1, &reach) || llabs(reach) > PLACE_MAX) fail_at(el, p, "the place %s reaches beyond 2^40", expr_print(el->c, e));
    if (reach > 0 || q->ext.n == 0) out.n += reach;
  }
  return out;
}

Extent ext_larger(Elab *el, Extent a, Extent b, Pos p)
{
  if (a.dim == b.dim) return a.n > b.n ? a : b;
  if (extent_min(a) >= extent_max(b)) return a;
  if (extent_min(b) >= extent_max(a)) return b;
  fail_at(el, p, "pieces that end at %s and %s: which is larger is not known", ext_print(el, &a, 1), ext_print(el, &b, 1));
}

static void place_check(Left *l, const Expr *e)
{
  Aff a;
  if (!expr_affine(l->el->c, e, &a) || !place_unique(&a)) fail_place(l, v_num((Expr *)e));
  int64_t lo = a.c;
  for (int i = 0; i < a.n; i++)
    if (a.k[i] < 0 && extent_max(a.index[i]->ext) < PLACE_MAX && a.k[i] > -PLACE_MAX / (extent_max(a.index[i]->ext) + 1)) lo += a.k[i] * (extent_max(a.index[i]->ext) - 1);
    else if (a.k[i] < 0) lo = -1;
  if (lo < 0) fail_at(l->el, l->st->pos, "the place %s on the left begins at %lld", expr_print(l->el->c, e), (long long)lo);
}

/* The indices of a place, left to right. */
static void place_free(Left *l, const Expr *e, Piece *p, int *cap)
{
  if (e->kind == E_INDEX && !e->index->is_dim) {
    for (int i = 0; i < p->nfree; i++)
      if (p->free[i] == e->index) fail_at(l->el, l->st->pos, "index '%s' stands twice on the left", e->index->name);
    p->free = ctx_grow(l->el->c, p->free, p->nfree, cap, sizeof *p->free);
    p->free[p->nfree++] = e->index;
  }
  for (int i = 0; i < e->n; i++) place_free(l, e->arg[i], p, cap);
}

/* ---- what the right side sees: the indices that stand on the left */
static bool is_free(const Piece *p, Val v)
{
  for (int i = 0; i < p->nfree; i++)
    if (v_idx(v) && p->free[i] == &v_idx(v)->ix) return true;
  return false;
}

static const Bind *left_scope(Left *l, const Piece *p)
{
  Scope out = { 0 };
  for (const Bind *b = l->s.b; b; b = b->up) {
    Val v = b->v;
    if (v.k == V_LIST) {
      v = v_list(l->el, b->v.l->n);
      for (int i = 0; i < v.l->n; i++) v.l->at[i] = is_free(p, b->v.l->at[i]) ? b->v.l->at[i] : (Val){ V_HOLE, { 0 } };
    } else if (!is_free(p, v)) continue;
    out = scope_bind(l->el, out, b->name, v);
  }
  return out.b;
}

void left_settle(Elab *el, Frame *f, Piece *p)
{
  const Node *left = p->st->left;
  Left l = { el, f, p->st, { 0 } };
  int cap = 0;
  left_bind(&l, left->kid + 1, left->n - 1);
  List *v = left_items(&l, left->kid + 1, left->n - 1);
  if (v->n > 64) fail_at(el, p->st->pos, "a tensor of %d dimensions: at most 64", v->n);
  p->place = NEWN(el->c, Expr *, v->n + 1);
  for (int d = 0; d < v->n; d++) {
    p->place[d] = place_value(&l, v->at[d]);
    place_check(&l, p->place[d]);
    place_free(&l, p->place[d], p, &cap);
  }
  p->scope = left_scope(&l, p);
}

/* ---- extents from reads */
typedef struct Infer { Elab *el; Frame *f; const char *name; const Extent *e; int n; bool pack, found, settled; } Infer;   /* settled: only tensors of known shape */

static Tensor *infer_tensor(Infer *q, const Node *base)
{
  Elab *el = q->el;
  Val v = { V_NONE, { 0 } };
  if (base->kind == N_CALL) {
    Slot *fun = slot_find(q->f, base->text);
    Catch k;
    if ((fun && fun->fun) || !map_get(&el->op, base->text)) return NULL;
    if (catch_begin(el, &k)) {
      el->quiet++;
      v = base_value(el, base, q->f, (Scope){ 0 });
      catch_end(el);
    } else catch_end(el);
    return v.k == V_TENSOR ? v.x->t : NULL;
  }
  const char *name = node_full(el, base);
  Slot *s = name ? slot_find(q->f, name) : NULL;
  if (!s || (s->state != SL_VALUE && (q->settled || s->state != SL_PENDING))) return NULL;
  v = slot_value(el, q->f, s, base->pos);
  return v.k == V_TENSOR ? v.x->t : NULL;
}

static const char *bare_name(Elab *el, const Node *n)
{
  if (n->kind == N_NAME) return n->text;
  if (n->kind != N_SPLICE) return NULL;
  return !n->n || !n->kid[0] ? el->s_pack : n->kid[0]->kind == N_NAME ? n->kid[0]->text : NULL;
}

/* Dimensions before place i, if each pack's length is known; -1 otherwise. */
static int dims_before(Infer *q, Node *const *it, int i)
{
  int d = 0;
  for (int k = 0; k < i; k++) {
    if (it[k]->kind != N_SPLICE) {
      d++;
      continue;
    }
    const char *name = bare_name(q->el, it[k]);
    Slot *s = name ? slot_find(q->f, name) : NULL;
    if (!s || !s->has_dim || !s->pack) return -1;
    d += s->next;
  }
  return d;
}

static void infer_place(Infer *q, const Tensor *t, Node *const *it, int n, int i)
{
  int packs = 0, first = -1, last = -1;
  for (int k = 0; k < n; k++)
    if (it[k]->kind == N_SPLICE) {
      packs++;
      if (first < 0) first = k;
      last = k;
    }
  q->pack = it[i]->kind == N_SPLICE;
  if (q->pack && (packs != 1 || t->rank < n - 1)) return;
  int d = q->pack || !packs || i < first ? i : i > last ? t->rank - (n - i) : dims_before(q, it, i);
  q->n = q->pack ? t->rank - (n - 1) : 1;
  if (d < 0 || d + q->n > t->rank) return;
  q->e = t->shape + d;
  q->found = true;
  q->el->gave = t;
}

static void infer_walk(Infer *q, const Node *n)
{
  if (!n || q->found) return;
  if (n->kind == N_INDEX && (n->kid[0]->kind == N_NAME || n->kid[0]->kind == N_CALL || n->kid[0]->kind == N_DOT)) {
    const Tensor *t = NULL;
    for (int i = 1; i < n->n && !q->found; i++)
      if (bare_name(q->el, n->kid[i]) == q->name && (t || (t = infer_tensor(q, n->kid[0])))) infer_place(q, t, n->kid + 1, n->n - 1, i - 1);
  }
  for (int i = 0; i < n->n && !q->found; i++) infer_walk(q, n->kid[i]);
  infer_walk(q, n->cond);
}

bool infer_extent(Elab *el, Frame *f, const char *name, const Node *rhs, const Extent **e, int *n, bool *pack)
{
  Infer q = { .el = el, .f = f, .name = name, .settled = true };
  infer_walk(&q, rhs);
  q.settled = false;
  infer_walk(&q, rhs);          /* what is read may itself wait for this tensor: only if nothing else says it */
  if (!q.found) return false;
  *e = q.e;
  *n = q.n;
  *pack = q.pack;
  return true;
}
