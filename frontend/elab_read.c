/* Reads x[...], elements of lists, composites, and suffixes.
 *
 *   x[n, (g, c), ..i * s + k]     places: an index, a composite g * c.size + c, one expression for each dimension of the packs
 *   ids[..q, range(m.size)]       a list in a place: a list of reads
 *   l[2]  l[[0, 2]]  l[1:]        of lists                                                                                      */
#include "elab.h"

/* ---- composites */
/* Product of the extents of a composite of bare indices; false if a part is no bare index. */
static bool comp_extent(Elab *el, const List *l, Pos p, Extent *out) {
  *out = extent_of(1);
  for (int i = 0; i < l->n; i++) {
    Extent e;
    if (v_idx(l->at[i])) e = v_idx(l->at[i])->ix.ext;
    else if (l->at[i].k != V_COMP || !comp_extent(el, l->at[i].l, p, &e)) return false;
    *out = ext_mul(el, *out, e, p);
  }
  return true;
}

static Expr *part_extent(Elab *el, Val v, Pos p) {
  Extent e;
  if (v_idx(v)) return ext_expr(el, v_idx(v)->ix.ext);
  if (v.k == V_LIM) return v.m->n;
  if (v.k != V_COMP) return NULL;
  if (comp_extent(el, v.l, p, &e)) return ext_expr(el, e);
  Expr *n = expr_int(el->c, 1);
  for (int i = 0; i < v.l->n; i++) {
    Expr *q = part_extent(el, v.l->at[i], p); if (!q) return NULL;
    n = num_fn(el, FN_MUL, (Expr *[]){ n, q }, 2, p);
  }
  return n;
}

static Expr *part_value(Elab *el, Val v, Pos p) {
  if (v.k == V_COMP) return comp_linear(el, v.l, p, NULL);
  if (v.k == V_LIM) return v.m->e;
  if (v.k == V_HOLE) fail_at(el, p, "an index of this pack is not bound here");
  if (v.k == V_TENSOR && !v.x->t->rank) return expr_read(el->c, v.x->t, NULL, p);
  if (v.k != V_NUM) fail_at(el, p, "a part of a composite is %s: it must be an index or a number", v_kind(v));
  return v.e;
}

Expr *comp_linear(Elab *el, const List *l, Pos p, const CompDim *known) {
  Expr *r = expr_int(el->c, 0);
  for (int i = 0; i < l->n; i++) {
    Expr *n = part_extent(el, l->at[i], p), *v = part_value(el, l->at[i], p);
    if (type_is_float(v->type)) fail_at(el, p, "a part of a composite is a float");
    if (!n && known && known->n == l->n) n = ext_expr(el, known->ext[i]);
    if (i && !n)
      fail_at(el, p, "in a composite dimension every part but the first must have a known extent: a bare index, `expression < extent`, or a place in a parameter's composite pattern");
    r = i ? num_fn(el, FN_ADD, (Expr *[]){ num_fn(el, FN_MUL, (Expr *[]){ r, n }, 2, p), v }, 2, p) : v;
  }
  return r;
}

/* ---- reads of tensors */
typedef struct Part { Val v; const char *pack; } Part;   /* A pack is aligned at the end of the dimensions that it covers in this tensor. */
static void parts_align(Elab *el, const Tens *x, Part *part, int n, Pos p) {
  int total = 0, npack = 0, rank = x->t->rank;
  for (int i = 0; i < n; i++) { total += part[i].pack ? part[i].v.l->n : 1; npack += part[i].pack != NULL; }
  int over = total - rank;
  for (int i = 0; i < n && over; i++) {
    if (!part[i].pack) continue;
    const PackDim *pd = x->pack;
    while (pd && pd->name != part[i].pack) pd = pd->next;
    int len = part[i].v.l->n, cut = pd && pd->n < len ? len - pd->n : npack == 1 && over > 0 && over <= len ? over : 0;
    Val rest = v_list(el, len - cut);
    memcpy(rest.l->at, part[i].v.l->at + cut, sizeof(Val) * (size_t)(len - cut));
    part[i].v = rest;
    over -= cut;
  }
  if (over)
    fail_at(el, p, "'%s' has %d dimension%s %s, %d %s given", x->t->name, rank, plural(rank), ext_print(el, x->t->shape, rank), total,
            total == 1 ? "index is" : "indices are");
}

static Expr *place_idx(Elab *el, const Tensor *t, int d, Val v, bool pack, Pos p) {
  const Idx *q = v_idx(v); if (extent_equal(t->shape[d], q->ix.ext)) return v.e;
  if (pack && ext_is(t->shape[d], 1)) return expr_int(el->c, 0);
  if (q->given) return v.e;
  if (q->from) fail_also(el, q->from->pos, "%s gives '%s' its extent", tens_show(el, q->from), q->ix.name);
  fail_also(el, t->pos, "'%s' is declared here", t->name);
  fail_at(el, p, "index '%s' runs over %s, but dimension %d of %s has %s", q->ix.name, ext_show(el, q->ix.ext), d, tens_show(el, t),
          ext_show(el, t->shape[d]));
}

static Expr *place_comp(Elab *el, const Tens *x, int d, Val v, Pos p) {
  const Tensor *t = x->t; const CompDim *known = x->comp; Extent e;
  if (v.l->n && comp_extent(el, v.l, p, &e) && !extent_equal(e, t->shape[d]))
    fail_at(el, p, "the composite index runs over %s, but dimension %d of %s has %s", ext_show(el, e), d, tens_show(el, t),
            ext_show(el, t->shape[d]));
  while (known && known->dim != d) known = known->next;
  return comp_linear(el, v.l, p, known);
}

static Expr *place_of(Elab *el, const Tens *x, int d, Val v, bool pack, Pos p) {
  Expr *e = NULL;
  if (v.k == V_HOLE) fail_at(el, p, "an index of this pack is not bound here");
  if (v.k == V_COMP) e = place_comp(el, x, d, v, p);
  else if (v.k == V_LIM) e = v.m->e;
  else if (v_idx(v)) return place_idx(el, x->t, d, v, pack, p);
  else if (v.k == V_NUM) e = v.e;
  else fail_at(el, p, "index %d of '%s' is %s: it must be a number", d, x->t->name, v_kind(v));
  if (e->type == T_BOOL) fail_at(el, p, "index %d of '%s' is a truth value", d, x->t->name);
  if (type_is_float(e->type)) fail_at(el, p, "index %d of '%s' is a float", d, x->t->name);
  return e;
}

/* One read; of a list in a place, element j. */
static Val read_tensor(Elab *el, Frame *f, const Tens *x, const Part *given, int n, int j, Pos p) {
  Part *part = NEWN(el->c, Part, n + 1); Expr **place = NEWN(el->c, Expr *, x->t->rank + 1); int d = 0;
  for (int i = 0; i < n; i++) {
    part[i] = given[i];
    if (!part[i].pack && part[i].v.k == V_LIST) part[i].v = part[i].v.l->at[j];
  }
  parts_align(el, x, part, n, p);
  for (int i = 0; i < n; i++)
    for (int k = 0; k < (part[i].pack ? part[i].v.l->n : 1); k++, d++)
      place[d] = place_of(el, x, d, part[i].pack ? part[i].v.l->at[k] : part[i].v, part[i].pack != NULL, p);
  if (x->t->type == T_NONE) f->unknown = true;
  return v_num(expr_read(el->c, x->t, place, p));
}

/* ---- places as written */
static const char *splice_pack(Elab *el, const Node *n, const Frame *f) {
  Names names = { 0 }; const char *only = NULL; int count = 0;
  if (!n->n || !n->kid[0]) return el->s_pack;
  if (n->kid[0]->kind == N_NAME) return n->kid[0]->text;
  names_in(el, n->kid[0], &names);
  for (int i = 0; i < names.n; i++) {
    const Slot *s = slot_find(f, names.at[i]);
    if (!s || !s->dim.pack) continue;
    only = names.at[i]; count++;
  }
  return count == 1 ? only : "?";
}

/* A composite with lists among its parts is a list of composites. */
static Val comp_spread(Elab *el, Val v) {
  int m = -1;
  for (int i = 0; i < v.l->n; i++) if (v.l->at[i].k == V_LIST) m = v.l->at[i].l->n;
  if (m < 0) return v;
  Val out = v_list(el, m);
  for (int j = 0; j < m; j++) {
    Val q = v_list(el, v.l->n);
    for (int i = 0; i < v.l->n; i++) { Val w = v.l->at[i]; q.l->at[i] = w.k != V_LIST ? w : j < w.l->n ? w.l->at[j] : (Val){ .k = V_HOLE }; }
    out.l->at[j] = (Val){ V_COMP, .l = q.l };
  }
  return out;
}

static Part part_read(Elab *el, const Node *n, Frame *f, Scope s) {
  s.ix = true;
  if (n->kind == N_SPLICE) return (Part){ { V_LIST, .l = ev_items(el, (Node *const *)&n, 1, f, s) }, splice_pack(el, n, f) };
  Val v = first_of(ev_node(el, n, f, s));
  if (v_whole(v)) v = v_scalar(el, v, f, s, n->pos);
  if (v.k == V_COMP) v = comp_spread(el, v);
  if (v_idx(v) && n->kind != N_NAME) v = v_lim(el, v.e, NULL);     /* not written bare: need not agree */
  return (Part){ v, NULL };
}

static Val index_tensor(Elab *el, const Node *n, const Tens *x, Frame *f, Scope s) {
  int np = n->n - 1, len = -1;
  if (!s.eq) fail_at(el, n->pos, "a read needs an equation with indices on its left");
  Part *part = NEWN(el->c, Part, np + 1);
  for (int i = 0; i < np; i++) part[i] = part_read(el, n->kid[i + 1], f, s);
  for (int i = 0; i < np; i++) {
    if (part[i].pack || part[i].v.k != V_LIST) continue;
    if (len >= 0 && len != part[i].v.l->n) fail_at(el, n->pos, "lists of lengths %d and %d as indices", len, part[i].v.l->n);
    len = part[i].v.l->n;
  }
  if (len < 0) return read_tensor(el, f, x, part, np, 0, n->pos);
  Val out = v_list(el, len);
  for (int j = 0; j < len; j++) out.l->at[j] = read_tensor(el, f, x, part, np, j, n->pos);
  return out;
}

/* ---- lists */
static Val list_at(Elab *el, const List *l, Val i, Pos p) {
  int64_t k;
  if (!v_is_int(i, &k)) fail_at(el, p, "a list is indexed by integers that are known when the graph is compiled; this is %s", v_kind(i));
  if (k < -l->n || k >= l->n) fail_at(el, p, "element %lld of a list of %d", (long long)k, l->n);
  return l->at[k < 0 ? k + l->n : k];
}

static Val list_index(Elab *el, const Node *n, const List *l, Frame *f, Scope s) {
  s.ix = s.left = false;
  List *i = ev_items(el, n->kid + 1, n->n - 1, f, s);
  if (i->n != 1) fail_at(el, n->pos, "a list has one dimension");
  if (i->at[0].k != V_LIST) return list_at(el, l, i->at[0], n->pos);
  const List *q = i->at[0].l; Val out = v_list(el, q->n);
  for (int k = 0; k < q->n; k++) out.l->at[k] = list_at(el, l, q->at[k], n->pos);
  return out;
}

/* ---- what is indexed */
static Slot *base_slot(Elab *el, const Node *n, Frame *f, Scope s) {
  Val v; const char *name = node_dotted(el->c, n); Slot *sl = name ? slot_find(f, name) : NULL;
  if (!sl || sl->state == SL_NONE) return NULL;
  if (n->kind != N_NAME || !scope_find(s, name, &v)) return sl;
  return v_idx(v) && (sl->state == SL_PENDING || sl->v.k == V_TENSOR) ? sl : NULL;      /* an index may hide a tensor's name */
}

/* A call of an operator whose result is indexed: over whole tensors, elaborated once a frame. */
static Val base_call(Elab *el, const Node *n, Frame *f) {
  Memo *m = f->memo;
  while (m && m->node != n) m = m->next;
  if (m) return m->v;
  Val v = first_of(ev_node(el, n, f, (Scope){ 0 }));
  if (v.k == V_LIFT) v = v_store(el, v, name_temp(el, frame_full(el, f, n->text)), n->pos);
  f->memo = MAKE(el->c, Memo, n, v, f->memo); return v;
}

Val base_value(Elab *el, const Node *n, Frame *f, Scope s) {
  Slot *sl = base_slot(el, n, f, s), *fun = n->kind == N_CALL ? slot_find(f, n->text) : NULL;
  if (sl) return slot_value(el, f, sl, n->pos);
  if (n->kind == N_CALL && (!fun || !fun->fun) && map_get(&el->op, n->text)) return base_call(el, n, f);
  s.ix = false;
  return first_of(ev_node(el, n, f, s));
}

Val ev_index(Elab *el, const Node *n, Frame *f, Scope s) {
  Val v = base_value(el, n->kid[0], f, s);
  if (s.left && v.k != V_LIST) fail_at(el, n->pos, "only a pack is indexed on the left");
  if (v.k == V_ABSENT) {
    const char *name = v.p->name;
    v = absent_default(el, f, v.p);
    if (v.k == V_NONE) fail_at(el, n->pos, "tensor '%s' is absent and has no default", name);
    if (v.k != V_NUM) fail_at(el, n->pos, "the default of '%s' is %s: it must be a number", name, v_kind(v));
    return v;
  }
  if (v.k == V_NUM && v.e->kind == E_CONST) return v;
  if (v.k == V_LIST) return list_index(el, n, v.l, f, s);
  if (v.k == V_LIFT) v = v_store(el, v, name_temp(el, frame_full(el, f, "t")), n->pos);
  if (v.k != V_TENSOR) fail_at(el, n->pos, "%s cannot be indexed", v_kind(v));
  return index_tensor(el, n, v.x, f, s);
}

/* ---- slices */
static int slice_bound(Elab *el, const Node *n, int none, int len, Frame *f, Scope s) {
  if (!n) return none;
  int64_t k = need_int(el, ev_scalar(el, n, f, s), n->pos, "a bound of a slice");
  if (k < 0) k += len;
  return k < 0 ? 0 : k > len ? len : (int)k;
}

Val ev_slice(Elab *el, const Node *n, Frame *f, Scope s) {
  s.ix = false;
  Val l = ev_node(el, n->kid[0], f, s);
  if (l.k != V_LIST) fail_at(el, n->pos, "only lists are sliced with ':'; this is %s", v_kind(l));
  int lo = slice_bound(el, n->kid[1], 0, l.l->n, f, s), hi = slice_bound(el, n->kid[2], l.l->n, l.l->n, f, s);
  Val out = v_list(el, hi > lo ? hi - lo : 0);
  for (int i = 0; i < out.l->n; i++) out.l->at[i] = l.l->at[lo + i];
  return out;
}

/* ---- suffixes */
static Val list_sizes(Elab *el, const List *l) {
  bool element = false;
  for (int i = 0; i < l->n; i++) element |= l->at[i].k == V_HOLE || (l->at[i].k == V_NUM && !v_static(l->at[i]));
  if (!element) return v_int(el, l->n);
  Val out = v_list(el, l->n);
  for (int i = 0; i < l->n; i++) out.l->at[i] = v_idx(l->at[i]) ? v_ext(el, v_idx(l->at[i])->ix.ext) : v_int(el, 1);
  return out;
}

/* Of an index or pack by name: k.size, ..h's h.size and h.rank. V_HOLE: not one. */
static Val dot_index(Elab *el, const Node *n, Frame *f, Scope s) {
  const char *name = n->kid[0]->text; const Slot *sl = slot_find(f, name);
  Val v = { .k = V_HOLE }; bool bound = scope_find(s, name, &v), dim = sl && sl->dim.e;
  if (n->text == el->s_size) {
    if (bound && v_idx(v)) return v_ext(el, v_idx(v)->ix.ext);
    if (dim) return v_dims(el, sl->dim);
    if (bound && v.k == V_LIST) return list_sizes(el, v.l);
  }
  return n->text == el->s_rank && dim && sl->dim.pack ? v_int(el, sl->dim.n) : (Val){ .k = V_HOLE };
}

static Val dot_given(Elab *el, const Node *n, Frame *f) {
  const Slot *sl = n->kid[0]->kind == N_NAME ? slot_find(f, n->kid[0]->text) : NULL;
  if (!sl || sl->state == SL_NONE) fail_at(el, n->pos, "'.given' asks whether a tensor parameter was given; this is no parameter");
  return v_bool(el, !(sl->state == SL_VALUE && (sl->v.k == V_ABSENT || sl->v.k == V_NONE)));
}

static Val dot_value(Elab *el, const Node *n, Val v, Frame *f) {
  int rank = v.k == V_TENSOR ? v.x->t->rank : v.k == V_LIFT ? v.f->rank : 0;
  const Extent *shape = v.k == V_TENSOR ? v.x->t->shape : v.k == V_LIFT ? v.f->shape : NULL;
  if (n->text == el->s_type) return (Val){ V_TYPE, .t = v_type(el, f, v, n->pos) };
  if (v.k == V_LIST && n->text == el->s_rank) return v_int(el, v.l->n);
  if (v.k == V_LIST && n->text == el->s_size) return list_sizes(el, v.l);
  if (v.k == V_LIST || (!v_whole(v) && v.k != V_NUM)) fail_at(el, n->pos, "%s has no '.%s'", v_kind(v), n->text);
  if (n->text == el->s_rank) return v_int(el, rank);
  return n->text == el->s_shape ? v_dims(el, (Dims){ shape, rank, true }) : v_ext(el, ext_product(el, shape, rank, n->pos));
}

Val ev_dot(Elab *el, const Node *n, Frame *f, Scope s) {
  const char *full = f->graph ? node_dotted(el->c, n) : NULL; Slot *sl = full ? slot_find(f, full) : NULL;
  if (sl && sl->state != SL_NONE) return slot_value(el, f, sl, n->pos);
  if (n->text == el->s_given) return dot_given(el, n, f);
  if (n->text != el->s_size && n->text != el->s_rank && n->text != el->s_type && n->text != el->s_shape) {
    full = node_dotted(el->c, n);
    if (!full) fail_at(el, n->pos, "'.%s' is none of .size .rank .type .shape .given", n->text);
    fail_unknown(el, n->pos, full, f, (Scope){ 0 });
  }
  Val v = n->kid[0]->kind == N_NAME ? dot_index(el, n, f, s) : (Val){ .k = V_HOLE };
  if (v.k != V_HOLE) return v;
  v = base_value(el, n->kid[0], f, s);
  if (v.k == V_ABSENT && n->text == el->s_type) v = absent_default(el, f, v.p);
  if (v.k == V_ABSENT) fail_at(el, n->pos, "tensor '%s' is absent: it has no %s", v.p->name, n->text);
  return dot_value(el, n, v, f);
}
