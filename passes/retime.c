/* Reads ahead: y[t] = x[t - 1] + x[t] + x[t + 1] is causal one frame later. Every tensor gets the least lag that lets all its reads look
 * back; outputs get the delay that the user granted (opt.delay).
 *
 *   lag(y) >= lag(x) + h      for each read of x by y at most h frames ahead; inputs have none, outputs have opt.delay
 */
#include "stream.h"

/* worst: the read that looks farthest ahead. */
typedef struct Retime { Ctx *c; Graph *g; Map *at; int64_t *lag; const Expr *worst; int64_t ahead; bool changed; } Retime;

static int64_t *lag_at(Retime *r, const Tensor *t) {
  int k = pmap_get(r->at, t);
  if (k < 0) bug(r->c, "tensor %s is not of the graph", t->name);
  return &r->lag[k];
}

static void relax_reads(Retime *r, const Eq *e, const Expr *x, const Index *t) {
  Offset o;
  for (int k = 0; k < x->n; k++) relax_reads(r, e, x->arg[k], t);
  if (x->kind != E_READ || x->tensor->stream_dim < 0) return;
  if (!stream_offset(r->c, x->arg[x->tensor->stream_dim], t, &o)) return;
  int64_t need = *lag_at(r, x->tensor) + o.hi;
  if (o.hi > r->ahead) { r->ahead = o.hi; r->worst = x; }
  if (need > *lag_at(r, e->out)) { *lag_at(r, e->out) = need; r->changed = true; }
}

/* False: a recurrence that reads its own future. */
static bool relax(Retime *r) {
  r->changed = true;
  for (int round = 0; r->changed && round <= r->g->ntensor + 1; round++) {
    r->changed = false;
    for (int k = 0; k < r->g->neq; k++) {
      const Index *t = eq_stream(r->g->eq[k]);
      if (t) relax_reads(r, r->g->eq[k], r->g->eq[k]->rhs, t);
    }
  }
  return !r->changed;
}

static Expr *shift_read(Ctx *c, Expr *e, void *arg) {
  Retime *r = arg;
  if (e->kind != E_READ || e->tensor->stream_dim < 0 || !*lag_at(r, e->tensor)) return e;
  Expr **at = NEWN(c, Expr *, e->n), *lag = expr_int(c, *lag_at(r, e->tensor));
  for (int d = 0; d < e->n; d++) at[d] = d == e->tensor->stream_dim ? expr_fn2(c, FN_ADD, e->arg[d], lag) : e->arg[d];
  return expr_read(c, e->tensor, at, e->pos);
}

/* y[t] := what y[t - lag] was. */
static void shift_eq(Retime *r, Eq *e) {
  Index *t = eq_stream(e);
  if (!t) return;
  int64_t lag = *lag_at(r, e->out);
  Expr *then = expr_fn2(r->c, FN_SUB, expr_index(r->c, t), expr_int(r->c, lag));
  if (lag) e->rhs = expr_subst(r->c, e->rhs, &t, &then, 1);
  e->rhs = expr_map(r->c, e->rhs, shift_read, r);
}

bool stream_retime(Ctx *c, Graph *g, Map *lags, const int64_t **lag) {
  Retime r = { .c = c, .g = g, .at = lags, .lag = NEWN(c, int64_t, g->ntensor) };
  int64_t need = 0;
  for (int k = 0; k < g->ntensor; k++) pmap_set(c, lags, g->tensor[k], k);
  *lag = NULL;
  bool causal = relax(&r);
  Pos p = r.worst ? r.worst->pos : g->pos;
  const char *name = r.worst ? r.worst->tensor->name : g->name;
  if (!causal) { diag_error(c, p, "a recurrence reads its own future: `%s`", name); return false; }
  for (int k = 0; k < g->nout; k++)
    if (*lag_at(&r, g->out[k]) > need) need = *lag_at(&r, g->out[k]);
  if (need > c->opt.delay) {
    diag_error(c, p, "`%s` is read %lld frame%s ahead of time", name, (long long)r.ahead, r.ahead == 1 ? "" : "s");
    diag_help(c, "--delay=%lld makes the graph causal: its outputs come %lld frame%s later", (long long)need, (long long)need, need == 1 ? "" : "s");
    return false;
  }
  for (int k = 0; k < g->nout; k++) *lag_at(&r, g->out[k]) = c->opt.delay;
  if (!need && !c->opt.delay && !r.ahead) return true;
  for (int k = 0; k < g->neq; k++) shift_eq(&r, g->eq[k]);
  *lag = r.lag;
  ledger_add(c, "stream", g->name, true, 0, "outputs come %d frames later", c->opt.delay);
  return true;
}
