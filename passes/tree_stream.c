/* Trees of a whole network by blocks of frames.
 *
 *   for t/64 stream {
 *     let h1 ring; let s1 alias s0;
 *     for t/32 {
 *       for o/8 { let z reg; z(k, c, o*, t~); a(o*, t~); s1(o*, t~); }
 *       for c/8 { h1(o, c*, t~); }
 *     }
 *     for t/32 { ... }                          the next layer reads h1 at earlier frames: a loop of its own
 *     for t/1 { g(j, i~); y(i~); }              a recurrence over t: frame by frame, lanes along another index
 *   }
 *
 * needs   unified names; equations in an order in which producers come first; histories on tensors
 * never   lets the lanes run over anything but t outside of recurrences: all tensors have t innermost
 */
#include "builders.h"

static const char *stream_name(const Items *its)
{
  for (int i = 0; i < its->n; i++)
    for (int j = 0; j < its->at[i].nfree; j++)
      if (is_stream(its->at[i].free[j])) return its->at[i].free[j]->name;
  return NULL;
}

static bool has_time(const Item *it, const char *time) { return item_free(it, time) != NULL; }

/* The largest free index besides time: what the tile's rows run over. */
const char *row_name(const Item *it, const char *time)
{
  const Index *row = NULL;
  for (int i = 0; i < it->nfree && it->neq == 1; i++)
    if (!name_same(it->free[i]->name, time) && is_fixed(it->free[i]) && (!row || count_max(it->free[i]) >= count_max(row))) row = it->free[i];
  return row ? row->name : NULL;
}

static TileSize stage_size(const Item *it, const char *row, const StreamPlan *p, int copies)
{
  TileSize s = { .m = extent_named(it, row), .n = p->block, .k = 1, .kin = 1, .lanes = p->lanes, .copies = copies };
  for (int i = 0; i < it->nk; i++) s.k *= count_max(it->k[i]);
  return s;
}

/* The least cycles of a stage over its row counts. */
static double best_rows(const Target *t, const TileSize *s, int nv, int *mr)
{
  double least = 1e30;
  *mr = 1;
  for (int r = 1; r <= 16 && r <= s->m; r++) {
    double cy = tile_rows(t, s, r, nv) * (s->m % r ? 1.04 : 1);   /* a rest is code of its own, and a narrower tile */
    if (cy > least) continue;
    least = cy;
    *mr = r;
  }
  return least;
}

/* A few rows together hide the latency of pointwise chains. */
static int rows_pointwise(const TileSize *s, int nv)
{
  int r = nv >= 4 ? 1 : 4 / nv;
  return r < s->m ? r : (int)s->m;
}

static double stage_cost(StreamPlan *p, const Target *t, int i, int nv)
{
  const Item *head = &p->its.at[p->group[i].first];
  p->row[i] = row_name(head, p->time);
  if (p->group[i].circle || !has_time(head, p->time)) return 0;
  TileSize s = stage_size(head, p->row[i], p, p->group[i].ncon > 1 ? p->group[i].ncon : 1);
  if (head->red) return best_rows(t, &s, nv, &p->mr[i]);
  p->mr[i] = rows_pointwise(&s, nv);
  return 0;
}

static double plan_cost(StreamPlan *p, const Target *t, int nv)
{
  double sum = 0;
  for (int i = 0; i < p->ngroup; i++) sum += stage_cost(p, t, i, nv);
  return sum;
}

StreamPlan plan_stream(Ctx *c, const Graph *g, const Kernel *k, const Target *t)
{
  StreamPlan p = { .nv = 1, .lanes = kernel_lanes(k, t), .block = t->block };
  p.its = items_of(c, k);
  p.time = stream_name(&p.its);
  p.group = groups_of(c, g, &p.its, &p.ngroup);
  p.mr = NEWN(c, int, p.ngroup + 1);
  p.row = NEWN(c, const char *, p.ngroup + 1);
  double least = 1e300;
  for (int nv = 1; nv <= 8 && nv * p.lanes <= p.block; nv *= 2) {
    double cy = plan_cost(&p, t, nv);
    if (cy >= least * (t->vector_bytes ? 0.97 : 1.001) || (t->scalable && nv > 1)) continue;
    least = cy;
    p.nv = nv;
  }
  plan_cost(&p, t, p.nv);
  return p;
}

/* ---- leaves */
static void add_bound(Ctx *c, Order *o, const Item *it, const char *lane, const Tile *tile, const TileSize *s, const Target *t)
{
  const char **k;
  int nk;
  Shape shape;
  shape_plain(c, it->eq[0], &shape);
  if (!shape.x) {
    for (int i = 0; i < it->nk; i++) order_add(o, it->k[i]->name, count_max(it->k[i]) <= 4 ? "*" : "");
    return;
  }
  order_k(c, &shape, lane, &k, &nk);
  TileSize z = *s;
  z.kin = nk ? extent_named(it, k[nk - 1]) : 1;
  int ku = tile_unroll(t, &z, tile);
  add_k(c, o, k, nk, ku > 1 ? 1 : ku);                     /* twenty layers are twenty copies of this */
}

static const char *lanes_text(const StreamPlan *p) { return p->lanes > 1 ? "~" : "*"; }

static Tree *leaf_stage(Ctx *c, const StreamPlan *p, const Item *it, int i, const Target *t)
{
  Order o = { { .c = c } };
  if (it->neq > 1) {
    order_pieces(&o, it, p->time, false);
    order_pieces(&o, it, p->time, true);
  }
  TileSize s = stage_size(it, p->row[i], p, p->group[i].ncon > 1 ? p->group[i].ncon : 1);
  Tile tile = { p->mr[i], p->nv, 1, false, 0 };
  if (it->red && it->neq == 1) add_bound(c, &o, it, NULL, &tile, &s, t);
  if (p->row[i]) order_add(&o, p->row[i], "*");
  order_add(&o, p->time, lanes_text(p));
  return leaf_of(c, it, &o);
}

static Tree *leaves_of(Ctx *c, const StreamPlan *p, int i, int from, int n, const Target *t)
{
  Tree *body = NULL;
  for (int j = from; j < from + n; j++) body = tree_cat(body, leaf_stage(c, p, &p->its.at[j], i, t));
  return body;
}

/* Sums first, and what follows together; or, if that would be many copies of costly functions, sums to memory and the rest by few rows. */
static Tree *stage_body(Ctx *c, const Kernel *k, const StreamPlan *p, int i, const Target *t)
{
  const Group *gr = &p->group[i];
  int sums = sums_of(&p->its, gr), few = p->nv >= 4 ? 1 : 4 / p->nv;
  if (!p->row[i] || p->mr[i] <= few || !group_costly(&p->its, gr, sums))
    return tree_cat(lets_reg(c, k, &p->its, gr->first, gr->n), leaves_of(c, p, i, gr->first, gr->n, t));
  Tree *rest = lets_reg(c, k, &p->its, gr->first + sums, gr->n - sums);
  rest = tree_cat(rest, leaves_of(c, p, i, gr->first + sums, gr->n - sums, t));
  return tree_cat(leaves_of(c, p, i, gr->first, sums, t), tree_for(c, p->row[i], few, LOOP_SERIAL, rest));
}

static Tree *stage_of(Ctx *c, const Kernel *k, const StreamPlan *p, int i, const Target *t)
{
  const Item *head = &p->its.at[p->group[i].first];
  Tree *body = stage_body(c, k, p, i, t);
  if (head->neq > 1) return body;
  if (p->row[i]) body = tree_for(c, p->row[i], p->mr[i], LOOP_SERIAL, body);
  for (int f = head->nfree - 1; f >= 0; f--) {
    const char *name = head->free[f]->name;
    if (!name_same(name, p->time) && !(p->row[i] && name_same(name, p->row[i]))) body = tree_for(c, name, 1, LOOP_SERIAL, body);
  }
  return body;
}

/* ---- a recurrence: its equations one after another, frame by frame */
Tree *leaf_step(Ctx *c, const Item *it, const char *step, int lanes, const Target *t)
{
  Order o = { { .c = c } };
  const char *row = row_name(it, step);
  TileSize s = { .m = 1, .n = extent_named(it, row), .k = 1, .kin = 1, .lanes = lanes, .copies = 1 };
  Tile tile = { 1, 4, 1, false, 0 };
  if (it->neq > 1) {
    order_pieces(&o, it, step, false);
    order_pieces(&o, it, step, true);
    return leaf_of(c, it, &o);
  }
  for (int f = 0; f < it->nfree; f++) {
    const char *name = it->free[f]->name;
    if (!name_same(name, step) && !(row && name_same(name, row))) order_add(&o, name, "");
  }
  for (int i = 0; i < it->nk; i++) s.k *= count_max(it->k[i]);
  if (it->red) add_bound(c, &o, it, row, &tile, &s, t);
  if (row) order_add(&o, row, lanes > 1 && extent_named(it, row) > 1 ? "~" : "");
  return leaf_of(c, it, &o);
}

static Tree *frames_of(Ctx *c, const StreamPlan *p, int i, const Target *t)
{
  Tree *body = NULL;
  for (int j = p->group[i].first; j < p->group[i].first + p->group[i].n; j++)
    body = tree_cat(body, leaf_step(c, &p->its.at[j], p->time, p->lanes, t));
  return tree_for(c, p->time, 1, LOOP_SERIAL, body);
}

/* ---- storage */
static int last_reader(const Items *its, const Tensor *t)
{
  int last = -1;
  for (int i = 0; i < its->n; i++)
    if (item_reads(&its->at[i], t)) last = i;
  return last;
}

static bool tensors_alike(const Tensor *a, const Tensor *b)
{
  bool same = a->rank == b->rank && a->type == b->type && !a->history && !b->history && !a->layout && !b->layout;
  for (int d = 0; d < a->rank && same; d++) same = extent_equal(a->shape[d], b->shape[d]);
  return same;
}

/* Does item i write in place of item j, which it reads for the last time, at home, and which lives in memory? */
static bool takes_over(const Kernel *k, const StreamPlan *p, int i, int j)
{
  const Item *a = &p->its.at[i], *b = &p->its.at[j];
  if (!item_reads(a, b->t) || last_reader(&p->its, b->t) != i || !is_local(k, a->t) || !is_local(k, b->t)) return false;
  return a->neq == 1 && b->neq == 1 && !a->red && same_space(a, b) && tensors_alike(a->t, b->t) && reads_at_home(a, b);
}

static int group_at(const StreamPlan *p, int item)
{
  int i = 0;
  while (p->group[i].first + p->group[i].n <= item) i++;
  return i;
}

static Tree *alias_of(Ctx *c, const Kernel *k, const StreamPlan *p, int i)
{
  if (p->group[group_at(p, i)].circle) return NULL;
  for (int j = 0; j < i; j++) {
    if (group_at(p, j) == group_at(p, i) || p->group[group_at(p, j)].circle || !takes_over(k, p, i, j)) continue;
    int end = last_reader(&p->its, p->its.at[i].t);
    if (end < 0 || group_at(p, end) == group_at(p, i)) return NULL;     /* it will live in registers */
    Tree *let = tree_let(c, p->its.at[i].t->name, ST_ALIAS);
    let->other = p->its.at[j].t->name;
    return let;
  }
  return NULL;
}

static Tree *lets_stream(Ctx *c, const Kernel *k, const StreamPlan *p)
{
  Tree *t = NULL;
  for (int i = 0; i < p->its.n; i++) {
    if (p->its.at[i].t->history > 0) t = tree_cat(t, tree_let(c, p->its.at[i].t->name, ST_RING));
    else t = tree_cat(t, alias_of(c, k, p, i));
  }
  return t;
}

/* ---- loops over t */
typedef struct Past { const char *time; const Tensor *t; bool found; } Past;
static void past_read(Ctx *c, const Expr *r, void *arg)
{
  (void)c;
  Past *p = arg;
  if (r->tensor != p->t) return;
  for (int d = 0; d < r->n; d++)
    if (p->t->shape[d].dim && p->t->shape[d].dim->stream && !(r->arg[d]->kind == E_INDEX && name_same(r->arg[d]->index->name, p->time))) p->found = true;
}

/* Does group i read, at another frame, what the groups from..i - 1 compute? */
static bool reads_past(Ctx *c, const StreamPlan *p, int from, int i)
{
  Past past = { p->time, NULL, false };
  for (int a = p->group[from].first; a < p->group[i].first; a++) {
    past.t = p->its.at[a].t;
    for (int b = p->group[i].first; b < p->group[i].first + p->group[i].n; b++)
      for (int e = 0; e < p->its.at[b].neq; e++) each_read(c, p->its.at[b].eq[e]->rhs, past_read, &past);
  }
  return past.found;
}

static Tree *close_loop(Ctx *c, const StreamPlan *p, Tree *loop)
{
  return loop ? tree_for(c, p->time, (int64_t)p->nv * p->lanes, LOOP_SERIAL, loop) : NULL;
}

Tree *tree_stream(Ctx *c, const Graph *g, const Kernel *k, const Target *t)
{
  StreamPlan p = plan_stream(c, g, k, t);
  Tree *body = lets_stream(c, k, &p), *loop = NULL;
  int from = 0;
  for (int i = 0; i < p.ngroup; i++) {
    const Item *head = &p.its.at[p.group[i].first];
    bool apart = p.group[i].circle || !has_time(head, p.time);
    if (loop && (apart || reads_past(c, &p, from, i))) {
      body = tree_cat(body, close_loop(c, &p, loop));
      loop = NULL;
    }
    if (!loop) from = i;
    if (p.group[i].circle) body = tree_cat(body, frames_of(c, &p, i, t));
    else if (apart)
      for (int j = 0; j < p.group[i].n; j++) body = tree_cat(body, tree_single(c, k, &p.its.at[p.group[i].first + j], t));
    else loop = tree_cat(loop, stage_of(c, k, &p, i, t));
  }
  body = tree_cat(body, close_loop(c, &p, loop));
  return tree_for(c, p.time, p.block, LOOP_STREAM, body);
}
