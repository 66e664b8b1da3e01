/* Writes a WaveNet as plain equations in frit's language. One layer (array 0, layer 3, kernel 3, dilation 8) is
 *
 *   z0_3[o, t] = w.b[o] + mix[o] * x[t] + sum(c, k: (h0_3[c, t - (2 - k) * 8] or p0_3[c]) * w[o, c, k]);
 *   a0_3[o, t] = tanh(z0_3[o, t]);
 *   s0_3[o, t] = s0_2[o, t] + a0_3[o, t];                                  what the head sums up
 *   h0_4[c, t] = h0_3[c, t] + e[c] + sum(o: a0_3[o, t] * v[c, o]);         the residual
 *
 * and, for the state after silence, the same without time: `const q0_3`, `r0_3`, `p0_4` are what z, a and h settle at when x is 0. */
#include "nam.h"
#include <string.h>

/* Where the writer stands: array i, layer j. A Signal is a value over time and what it settles at; that is NULL where it is known to be 0, and
 * everywhere without prewarm. */
typedef struct Signal { const char *at, *settled; } Signal;
typedef struct Gen {
  Nam *m; Text *t; const Array *array; const Layer *layer; int i, j;
  Signal in, sum;                 /* the residual stream; what the head sums up, NULL: nothing yet */
  bool last, settle_head;         /* this array is the last; some head reads its past */
} Gen;

#define SAY(...) text_add(g->t, __VA_ARGS__)
#define NAME(...) ctx_printf(g->m->c, __VA_ARGS__)
static const char *local(Gen *g, const char *stem, int j) { return NAME("%s%d_%d", stem, g->i, j); }

/* ---- parameters: the next weights of the file */
static const char *declare(Gen *g, const Weight *w) {
  SAY("  param %s: f32[", w->name);
  for (int d = 0; d < w->rank; d++) SAY("%s%lld", d ? ", " : "", (long long)w->shape[d]);
  SAY("];\n");
  return w->name;
}

static const char *array_param(Gen *g, const char *name, int64_t n0, int64_t n1, int64_t n2) {
  return declare(g, nam_tensor(g->m, NAME("arrays.%d.%s", g->i, name), (int64_t[4]){ n0, n1, n2 }));
}

static const Weight *layer_tensor(Gen *g, const char *name, int64_t n0, int64_t n1, int64_t n2) {
  return nam_tensor(g->m, NAME("arrays.%d.layers.%d.%s", g->i, g->j, name), (int64_t[4]){ n0, n1, n2 });
}

static const char *layer_param(Gen *g, const char *name, int64_t n0, int64_t n1, int64_t n2) { return declare(g, layer_tensor(g, name, n0, n1, n2)); }

/* sum over the taps of a causal convolution of `in` with w[row, col, k]. */
static void gen_taps(Gen *g, Signal in, const char *w, const char *row, const char *col, int n, int dilation) {
  if (n == 1) { SAY("sum(%s: %s[%s, t] * %s[%s, %s, 0])", col, in.at, col, w, row, col); return; }
  SAY("sum(%s, k: (%s[%s, t - (%d - k)", col, in.at, col, n - 1);
  if (dilation != 1) SAY(" * %d", dilation);
  if (in.settled) SAY("] or %s[%s]) * %s[%s, %s, k])", in.settled, col, w, row, col);
  else SAY("] or 0) * %s[%s, %s, k])", w, row, col);
}

/* ---- one layer */
static const char *gen_slope(Gen *g, const Act *a, const char *kind) {
  if (!a->slope) return "";
  int64_t *shape = NEWN(g->m->c, int64_t, 1);
  *shape = a->nslope;
  Weight w = { .name = ctx_intern(g->m->c, NAME("arrays.%d.layers.%d.%s.slope", g->i, g->j, kind)), .type = T_F32, .rank = 1, .shape = shape,
               .data = a->slope };
  PUSH(g->m->c, g->m->tensor, w);
  return NAME("%s[o]", declare(g, &w));
}

/* The activation of z (over time, or settled: at is "" then), as a. */
static void gen_gate(Gen *g, const char *head, const char *z, const char *a, const char *at, const char *slope, const char *slope2) {
  const Layer *l = g->layer; int b = g->array->bottleneck;
  const char *main = NAME("%s[o%s]", z, at), *value = NAME(l->act.call, main, slope);
  if (l->gate == GATE_NONE) { SAY("  %s%s[o%s] = %s;\n", head, a, at, value); return; }
  const char *open = NAME(l->second.call, NAME("%s[%d + o%s]", z, b, at), slope2);
  if (l->gate == GATE_GATED) { SAY("  %s%s[o < %d%s] = %s * %s;\n", head, a, b, at, value, open); return; }
  SAY("  %s%s_gate[o < %d%s] = %s;\n", head, a, b, at, open);
  SAY("  %s%s[o < %d%s] = %s_gate[o%s] * %s + (1.0 - %s_gate[o%s]) * %s;\n", head, a, b, at, a, at, value, a, at, main);
}

/* acc + value, both over channels; acc NULL: value itself. */
static const char *gen_sum(Gen *g, const char *head, const char *name, const char *acc, const char *value, const char *at) {
  if (!acc) return value;
  SAY("  %s%s[o%s] = %s[o%s] + %s[o%s];\n", head, name, at, acc, at, value, at);
  return name;
}

/* What a layer gives to the head: a, or head1x1 of it. */
static void gen_to_head(Gen *g, Signal a) {
  const Array *r = g->array; Signal v = a;
  if (!g->settle_head) a.settled = NULL;
  if (r->mixed) {
    const char *w = layer_param(g, "head.w", r->mixed, r->bottleneck, 0), *b = layer_param(g, "head.b", r->mixed, 0, 0);
    v = (Signal){ local(g, "m", g->j), local(g, "n", g->j) };
    SAY("  %s[q, t] = %s[q] + sum(o: %s[o, t] * %s[q, o]);\n", v.at, b, a.at, w);
    if (a.settled) SAY("  const %s[q] = %s[q] + sum(o: %s[o] * %s[q, o]);\n", v.settled, b, a.settled, w);
  }
  g->sum.at = gen_sum(g, "", local(g, "s", g->j), g->sum.at, v.at, ", t");
  if (a.settled) g->sum.settled = gen_sum(g, "const ", local(g, "u", g->j), g->sum.settled, v.settled, "");
}

/* The last layer's is in the file, but no equation reads it. */
static void gen_residual(Gen *g, Signal a, bool needed) {
  const Array *r = g->array;
  const Weight *tw = layer_tensor(g, "out.w", r->channels, r->bottleneck, 0), *tb = layer_tensor(g, "out.b", r->channels, 0, 0);
  if (!needed) return;
  const char *w = declare(g, tw), *b = declare(g, tb), *h = local(g, "h", g->j + 1), *p = local(g, "p", g->j + 1);
  SAY("  %s[c, t] = %s[c, t] + %s[c] + sum(o: %s[o, t] * %s[c, o]);\n", h, g->in.at, b, a.at, w);
  g->in.at = h;
  if (!a.settled) return;
  SAY("  const %s[c] = ", p);
  if (g->in.settled) SAY("%s[c] + ", g->in.settled);
  SAY("%s[c] + sum(o: %s[o] * %s[c, o]);\n", b, a.settled, w);
  g->in.settled = p;
}

static void gen_layer(Gen *g) {
  const Array *r = g->array; const Layer *l = g->layer = &r->layer[g->j];
  int rows = l->gate == GATE_NONE ? r->bottleneck : 2 * r->bottleneck; bool last = g->last && g->j == r->nlayer - 1;
  const char *z = local(g, "z", g->j), *q = local(g, "q", g->j);
  Signal a = { local(g, "a", g->j), !g->m->prewarm || (last && !g->settle_head) ? NULL : local(g, "r", g->j) };
  SAY("\n  # array %d, layer %d: kernel %d, dilation %d\n", g->i, g->j, l->kernel, l->dilation);
  const char *w = layer_param(g, "conv.w", rows, r->channels, l->kernel), *b = layer_param(g, "conv.b", rows, 0, 0);
  const char *mix = layer_param(g, "mix.w", rows, 0, 0);
  const char *slope = gen_slope(g, &l->act, "act"), *slope2 = l->gate == GATE_NONE ? "" : gen_slope(g, &l->second, "gate");
  SAY("  %s[o, t] = %s[o] + %s[o] * x[t] + ", z, b, mix);
  gen_taps(g, g->in, w, "o", "c", l->kernel, l->dilation);
  SAY(";\n");
  gen_gate(g, "", z, a.at, ", t", slope, slope2);
  if (a.settled) {                /* without a past that is not 0, z settles at the bias */
    SAY("  const %s[o] = %s[o]", q, b);
    if (g->in.settled) SAY(" + sum(c, k: %s[c] * %s[o, c, k])", g->in.settled, w);
    SAY(";\n");
    gen_gate(g, "const ", q, a.settled, "", slope, slope2);
  }
  if (r->residual) gen_residual(g, a, !last);
  gen_to_head(g, a);
}

/* ---- arrays */
static void gen_rechannel(Gen *g) {
  const Array *r = g->array;
  const char *h = local(g, "h", 0), *p = local(g, "p", 0), *w = array_param(g, "rechannel.w", r->channels, g->i ? r->inputs : 0, 0);
  if (g->i == 0) {
    SAY("  %s[c, t] = %s[c] * x[t];\n", h, w);
  } else {
    SAY("  %s[c, t] = sum(m: %s[m, t] * %s[c, m]);\n", h, g->in.at, w);
    if (g->in.settled) SAY("  const %s[c] = sum(m: %s[m] * %s[c, m]);\n", p, g->in.settled, w);
  }
  g->in = (Signal){ h, g->in.settled ? p : NULL };
}

/* The array's head: what the next one starts to sum from. */
static void gen_head(Gen *g) {
  const Array *r = g->array; const char *w = array_param(g, "head.w", r->head_out, r->sums, r->head_kernel);
  const char *bias = r->head_bias ? NAME("%s[q] + ", array_param(g, "head.b", r->head_out, 0, 0)) : "";
  Signal v = { NAME("v%d", g->i), NAME("vs%d", g->i) };
  SAY("  %s[q, t] = %s", v.at, bias);
  gen_taps(g, g->sum, w, "q", "o", r->head_kernel, r->head_dilation);
  SAY(";\n");
  g->sum.at = v.at;
  if (!g->sum.settled || g->last) return;
  SAY("  const %s[q] = %ssum(o, k: %s[o] * %s[q, o, k]);\n", v.settled, bias, g->sum.settled, w);
  g->sum.settled = v.settled;
}

/* The operators that activations need, each once. */
static void gen_ops(const Wavenet *net, Text *t) {
  VEC(const char *) done = { 0 };
  for (const Array *r = net->array; r < net->array + net->narray; r++)
    for (int k = 0; k < 2 * r->nlayer; k++) {
      const Layer *l = &r->layer[k / 2];
      const char *op = k % 2 == 0 ? l->act.op : l->gate == GATE_NONE ? NULL : l->second.op; bool seen = !op;
      for (int n = 0; n < done.n; n++) seen |= done.at[n] == op;
      if (seen) continue;
      PUSH(t->c, done, op);
      text_add(t, "%s\n", op);
    }
}

void nam_wavenet(Nam *m, const Wavenet *net, Text *t, const char *graph) {
  Gen gen = { .m = m, .t = t }, *g = &gen;
  for (int i = 0; i < net->narray; i++) g->settle_head |= net->array[i].head_kernel > 1;
  gen_ops(net, t);
  SAY("## A WaveNet of %d layer array%s.\n", net->narray, net->narray > 1 ? "s" : "");
  SAY("graph %s(x: f32[stream t]) -> (y: f32[t]) {\n", graph);
  for (g->i = 0; g->i < net->narray; g->i++) {
    g->array = &net->array[g->i], g->last = g->i == net->narray - 1;
    if (g->i) SAY("\n");
    gen_rechannel(g);
    for (g->j = 0; g->j < g->array->nlayer; g->j++) gen_layer(g);
    SAY("\n");
    gen_head(g);
  }
  declare(g, nam_tensor(m, "head_scale", (int64_t[4]){ 1 }));
  SAY("  y[t] = head_scale[0] * %s[0, t];\n}\n", g->sum.at);
}
