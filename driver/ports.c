/* Binding files and dimensions to an artefact's ports; running streams in blocks.
 *
 *   a port of shape [c, t] with 48000 frames and block 64: each call sees c rows of 64, copied from and to the rows of 48000
 */
#include "ports.h"
#include <stdlib.h>
#include <string.h>

static int64_t extent(const Ports *p, const frit_port *q, int d) { return q->extent[d] + (q->dim[d] >= 0 ? p->dim[q->dim[d]] : 0); }

int64_t port_elems(const Ports *p, const frit_port *q)
{
  int64_t n = 1;
  for (int d = 0; d < q->rank; d++)
    n *= extent(p, q, d);
  return n;
}

static int find_port(const frit_model *m, const char *name, int output)
{
  for (int k = 0; k < frit_nports(m); k++)
    if (strcmp(frit_get_port(m, k)->name, name) == 0 && frit_get_port(m, k)->output == output)
      return k;
  return -1;
}

static bool no_port(Ctx *c, const frit_model *m, const char *name, int output)
{
  const char *names[256], *near;
  int n = 0;
  for (int k = 0; k < frit_nports(m); k++)
    if (frit_get_port(m, k)->output == output)
      names[n++] = frit_get_port(m, k)->name;
  near = diag_near(name, names, n);
  diag_error(c, (Pos){ 0 }, "the model has no %s '%s'", output ? "output" : "input", name);
  if (near)
    diag_help(c, "did you mean '%s'?", near);
  else if (n)
    diag_help(c, "it has '%s'%s", names[0], n > 1 ? " and others: `frit inspect` lists them" : "");
  return false;
}

static bool set_dims(Ctx *c, const Args *a, Ports *p)
{
  for (int k = 0; k < a->ndim; k++) {
    int d = 0;
    while (d < frit_ndims(p->m) && strcmp(frit_get_dim(p->m, d)->name, a->dim[k].name) != 0)
      d++;
    if (d == frit_ndims(p->m)) {
      diag_error(c, (Pos){ 0 }, "the model has no dimension '%s'", a->dim[k].name);
      return false;
    }
    p->dim[d] = atoll(a->dim[k].value);
  }
  return true;
}

/* A dimension that the command line left open takes its extent from the file. */
static bool dims_from(Ctx *c, Ports *p, const frit_port *q, const char *path, const Array *f)
{
  int open = 0;
  int64_t known = 1;
  for (int d = 0; d < q->rank; d++)
    if (q->dim[d] >= 0 && p->dim[q->dim[d]] < 0 && ++open)
      p->dim[q->dim[d]] = f->rank == q->rank ? f->shape[d] - q->extent[d] : -2 - d;
    else
      known *= extent(p, q, d);
  for (int d = 0; d < q->rank; d++)
    if (q->dim[d] >= 0 && p->dim[q->dim[d]] <= -2)
      p->dim[q->dim[d]] = open == 1 && known > 0 ? f->count / known - q->extent[d] : 0;
  if (f->count == port_elems(p, q))
    return true;
  diag_error(c, (Pos){ 0 }, "%s has %lld elements, input '%s' needs %lld", path, (long long)f->count, q->name, (long long)port_elems(p, q));
  return false;
}

static bool bind_file(Ctx *c, Ports *p, const Binding *b)
{
  Array f;
  int k = find_port(p->m, b->name, 0);
  if (k < 0)
    return no_port(c, p->m, b->name, 0);
  const frit_port *q = frit_get_port(p->m, k);
  if (!array_read(c, b->value, &f) || !dims_from(c, p, q, b->value, &f))
    return false;
  Type t = type_by_name(q->type);
  if (f.type != t && (type_bytes(t) == 2 || type_bytes(f.type) == 2)) {
    diag_error(c, (Pos){ 0 }, "%s has elements of type %s, input '%s' of %s", b->value, type_name(f.type), q->name, q->type);
    return false;
  }
  p->data[k] = array_as(c, &f, t);
  p->rate = f.rate ? f.rate : p->rate;
  return true;
}

static void fill_random(Ctx *c, const frit_port *q, void *data, int64_t n, uint64_t *seed)
{
  Array one = { .type = T_F32, .count = n, .data = NEWN(c, float, n + 1) };
  float scale = type_is_float(type_by_name(q->type)) ? 1.0f : 3.99f, *v = one.data;
  for (int64_t k = 0; k < n; k++)
    v[k] = random_unit(seed) * scale;
  Type t = type_by_name(q->type);
  if (type_class(t) == 'u' || type_class(t) == 'b')
    for (int64_t k = 0; k < n; k++)
      v[k] = v[k] < 0 ? -v[k] : v[k];
  if (t == T_F16 || t == T_BF16)
    memset(data, 0, (size_t)n * 2);   /* zeros: exact in every format */
  else
    memcpy(data, array_as(c, &one, t), (size_t)n * (size_t)q->elem_bytes);
}

static bool check_dims(Ctx *c, Ports *p)
{
  for (int d = 0; d < frit_ndims(p->m); d++) {
    const frit_dim *q = frit_get_dim(p->m, d);
    bool ok = q->stream ? p->dim[d] >= 0 : p->dim[d] >= q->lo && p->dim[d] <= q->hi;
    if (!ok) {
      diag_error(c, (Pos){ 0 }, "%s = %lld is outside %lld..%lld", q->name, (long long)p->dim[d], (long long)q->lo, (long long)q->hi);
      return false;
    }
    if (q->stream) {
      p->stream = d;
      p->frames = p->dim[d];
    }
  }
  return true;
}

bool ports_bind(Ctx *c, const Args *a, frit_model *m, bool fill, Ports *p)
{
  uint64_t seed = (uint64_t)a->seed;
  *p = (Ports){ .m = m, .stream = -1 };
  for (int d = 0; d < 16; d++)
    p->dim[d] = -1;
  if (!set_dims(c, a, p))
    return false;
  for (int k = 0; k < a->nin; k++)
    if (!bind_file(c, p, &a->in[k]))
      return false;
  for (int d = 0; d < frit_ndims(m); d++)
    if (p->dim[d] < 0)
      p->dim[d] = frit_get_dim(m, d)->stream ? (a->frames ? a->frames : 1024) : frit_get_dim(m, d)->hi < 7 ? frit_get_dim(m, d)->hi : 7;
  if (!check_dims(c, p))
    return false;
  for (int k = 0; k < frit_nports(m); k++) {
    const frit_port *q = frit_get_port(m, k);
    int64_t n = port_elems(p, q);
    p->bytes[k] = (size_t)(n * q->elem_bytes);
    if (!p->data[k] && !q->output && !fill) {
      diag_error(c, (Pos){ 0 }, "input '%s' is missing", q->name);
      diag_help(c, "give it with --input %s=FILE (.npy, .f32, .wav)", q->name);
      return false;
    }
    if (!p->data[k]) {
      p->data[k] = NEWN(c, char, p->bytes[k] + 64);
      if (!q->output)
        fill_random(c, q, p->data[k], n, &seed);
    }
  }
  return true;
}

/* Copies the frames [t0, t0 + n) of every row between a whole array and a call's array. One dimension at most is the stream. */
static void move_block(const Ports *p, const frit_port *q, char *whole, char *part, int64_t t0, int64_t n, bool out)
{
  int64_t rows = 1, inner = q->elem_bytes, d = 0;
  for (; d < q->rank && q->dim[d] != p->stream; d++)
    rows *= extent(p, q, (int)d);
  for (int64_t e = d + 1; e < q->rank; e++)
    inner *= extent(p, q, (int)e);
  for (int64_t r = 0; r < rows; r++) {
    char *w = whole + (r * p->frames + t0) * inner, *b = part + r * n * inner;
    memcpy(out ? w : b, out ? b : w, (size_t)(n * inner));
  }
}

static bool is_streamed(const Ports *p, const frit_port *q)
{
  for (int d = 0; d < q->rank; d++)
    if (q->dim[d] == p->stream)
      return true;
  return false;
}

static bool run_call(Ctx *c, const Ports *p, frit_instance *i, void *const *part, int64_t t0, int64_t n)
{
  for (int k = 0; k < frit_nports(p->m); k++) {
    const frit_port *q = frit_get_port(p->m, k);
    bool moved = p->stream >= 0 && is_streamed(p, q);
    size_t bytes = moved ? p->bytes[k] / (size_t)(p->frames ? p->frames : 1) * (size_t)n : p->bytes[k];
    if (moved && !q->output)
      move_block(p, q, p->data[k], part[k], t0, n, false);
    frit_set(i, q->name, moved ? part[k] : p->data[k], bytes);
  }
  if (frit_run(i) != FRIT_OK) {
    diag_error(c, (Pos){ 0 }, "the run failed: %s", frit_error(i));
    return false;
  }
  for (int k = 0; p->stream >= 0 && k < frit_nports(p->m); k++)
    if (frit_get_port(p->m, k)->output && is_streamed(p, frit_get_port(p->m, k)))
      move_block(p, frit_get_port(p->m, k), p->data[k], part[k], t0, n, true);
  return true;
}

bool ports_run(Ctx *c, Ports *p, frit_instance *i, int64_t block)
{
  void *part[256] = { 0 };
  for (int d = 0; d < frit_ndims(p->m); d++)
    if (d != p->stream && frit_set_dim(i, frit_get_dim(p->m, d)->name, p->dim[d]) != FRIT_OK) {
      diag_error(c, (Pos){ 0 }, "%s", frit_error(i));
      return false;
    }
  if (p->stream < 0)
    return run_call(c, p, i, part, 0, 0);
  for (int k = 0; k < frit_nports(p->m); k++)
    part[k] = NEWN(c, char, p->bytes[k] / (size_t)(p->frames ? p->frames : 1) * (size_t)block + 64);
  for (int64_t t0 = 0, n; t0 < p->frames; t0 += n) {
    n = p->frames - t0 < block ? p->frames - t0 : block;
    if (frit_set_dim(i, frit_get_dim(p->m, p->stream)->name, n) != FRIT_OK) {
      diag_error(c, (Pos){ 0 }, "block %lld: %s", (long long)block, frit_error(i));
      return false;
    }
    if (!run_call(c, p, i, part, t0, n))
      return false;
  }
  return true;
}
