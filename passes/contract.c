/* How a contraction's indices become loops: which run across the lanes, which are the tile's rows, which stay outside, in what order k goes.
 *   y[m, n] = sum(k: a[m, k] * w[k, n])                     lane n, row m            (w constant: packed so that n is contiguous)
 *   y[o, t] = sum(c, k: x[c, t - k] * w[o, c, k])           lane t, row o            (t is contiguous in y and x)
 *   s[h, i, j] = sum(d: q[h, i, d] * k[h, j, d])            lane j, panels of k are turned; few rows i: lane d, across: sums of lanes; outer h, j
 *   y[c, i] = sum(k: x[c, i + k] * w[c, k])                 lane c or i, whichever is contiguous */
#include "builders.h"

static bool reads_along(Ctx *c, const Expr *r, const char *name) { return access_stride(c, r->tensor, r->arg, name) != 0; }

/* ---- the lane: the best sum of scores */
typedef struct Best { const Index *i; double v; bool across; } Best;
/* k holds the items its, of which `it` is the contraction; name: the lane that is tried, v: its score so far. */
typedef struct Search {
  Ctx *c; const Kernel *k; const Item *it; Items its; const Shape *s; int lanes; const char *name; double v; Best best;
} Search;

/* What an operand says of a lane: contiguous, absent, constant (will be packed), or far apart; but contiguous along k it comes in turned panels, if
 * enough rows share them. */
static double operand_score(const Search *s, const Expr *r, const char *name) {
  Ctx *c = s->c; int64_t step = access_stride(c, r->tensor, r->arg, name), rows = 1;
  for (int i = 0; i < s->it->nfree; i++) if (!reads_along(c, r, s->it->free[i]->name)) rows *= extent_min(s->it->free[i]->ext);
  bool turns = s->lanes > 1 && s->s->nk == 1 && rows >= 16 && access_stride(c, r->tensor, r->arg, s->s->k[0]->name) == 1;
  return step == 0 ? 0 : step == 1 || tensor_known(r->tensor) ? 2 : turns ? -6 : -40;          /* a constant is packed: the same before and behind */
}

static void tail_read(Ctx *c, const Expr *r, void *arg) {
  Search *s = arg; int64_t step = access_stride(c, r->tensor, r->arg, s->name);
  if (step != 0 && step != 1 && !tensor_known(r->tensor) && !is_local(s->k, r->tensor)) s->v -= 10;
}

/* What is stored along the lane, and what the pointwise equations behind read. */
static double tail_score(Search *s) {
  s->v = 0;
  for (int i = 0; i < s->its.n; i++) {
    const Item *f = &s->its.at[i]; bool local = is_local(s->k, f->t);
    if (f != s->it && (f->red || !same_space(f, s->it))) continue;
    if (f != s->it) each_read(s->c, f->eq[0]->rhs, tail_read, s);
    if (f == s->it && s->its.n > 1 && local) continue;
    if (access_stride(s->c, f->t, f->eq[0]->place, s->name) != 1) s->v -= local ? 5 : 40;
  }
  return s->v;
}

/* How much of its vectors the index fills: 20 for all. */
static double lane_fill(const Index *i, int lanes) { return 20 * (double)count_max(i) / ((double)((count_max(i) + lanes - 1) / lanes) * lanes); }

static void lanes_try(Search *s, Index *const *at, int n, bool across) {
  for (int k = 0; k < n; k++) {
    const Index *i = at[k], *b = s->best.i; s->name = i->name;
    double v = operand_score(s, s->s->x, i->name) + operand_score(s, s->s->w, i->name) + lane_fill(i, s->lanes);
    v += across ? -12 - 20.0 * (count_max(i) < 2 * s->lanes) : tail_score(s);
    if (is_stream(i)) v += 1000;
    if (!b || v > s->best.v || (v == s->best.v && count_max(i) > count_max(b))) s->best = (Best){ i, v, across };
  }
}

static Best lane_of(Ctx *c, const Kernel *k, const Item *it, const Shape *s, int lanes) {
  Search x = { .c = c, .k = k, .it = it, .its = items_of(c, k), .s = s, .lanes = lanes };
  for (int i = 0; i < x.its.n; i++) if (x.its.at[i].t == it->t) x.it = &x.its.at[i];
  lanes_try(&x, s->n, s->nn, false); lanes_try(&x, s->m, s->nm, false); lanes_try(&x, s->batch, s->nbatch, false);
  if (lanes > 1) lanes_try(&x, s->k, s->nk, true);
  return x.best;
}

/* ---- rows, columns, the order of the others */
/* Rows are read once for all lanes: the largest free index that the lane's operand lacks. Where both have the lane (each channel by
 * itself), any other index will do: its rows share the vectors of the operand without it. */
static const Index *row_of(Ctx *c, const Item *it, const Shape *s, const Index *lane) {
  bool x = reads_along(c, s->x, lane->name), w = reads_along(c, s->w, lane->name); const Index *row = NULL;
  for (int i = 0; i < it->nfree; i++) {
    const Index *f = it->free[i];
    bool inx = reads_along(c, s->x, f->name), inw = reads_along(c, s->w, f->name);
    if (f == lane || count_max(f) == 1 || (inx && inw) || (x && !w && inx) || (w && !x && inw)) continue;
    if (!row || count_max(f) >= count_max(row)) row = f;
  }
  return row;
}

/* Sums across lanes reuse both operands: a second row index, which only the operand without the first has. */
static const Index *col_of(Ctx *c, const Item *it, const Shape *s, const Index *row) {
  const Index *col = NULL; bool x = reads_along(c, s->x, row->name);
  for (int i = 0; i < it->nfree; i++) {
    const Index *f = it->free[i];
    if (name_same(f->name, row->name) || count_max(f) < 2 || (col && count_max(f) < count_max(col))) continue;
    if (reads_along(c, x ? s->w : s->x, f->name) && !reads_along(c, x ? s->x : s->w, f->name)) col = f;
  }
  return col;
}

static bool along_time(const Expr *r, const Index *i) {
  for (int d = 0; d < r->n; d++) if (r->tensor->shape[d].dim && r->tensor->shape[d].dim->stream && expr_has_index(r->arg[d], i)) return true;
  return false;
}

/* Does b belong outside of a? Taps of a window over time do (each has its own place in a ring), then what has the wider stride in x. */
static bool goes_outside(Ctx *c, const Expr *x, const Index *a, const Index *b) {
  bool ta = along_time(x, a), tb = along_time(x, b);
  if (ta || tb) return tb && !ta;
  int64_t sa = access_stride(c, x->tensor, x->arg, a->name), sb = access_stride(c, x->tensor, x->arg, b->name);
  return sa >= 0 && sb >= 0 && sa < sb;
}

/* Reduction indices outer to inner. */
void order_k(Ctx *c, const Shape *s, const char *lane, const char ***k, int *nk) {
  const Index **v = NEWN(c, const Index *, s->nk + 1); int n = 0;
  for (int i = 0, j; i < s->nk; i++) {
    if (name_same(s->k[i]->name, lane)) continue;
    for (j = n++; j > 0 && goes_outside(c, s->x, v[j - 1], s->k[i]); j--) v[j] = v[j - 1];
    v[j] = s->k[i];
  }
  *nk = n; *k = NEWN(c, const char *, n + 1);
  for (int i = 0; i < n; i++) (*k)[i] = v[i]->name;
}

/* Those of the lane's operand first. up: the largest of the others; no second row index where the rows come in panels. */
static void order_outer(Ctx *c, const Item *it, const Expr *cols, Plan *out) {
  out->outer = NEWN(c, const char *, it->nfree + 1); const Index *up = NULL;
  for (int fixed = 1; fixed >= 0; fixed--)
    for (int i = 0; i < it->nfree; i++) {
      const Index *f = it->free[i]; const char *name = f->name; bool other = !name_same(name, out->row) && !name_same(name, out->col);
      if (name_same(name, out->lane) || !other || reads_along(c, cols, name) != fixed) continue;
      out->outer[out->nouter++] = name; out->nfixed += fixed;
      if (!fixed && out->row && !out->across && !out->packed && count_max(f) > 1 && (!up || count_max(f) >= count_max(up))) up = f;
    }
  int n = 0; out->up = up ? up->name : NULL;
  for (int i = 0; i < out->nouter; i++) if (!name_same(out->outer[i], out->up)) out->outer[n++] = out->outer[i];
  out->nouter = n;
}

/* ---- the tile */
int64_t extent_named(const Item *it, const char *name) {
  const Index *i = name ? item_free(it, name) : NULL;
  if (!i && name) i = item_bound(it, name);
  return i ? count_max(i) : 1;
}

static TileSize size_of(Ctx *c, const Kernel *k, const Target *t, const Item *it, const Expr *rows, const Expr *cols, const Plan *p, int copies) {
  TileSize z = { .m = extent_named(it, p->row), .n = extent_named(it, p->lane), .k = 1, .lanes = p->lanes, .copies = copies };
  z.up = extent_named(it, p->up); z.outer = 1;
  for (int i = p->nfixed; i < p->nouter; i++) z.outer *= extent_named(it, p->outer[i]);
  for (int i = 0; i < p->nk; i++) z.k *= extent_named(it, p->k[i]);
  z.kin = p->nk ? extent_named(it, p->k[p->nk - 1]) : 1;
  z.xbytes = tensor_bytes(rows->tensor); z.wbytes = tensor_bytes(cols->tensor);
  int64_t stride = p->row ? access_stride(c, rows->tensor, rows->arg, p->row) : 0;
  int64_t far = p->nk == 1 && !tensor_known(cols->tensor) && !p->across ? access_stride(c, cols->tensor, cols->arg, p->k[0]) : 0;
  z.pitch = far > 0 && t->vector_bytes ? far * type_bytes(cols->tensor->type) : 0;
  bool near = 4 * z.m * z.up * z.outer * z.n <= t->l2 / 2 && !is_local(k, it->t);      /* sums that rest between blocks of k, with nothing behind */
  if (z.pitch >= 1024 && z.k >= 64 && z.wbytes > t->l2 / 4 && near)
    z.kin = z.kc = z.m < 4 ? 8 : (even_step(z.k, t->l2 / 2 / (z.pitch < 4096 ? z.pitch : 4096)) + 15) / 16 * 16;
  z.turns = !p->across && !tensor_known(cols->tensor) && z.pitch == type_bytes(cols->tensor->type);
  z.conflict = stride > 0 && stride * type_bytes(rows->tensor->type) % 4096 == 0; return z;
}

/* Sums across lanes: mr rows by nv columns, each a vector of its own. */
static Tile tile_across(const Target *t, const TileSize *z, int64_t cols) {
  int wide = t->nreg >= 32 ? 4 : 2;
  return (Tile){ .mr = z->m < 4 ? (int)z->m : 4, .nv = cols < wide ? (int)cols : wide, .ku = 1, .nm = true, .my = 1 };
}

const Expr *plan_lanes(Ctx *c, const Item *it, const Plan *p) {
  Shape s = shape_of(c, it->eq[0]); return !s.x || reads_along(c, s.w, p->lane) ? s.w : s.x;
}

/* What layout copied into panels is planned for as before: so that schedule finds the same plan. */
static Expr *source_of(const Kernel *k, Expr *r) {
  for (int i = 0; i < k->neq && r->tensor->kind == TK_TEMP && r->tensor->nlayout > r->tensor->rank; i++)
    if (k->eq[i]->out == r->tensor && k->eq[i]->rhs->kind == E_READ) return k->eq[i]->rhs;
  return r;
}

/* Each tile of rows fetches its part of the next panel, a line or so at a time: once in so many k's. */
static int64_t share_of(const TileSize *z, Tile x) {
  int64_t tiles = ((x.mc ? x.mc : z->m) + x.mr - 1) / x.mr * ((z->up + x.my - 1) / x.my) * z->outer, u = tiles < 64 ? tiles : 64;
  while (x.ku > 0 && u > x.ku && (u % x.ku || z->kin % u)) u--;
  return x.ku < 1 || (tiles < 2 && !z->kc) ? 0 : u > x.ku ? u : x.ku;
}

bool plan_contraction(Ctx *c, const Kernel *k, const Item *it, int copies, const Target *t, Plan *out) {
  Shape s;
  shape_plain(c, it->eq[0], &s);
  if (!s.x || !it->nfree || it->neq != 1) return false;
  s.x = source_of(k, s.x); s.w = source_of(k, s.w);
  const Index *dot = group_index(c, t, it->eq[0]); bool near = dot;
  for (int k = 0; k < 2 && near; k++) near = access_stride(c, (k ? s.w : s.x)->tensor, (k ? s.w : s.x)->arg, dot->name) == 1;
  s.nk -= near; Best lane = lane_of(c, k, it, &s, kernel_lanes(k, t));
  near = near && lane.i && !lane.across && reads_along(c, s.w, lane.i->name) && !reads_along(c, s.x, lane.i->name);
  if (dot && !near) { s.nk = it->nk; lane = lane_of(c, k, it, &s, kernel_lanes(k, t)); }
  if (!lane.i) return false;
  const Index *row = row_of(c, it, &s, lane.i), *col = lane.across && row ? col_of(c, it, &s, row) : NULL;
  *out = (Plan){ .lane = lane.i->name, .row = row ? row->name : NULL, .col = col ? col->name : NULL, .across = lane.across,
                 .dot = near ? dot->name : NULL };
  out->lanes = kernel_lanes(k, t);
  bool w = reads_along(c, s.w, out->lane); const Expr *rows = w ? s.x : s.w, *cols = w ? s.w : s.x;
  out->packed = row && tensor_known(rows->tensor); out->each = !lane.across && reads_along(c, rows, out->lane);
  order_k(c, &s, out->lane, &out->k, &out->nk); order_outer(c, it, cols, out);
  TileSize z = size_of(c, k, t, it, rows, cols, out, copies); z.pick = k->pick;
  out->tile = lane.across ? tile_across(t, &z, extent_named(it, out->col)) : tile_choose(c, t, &z);
  if (!out->tile.moves) out->kc = z.kc;
  bool cold = tensor_known(cols->tensor) ? z.wbytes > t->l2 / (z.m * z.up * z.outer > 256 ? 2 : 8) && z.m >= 4 : out->kc && out->tile.nm && z.m >= 4;
  out->ahead = cold && !lane.across && !t->little_ram && out->nk ? t->l1 / (16 * z.lanes * out->tile.nv) : 0;
  if (out->ahead && out->tile.nm) out->share = share_of(&z, out->tile);
  if (!t->vector_bytes && out->tile.ku > 2) out->tile.ku = 2;        /* code for scalar targets stays small */
  plan_window(c, it, rows, t, &z, out); return true;
}
