/* Trees of row kernels: reductions along rows and the pointwise equations between them, a row at a time.
 *
 *   for i {                                              short rows: for i/8, and i* in every leaf: eight rows hide the latency of
 *     let m reg; let s reg;                              the horizontal steps
 *     for k/64 { m(k~); }
 *     for k/64 { e(k~); s(k~); }
 *     for k/64 { y(k~); }
 *   }
 *
 * A phase is a run of items with the row's indices that one loop over k can compute: no item of it reads a sum that is completed in it.
 * Where k is not contiguous the lanes run over a free index and k is serial: for j/32 { for k/1 { m(j~); } ... }.
 */
#include "builders.h"

typedef struct Rows {
  Ctx *c; const Kernel *k; Items its; const Target *t; const char **row, **col; int nrow, ncol, lanes;
  const char *lane;               /* across: a column; else a row index */
  bool across; int many;          /* rows that go together */
} Rows;

static bool listed(const char **at, int n, const char *name)
{
  for (int i = 0; i < n; i++)
    if (name_same(at[i], name)) return true;
  return false;
}

static void rows_names(Rows *r)
{
  int most = 0;
  for (int i = 0; i < r->its.n; i++) most += r->its.at[i].nfree + r->its.at[i].nk;
  r->row = NEWN(r->c, const char *, most + 1);
  r->col = NEWN(r->c, const char *, most + 1);
  for (int i = 0; i < r->its.n; i++)
    for (int j = 0; j < r->its.at[i].nk; j++)
      if (!listed(r->col, r->ncol, r->its.at[i].k[j]->name)) r->col[r->ncol++] = r->its.at[i].k[j]->name;
  for (int i = 0; i < r->its.n; i++)
    for (int j = 0; j < r->its.at[i].nfree && r->its.at[i].red; j++) {
      const char *name = r->its.at[i].free[j]->name;
      if (!listed(r->row, r->nrow, name) && !listed(r->col, r->ncol, name)) r->row[r->nrow++] = name;
    }
}

static bool has_free_col(const char **col, int n, const Item *it)
{
  for (int i = 0; i < n; i++)
    if (item_free(it, col[i])) return true;
  return false;
}

static bool has_col(const Rows *r, const Item *it)
{
  for (int i = 0; i < r->ncol; i++)
    if (item_free(it, r->col[i]) || item_bound(it, r->col[i])) return true;
  return false;
}

/* Every item has all row indices, and all columns or none; whatever it reads of the kernel, it reads at home. */
static bool rows_serve(const Rows *r)
{
  for (int i = 0; i < r->its.n; i++) {
    const Item *it = &r->its.at[i];
    int cols = 0;
    if (it->neq != 1) return false;
    for (int d = 0; d < r->ncol; d++) cols += item_free(it, r->col[d]) != NULL || item_bound(it, r->col[d]) != NULL;
    if (cols && cols != r->ncol) return false;
    for (int d = 0; d < r->nrow; d++)
      if (!item_free(it, r->row[d])) return false;
    for (int d = 0; d < it->nfree; d++)
      if (!listed(r->row, r->nrow, it->free[d]->name) && !listed(r->col, r->ncol, it->free[d]->name)) return false;
    for (int j = 0; j < i; j++)
      if (item_reads(it, r->its.at[j].t) && !reads_at_home(it, &r->its.at[j])) return false;
  }
  return true;
}

static int64_t col_extent(const Rows *r, const char *name)
{
  for (int i = 0; i < r->its.n; i++) {
    const Index *x = item_free(&r->its.at[i], name);
    if (!x) x = item_bound(&r->its.at[i], name);
    if (x) return count_max(x);
  }
  return 1;
}

typedef struct Unit { Ctx *c; const char *name; bool ok, any; } Unit;
static void unit_read(Ctx *c, const Expr *e, void *arg)
{
  Unit *u = arg;
  int64_t s = access_stride(c, e->tensor, e->arg, u->name);
  u->any |= s == 1;
  u->ok &= s == 0 || s == 1;
}

/* Is every read of the item contiguous along this index, or without it? */
static bool lane_unit(Ctx *c, const Item *it, const char *name)
{
  Unit u = { c, name, true, false };
  each_read(c, it->eq[0]->rhs, unit_read, &u);
  return u.ok && u.any;
}

/* The first reduction decides: its columns if they are contiguous and fill vectors (or the row is more than one window), else a row
 * index. */
static void rows_lane(Rows *r)
{
  const Item *red = NULL;
  for (int i = 0; i < r->its.n && !red; i++)
    if (r->its.at[i].red) red = &r->its.at[i];
  if (!red || r->lanes == 1) return;
  const char *bound = lane_best(r->c, r->k, red, true), *free = red->nfree ? lane_best(r->c, r->k, red, false) : NULL;
  bool near = lane_unit(r->c, red, bound), wide = col_extent(r, bound) * 2 >= r->lanes;
  r->across = !free || (near && wide) || (near && !wide && red->nk == 1 && r->its.n > 1 && !lane_unit(r->c, red, free));
  r->lane = r->across ? bound : free;
}

static bool col_fixed(const Rows *r, const char *name)
{
  for (int i = 0; i < r->its.n; i++) {
    const Index *x = item_free(&r->its.at[i], name);
    if (!x) x = item_bound(&r->its.at[i], name);
    if (x) return is_fixed(x);
  }
  return false;
}

/* How many rows go together: eight short ones, along the innermost row index. */
static void rows_many(Rows *r)
{
  r->many = 1;
  if (!r->nrow || !r->across || r->t->little_ram) return;
  if (col_extent(r, r->lane) <= 128 && r->ncol == 1 && col_extent(r, r->row[r->nrow - 1]) >= 8) r->many = 8;
}

/* Columns of a small window are unrolled in the leaf. */
static bool col_small(const Rows *r, const char *name) { return !r->across && col_fixed(r, name) && col_extent(r, name) <= 4; }

static Tree *leaf_row(const Rows *r, const Item *it)
{
  Order o = { { .c = r->c } };
  for (int d = 0; d < r->ncol && has_col(r, it); d++)
    if (col_small(r, r->col[d])) order_add(&o, r->col[d], "*");
  const char *last = r->nrow ? r->row[r->nrow - 1] : NULL;
  if (r->many > 1) order_add(&o, last, "*");
  if (!r->across && r->lane && item_free(it, r->lane)) order_add(&o, r->lane, "~");
  if (r->across && has_col(r, it)) order_add(&o, r->lane, "~");
  return leaf_of(r->c, it, &o);
}

/* One loop over the columns around items first..first + n. */
static Tree *phase(const Rows *r, int first, int n)
{
  bool col = has_col(r, &r->its.at[first]);
  Tree *body = col ? lets_reg(r->c, r->k, &r->its, first, n) : NULL;      /* without columns: lets_row has them */
  for (int i = first; i < first + n; i++) body = tree_cat(body, leaf_row(r, &r->its.at[i]));
  if (!col) return body;
  for (int d = r->ncol - 1; d >= 0; d--) {
    bool lane = r->across && name_same(r->col[d], r->lane);
    if (lane) body = tree_for(r->c, r->col[d], (r->many > 1 ? 1 : 4) * r->lanes, LOOP_SERIAL, body);
  }
  for (int d = r->ncol - 1; d >= 0; d--)
    if (!col_small(r, r->col[d]) && (!r->across || !name_same(r->col[d], r->lane))) body = tree_for(r->c, r->col[d], 1, LOOP_SERIAL, body);
  return body;
}

static bool phase_ends(const Rows *r, int first, int i)
{
  const Item *it = &r->its.at[i];
  if (has_col(r, it) != has_col(r, &r->its.at[first])) return true;
  for (int j = first; j < i; j++)
    if (r->its.at[j].red && item_reads(it, r->its.at[j].t)) return true;
  return false;
}

/* Values of a row that are one number live in registers. */
static Tree *lets_row(const Rows *r)
{
  Tree *t = NULL;
  for (int i = 0; i < r->its.n; i++)
    if (!has_free_col(r->col, r->ncol, &r->its.at[i]) && is_local(r->k, r->its.at[i].t)) t = tree_cat(t, tree_let(r->c, r->its.at[i].t->name, ST_REG));
  return t;
}

static Tree *rows_around(const Rows *r, Tree *body)
{
  for (int d = r->nrow - 1; d >= 0; d--) {
    bool lane = !r->across && r->lane && name_same(r->row[d], r->lane);
    if (lane) body = tree_for(r->c, r->row[d], 2 * r->lanes, LOOP_SERIAL, body);
    else if (d == r->nrow - 1 && r->many > 1) body = tree_for(r->c, r->row[d], r->many, LOOP_SERIAL, body);
  }
  for (int d = r->nrow - 1; d >= 0; d--) {
    bool lane = !r->across && r->lane && name_same(r->row[d], r->lane);
    if (!lane && !(d == r->nrow - 1 && r->many > 1)) body = tree_for(r->c, r->row[d], 1, LOOP_SERIAL, body);
  }
  return body;
}

Tree *tree_rows(Ctx *c, const Graph *g, const Kernel *k, const Target *t)
{
  (void)g;
  Rows r = { .c = c, .k = k, .its = items_of(c, k), .t = t, .lanes = kernel_lanes(k, t) };
  Tree *tree = NULL;
  rows_names(&r);
  if (!rows_serve(&r)) {
    for (int i = 0; i < r.its.n; i++) tree = tree_cat(tree, tree_single(c, k, &r.its.at[i], t));
    return tree;
  }
  rows_lane(&r);
  rows_many(&r);
  tree = lets_row(&r);
  for (int i = 0, e; i < r.its.n; i = e) {
    for (e = i + 1; e < r.its.n && !phase_ends(&r, i, e); e++) {}
    tree = tree_cat(tree, phase(&r, i, e - i));
  }
  return rows_around(&r, tree);
}
