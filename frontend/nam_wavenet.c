/* Writes a WaveNet as plain equations in frit's language. One layer (array 0, layer 3, kernel 3, dilation 8) is
 *
 *   z0_3[o, t] = w.b[o] + mix[o] * x[t] + sum(c, k: (h0_3[c, t - (2 - k) * 8] or p0_3[c]) * w[o, c, k]);
 *   a0_3[o, t] = tanh(z0_3[o, t]);
 *   s0_3[o, t] = s0_2[o, t] + a0_3[o, t];                                  what the head sums up
 *   h0_4[c, t] = h0_3[c, t] + e[c] + sum(o: a0_3[o, t] * v[c, o]);         the residual
 *
 * and, for the state after silence, the same without time: `const q0_3`, `r0_3`, `p0_4` are what z, a and h settle at when x is 0.
 */
#include "nam.h"
#include <string.h>

/* Where the writer stands. Settled names are NULL where the value is known to be 0, and everywhere without prewarm. */
typedef struct Gen {
  Nam *m; Text *t; const Wavenet *net; int i, j;
  const char *in, *in_settled;    /* the residual stream */
  const char *sum, *sum_settled;  /* what the head sums up; sum NULL: nothing yet */
  bool settle_head;               /* some head reads its past */
} Gen;

#define NAME(...) ctx_printf(g->m->c, __VA_ARGS__)
static const Array *gen_array(const Gen *g) { return &g->net->array[g->i]; }
static const Layer *gen_layer(const Gen *g) { return &gen_array(g)->layer[g->j]; }

/* The next weights of the file as a parameter; not declared if no equation reads it. */
static const char *gen_param(Gen *g, bool declare, const char *name, int rank, int64_t n0, int64_t n1, int64_t n2)
{
  int64_t shape[3] = { n0, n1, n2 };

  nam_tensor(g->m, name, rank, shape);
  if (!declare) return name;
  text_add(g->t, "  param %s: f32[", name);
  for (int d = 0; d < rank; d++) text_add(g->t, "%s%lld", d ? ", " : "", (long long)shape[d]);
  text_add(g->t, "];\n");
  return name;
}

/* "t", or how tap k of n lies in the past. */
static const char *gen_tap(Gen *g, int n, int dilation)
{
  return dilation == 1 ? NAME("t - (%d - k)", n - 1) : NAME("t - (%d - k) * %d", n - 1, dilation);
}

/* sum over the taps of a causal convolution of `in` with w[row, col, k]. */
static void gen_taps(Gen *g, const char *in, const char *settled, const char *w, const char *row, const char *col, int n, int dilation)
{
  if (n == 1) text_add(g->t, "sum(%s: %s[%s, t] * %s[%s, %s, 0])", col, in, col, w, row, col);
  else if (settled)
    text_add(g->t, "sum(%s, k: (%s[%s, %s] or %s[%s]) * %s[%s, %s, k])", col, in, col, gen_tap(g, n, dilation), settled, col, w, row, col);
  else text_add(g->t, "sum(%s, k: (%s[%s, %s] or 0) * %s[%s, %s, k])", col, in, col, gen_tap(g, n, dilation), w, row, col);
}

/* ---- one layer */
static const char *gen_slope(Gen *g, const Act *a, const char *kind)
{
  if (!a->slope) return NULL;
  const char *name = NAME("arrays.%d.layers.%d.%s.slope", g->i, g->j, kind);
  Weight w = { .name = ctx_intern(g->m->c, name), .type = T_F32, .rank = 1, .shape = NEWN(g->m->c, int64_t, 1), .data = a->slope };

  w.shape[0] = a->nslope;
  PUSH(g->m->c, g->m->tensor, w);
  text_add(g->t, "  param %s: f32[%d];\n", name, a->nslope);
  return NAME("%s[o]", name);
}

static const char *gen_act(Gen *g, const Act *a, const char *of, const char *slope)
{
  const char *at = strstr(a->call, "%s"), *second = strstr(at + 2, "%s");

  if (!second) return NAME("%.*s%s%s", (int)(at - a->call), a->call, of, at + 2);
  return NAME("%.*s%s%.*s%s%s", (int)(at - a->call), a->call, of, (int)(second - at - 2), at + 2, slope, second + 2);
}

/* The activation of z (over time, or settled: at is "" then). */
static void gen_gate(Gen *g, const char *head, const char *z, const char *a, const char *at, const char *slope, const char *slope2)
{
  const Layer *l = gen_layer(g);
  int b = gen_array(g)->bottleneck;
  const char *main = NAME("%s[o%s]", z, at), *gate = NAME("%s[%d + o%s]", z, b, at);

  if (l->gate == GATE_NONE) {
    text_add(g->t, "  %s%s[o%s] = %s;\n", head, a, at, gen_act(g, &l->act, main, slope));
    return;
  }
  const char *open = gen_act(g, &l->second, gate, slope2), *value = gen_act(g, &l->act, main, slope);
  if (l->gate == GATE_GATED) {
    text_add(g->t, "  %s%s[o < %d%s] = %s * %s;\n", head, a, b, at, value, open);
    return;
  }
  text_add(g->t, "  %s%s_gate[o < %d%s] = %s;\n", head, a, b, at, open);
  text_add(g->t, "  %s%s[o < %d%s] = %s_gate[o%s] * %s + (1.0 - %s_gate[o%s]) * %s;\n", head, a, b, at, a, at, value, a, at, main);
}

/* acc + value, both over channels; acc NULL: value itself. */
static const char *gen_sum(Gen *g, const char *head, const char *name, const char *acc, const char *value, const char *at)
{
  if (!acc) return value;
  text_add(g->t, "  %s%s[o%s] = %s[o%s] + %s[o%s];\n", head, name, at, acc, at, value, at);
  return name;
}

/* What a layer gives to the head: a, or head1x1 of it. */
static void gen_to_head(Gen *g, const char *a, const char *settled)
{
  const Array *r = gen_array(g);
  const char *v = a, *vs = settled;

  if (r->mixed) {
    const char *w = gen_param(g, true, NAME("arrays.%d.layers.%d.head.w", g->i, g->j), 2, r->mixed, r->bottleneck, 0);
    const char *b = gen_param(g, true, NAME("arrays.%d.layers.%d.head.b", g->i, g->j), 1, r->mixed, 0, 0);
    text_add(g->t, "  %s[q, t] = %s[q] + sum(o: %s[o, t] * %s[q, o]);\n", v = NAME("m%d_%d", g->i, g->j), b, a, w);
    if (settled && g->settle_head)
      text_add(g->t, "  const %s[q] = %s[q] + sum(o: %s[o] * %s[q, o]);\n", vs = NAME("n%d_%d", g->i, g->j), b, settled, w);
  }
  g->sum = gen_sum(g, "", NAME("s%d_%d", g->i, g->j), g->sum, v, ", t");
  if (settled && g->settle_head) g->sum_settled = gen_sum(g, "const ", NAME("u%d_%d", g->i, g->j), g->sum_settled, vs, "");
}

static void gen_residual(Gen *g, const char *a, const char *settled, bool needed)
{
  const Array *r = gen_array(g);
  const char *w = gen_param(g, needed, NAME("arrays.%d.layers.%d.out.w", g->i, g->j), 2, r->channels, r->bottleneck, 0);
  const char *b = gen_param(g, needed, NAME("arrays.%d.layers.%d.out.b", g->i, g->j), 1, r->channels, 0, 0);
  const char *h = NAME("h%d_%d", g->i, g->j + 1), *p = NAME("p%d_%d", g->i, g->j + 1);

  if (!needed) return;
  text_add(g->t, "  %s[c, t] = %s[c, t] + %s[c] + sum(o: %s[o, t] * %s[c, o]);\n", h, g->in, b, a, w);
  g->in = h;
  if (!settled) return;
  text_add(g->t, "  const %s[c] = ", p);
  if (g->in_settled) text_add(g->t, "%s[c] + ", g->in_settled);
  text_add(g->t, "%s[c] + sum(o: %s[o] * %s[c, o]);\n", b, settled, w);
  g->in_settled = p;
}

/* What z settles at: without a past that is not 0, the bias. */
static void gen_settled(Gen *g, const char *q, const char *w, const char *b)
{
  text_add(g->t, "  const %s[o] = %s[o]", q, b);
  if (g->in_settled) text_add(g->t, " + sum(c, k: %s[c] * %s[o, c, k])", g->in_settled, w);
  text_add(g->t, ";\n");
}

static void gen_layer_text(Gen *g)
{
  const Array *r = gen_array(g);
  const Layer *l = gen_layer(g);
  int i = g->i, j = g->j, rows = l->gate == GATE_NONE ? r->bottleneck : 2 * r->bottleneck;
  bool last = j == r->nlayer - 1 && i == g->net->narray - 1;
  const char *z = NAME("z%d_%d", i, j), *a = NAME("a%d_%d", i, j), *q = NAME("q%d_%d", i, j), *settled = NAME("r%d_%d", i, j);

  text_add(g->t, "\n  # array %d, layer %d: kernel %d, dilation %d\n", i, j, l->kernel, l->dilation);
  const char *w = gen_param(g, true, NAME("arrays.%d.layers.%d.conv.w", i, j), 3, rows, r->channels, l->kernel);
  const char *b = gen_param(g, true, NAME("arrays.%d.layers.%d.conv.b", i, j), 1, rows, 0, 0);
  const char *mix = gen_param(g, true, NAME("arrays.%d.layers.%d.mix.w", i, j), 1, rows, 0, 0);
  const char *slope = gen_slope(g, &l->act, "act"), *slope2 = l->gate == GATE_NONE ? NULL : gen_slope(g, &l->second, "gate");
  text_add(g->t, "  %s[o, t] = %s[o] + %s[o] * x[t] + ", z, b, mix);
  gen_taps(g, g->in, g->in_settled, w, "o", "c", l->kernel, l->dilation);
  text_add(g->t, ";\n");
  gen_gate(g, "", z, a, ", t", slope, slope2);
  if (!g->m->prewarm || (last && !g->settle_head)) settled = NULL;
  if (settled) gen_settled(g, q, w, b);
  if (settled) gen_gate(g, "const ", q, settled, "", slope, slope2);
  if (r->residual) gen_residual(g, a, settled, !last);
  gen_to_head(g, a, settled);
}

/* ---- arrays */
static void gen_rechannel(Gen *g)
{
  const Array *r = gen_array(g);
  const char *name = NAME("arrays.%d.rechannel.w", g->i), *h = NAME("h%d_0", g->i), *p = NAME("p%d_0", g->i);

  if (g->i == 0) {
    gen_param(g, true, name, 1, r->channels, 0, 0);
    text_add(g->t, "  %s[c, t] = %s[c] * x[t];\n", h, name);
  } else {
    gen_param(g, true, name, 2, r->channels, r->inputs, 0);
    text_add(g->t, "  %s[c, t] = sum(m: %s[m, t] * %s[c, m]);\n", h, g->in, name);
    if (g->in_settled) text_add(g->t, "  const %s[c] = sum(m: %s[m] * %s[c, m]);\n", p, g->in_settled, name);
    g->in_settled = g->in_settled ? p : NULL;
  }
  g->in = h;
}

/* The array's head: what the next one starts to sum from. */
static void gen_head(Gen *g)
{
  const Array *r = gen_array(g);
  int sums = r->mixed ? r->mixed : r->bottleneck;
  const char *w = gen_param(g, true, NAME("arrays.%d.head.w", g->i), 3, r->head_out, sums, r->head_kernel);
  const char *b = r->head_bias ? gen_param(g, true, NAME("arrays.%d.head.b", g->i), 1, r->head_out, 0, 0) : NULL;
  const char *v = NAME("v%d", g->i), *vs = NAME("vs%d", g->i);

  text_add(g->t, "  %s[q, t] = ", v);
  if (b) text_add(g->t, "%s[q] + ", b);
  gen_taps(g, g->sum, g->sum_settled, w, "q", "o", r->head_kernel, r->head_dilation);
  text_add(g->t, ";\n");
  g->sum = v;
  if (!g->sum_settled || g->i == g->net->narray - 1) return;
  text_add(g->t, "  const %s[q] = ", vs);
  if (b) text_add(g->t, "%s[q] + ", b);
  text_add(g->t, "sum(o, k: %s[o] * %s[q, o, k]);\n", g->sum_settled, w);
  g->sum_settled = vs;
}

/* The operators that activations need, each once. */
static void gen_ops(const Wavenet *net, Text *t)
{
  VEC(const char *) done = { 0 };

  for (int i = 0; i < net->narray; i++)
    for (int j = 0; j < net->array[i].nlayer; j++) {
      const Layer *l = &net->array[i].layer[j];
      const char *op[2] = { l->act.op, l->gate == GATE_NONE ? NULL : l->second.op };
      for (int k = 0; k < 2; k++) {
        bool seen = !op[k];
        for (int n = 0; n < done.n; n++) seen |= done.at[n] == op[k];
        if (seen) continue;
        PUSH(t->c, done, op[k]);
        text_add(t, "%s\n", op[k]);
      }
    }
}

void nam_wavenet(Nam *m, const Wavenet *net, Text *t, const char *graph)
{
  Gen gen = { .m = m, .t = t, .net = net }, *g = &gen;

  for (int i = 0; i < net->narray; i++) g->settle_head |= net->array[i].head_kernel > 1;
  gen_ops(net, t);
  text_add(t, "## A WaveNet of %d layer array%s.\n", net->narray, net->narray > 1 ? "s" : "");
  text_add(t, "graph %s(x: f32[stream t]) -> (y: f32[t]) {\n", graph);
  for (g->i = 0; g->i < net->narray; g->i++) {
    if (g->i) text_add(t, "\n");
    gen_rechannel(g);
    for (g->j = 0; g->j < gen_array(g)->nlayer; g->j++) gen_layer_text(g);
    text_add(t, "\n");
    gen_head(g);
  }
  gen_param(g, true, "head_scale", 1, 1, 0, 0);
  text_add(t, "  y[t] = head_scale[0] * %s[0, t];\n}\n", g->sum);
}
