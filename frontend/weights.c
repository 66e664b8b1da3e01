/* Weights: named tensors of the files that a graph's `weights` statements name: "amp.nam" as its importer names them (nam.c), or the
 * .safetensors format: 8 bytes little-endian length N, N bytes of JSON, then the tensors' bytes.
 *   { "fc.w": { "dtype": "F32", "shape": [10, 64], "data_offsets": [0, 2560] }, "__metadata__": { ... } }
 * A file is mapped and never trusted: each length, offset, type and shape is checked against the others before anything is read. */
#include "ast.h"
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEADER_MAX ((uint64_t)25 << 20)
#define RANK_MAX 16

/* The names of types in such a file; they are ours in capitals. */
static const char *const dtypes[T_COUNT] = {
#define T(e, n, b, k) [T_##e] = #e,
#include "../ir/types.def"
};

typedef struct Reader { Ctx *c; const char *path; Pos pos; void *map; size_t mapped; const char *data; uint64_t size; } Reader;

/* rank extents multiplied; -1 if one is negative or the product passes 2^62. */
static int64_t shape_product(const int64_t *shape, int rank) {
  int64_t n = 1; for (int i = 0; i < rank; i++) { if (shape[i] < 0 || (shape[i] && n > (INT64_MAX >> 1) / shape[i])) return -1; n *= shape[i]; }
  return n;
}
static size_t weight_bytes(const Weight *w) { return (size_t)shape_product(w->shape, w->rank) * (size_t)type_bytes(w->type); }
static void unmap(void *reader) { const Reader *r = reader; munmap(r->map, r->mapped); }
static void json_free(void *p) { json_decref(p); }

/* ---- opening: these give what is wrong, or NULL */
static const char *file_map(Reader *r) {
  struct stat st; int fd = open(r->path, O_RDONLY | O_CLOEXEC); if (fd < 0) return strerror(errno);
  bool regular = !fstat(fd, &st) && S_ISREG(st.st_mode), full = regular && st.st_size >= 8;
  r->map = full ? mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
  const char *why = !regular ? "it is no regular file" : !full ? "it has fewer than 8 bytes" : strerror(errno);
  close(fd); if (r->map == MAP_FAILED) return why;
  r->mapped = (size_t)st.st_size; ctx_at_free(r->c, unmap, r); return NULL;
}

static const char *header_read(Reader *r, json_t **out) {
  const unsigned char *p = r->map; uint64_t n = 0; json_error_t e; for (int i = 0; i < 8; i++) n |= (uint64_t)p[i] << (8 * i);
  if (n > HEADER_MAX || n > r->mapped - 8)
    return ctx_printf(r->c, "a header of %llu bytes is announced, the file has %zu: it is truncated or no .safetensors file", (unsigned long long)n,
                      r->mapped);
  r->data = (const char *)p + 8 + n; r->size = r->mapped - 8 - n;
  if (!(*out = json_loadb((const char *)p + 8, (size_t)n, JSON_REJECT_DUPLICATES, &e)))
    return ctx_printf(r->c, "the header is not valid JSON: %s (byte %d)", e.text, e.position + 8);
  ctx_at_free(r->c, json_free, *out); return json_is_object(*out) ? NULL : "the header is not an object";
}

/* ---- one tensor: what is wrong with it, or NULL */
static const char *entry_wrong(const Reader *r, json_t *j, Weight *w) {
  const char *type; json_t *shape; json_int_t b, e;
  if (json_unpack(j, "{s:s, s:o, s:[I,I!]}", "dtype", &type, "shape", &shape, "data_offsets", &b, &e))
    return "it must have a string 'dtype', a list 'shape' and two integers in 'data_offsets'";
  while (w->type < T_COUNT && (!dtypes[w->type] || strcmp(dtypes[w->type], type))) w->type++;
  if (w->type == T_COUNT) return ctx_printf(r->c, "the type '%.20s' is not known", type);
  size_t rank = json_array_size(shape); if (!json_is_array(shape) || rank > RANK_MAX) return "'shape' is no list, or has more than 16 dimensions";
  w->rank = (int)rank; w->shape = NEWN(r->c, int64_t, rank);
  for (size_t i = 0; i < rank; i++) { const json_t *n = json_array_get(shape, i); w->shape[i] = json_is_integer(n) ? json_integer_value(n) : -1; }
  long long n = shape_product(w->shape, w->rank), size = type_bytes(w->type);
  if (n < 0) return "an extent of its shape is no integer or negative, or it has more than 2^62 elements";
  if (b < 0 || e < b || (uint64_t)e > r->size)
    return ctx_printf(r->c, "its bytes %lld..%lld lie outside the file's %llu bytes of data", b, e, (unsigned long long)r->size);
  w->data = r->data + b; if (!((e - b) % size) && (e - b) / size == n) return NULL;
  return ctx_printf(r->c, "its shape has %lld elements of %s, its data %lld bytes", n, type_name(w->type), e - b);
}

static bool entry_good(const Reader *r, const char *name, const char *wrong) {
  if (wrong) diag_error(r->c, r->pos, "weights file '%s': tensor '%.200s': %s", r->path, name, wrong);
  return !wrong;
}
static int by_data(const void *pa, const void *pb) {
  const Weight *a = pa, *b = pb; if (a->data != b->data) return (const char *)a->data < (const char *)b->data ? -1 : 1;
  return (weight_bytes(a) > weight_bytes(b)) - (weight_bytes(a) < weight_bytes(b));
}
static int by_name(const void *a, const void *b) { return strcmp(((const Weight *)a)->name, ((const Weight *)b)->name); }

/* Tensors that share bytes are refused, as the format's own reader does: two views of one place have no honest writer. */
static bool entries_disjoint(const Reader *r, Weights *w) {
  qsort(w->at, (size_t)w->n, sizeof *w->at, by_data);
  for (Weight *a = w->at; a + 1 < w->at + w->n; a++)
    if ((const char *)a->data + weight_bytes(a) > (const char *)a[1].data)
      return entry_good(r, a[1].name, ctx_printf(r->c, "its bytes overlap those of '%.200s'", a->name));
  return true;
}
static Weights *safetensors_open(Ctx *c, const char *path, Pos pos) {
  Reader *r = NEW_AS(c, Reader, .c = c, .path = path, .pos = pos); json_t *header = NULL, *entry; const char *name; bool good = true;
  const char *wrong = file_map(r); if (!wrong) wrong = header_read(r, &header);
  if (wrong) diag_error(c, pos, "cannot read weights file '%s': %s", path, wrong);
  if (!r->map) diag_help(c, "a relative path starts at the folder of the graph");
  if (wrong) return NULL;
  Weights *w = NEW_AS(c, Weights, .path = path, .at = NEWN(c, Weight, json_object_size(header)));
  json_object_foreach(header, name, entry) {
    if (!strcmp(name, "__metadata__")) continue;
    w->at[w->n].name = ctx_intern(c, name);
    if (entry_good(r, name, entry_wrong(r, entry, &w->at[w->n]))) w->n++;
    else good = false;
  }
  return good && entries_disjoint(r, w) ? w : NULL;
}

/* The data starts at a multiple of 64 (blanks end the header); between tensors the format allows no gap. */
bool safetensors_write(Ctx *c, const char *path, const Weight *w, int n) {
  Weight *sorted = NEWN(c, Weight, n); Text t = { .c = c }; unsigned long long at = 0; if (n) memcpy(sorted, w, sizeof *w * (size_t)n);
  qsort(sorted, (size_t)n, sizeof *sorted, by_name);
  text_addn(&t, "\0\0\0\0\0\0\0\0{", 9);
  for (const Weight *s = sorted; s < sorted + n; s++) {
    if (s > sorted) text_add(&t, ",");
    text_quoted(&t, s->name); text_add(&t, ":{\"dtype\":\"%s\",\"shape\":[", dtypes[s->type]);
    for (int i = 0; i < s->rank; i++) text_add(&t, "%s%lld", i ? "," : "", (long long)s->shape[i]);
    text_add(&t, "],\"data_offsets\":[%llu,%llu]}", at, at + weight_bytes(s)); at += weight_bytes(s);
  }
  text_add(&t, "}"); while (t.n % 64) text_add(&t, " ");
  for (int i = 0; i < 8; i++) t.s[i] = (char)((t.n - 8) >> (8 * i));
  for (int i = 0; i < n; i++) text_addn(&t, sorted[i].data, weight_bytes(&sorted[i]));
  return file_write(c, path, t.s, t.n, false);
}

/* ---- any weights */
Weights *weights_open(Ctx *c, const char *path, const Source *from, Pos pos) {
  const char *slash = from && path[0] != '/' ? strrchr(from->name, '/') : NULL;
  const char *full = slash ? ctx_printf(c, "%.*s/%s", (int)(slash - from->name), from->name, path) : path;
  const Source *src = c->sources; Import in = { 0 }; Weights *w = NULL;
  while (src && strcmp(src->name, full)) src = src->next;          /* a .nam that is being imported has been read already */
  if (!src && path_ends(path, ".nam") && !(src = source_read(c, full))) return NULL;
  if (!src) w = safetensors_open(c, full, pos);
  else if (nam_import(c, src, full, true, &in)) w = NEW_AS(c, Weights, .path = full, .at = in.weight, .n = in.nweight);
  if (w) qsort(w->at, (size_t)w->n, sizeof *w->at, by_name);
  return w;
}

const Weight *weights_find(const Weights *w, const char *name) {
  return w->n ? bsearch(&(Weight){ .name = name }, w->at, (size_t)w->n, sizeof *w->at, by_name) : NULL;
}
