/* Chains of sums over blocks of tiles: small maps, a contraction of what they give, maps of its result.
 *
 *   for y/(4 * 2) {                                        rows of tiles whose operand V and result M stay in L2, enough for the panels of U
 *     let V mem; let M mem;
 *     for p/1 { for q/1 { for c/W { let D reg; D(j*, i*, a*, c~); V(a*, j*, e*, c~); } } }
 *     for a/1 { for e/1 { for o/NR { for t/MR even { M(c, t*, o~); } } } }
 *     for y/4 { for x/4 { for o/W { let E reg; let Z reg; E(e*, a*, s*, o~); Z(s*, e*, r*, o~); z(y*, x*, o~); } } }
 *   }
 * Where there are fewer blocks than threads, these divide the panels: maps { V }, then for o/OB { let M mem; contraction; maps }.
 * The contraction is the one whose operand the kernel writes at composite places (p * Q + q); the maps have literal matrices. */
#include "builders.h"

enum { ROWS_LEAST = 14 };          /* of a panel: below, its lines come slower than they are used */
typedef struct Blocks { const Build *b; const Item *head, *end; Shape s; const char *tile[2]; int64_t step[2]; int ntile; } Blocks;

/* How much the inner index of the composite at which tensor t is written counts; 0: there is none. */
static int64_t radix_of(const Build *b, const Tensor *t, int d) {
  Aff a;
  ITEMS(it, b) if (it->t == t && expr_affine(b->c, it->eq[0]->place[d], &a) && a.n == 2) return a.k[0] > a.k[1] ? a.k[0] : a.k[1];
  return 0;
}
static const Expr *matrix_of(const Build *b, const Item *it) { Shape s = shape_of(b->c, it->eq[0]); return shape_maps(b->g, &s) ? s.w : NULL; }
static bool has_row(const Build *b, const Item *it, const char *name) {
  const Expr *m = matrix_of(b, it); return m && access_stride(b->c, m->tensor, m->arg, name) != 0;
}

/* The contraction; the indices behind it that run over places written in tiles. */
static bool blocks_find(Blocks *v) {
  const Build *b = v->b; v->head = NULL; v->end = b->its.at + b->its.n;
  ITEMS(it, b) EACH(Expr, r, it->reads)
    for (int d = 0; d < r->n && is_local(b->k, r->tensor); d++) {
      int64_t n = expr_bare(r->arg[d]) ? radix_of(b, r->tensor, d) : 0; Shape s = shape_of(b->c, it->eq[0]);
      if (n && !v->head && s.contracts && s.nn == 1 && s.nk == 1 && !shape_maps(b->g, &s)) v->head = it, v->s = s;
      else if (n && v->head && it > v->head && !it->red && v->ntile < 2) v->tile[v->ntile] = r->arg[d]->index->name, v->step[v->ntile++] = n;
    }
  return v->head && v->head > b->its.at && v->ntile == 2;
}

/* One leaf a map, unrolled: one after another for indices that the matrix lacks, then what is summed, then the matrix's rows. */
static Tree *leaf_map(const Build *b, const Item *it, const char *lane) {
  Order o = { 0 };
  for (int rows = 0; rows < 2; rows++) {
    for (int i = 0; i < it->nfree; i++)
      if (!name_same(it->free[i]->name, lane) && has_row(b, it, it->free[i]->name) == rows) order_unroll(b->c, &o, it->free[i]->name);
    for (int i = 0; i < it->nk && !rows; i++) order_unroll(b->c, &o, it->k[i]->name);
  }
  order_add(b->c, &o, lane, LEAF_VECTOR, 0); return leaf_of(b->c, it, &o);
}

/* Items first..end - 1 for one tile and vector; what only they read stays in registers. Around them the loops over `over`'s indices. */
static Tree *tree_maps(const Blocks *v, const Item *first, const Item *end, const Item *over, const char *lane) {
  const Build *b = v->b; Tree *t = NULL;
  for (const Item *it = first; it < end; it++)
    if (is_local(b->k, it->t) && (it != over || end == v->end)) t = tree_cat(t, tree_let(b->c, it->t->name, ST_REG));
  for (const Item *it = first; it < end; it++) t = tree_cat(t, leaf_map(b, it, lane));
  t = tree_loop(b->c, lane, b->lanes, t);
  for (int i = over->nfree; i-- > 0;) {
    const char *name = over->free[i]->name; bool inner = name_same(name, lane); int64_t step = 1;
    for (const Item *it = first; it < end; it++) inner |= item_bound(it, name) || has_row(b, it, name);
    for (int k = 0; k < v->ntile; k++) if (name_same(v->tile[k], name)) step = v->step[k];
    if (!inner) t = tree_loop(b->c, name, step, t);
  }
  return t;
}

/* The contraction: a panel is read once for all rows of the block, ahead of its use. The plan divided all rows evenly; a block has fewer, so its
 * tiles may be as large as the registers allow. */
static Tree *tree_panels(const Build *b, int at, const Shape *s, Plan *p) {
  bool far = tensor_bytes(s->w->tensor) > b->t->l1; TileSize z = { .m = 1, .n = 1, .k = 1, .lanes = p->lanes, .copies = 1 };
  if (p->across || !p->row || p->col) return tree_singles(b, at, at + 1);
  p->tile = (Tile){ .mr = p->tile.mr, .nv = p->tile.nv, .ku = far ? 1 : p->tile.ku, .nm = true, .my = 1 }; p->mid = false; p->kc = p->share = 0;
  while (far && p->tile.mr < 16 && tile_rows(b->t, &z, p->tile.mr + 1, p->tile.nv) < 1e30) p->tile.mr++;
  p->ahead = far ? b->t->l1 / (16 * p->tile.nv * p->lanes) : 0; return tree_group(b, &(Group){ .first = at, .end = at + 1 }, p, NULL);
}

Tree *tree_blocks(Build *b) {
  Blocks v = { .b = b }; Plan p;
  if (!blocks_find(&v) || !plan_contraction(b->c, b->k, v.head, 1, b->t, &p)) return NULL;
  Ctx *c = b->c; const Item *head = v.head, *in = head - 1, *last = v.end - 1; const char *lane = v.s.n[0]->name;
  Tree *maps = tree_cat(tree_let(c, in->t->name, ST_MEM), tree_maps(&v, b->its.at, head, in, v.s.k[0]->name)), *sums, *all;
  sums = tree_cat(tree_let(c, head->t->name, ST_MEM), tree_panels(b, (int)(head - b->its.at), &v.s, &p));
  sums = tree_cat(sums, tree_maps(&v, head + 1, v.end, last, lane));
  double rows[2], tiles = index_points(v.s.m, v.s.nm);
  for (int k = 0; k < 2; k++) rows[k] = (double)((extent_named(last, v.tile[k]) + v.step[k] - 1) / v.step[k]);
  double fit = (double)b->t->l2 / 4 / (double)(tensor_bytes(in->t) + tensor_bytes(head->t)) * tiles / rows[1], least = (ROWS_LEAST - 1) / rows[1] + 1;
  int64_t block = (int64_t)(fit > least ? fit : least), width = (int64_t)p.tile.nv * p.lanes, panels = (extent_named(head, lane) + width - 1) / width;
  bool few = rows[0] <= (double)(block * (b->c->opt.threads - 1));
  all = tree_loop(c, few ? lane : v.tile[0], few ? width * ((panels - 1) / b->c->opt.threads + 1) : v.step[0] * block, tree_cat(maps, sums));
  for (int i = last->nfree; i-- > 0;) {
    const char *name = last->free[i]->name;
    if (!name_same(name, v.tile[0]) && !name_same(name, v.tile[1]) && !name_same(name, lane)) all = tree_loop(c, name, 1, all);
  }
  return all;
}
