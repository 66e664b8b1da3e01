/* Expression nodes to values. What is known when the graph is compiled is computed here: only the side of `?:`, `&` and `|` that counts is
 * looked at, so a definition may hold parts that make no sense for these arguments. */
#include "elab.h"

bool scope_find(Scope s, const char *name, Val *out) {
  const Bind *b = s.b; while (b && b->name != name) b = b->up; if (b) *out = b->v; return b != NULL;
}
Scope scope_bind(Elab *el, Scope s, const char *name, Val v) { s.b = NEW_AS(el->c, Bind, name, v, s.b); return s; }

/* ---- names */
/* A default that cannot be found yet may be asked for again. */
static void attribute_default(Elab *el, Frame *f, Slot *s) {
  Catch k; s->state = SL_BUSY;
  if (catch_begin(el, &k)) {
    s->v = attribute_coerce(el, s->param, absent_default(el, f, s->param), s->param->pos); catch_end(el); s->state = SL_VALUE; return;
  }
  s->state = SL_THUNK; fail_silent(el);
}
Val slot_value(Elab *el, Frame *f, Slot *s, Pos p) {
  if (s->state == SL_BUSY && s->group) fail_at(el, p, "'%s' is needed to find its own shape", s->name);
  if (s->state == SL_BUSY) fail_at(el, p, "the default of '%s' depends on itself", s->name);
  if (s->state == SL_PENDING) declare_slot(el, f, s);
  if (s->state == SL_THUNK) attribute_default(el, f, s);
  if (s->v.k == V_POISON) fail_silent(el);
  return s->v;
}

Val absent_default(Elab *el, Frame *f, const Param *p) { return first_of(ev_node(el, p->value, f, (Scope){ 0 })); }

void fail_unknown(Elab *el, Pos p, const char *name, const Frame *f, Scope s) {
  Names near = { 0 }; for (const Bind *b = s.b; b; b = b->up) PUSH(el->c, near, b->name);
  for (int i = 0; i < f->slot.n; i++) PUSH(el->c, near, f->slot.at[i]->name);
  fail_near(el, p, name, &near, "'%s' is not known here%s", name, s.eq ? " (an index stands on the left or in a reduction)" : "");
}

static Val ev_name(Elab *el, const char *name, Pos p, Frame *f, Scope s) {
  Val v; Slot *sl = slot_find(f, name); if (sl && sl->sym && s.ext) return v_num(expr_index(el->c, sl->sym)); if (scope_find(s, name, &v)) return v;
  if (sl && sl->state != SL_NONE) { v = slot_value(el, f, sl, p); return v.k == V_ABSENT ? absent_default(el, f, v.p) : v; }
  const Word *w = map_get(&el->word, name); if (w && w->kind <= W_TYPE) return w->v;
  if (sl && sl->sym) return v_num(expr_index(el->c, sl->sym));
  if (sl && sl->dim.e) fail_at(el, p, "index '%s' is free here: put it on the left or in a reduction", name);
  fail_unknown(el, p, name, f, s);
}

/* ---- operators */
static Val ev_binary(Elab *el, const Node *n, Frame *f, Scope s) {
  bool known; if (s.left && is_range(n)) return ev_node(el, n->kid[0], f, s);
  Val a = s.left ? first_of(ev_node(el, n->kid[0], f, s)) : ev_scalar(el, n->kid[0], f, s);
  if ((n->fn == FN_AND || n->fn == FN_OR) && v_is_bool(a, &known) && known == (n->fn == FN_OR)) return a;
  return v_fn2(el, n->fn, a, s.left ? first_of(ev_node(el, n->kid[1], f, s)) : ev_scalar(el, n->kid[1], f, s), n->pos);
}

static Val ev_cond(Elab *el, const Node *n, Frame *f, Scope s, Want want) {
  bool known; Val c = ev_scalar(el, n->kid[0], f, s); if (v_is_bool(c, &known)) { el->want = want; return ev_node(el, n->kid[known ? 1 : 2], f, s); }
  Val a = ev_scalar(el, n->kid[1], f, s); return v_select(el, c, a, ev_scalar(el, n->kid[2], f, s), n->pos);
}
static bool is_absent_read(const Node *n, Frame *f, Scope s) {
  Val v; if (n->kind != N_INDEX || n->kid[0]->kind != N_NAME || scope_find(s, n->kid[0]->text, &v)) return false;
  Slot *sl = slot_find(f, n->kid[0]->text); return sl && sl->state == SL_VALUE && sl->v.k == V_ABSENT;
}

/* An unparenthesised sum or product as alternative is most often meant otherwise. */
static void or_warn(Elab *el, const Node *alt) {
  if (el->ncall || el->dump || el->quiet || alt->paren || alt->kind != N_BINARY) return;
  if (fn_info[alt->fn].prec != 8 && fn_info[alt->fn].prec != 9) return;
  diag_warn(el->c, alt->pos, "'or' binds more loosely than '%s': this is `x or (a %s b)`", fn_info[alt->fn].text, fn_info[alt->fn].text);
  diag_help(el->c, "write parentheses around what is meant");
}
static Val ev_or(Elab *el, const Node *n, Frame *f, Scope s) {
  or_warn(el, n->kid[1]); if (is_absent_read(n->kid[0], f, s)) return ev_node(el, n->kid[1], f, s);
  Val a = ev_scalar(el, n->kid[0], f, s); return v_or(el, a, ev_scalar(el, n->kid[1], f, s), n->pos);
}

/* ---- lists and composites */
List *ev_items(Elab *el, Node *const *it, int n, Frame *f, Scope s) {
  List *out = v_list(el, 0).l;
  for (int i = 0; i < n; i++) {
    const Node *q = it[i]; if (q->kind != N_SPLICE) { PUSH(el->c, *out, first_of(ev_node(el, q, f, s))); continue; }
    Val v = q->kid[0] ? ev_node(el, q->kid[0], f, s) : ev_name(el, el->s_pack, q->pos, f, s);      /* `..` alone is the unnamed pack */
    if (v.k != V_LIST && v.k != V_COMP) fail_at(el, q->pos, "'..' wants a pack or a list; this is %s", v_kind(v));
    for (int k = 0; k < v.l->n; k++) PUSH(el->c, *out, v.l->at[k]);
  }
  if (out->n > 1000000) fail_at(el, n ? it[0]->pos : (Pos){ 0 }, "a list of %d elements is too long", out->n);
  return out;
}

static Val lim_element(Elab *el, Val v, Val e, Pos p) {
  v = v_scalar(el, v, NULL, (Scope){ 0 }, p); if (v.k == V_HOLE) return v;
  if (v.k != V_NUM || e.k != V_NUM)
    fail_at(el, p, "in a composite `expression < extent` wants two numbers; here are %s and %s", v_kind(v), v_kind(e));
  return v_lim(el, v.e, e.e);
}

/* `expr < extent` or `..list < extents` as a part of a composite; a list without `..` makes one composite for each: (a, list < n). */
static void comp_limited(Elab *el, const Node *n, bool splice, Frame *f, Scope s, List *out) {
  Val v = splice ? ev_node(el, n->kid[0], f, s) : ev_scalar(el, n->kid[0], f, s);
  s.ext = true; Val e = ev_node(el, n->kid[1], f, s); bool list = v.k == V_LIST, spread = list && !splice; Val parts = v_list(el, list ? v.l->n : 1);
  if (!spread && e.k == V_LIST && e.l->n != parts.l->n) fail_at(el, n->pos, "a pack of %d and %d extents", parts.l->n, e.l->n);
  for (int i = 0; i < parts.l->n; i++)
    parts.l->at[i] = lim_element(el, list ? v.l->at[i] : v, e.k == V_LIST ? e.l->at[i % (e.l->n ? e.l->n : 1)] : e, n->pos);
  if (spread) PUSH(el->c, *out, parts);
  for (int i = 0; !spread && i < parts.l->n; i++) PUSH(el->c, *out, parts.l->at[i]);
}
static Val ev_tuple(Elab *el, const Node *n, Frame *f, Scope s) {
  List *out = v_list(el, 0).l;
  for (int i = 0; i < n->n; i++) {
    const Node *q = n->kid[i], *b = q->kind == N_SPLICE && q->kid[0] ? q->kid[0] : q;
    if (is_range(b) && !b->paren && !s.left) { comp_limited(el, b, b != q, f, s, out); continue; }
    const List *l = ev_items(el, &n->kid[i], 1, f, s); for (int k = 0; k < l->n; k++) PUSH(el->c, *out, l->at[k]);
  }
  return (Val){ V_COMP, .l = out };
}

Val v_scalar(Elab *el, Val v, Frame *f, Scope s, Pos p) {
  v = first_of(v); if (v.k == V_POISON) fail_silent(el);
  if (v.k == V_TENSOR && s.eq) {
    const Tensor *t = v.x->t; if (t->rank) fail_at(el, p, "tensor '%s' has %d dimension%s and needs indices here", t->name, t->rank, plural(t->rank));
    if (t->type == T_NONE && f) f->unknown = true;
    return v_num(expr_read(el->c, v.x->t, NULL, p));
  }
  if (v.k == V_LIFT && s.eq) {
    if (v.f->rank) fail_at(el, p, "a whole tensor stands where an element is needed");
    return v_num(lift_build(el, v.f, NULL));
  }
  if (v.k == V_COMP) return v_num(comp_linear(el, v.l, p, NULL));
  return v.k == V_LIM ? v_num(v.m->e) : v;
}

Val ev_scalar(Elab *el, const Node *n, Frame *f, Scope s) { return v_scalar(el, ev_node(el, n, f, s), f, s, n->pos); }

/* ---- reads x[...], elements of lists, composites, suffixes
 *   x[n, (g, c), ..i * s + k]     places: an index, a composite g * c.size + c, one expression for each dimension of the packs
 *   ids[..q, range(m.size)]       a list in a place: a list of reads              l[2]  l[[0, 2]]  l[1:]   of lists */
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
  if (v_idx(v)) return ext_expr(el, v_idx(v)->ix.ext);
  if (v.k != V_COMP) return v.k == V_LIM ? v.m->n : NULL;
  Expr *n = expr_int(el->c, 1), *q;
  for (int i = 0; i < v.l->n && n; i++) n = (q = part_extent(el, v.l->at[i], p)) ? num_fn(el, FN_MUL, (Expr *[]){ n, q }, 2, p) : NULL;
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
      fail_at(el, p, "in a composite dimension every part but the first must have a known extent: a bare index, `expression < extent`, or a place "
                     "in a parameter's composite pattern");
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
    const PackDim *pd = x->pack; while (pd && pd->name != part[i].pack) pd = pd->next;
    int len = part[i].v.l->n, cut = pd && pd->n < len ? len - pd->n : npack == 1 && over > 0 && over <= len ? over : 0;
    Val rest = v_list(el, len - cut); memcpy(rest.l->at, part[i].v.l->at + cut, sizeof(Val) * (size_t)(len - cut)); part[i].v = rest; over -= cut;
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
static Expr *place_of(Elab *el, const Tens *x, int d, Val v, bool pack, Pos p) {
  Expr *e = NULL; const Tensor *t = x->t; const CompDim *known = x->comp; Extent n; while (known && known->dim != d) known = known->next;
  if (v.k == V_HOLE) fail_at(el, p, "an index of this pack is not bound here");
  if (v.k == V_COMP && v.l->n && comp_extent(el, v.l, p, &n) && !extent_equal(n, t->shape[d]))
    fail_at(el, p, "the composite index runs over %s, but dimension %d of %s has %s",
            ext_show(el, n), d, tens_show(el, t), ext_show(el, t->shape[d]));
  if (v.k == V_COMP) e = comp_linear(el, v.l, p, known);
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
  for (int i = 0; i < n; i++) { part[i] = given[i]; if (!part[i].pack && part[i].v.k == V_LIST) part[i].v = part[i].v.l->at[j]; }
  parts_align(el, x, part, n, p);
  for (int i = 0; i < n; i++)
    for (int k = 0; k < (part[i].pack ? part[i].v.l->n : 1); k++, d++)
      place[d] = place_of(el, x, d, part[i].pack ? part[i].v.l->at[k] : part[i].v, part[i].pack != NULL, p);
  if (x->t->type == T_NONE) f->unknown = true;
  return v_num(expr_read(el->c, x->t, place, p));
}

/* ---- places as written */
static const char *splice_pack(Elab *el, const Node *n, const Frame *f) {
  Names names = { 0 }; const char *only = NULL; int count = 0; if (!n->kid[0]) return el->s_pack;
  if (n->kid[0]->kind == N_NAME) return n->kid[0]->text;
  names_in(el, n->kid[0], &names);
  for (int i = 0; i < names.n; i++) { const Slot *s = slot_find(f, names.at[i]); if (s && s->dim.pack) only = names.at[i], count++; }
  return count == 1 ? only : "?";
}

/* A composite with lists among its parts is a list of composites. */
static Val comp_spread(Elab *el, Val v) {
  int m = -1; for (int i = 0; i < v.l->n; i++) if (v.l->at[i].k == V_LIST) m = v.l->at[i].l->n; if (m < 0) return v; Val out = v_list(el, m);
  for (int j = 0; j < m; j++) {
    Val q = v_list(el, v.l->n);
    for (int i = 0; i < v.l->n; i++) { Val w = v.l->at[i]; q.l->at[i] = w.k != V_LIST ? w : j < w.l->n ? w.l->at[j] : (Val){ .k = V_HOLE }; }
    out.l->at[j] = (Val){ V_COMP, .l = q.l };
  }
  return out;
}
static Part part_read(Elab *el, const Node *n, Frame *f, Scope s) {
  if (n->kind == N_SPLICE) return (Part){ { V_LIST, .l = ev_items(el, (Node *const *)&n, 1, f, s) }, splice_pack(el, n, f) };
  Val v = first_of(ev_node(el, n, f, s)); if (v_whole(v)) v = v_scalar(el, v, f, s, n->pos); if (v.k == V_COMP) v = comp_spread(el, v);
  if (v_idx(v) && n->kind != N_NAME) v = v_lim(el, v.e, NULL);     /* not written bare: need not agree */
  return (Part){ v, NULL };
}
static Val index_tensor(Elab *el, const Node *n, const Tens *x, Frame *f, Scope s) {
  int np = n->n - 1, len = -1; if (!s.eq) fail_at(el, n->pos, "a read needs an equation with indices on its left");
  Part *part = NEWN(el->c, Part, np + 1); for (int i = 0; i < np; i++) part[i] = part_read(el, n->kid[i + 1], f, s);
  for (int i = 0; i < np; i++) {
    if (part[i].pack || part[i].v.k != V_LIST) continue;
    if (len >= 0 && len != part[i].v.l->n) fail_at(el, n->pos, "lists of lengths %d and %d as indices", len, part[i].v.l->n);
    len = part[i].v.l->n;
  }
  if (len < 0) return read_tensor(el, f, x, part, np, 0, n->pos);
  Val out = v_list(el, len); for (int j = 0; j < len; j++) out.l->at[j] = read_tensor(el, f, x, part, np, j, n->pos); return out;
}

/* ---- lists */
static Val list_at(Elab *el, const List *l, Val i, Pos p) {
  int64_t k; if (!v_is_int(i, &k)) fail_at(el, p, "a list is indexed by integers that are known when the graph is compiled; this is %s", v_kind(i));
  if (k < -l->n || k >= l->n) fail_at(el, p, "element %lld of a list of %d", (long long)k, l->n);
  return l->at[k < 0 ? k + l->n : k];
}
static Val list_index(Elab *el, const Node *n, const List *l, Frame *f, Scope s) {
  s.left = false; List *i = ev_items(el, n->kid + 1, n->n - 1, f, s); if (i->n != 1) fail_at(el, n->pos, "a list has one dimension");
  if (i->at[0].k != V_LIST) return list_at(el, l, i->at[0], n->pos);
  const List *q = i->at[0].l; Val out = v_list(el, q->n); for (int k = 0; k < q->n; k++) out.l->at[k] = list_at(el, l, q->at[k], n->pos); return out;
}

/* ---- what is indexed */
static Slot *base_slot(Elab *el, const Node *n, Frame *f, Scope s) {
  Val v; const char *name = node_dotted(el->c, n); Slot *sl = name ? slot_find(f, name) : NULL; if (!sl || sl->state == SL_NONE) return NULL;
  if (n->kind != N_NAME || !scope_find(s, name, &v)) return sl;
  return v_idx(v) && (sl->state == SL_PENDING || sl->v.k == V_TENSOR) ? sl : NULL;      /* an index may hide a tensor's name */
}

/* A call of an operator whose result is indexed: over whole tensors, elaborated once a frame. */
static Val base_call(Elab *el, const Node *n, Frame *f) {
  Memo *m = f->memo; while (m && m->node != n) m = m->next; if (m) return m->v;
  Val v = first_of(ev_node(el, n, f, (Scope){ 0 })); if (v.k == V_LIFT) v = v_store(el, v, name_temp(el, frame_full(el, f, n->text)), n->pos);
  f->memo = NEW_AS(el->c, Memo, n, v, f->memo); return v;
}
Val base_value(Elab *el, const Node *n, Frame *f, Scope s) {
  Slot *sl = base_slot(el, n, f, s), *fun = n->kind == N_CALL ? slot_find(f, n->text) : NULL; if (sl) return slot_value(el, f, sl, n->pos);
  if (n->kind == N_CALL && (!fun || !fun->fun) && map_get(&el->op, n->text)) return base_call(el, n, f);
  return first_of(ev_node(el, n, f, s));
}

static Val ev_index(Elab *el, const Node *n, Frame *f, Scope s) {
  Val v = base_value(el, n->kid[0], f, s); if (s.left && v.k != V_LIST) fail_at(el, n->pos, "only a pack is indexed on the left");
  if (v.k == V_ABSENT) {
    const char *name = v.p->name;
    v = absent_default(el, f, v.p); if (v.k == V_NONE) fail_at(el, n->pos, "tensor '%s' is absent and has no default", name);
    if (v.k != V_NUM) fail_at(el, n->pos, "the default of '%s' is %s: it must be a number", name, v_kind(v));
    return v;
  }
  if (v.k == V_NUM && v.e->kind == E_CONST) return v;
  if (v.k == V_LIST) return list_index(el, n, v.l, f, s);
  if (v.k == V_LIFT) v = v_store(el, v, name_temp(el, frame_full(el, f, "t")), n->pos);
  if (v.k != V_TENSOR) fail_at(el, n->pos, "%s cannot be indexed", v_kind(v));
  return index_tensor(el, n, v.x, f, s);
}

static int slice_bound(Elab *el, const Node *n, int none, int len, Frame *f, Scope s) {
  if (!n) return none;
  int64_t k = need_int(el, ev_scalar(el, n, f, s), n->pos, "a bound of a slice"); if (k < 0) k += len; return k < 0 ? 0 : k > len ? len : (int)k;
}
static Val ev_slice(Elab *el, const Node *n, Frame *f, Scope s) {
  Val l = ev_node(el, n->kid[0], f, s); if (l.k != V_LIST) fail_at(el, n->pos, "only lists are sliced with ':'; this is %s", v_kind(l));
  int lo = slice_bound(el, n->kid[1], 0, l.l->n, f, s), hi = slice_bound(el, n->kid[2], l.l->n, l.l->n, f, s);
  Val out = v_list(el, hi > lo ? hi - lo : 0); for (int i = 0; i < out.l->n; i++) out.l->at[i] = l.l->at[lo + i]; return out;
}

/* ---- suffixes */
static Val list_sizes(Elab *el, const List *l) {
  bool element = false; for (int i = 0; i < l->n; i++) element |= l->at[i].k == V_HOLE || (l->at[i].k == V_NUM && !v_static(l->at[i]));
  if (!element) return v_int(el, l->n);
  Val out = v_list(el, l->n); for (int i = 0; i < l->n; i++) out.l->at[i] = v_idx(l->at[i]) ? v_ext(el, v_idx(l->at[i])->ix.ext) : v_int(el, 1);
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
static Val ev_dot(Elab *el, const Node *n, Frame *f, Scope s) {
  const char *full = f->graph ? node_dotted(el->c, n) : NULL; Slot *sl = full ? slot_find(f, full) : NULL;
  if (sl && sl->state != SL_NONE) return slot_value(el, f, sl, n->pos);
  if (n->text == el->s_given) return dot_given(el, n, f);
  if (n->text != el->s_size && n->text != el->s_rank && n->text != el->s_type && n->text != el->s_shape) {
    full = node_dotted(el->c, n); if (!full) fail_at(el, n->pos, "'.%s' is none of .size .rank .type .shape .given", n->text);
    fail_unknown(el, n->pos, full, f, (Scope){ 0 });
  }
  Val v = n->kid[0]->kind == N_NAME ? dot_index(el, n, f, s) : (Val){ .k = V_HOLE }; if (v.k != V_HOLE) return v;
  v = base_value(el, n->kid[0], f, s); if (v.k == V_ABSENT && n->text == el->s_type) v = absent_default(el, f, v.p);
  if (v.k == V_ABSENT) fail_at(el, n->pos, "tensor '%s' is absent: it has no %s", v.p->name, n->text);
  return dot_value(el, n, v, f);
}
static Val ev_kind(Elab *el, const Node *n, Frame *f, Scope s, Want want) {
  s.left = s.left && (is_range(n) || is_arith(n) || n->kind == N_TUPLE || (n->kind == N_INDEX && is_range(n->kid[0])));
  switch (n->kind) {
  case N_NAME:   return ev_name(el, n->text, n->pos, f, s);     case N_STRING: return (Val){ V_STRING, .s = n->text };
  case N_INT:    return v_int(el, n->i);                        case N_FLOAT:  return v_float(el, n->f);
  case N_BINARY: return ev_binary(el, n, f, s);                 case N_COND:   return ev_cond(el, n, f, s, want);
  case N_OR:     return ev_or(el, n, f, s);                     case N_INDEX:  return ev_index(el, n, f, s);
  case N_SLICE:  return ev_slice(el, n, f, s);                  case N_DOT:    return ev_dot(el, n, f, s);
  case N_CALL:   return ev_call(el, n, f, s, want);             case N_REDUCE: return ev_reduce(el, n, f, s);
  case N_TUPLE:  return ev_tuple(el, n, f, s);                  case N_LIST:   return (Val){ V_LIST, .l = ev_items(el, n->kid, n->n, f, s) };
  case N_UNARY:  return v_fn(el, n->fn, (Val[]){ ev_scalar(el, n->kid[0], f, s) }, 1, n->pos);
  case N_SPLICE: fail_at(el, n->pos, "'..' cannot stand here: it puts a list's elements between brackets");
  case N_AT:     fail_at(el, n->pos, "'@' belongs into the pattern of a parameter");
  case N_NAMED:  fail_at(el, n->pos, "'%s = ...' can only be an argument of a call", n->text);
  case N_PASS:   fail_at(el, n->pos, "'...' can only be an argument of a call");
  default:       fail_at(el, n->pos, "'stream' belongs into the shape of an input");
  }
}

#define STEPS_MAX 20000000
#define LEVEL_MAX 1500

Val ev_node(Elab *el, const Node *n, Frame *f, Scope s) {
  Want want = el->want; el->want = (Want){ 0 };
  if (++el->steps > STEPS_MAX) fail_at(el, n->pos, "this takes more than %d steps to expand", STEPS_MAX);
  if (++el->level > LEVEL_MAX) fail_at(el, n->pos, "calls and brackets are nested too deeply here");
  Val v = ev_kind(el, n, f, s, want); el->level--; return v;
}
