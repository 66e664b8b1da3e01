/* Patterns of tensor parameters: the extents of an operator's indices and packs from the shapes of its arguments.
 *   conv(x[n, (g < group, c), ..h], f[(g, o), c, ..k])   with x 1x6x8x8, f 4x3x3x3, group 2:
 *   n = 1, g = 2, c = 3 (by division), h = [8, 8], o = 2, k = [3, 3]
 * Repeated until nothing is left: `@` items fix positions; between fixed positions one pack takes the rest; a composite waits until all its
 * parts but one are known. Packs agree exactly, or broadcast where a tensor says `..~p`. */
#include "elab.h"

/* len: of a pack item, -1 not known; anchor: where `@` puts an item, else -1. */
typedef struct Arg { const Param *p; Tens *x; bool done; int *len, *anchor; } Arg;
/* The part that one argument has in a pack. */
typedef struct Own { const Param *p; const char *name; const Extent *ext; int n; bool broadcast; } Own;
typedef struct Match { Elab *el; Frame *f; VEC(Arg) arg; VEC(Own) own; bool last; } Match;

/* ---- items */
static const Node *item_inner(const Node *n) { return n->kind == N_SPLICE ? n->kid[0] : n; }
static const Node *item_core(const Node *n) { n = item_inner(n); return n && n->kind == N_AT ? n->kid[0] : n; }
static const char *item_name(Elab *el, const Node *n) {
  n = item_core(n); if (!n) return el->s_pack; if (is_range(n)) n = n->kid[0]; return n->kind == N_NAME ? n->text : NULL;
}

static const char *need_name(Match *m, const Node *n) {
  const char *s = item_name(m->el, n);
  if (!s) fail_at(m->el, n->pos, "this cannot stand in a pattern: only names, numbers, `name < extent`, composites and packs");
  return s;
}

/* ---- two arguments that do not fit */
static bool says(const Match *m, const Node *n, const char *name) {
  const Node *core = item_core(n); if (!core || core->kind != N_TUPLE) return item_name(m->el, n) == name;
  for (int i = 0; i < core->n; i++) if (says(m, core->kid[i], name)) return true;
  return false;
}

/* Names both tensors of the user, their shapes and their places. */
static void __attribute__((noreturn)) fail_differ(Match *m, const Param *p, const char *name, const char *here, const char *there, const char *cure) {
  Elab *el = m->el; const Tensor *t = NULL, *o = NULL;
  for (int i = 0; i < m->arg.n; i++) {
    const Arg *a = &m->arg.at[i]; if (a->p == p) t = a->x->t;
    for (int j = 0; a->p != p && !o && j < a->p->nitem; j++) if (says(m, a->p->item[j], name)) o = a->x->t;
  }
  fail_also(el, t->pos, "'%s' is declared here", t->name); if (o) fail_also(el, o->pos, "'%s' is declared here", o->name);
  fail_at(el, p->pos, "%s in %s, but %s %s%s%s", here, tens_show(el, t), there, o ? "in " : "elsewhere", o ? tens_show(el, o) : "", cure);
}

static void fail_pack(Match *m, const Param *p, const char *name, const Extent *e, int n, const char *remedy) {
  const Slot *s = slot_find(m->f, name);
  fail_differ(m, p, name, ctx_printf(m->el->c, "pack '%s' is %s", name, ext_print(m->el, e, n)), ext_print(m->el, s->dim.e, s->dim.n), remedy);
}

/* ---- one dimension */
static void dim_set(Match *m, const char *name, Extent e, const Arg *a) {
  Elab *el = m->el; const Slot *s = slot_get(el, m->f, name);
  if (s->dim.e && (s->dim.pack || !extent_equal(s->dim.e[0], e)))
    fail_differ(m, a->p, name, ctx_printf(el->c, "index '%s' is %s", name, ext_show(el, e)), s->dim.pack ? "a pack" : ext_show(el, s->dim.e[0]), "");
  if (!s->dim.e) slot_dim(el, m->f, name, (Dims){ &e, 1, false });
}

static bool is_value(Match *m, const char *name, Extent *out, Pos p) {
  Slot *s = slot_find(m->f, name); if (!s || s->state == SL_NONE) return false;
  *out = need_ext(m->el, slot_value(m->el, m->f, s, p), p, ctx_printf(m->el->c, "the extent '%s'", name)); return true;
}
static Extent range_value(Match *m, const Node *n) {
  return need_ext(m->el, ev_scalar(m->el, n->kid[1], m->f, (Scope){ .ext = true }), n->pos, "the extent of an index");
}

/* The extents of `..k < list`. */
static Dims pack_range(Match *m, const Node *n) {
  Val v = ev_node(m->el, n->kid[1], m->f, (Scope){ .ext = true });
  if (v.k != V_LIST) fail_at(m->el, n->pos, "a pack wants a list of extents; this is %s", v_kind(v));
  Extent *e = NEWN(m->el->c, Extent, v.l->n + 1); for (int i = 0; i < v.l->n; i++) e[i] = need_ext(m->el, v.l->at[i], n->pos, "the extent of a pack");
  return (Dims){ e, v.l->n, true };
}

static bool part_known(Match *m, const Node *q, const Arg *a, Extent *out) {
  bool pack = q->kind == N_SPLICE; const Node *core = item_core(q);
  if (q->kind == N_INT) { *out = extent_of(q->i); return true; }
  const char *name = need_name(m, q);
  if (is_range(q)) dim_set(m, name, range_value(m, q), a);
  else if (is_range(core)) slot_dim(m->el, m->f, name, pack_range(m, core));
  const Slot *s = slot_find(m->f, name); if (!s || !s->dim.e || s->dim.pack != pack) return !pack && is_value(m, name, out, q->pos);
  *out = pack ? ext_product(m->el, s->dim.e, s->dim.n, q->pos) : s->dim.e[0]; return true;
}

/* The one part of a composite that is not known: by division. */
static void part_divide(Match *m, const Node *q, Extent known, Extent e, const Arg *a) {
  bool whole = ext_is(known, 1);
  if (!whole && (known.dim || e.dim || known.n == 0 || e.n % known.n))
    fail_at(m->el, a->p->pos, "'%s': dimension %s does not divide by %s", a->p->name, ext_show(m->el, e), ext_show(m->el, known));
  dim_set(m, need_name(m, q), whole ? e : extent_of(e.n / known.n), a);
}

static void comp_record(Match *m, const Node *n, Arg *a, int d) {
  VEC(Extent) ext = { 0 };
  for (int i = 0; i < n->n; i++) {
    const Node *q = n->kid[i]; const Dims *pack = q->kind == N_SPLICE ? &slot_find(m->f, need_name(m, q))->dim : NULL; Extent e = { 0 };
    if (!pack) part_known(m, q, a, &e);
    for (int k = 0; k < (pack ? pack->n : 1); k++) PUSH(m->el->c, ext, pack ? pack->e[k] : e);
  }
  a->x->comp = NEW_AS(m->el->c, CompDim, d, ext.n, ext.at, a->x->comp);
}

static bool match_comp(Match *m, const Node *n, Extent e, Arg *a) {
  Extent known = extent_of(1), k; const Node *open = NULL; int nopen = 0;
  for (int i = 0; i < n->n; i++)
    if (part_known(m, n->kid[i], a, &k)) known = ext_mul(m->el, known, k, n->pos);
    else open = n->kid[i], nopen++;
  if (nopen > 1 || (open && open->kind == N_SPLICE)) return false;
  if (open) part_divide(m, open, known, e, a);
  else if (!extent_equal(known, e))
    fail_at(m->el, n->pos, "'%s': composite dimension is %s, its parts make %s", a->p->name, ext_show(m->el, e), ext_show(m->el, known));
  return true;
}

/* Gives true when nothing is left to find in this item. */
static bool match_item(Match *m, const Node *n, Extent e, Arg *a) {
  Extent w; if (n->kind == N_TUPLE) return match_comp(m, n, e, a);
  const char *name = n->kind == N_INT ? NULL : need_name(m, n); bool range = is_range(n);
  if (!name) w = extent_of(n->i);
  else if (range) w = range_value(m, n);
  else if (!is_value(m, name, &w, n->pos)) { dim_set(m, name, e, a); return true; }
  if (!extent_equal(w, e)) fail_at(m->el, n->pos, "'%s': this dimension must be %s, it is %s", a->p->name, ext_show(m->el, w), ext_show(m->el, e));
  if (range) dim_set(m, name, e, a);
  return true;
}

/* ---- positions */
/* False: not known yet (an error in the last round). */
static bool axis_value(Match *m, const Node *axis, Val *out) {
  Elab *el = m->el; Catch k;
  if (catch_begin(el, &k)) { el->quiet += !m->last; *out = ev_scalar(el, axis, m->f, (Scope){ 0 }); catch_end(el); return true; }
  if (m->last) fail_silent(el);
  return false;
}

/* Where `@` and `..k < list` put items. False: an axis is not known yet. */
static bool find_anchors(Match *m, Arg *a) {
  int rank = a->x->t->rank;
  for (int j = 0; j < a->p->nitem; j++) {
    const Node *n = a->p->item[j], *inner = item_inner(n), *core = item_core(n); bool pack = n->kind == N_SPLICE; Val v;
    a->anchor[j] = -1; a->len[j] = pack && is_range(core) ? pack_range(m, core).n : -1; if (!inner || inner->kind != N_AT) continue;
    if (!axis_value(m, inner->kid[1], &v)) return false;
    int64_t ax = need_int(m->el, v, n->pos, "an axis");
    if (ax < -rank || ax >= rank + pack)
      fail_at(m->el, a->p->pos, "'%s' has %d dimension%s, axis %lld is outside", a->p->name, rank, plural(rank), (long long)ax);
    a->anchor[j] = (int)(ax < 0 ? ax + rank : ax);
  }
  return true;
}

/* Lengths of the packs among items j0..j1, which cover `room` dimensions: one pack takes the rest; of several, those known elsewhere are taken
 * and one may be open. False: two are. */
static bool find_lengths(Match *m, Arg *a, int j0, int j1, int room) {
  int open = -1, nopen = 0, packs = 0, fixed = 0, rank = a->x->t->rank;
  for (int j = j0; j < j1; j++) { fixed += a->p->item[j]->kind != N_SPLICE; packs += a->p->item[j]->kind == N_SPLICE && a->len[j] < 0; }
  for (int j = j0; j < j1; j++) {
    bool pack = a->p->item[j]->kind == N_SPLICE; const Slot *s = pack && a->len[j] < 0 ? slot_find(m->f, need_name(m, a->p->item[j])) : NULL;
    if (pack && a->len[j] < 0 && packs > 1 && s && s->dim.pack) a->len[j] = s->dim.n;
    if (pack && a->len[j] < 0) open = j, nopen++;
    else room -= pack ? a->len[j] : 1;
  }
  if (nopen > 1) return false;
  if (nopen) a->len[open] = room;
  if (nopen ? room >= 0 : room == 0) return true;
  const char *what = packs > 1 ? "its packs do not fit" : ctx_printf(m->el->c, "its pattern wants %s%d", packs ? "at least " : "", fixed);
  fail_at(m->el, a->p->pos, "'%s' has %d dimension%s %s, %s", a->p->name, rank, plural(rank), ext_print(m->el, a->x->t->shape, rank), what);
}
static bool find_positions(Match *m, Arg *a) {
  int j0 = 0, x0 = 0, n = a->p->nitem; if (!find_anchors(m, a)) return false;
  for (int j = 0; j <= n; j++) {
    if (j < n && a->anchor[j] < 0) continue;
    int x1 = j < n ? a->anchor[j] : a->x->t->rank; if (!find_lengths(m, a, j0, j, x1 - x0)) return false; j0 = j; x0 = x1;
  }
  return true;
}

static void match_pack(Match *m, const Node *n, Arg *a, int d, int len) {
  Elab *el = m->el; const char *name = need_name(m, n);
  static const Extent none = { 0 }; const Extent *e = a->x->t->rank ? a->x->t->shape + d : &none, *all = e;
  const Slot *s = slot_get(el, m->f, name); int total = len;
  a->x->pack = NEW_AS(el->c, PackDim, name, len, a->x->pack);
  if (is_range(item_core(n))) {
    Dims w = pack_range(m, item_core(n));
    if (!extents_equal(w.e, len, e, len))
      fail_at(el, n->pos, "'%s': dimensions %s, the pattern says %s", a->p->name, ext_print(m->el, e, len), ext_print(m->el, w.e, w.n));
  }
  PUSH(el->c, m->own, ((Own){ a->p, name, e, len, n->broadcast })); if (s->dim.e) all = ext_broadcast(el, s->dim.e, s->dim.n, e, len, &total);
  if (!all) fail_pack(m, a->p, name, e, len, "");
  slot_dim(el, m->f, name, (Dims){ all, total, true });
}

static void own_check(Match *m) {
  for (int i = 0; i < m->own.n; i++) {
    const Own *o = &m->own.at[i]; const Slot *s = slot_find(m->f, o->name);
    if (!o->broadcast && !extents_equal(s->dim.e, s->dim.n, o->ext, o->n))
      fail_pack(m, o->p, o->name, o->ext, o->n, ctx_printf(m->el->c, " (write ..~%s where it may broadcast)", o->name));
  }
}

static bool match_arg(Match *m, Arg *a) {
  int d = 0; bool done = true; if (!find_positions(m, a)) return false;
  a->x->pack = NULL; a->x->comp = NULL;
  for (int j = 0; j < a->p->nitem; j++) {
    const Node *n = a->p->item[j], *core = item_core(n); if (n->kind == N_SPLICE) { match_pack(m, n, a, d, a->len[j]); d += a->len[j]; continue; }
    bool settled = match_item(m, core, a->x->t->shape[d++], a); if (settled && core->kind == N_TUPLE) comp_record(m, core, a, d - 1); done &= settled;
  }
  return done;
}

static void args_collect(Match *m, const Decl *op) {
  for (int i = 0; i < op->nparam; i++) {
    const Param *p = &op->param[i]; const Slot *s = p->kind == P_TENSOR ? slot_find(m->f, p->name) : NULL; if (!s || s->v.k == V_ABSENT) continue;
    Tens *x = s->v.k == V_TENSOR ? s->v.x : v_tensor(m->el, NEW_AS(m->el->c, Tensor, .name = p->name)).x;
    PUSH(m->el->c, m->arg, ((Arg){ p, x, false, NEWN(m->el->c, int, p->nitem + 1), NEWN(m->el->c, int, p->nitem + 1) }));
  }
}

/* ---- absent tensors: what stands in no present one is empty, or what `<` says */
static void absent_item(Match *m, const Node *n) {
  const Node *core = item_core(n); Extent e = extent_of(0);
  for (int i = 0; core && core->kind == N_TUPLE && i < core->n; i++) absent_item(m, core->kid[i]);
  const char *name = item_name(m->el, n); const Slot *s = name ? slot_find(m->f, name) : NULL;
  if (!name || (s && (s->dim.e || s->state != SL_NONE))) return;
  bool pack = n->kind == N_SPLICE; if (!pack && is_range(core)) e = range_value(m, core); slot_dim(m->el, m->f, name, (Dims){ &e, !pack, pack });
}
void match_params(Elab *el, Frame *f, const Decl *op, Pos pos) {
  Match m = { .el = el, .f = f }; args_collect(&m, op);
  for (int round = 0, left = m.arg.n; left; round++) {
    m.last = round > m.arg.n + 3;
    for (int i = 0; i < m.arg.n; i++) {
      Arg *a = &m.arg.at[i]; int own = m.own.n; if (a->done) continue;
      if ((a->done = match_arg(&m, a))) left--;
      else m.own.n = own;
    }
    for (int i = 0; m.last && i < m.arg.n; i++)
      if (!m.arg.at[i].done) fail_at(el, m.arg.at[i].p->pos, "the dimensions of '%s' cannot be found from its pattern", m.arg.at[i].p->name);
  }
  own_check(&m);
  for (int i = 0; i < op->nparam; i++) {
    const Param *p = &op->param[i];
    for (int j = 0; p->kind == P_TENSOR && slot_find(f, p->name)->v.k == V_ABSENT && j < p->nitem; j++) absent_item(&m, p->item[j]);
  }
  EACH(Slot, s, f->slot) if (s->dim.e && s->state != SL_NONE) fail_at(el, pos, "'%s' is both a tensor or attribute and an index", s->name);
}
