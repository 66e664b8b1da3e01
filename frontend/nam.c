/* Import of .nam files (NAM.md): JSON with an architecture, its config, and one flat list of weights.
 *   { "version": "0.5.4", "architecture": "WaveNet", "config": { "layers": [ ... ] }, "weights": [0.1, ...] }
 * becomes the text of a graph in frit's own language and the named tensors that it reads. What is not supported is named; nothing is guessed. */
#include "ast.h"
#include <jansson.h>
#include <math.h>

#define NAM_MAX ((size_t)16 << 20)

/* An import under way. Weights are handed out in the file's order; `used` goes on counting when they run out, for the message. array: the layer
 * array that is read (-1: none); bad: something in it (of none: anywhere) was wrong. */
typedef struct Nam {
  Ctx *c; const Source *src; float *weight; int64_t nweight, used; VEC(Weight) tensor; int array; bool prewarm, bad, has_dsp;
} Nam;

typedef enum { GATE_NONE, GATE_GATED, GATE_BLENDED } Gate;
/* An activation: the text of a function of `%s`, an operator that the file must then define (or NULL), slopes of each channel (PReLU). */
typedef struct Act { const char *call, *op; const float *slope; int nslope; } Act;
typedef struct Layer { int kernel, dilation; Gate gate; Act act, second; } Layer;
/* A layer array with its fields as NAM.md names them. */
typedef struct Array {
  int inputs, channels, bottleneck, head_out, head_kernel, head_dilation, mixed;  /* mixed: head1x1's channels, 0 if inactive */
  int sums;                       /* what its head sums up: mixed or bottleneck */
  bool head_bias, residual;       /* residual: layer1x1 is active */
  Layer *layer; int nlayer;
} Array;
typedef struct Wavenet { Array *array; int narray; } Wavenet;

static void json_free(void *p) { json_decref(p); }

/* Where `key` stands: of layer array n it is taken to be the n-th (of fewer: the last) after the last "layers" of the file, the outer one's;
 * without an array the first in the file. */
static Pos nam_pos(const Nam *m, const char *key, int array) {
  const char *quoted = ctx_printf(m->c, "\"%s\"", key), *at = m->src->text, *next = at;
  while (array >= 0 && (next = strstr(next, "\"layers\""))) at = next++;
  next = at; for (int n = array < 0 ? 0 : array; n >= 0 && (next = strstr(next, quoted)); n--) at = next++;
  Pos p = { m->src, 1, 1 }; for (const char *s = m->src->text; s < at; s++) { p.col++; if (*s == '\n') p.line++, p.col = 1; }
  return p;
}

/* ---- the file */
static json_t *nam_json(Nam *m) {
  json_error_t e; Pos at = { m->src, 1, 1 }; if (m->src->size > NAM_MAX) return diag_error(m->c, at, "this .nam file is larger than 16 MiB"), NULL;
  json_t *j = json_loadb(m->src->text, m->src->size, JSON_REJECT_DUPLICATES, &e); if (j) ctx_at_free(m->c, json_free, j);
  if (json_is_object(j)) return j;
  if (!j && e.line > 0) at.line = (uint32_t)e.line, at.col = e.column > 0 ? (uint32_t)e.column : 1;
  diag_error(m->c, at, "%s%s", j ? "a .nam file is one JSON object" : "this .nam file is not valid JSON: ", j ? "" : e.text); return NULL;
}

static bool nam_version(Nam *m, const json_t *root) {
  const char *v = json_string_value(json_object_get(root, "version")); int major, minor, patch, end = 0;
  if (v && sscanf(v, "%3d.%3d.%3d%n", &major, &minor, &patch, &end) == 3 && !v[end] && major == 0 && minor >= 5 && minor <= 7) return true;
  const char *fmt = v ? "version '%.20s' of .nam is not known: 0.5.0 to 0.7.x are" : "'version' is missing or no string";
  diag_error(m->c, nam_pos(m, "version", -1), fmt, v); return false;
}

static bool nam_architecture(Nam *m, const json_t *root) {
  static const char *const known[] = { "WaveNet", "LSTM", "ConvNet", "Linear", "SlimmableContainer" };
  const char *a = json_string_value(json_object_get(root, "architecture")); Pos at = nam_pos(m, "architecture", -1); int k = 0;
  while (a && k < 5 && strcmp(a, known[k])) k++;
  if (a && k == 0) return true;
  bool later = a && k < 5;
  diag_error(m->c, at, later ? "architecture '%.40s' is not supported yet" : a ? "architecture '%.40s' is not known"
                                                                             : "'architecture' is missing or no string", a);
  if (later) diag_help(m->c, "WaveNet is"), diag_unsupported(m->c);
  else if (a) suggest(m->c, a, known, 5);
  return false;
}

static bool nam_weights(Nam *m, const json_t *root) {
  const json_t *list = json_object_get(root, "weights"); Pos at = nam_pos(m, "weights", -1);
  if (!json_is_array(list)) return diag_error(m->c, at, "'weights' is missing or no list"), false;
  m->nweight = (int64_t)json_array_size(list); m->weight = NEWN(m->c, float, m->nweight);
  for (int64_t i = 0; i < m->nweight; i++) {
    const json_t *v = json_array_get(list, (size_t)i); m->weight[i] = (float)json_number_value(v);
    if (!json_is_number(v) || !isfinite(m->weight[i])) return diag_error(m->c, at, "weight %lld is no number of 32 bits", (long long)i), false;
  }
  return true;
}

/* A tensor of that shape (extents up to the first 0), made of the next floats; of a file that has too few, without data. */
static Weight *nam_tensor(Nam *m, const char *name, const int64_t shape[4]) {
  Weight w = { .name = ctx_intern(m->c, name), .type = T_F32, .shape = NEWN(m->c, int64_t, 3) };
  int64_t n = 1;                  /* fields are at most 4096: no overflow below rank 6 */
  for (; shape[w.rank]; w.rank++) n *= w.shape[w.rank] = shape[w.rank];
  if (n <= m->nweight && m->used <= m->nweight - n) w.data = m->weight + m->used;
  m->used += n; PUSH(m->c, m->tensor, w); return &m->tensor.at[m->tensor.n - 1];
}

/* The file's name as the name of a graph. */
static const char *graph_name(Nam *m) {
  const char *base = path_base(m->src->name), *dot = strrchr(base, '.');
  char *s = ctx_printf(m->c, "%.*s", dot && dot > base ? (int)(dot - base) : (int)strlen(base), base);
  for (char *p = s; *p; p++) if (!(*p == '_' || (*p | 32) - 'a' + 0u < 26 || *p - '0' + 0u < 10)) *p = '_';
  bool plain = *s && !(*s >= '0' && *s <= '9') && strcmp(s, "op") && strcmp(s, "graph") && strcmp(s, "or") && strcmp(s, "if");
  return plain ? s : ctx_printf(m->c, "nam_%s", s);
}

/* ---- the fields of a WaveNet, checked one by one. A field that is not supported, or not known, is one error that names it.
 *   { "layers": [ { "input_size": 1, "condition_size": 1, "channels": 16, "kernel_size": 3, "dilations": [1, 2, 4], "activation": "Tanh",
 *                   "gated": false, "head_size": 8, "head_bias": false } ], "head": null, "head_scale": 0.02 } */
enum { CHANNEL_MAX = 4096 /* also of kernel sizes */, DILATION_MAX = 1 << 20, LAYER_MAX = 1024, ARRAY_MAX = 64 };

__attribute__((format(printf, 3, 4))) static void wrong(Nam *w, const char *key, const char *fmt, ...) {
  FORMAT(w->c, text); const char *where = w->array < 0 ? "" : ctx_printf(w->c, "layer array %d: ", w->array);
  w->bad = true; diag_error(w->c, nam_pos(w, key, w->array), "%s'%s' %s", where, key, text);
}

/* What a later frit may read. */
static void lacking(Nam *w, const char *key, const char *what) { wrong(w, key, "%sis not supported yet", what); diag_unsupported(w->c); }

/* ---- values */
static const json_t *present(const json_t *v) { return json_is_null(v) ? NULL : v; }
static const json_t *field(const json_t *o, const char *key) { return present(json_object_get(o, key)); }
static int number_of(Nam *w, const char *key, const json_t *v, int hi) {
  if (json_is_integer(v) && json_integer_value(v) >= 1 && json_integer_value(v) <= hi) return (int)json_integer_value(v);
  wrong(w, key, "must be an integer from 1 to %d", hi); return 1;
}

/* A number from 1 to hi; it may be left out if fallback is not 0. */
static int number(Nam *w, const json_t *o, const char *key, int fallback, int hi) {
  const json_t *v = field(o, key); return v || !fallback ? number_of(w, key, v, hi) : fallback;
}
static void only_one(Nam *w, const json_t *o, const char *key) { if (number(w, o, key, 1, CHANNEL_MAX) != 1) lacking(w, key, "other than 1 "); }
static bool truth(Nam *w, const json_t *o, const char *key, bool fallback) {
  const json_t *v = field(o, key); if (v && !json_is_boolean(v)) wrong(w, key, "must be true or false"); return v ? json_is_true(v) : fallback;
}

/* ---- activations; those without a call take numbers. The last row is another spelling, which is never suggested. */
static const struct { const char *name, *call, *op; } acts[] = {
  { "Tanh", "tanh(%s)", NULL }, { "Hardtanh", "hard_tanh(%s)", NULL },
  { "Fasttanh", "fast_tanh(%s)",
    "op fast_tanh(x) = x * (2.45550750702956 + 2.45550750702956 * abs(x) + (0.893229853513558 + 0.821226666969744 * abs(x)) * x * x)\n"
    "                / (2.44506634652299 + (2.44506634652299 + x * x) * abs(x + 0.814642734961073 * x * abs(x)));\n" },
  { "ReLU", "relu(%s)", NULL }, { "LeakyReLU", NULL, NULL }, { "PReLU", NULL, NULL }, { "Sigmoid", "sigmoid(%s)", NULL },
  { "SiLU", "silu(%s)", NULL }, { "Hardswish", "hardswish(%s)", "op hardswish(x) = x * clamp(x + 3.0, 0.0, 6.0) / 6.0;\n" },
  { "LeakyHardtanh", NULL, NULL }, { "Softsign", "softsign(%s)", NULL }, { "LeakyHardTanh", NULL, NULL } };
enum { NACT = sizeof acts / sizeof *acts };
static const char leaky_hardtanh[] = "op leaky_hardtanh(x, lo, hi, a, b) = x < lo ? (x - lo) * a + lo : x > hi ? (x - hi) * b + hi : x;\n";

/* A number of an object-form activation, as text of the language. */
static const char *act_number(Nam *w, const char *key, const json_t *o, const char *name, double fallback) {
  const json_t *v = field(o, name); double d = v ? json_number_value(v) : fallback; Text t = { .c = w->c };
  if ((v && !json_is_number(v)) || !isfinite((float)d)) wrong(w, key, "has a '%s' that is no number", name);
  text_float(&t, isfinite((float)d) ? (float)d : 0); return t.s;
}

static Act act_slopes(Nam *w, const char *key, const json_t *list, int channels) {
  float *s = NEWN(w->c, float, channels); bool good = json_array_size(list) == (size_t)channels;
  for (int i = 0; good && i < channels; i++) {
    const json_t *v = json_array_get(list, (size_t)i); s[i] = (float)json_number_value(v); good = json_is_number(v) && isfinite(s[i]);
  }
  if (!good) wrong(w, key, "needs %d numbers in 'negative_slopes', it has %zu", channels, json_array_size(list));
  return (Act){ .call = "prelu(%s, %s)", .slope = s, .nslope = channels };
}
static Act act_with_numbers(Nam *w, const char *key, const char *name, const json_t *o, int channels) {
  Ctx *c = w->c;
  if (!strcmp(name, "PReLU") && field(o, "negative_slopes")) return act_slopes(w, key, field(o, "negative_slopes"), channels);
  if (strncmp(name, "LeakyHard", 9))
    return (Act){ .call = ctx_printf(c, "leaky_relu(%%s, alpha = %s)", act_number(w, key, o, "negative_slope", 0.01)) };
  return (Act){ .op = leaky_hardtanh, .call = ctx_printf(c, "leaky_hardtanh(%%s, %s, %s, %s, %s)", act_number(w, key, o, "min_val", -1),
                  act_number(w, key, o, "max_val", 1), act_number(w, key, o, "min_slope", 0.01), act_number(w, key, o, "max_slope", 0.01)) };
}

/* A name, or an object with a type and its numbers. */
static Act act_of(Nam *w, const char *key, const json_t *v, int channels) {
  const json_t *o = json_is_object(v) ? v : NULL; const char *name = json_string_value(o ? json_object_get(o, "type") : v), *names[NACT];
  for (int i = 0; name && i < NACT; i++)
    if (!strcmp(names[i] = acts[i].name, name))
      return acts[i].call ? (Act){ .call = acts[i].call, .op = acts[i].op } : act_with_numbers(w, key, name, o, channels);
  if (name) {
    wrong(w, key, "names an activation that is not known: '%.40s'", name); suggest(w->c, name, names, NACT - 1);
  } else wrong(w, key, "must be the name of an activation or an object with a 'type'");
  return (Act){ .call = "%s" };
}

/* ---- lists with one entry a layer */
/* Entry i of a field that is one value for all n layers or a list of one each. */
static const json_t *each(Nam *w, const json_t *o, const char *key, int i, int n) {
  const json_t *v = field(o, key); if (!json_is_array(v)) return v;
  if (json_array_size(v) != (size_t)n && i == 0) wrong(w, key, "has %zu entries for %d layers", json_array_size(v), n);
  return present(json_array_get(v, (size_t)i));
}

static Gate gate_of(Nam *w, const json_t *o, int i, int n) {
  static const char *const name[] = { "none", "gated", "blended" };
  const json_t *v = each(w, o, "gating_mode", i, n); if (!v) return truth(w, o, "gated", false) ? GATE_GATED : GATE_NONE;
  for (int g = 0; json_is_string(v) && g < 3; g++) if (!strcmp(json_string_value(v), name[g])) return (Gate)g;
  wrong(w, "gating_mode", "must be \"none\", \"gated\" or \"blended\""); return GATE_NONE;
}
static void read_layers(Nam *w, const json_t *o, Array *a) {
  const json_t *dil = field(o, "dilations"), *many = field(o, "kernel_sizes"); int n = (int)json_array_size(dil);
  if (n < 1 || json_array_size(dil) > LAYER_MAX) { wrong(w, "dilations", "must be a list of 1 to %d numbers", LAYER_MAX); return; }
  if (many && !json_is_array(many)) wrong(w, "kernel_sizes", "must be a list");
  a->nlayer = n, a->layer = NEWN(w->c, Layer, n);
  for (int i = 0; i < n && !w->bad; i++) {
    const json_t *second = each(w, o, "secondary_activation", i, n); Layer *l = &a->layer[i];
    l->kernel = many ? number_of(w, "kernel_sizes", each(w, o, "kernel_sizes", i, n), CHANNEL_MAX) : number(w, o, "kernel_size", 0, CHANNEL_MAX);
    l->dilation = number_of(w, "dilations", json_array_get(dil, (size_t)i), DILATION_MAX); l->gate = gate_of(w, o, i, n);
    l->act = act_of(w, "activation", each(w, o, "activation", i, n), a->bottleneck);
    l->second = second ? act_of(w, "secondary_activation", second, a->bottleneck) : (Act){ .call = "sigmoid(%s)" };
  }
}

/* ---- the other fields */
/* `{ "active": true, "out_channels": 4, "groups": 1 }`, or true or false. */
static bool part_active(Nam *w, const json_t *o, const char *key, bool fallback) {
  const json_t *v = field(o, key); if (!v) return fallback; if (json_is_boolean(v)) return json_is_true(v);
  if (!json_is_object(v)) wrong(w, key, "must be an object");
  bool active = truth(w, v, "active", fallback); if (active && number(w, v, "groups", 1, CHANNEL_MAX) != 1) lacking(w, key, "with groups ");
  return active;
}

static void refuse_unknown(Nam *w, const json_t *o, const char *const *known, int n) {
  const char *key; json_t *v;
  json_object_foreach((json_t *)o, key, v) {
    int i = 0; while (i < n && strcmp(known[i], key)) i++; if (i < n) continue;
    const char *shown = ctx_printf(w->c, "%.60s", key); wrong(w, shown, "is not known"); suggest(w->c, shown, known, n);
  }
}

static void read_array(Nam *w, const json_t *o, Array *a) {
  static const char *const known[] = {
    "input_size", "condition_size", "channels", "bottleneck", "kernel_size", "kernel_sizes", "dilations", "activation", "gating_mode", "gated",
    "secondary_activation", "groups_input", "groups_input_mixin", "layer1x1", "head1x1", "head", "head_size", "head_bias", "slimmable",
    "conv_pre_film", "conv_post_film", "input_mixin_pre_film", "input_mixin_post_film", "activation_pre_film", "activation_post_film",
    "layer1x1_post_film", "head1x1_post_film" };
  enum { NKNOWN = sizeof known / sizeof *known, FILM = NKNOWN - 8 };
  if (!json_is_object(o)) { wrong(w, "layers", "must hold objects"); return; }
  refuse_unknown(w, o, known, NKNOWN); if (field(o, "slimmable")) lacking(w, "slimmable", "");
  for (int i = FILM; i < NKNOWN; i++) {
    const json_t *v = field(o, known[i]); if (v && (json_is_object(v) ? truth(w, v, "active", true) : !json_is_false(v))) lacking(w, known[i], "");
  }
  only_one(w, o, "groups_input"); only_one(w, o, "groups_input_mixin");
  if (number(w, o, "condition_size", 0, CHANNEL_MAX) != 1 && !w->has_dsp) wrong(w, "condition_size", "must be 1: the condition is the input");
  a->inputs = number(w, o, "input_size", 0, CHANNEL_MAX); a->channels = number(w, o, "channels", 0, CHANNEL_MAX);
  a->bottleneck = number(w, o, "bottleneck", a->channels, CHANNEL_MAX); a->residual = part_active(w, o, "layer1x1", true);
  if (part_active(w, o, "head1x1", false)) a->mixed = number(w, field(o, "head1x1"), "out_channels", 0, CHANNEL_MAX);
  a->sums = a->mixed ? a->mixed : a->bottleneck;
  if (!a->residual && a->bottleneck != a->channels) wrong(w, "bottleneck", "must equal 'channels' (%d) without layer1x1", a->channels);
  const json_t *h = field(o, "head"); if (h && !json_is_object(h)) wrong(w, "head", "must be an object");
  a->head_out = h ? number(w, h, "out_channels", 0, CHANNEL_MAX) : number(w, o, "head_size", 0, CHANNEL_MAX);
  a->head_kernel = number(w, h, "kernel_size", 1, CHANNEL_MAX); a->head_dilation = number(w, h, "head_dilation", 1, DILATION_MAX);
  a->head_bias = h ? truth(w, h, "bias", false) : truth(w, o, "head_bias", false); read_layers(w, o, a);
}

/* The channels that an array's head sums up must be those that the array before it hands on. */
static void check_chain(Nam *w, const Wavenet *net) {
  for (w->array = 0; w->array < net->narray && !w->bad; w->array++) {
    const Array *a = &net->array[w->array], *b = w->array ? a - 1 : NULL; int before = b ? b->channels : 1;
    if (a->inputs != before) wrong(w, "input_size", "is %d, but %d channels come in", a->inputs, before);
    if (b && b->head_out != a->sums) wrong(w, "channels", "makes %d channels for the head, the array before hands on %d", a->sums, b->head_out);
    if (w->array + 1 == net->narray && a->head_out != 1) wrong(w, "head_size", "is %d: only one output is supported", a->head_out);
  }
}
static bool nam_config(Nam *m, const json_t *config, Wavenet *net) {
  static const char *const known[] = { "layers", "head", "head_scale", "in_channels", "condition_dsp" };
  const json_t *layers = json_object_get(config, "layers");
  m->has_dsp = field(config, "condition_dsp"); if (!json_is_object(config)) return wrong(m, "config", "is missing or no object"), false;
  refuse_unknown(m, config, known, 5); if (field(config, "head")) lacking(m, "head", "(a head after the layers) ");
  if (m->has_dsp) lacking(m, "condition_dsp", "");
  only_one(m, config, "in_channels");
  if (!json_is_array(layers) || json_array_size(layers) < 1 || json_array_size(layers) > ARRAY_MAX)
    return wrong(m, "layers", "must be a list of 1 to %d layer arrays", ARRAY_MAX), false;
  net->narray = (int)json_array_size(layers); net->array = NEWN(m->c, Array, net->narray);
  bool bad = m->bad;
  for (m->array = 0; m->array < net->narray; m->array++, bad |= m->bad) {
    m->bad = false; read_array(m, json_array_get(layers, (size_t)m->array), &net->array[m->array]);
  }
  m->bad = bad; check_chain(m, net); return !m->bad;
}

/* ---- a WaveNet as plain equations in frit's language. One layer (array 0, layer 3, kernel 3, dilation 8) is
 *   z0_3[o, t] = w.b[o] + mix[o] * x[t] + sum(c, k: (h0_3[c, t - (2 - k) * 8] or p0_3[c]) * w[o, c, k]);
 *   a0_3[o, t] = tanh(z0_3[o, t]);
 *   s0_3[o, t] = s0_2[o, t] + a0_3[o, t];                                  what the head sums up
 *   h0_4[c, t] = h0_3[c, t] + e[c] + sum(o: a0_3[o, t] * v[c, o]);         the residual
 * and, for the state after silence, the same without time: `const q0_3`, `r0_3`, `p0_4` are what z, a and h settle at when x is 0. */
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
  SAY("  param %s: f32[", w->name); for (int d = 0; d < w->rank; d++) SAY("%s%lld", d ? ", " : "", (long long)w->shape[d]);
  SAY("];\n"); return w->name;
}

#define ARRAY_PARAM(name, ...) declare(g, nam_tensor(g->m, NAME("arrays.%d.%s", g->i, name), (int64_t[4]){ __VA_ARGS__ }))
#define LAYER_TENSOR(name, ...) nam_tensor(g->m, NAME("arrays.%d.layers.%d.%s", g->i, g->j, name), (int64_t[4]){ __VA_ARGS__ })
#define LAYER_PARAM(name, ...) declare(g, LAYER_TENSOR(name, __VA_ARGS__))

/* sum over the taps of a causal convolution of `in` with w[row, col, k]. */
static void gen_taps(Gen *g, Signal in, const char *w, const char *row, const char *col, int n, int dilation) {
  if (n == 1) { SAY("sum(%s: %s[%s, t] * %s[%s, %s, 0])", col, in.at, col, w, row, col); return; }
  SAY("sum(%s, k: (%s[%s, t - (%d - k)", col, in.at, col, n - 1); if (dilation != 1) SAY(" * %d", dilation);
  SAY("] or %s) * %s[%s, %s, k])", in.settled ? NAME("%s[%s]", in.settled, col) : "0", w, row, col);
}

/* ---- one layer */
static const char *gen_slope(Gen *g, const Act *a, const char *kind) {
  if (!a->slope) return "";
  Weight *w = LAYER_TENSOR(NAME("%s.slope", kind), a->nslope); w->data = a->slope; g->m->used -= a->nslope;    /* these are not of the weights */
  return NAME("%s[o]", declare(g, w));
}

/* The activation of z (over time, or settled: at is "" then), as a. */
static void gen_gate(Gen *g, const char *head, const char *z, const char *a, const char *at, const char *slope, const char *slope2) {
  const Layer *l = g->layer; int b = g->array->bottleneck; const char *main = NAME("%s[o%s]", z, at), *value = NAME(l->act.call, main, slope);
  if (l->gate == GATE_NONE) { SAY("  %s%s[o%s] = %s;\n", head, a, at, value); return; }
  const char *open = NAME(l->second.call, NAME("%s[%d + o%s]", z, b, at), slope2);
  if (l->gate == GATE_GATED) { SAY("  %s%s[o < %d%s] = %s * %s;\n", head, a, b, at, value, open); return; }
  SAY("  %s%s_gate[o < %d%s] = %s;\n", head, a, b, at, open);
  SAY("  %s%s[o < %d%s] = %s_gate[o%s] * %s + (1.0 - %s_gate[o%s]) * %s;\n", head, a, b, at, a, at, value, a, at, main);
}

/* acc + value, both over channels; acc NULL: value itself. */
static const char *gen_sum(Gen *g, const char *head, const char *name, const char *acc, const char *value, const char *at) {
  if (!acc) return value;
  SAY("  %s%s[o%s] = %s[o%s] + %s[o%s];\n", head, name, at, acc, at, value, at); return name;
}

/* What a layer gives to the head: a, or head1x1 of it. */
static void gen_to_head(Gen *g, Signal a) {
  const Array *r = g->array; Signal v = a; if (!g->settle_head) a.settled = NULL;
  if (r->mixed) {
    const char *w = LAYER_PARAM("head.w", r->mixed, r->bottleneck), *b = LAYER_PARAM("head.b", r->mixed);
    v = (Signal){ local(g, "m", g->j), local(g, "n", g->j) }; SAY("  %s[q, t] = %s[q] + sum(o: %s[o, t] * %s[q, o]);\n", v.at, b, a.at, w);
    if (a.settled) SAY("  const %s[q] = %s[q] + sum(o: %s[o] * %s[q, o]);\n", v.settled, b, a.settled, w);
  }
  g->sum.at = gen_sum(g, "", local(g, "s", g->j), g->sum.at, v.at, ", t");
  if (a.settled) g->sum.settled = gen_sum(g, "const ", local(g, "u", g->j), g->sum.settled, v.settled, "");
}

/* The last layer's is in the file, but no equation reads it. */
static void gen_residual(Gen *g, Signal a, bool needed) {
  const Array *r = g->array; const Weight *tw = LAYER_TENSOR("out.w", r->channels, r->bottleneck), *tb = LAYER_TENSOR("out.b", r->channels);
  if (!needed) return;
  const char *w = declare(g, tw), *b = declare(g, tb), *h = local(g, "h", g->j + 1), *p = local(g, "p", g->j + 1);
  SAY("  %s[c, t] = %s[c, t] + %s[c] + sum(o: %s[o, t] * %s[c, o]);\n", h, g->in.at, b, a.at, w); g->in.at = h; if (!a.settled) return;
  SAY("  const %s[c] = ", p); if (g->in.settled) SAY("%s[c] + ", g->in.settled);
  SAY("%s[c] + sum(o: %s[o] * %s[c, o]);\n", b, a.settled, w); g->in.settled = p;
}
static void gen_layer(Gen *g) {
  const Array *r = g->array; const Layer *l = g->layer = &r->layer[g->j];
  int rows = l->gate == GATE_NONE ? r->bottleneck : 2 * r->bottleneck; bool last = g->last && g->j == r->nlayer - 1;
  const char *z = local(g, "z", g->j), *q = local(g, "q", g->j);
  Signal a = { local(g, "a", g->j), !g->m->prewarm || (last && !g->settle_head) ? NULL : local(g, "r", g->j) };
  SAY("\n  # array %d, layer %d: kernel %d, dilation %d\n", g->i, g->j, l->kernel, l->dilation);
  const char *w = LAYER_PARAM("conv.w", rows, r->channels, l->kernel), *b = LAYER_PARAM("conv.b", rows); const char *mix = LAYER_PARAM("mix.w", rows);
  const char *slope = gen_slope(g, &l->act, "act"), *slope2 = l->gate == GATE_NONE ? "" : gen_slope(g, &l->second, "gate");
  SAY("  %s[o, t] = %s[o] + %s[o] * x[t] + ", z, b, mix);
  gen_taps(g, g->in, w, "o", "c", l->kernel, l->dilation); SAY(";\n"); gen_gate(g, "", z, a.at, ", t", slope, slope2);
  if (a.settled) {                /* without a past that is not 0, z settles at the bias */
    SAY("  const %s[o] = %s[o]", q, b); if (g->in.settled) SAY(" + sum(c, k: %s[c] * %s[o, c, k])", g->in.settled, w);
    SAY(";\n"); gen_gate(g, "const ", q, a.settled, "", slope, slope2);
  }
  if (r->residual) gen_residual(g, a, !last);
  gen_to_head(g, a);
}

/* ---- arrays */
static void gen_rechannel(Gen *g) {
  const Array *r = g->array;
  const char *h = local(g, "h", 0), *p = local(g, "p", 0), *w = ARRAY_PARAM("rechannel.w", r->channels, g->i ? r->inputs : 0);
  if (g->i == 0) SAY("  %s[c, t] = %s[c] * x[t];\n", h, w);
  else SAY("  %s[c, t] = sum(m: %s[m, t] * %s[c, m]);\n", h, g->in.at, w);
  if (g->in.settled) SAY("  const %s[c] = sum(m: %s[m] * %s[c, m]);\n", p, g->in.settled, w);
  g->in = (Signal){ h, g->in.settled ? p : NULL };
}

/* The array's head: what the next one starts to sum from. */
static void gen_head(Gen *g) {
  const Array *r = g->array; const char *w = ARRAY_PARAM("head.w", r->head_out, r->sums, r->head_kernel);
  const char *bias = r->head_bias ? NAME("%s[q] + ", ARRAY_PARAM("head.b", r->head_out)) : ""; Signal v = { NAME("v%d", g->i), NAME("vs%d", g->i) };
  SAY("  %s[q, t] = %s", v.at, bias); gen_taps(g, g->sum, w, "q", "o", r->head_kernel, r->head_dilation);
  SAY(";\n"); g->sum.at = v.at; if (!g->sum.settled || g->last) return;
  SAY("  const %s[q] = %ssum(o, k: %s[o] * %s[q, o, k]);\n", v.settled, bias, g->sum.settled, w); g->sum.settled = v.settled;
}

/* The operators that activations need, each once. */
static void gen_ops(const Wavenet *net, Text *t) {
  for (const Array *r = net->array; r < net->array + net->narray; r++)
    for (int k = 0; k < 2 * r->nlayer; k++) {
      const Layer *l = &r->layer[k / 2]; const char *op = k % 2 == 0 ? l->act.op : l->gate == GATE_NONE ? NULL : l->second.op;
      if (op && !strstr(t->s, op)) text_add(t, "%s\n", op);
    }
}
static void nam_wavenet(Nam *m, const Wavenet *net, Text *t, const char *graph) {
  Gen gen = { .m = m, .t = t }, *g = &gen; for (int i = 0; i < net->narray; i++) g->settle_head |= net->array[i].head_kernel > 1;
  gen_ops(net, t); SAY("## A WaveNet of %d layer array%s.\n", net->narray, net->narray > 1 ? "s" : "");
  SAY("graph %s(x: f32[stream t]) -> (y: f32[t]) {\n", graph);
  for (g->i = 0; g->i < net->narray; g->i++) {
    g->array = &net->array[g->i], g->last = g->i == net->narray - 1; if (g->i) SAY("\n"); gen_rechannel(g);
    for (g->j = 0; g->j < g->array->nlayer; g->j++) gen_layer(g);
    SAY("\n"); gen_head(g);
  }
  declare(g, nam_tensor(m, "head_scale", (int64_t[4]){ 1 })); SAY("  y[t] = head_scale[0] * %s[0, t];\n}\n", g->sum.at);
}
bool nam_import(Ctx *c, const Source *src, const char *weights_path, bool prewarm, Import *out) {
  Nam m = { .c = c, .src = src, .array = -1, .prewarm = prewarm }; Wavenet w = { 0 }; Text t = { .c = c }; const json_t *root = nam_json(&m);
  if (!root) return false;
  bool good = nam_version(&m, root); if (!nam_architecture(&m, root)) return false;
  good &= nam_config(&m, json_object_get(root, "config"), &w); if (!nam_weights(&m, root) || !good) return false;
  text_add(&t, "weights "); text_quoted(&t, weights_path); text_add(&t, ";\n\n"); nam_wavenet(&m, &w, &t, graph_name(&m));
  *out = (Import){ .graph_text = t.s, .weight = m.tensor.at, .nweight = m.tensor.n }; if (m.used == m.nweight) return true;
  diag_error(c, nam_pos(&m, "weights", -1), "the layers need %lld weights, the file has %lld", (long long)m.used, (long long)m.nweight); return false;
}
