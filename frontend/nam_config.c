/* The fields of a .nam WaveNet, checked one by one. A field that is not supported, or not known, is one error that names it.
 *
 *   { "layers": [ { "input_size": 1, "condition_size": 1, "channels": 16, "kernel_size": 3, "dilations": [1, 2, 4], "activation": "Tanh",
 *                   "gated": false, "head_size": 8, "head_bias": false } ], "head": null, "head_scale": 0.02 } */
#include "nam.h"
#include <math.h>
#include <string.h>

enum { CHANNEL_MAX = 4096 /* also of kernel sizes */, DILATION_MAX = 1 << 20, LAYER_MAX = 1024, ARRAY_MAX = 64 };

/* What messages need: which array, and whether anything was wrong. */
typedef struct Reading { Nam *m; int array; bool bad, has_dsp; } Reading;

__attribute__((format(printf, 3, 4))) static void wrong(Reading *w, const char *key, const char *fmt, ...) {
  char text[256]; va_list ap;
  va_start(ap, fmt);
  vsnprintf(text, sizeof text, fmt, ap);
  va_end(ap);
  w->bad = true;
  const char *where = w->array < 0 ? "" : ctx_printf(w->m->c, "layer array %d: ", w->array);
  diag_error(w->m->c, nam_pos(w->m, key, w->array), "%s'%s' %s", where, key, text);
}

/* What a later frit may read. */
static void lacking(Reading *w, const char *key, const char *what) { wrong(w, key, "%sis not supported yet", what); diag_unsupported(w->m->c); }

/* ---- values */
static const json_t *present(const json_t *v) { return json_is_null(v) ? NULL : v; }
static const json_t *field(const json_t *o, const char *key) { return present(json_object_get(o, key)); }

static int number_of(Reading *w, const char *key, const json_t *v, int hi) {
  if (json_is_integer(v) && json_integer_value(v) >= 1 && json_integer_value(v) <= hi) return (int)json_integer_value(v);
  wrong(w, key, "must be an integer from 1 to %d", hi);
  return 1;
}

/* A number from 1 to hi; it may be left out if fallback is not 0. */
static int number(Reading *w, const json_t *o, const char *key, int fallback, int hi) {
  const json_t *v = field(o, key);
  return v || !fallback ? number_of(w, key, v, hi) : fallback;
}

static void only_one(Reading *w, const json_t *o, const char *key) { if (number(w, o, key, 1, CHANNEL_MAX) != 1) lacking(w, key, "other than 1 "); }

static bool truth(Reading *w, const json_t *o, const char *key, bool fallback) {
  const json_t *v = field(o, key);
  if (v && !json_is_boolean(v)) wrong(w, key, "must be true or false");
  return v ? json_is_true(v) : fallback;
}

/* ---- activations; those without a call take numbers. The last row is another spelling, which is never suggested. */
static const struct { const char *name, *call, *op; } acts[] = {
  { "Tanh", "tanh(%s)", NULL }, { "Hardtanh", "hard_tanh(%s)", NULL },
  { "Fasttanh", "fast_tanh(%s)",
    "op fast_tanh(x) = x * (2.45550750702956 + 2.45550750702956 * abs(x) + (0.893229853513558 + 0.821226666969744 * abs(x)) * x * x)\n"
    "                / (2.44506634652299 + (2.44506634652299 + x * x) * abs(x + 0.814642734961073 * x * abs(x)));\n" },
  { "ReLU", "relu(%s)", NULL }, { "LeakyReLU", NULL, NULL }, { "PReLU", NULL, NULL }, { "Sigmoid", "sigmoid(%s)", NULL },
  { "SiLU", "silu(%s)", NULL }, { "Hardswish", "hardswish(%s)", "op hardswish(x) = x * clamp(x + 3.0, 0.0, 6.0) / 6.0;\n" },
  { "LeakyHardtanh", NULL, NULL }, { "Softsign", "softsign(%s)", NULL }, { "LeakyHardTanh", NULL, NULL },
};
enum { NACT = sizeof acts / sizeof *acts };
static const char leaky_hardtanh[] = "op leaky_hardtanh(x, lo, hi, a, b) = x < lo ? (x - lo) * a + lo : x > hi ? (x - hi) * b + hi : x;\n";

/* A number of an object-form activation, as text of the language. */
static const char *act_number(Reading *w, const char *key, const json_t *o, const char *name, double fallback) {
  const json_t *v = field(o, name); double d = v ? json_number_value(v) : fallback; Text t = { .c = w->m->c };
  if ((v && !json_is_number(v)) || !isfinite((float)d)) wrong(w, key, "has a '%s' that is no number", name);
  text_float(&t, isfinite((float)d) ? (float)d : 0);
  return t.s;
}

static Act act_slopes(Reading *w, const char *key, const json_t *list, int channels) {
  float *s = NEWN(w->m->c, float, channels); bool good = json_array_size(list) == (size_t)channels;
  for (int i = 0; good && i < channels; i++) {
    const json_t *v = json_array_get(list, (size_t)i);
    s[i] = (float)json_number_value(v);
    good = json_is_number(v) && isfinite(s[i]);
  }
  if (!good) wrong(w, key, "needs %d numbers in 'negative_slopes', it has %zu", channels, json_array_size(list));
  return (Act){ .call = "prelu(%s, %s)", .slope = s, .nslope = channels };
}

static Act act_with_numbers(Reading *w, const char *key, const char *name, const json_t *o, int channels) {
  Ctx *c = w->m->c;
  if (!strcmp(name, "PReLU") && field(o, "negative_slopes")) return act_slopes(w, key, field(o, "negative_slopes"), channels);
  if (strncmp(name, "LeakyHard", 9))
    return (Act){ .call = ctx_printf(c, "leaky_relu(%%s, alpha = %s)", act_number(w, key, o, "negative_slope", 0.01)) };
  return (Act){ .op = leaky_hardtanh, .call = ctx_printf(c, "leaky_hardtanh(%%s, %s, %s, %s, %s)", act_number(w, key, o, "min_val", -1),
                  act_number(w, key, o, "max_val", 1), act_number(w, key, o, "min_slope", 0.01), act_number(w, key, o, "max_slope", 0.01)) };
}

/* A name, or an object with a type and its numbers. */
static Act act_of(Reading *w, const char *key, const json_t *v, int channels) {
  const json_t *o = json_is_object(v) ? v : NULL;
  const char *name = json_string_value(o ? json_object_get(o, "type") : v), *names[NACT];
  for (int i = 0; name && i < NACT; i++)
    if (!strcmp(names[i] = acts[i].name, name))
      return acts[i].call ? (Act){ .call = acts[i].call, .op = acts[i].op } : act_with_numbers(w, key, name, o, channels);
  if (name) {
    wrong(w, key, "names an activation that is not known: '%.40s'", name);
    suggest(w->m->c, name, names, NACT - 1);
  } else {
    wrong(w, key, "must be the name of an activation or an object with a 'type'");
  }
  return (Act){ .call = "%s" };
}

/* ---- lists with one entry a layer */
/* Entry i of a field that is one value for all n layers or a list of one each. */
static const json_t *each(Reading *w, const json_t *o, const char *key, int i, int n) {
  const json_t *v = field(o, key);
  if (!json_is_array(v)) return v;
  if (json_array_size(v) != (size_t)n && i == 0) wrong(w, key, "has %zu entries for %d layers", json_array_size(v), n);
  return present(json_array_get(v, (size_t)i));
}

static Gate gate_of(Reading *w, const json_t *o, int i, int n) {
  static const char *const name[] = { "none", "gated", "blended" };
  const json_t *v = each(w, o, "gating_mode", i, n);
  if (!v) return truth(w, o, "gated", false) ? GATE_GATED : GATE_NONE;
  for (int g = 0; json_is_string(v) && g < 3; g++) if (!strcmp(json_string_value(v), name[g])) return (Gate)g;
  wrong(w, "gating_mode", "must be \"none\", \"gated\" or \"blended\"");
  return GATE_NONE;
}

static void read_layers(Reading *w, const json_t *o, Array *a) {
  const json_t *dil = field(o, "dilations"), *many = field(o, "kernel_sizes"); int n = (int)json_array_size(dil);
  if (n < 1 || json_array_size(dil) > LAYER_MAX) { wrong(w, "dilations", "must be a list of 1 to %d numbers", LAYER_MAX); return; }
  if (many && !json_is_array(many)) wrong(w, "kernel_sizes", "must be a list");
  a->nlayer = n, a->layer = NEWN(w->m->c, Layer, n);
  for (int i = 0; i < n && !w->bad; i++) {
    const json_t *second = each(w, o, "secondary_activation", i, n); Layer *l = &a->layer[i];
    l->kernel = many ? number_of(w, "kernel_sizes", each(w, o, "kernel_sizes", i, n), CHANNEL_MAX) : number(w, o, "kernel_size", 0, CHANNEL_MAX);
    l->dilation = number_of(w, "dilations", json_array_get(dil, (size_t)i), DILATION_MAX);
    l->gate = gate_of(w, o, i, n);
    l->act = act_of(w, "activation", each(w, o, "activation", i, n), a->bottleneck);
    l->second = second ? act_of(w, "secondary_activation", second, a->bottleneck) : (Act){ .call = "sigmoid(%s)" };
  }
}

/* ---- the other fields */
/* `{ "active": true, "out_channels": 4, "groups": 1 }`, or true or false. */
static bool part_active(Reading *w, const json_t *o, const char *key, bool fallback) {
  const json_t *v = field(o, key);
  if (!v) return fallback;
  if (json_is_boolean(v)) return json_is_true(v);
  if (!json_is_object(v)) wrong(w, key, "must be an object");
  bool active = truth(w, v, "active", fallback);
  if (active && number(w, v, "groups", 1, CHANNEL_MAX) != 1) lacking(w, key, "with groups ");
  return active;
}

static void refuse_unknown(Reading *w, const json_t *o, const char *const *known, int n) {
  const char *key; json_t *v;
  json_object_foreach((json_t *)o, key, v) {
    int i = 0;
    while (i < n && strcmp(known[i], key)) i++;
    if (i < n) continue;
    const char *shown = ctx_printf(w->m->c, "%.60s", key);
    wrong(w, shown, "is not known");
    suggest(w->m->c, shown, known, n);
  }
}

static void read_head(Reading *w, const json_t *o, Array *a) {
  const json_t *h = field(o, "head");
  if (h && !json_is_object(h)) wrong(w, "head", "must be an object");
  a->head_out = h ? number(w, h, "out_channels", 0, CHANNEL_MAX) : number(w, o, "head_size", 0, CHANNEL_MAX);
  a->head_kernel = number(w, h, "kernel_size", 1, CHANNEL_MAX);
  a->head_dilation = number(w, h, "head_dilation", 1, DILATION_MAX);
  a->head_bias = h ? truth(w, h, "bias", false) : truth(w, o, "head_bias", false);
}

static void read_array(Reading *w, const json_t *o, Array *a) {
  static const char *const known[] = {
    "input_size", "condition_size", "channels", "bottleneck", "kernel_size", "kernel_sizes", "dilations", "activation", "gating_mode", "gated",
    "secondary_activation", "groups_input", "groups_input_mixin", "layer1x1", "head1x1", "head", "head_size", "head_bias", "slimmable",
    "conv_pre_film", "conv_post_film", "input_mixin_pre_film", "input_mixin_post_film", "activation_pre_film", "activation_post_film",
    "layer1x1_post_film", "head1x1_post_film" };
  enum { NKNOWN = sizeof known / sizeof *known, FILM = NKNOWN - 8 };
  if (!json_is_object(o)) { wrong(w, "layers", "must hold objects"); return; }
  refuse_unknown(w, o, known, NKNOWN);
  if (field(o, "slimmable")) lacking(w, "slimmable", "");
  for (int i = FILM; i < NKNOWN; i++) {
    const json_t *v = field(o, known[i]);
    if (v && (json_is_object(v) ? truth(w, v, "active", true) : !json_is_false(v))) lacking(w, known[i], "");
  }
  only_one(w, o, "groups_input");
  only_one(w, o, "groups_input_mixin");
  if (number(w, o, "condition_size", 0, CHANNEL_MAX) != 1 && !w->has_dsp) wrong(w, "condition_size", "must be 1: the condition is the input");
  a->inputs = number(w, o, "input_size", 0, CHANNEL_MAX);
  a->channels = number(w, o, "channels", 0, CHANNEL_MAX);
  a->bottleneck = number(w, o, "bottleneck", a->channels, CHANNEL_MAX);
  a->residual = part_active(w, o, "layer1x1", true);
  if (part_active(w, o, "head1x1", false)) a->mixed = number(w, field(o, "head1x1"), "out_channels", 0, CHANNEL_MAX);
  a->sums = a->mixed ? a->mixed : a->bottleneck;
  if (!a->residual && a->bottleneck != a->channels) wrong(w, "bottleneck", "must equal 'channels' (%d) without layer1x1", a->channels);
  read_head(w, o, a);
  read_layers(w, o, a);
}

/* The channels that an array's head sums up must be those that the array before it hands on. */
static void check_chain(Reading *w, const Wavenet *net) {
  for (w->array = 0; w->array < net->narray && !w->bad; w->array++) {
    const Array *a = &net->array[w->array], *b = w->array ? a - 1 : NULL; int before = b ? b->channels : 1;
    if (a->inputs != before) wrong(w, "input_size", "is %d, but %d channels come in", a->inputs, before);
    if (b && b->head_out != a->sums) wrong(w, "channels", "makes %d channels for the head, the array before hands on %d", a->sums, b->head_out);
    if (w->array + 1 == net->narray && a->head_out != 1) wrong(w, "head_size", "is %d: only one output is supported", a->head_out);
  }
}

bool nam_config(Nam *m, const json_t *config, Wavenet *net) {
  static const char *const known[] = { "layers", "head", "head_scale", "in_channels", "condition_dsp" };
  const json_t *layers = json_object_get(config, "layers");
  Reading w = { .m = m, .array = -1, .has_dsp = field(config, "condition_dsp") };
  if (!json_is_object(config)) return wrong(&w, "config", "is missing or no object"), false;
  refuse_unknown(&w, config, known, 5);
  if (field(config, "head")) lacking(&w, "head", "(a head after the layers) ");
  if (w.has_dsp) lacking(&w, "condition_dsp", "");
  only_one(&w, config, "in_channels");
  if (!json_is_array(layers) || json_array_size(layers) < 1 || json_array_size(layers) > ARRAY_MAX)
    return wrong(&w, "layers", "must be a list of 1 to %d layer arrays", ARRAY_MAX), false;
  net->narray = (int)json_array_size(layers); net->array = NEWN(m->c, Array, net->narray);
  for (int i = 0; i < net->narray; i++) {
    Reading one = { .m = m, .array = i, .has_dsp = w.has_dsp };
    read_array(&one, json_array_get(layers, (size_t)i), &net->array[i]);
    w.bad |= one.bad;
  }
  check_chain(&w, net);
  return !w.bad;
}
