/* The fields of a .nam WaveNet, checked one by one. A field that is not supported, or not known, is one error that names it.
 *
 *   { "layers": [ { "input_size": 1, "condition_size": 1, "channels": 16, "kernel_size": 3, "dilations": [1, 2, 4], "activation": "Tanh",
 *                   "gated": false, "head_size": 8, "head_bias": false } ], "head": null, "head_scale": 0.02 }
 */
#include "nam.h"
#include <math.h>
#include <string.h>

#define CHANNEL_MAX 4096          /* also of kernel sizes */
#define DILATION_MAX (1 << 20)
#define LAYER_MAX 1024
#define ARRAY_MAX 64

/* What messages need: which array, and whether anything was wrong. */
typedef struct Reading { Nam *m; int array; bool bad, has_dsp; } Reading;

static void wrong(Reading *w, const char *key, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static void wrong(Reading *w, const char *key, const char *fmt, ...)
{
  char text[256];
  va_list ap;

  va_start(ap, fmt);
  vsnprintf(text, sizeof text, fmt, ap);
  va_end(ap);
  w->bad = true;
  Pos at = nam_pos(w->m, key, w->array);
  if (w->array < 0) diag_error(w->m->c, at, "'%s' %s", key, text);
  else diag_error(w->m->c, at, "layer array %d: '%s' %s", w->array, key, text);
}

static const json_t *field(const json_t *o, const char *key)
{
  const json_t *v = json_object_get(o, key);

  return json_is_null(v) ? NULL : v;
}

static int number_of(Reading *w, const char *key, const json_t *v, int lo, int hi)
{
  if (json_is_integer(v) && json_integer_value(v) >= lo && json_integer_value(v) <= hi) return (int)json_integer_value(v);
  wrong(w, key, "must be an integer from %d to %d", lo, hi);
  return lo;
}

static int number_field(Reading *w, const json_t *o, const char *key, int fallback, int lo, int hi)
{
  const json_t *v = field(o, key);

  if (v || fallback < 0) return number_of(w, key, v, lo, hi);
  return fallback;
}

static bool bool_field(Reading *w, const json_t *o, const char *key, bool fallback)
{
  const json_t *v = field(o, key);

  if (v && !json_is_boolean(v)) wrong(w, key, "must be true or false");
  return v ? json_is_true(v) : fallback;
}

/* ---- activations */
typedef struct ActRow { const char *name, *call, *op; } ActRow;
static const ActRow acts[] = {
  { "Tanh", "tanh(%s)", NULL }, { "Hardtanh", "hard_tanh(%s)", NULL }, { "ReLU", "relu(%s)", NULL }, { "Sigmoid", "sigmoid(%s)", NULL },
  { "SiLU", "silu(%s)", NULL }, { "Softsign", "softsign(%s)", NULL },
  { "Hardswish", "hardswish(%s)", "op hardswish(x) = x * clamp(x + 3.0, 0.0, 6.0) / 6.0;\n" },
  { "Fasttanh", "fast_tanh(%s)",
    "op fast_tanh(x) = x * (2.45550750702956 + 2.45550750702956 * abs(x) + (0.893229853513558 + 0.821226666969744 * abs(x)) * x * x)\n"
    "                / (2.44506634652299 + (2.44506634652299 + x * x) * abs(x + 0.814642734961073 * x * abs(x)));\n" },
};
enum { NACT = sizeof acts / sizeof *acts };
static const char leaky_hardtanh[] = "op leaky_hardtanh(x, lo, hi, a, b) = x < lo ? (x - lo) * a + lo : x > hi ? (x - hi) * b + hi : x;\n";

/* A number of an object-form activation, as text of the language. */
static const char *act_number(Reading *w, const char *key, const json_t *o, const char *name, double fallback)
{
  const json_t *v = field(o, name);
  double d = v ? json_number_value(v) : fallback;
  Text t = { .c = w->m->c };

  if ((v && !json_is_number(v)) || !isfinite((float)d)) wrong(w, key, "has a '%s' that is no number", name);
  text_float(&t, isfinite((float)d) ? (float)d : 0);
  return t.s;
}

static Act act_slopes(Reading *w, const char *key, const json_t *list, int channels)
{
  float *s = NEWN(w->m->c, float, channels);
  bool good = json_array_size(list) == (size_t)channels;

  for (int i = 0; good && i < channels; i++) {
    const json_t *v = json_array_get(list, (size_t)i);
    s[i] = (float)json_number_value(v);
    good = json_is_number(v) && isfinite(s[i]);
  }
  if (!good) wrong(w, key, "needs %d numbers in 'negative_slopes', it has %zu", channels, json_array_size(list));
  return (Act){ .call = "prelu(%s, %s)", .slope = s, .nslope = channels };
}

/* The activations that take numbers. */
static bool act_with_numbers(Reading *w, const char *key, const char *name, const json_t *o, int channels, Act *a)
{
  Ctx *c = w->m->c;
  bool prelu = !strcmp(name, "PReLU");

  if (prelu && field(o, "negative_slopes")) *a = act_slopes(w, key, field(o, "negative_slopes"), channels);
  else if (prelu || !strcmp(name, "LeakyReLU"))
    a->call = ctx_printf(c, "leaky_relu(%%s, alpha = %s)", act_number(w, key, o, "negative_slope", 0.01));
  else if (!strcmp(name, "LeakyHardtanh") || !strcmp(name, "LeakyHardTanh"))
    *a = (Act){ .op = leaky_hardtanh, .call = ctx_printf(c, "leaky_hardtanh(%%s, %s, %s, %s, %s)", act_number(w, key, o, "min_val", -1),
                  act_number(w, key, o, "max_val", 1), act_number(w, key, o, "min_slope", 0.01), act_number(w, key, o, "max_slope", 0.01)) };
  return a->call;
}

/* A name, or an object with a type and its numbers. */
static Act act_of(Reading *w, const char *key, const json_t *v, int channels)
{
  static const char *const names[] = { "Tanh", "Hardtanh", "Fasttanh", "ReLU", "LeakyReLU", "PReLU", "Sigmoid", "SiLU", "Hardswish", "LeakyHardtanh",
                                       "Softsign" };
  const char *name = json_is_object(v) ? json_string_value(json_object_get(v, "type")) : json_string_value(v);
  Act a = { .call = NULL };

  for (int i = 0; name && i < NACT; i++)
    if (!strcmp(acts[i].name, name)) return (Act){ .call = acts[i].call, .op = acts[i].op };
  if (name && act_with_numbers(w, key, name, json_is_object(v) ? v : NULL, channels, &a)) return a;
  if (!name) {
    wrong(w, key, "must be the name of an activation or an object with a 'type'");
  } else {
    wrong(w, key, "names an activation that is not known: '%.40s'", name);
    const char *near = diag_near(name, names, sizeof names / sizeof *names);
    if (near) diag_help(w->m->c, "did you mean '%s'?", near);
  }
  return (Act){ .call = "%s" };
}

/* ---- lists with one entry a layer */
/* Entry i of a field that is one value for all layers or a list of one each. */
static const json_t *each(Reading *w, const json_t *v, const char *key, int i, int n)
{
  if (!json_is_array(v)) return v;
  if (json_array_size(v) != (size_t)n && i == 0) wrong(w, key, "has %zu entries for %d layers", json_array_size(v), n);
  const json_t *e = json_array_get(v, (size_t)i);
  return json_is_null(e) ? NULL : e;
}

static Gate gate_of(Reading *w, const json_t *o, int i, int n)
{
  static const char *const name[] = { "none", "gated", "blended" };
  const json_t *v = each(w, field(o, "gating_mode"), "gating_mode", i, n);

  if (!v) return bool_field(w, o, "gated", false) ? GATE_GATED : GATE_NONE;
  for (int g = 0; json_is_string(v) && g < 3; g++)
    if (!strcmp(json_string_value(v), name[g])) return (Gate)g;
  wrong(w, "gating_mode", "must be \"none\", \"gated\" or \"blended\"");
  return GATE_NONE;
}

static void read_layers(Reading *w, const json_t *o, Array *a)
{
  const json_t *dil = field(o, "dilations"), *many = field(o, "kernel_sizes"), *one = field(o, "kernel_size");
  const char *key = many ? "kernel_sizes" : "kernel_size";
  static const Act sigmoid = { .call = "sigmoid(%s)" };

  if (!json_is_array(dil) || json_array_size(dil) < 1 || json_array_size(dil) > LAYER_MAX) {
    wrong(w, "dilations", "must be a list of 1 to %d numbers", LAYER_MAX);
    return;
  }
  if (many && !json_is_array(many)) wrong(w, key, "must be a list");
  a->nlayer = (int)json_array_size(dil);
  a->layer = NEWN(w->m->c, Layer, a->nlayer);
  for (int i = 0; i < a->nlayer && !w->bad; i++) {
    const json_t *second = each(w, field(o, "secondary_activation"), "secondary_activation", i, a->nlayer);
    a->layer[i] = (Layer){
      .kernel = number_of(w, key, many ? each(w, many, key, i, a->nlayer) : one, 1, CHANNEL_MAX),
      .dilation = number_of(w, "dilations", json_array_get(dil, (size_t)i), 1, DILATION_MAX),
      .gate = gate_of(w, o, i, a->nlayer),
      .act = act_of(w, "activation", each(w, field(o, "activation"), "activation", i, a->nlayer), a->bottleneck),
      .second = second ? act_of(w, "secondary_activation", second, a->bottleneck) : sigmoid };
  }
}

/* ---- the other fields */
/* `{ "active": true, "out_channels": 4, "groups": 1 }`, or true or false. */
static bool part_active(Reading *w, const json_t *o, const char *key, bool fallback)
{
  const json_t *v = field(o, key);

  if (!v) return fallback;
  if (json_is_boolean(v)) return json_is_true(v);
  if (!json_is_object(v)) wrong(w, key, "must be an object");
  bool active = bool_field(w, v, "active", fallback);
  if (active && number_field(w, v, "groups", 1, 1, CHANNEL_MAX) != 1) wrong(w, key, "with groups is not supported yet");
  return active;
}

static void refuse_films(Reading *w, const json_t *o)
{
  static const char *const film[] = { "conv_pre_film", "conv_post_film", "input_mixin_pre_film", "input_mixin_post_film", "activation_pre_film",
                                      "activation_post_film", "layer1x1_post_film", "head1x1_post_film" };

  for (int i = 0; i < 8; i++) {
    const json_t *v = field(o, film[i]);
    if (v && (json_is_object(v) ? bool_field(w, v, "active", true) : !json_is_false(v))) wrong(w, film[i], "is not supported yet");
  }
}

static void refuse_unknown(Reading *w, const json_t *o, const char *const *known, int n)
{
  const char *key;
  json_t *v;

  json_object_foreach((json_t *)o, key, v) {
    bool found = false;
    for (int i = 0; i < n; i++) found |= !strcmp(known[i], key);
    const char *shown = ctx_printf(w->m->c, "%.60s", key), *near = diag_near(shown, known, n);
    if (found) continue;
    wrong(w, shown, "is not known");
    if (near) diag_help(w->m->c, "did you mean '%s'?", near);
  }
}

static void read_head(Reading *w, const json_t *o, Array *a)
{
  const json_t *h = field(o, "head");

  a->head_kernel = a->head_dilation = 1;
  if (!h) {
    a->head_out = number_field(w, o, "head_size", -1, 1, CHANNEL_MAX);
    a->head_bias = bool_field(w, o, "head_bias", false);
    return;
  }
  if (!json_is_object(h)) wrong(w, "head", "must be an object");
  a->head_out = number_field(w, h, "out_channels", -1, 1, CHANNEL_MAX);
  a->head_kernel = number_field(w, h, "kernel_size", 1, 1, CHANNEL_MAX);
  a->head_dilation = number_field(w, h, "head_dilation", 1, 1, DILATION_MAX);
  a->head_bias = bool_field(w, h, "bias", false);
}

static void read_array(Reading *w, const json_t *o, Array *a)
{
  static const char *const known[] = {
    "input_size", "condition_size", "channels", "bottleneck", "kernel_size", "kernel_sizes", "dilations", "activation", "gating_mode", "gated",
    "secondary_activation", "groups_input", "groups_input_mixin", "layer1x1", "head1x1", "head", "head_size", "head_bias", "slimmable",
    "conv_pre_film", "conv_post_film", "input_mixin_pre_film", "input_mixin_post_film", "activation_pre_film", "activation_post_film",
    "layer1x1_post_film", "head1x1_post_film" };

  if (!json_is_object(o)) {
    wrong(w, "layers", "must hold objects");
    return;
  }
  refuse_unknown(w, o, known, sizeof known / sizeof *known);
  if (field(o, "slimmable")) wrong(w, "slimmable", "is not supported yet");
  refuse_films(w, o);
  if (number_field(w, o, "groups_input", 1, 1, CHANNEL_MAX) != 1) wrong(w, "groups_input", "other than 1 is not supported yet");
  if (number_field(w, o, "groups_input_mixin", 1, 1, CHANNEL_MAX) != 1) wrong(w, "groups_input_mixin", "other than 1 is not supported yet");
  if (number_field(w, o, "condition_size", -1, 1, CHANNEL_MAX) != 1 && !w->has_dsp) wrong(w, "condition_size", "must be 1: the condition is the input");
  a->inputs = number_field(w, o, "input_size", -1, 1, CHANNEL_MAX);
  a->channels = number_field(w, o, "channels", -1, 1, CHANNEL_MAX);
  a->bottleneck = number_field(w, o, "bottleneck", a->channels, 1, CHANNEL_MAX);
  a->residual = part_active(w, o, "layer1x1", true);
  if (part_active(w, o, "head1x1", false)) a->mixed = number_field(w, field(o, "head1x1"), "out_channels", -1, 1, CHANNEL_MAX);
  if (!a->residual && a->bottleneck != a->channels) wrong(w, "bottleneck", "must equal 'channels' (%d) without layer1x1", a->channels);
  read_head(w, o, a);
  read_layers(w, o, a);
}

/* The channels that an array's head sums up must be those that the array before it hands on. */
static void check_chain(Reading *w, const Wavenet *net)
{
  for (int i = 0; i < net->narray && !w->bad; i++) {
    const Array *a = &net->array[i], *b = i ? a - 1 : NULL;
    int sums = a->mixed ? a->mixed : a->bottleneck, before = b ? b->channels : 1;
    w->array = i;
    if (a->inputs != before) wrong(w, "input_size", "is %d, but %d channels come in", a->inputs, before);
    if (b && b->head_out != sums) wrong(w, "channels", "makes %d channels for the head, the array before hands on %d", sums, b->head_out);
    if (i + 1 == net->narray && a->head_out != 1) wrong(w, "head_size", "is %d: only one output is supported", a->head_out);
  }
}

bool nam_config(Nam *m, const json_t *config, Wavenet *net)
{
  static const char *const known[] = { "layers", "head", "head_scale", "in_channels", "condition_dsp" };
  const json_t *layers = json_object_get(config, "layers");
  Reading w = { .m = m, .array = -1 };

  if (!json_is_object(config)) return wrong(&w, "config", "is missing or no object"), false;
  refuse_unknown(&w, config, known, 5);
  if (field(config, "head")) wrong(&w, "head", "(a head after the layers) is not supported yet");
  if (field(config, "condition_dsp")) wrong(&w, "condition_dsp", "is not supported yet");
  if (number_field(&w, config, "in_channels", 1, 1, CHANNEL_MAX) != 1) wrong(&w, "in_channels", "other than 1 is not supported yet");
  if (!json_is_array(layers) || json_array_size(layers) < 1 || json_array_size(layers) > ARRAY_MAX)
    return wrong(&w, "layers", "must be a list of 1 to %d layer arrays", ARRAY_MAX), false;
  net->narray = (int)json_array_size(layers);
  net->array = NEWN(m->c, Array, net->narray);
  for (w.array = 0; w.array < net->narray; w.array++) {
    Reading one = { .m = m, .array = w.array, .has_dsp = field(config, "condition_dsp") };
    read_array(&one, json_array_get(layers, (size_t)w.array), &net->array[w.array]);
    w.bad |= one.bad;
  }
  check_chain(&w, net);
  return !w.bad;
}
