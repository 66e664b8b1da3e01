/* layout: the order of every temporary's dimensions in memory, and constants packed for the loops that read them.
 *   before  h: f32[1, 32, 112, 112]             param w: f32[512, 512]        y[i, j] = sum(k: x[i, k] * w[k, j])
 *   after   h as [d0, d2, d3, d1]               const w_pack as [d1 / 32, d0, d1 % 32]
 * needs   kernels; the trees that schedule will build (the same plans are asked: plan_contraction, plan_stream)
 * keeps   arguments row-major; kernels with a tree of their own
 * never   changes an equation, but for reads of packed constants and the names of indices
 * Of a temporary's layout the innermost dimension is searched (notes/networks.md c): each access of a contraction, a row or a pointwise kernel
 * says what it costs if its lane does not have stride 1; ties go to the last. */
#include "builders.h"

/* ---- which lane a kernel would like, before layouts are known */
typedef struct Wish { const char *lane; bool contracts; } Wish;

static const char *largest(Index **at, int n) { const Index *i = index_largest(at, n); return i ? i->name : NULL; }
static const char *unit_name(Ctx *c, const Eq *e, const Tensor *t, Expr *const *place) {
  for (int i = 0; i < e->nfree; i++) if (access_stride(c, t, place, e->free[i]->name) == 1) return e->free[i]->name;
  return NULL;
}
/* Contractions: the index that only the constant operand has, else the batch index. Others: what is contiguous in an argument. */
static Wish wish_of(Ctx *c, const Graph *g, const Kernel *k) {
  const char *lane = NULL;
  EQS(e, k) {
    Shape s = shape_of(c, e);
    if (s.contracts && !shape_maps(g, &s)) lane = s.nn ? largest(s.n, s.nn) : s.nbatch && s.nm ? largest(s.batch, s.nbatch) : largest(s.m, s.nm);
    if (lane) return (Wish){ lane, true };
  }
  EQS(e, k) {
    Exprs reads = rhs_reads(c, e);
    if (e->out->kind == TK_OUTPUT && e->out->rank > 1) lane = unit_name(c, e, e->out, e->place);
    EACH(Expr, r, reads) if (!lane && r->tensor->kind == TK_INPUT && r->n > 1) lane = unit_name(c, e, r->tensor, r->arg);
  }
  return (Wish){ lane, false };
}

/* ---- what a layout costs: which dimension is innermost. kernel: of an equation; wish: of each kernel */
typedef struct Search { Ctx *c; const Graph *g; const Target *target; Tensor *t; const UseList *use; const Map *kernel; const Wish *wish; } Search;

static double apart(const Search *s, Expr *const *place, const char *name, double price) {
  int64_t n = name ? access_stride(s->c, s->t, place, name) : 0; return n == 0 || n == 1 ? 0 : price;
}
static double read_cost(const Search *s, const Eq *e, const Expr *r, Wish w) {
  Shape h = shape_of(s->c, e); const Expr *red = eq_reduction(e, NULL);
  if (!h.x || (h.x->tensor != s->t && h.w->tensor != s->t))
    return apart(s, r->arg, w.lane, w.contracts ? 10 : 5) + (red && !w.lane ? apart(s, r->arg, largest(red->bound, red->nbound), 3) : 0);
  if (shape_maps(s->g, &h)) return apart(s, r->arg, largest(h.m, h.nm), 10);
  if (!h.nn || (h.w->tensor == s->t && expr_equal(h.w, r))) return apart(s, r->arg, w.lane, h.nn ? 4 : 50);
  const Index *q = group_index(s->c, s->target, e); return apart(s, r->arg, q ? q->name : largest(h.k, h.nk), q ? 20 : 1);
}
static double layout_cost(const Search *s) {
  double v = 0; int k; const Use *u = s->use->read.at;
  for (int i = 0; i < s->use->read.n; i++, u++) if ((k = pmap_get(s->kernel, u->eq)) >= 0) v += read_cost(s, u->eq, u->read, s->wish[k]);
  EACH(Eq, e, s->use->writer) if ((k = pmap_get(s->kernel, e)) >= 0) v += apart(s, e->place, s->wish[k].lane, s->wish[k].contracts ? 50 : 5);
  return v;
}

void layout_last(Ctx *c, Tensor *t, int last) {
  int n = 0; t->layout = NEWN(c, LayoutDim, t->rank); t->nlayout = t->rank;
  for (int ones = 1; ones >= 0; ones--)
    for (int d = 0; d < t->rank; d++) if ((extent_max(t->shape[d]) == 1) == ones && d != last) t->layout[n++] = (LayoutDim){ d, 1, 0 };
  t->layout[n] = (LayoutDim){ last, 1, 0 };
}
static bool layout_search(Search *s) {
  Tensor *t = s->t; int best = -1, natural = -1; double least = 1e300, v;
  for (int d = t->rank - 1; d >= 0; d--) {
    if (extent_max(t->shape[d]) == 1) continue;
    layout_last(s->c, t, d); natural = natural < 0 ? d : natural; v = layout_cost(s);
    if (v < least) best = d, least = v;
  }
  if (best != natural) layout_last(s->c, t, best); else t->layout = NULL, t->nlayout = 0;
  return best != natural;
}

/* Streams keep frames innermost: windows of the past and lanes run along them. */
static int layout_tensors(Ctx *c, Graph *g, const Target *target) {
  int n = 0; Wish *wish = NEWN(c, Wish, g->nkernel); Map kernel = { 0 }; Uses u = uses_find(c, g);
  for (int i = 0; i < g->nkernel; i++) {
    wish[i] = wish_of(c, g, g->kernel[i]); EQS(e, g->kernel[i]) pmap_set(c, &kernel, e, i);
  }
  for (int i = 0; i < g->ntensor; i++) {
    Tensor *t = g->tensor[i];
    Search s = { .c = c, .g = g, .target = target, .t = t, .use = uses_get(&u, t), .kernel = &kernel, .wish = wish };
    if (t->kind != TK_TEMP || t->layout || t->rank < 2 || t->stream_dim == t->rank - 1) continue;
    if (t->stream_dim >= 0) layout_last(c, t, t->stream_dim), n++; else n += layout_search(&s);
  }
  return n;
}

/* ---- packing: a constant operand laid out as the innermost loops read it
 *   before  z[o, t] = sum(c, k: x[c, t + k] * w[o, c, k]);          o runs in tiles of 8, then k, c
 *   after   const w_pack[o < 16, c < 2, k < 3]: f32 = w[o, c, k];   w_pack as [o / 8, k, c, o % 8]
 *           z[o, t] = sum(c, k: x[c, t + k] * w_pack[o, c, k]);
 * The copy runs over the indices of the read, so composite, flipped and shifted places vanish from the loops as well.
 * The loops around a read: outer ones, the index that comes in panels of width (0: one panel), reductions outer to inner, what is innermost. */
typedef struct PackOrder { const char **outer; int nouter; const char *panel; int64_t width; const char **k; int nk; const char *inner; } PackOrder;

/* The indices of a read's places, in the order of the equation; false if one is symbolic or a place reads data. */
static bool read_indices(Ctx *c, const Eq *e, const Expr *read, Indices *out) {
  Indices v = { 0 }; const Expr *red = eq_reduction(e, NULL);
  for (int d = 0; d < read->n; d++) {
    if (!place_static(read->arg[d]) || expr_has(read->arg[d], E_OR)) return false;
    expr_indices(c, read->arg[d], &v);
  }
  EACH(Index, i, v) if (i->is_dim || i->ext.dim) return false;
  for (int i = 0; i < e->nfree; i++) if (index_in(e->free[i], v.at, v.n)) PUSH(c, *out, e->free[i]);
  for (int i = 0; red && i < red->nbound; i++) if (index_in(red->bound[i], v.at, v.n)) PUSH(c, *out, red->bound[i]);
  return out->n == v.n;
}

static int named(const Indices *v, const char *name) {
  int i = name ? v->n - 1 : -1;
  while (i >= 0 && !name_same(v->at[i]->name, name)) i--;
  return i;
}
/* Components outer to inner: the outer loops, what no loop order mentions, panels, reductions, the place in the panel. */
static int layout_of(Ctx *c, const Indices *v, const PackOrder *o, LayoutDim *l) {
  bool *used = NEWN(c, bool, v->n + 1); int panel = named(v, o->panel), inner = named(v, o->inner), n = 0, d;
  bool split = panel >= 0 && o->width > 0 && extent_max(v->at[panel]->ext) > o->width;
  if (panel >= 0) used[panel] = true;
  if (inner >= 0) used[inner] = true;
  for (int i = 0; i < o->nk; i++) if ((d = named(v, o->k[i])) >= 0) used[d] = true;
  for (int i = 0; i < o->nouter + v->n; i++) {
    d = i < o->nouter ? named(v, o->outer[i]) : i - o->nouter;
    if (d >= 0 && !used[d]) { used[d] = true; l[n++] = (LayoutDim){ d, 1, 0 }; }
  }
  if (split) l[n++] = (LayoutDim){ panel, o->width, 0 };
  for (int i = 0; i < o->nk; i++) if ((d = named(v, o->k[i])) >= 0 && d != panel) l[n++] = (LayoutDim){ d, 1, 0 };
  if (panel >= 0) l[n++] = (LayoutDim){ panel, 1, split ? o->width : 0 };
  if (inner >= 0) l[n++] = (LayoutDim){ inner, 1, 0 };
  return n;
}
/* Would the packed copy be the tensor as it is? */
static bool is_natural(const Expr *read, const Indices *v, const LayoutDim *l, int nl) {
  bool same = !read->tensor->layout;
  for (int i = 0, d = 0; i < nl && same; i++, d++) {
    while (d < read->n && extent_equal(read->tensor->shape[d], extent_of(1))) d++;
    same = !l[i].mod && l[i].div <= 1 && d < read->n && read->arg[d]->kind == E_INDEX && read->arg[d]->index == v->at[l[i].dim];
  }
  return same;
}

/* The places of a packed copy: of joined indices a composite. */
static Expr **copy_places(Ctx *c, const Indices *v, Index *const *at, int n) {
  Expr **to = NEWN(c, Expr *, v->n + 1); const char *part;
  for (int d = 0; d < v->n; d++)
    for (const char *rest = v->at[d]->name; (part = name_part(c, &rest));) {
      Index *i = index_named(at, n, part); Expr *x = expr_index(c, i), *outer = to[d];
      to[d] = outer ? expr_fn2(c, FN_ADD, expr_fn2(c, FN_MUL, outer, expr_int(c, i->ext.n)), x) : x;
    }
  return to;
}
/* v: the indices with joined ones, w: as they are in e. */
static Tensor *copy_of(Ctx *c, Graph *g, const Eq *e, const Expr *read, const Indices *v, const Indices *w) {
  Extent *shape = NEWN(c, Extent, v->n); Index **to = NEWN(c, Index *, w->n);
  for (int i = 0; i < v->n; i++) shape[i] = v->at[i]->ext;
  for (int i = 0; i < w->n; i++) to[i] = index_new(c, w->at[i]->name, w->at[i]->ext);
  Expr **at = index_exprs(c, to, w->n), **place = NEWN(c, Expr *, read->n);
  for (int d = 0; d < read->n; d++) place[d] = expr_subst(c, read->arg[d], w->at, at, w->n);
  Tensor *t = tensor_new(c, g, ctx_printf(c, "%s_pack", read->tensor->name), read->tensor->type, v->n, shape, read->tensor->pos);
  Eq *copy = eq_new(c, g, t, to, w->n, expr_read(c, read->tensor, place, read->pos), e);
  t->kind = TK_CONST; copy->constant = true; copy->place = copy_places(c, v, to, w->n); return t;
}

typedef struct Swap { const Expr *from; Expr *to; } Swap;
static Expr *swap_node(Ctx *c, Expr *e, void *arg) { const Swap *s = arg; (void)c; return expr_equal(e, s->from) ? s->to : e; }
static bool or_reads(const Expr *e, const void *t) { return e->kind == E_OR && expr_reads(e, t); }

static Eq *eq_whole(const Kernel *k, const Eq *joined) { EQS(e, k) if (e->id == joined->id) return e; return NULL; }
/* Replaces the read in e, whose indices may be joined, by one of a packed copy, which it adds to the graph. False: not worth it, or not possible. */
static bool pack_read(Build *b, Graph *g, const Eq *joined, const Expr *read, const PackOrder *order) {
  Ctx *c = b->c; Indices v = { 0 }, w = { 0 }; Eq *e = eq_whole(b->whole, joined);
  Exprs reads = rhs_reads(c, joined), whole = rhs_reads(c, e); const Expr *from = whole.at[array_find(reads.at, reads.n, read)];
  if (expr_some(joined->rhs, or_reads, read->tensor) || !read_indices(c, joined, read, &v) || v.n == 0 || !read_indices(c, e, from, &w)) return false;
  if (index_points(v.at, v.n) > 2 * (double)tensor_size(read->tensor) + 1024) return false;
  LayoutDim *l = NEWN(c, LayoutDim, v.n + 1); int nl = layout_of(c, &v, order, l);
  if (is_natural(read, &v, l, nl)) return false;
  Tensor *copy = copy_of(c, g, e, from, &v, &w);
  copy->layout = l; copy->nlayout = nl;
  e->rhs = expr_map(c, e->rhs, swap_node, &(Swap){ from, expr_read(c, copy, copy_places(c, &v, w.at, w.n), from->pos) }); return true;
}

/* The same for an operand that is no constant: the copy is an equation of the kernel. */
static bool pack_moving(Build *b, Graph *g, const Eq *joined, const Expr *read, const PackOrder *o) {
  Kernel *k = g->kernel[array_find(g->kernel, g->nkernel, b->whole)];
  if (!pack_read(b, g, joined, read, o)) return false;
  Eq *copy = g->eq[--g->neq], *e = eq_whole(k, joined); Eqs with = { 0 }; copy->constant = false; copy->out->kind = TK_TEMP;
  EQS(x, k) { if (x == e) PUSH(b->c, with, copy); PUSH(b->c, with, x); }
  eq_insert(b->c, g, eq_at(g, e), copy); k->eq = with.at; k->neq = with.n; return true;
}

/* Where a tile takes one row or few, several panels pass by together: one stream alone keeps the prefetcher idle at each page. */
static int64_t panel_width(const Plan *p) { int nv = p->tile.nv; return p->lanes * (nv < 6 ? nv : nv % 3 == 0 ? 3 : nv % 2 ? nv : 2); }

/* Constants for the loops of a contraction (p), of a recurrence's step (lanes along its largest other index: one panel), or of a stream's rows */
static int pack_group(Build *b, Graph *g, const Group *gr, const Plan *p, const char *step) {
  int n = 0; bool moves = p && p->tile.moves;
  for (int k = gr->first << moves; k < gr->end << moves; k++) {      /* what moves, then what is constant */
    const Item *it = b->its.at + (k >> moves); bool moved = moves && k % 2 == 0;
    Shape s = shape_of(b->c, it->eq[0]); const Expr *w = moved && s.x ? plan_lanes(b->c, it, p) : s.w;
    bool whole = gr->row && b->lanes >= 8 && extent_named(it, gr->row) <= 2 * b->lanes;                     /* lanes may run along it, too */
    PackOrder o = { .panel = gr->circle ? row_name(it, step) : gr->row, .width = whole ? 0 : gr->mr };
    if (!s.x || it->neq != 1 || (!tensor_known(w->tensor) && !moved) || shape_maps(g, &s) || (gr->circle && !o.panel)) continue;
    if (p) {
      bool lane = access_stride(b->c, w->tensor, w->arg, p->lane) != 0;
      o = (PackOrder){ p->outer, p->nouter, lane ? p->lane : p->row, lane ? panel_width(p) : p->tile.mr, p->k, p->nk, p->dot };
      if (p->across) { o.panel = p->lane; o.width = 0; }
    } else order_k(b->c, &s, gr->circle ? o.panel : NULL, &o.k, &o.nk);
    n += (tensor_known(w->tensor) ? pack_read : pack_moving)(b, g, it->eq[0], w, &o);
  }
  return n;
}

static int pack_kernel(Build *b, Graph *g) {
  bool stream = kernel_stream(b->k); int n = 0;
  StreamPlan sp = stream ? plan_stream(b) : (StreamPlan){ .group = groups_of(b) };
  for (const Group *gr = sp.group.at; gr < sp.group.at + sp.group.n; gr++) {
    const Item *head = &b->its.at[gr->first]; Plan p;
    if (stream || gr->circle) n += pack_group(b, g, gr, NULL, stream ? sp.time : group_step(b, gr));
    else if (head->red && plan_contraction(b->c, b->k, head, gr->ncon, b->t, &p)) n += pack_group(b, g, gr, &p, NULL);
  }
  return n;
}

int pass_layout(Ctx *c, Graph *g, const Target *t) {
  int n = 0; bool all = true; Eqs sorted = { 0 };
  for (int i = 0; i < g->nkernel; i++) if (g->kernel[i]->tree) all = false; else kernel_unify(c, g, g->kernel[i]);
  if (all) n += layout_tensors(c, g, t);
  for (int i = 0; i < g->nkernel; i++) {
    Kernel *k = g->kernel[i];
    if (k->tree || !k->neq) continue;
    Build b = build_of(c, g, k, t); int packed = pack_kernel(&b, g);
    if (packed) { kernel_inputs(c, k); n += packed; }
  }
  /* the new equations of constants, at the end: they come first, behind the constants that they copy */
  for (int late = 0; late < 2; late++) EQS(e, g) if (e->constant == !late) PUSH(c, sorted, e);
  g->eq = sorted.at; return n;
}
