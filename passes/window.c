/* Windows: rows that read beyond a border, and channels that are convolved each by itself.
 *
 *   z[i, j, o] = sum(u, v, c: (x[i + u - 1, j + v - 1, c] or 0) * w[...])       for i { for j/7 edge { z(u, v*, c/4, j*, o~); } }
 *
 * The tiles at a border stand apart, so that the place is a constant in them: with the taps along it unrolled they compute what survives and no more;
 * those inside have no conditions. Along an index of single steps a tap that falls outside is skipped at run time: it holds many products.
 *
 *   z[i, j, o] = sum(u, v: (x[i + u - 1, j + v - 1, o] or 0) * w[o, u, v])     for i/3 edge { for o/16 { for j/5 edge { z(u*, i*, j*, v*, o~); } } }
 *
 * Each channel by itself: a row of x serves several taps, so a tile has two dimensions and all taps are unrolled; what it costs is the memory. */
#include "builders.h"

enum { TAPS_MOST = 9, TAPS_EACH = 25, FEW = 4 };

/* Does a place of the read hold the index, and this tap too? outside: only places that leave the tensor count. */
static bool meet(Ctx *c, const Expr *read, const char *name, const char *tap, bool outside) {
  for (int d = 0; d < read->n && name; d++) {
    Aff a; bool has = false, also = !tap;
    if (!expr_affine(c, read->arg[d], &a) || (outside && place_inside(c, read->arg[d], read->tensor->shape[d]))) continue;
    for (int i = 0; i < a.n; i++) has |= name_same(a.index[i]->name, name), also |= tap && name_same(a.index[i]->name, tap);
    if (has && also) return true;
  }
  return false;
}

/* Each channel by itself: the tile, and where the loop over channels goes: outermost if what it reads and writes of a panel stays near, innermost
 * if nothing does, else around a band of rows. */
static void plan_each(const Target *t, const TileSize *z, Plan *p) {
  bool small = t->nreg < 32 || z->k > TAPS_MOST, near = z->xbytes <= t->l2;
  int most = small ? 8 : 15, my = !p->up ? 1 : (int)(z->up < most / 5 ? z->up : most / 5);
  if (!small && z->m * z->up * 4 * t->vector_bytes <= t->l1) p->tile = (Tile){ .mr = even_step(z->m, 8), .nv = 2, .nm = true, .my = 1 };
  else p->tile = (Tile){ .mr = even_step(z->m, most / my), .nv = 1, .nm = near, .my = my }, p->mid = near && p->up;
}

/* Few channels: the window's last taps innermost, so that neighbours share what they read, and a tile that leaves room for it. */
static void plan_few(const Target *t, const TileSize *z, Plan *p) {
  if (p->tile.nv > 2) p->tile.nv = 2;
  if (p->tile.mr * p->tile.nv > t->nreg / 2) p->tile.mr = even_step(z->m, (t->nreg / 2 - 2) / p->tile.nv);
}

/* In this order: taps, unrolled taps, channels; of few the unrolled ones innermost. */
static void order_taps(Ctx *c, const bool *tap, bool few, Plan *p) {
  const char **k = NEWN(c, const char *, p->nk + 1); bool *flat = NEWN(c, bool, p->nk + 1); int n = 0;
  for (int pass = 0; pass < 3; pass++)
    for (int i = 0; i < p->nk; i++) if ((p->flat[i] ? few ? 2 : 1 : tap[i] || few ? 0 : 2) == pass) { flat[n] = p->flat[i]; k[n++] = p->k[i]; }
  p->k = k; p->flat = flat;
}

void plan_window(Ctx *c, const Item *it, const Expr *rows, const Target *t, const TileSize *z, Plan *p) {
  bool *tap = NEWN(c, bool, p->nk + 1), few = true, any = false; int64_t n = 1;
  p->flat = NEWN(c, bool, p->nk + 1); p->each &= z->k <= TAPS_EACH && p->nk > 1 && t->vector_bytes && !p->across;
  if (p->across || !t->vector_bytes || p->packed) return;
  for (int i = 0; i < p->nk; i++)
    if (!(tap[i] = meet(c, rows, p->row, p->k[i], false) || meet(c, rows, p->up, p->k[i], false))) n *= extent_named(it, p->k[i]);
  if (p->each) plan_each(t, z, p);
  p->clips = meet(c, rows, p->row, NULL, true); p->upclips = (p->tile.my > 1 || p->each) && meet(c, rows, p->up, NULL, true);
  few = n <= FEW && t->nreg >= 32;
  for (int i = 0; i < p->nk; i++) {
    bool flat = meet(c, rows, p->row, p->k[i], !few) || (p->upclips && meet(c, rows, p->up, p->k[i], true));
    any |= p->flat[i] = p->each || (flat && extent_named(it, p->k[i]) <= TAPS_MOST);
  }
  if (p->each || few || (!p->upclips && meet(c, rows, p->up, NULL, true))) p->ahead = 0;       /* not where a tap is skipped at run time */
  if (any && few && !p->each) plan_few(t, z, p);
  if (any && !p->each) order_taps(c, tap, few, p);
}
