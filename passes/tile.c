/* The register tile of a contraction, by the analytic rule of SCHEDULE.md 3.1 (fitted in notes/contraction.md c).
 *
 *   m rows of broadcast x n lanes, k products:     for n/NR { for m/MR even { acc(k, m*, n~); } }      or m outermost
 * Cycles are summed over the register tiles: v vectors and r rows make f = r v accumulators,
 *   k * cy + 28 + 2 max(0, f - 12)  (in streams, whose blocks are short: 2 + 3 max(0, f - 12)),
 *   cy = max(f / ports, (r + v) / loads, 1.6 latency, t) + 0.1 t + 0.01 (r + v),
 * t: the time that the operands' bytes take from the level of the cache that holds them. An operand whose k's lie far apart fills more of the cache
 * than it has bytes, and each k is another page; copying it into panels first costs its bytes once or, where it is copied as a whole, three times. */
#include "builders.h"
#include <math.h>
#include <stdlib.h>

/* Cycles a byte; of one tile of r rows and `lanes` lanes; of rows in steps whose sizes differ by at most one. */
static double level_cost(const Target *t, double bytes) { return bytes <= 0.75 * (double)t->l1 ? 0 : bytes <= (double)t->l2 / 2 ? 1.0 / 44 : 0.1; }
/* Too full to unroll k: compilers spill. */
static bool is_crowded(const Target *t, double f, double v) { return f + v + 2 >= t->nreg; }
static double tile_cycles(const Target *t, const TileSize *s, int64_t r, int64_t lanes, double iw, double ia, double start, double drain) {
  double v = (double)((lanes + s->lanes - 1) / s->lanes), rows = (double)r, f = rows * v * s->copies;
  double bytes = 4 * (double)lanes * iw + 8.0 * rows * ia, cy0 = f / t->fma_ports;
  double load = (rows + v * s->copies) / t->load_ports, slow = 1.6 * t->fma_latency;
  double cy = fmax(fmax(bytes, cy0), fmax(load, slow)) + 0.1 * bytes + 0.01 * load * t->load_ports;
  if (s->conflict && r > 14) cy *= 1.3;
  if (v < 4 && is_crowded(t, f, v * s->copies)) cy *= 1.02;
  return (double)s->k * cy + start + (f > 12 && t->vector_bytes ? drain * (f - 12) : 0);
}
static double even_cycles(const Target *t, const TileSize *s, Tile z, int64_t lanes, double iw, double ia) {
  int64_t n = z.my > 1 ? s->up : s->m, each = z.my > 1 ? s->m : 1, step = z.my > 1 ? z.my : z.mr, q = (n + step - 1) / step, big = n % q, r = n / q;
  double one = tile_cycles(t, s, r * each, lanes, iw, ia, 28, 2);
  double more = big ? (double)big * tile_cycles(t, s, (r + 1) * each, lanes, iw, ia, 28, 2) : 0;
  return ((double)(q - big) * one + more) * (double)(z.my > 1 ? 1 : s->up);
}

static bool tile_fits(const Target *t, const TileSize *s, int mr, int nv) {
  if (!t->vector_bytes && (mr > 4 || nv > 4)) return false;     /* copies are code, and 4 x 4 already loads half as often as it multiplies */
  if (nv == 1 && s->copies == 1) return mr + 2 <= t->nreg - 2;
  return (mr * nv + nv) * s->copies + 1 <= t->nreg - 1;
}

double tile_rows(const Target *t, const TileSize *s, int mr, int nv) {
  int64_t nr = (int64_t)nv * s->lanes;
  if (!tile_fits(t, s, mr, nv)) return 1e30;
  double one = (double)(s->m / mr) * tile_cycles(t, s, mr, nr, 0, 0, 2, 3) + (s->m % mr ? tile_cycles(t, s, s->m % mr, nr, 0, 0, 2, 3) : 0);
  return one * (double)((s->n + nr - 1) / nr);
}

/* Blocks of k: the rows' operand and the panels stay near, each tile starts anew in each. */
static double total_cycles(const Target *t, const TileSize *sz, Tile x) {
  TileSize blocks = *sz, *s = &blocks; bool far = s->pitch && !x.moves, kb = far && s->kc; int mr = x.mr * x.my;
  int64_t nr = (int64_t)x.nv * s->lanes, whole = s->n / nr, rest = s->n % nr; double part = kb ? (double)s->kc / (double)s->k : 1;
  if (kb) s->k = s->kc;
  double all = (double)(s->m * s->up * s->outer), m = x.mc ? (double)x.mc : all, uses = ceil(m / mr), w = (double)s->wbytes;
  double panel = w * part * (double)(nr < s->n && (!kb || x.nm) ? nr : s->n) / (double)s->n;
  if (far && !(kb && x.nm)) panel = fmax(panel, (double)(s->k * (s->pitch < 4096 ? s->pitch : 4096)));
  double whole_w = level_cost(t, far ? fmax(panel, w) : w);
  double iw = x.nm || kb ? level_cost(t, panel) * (1 - 1 / uses) + level_cost(t, w) / uses : whole_w;
  double panels = (double)whole + (rest > 0 || !whole), x0 = level_cost(t, (double)s->xbytes), block = (double)s->xbytes * part * m / all;
  double ia = x.nm ? level_cost(t, block) : (double)mr * (double)s->k * 4 <= (double)t->l1 / 2 ? 0 : 1.0 / 32;
  double sum = even_cycles(t, s, x, whole ? nr : rest, iw, x0);     /* the first panel fetches the rows */
  if (whole) sum += (double)(whole - 1) * even_cycles(t, s, x, nr, iw, ia) + (rest ? even_cycles(t, s, x, rest, iw, ia) : 0);
  sum *= (double)s->outer / part;
  if (mr > 8 && s->xbytes > t->l2 / 2) sum *= 1 + 0.12 / panels;    /* so many rows that come from afar do not overlap */
  if (far && s->pitch >= 1024)
    sum += (x.nm || kb || s->pitch < 4096 ? 2.0 : 12.0) * (double)sz->k * panels * (kb && x.nm ? 1 : ceil(all / mr));
  return sum + (x.moves ? w / t->vector_bytes * (4 + t->vector_bytes * level_cost(t, w) * (x.nm && !x.mc ? 1 : 3)) : 0);
}

/* All of a short k; in tiles that nearly fill the registers four steps or three, so that the prefetcher, which looks one step of each load ahead,
 * reaches beyond the latency of the second cache. */
int tile_unroll(const Target *t, const TileSize *s, int mr, int nv) {
  int64_t all = s->up > 1 ? s->m * s->up : s->m, rows = mr < all ? mr : all, f = rows * nv * s->copies, least = 2;
  bool full = f + nv + 1 > 3 * t->nreg / 4;
  if (s->k * f <= (full ? 64 : 8 * t->nreg)) return -1;
  if (s->kin <= 4 && f * s->kin <= 2 * t->nreg) return 0;
  if (full) least = nv < 2 || is_crowded(t, (double)f, nv) ? 9 : nv > 2 ? 3 : 4;
  for (int u = full ? 4 : 8; u >= least; u -= u > 4 ? 2 : 1) if (s->kin % u == 0 && (full || f * u <= 4 * t->nreg)) return u;
  return 1;
}

/* The least cycles; of equals the largest tile, then the first. A w that does not stay near is read once (in a network it is cold). */
typedef struct Ranked { double cy; int at; Tile tile; } Ranked;
static int by_rank(const void *x, const void *y) {
  const Ranked *a = x, *b = y; int fa = a->tile.mr * a->tile.my * a->tile.nv, fb = b->tile.mr * b->tile.my * b->tile.nv;
  return a->cy != b->cy ? (a->cy < b->cy ? -1 : 1) : fa != fb ? fb - fa : a->at - b->at;
}

/* Rows that stay in three eighths of the second cache, while all of the panels pass by; 0: they all do. */
static int64_t rows_block(const Target *t, const TileSize *s, int mr) {
  int64_t mc = 3 * t->l2 * s->m / (8 * s->xbytes + 1) / mr * mr; return mc < 2 * mr || mc >= s->m ? 0 : mc;
}

Tile tile_choose(Ctx *c, const Target *t, const TileSize *s) {
  VEC(Ranked) v = { 0 };
  for (int nv = 1; nv <= 12 && (nv == 1 || (int64_t)(nv - 1) * s->lanes < s->n); nv++)
    for (int mr = 1; mr <= 16 && mr <= s->m && tile_fits(t, s, mr, nv); mr++)      /* each size of even steps once */
      for (int my = 1; my <= (mr == s->m ? 4 : 1) && my <= s->up && tile_fits(t, s, mr * my, nv); my++)
        for (int way = 0; way < 6; way++) {
          Tile x = { .mr = mr, .nv = nv, .nm = way % 3 > 0, .moves = way > 2, .my = my };
          if (way % 3 == 2 && s->up * s->outer == 1) x.mc = rows_block(t, s, mr);
          bool few = !s->turns && (!s->pitch || s->m < 4 || s->n <= (int64_t)nv * s->lanes);
          bool large = s->up * s->outer > 1 && s->wbytes > 3 * t->l2 / 4;
          if (mr != even_step(s->m, mr) || (way % 3 == 2 && !x.mc) || (!way && s->kc && s->m >= 4) || (!x.nm && large)) continue;
          if (x.moves ? few : s->turns) continue;
          PUSH(c, v, ((Ranked){ total_cycles(t, s, x), v.n, x }));
        }
  if (!v.n) return (Tile){ .mr = 1, .nv = 1, .ku = 1, .my = 1 };
  qsort(v.at, (size_t)v.n, sizeof *v.at, by_rank);
  Tile best = v.at[s->pick < v.n ? s->pick : v.n - 1].tile; best.ku = tile_unroll(t, s, best.mr * best.my, best.nv); return best;
}
