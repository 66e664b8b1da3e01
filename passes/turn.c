/* turn: arguments whose channels lie apart are copied, so that sums over windows run along channels.
 *   before  k0 (x, w) -> (y) { y[o, i, j] = sum(c, r, s: x[c, i + r, j + s] * w[o, c, r, s]); }
 *   after   x_turn (x) -> (x_turn) { x_turn[c, i, j] = x[c, i, j]; }   k0 (x_turn, w) -> (y_turn) { ... }   y_turn (y_turn) -> (y) { ... }
 * needs   kernels; winograd has not looked at them yet             keeps   arguments; what lies between kernels is layout's
 * never   where the lanes that windows, steps and short rows leave empty do not cost twice as much as the copies */
#include "builders.h"
#include <math.h>

typedef struct Side { Tensor *t; int dim; bool written; } Side;        /* an argument, and the dimension that belongs innermost */
typedef struct Turn { Ctx *c; Graph *g; const Target *t; Kernel *k; Map *copy; VEC(Side) side; double cost; bool ok; } Turn;   /* copy: of inputs */

/* The tensor, if it is an argument in which the index lies apart. */
static void side_add(Turn *r, Tensor *t, Expr *const *place, const Index *i, bool written) {
  int64_t n = access_stride(r->c, t, place, i->name); int dim = -1; const Index *x;
  if (t->kind != (written ? TK_OUTPUT : TK_INPUT) || n == 0 || n == 1) return;
  for (int d = 0; d < t->rank; d++) { r->ok &= !t->shape[d].dim; if ((x = expr_bare(place[d])) && name_same(x->name, i->name)) dim = d; }
  EQS(e, r->g) r->ok &= e->out != t || array_find(r->k->eq, r->k->neq, e) >= 0;
  r->ok &= dim >= 0;
  for (int k = 0; k < r->side.n; k++) if (r->side.at[k].t == t) { r->ok &= r->side.at[k].dim == dim; return; }
  r->cost += (double)tensor_size(t) * (tensor_bytes(t) > r->t->l2 / 2 ? 0.8 : 0.4); PUSH(r->c, r->side, ((Side){ t, dim, written }));
}

static double filled(double n, int lanes) { double over = fmod(n, lanes); return n / (n + (over > 0 ? lanes - over : 0)); }
/* How much of its vectors the sum fills as it is: seven tenths by windows and steps, or what rows leave over. */
static double lanes_filled(const Shape *s, int lanes) {
  for (int d = 0; d < s->x->n; d++) if (!expr_bare(s->x->arg[d]) && !expr_is_const(s->x->arg[d])) return 0.7;
  return filled(index_points(s->m, s->nm), lanes);
}

/* The copy of an argument, and a kernel that makes it, before or behind k. */
static void side_copy(Turn *r, const Side *s) {
  Graph *g = r->g; Ctx *c = r->c; Eq *e; Tensor *t = map_get(r->copy, s->t); int at = array_find(g->kernel, g->nkernel, r->k) + s->written;
  if (t && t->layout[t->rank - 1].dim == s->dim) { EQS(q, r->k) q->rhs = expr_reread(c, q->rhs, s->t, t); return; }
  t = tensor_copy(c, g, s->t, ctx_printf(c, "%s_turn", s->t->name), &e); map_put(c, r->copy, s->t, t);
  layout_last(c, t, s->dim);
  EQS(q, g) if (q != e && (s->written || array_find(r->k->eq, r->k->neq, q) >= 0)) q->rhs = expr_reread(c, q->rhs, s->t, t);
  EQS(q, r->k) q->out = q->out == s->t ? t : q->out;
  for (int n = 0; n < r->k->nout; n++) r->k->out[n] = r->k->out[n] == s->t ? t : r->k->out[n];
  if (s->written) e->out = s->t, e->rhs = expr_read(c, t, e->place, t->pos);
  Kernel **all = NEWN(c, Kernel *, ++g->nkernel), *k = NEW_AS(c, Kernel, .name = t->name, .label = "turn", .neq = 1, .nout = 1, .pos = t->pos);
  k->eq = ctx_copy(c, &e, sizeof e); k->out = ctx_copy(c, &e->out, sizeof e->out);
  for (int n = 0; n < g->nkernel; n++) all[n] = n == at ? k : g->kernel[n - (n > at)];
  g->kernel = all; ledger_add(c, "turn", s->t->name, true, 0, "copied: in %s its channels lie side by side", r->k->name);
}

static int kernel_turn(Ctx *c, Graph *g, const Target *t, Kernel *k, Map *copy) {
  Turn r = { .c = c, .g = g, .t = t, .k = k, .copy = copy, .ok = true }; const Eq *e = NULL; int sums = 0, lanes = kernel_lanes(k, t); Shape s;
  EQS(q, k) if (eq_reduction(q, NULL)) sums++, e = q;
  if (k->tree || sums != 1 || !(s = shape_of(c, e)).contracts || shape_maps(g, &s) || !s.nn || !s.nm || !s.nk || !tensor_known(s.w->tensor)) return 0;
  const Index *o = index_largest(s.n, s.nn), *in = index_largest(s.k, s.nk);
  if (!o || !in) return 0;
  EQS(q, k) {
    Exprs reads = rhs_reads(c, q); side_add(&r, q->out, q->place, o, true);
    EACH(Expr, x, reads) if (x != s.x) side_add(&r, x->tensor, x->arg, o, false);
  }
  if (read_dim(s.x, in) >= 0 && count_max(in) >= lanes) side_add(&r, s.x->tensor, s.x->arg, in, false);
  double work = eq_points(e) * reduce_points(eq_reduction(e, NULL)) / lanes / t->fma_ports, now = lanes_filled(&s, lanes);
  if (!r.side.n || !r.ok || lanes < 4 || work * (1 / now - 1.05 / filled((double)count_max(o), lanes)) < 2 * r.cost) return 0;
  for (int n = 0; n < r.side.n && move_allowed(c, "turn", k->label); n++) side_copy(&r, &r.side.at[n]);
  return r.side.n;
}

int pass_turn(Ctx *c, Graph *g, const Target *t) {
  int n = 0, all = g->nkernel; Kernel **k = ctx_copy(c, g->kernel, sizeof *k * (size_t)all); Map copy = { 0 };
  for (int i = 0; i < all && !graph_streams(g) && t->vector_bytes; i++) n += kernel_turn(c, g, t, k[i], &copy);
  for (int i = 0; i < g->nkernel && n; i++) { kernel_inputs(c, g->kernel[i]); if (!g->kernel[i]->tree) kernel_unify(c, g, g->kernel[i]); }
  return n && !graph_sort(c, g) ? -1 : n;
}
