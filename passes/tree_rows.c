/* Reductions along rows and the pointwise equations between them, a row at a time.
 *
 *   for i {                                              short or costly rows: for i/4, and i* in every leaf: rows together hide the
 *     let m reg; let s reg; let e alias y;               latency of the horizontal steps
 *     for k/64 { m(k~); }  for k/64 { e(k~); s(k~); }  for k/64 { y(k~); }
 *   }
 * A phase is a run of items with the row's indices that one loop over k can compute: no item of it reads a sum that is completed in it, or one place
 * of the row for all.
 * Where k is not contiguous the lanes run over a free index and k is serial: for j/32 { for k/1 { m(j~); } ... }.
 * lane: across: a column; else a row index. many: rows that go together. last: the innermost row index. */
#include "builders.h"

typedef struct Rows { const Build *b; NameList row, col; const char *lane, *last; bool across; int many; } Rows;

/* How many of the columns the item has: free, or also summed. */
static int cols_of(const Rows *r, const Item *it, bool bound) {
  int n = 0;
  for (int d = 0; d < r->col.n; d++) n += item_free(it, r->col.at[d]) || (bound && item_bound(it, r->col.at[d]));
  return n;
}

/* Every item has all row indices, and all columns or none; whatever it reads of the kernel, it reads at home. */
static bool rows_serve(const Rows *r) {
  ITEMS(it, r->b) {
    int cols = cols_of(r, it, true);
    if (it->neq != 1 || (cols && cols != r->col.n)) return false;
    for (const Item *o = r->b->its.at; o < it; o++) if (!reads_near(it, o, &r->col)) return false;
    for (int d = 0; d < r->row.n; d++) if (!item_free(it, r->row.at[d])) return false;
    for (int d = 0; d < it->nfree; d++) if (!name_in(&r->row, it->free[d]->name) && !name_in(&r->col, it->free[d]->name)) return false;
  }
  return true;
}

static const Index *index_of(const Rows *r, const char *name) {
  const Index *x = NULL;
  ITEMS(it, r->b) { x = x ? x : item_free(it, name); x = x ? x : item_bound(it, name); }
  return x;
}
bool lane_unit(Ctx *c, const Item *it, const char *name) {
  bool ok = true, any = false;
  EACH(Expr, r, it->reads) { int64_t s = access_stride(c, r->tensor, r->arg, name); any |= s == 1; ok &= s == 0 || s == 1; }
  return ok && any;
}

/* How many rows go together: eight short ones, fewer as they get longer, so that they fill a small part of the first cache; four where a costly one
 * is stored, and of rows that do not fit there; but a long row with costly functions goes alone: the next one is fetched meanwhile. */
static int rows_many(const Rows *r) {
  int64_t n = count_max(index_of(r, r->lane)), rows = count_max(index_of(r, r->last)); bool costly = n * 4 >= r->b->t->l1; int many = 8;
  ITEMS(it, r->b) if (cols_of(r, it, true) && expr_costly(it->eq[0]->rhs)) { costly |= !it->red; if (n * 16 >= r->b->t->l1) return 1; }
  while (many > 1 && (many > rows || (costly ? many > 4 && n > 64 : many * n * 20 > r->b->t->l1))) many /= 2;
  return many;
}

/* The first reduction decides: its columns if they are contiguous and fill vectors (or the row is more than one window), else a row index. */
static void rows_lane(Rows *r) {
  const Build *b = r->b; const Item *red = b->its.at;
  while (red < b->its.at + b->its.n && !red->red) red++;
  if (red == b->its.at + b->its.n || b->lanes == 1) return;
  const char *bound = lane_best(b->c, red, true), *free = lane_best(b->c, red, false);
  bool near = lane_unit(b->c, red, bound), wide = count_max(index_of(r, bound)) * 2 >= b->lanes;
  r->across = !free || (near && wide) || (near && red->nk == 1 && b->its.n > 1 && !lane_unit(b->c, red, free));
  r->lane = r->across ? bound : free;
  if (!r->last || !r->across || b->t->little_ram || r->col.n != 1) return;
  r->many = rows_many(r);
}
/* Columns of a small window are unrolled in the leaf. */
static bool col_small(const Rows *r, const char *name) { const Index *x = index_of(r, name); return !r->across && is_fixed(x) && count_max(x) <= 4; }

static Tree *leaf_row(const Rows *r, const Item *it) {
  Order o = { 0 }; bool col = cols_of(r, it, true);
  for (int d = 0; d < r->col.n && col; d++) if (col_small(r, r->col.at[d])) order_unroll(r->b->c, &o, r->col.at[d]);
  if (r->many > 1) order_unroll(r->b->c, &o, r->last);
  if (r->lane && (r->across ? col : item_free(it, r->lane) != NULL)) order_add(r->b->c, &o, r->lane, LEAF_VECTOR, 0);
  return leaf_of(r->b->c, it, &o);
}

/* What the costly item reads of the next row, but not where its results push this one out of the first cache; or NULL. */
static Tree *next_row(const Rows *r, const Item *it) {
  int64_t n = 4 * count_max(index_of(r, r->lane)), l1 = r->b->t->l1, s; Ctx *c = r->b->c;
  if (r->many > 1 || !r->last || !expr_costly(it->eq[0]->rhs) || n * 4 < l1 || (!it->red && n >= l1)) return NULL;
  EACH(Expr, x, it->reads)
    if ((s = access_stride(c, x->tensor, x->arg, r->last)) > 0 && access_stride(c, x->tensor, x->arg, r->lane) == 1 && !is_local(r->b->k, x->tensor))
      return tree_prefetch(c, x->tensor->name, s / (4 * r->b->lanes), NULL);
  return NULL;
}

/* One loop over the columns around items first..end - 1; what has none is in registers already. */
static Tree *phase(const Rows *r, int first, int end) {
  Ctx *c = r->b->c; bool cols = cols_of(r, &r->b->its.at[first], true); Tree *body = cols ? tree_leaves(r->b, first, end) : NULL;
  for (int i = first; i < end && !cols; i++) body = tree_cat(body, r->b->its.at[i].leaf);
  if (!cols) return body;
  for (int i = first; i < end && first && r->across; i++) body = tree_cat(next_row(r, &r->b->its.at[i]), body);
  if (r->across) body = tree_loop(c, r->lane, (r->many > 4 ? 1 : 4 / r->many) * r->b->lanes, body);
  for (int d = r->col.n - 1; d >= 0; d--)
    if (!col_small(r, r->col.at[d]) && !(r->across && name_same(r->col.at[d], r->lane))) body = tree_loop(c, r->col.at[d], 1, body);
  return body;
}
static bool phase_ends(const Rows *r, int first, int i) {
  const Item *at = r->b->its.at; bool ends = !cols_of(r, &at[i], true) != !cols_of(r, &at[first], true);
  for (int j = first; j < i; j++) ends |= (at[j].red && item_reads(&at[i], at[j].t)) || !reads_at_home(&at[i], &at[j]);
  return ends;
}

/* What result i reads for the last time of an earlier phase lives in its place from the start, if a cache holds the result. */
static Tree *let_result(const Rows *r, int i) {
  const Build *b = r->b; Item *o = b->its.at; Tree *past = let_past(b, &o[i], r->across ? r->lane : NULL);
  if (past) return past;
  while (o < &b->its.at[i] && !(cols_of(r, o, false) && takes_over(b, i, o))) o++;
  if (o == &b->its.at[i] || is_local(b->k, b->its.at[i].t)) return NULL;
  Tree *let = tree_let(b->c, o->t->name, ST_ALIAS); let->other = b->its.at[i].t->name; return let;
}

Tree *tree_rows(Build *b) {
  Rows r = { .b = b, .many = 1 };
  ITEMS(it, b) for (int j = 0; j < it->nk; j++) name_add(b->c, &r.col, it->k[j]->name);
  ITEMS(it, b) for (int j = 0; j < it->nfree && it->red; j++) if (!name_in(&r.col, it->free[j]->name)) name_add(b->c, &r.row, it->free[j]->name);
  r.last = r.row.n ? r.row.at[r.row.n - 1] : NULL;
  if (!rows_serve(&r)) return tree_singles(b, 0, b->its.n);
  rows_lane(&r);
  Tree *tree = NULL;
  for (int i = 1; i < b->its.n; i++)                      /* what has columns goes before what has none, where it may: fewer phases */
    for (Item *it = &b->its.at[i]; it > b->its.at && cols_of(&r, it, true) && !cols_of(&r, it - 1, true) && !item_reads(it, it[-1].t); it--)
      items_move(it - 1, 1, 0);
  ITEMS(it, b) {                                          /* what is one number a row lives in a register */
    if (!cols_of(&r, it, false) && is_local(b->k, it->t)) tree = tree_cat(tree, tree_let(b->c, it->t->name, ST_REG));
    it->leaf = leaf_row(&r, it);
  }
  for (int i = 0, e; i < b->its.n; i = e) {
    for (e = i + 1; e < b->its.n && !phase_ends(&r, i, e); e++) {}
    for (int j = i; j < e; j++) b->its.at[j].group = i;
    tree = tree_cat(tree, phase(&r, i, e));
  }
  for (int i = b->its.n - 1; i >= 0; i--) tree = tree_cat(let_result(&r, i), tree);
  const char *inner = r.many > 1 ? r.last : !r.across && r.lane && name_in(&r.row, r.lane) ? r.lane : NULL;
  if (inner) tree = tree_loop(b->c, inner, r.many > 1 ? r.many : 2 * b->lanes, tree);
  for (int d = r.row.n - 1; d >= 0; d--) if (!name_same(r.row.at[d], inner)) tree = tree_loop(b->c, r.row.at[d], 1, tree);
  return tree;
}
