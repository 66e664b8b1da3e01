/* Import of .nam files (NAM.md): JSON with an architecture, its config, and one flat list of weights.
 *
 *   { "version": "0.5.4", "architecture": "WaveNet", "config": { "layers": [ ... ] }, "weights": [0.1, ...] }
 *
 * becomes the text of a graph in frit's own language and the named tensors that it reads. What is not supported is named; nothing is guessed. */
#include "nam.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NAM_MAX ((size_t)16 << 20)

static void json_free(void *p) { json_decref(p); }

/* ---- places */
/* Past the JSON value's bracket at s (which opens one): where it closes, strings skipped. */
static const char *json_skip(const char *s) {
  for (int depth = 0; *s; s++) {
    if (*s == '"') {
      while (*++s && *s != '"') s += *s == '\\' && s[1];
      if (!*s) return s;
    }
    depth += (*s == '{' || *s == '[') - (*s == '}' || *s == ']');
    if (depth == 0 && (*s == '}' || *s == ']')) return s + 1;
  }
  return s;
}

/* The text of layer array n: the last "layers" of the file is the outer one's. */
static const char *array_text(const Nam *m, int n) {
  const char *at = NULL, *next = m->src->text;
  while ((next = strstr(next, "\"layers\""))) at = next++;
  at = at ? strchr(at, '[') : NULL;
  at = at ? strchr(at, '{') : NULL;
  while (at && n-- > 0) at = strchr(json_skip(at), '{');
  return at;
}

Pos nam_pos(const Nam *m, const char *key, int array) {
  const char *from = array < 0 ? NULL : array_text(m, array), *end = from ? json_skip(from) : NULL;
  if (!from) from = m->src->text;
  const char *at = strstr(from, ctx_printf(m->c, "\"%s\"", key));
  if (!at || (end && at >= end)) at = from;
  Pos p = { m->src, 1, 1 };
  for (const char *s = m->src->text; s < at; s++) {
    p.col++;
    if (*s == '\n') p.line++, p.col = 1;
  }
  return p;
}

/* ---- the file */
static json_t *nam_json(Nam *m) {
  json_error_t e; Pos at = { m->src, 1, 1 };
  if (m->src->size > NAM_MAX) return diag_error(m->c, at, "this .nam file is larger than 16 MiB"), NULL;
  json_t *j = json_loadb(m->src->text, m->src->size, JSON_REJECT_DUPLICATES, &e);
  if (j) ctx_at_free(m->c, json_free, j);
  if (json_is_object(j)) return j;
  if (!j && e.line > 0) at.line = (uint32_t)e.line, at.col = e.column > 0 ? (uint32_t)e.column : 1;
  if (!j) diag_error(m->c, at, "this .nam file is not valid JSON: %s", e.text);
  else diag_error(m->c, at, "a .nam file is one JSON object");
  return NULL;
}

static bool nam_version(Nam *m, const json_t *root) {
  const char *v = json_string_value(json_object_get(root, "version")); int major, minor, patch, end = 0;
  if (v && sscanf(v, "%3d.%3d.%3d%n", &major, &minor, &patch, &end) == 3 && !v[end] && major == 0 && minor >= 5 && minor <= 7) return true;
  const char *fmt = v ? "version '%.20s' of .nam is not known: 0.5.0 to 0.7.x are" : "'version' is missing or no string";
  diag_error(m->c, nam_pos(m, "version", -1), fmt, v);
  return false;
}

static bool nam_architecture(Nam *m, const json_t *root) {
  static const char *const known[] = { "WaveNet", "LSTM", "ConvNet", "Linear", "SlimmableContainer" };
  const char *a = json_string_value(json_object_get(root, "architecture")); Pos at = nam_pos(m, "architecture", -1);
  int k = 0;
  while (a && k < 5 && strcmp(a, known[k])) k++;
  if (a && k == 0) return true;
  if (a && k < 5) {
    diag_error(m->c, at, "architecture '%s' is not supported yet", a);
    diag_help(m->c, "WaveNet is");
    diag_unsupported(m->c);
  } else {
    diag_error(m->c, at, a ? "architecture '%.40s' is not known" : "'architecture' is missing or no string", a);
    if (a) suggest(m->c, a, known, 5);
  }
  return false;
}

static bool nam_weights(Nam *m, const json_t *root) {
  const json_t *list = json_object_get(root, "weights"); Pos at = nam_pos(m, "weights", -1);
  if (!json_is_array(list)) return diag_error(m->c, at, "'weights' is missing or no list"), false;
  m->nweight = (int64_t)json_array_size(list); m->weight = NEWN(m->c, float, m->nweight);
  for (int64_t i = 0; i < m->nweight; i++) {
    const json_t *v = json_array_get(list, (size_t)i);
    m->weight[i] = (float)json_number_value(v);
    if (!json_is_number(v) || !isfinite(m->weight[i])) return diag_error(m->c, at, "weight %lld is no number of 32 bits", (long long)i), false;
  }
  return true;
}

Weight *nam_tensor(Nam *m, const char *name, const int64_t shape[4]) {
  Weight w = { .name = ctx_intern(m->c, name), .type = T_F32, .shape = NEWN(m->c, int64_t, 3) };
  int64_t n = 1;                  /* fields are at most 4096: no overflow below rank 6 */
  for (; shape[w.rank]; w.rank++) n *= w.shape[w.rank] = shape[w.rank];
  if (n <= m->nweight && m->used <= m->nweight - n) w.data = m->weight + m->used;
  m->used += n;
  PUSH(m->c, m->tensor, w);
  return &m->tensor.at[m->tensor.n - 1];
}

/* The file's name as the name of a graph. */
static const char *graph_name(Nam *m) {
  const char *slash = strrchr(m->src->name, '/'), *base = slash ? slash + 1 : m->src->name, *dot = strrchr(base, '.');
  char *s = ctx_printf(m->c, "%.*s", dot && dot > base ? (int)(dot - base) : (int)strlen(base), base);
  for (char *p = s; *p; p++) if (!(*p == '_' || (*p | 32) - 'a' + 0u < 26 || *p - '0' + 0u < 10)) *p = '_';
  bool plain = *s && !(*s >= '0' && *s <= '9') && strcmp(s, "op") && strcmp(s, "graph") && strcmp(s, "or") && strcmp(s, "if");
  return plain ? s : ctx_printf(m->c, "nam_%s", s);
}

bool nam_import(Ctx *c, const Source *src, const char *weights_path, bool prewarm, Import *out) {
  Nam m = { .c = c, .src = src, .prewarm = prewarm }; Wavenet w = { 0 };
  Text t = { .c = c }; const json_t *root = nam_json(&m);
  if (!root) return false;
  bool good = nam_version(&m, root);
  if (!nam_architecture(&m, root)) return false;
  if (!nam_config(&m, json_object_get(root, "config"), &w)) good = false;
  if (!nam_weights(&m, root) || !good) return false;
  text_add(&t, "weights ");
  text_quoted(&t, weights_path);
  text_add(&t, ";\n\n");
  nam_wavenet(&m, &w, &t, graph_name(&m));
  *out = (Import){ .graph_text = t.s, .weight = m.tensor.at, .nweight = m.tensor.n };
  if (m.used == m.nweight) return true;
  diag_error(c, nam_pos(&m, "weights", -1), "the layers need %lld weights, the file has %lld", (long long)m.used, (long long)m.nweight);
  return false;
}
