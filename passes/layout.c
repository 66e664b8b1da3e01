/* layout: the order of every temporary's dimensions in memory, and constants packed for the loops that read them.
 *
 *   before  h: f32[1, 32, 112, 112]             param w: f32[512, 512]        y[i, j] = sum(k: x[i, k] * w[k, j])
 *   after   h as [d0, d2, d3, d1]               const w_pack as [d1 / 32, d0, d1 % 32]
 *
 * needs   kernels; the trees that schedule will build (the same plans are asked: plan_contraction, plan_stream)
 * keeps   arguments row-major; kernels with a tree of their own
 * never   changes an equation, but for reads of packed constants and the names of indices
 *
 * A temporary's layout is searched over the orders of its dimensions (notes/networks.md c): each access of a contraction, a row or a
 * pointwise kernel says what it costs if its lane does not have stride 1; ties go to the fewest inversions.
 */
#include "pack.h"

static bool data_known(const Tensor *t) { return t->kind == TK_PARAM || t->kind == TK_CONST; }

/* ---- which lane a kernel would like, before layouts are known */
typedef struct Wish { const char *lane; bool contracts; } Wish;

static const Index *largest(Index **at, int n)
{
  const Index *best = NULL;
  for (int i = 0; i < n; i++)
    if (is_fixed(at[i]) && (!best || count_max(at[i]) >= count_max(best))) best = at[i];
  return best;
}

static const char *unit_name(Ctx *c, const Eq *e, const Tensor *t, Expr *const *place)
{
  for (int i = 0; i < e->nfree; i++)
    if (access_stride(c, t, place, e->free[i]->name) == 1) return e->free[i]->name;
  return NULL;
}

typedef struct Fixed { const Eq *e; const char *lane; } Fixed;
static void fixed_read(Ctx *c, const Expr *r, void *arg)
{
  Fixed *f = arg;
  if (r->tensor->kind == TK_INPUT && !f->lane && r->n > 1) f->lane = unit_name(c, f->e, r->tensor, r->arg);
}

/* Contractions: the index that only the constant operand has, else the batch index. Others: what is contiguous in an argument. */
static Wish wish_of(Ctx *c, const Kernel *k)
{
  Wish w = { NULL, false };
  for (int i = 0; i < k->neq && !w.contracts; i++) {
    Shape s;
    shape_plain(c, k->eq[i], &s);
    if (s.kind != CLASS_CONTRACTION) continue;
    const Index *lane = s.nn ? largest(s.n, s.nn) : s.nbatch && s.nm ? largest(s.batch, s.nbatch) : largest(s.m, s.nm);
    if (lane) w = (Wish){ lane->name, true };
  }
  for (int i = 0; i < k->neq && !w.contracts; i++) {
    const Eq *e = k->eq[i];
    Fixed f = { e, NULL };
    if (e->out->kind == TK_OUTPUT && e->out->rank > 1) w.lane = unit_name(c, e, e->out, e->place);
    if (!w.lane) each_read(c, e->rhs, fixed_read, &f);
    if (f.lane) w.lane = f.lane;
  }
  return w;
}

/* ---- what a layout costs */
typedef struct Cost { Ctx *c; const Graph *g; const Tensor *t; const Wish *wish; const Eq *e; int kernel; double v; } Cost;

static double apart(const Cost *s, Expr *const *place, const char *name, double price)
{
  int64_t n = name ? access_stride(s->c, s->t, place, name) : 0;
  return n == 0 || n == 1 ? 0 : price;
}

static void cost_read(Ctx *c, const Expr *r, void *arg)
{
  Cost *s = arg;
  if (r->tensor != s->t) return;
  Shape h;
  shape_plain(c, s->e, &h);
  const Wish *w = &s->wish[s->kernel];
  bool operand = h.x && (h.x->tensor == s->t || h.w->tensor == s->t);
  if (!operand) {
    s->v += apart(s, r->arg, w->lane, w->contracts ? 10 : 5);
  } else if (!h.nn || (h.w->tensor == s->t && expr_equal(h.w, r))) {
    s->v += apart(s, r->arg, w->lane, h.nn ? 4 : 50);
  } else {
    const Index *k = largest(h.k, h.nk);
    s->v += k ? apart(s, r->arg, k->name, 1) : 0;
  }
  Expr *red = eq_reduction(s->e, NULL);
  if (!operand && red && red->nbound && !w->lane) s->v += apart(s, r->arg, largest(red->bound, red->nbound) ? largest(red->bound, red->nbound)->name : NULL, 3);
}

static double cost_of(Ctx *c, const Graph *g, const Tensor *t, const Wish *wish)
{
  Cost s = { c, g, t, wish, NULL, 0, 0 };
  for (s.kernel = 0; s.kernel < g->nkernel; s.kernel++)
    for (int i = 0; i < g->kernel[s.kernel]->neq; i++) {
      s.e = g->kernel[s.kernel]->eq[i];
      const Wish *w = &wish[s.kernel];
      if (s.e->out == t) s.v += apart(&s, s.e->place, w->lane, w->contracts ? 50 : 5);
      each_read(c, s.e->rhs, cost_read, &s);
    }
  return s.v;
}

/* ---- the search */
typedef struct Search { Ctx *c; const Graph *g; Tensor *t; const Wish *wish; LayoutDim at[8], best[8]; int n; double least; } Search;

static void search_orders(Search *s, int depth)
{
  if (depth == s->n) {
    double inversions = 0;
    for (int i = 0; i < s->n; i++)
      for (int j = i + 1; j < s->n; j++) inversions += s->at[i].dim > s->at[j].dim;
    double v = cost_of(s->c, s->g, s->t, s->wish) + 0.01 * inversions;
    if (v >= s->least) return;
    s->least = v;
    memcpy(s->best, s->at, sizeof s->at);
    return;
  }
  for (int i = depth; i < s->n; i++) {
    LayoutDim swap = s->at[i];
    memmove(s->at + depth + 1, s->at + depth, sizeof *s->at * (size_t)(i - depth));
    s->at[depth] = swap;
    search_orders(s, depth + 1);
    memmove(s->at + depth, s->at + depth + 1, sizeof *s->at * (size_t)(i - depth));
    s->at[i] = swap;
  }
}

static bool is_sorted(const LayoutDim *l, int n)
{
  for (int i = 1; i < n; i++)
    if (l[i].dim < l[i - 1].dim) return false;
  return true;
}

/* Dimensions of extent 1 stand outside and are not permuted; more than four others are left alone. */
static bool layout_search(Ctx *c, const Graph *g, Tensor *t, const Wish *wish)
{
  Search s = { .c = c, .g = g, .t = t, .wish = wish, .least = 1e300 };
  int wide = 0, ones = 0;
  for (int d = 0; d < t->rank; d++) wide += extent_max(t->shape[d]) != 1;
  if (t->rank > 8 || wide < 2 || wide > 4) return false;
  LayoutDim *l = NEWN(c, LayoutDim, t->rank);
  for (int d = 0; d < t->rank; d++) {
    if (extent_max(t->shape[d]) != 1) s.at[s.n++] = (LayoutDim){ d, 1, 0 };
    else l[ones++] = (LayoutDim){ d, 1, 0 };
  }
  t->layout = s.at;
  t->nlayout = s.n;
  search_orders(&s, 0);
  t->layout = NULL;
  t->nlayout = 0;
  if (is_sorted(s.best, s.n)) return false;
  memcpy(l + ones, s.best, sizeof *l * (size_t)s.n);
  t->layout = l;
  t->nlayout = t->rank;
  return true;
}

/* ---- constants */
static int pack_operand(Ctx *c, Graph *g, Eq *e, const Expr *r, const PackOrder *o) { return r && data_known(r->tensor) && pack_read(c, g, e, r, o); }

static bool read_names(Ctx *c, const Expr *r, const char *name) { return name && access_stride(c, r->tensor, r->arg, name) != 0; }

static int pack_group(Ctx *c, Graph *g, const Items *its, const Group *gr, const Plan *p)
{
  int n = 0;
  for (int i = gr->first; i < gr->first + gr->n; i++) {
    Shape s;
    if (!its->at[i].red || its->at[i].neq != 1) continue;
    shape_plain(c, its->at[i].eq[0], &s);
    if (!s.x) continue;
    bool lane = read_names(c, s.w, p->lane);
    PackOrder o = { p->outer, p->nouter, lane ? p->lane : p->row, lane ? (int64_t)p->tile.nv * p->lanes : p->tile.mr, p->k, p->nk };
    if (p->across) o = (PackOrder){ p->outer, p->nouter, p->lane, 0, p->k, p->nk };
    n += pack_operand(c, g, its->at[i].eq[0], s.w, &o);
  }
  return n;
}

/* Recurrences: lanes along the largest index that does not step, all of it in one panel. */
static int pack_steps(Ctx *c, Graph *g, const Items *its, const Group *gr, const char *step)
{
  int n = 0;
  for (int i = gr->first; i < gr->first + gr->n; i++) {
    Shape s;
    const char *lane = row_name(&its->at[i], step);
    PackOrder o = { .panel = lane };
    if (!its->at[i].red || its->at[i].neq != 1 || !lane) continue;
    shape_plain(c, its->at[i].eq[0], &s);
    if (!s.x) continue;
    order_k(c, &s, lane, &o.k, &o.nk);
    n += pack_operand(c, g, its->at[i].eq[0], s.w, &o);
  }
  return n;
}

static int pack_contraction(Ctx *c, Graph *g, const Kernel *k, const Target *t)
{
  Items its = items_of(c, k);
  int ngroup, n = 0;
  Group *gr = groups_of(c, g, &its, &ngroup);
  for (int i = 0; i < ngroup; i++) {
    Plan p;
    const Item *head = &its.at[gr[i].first];
    if (gr[i].circle) n += pack_steps(c, g, &its, &gr[i], group_step(c, g, &its, &gr[i]));
    else if (head->red && plan_contraction(c, k, head, gr[i].ncon, t, &p)) n += pack_group(c, g, &its, &gr[i], &p);
  }
  return n;
}

static int pack_stream(Ctx *c, Graph *g, const Kernel *k, const Target *t)
{
  StreamPlan p = plan_stream(c, g, k, t);
  int n = 0;
  for (int i = 0; i < p.ngroup; i++) {
    if (p.group[i].circle) {
      n += pack_steps(c, g, &p.its, &p.group[i], p.time);
      continue;
    }
    for (int j = p.group[i].first; j < p.group[i].first + p.group[i].n; j++) {
      Shape s;
      PackOrder o = { .panel = p.row[i], .width = p.mr[i] };
      if (!p.its.at[j].red || p.its.at[j].neq != 1) continue;
      shape_plain(c, p.its.at[j].eq[0], &s);
      if (!s.x) continue;
      order_k(c, &s, NULL, &o.k, &o.nk);
      n += pack_operand(c, g, p.its.at[j].eq[0], s.w, &o);
    }
  }
  return n;
}

/* New equations of constants were appended: they come first, behind the constants that they copy. */
static void constants_first(Ctx *c, Graph *g)
{
  Eq **v = NEWN(c, Eq *, g->neq + 1);
  int n = 0;
  for (int i = 0; i < g->neq; i++)
    if (g->eq[i]->constant) v[n++] = g->eq[i];
  for (int i = 0; i < g->neq; i++)
    if (!g->eq[i]->constant) v[n++] = g->eq[i];
  memcpy(g->eq, v, sizeof *v * (size_t)n);
}

/* ---- the kernel's list of inputs, after reads have changed */
typedef struct In { Kernel *k; VEC(Tensor *) v; } In;
static void in_read(Ctx *c, const Expr *r, void *arg)
{
  In *in = arg;
  for (int i = 0; i < in->v.n; i++)
    if (in->v.at[i] == r->tensor) return;
  for (int i = 0; i < in->k->neq; i++)
    if (in->k->eq[i]->out == r->tensor) return;
  PUSH(c, in->v, r->tensor);
}

static void kernel_inputs(Ctx *c, Kernel *k)
{
  In in = { k, { 0 } };
  for (int i = 0; i < k->neq; i++) each_read(c, k->eq[i]->rhs, in_read, &in);
  k->in = in.v.at;
  k->nin = in.v.n;
}

static bool kernel_streams(const Kernel *k)
{
  for (int i = 0; i < k->neq; i++)
    for (int j = 0; j < k->eq[i]->nfree; j++)
      if (is_stream(k->eq[i]->free[j])) return true;
  return false;
}

/* Streams keep frames innermost: windows of the past and lanes run along them. */
static bool stream_last(Ctx *c, Tensor *t)
{
  int n = 0;
  if (t->stream_dim < 0 || t->stream_dim == t->rank - 1) return false;
  t->layout = NEWN(c, LayoutDim, t->rank);
  for (int d = 0; d < t->rank; d++)
    if (d != t->stream_dim) t->layout[n++] = (LayoutDim){ d, 1, 0 };
  t->layout[n++] = (LayoutDim){ t->stream_dim, 1, 0 };
  t->nlayout = n;
  return true;
}

static int layout_tensors(Ctx *c, Graph *g)
{
  int n = 0;
  Wish *wish = NEWN(c, Wish, g->nkernel + 1);
  for (int i = 0; i < g->nkernel; i++) wish[i] = wish_of(c, g->kernel[i]);
  for (int i = 0; i < g->ntensor; i++) {
    Tensor *t = g->tensor[i];
    if (t->kind != TK_TEMP || t->layout || t->rank < 2) continue;
    n += t->stream_dim >= 0 ? stream_last(c, t) : layout_search(c, g, t, wish);
  }
  return n;
}

int pass_layout(Ctx *c, Graph *g, const Target *t)
{
  int n = 0;
  bool all = true;
  for (int i = 0; i < g->nkernel; i++) {
    all &= !g->kernel[i]->tree;
    if (!g->kernel[i]->tree) kernel_unify(c, g, g->kernel[i]);
  }
  if (all) n += layout_tensors(c, g);
  for (int i = 0; i < g->nkernel; i++) {
    Kernel *k = g->kernel[i];
    if (k->tree || !k->neq) continue;
    int packed = kernel_streams(k) ? pack_stream(c, g, k, t) : pack_contraction(c, g, k, t);
    if (packed) kernel_inputs(c, k);
    n += packed;
  }
  constants_first(c, g);
  return n;
}
