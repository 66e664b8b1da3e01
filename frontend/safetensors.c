/* The .safetensors format: 8 bytes little-endian length N, N bytes of JSON, then the tensors' bytes.
 *
 *   { "fc.w": { "dtype": "F32", "shape": [10, 64], "data_offsets": [0, 2560] }, "__metadata__": { ... } }
 *
 * A file is mapped and never trusted: each length, offset, type and shape is checked against the others before anything is read.
 */
#include "weights.h"
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEADER_MAX ((uint64_t)25 << 20)
#define RANK_MAX 16

static const struct { const char *name; Type type; } dtypes[] = {
  { "BOOL", T_BOOL }, { "I8", T_I8 }, { "U8", T_U8 }, { "I16", T_I16 }, { "U16", T_U16 }, { "I32", T_I32 }, { "U32", T_U32 },
  { "I64", T_I64 }, { "U64", T_U64 }, { "F16", T_F16 }, { "BF16", T_BF16 }, { "F32", T_F32 }, { "F64", T_F64 },
};
enum { NDTYPE = sizeof dtypes / sizeof *dtypes };

typedef struct Mapped { void *at; size_t size; } Mapped;
typedef struct Reader { Ctx *c; const char *path; Pos pos; const char *data; uint64_t size; } Reader;

int64_t shape_product(const int64_t *shape, int rank)
{
  int64_t n = 1;

  for (int i = 0; i < rank; i++) {
    if (shape[i] < 0 || (shape[i] && n > (INT64_MAX >> 1) / shape[i])) return -1;
    n *= shape[i];
  }
  return n;
}

static void unmap(void *p)
{
  munmap(((Mapped *)p)->at, ((Mapped *)p)->size);
}

static void json_free(void *p)
{
  json_decref(p);
}

/* ---- opening */
/* Maps fd into *m; gives what is wrong, or NULL. */
static const char *map_fd(Ctx *c, int fd, Mapped *m)
{
  struct stat st;

  if (fd < 0 || fstat(fd, &st) < 0) return strerror(errno);
  if (!S_ISREG(st.st_mode)) return "it is no regular file";
  if (st.st_size < 8) return "it has fewer than 8 bytes";
  m->size = (size_t)st.st_size;
  m->at = mmap(NULL, m->size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (m->at == MAP_FAILED) return strerror(errno);
  ctx_at_free(c, unmap, m);
  return NULL;
}

static Mapped *map_file(Ctx *c, const char *path, Pos pos)
{
  Mapped *m = NEW(c, Mapped);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  const char *wrong = map_fd(c, fd, m);

  if (wrong) {
    diag_error(c, pos, "cannot read weights file '%s': %s", path, wrong);
    if (fd < 0) diag_help(c, "a relative path starts at the folder of the graph");
  }
  if (fd >= 0) close(fd);
  return wrong ? NULL : m;
}

static json_t *header_parse(Reader *r, const char *text, uint64_t n)
{
  json_error_t e;
  json_t *j = json_loadb(text, (size_t)n, JSON_REJECT_DUPLICATES, &e);

  if (j) ctx_at_free(r->c, json_free, j);
  if (!j) diag_error(r->c, r->pos, "weights file '%s': the header is not valid JSON: %s (byte %d)", r->path, e.text, e.position + 8);
  else if (!json_is_object(j)) diag_error(r->c, r->pos, "weights file '%s': the header is not an object", r->path);
  return json_is_object(j) ? j : NULL;
}

static json_t *header_read(Reader *r, const Mapped *m)
{
  const unsigned char *p = m->at;
  uint64_t n = 0;

  for (int i = 0; i < 8; i++) n |= (uint64_t)p[i] << (8 * i);
  if (n > HEADER_MAX || n > m->size - 8) {
    diag_error(r->c, r->pos, "weights file '%s': a header of %llu bytes is announced, the file has %zu", r->path, (unsigned long long)n, m->size);
    diag_help(r->c, "the file is truncated or is no .safetensors file");
    return NULL;
  }
  r->data = (const char *)p + 8 + n;
  r->size = m->size - 8 - n;
  return header_parse(r, (const char *)p + 8, n);
}

/* ---- one tensor */
static bool entry_error(const Reader *r, const char *name, const char *what)
{
  diag_error(r->c, r->pos, "weights file '%s': tensor '%.200s': %s", r->path, name, what);
  return false;
}

static bool entry_type(const Reader *r, const char *name, const json_t *dtype, Type *out)
{
  const char *s = json_string_value(dtype);

  if (!s) return entry_error(r, name, "'dtype' is missing or no string");
  for (int i = 0; i < NDTYPE; i++)
    if (!strcmp(dtypes[i].name, s)) return *out = dtypes[i].type, true;
  return entry_error(r, name, ctx_printf(r->c, "the type '%.20s' is not known", s));
}

static bool entry_shape(const Reader *r, const char *name, const json_t *shape, Weight *w)
{
  size_t rank = json_array_size(shape);

  if (!json_is_array(shape) || rank > RANK_MAX) return entry_error(r, name, "'shape' is missing, no list, or has more than 16 dimensions");
  w->rank = (int)rank;
  w->shape = NEWN(r->c, int64_t, rank);
  for (size_t i = 0; i < rank; i++) {
    const json_t *n = json_array_get(shape, i);
    if (!json_is_integer(n) || json_integer_value(n) < 0) return entry_error(r, name, "an extent of its shape is no integer or is negative");
    w->shape[i] = json_integer_value(n);
  }
  return shape_product(w->shape, w->rank) >= 0 || entry_error(r, name, "its shape has more than 2^62 elements");
}

static bool entry_data(const Reader *r, const json_t *offsets, Weight *w)
{
  const json_t *jb = json_array_get(offsets, 0), *je = json_array_get(offsets, 1);
  int64_t b = json_integer_value(jb), e = json_integer_value(je), n = shape_product(w->shape, w->rank);

  if (json_array_size(offsets) != 2 || !json_is_integer(jb) || !json_is_integer(je))
    return entry_error(r, w->name, "'data_offsets' is missing or not two integers");
  if (b < 0 || e < b || (uint64_t)e > r->size)
    return entry_error(r, w->name, ctx_printf(r->c, "its bytes %lld..%lld lie outside the file's %llu bytes of data", (long long)b, (long long)e,
                                              (unsigned long long)r->size));
  if ((e - b) % type_bytes(w->type) || (e - b) / type_bytes(w->type) != n)
    return entry_error(r, w->name, ctx_printf(r->c, "its shape has %lld elements of %s, its data %lld bytes", (long long)n, type_name(w->type),
                                              (long long)(e - b)));
  w->data = r->data + b;
  return true;
}

static bool entry_read(const Reader *r, const char *name, const json_t *j, Weight *w)
{
  w->name = ctx_intern(r->c, name);
  if (!json_is_object(j)) return entry_error(r, name, "its entry is no object");
  return entry_type(r, name, json_object_get(j, "dtype"), &w->type) && entry_shape(r, name, json_object_get(j, "shape"), w)
         && entry_data(r, json_object_get(j, "data_offsets"), w);
}

static size_t weight_bytes(const Weight *w)
{
  return (size_t)shape_product(w->shape, w->rank) * (size_t)type_bytes(w->type);
}

static int by_data(const void *pa, const void *pb)
{
  const Weight *a = pa, *b = pb;

  if (a->data != b->data) return (const char *)a->data < (const char *)b->data ? -1 : 1;
  return (weight_bytes(a) > weight_bytes(b)) - (weight_bytes(a) < weight_bytes(b));
}

/* Tensors that share bytes are refused, as the format's own reader does: two views of one place have no honest writer. */
static bool entries_disjoint(const Reader *r, Weights *w)
{
  qsort(w->at, (size_t)w->n, sizeof *w->at, by_data);
  for (int i = 0; i + 1 < w->n; i++)
    if ((const char *)w->at[i].data + weight_bytes(&w->at[i]) > (const char *)w->at[i + 1].data)
      return entry_error(r, w->at[i + 1].name, ctx_printf(r->c, "its bytes overlap those of '%.200s'", w->at[i].name));
  return true;
}

Weights *safetensors_open(Ctx *c, const char *path, Pos pos)
{
  Mapped *m = map_file(c, path, pos);
  Reader r = { .c = c, .path = path, .pos = pos };
  json_t *header = m ? header_read(&r, m) : NULL, *entry;
  Weights *w = NEW(c, Weights);
  const char *name;
  bool good = header;

  if (!good) return NULL;
  w->path = path;
  w->at = NEWN(c, Weight, json_object_size(header));
  json_object_foreach(header, name, entry) {
    if (!strcmp(name, "__metadata__")) continue;
    if (entry_read(&r, name, entry, &w->at[w->n])) w->n++;
    else good = false;
  }
  return good && entries_disjoint(&r, w) ? w : NULL;
}

/* ---- writing */
static int by_name(const void *a, const void *b)
{
  return strcmp((*(const Weight *const *)a)->name, (*(const Weight *const *)b)->name);
}

static const char *dtype_name(Type t)
{
  for (int i = 0; i < NDTYPE; i++)
    if (dtypes[i].type == t) return dtypes[i].name;
  return "?";
}

/* A JSON string: names come from graphs and files, so anything may stand in them. */
static void json_text(Text *t, const char *s)
{
  text_add(t, "\"");
  for (; *s; s++) {
    if ((unsigned char)*s < 0x20) text_add(t, "\\u%04x", *s);
    else text_add(t, *s == '"' || *s == '\\' ? "\\%c" : "%c", *s);
  }
  text_add(t, "\"");
}

static uint64_t header_entry(Text *t, const Weight *w, uint64_t at)
{
  uint64_t end = at + weight_bytes(w);

  json_text(t, w->name);
  text_add(t, ":{\"dtype\":\"%s\",\"shape\":[", dtype_name(w->type));
  for (int i = 0; i < w->rank; i++) text_add(t, "%s%lld", i ? "," : "", (long long)w->shape[i]);
  text_add(t, "],\"data_offsets\":[%llu,%llu]}", (unsigned long long)at, (unsigned long long)end);
  return end;
}

/* The data starts at a multiple of 64 (blanks end the header); between tensors the format allows no gap. */
bool safetensors_write(Ctx *c, const char *path, const Weight *w, int n)
{
  const Weight **sorted = NEWN(c, const Weight *, n);
  Text t = { .c = c };
  uint64_t at = 0;

  for (int i = 0; i < n; i++) sorted[i] = w + i;
  qsort(sorted, (size_t)n, sizeof *sorted, by_name);
  text_addn(&t, "\0\0\0\0\0\0\0\0{", 9);
  for (int i = 0; i < n; i++) {
    if (i) text_add(&t, ",");
    at = header_entry(&t, sorted[i], at);
  }
  text_add(&t, "}");
  while (t.n % 64) text_add(&t, " ");
  for (int i = 0; i < 8; i++) t.s[i] = (char)((t.n - 8) >> (8 * i));
  for (int i = 0; i < n; i++) text_addn(&t, sorted[i]->data, weight_bytes(sorted[i]));
  return file_write(c, path, t.s, t.n, false);
}
