/* Patterns of tensor parameters: the extents of an operator's indices and packs from the shapes of its arguments.
 *
 *   conv(x[n, (g < group, c), ..h], f[(g, o), c, ..k])   with x 1x6x8x8, f 4x3x3x3, group 2:
 *   n = 1, g = 2, c = 3 (by division), h = [8, 8], o = 2, k = [3, 3]
 *
 * Repeated until nothing is left: `@` items fix positions; between fixed positions one pack takes the rest; a composite waits until all
 * its parts but one are known. Packs agree exactly, or broadcast where a tensor says `..~p`.
 */
#include "elab.h"
#include <string.h>

typedef struct Arg { const Param *p; Tens *x; bool done; int *len, *anchor; } Arg;
typedef struct Own { const Param *p; const char *name; const Extent *ext; int n; bool broadcast; } Own;
typedef struct Match { Elab *el; Frame *f; Pos pos; VEC(Arg) arg; VEC(Own) own; bool last; } Match;

/* ---- items */
static const Node *item_core(const Node *n)
{
  if (n->kind == N_SPLICE) n = n->n ? n->kid[0] : NULL;
  if (n && n->kind == N_AT) n = n->kid[0];
  return n;
}

static const Node *item_axis(const Node *n)
{
  if (n->kind == N_SPLICE) n = n->n ? n->kid[0] : NULL;
  return n && n->kind == N_AT ? n->kid[1] : NULL;
}

static bool is_range(const Node *n) { return n && n->kind == N_BINARY && n->fn == FN_LT; }

const char *item_name(Elab *el, const Node *n)
{
  n = item_core(n);
  if (!n) return el->s_pack;
  if (is_range(n)) n = n->kid[0];
  return n->kind == N_NAME ? n->text : NULL;
}

static const char *need_name(Match *m, const Node *n)
{
  const char *s = item_name(m->el, n);
  if (!s) fail_at(m->el, n->pos, "this cannot stand in a pattern: only names, numbers, `name < extent`, composites and packs");
  return s;
}

static char *show(Match *m, Extent e) { return expr_print(m->el->c, ext_expr(m->el, e)); }
static char *show_all(Match *m, const Extent *e, int n) { return ext_print(m->el, e, n); }

/* ---- two arguments that do not fit */
static const Tensor *argument(const Match *m, const Param *p)
{
  for (int i = 0; i < m->arg.n; i++)
    if (m->arg.at[i].p == p) return m->arg.at[i].x->t;
  return NULL;
}

static bool says(const Match *m, const Node *n, const char *name)
{
  const Node *core = item_core(n);
  if (!core || core->kind != N_TUPLE) return item_name(m->el, n) == name;
  for (int i = 0; i < core->n; i++)
    if (says(m, core->kid[i], name)) return true;
  return false;
}

static const Tensor *other_with(const Match *m, const Param *p, const char *name)
{
  for (int i = 0; i < m->arg.n; i++)
    for (int j = 0; m->arg.at[i].p != p && j < m->arg.at[i].p->nitem; j++)
      if (says(m, m->arg.at[i].p->item[j], name)) return m->arg.at[i].x->t;
  return NULL;
}

/* Names both tensors of the user, their shapes and their places. */
static void fail_differ(Match *m, const Param *p, const char *name, const char *here, const char *there, const char *remedy)
{
  Elab *el = m->el;
  const Tensor *t = argument(m, p), *o = other_with(m, p, name);
  const char *of = o ? ctx_printf(el->c, "in '%s' %s", o->name, ext_print(el, o->shape, o->rank)) : "elsewhere";
  fail_also(el, t->pos, "'%s' is declared here", t->name);
  if (o) fail_also(el, o->pos, "'%s' is declared here", o->name);
  fail_at(el, p->pos, "%s in '%s' %s, but %s %s%s", here, t->name, ext_print(el, t->shape, t->rank), there, of, remedy);
}

/* ---- one dimension */
static void dim_set(Match *m, const char *name, Extent e, const Arg *a)
{
  Slot *s = slot_get(m->el, m->f, name);
  if (s->has_dim && (s->pack || !extent_equal(s->ext[0], e))) fail_differ(m, a->p, name, ctx_printf(m->el->c, "index '%s' is %s", name, show(m, e)), s->pack ? "a pack" : show(m, s->ext[0]), "");
  if (!s->has_dim) slot_dim(m->el, m->f, name, &e, 1, false);
}

static bool is_value(Match *m, const char *name, Extent *out, Pos p)
{
  Slot *s = slot_find(m->f, name);
  if (!s || s->state == SL_NONE) return false;
  *out = need_ext(m->el, slot_value(m->el, m->f, s, p), p, ctx_printf(m->el->c, "the extent '%s'", name));
  return true;
}

static Extent range_value(Match *m, const Node *n)
{
  return need_ext(m->el, ev_scalar(m->el, n->kid[1], m->f, (Scope){ .ext = true }), n->pos, "the extent of an index");
}

typedef struct Parts { Extent known; const Node *unknown; int nunknown; } Parts;

static Extent list_product(Match *m, const Extent *e, int n, Pos p)
{
  Extent out = extent_of(1);
  for (int i = 0; i < n; i++) out = ext_mul(m->el, out, e[i], p);
  return out;
}

/* The extents of `..k < list`. */
static Extent *pack_range(Match *m, const Node *n, int *len)
{
  Val v = ev_node(m->el, n->kid[1], m->f, (Scope){ .ext = true });
  if (v.k != V_LIST) fail_at(m->el, n->pos, "a pack wants a list of extents; this is %s", v_kind(v));
  Extent *e = NEWN(m->el->c, Extent, v.l->n + 1);
  for (int i = 0; i < v.l->n; i++) e[i] = need_ext(m->el, v.l->at[i], n->pos, "the extent of a pack");
  *len = v.l->n;
  return e;
}

static bool part_pack(Match *m, const Node *q, Extent *out)
{
  const char *name = need_name(m, q);
  const Node *core = item_core(q);
  if (is_range(core)) {
    int n;
    Extent *e = pack_range(m, core, &n);
    slot_dim(m->el, m->f, name, e, n, true);
  }
  Slot *s = slot_find(m->f, name);
  if (!s || !s->has_dim || !s->pack) return false;
  *out = list_product(m, s->ext, s->next, q->pos);
  return true;
}

static bool part_known(Match *m, const Node *q, const Arg *a, Extent *out)
{
  if (q->kind == N_SPLICE) return part_pack(m, q, out);
  if (q->kind == N_INT) *out = extent_of(q->i);
  else if (is_range(q)) dim_set(m, need_name(m, q), *out = range_value(m, q), a);
  else {
    const char *name = need_name(m, q);
    Slot *s = slot_find(m->f, name);
    if (!s || !s->has_dim || s->pack) return is_value(m, name, out, q->pos);
    *out = s->ext[0];
  }
  return true;
}

static void part_divide(Match *m, const Parts *q, Extent e, const Arg *a)
{
  Extent k = q->known;
  if (ext_is(k, 1)) {
    dim_set(m, need_name(m, q->unknown), e, a);
    return;
  }
  if (k.dim || e.dim || k.n == 0 || e.n % k.n) fail_at(m->el, a->p->pos, "'%s': dimension %s does not divide by %s", a->p->name, show(m, e), show(m, k));
  dim_set(m, need_name(m, q->unknown), extent_of(e.n / k.n), a);
}

static void comp_record(Match *m, const Node *n, Arg *a, int d)
{
  CompDim *cd = NEW(m->el->c, CompDim);
  VEC(Extent) ext = { 0 };
  for (int i = 0; i < n->n; i++) {
    const Node *q = n->kid[i];
    Slot *s = q->kind == N_INT ? NULL : slot_find(m->f, need_name(m, q));
    Extent e = { NULL, 0 };
    if (q->kind == N_INT) e = extent_of(q->i);
    else if (s && s->has_dim && !s->pack) e = s->ext[0];
    else if (q->kind != N_SPLICE) is_value(m, s->name, &e, q->pos);
    if (q->kind != N_SPLICE) PUSH(m->el->c, ext, e);
    else for (int k = 0; k < s->next; k++) PUSH(m->el->c, ext, s->ext[k]);
  }
  *cd = (CompDim){ d, ext.n, ext.at, a->x->comp };
  a->x->comp = cd;
}

static bool match_comp(Match *m, const Node *n, Extent e, Arg *a)
{
  Parts q = { extent_of(1), NULL, 0 };
  for (int i = 0; i < n->n; i++) {
    Extent k;
    if (part_known(m, n->kid[i], a, &k)) q.known = ext_mul(m->el, q.known, k, n->pos);
    else {
      q.unknown = n->kid[i];
      q.nunknown++;
    }
  }
  if (q.nunknown > 1 || (q.nunknown && q.unknown->kind == N_SPLICE)) return false;
  if (q.nunknown) part_divide(m, &q, e, a);
  else if (!extent_equal(q.known, e)) fail_at(m->el, n->pos, "'%s': composite dimension is %s, its parts make %s", a->p->name, show(m, e), show(m, q.known));
  return true;
}

/* Gives true when nothing is left to find in this item. */
static bool match_item(Match *m, const Node *n, Extent e, Arg *a)
{
  Extent w;
  n = item_core(n);
  if (n->kind == N_TUPLE) return match_comp(m, n, e, a);
  if (n->kind == N_INT) {
    if (!ext_is(e, n->i)) fail_at(m->el, n->pos, "'%s': this dimension must be %lld, it is %s", a->p->name, (long long)n->i, show(m, e));
  } else if (is_range(n)) {
    w = range_value(m, n);
    if (!extent_equal(w, e)) fail_at(m->el, n->pos, "'%s': index '%s' must run over %s, the dimension has %s", a->p->name, need_name(m, n), show(m, w), show(m, e));
    dim_set(m, need_name(m, n), e, a);
  } else if (is_value(m, need_name(m, n), &w, n->pos)) {
    if (!extent_equal(w, e)) fail_at(m->el, n->pos, "'%s': this dimension is %s, '%s' says %s", a->p->name, show(m, e), n->text, show(m, w));
  } else dim_set(m, n->text, e, a);
  return true;
}

/* ---- positions */
static bool axis_value(Match *m, const Node *axis, Val *out)
{
  Elab *el = m->el;
  Catch k;
  if (catch_begin(el, &k)) {
    el->quiet += !m->last;
    *out = ev_scalar(el, axis, m->f, (Scope){ 0 });
    catch_end(el);
    return true;
  }
  catch_end(el);
  if (m->last) fail_silent(el);
  return false;
}

/* Where `@` and `..k < list` put items. False: an axis is not known yet. */
static bool find_anchors(Match *m, Arg *a)
{
  int rank = a->x->t->rank;
  for (int j = 0; j < a->p->nitem; j++) {
    const Node *n = a->p->item[j], *axis = item_axis(n), *core = item_core(n);
    Val v;
    a->len[j] = a->anchor[j] = -1;
    if (n->kind == N_SPLICE && is_range(core)) pack_range(m, core, &a->len[j]);
    if (!axis) continue;
    if (!axis_value(m, axis, &v)) return false;
    int64_t ax = need_int(m->el, v, n->pos, "an axis"), lim = rank + (n->kind == N_SPLICE);
    if (ax < -rank || ax >= lim) fail_at(m->el, a->p->pos, "'%s' has %d dimension%s, axis %lld is outside", a->p->name, rank, rank == 1 ? "" : "s", (long long)ax);
    a->anchor[j] = (int)(ax < 0 ? ax + rank : ax);
  }
  return true;
}

static void fail_rank(Match *m, const Arg *a, const char *what)
{
  int rank = a->x->t->rank;
  fail_at(m->el, a->p->pos, "'%s' has %d dimension%s %s, %s", a->p->name, rank, rank == 1 ? "" : "s", show_all(m, a->x->t->shape, rank), what);
}

/* Lengths of the packs among items j0..j1, which cover `room` dimensions. False: two of them are unknown. */
static bool find_lengths(Match *m, Arg *a, int j0, int j1, int room)
{
  int free_ = room, open = -1, nopen = 0, packs = 0, fixed = 0;
  for (int j = j0; j < j1; j++) {
    bool pack = a->p->item[j]->kind == N_SPLICE;
    Slot *s = pack && a->len[j] < 0 ? slot_find(m->f, need_name(m, a->p->item[j])) : NULL;
    packs += pack && a->len[j] < 0;
    fixed += pack ? 0 : 1;
    free_ -= pack ? (a->len[j] > 0 ? a->len[j] : 0) : 1;
    if (!pack || a->len[j] >= 0) continue;
    if (s && s->has_dim && s->pack && nopen >= 0) a->len[j] = -2 - s->next;      /* known elsewhere: taken if another is open */
    else {
      open = j;
      nopen++;
    }
  }
  if (packs == 1) {
    for (int j = j0; j < j1; j++)
      if (a->p->item[j]->kind == N_SPLICE && a->len[j] < 0) a->len[j] = free_;
    if (free_ < 0) fail_rank(m, a, ctx_printf(m->el->c, "its pattern wants at least %d", fixed));
    return true;
  }
  for (int j = j0; j < j1; j++)
    if (a->len[j] < -1) {
      a->len[j] = -2 - a->len[j];
      free_ -= a->len[j];
    }
  if (nopen > 1) return false;
  if (nopen == 1) a->len[open] = free_;
  if (nopen == 1 ? free_ < 0 : free_ != 0) fail_rank(m, a, packs ? "its packs do not fit" : ctx_printf(m->el->c, "its pattern wants %d", a->p->nitem));
  return true;
}

static bool find_positions(Match *m, Arg *a)
{
  int j0 = 0, x0 = 0, n = a->p->nitem;
  if (!find_anchors(m, a)) return false;
  for (int j = 0; j <= n; j++) {
    if (j < n && a->anchor[j] < 0) continue;
    int x1 = j < n ? a->anchor[j] : a->x->t->rank;
    if (!find_lengths(m, a, j0, j, x1 - x0)) return false;
    j0 = j;
    x0 = x1;
  }
  return true;
}

/* ---- packs */
static void match_pack(Match *m, const Node *n, Arg *a, int d, int len)
{
  Elab *el = m->el;
  const char *name = need_name(m, n);
  const Extent *e = a->x->t->shape + d;
  Slot *s = slot_get(el, m->f, name);
  PackDim *pd = NEW(el->c, PackDim);
  *pd = (PackDim){ name, len, a->x->pack };
  a->x->pack = pd;
  if (is_range(item_core(n))) {
    int nw;
    Extent *w = pack_range(m, item_core(n), &nw);
    for (int k = 0; k < len; k++)
      if (!extent_equal(w[k], e[k])) fail_at(el, n->pos, "'%s': dimensions %s, the pattern says %s", a->p->name, show_all(m, e, len), show_all(m, w, nw));
  }
  PUSH(el->c, m->own, ((Own){ a->p, name, e, len, n->broadcast }));
  int total = len;
  Extent *all = s->has_dim ? ext_broadcast(el, s->ext, s->next, e, len, &total) : (Extent *)e;
  if (!all) fail_differ(m, a->p, name, ctx_printf(el->c, "pack '%s' is %s", name, show_all(m, e, len)), show_all(m, s->ext, s->next), "");
  slot_dim(el, m->f, name, all, total, true);
}

static void own_check(Match *m)
{
  for (int i = 0; i < m->own.n; i++) {
    const Own *o = &m->own.at[i];
    const Slot *s = slot_find(m->f, o->name);
    bool same = s->next == o->n;
    for (int k = 0; same && k < o->n; k++) same = extent_equal(s->ext[k], o->ext[k]);
    if (!same && !o->broadcast)
      fail_differ(m, o->p, o->name, ctx_printf(m->el->c, "pack '%s' is %s", o->name, show_all(m, o->ext, o->n)), show_all(m, s->ext, s->next),
                  ctx_printf(m->el->c, " (write ..~%s where it may broadcast)", o->name));
  }
}

/* ---- arguments */
static bool match_arg(Match *m, Arg *a)
{
  if (!find_positions(m, a)) return false;
  int d = 0;
  bool done = true;
  m->own.n = 0;
  a->x->pack = NULL;
  a->x->comp = NULL;
  for (int j = 0; j < a->p->nitem; j++) {
    const Node *n = a->p->item[j];
    if (n->kind == N_SPLICE) {
      match_pack(m, n, a, d, a->len[j]);
      d += a->len[j];
      continue;
    }
    bool settled = match_item(m, n, a->x->t->shape[d], a);
    if (settled && item_core(n)->kind == N_TUPLE) comp_record(m, item_core(n), a, d);
    done &= settled;
    d++;
  }
  return done;
}

static void args_collect(Match *m, const Decl *op)
{
  for (int i = 0; i < op->nparam; i++) {
    const Param *p = &op->param[i];
    Slot *s = p->kind == P_TENSOR ? slot_find(m->f, p->name) : NULL;
    if (!s || s->v.k == V_ABSENT) continue;
    Arg a = { p, s->v.k == V_TENSOR ? s->v.x : NEW(m->el->c, Tens), false, NEWN(m->el->c, int, p->nitem + 1), NEWN(m->el->c, int, p->nitem + 1) };
    if (!a.x->t) {
      a.x->t = NEW(m->el->c, Tensor);
      a.x->t->name = p->name;
    }
    PUSH(m->el->c, m->arg, a);
  }
}

/* ---- absent tensors: what stands in no present one is empty, or what `<` says */
static void absent_item(Match *m, const Node *n)
{
  Elab *el = m->el;
  const Node *core = item_core(n);
  Extent zero = extent_of(0);
  if (core && core->kind == N_TUPLE) {
    for (int i = 0; i < core->n; i++) absent_item(m, core->kid[i]);
    return;
  }
  const char *name = item_name(el, n);
  Slot *s = name ? slot_find(m->f, name) : NULL;
  if (!name || (s && (s->has_dim || s->state != SL_NONE))) return;
  if (n->kind == N_SPLICE) slot_dim(el, m->f, name, NULL, 0, true);
  else {
    if (is_range(core)) zero = range_value(m, core);
    slot_dim(el, m->f, name, &zero, 1, false);
  }
}

static void absent_names(Match *m, const Decl *op)
{
  for (int i = 0; i < op->nparam; i++) {
    const Param *p = &op->param[i];
    if (p->kind != P_TENSOR || slot_find(m->f, p->name)->v.k != V_ABSENT) continue;
    for (int j = 0; j < p->nitem; j++) absent_item(m, p->item[j]);
  }
}

void match_params(Elab *el, Frame *f, const Decl *op, Pos pos)
{
  Match m = { .el = el, .f = f, .pos = pos };
  VEC(Own) own = { 0 };
  args_collect(&m, op);
  for (int round = 0, left = m.arg.n; left; round++) {
    m.last = round > m.arg.n + 3;
    for (int i = 0; i < m.arg.n; i++) {
      Arg *a = &m.arg.at[i];
      if (a->done || !match_arg(&m, a)) continue;
      a->done = true;
      left--;
      for (int k = 0; k < m.own.n; k++) PUSH(el->c, own, m.own.at[k]);
    }
    for (int i = 0; m.last && i < m.arg.n; i++)
      if (!m.arg.at[i].done) fail_at(el, m.arg.at[i].p->pos, "the dimensions of '%s' cannot be found from its pattern", m.arg.at[i].p->name);
  }
  m.own.at = own.at;
  m.own.n = own.n;
  own_check(&m);
  absent_names(&m, op);
  for (int i = 0; i < f->slot.n; i++)
    if (f->slot.at[i]->has_dim && f->slot.at[i]->state != SL_NONE) fail_at(el, pos, "'%s' is both a tensor or attribute and an index", f->slot.at[i]->name);
}
