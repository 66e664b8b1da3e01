/* Binding files and dimensions to an artefact's ports; running streams in blocks.
 *   a port of shape [c, t] with 48000 frames and block 64: each call sees c rows of 64, copied from and to the rows of 48000 */
#include "driver.h"
#include <stdlib.h>

int64_t port_extent(const Ports *p, const frit_port *q, int d) { return q->extent[d] + (q->dim[d] >= 0 ? p->dim[q->dim[d]] : 0); }
int64_t port_elems(const Ports *p, const frit_port *q) { int64_t n = 1; for (int d = 0; d < q->rank; d++) n *= port_extent(p, q, d); return n; }
static int find_input(Ctx *c, const Ports *p, const char *name) {
  const char *names[256] = { 0 }; int n = 0;
  for (int k = 0; k < p->n; k++) if (!p->port[k]->output && !strcmp(names[n++] = p->port[k]->name, name)) return k;
  driver_fail(c, "the model has no input '%s'", name);
  if (!suggest(c, name, names, n) && n) diag_help(c, "it has '%s'%s", names[0], n > 1 ? " and others: `frit inspect` lists them" : "");
  return -1;
}
static bool set_dim(Ctx *c, Ports *p, const Binding *b) {
  for (int d = 0; d < frit_ndims(p->m); d++)
    if (!strcmp(frit_get_dim(p->m, d)->name, b->name)) {
      char *end; p->dim[d] = strtoll(b->value, &end, 10);
      return (end != b->value && !*end && p->dim[d] > 0) || driver_fail(c, "--dim %s wants a whole number above 0, not '%s'", b->name, b->value);
    }
  return driver_fail(c, "the model has no dimension '%s'", b->name);
}

/* A dimension that the command line left open takes its extent from the file. */
static bool dims_from(Ctx *c, Ports *p, const frit_port *q, const char *path, const Array *f) {
  int open = 0; int64_t known = 1;
  for (int d = 0; d < q->rank; d++)
    if (q->dim[d] >= 0 && p->dim[q->dim[d]] < 0 && ++open) p->dim[q->dim[d]] = f->rank == q->rank ? f->shape[d] - q->extent[d] : -2 - d;
    else known *= port_extent(p, q, d);
  for (int d = 0; d < q->rank; d++)
    if (q->dim[d] >= 0 && p->dim[q->dim[d]] <= -2) p->dim[q->dim[d]] = open == 1 && known > 0 ? f->count / known - q->extent[d] : 0;
  long long have = f->count, need = port_elems(p, q);
  return have == need || driver_fail(c, "%s has %lld elements, input '%s' needs %lld", path, have, q->name, need);
}
static bool bind_file(Ctx *c, Ports *p, const Binding *b) {
  Array f; int k = find_input(c, p, b->name); if (k < 0 || !array_read(c, b->value, &f) || !dims_from(c, p, p->port[k], b->value, &f)) return false;
  Type t = type_by_name(p->port[k]->type);
  if (f.type != t && (type_bytes(t) == 2 || type_bytes(f.type) == 2))
    return driver_fail(c, "%s has elements of type %s, input '%s' of %s", b->value, type_name(f.type), b->name, type_name(t));
  p->data[k] = array_as(c, &f, t); p->rate = f.rate ? f.rate : p->rate; return true;
}
/* Deterministic numbers in -1..1: splitmix64 (Steele, Lea, Flood 2014). */
static float random_unit(uint64_t *state) {
  uint64_t z = (*state += 0x9e3779b97f4a7c15u); z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u; z = (z ^ (z >> 27)) * 0x94d049bb133111ebu; z ^= z >> 31;
  return (float)(int64_t)(z >> 40) / (float)(1 << 23) - 1.0f;
}
/* 16-bit floats stay zeros: exact in every format. */
static void *random_array(Ctx *c, Type t, int64_t n, uint64_t *seed) {
  float *v = NEWN(c, float, n + 1), scale = type_is_float(t) ? 1.0f : 3.99f; bool positive = type_class(t) == 'u' || type_class(t) == 'b';
  for (int64_t k = 0; k < n; k++) { v[k] = random_unit(seed) * scale; if (positive && v[k] < 0) v[k] = -v[k]; }
  return t == T_F16 || t == T_BF16 ? NEWN(c, char, 2 * n + 64) : array_as(c, &(Array){ .type = T_F32, .count = n, .data = v }, t);
}
/* Dimensions that are still open get a default: 1024 frames, or 7. */
static bool close_dims(Ctx *c, const Args *a, Ports *p) {
  for (int d = 0; d < frit_ndims(p->m); d++) {
    const frit_dim *q = frit_get_dim(p->m, d);
    if (p->dim[d] < 0) p->dim[d] = q->stream ? (a->frames ? a->frames : 1024) : q->hi < 7 ? q->hi : 7;
    if (q->stream) p->stream = d, p->frames = p->dim[d];
    else if (p->dim[d] < q->lo || p->dim[d] > q->hi)
      return driver_fail(c, "%s = %lld is outside %lld..%lld", q->name, (long long)p->dim[d], (long long)q->lo, (long long)q->hi);
  }
  return true;
}
bool ports_bind(Ctx *c, const Args *a, frit_model *m, bool fill, Ports *p) {
  uint64_t seed = (uint64_t)a->seed; *p = (Ports){ .m = m, .n = frit_nports(m), .stream = -1 };
  for (int k = 0; k < p->n; k++) p->port[k] = frit_get_port(m, k);
  for (int d = 0; d < 16; d++) p->dim[d] = -1;
  for (int k = 0; k < a->dim.n; k++) if (!set_dim(c, p, &a->dim.at[k])) return false;
  for (int k = 0; k < a->in.n; k++) if (!bind_file(c, p, &a->in.at[k])) return false;
  if (!close_dims(c, a, p)) return false;
  for (int k = 0; k < p->n; k++) {
    const frit_port *q = p->port[k]; int64_t n = port_elems(p, q); p->bytes[k] = (size_t)(n * q->elem_bytes);
    if (p->data[k]) continue;
    if (!q->output && !fill) {
      driver_fail(c, "input '%s' is missing", q->name); diag_help(c, "give it with --input %s=FILE (.npy, .f32, .wav)", q->name); return false;
    }
    p->data[k] = q->output ? NEWN(c, char, p->bytes[k] + 64) : random_array(c, type_by_name(q->type), n, &seed);
  }
  return true;
}
/* The dimension of q that is the stream, or its rank. */
static int time_dim(const Ports *p, const frit_port *q) { int d = 0; while (d < q->rank && (p->stream < 0 || q->dim[d] != p->stream)) d++; return d; }
/* Copies the frames [t0, t0 + n) of every row between a port's whole array and a call's part of it. */
static void move_block(const Ports *p, int k, char *part, int64_t t0, int64_t n) {
  const frit_port *q = p->port[k]; int stream = time_dim(p, q); int64_t rows = 1, inner = q->elem_bytes;
  for (int d = 0; d < q->rank; d++) if (d != stream) *(d < stream ? &rows : &inner) *= port_extent(p, q, d);
  for (int64_t r = 0; r < rows; r++) {
    char *w = (char *)p->data[k] + (r * p->frames + t0) * inner, *b = part + r * n * inner;
    memcpy(q->output ? w : b, q->output ? b : w, (size_t)(n * inner));
  }
}
static size_t part_bytes(const Ports *p, int k, int64_t n) { return p->bytes[k] / (size_t)(p->frames ? p->frames : 1) * (size_t)n; }
static bool run_call(Ctx *c, const Ports *p, frit_instance *i, void *const *part, int64_t t0, int64_t n) {
  for (int k = 0; k < p->n; k++) {
    bool moved = time_dim(p, p->port[k]) < p->port[k]->rank;
    if (moved && !p->port[k]->output) move_block(p, k, part[k], t0, n);
    frit_set(i, p->port[k]->name, moved ? part[k] : p->data[k], moved ? part_bytes(p, k, n) : p->bytes[k]);
  }
  if (frit_run(i) != FRIT_OK) return driver_fail(c, "the run failed: %s", frit_error(i));
  for (int k = 0; k < p->n; k++) if (p->port[k]->output && time_dim(p, p->port[k]) < p->port[k]->rank) move_block(p, k, part[k], t0, n);
  return true;
}
bool ports_run(Ctx *c, Ports *p, frit_instance *i, int64_t block) {
  void *part[256] = { 0 };
  for (int d = 0; d < frit_ndims(p->m); d++)
    if (d != p->stream && frit_set_dim(i, frit_get_dim(p->m, d)->name, p->dim[d]) != FRIT_OK) return driver_fail(c, "%s", frit_error(i));
  if (p->stream < 0) return run_call(c, p, i, part, 0, 0);
  for (int k = 0; k < p->n; k++) part[k] = NEWN(c, char, part_bytes(p, k, block) + 64);
  for (int64_t t0 = 0, n; t0 < p->frames; t0 += n) {
    n = p->frames - t0 < block ? p->frames - t0 : block;
    if (frit_set_dim(i, frit_get_dim(p->m, p->stream)->name, n) != FRIT_OK) return driver_fail(c, "block %lld: %s", (long long)block, frit_error(i));
    if (!run_call(c, p, i, part, t0, n)) return false;
  }
  return true;
}

bool ports_ready(Ctx *c, const Args *args, frit_model *m, frit_instance *i, Ports *p) {
  Args a = *args; a.frames = a.frames ? a.frames : a.block;
  if (!ports_bind(c, &a, m, true, p) || !ports_run(c, p, i, p->stream >= 0 ? p->frames : 1)) return false;
  for (int q = 0; q < p->n; q++) frit_set(i, p->port[q]->name, p->data[q], p->bytes[q]);
  return true;
}
