/* How a contraction's indices become loops: which run across the lanes, which are the tile's rows, which stay outside, in what order k goes.
 *
 *   y[m, n] = sum(k: a[m, k] * w[k, n])                     lane n, row m            (w constant: packed so that n is contiguous)
 *   y[o, t] = sum(c, k: x[c, t - k] * w[o, c, k])           lane t, row o            (t is contiguous in y and x)
 *   s[h, i, j] = sum(d: q[h, i, d] * k[h, j, d])            lane d, across: sums of lanes; row i, outer h, j
 *   y[c, i] = sum(k: x[c, i + k] * w[c, k])                 lane c or i, whichever is contiguous
 */
#include "builders.h"

static bool data_known(const Tensor *t) { return t->kind == TK_PARAM || t->kind == TK_CONST; }

/* What an operand says of a lane: contiguous, absent, constant (will be packed), or far apart. */
static double operand_score(Ctx *c, const Expr *r, const char *name) {
  int64_t s = access_stride(c, r->tensor, r->arg, name);
  if (s == 0) return 0;
  if (s == 1) return 2;
  return data_known(r->tensor) ? 1 : -40;
}

typedef struct Tail { Ctx *c; const Kernel *k; const char *name; double v; } Tail;
static void tail_read(Ctx *c, const Expr *r, void *arg) {
  Tail *t = arg;
  int64_t s = access_stride(c, r->tensor, r->arg, t->name);
  if (s != 0 && s != 1 && !data_known(r->tensor) && !is_local(t->k, r->tensor)) t->v -= 10;
}

/* What is stored along the lane, and what the pointwise equations behind read. */
static double tail_score(Ctx *c, const Kernel *k, const Item *it, const Items *its, const char *name) {
  Tail t = { c, k, name, 0 };
  for (int i = 0; i < its->n; i++) {
    const Item *f = &its->at[i];
    if (f != it && (f->red || !same_space(f, it))) continue;
    if (f != it) each_read(c, f->eq[0]->rhs, tail_read, &t);
    if (f == it && its->n > 1 && is_local(k, f->t)) continue;
    if (access_stride(c, f->t, f->eq[0]->place, name) != 1) t.v -= is_local(k, f->t) ? 5 : 40;
  }
  return t.v;
}

static double lane_fill(const Index *i, int lanes) {
  double n = (double)count_max(i), whole = (double)((count_max(i) + lanes - 1) / lanes) * lanes;
  return 20 * n / whole;
}

typedef struct Best { const Index *i; double v; bool across; } Best;
static void lane_try(Ctx *c, const Kernel *k, const Item *it, const Items *its, const Shape *s, const Index *i, bool across, int lanes, Best *b) {
  double v = operand_score(c, s->x, i->name) + operand_score(c, s->w, i->name) + lane_fill(i, lanes);
  v += across ? -12 - 20.0 * (count_max(i) < 2 * lanes) : tail_score(c, k, it, its, i->name);
  if (is_stream(i)) v += 1000;
  if (b->i && (v < b->v || (v == b->v && count_max(i) <= count_max(b->i)))) return;
  *b = (Best){ i, v, across };
}

static Best lane_of(Ctx *c, const Kernel *k, const Item *it, const Shape *s, int lanes) {
  Best b = { NULL, 0, false };
  Items its = items_of(c, k);
  const Item *self = it;
  for (int i = 0; i < its.n; i++)
    if (its.at[i].t == it->t) self = &its.at[i];
  for (int i = 0; i < s->nn; i++) lane_try(c, k, self, &its, s, s->n[i], false, lanes, &b);
  for (int i = 0; i < s->nm; i++) lane_try(c, k, self, &its, s, s->m[i], false, lanes, &b);
  for (int i = 0; i < s->nbatch; i++) lane_try(c, k, self, &its, s, s->batch[i], false, lanes, &b);
  for (int i = 0; i < s->nk && lanes > 1; i++) lane_try(c, k, self, &its, s, s->k[i], true, lanes, &b);
  return b;
}

static bool read_has_name(Ctx *c, const Expr *r, const char *name) { return access_stride(c, r->tensor, r->arg, name) != 0; }

/* Rows are read once for all lanes: the largest free index that the lane's operand lacks. Where both have the lane (each channel by
 * itself), any other index will do: its rows share the vectors of the operand without it. */
static const Index *row_of(Ctx *c, const Item *it, const Shape *s, const Best *lane) {
  bool x = read_has_name(c, s->x, lane->i->name), w = read_has_name(c, s->w, lane->i->name);
  const Index *row = NULL;
  for (int i = 0; i < it->nfree; i++) {
    const Index *f = it->free[i];
    if (f == lane->i || count_max(f) == 1) continue;
    bool inx = read_has_name(c, s->x, f->name), inw = read_has_name(c, s->w, f->name);
    if (inx && inw) continue;
    if (x && !w && inx) continue;
    if (w && !x && inw) continue;
    if (!row || count_max(f) >= count_max(row)) row = f;
  }
  return row;
}

static bool along_time(const Expr *r, const Index *i) {
  for (int d = 0; d < r->n; d++)
    if (r->tensor->shape[d].dim && r->tensor->shape[d].dim->stream && expr_has_index(r->arg[d], i)) return true;
  return false;
}

/* Does b belong outside of a? Taps of a window over time do (each has its own place in a ring), then what has the wider stride in x. */
static bool goes_outside(Ctx *c, const Shape *s, const Index *a, const Index *b) {
  bool ta = along_time(s->x, a), tb = along_time(s->x, b);
  if (ta || tb) return tb && !ta;
  int64_t sa = access_stride(c, s->x->tensor, s->x->arg, a->name), sb = access_stride(c, s->x->tensor, s->x->arg, b->name);
  return sa >= 0 && sb >= 0 && sa < sb;
}

/* Sums across lanes reuse both operands: a second row index, which only the operand without the first has. */
static const char *col_of(Ctx *c, const Item *it, const Shape *s, const char *row) {
  const Index *col = NULL;
  bool x = row && read_has_name(c, s->x, row);
  for (int i = 0; i < it->nfree && row; i++) {
    const Index *f = it->free[i];
    if (name_same(f->name, row) || count_max(f) < 2) continue;
    if (read_has_name(c, x ? s->w : s->x, f->name) && !read_has_name(c, x ? s->x : s->w, f->name) && (!col || count_max(f) >= count_max(col))) col = f;
  }
  return col ? col->name : NULL;
}

/* Reduction indices outer to inner. */
void order_k(Ctx *c, const Shape *s, const char *lane, const char ***k, int *nk) {
  VEC(const Index *) v = { 0 };
  for (int i = 0; i < s->nk; i++)
    if (!name_same(s->k[i]->name, lane)) PUSH(c, v, s->k[i]);
  for (int i = 1; i < v.n; i++)
    for (int j = i; j > 0; j--) {
      if (!goes_outside(c, s, v.at[j - 1], v.at[j])) break;
      const Index *swap = v.at[j];
      v.at[j] = v.at[j - 1];
      v.at[j - 1] = swap;
    }
  *nk = v.n;
  *k = NEWN(c, const char *, v.n + 1);
  for (int i = 0; i < v.n; i++) (*k)[i] = v.at[i]->name;
}

static void order_outer(Ctx *c, const Item *it, Plan *out) {
  out->outer = NEWN(c, const char *, it->nfree + 1);
  for (int i = 0; i < it->nfree; i++) {
    const char *name = it->free[i]->name;
    if (!name_same(name, out->lane) && !(out->row && name_same(name, out->row)) && !(out->col && name_same(name, out->col))) out->outer[out->nouter++] = name;
  }
}

int64_t extent_named(const Item *it, const char *name) {
  const Index *i = name ? item_free(it, name) : NULL;
  if (!i && name) i = item_bound(it, name);
  return i ? count_max(i) : 1;
}

static TileSize size_of(Ctx *c, const Item *it, const Shape *s, const Plan *p, int copies) {
  TileSize z = { .m = extent_named(it, p->row), .n = extent_named(it, p->lane), .k = 1, .lanes = p->lanes, .copies = copies };
  for (int i = 0; i < p->nk; i++) z.k *= extent_named(it, p->k[i]);
  z.kin = p->nk ? extent_named(it, p->k[p->nk - 1]) : 1;
  bool w = read_has_name(c, s->w, p->lane);
  const Expr *rows = w ? s->x : s->w, *cols = w ? s->w : s->x;
  z.xbytes = tensor_size(rows->tensor) * type_bytes(rows->tensor->type);
  z.wbytes = tensor_size(cols->tensor) * type_bytes(cols->tensor->type);
  int64_t stride = p->row ? access_stride(c, rows->tensor, rows->arg, p->row) : 0;
  z.conflict = stride > 0 && stride * type_bytes(rows->tensor->type) % 4096 == 0;
  return z;
}

/* Sums across lanes: mr rows by nv columns, each a vector of its own. */
static Tile tile_across(const Target *t, const TileSize *z, int64_t cols) {
  int wide = t->nreg >= 32 ? 4 : 2;
  return (Tile){ z->m < 4 ? (int)z->m : 4, cols < wide ? (int)cols : wide, 1, true, 0 };
}

/* Code for scalar targets stays small. */
static void tile_cap(const Target *t, Tile *tile) { if (t->vector_bytes) return; if (tile->ku > 2) tile->ku = 2; }

bool plan_contraction(Ctx *c, const Kernel *k, const Item *it, int copies, const Target *t, Plan *out) {
  Shape s;
  *out = (Plan){ 0 };
  shape_plain(c, it->eq[0], &s);
  if (!s.x || !it->nfree || it->neq != 1) return false;
  out->lanes = kernel_lanes(k, t);
  Best lane = lane_of(c, k, it, &s, out->lanes);
  if (!lane.i) return false;
  const Index *row = row_of(c, it, &s, &lane);
  out->lane = lane.i->name;
  out->across = lane.across;
  out->row = row ? row->name : NULL;
  if (lane.across) out->col = col_of(c, it, &s, out->row);
  order_k(c, &s, out->lane, &out->k, &out->nk);
  order_outer(c, it, out);
  TileSize z = size_of(c, it, &s, out, copies);
  const Expr *rows = read_has_name(c, s.w, out->lane) ? s.x : s.w;
  out->packed = row && data_known(rows->tensor);
  out->tile = lane.across ? tile_across(t, &z, extent_named(it, out->col)) : tile_choose(t, &z);
  tile_cap(t, &out->tile);
  return true;
}
