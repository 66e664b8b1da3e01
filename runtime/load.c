/* The loader: opens an artefact, reads its NAME_info, and calls it by port names.
 *   frit_model *m = frit_open("./amp.so", &why);  frit_instance *i = frit_new(m);
 *   frit_set_dim(i, "t", 64);  frit_set(i, "x", x, 64 * 4);  frit_set(i, "y", y, 64 * 4);
 *   int rc = frit_run(i);      // FRIT_OK, or a code with words in frit_error(i) */
#include "frit.h"
#include <dlfcn.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DIMS = 16, MAX_PORTS = 256, ALIGN = 64 };

struct frit_model {
  void *handle; const char *info;
  char *words;                    /* a copy of info that port and dim names point into */
  int (*call)(void *const *, void *, void *, const int64_t *, const frit_parallel *); void (*init)(void *);
  frit_port port[MAX_PORTS]; int nport; frit_dim dim[MAX_DIMS]; int ndim; size_t state, scratch;
};

struct frit_instance {
  frit_model *model; const frit_parallel *par; void *state, *scratch, *arg[MAX_PORTS]; size_t bytes[MAX_PORTS]; int64_t dim[MAX_DIMS];
  char error[256];
};

/* ---- the description */
static int elem_bytes(const char *type) {
  static const char *const known[] = { "bool", "i8", "u8", "u8", "i16", "u16", "f16", "bf16", "i32", "u32", "f32", "f32", "i64", "u64", "f64" };
  for (int k = 0; k < 15; k++) if (!strcmp(type, known[k])) return 1 << k / 4;         /* four of a size */
  return 0;
}
static int find_dim(const frit_model *m, const char *name, size_t n) {
  for (int k = 0; k < m->ndim; k++) if (!strncmp(m->dim[k].name, name, n) && !m->dim[k].name[n]) return k;
  return -1;
}
/* An extent is a number, a dimension's name, or name+n. */
static int read_extent(const frit_model *m, const char *s, int *dim, int64_t *n) {
  char *end; size_t len = strcspn(s, "+-"); *dim = -1, *n = strtoll(s, &end, 10); if (*end == 0 && end != s) return 1;
  *dim = find_dim(m, s, len); *n = s[len] ? strtoll(s + len, &end, 10) : 0; return *dim >= 0;
}
static int read_port(frit_model *m, int output, const char *const *word, int n) {
  if (n < 2 || m->nport == MAX_PORTS) return 0;
  frit_port *p = &m->port[m->nport++];
  *p = (frit_port){ .name = word[0], .type = word[1], .output = output, .rank = n - 2 > 8 ? 8 : n - 2, .elem_bytes = elem_bytes(word[1]) };
  for (int d = 0; d < p->rank; d++) if (!read_extent(m, word[2 + d], &p->dim[d], &p->extent[d])) return 0;
  return p->elem_bytes > 0;
}
static int read_line(frit_model *m, char *line) {
  const char *word[12]; char *save = NULL; int n = 0;
  for (char *w = strtok_r(line, " ", &save); w && n < 12; w = strtok_r(NULL, " ", &save)) word[n++] = w;
  if (!n) return 1;
  if (!strcmp(word[0], "dim")) {
    if (n < 4 || m->ndim == MAX_DIMS) return 0;
    m->dim[m->ndim++] = (frit_dim){ word[1], atoll(word[2]), atoll(word[3]), n > 4 }; return 1;
  }
  if (!strcmp(word[0], "input") || !strcmp(word[0], "output")) return read_port(m, word[0][0] == 'o', word + 1, n - 1);
  size_t *bytes = !strcmp(word[0], "state") ? &m->state : !strcmp(word[0], "scratch") ? &m->scratch : NULL;
  if (bytes && n > 1) *bytes = strtoull(word[1], NULL, 10);
  return !bytes || n > 1;
}
static int read_info(frit_model *m) {
  char *save = NULL; m->words = strdup(m->info);
  if (!m->words || strncmp(m->words, "frit 1\n", 7)) return 0;
  for (char *line = strtok_r(m->words, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) if (!read_line(m, line)) return 0;
  return 1;
}
const char *frit_info(const frit_model *m) { return m->info; }
const char *frit_fact(const frit_model *m, const char *key, char *buf, size_t n) {
  size_t len = strlen(key);
  for (const char *s = m->info; s && *s; s = strchr(s, '\n'), s += s != NULL)
    if (!strncmp(s, key, len) && s[len] == ' ') return snprintf(buf, n, "%.*s", (int)strcspn(s + len + 1, "\n"), s + len + 1), buf;
  return NULL;
}
int frit_nports(const frit_model *m) { return m->nport; }
const frit_port *frit_get_port(const frit_model *m, int k) { return k >= 0 && k < m->nport ? &m->port[k] : NULL; }
int frit_ndims(const frit_model *m) { return m->ndim; }
const frit_dim *frit_get_dim(const frit_model *m, int k) { return k >= 0 && k < m->ndim ? &m->dim[k] : NULL; }

/* ---- opening */
/* POSIX has dlsym give functions as object pointers. */
static void *symbol(const frit_model *m, const char *suffix) {
  char name[256], full[300]; if (!frit_fact(m, "name", name, sizeof name)) return NULL;
  snprintf(full, sizeof full, "%s_%s", name, suffix); return dlsym(m->handle, full);
}
/* Gives what is wrong, or NULL. A file may have been renamed: its `frit_artefact` is another name of its NAME_info. */
static const char *open_model(frit_model *m, const char *path) {
  if (!m) return "out of memory";
  if (!(m->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL))) return "the file cannot be loaded as a shared object of this machine";
  if (!(m->info = dlsym(m->handle, "frit_artefact"))) return "the shared object was not made by frit";
  if (!read_info(m)) return "its description has another format: compile the model again with this version";
  *(void **)&m->call = symbol(m, "call"), *(void **)&m->init = symbol(m, "init"); return m->call && m->init ? NULL : "it lacks its entry points";
}
frit_model *frit_open(const char *path, const char **error) {
  frit_model *m = calloc(1, sizeof *m); const char *why = open_model(m, path);
  if (error) *error = why;
  if (why) frit_close(m);
  return why ? NULL : m;
}
void frit_close(frit_model *m) { if (!m) return; if (m->handle) dlclose(m->handle); free(m->words), free(m); }

/* ---- instances */
static void *aligned(size_t n) { return aligned_alloc(ALIGN, (n + ALIGN) / ALIGN * ALIGN); }
frit_instance *frit_new(frit_model *m) {
  frit_instance *i = calloc(1, sizeof *i); if (!i) return NULL; i->model = m, i->state = aligned(m->state), i->scratch = aligned(m->scratch);
  for (int k = 0; k < m->ndim; k++) i->dim[k] = m->dim[k].lo;
  if (!i->state || !i->scratch) return frit_free(i), NULL;
  m->init(i->state); return i;
}
void frit_free(frit_instance *i) { if (i) free(i->state), free(i->scratch); free(i); }
void frit_reset(frit_instance *i) { i->model->init(i->state); }
void frit_copy(frit_instance *to, const frit_instance *from) {
  frit_instance own = *to; *to = *from; to->model = own.model; to->state = own.state; to->scratch = own.scratch;
  memcpy(to->state, from->state, from->model->state); memcpy(to->scratch, from->scratch, from->model->scratch);
}
const char *frit_error(const frit_instance *i) { return i->error; }
__attribute__((format(printf, 3, 4))) static int fail(frit_instance *i, int code, const char *fmt, ...) {
  va_list ap; va_start(ap, fmt); vsnprintf(i->error, sizeof i->error, fmt, ap); va_end(ap); return code;
}
int frit_set_dim(frit_instance *i, const char *name, int64_t v) {
  int k = find_dim(i->model, name, strlen(name)); if (k < 0) return fail(i, FRIT_ERR_NAME, "there is no dimension '%s'", name);
  const frit_dim *d = &i->model->dim[k];
  if (v < d->lo || v > d->hi) return fail(i, FRIT_ERR_DIM, "%s = %" PRId64 " is outside %" PRId64 "..%" PRId64, name, v, d->lo, d->hi);
  i->dim[k] = v; return FRIT_OK;
}
int frit_set(frit_instance *i, const char *port, void *data, size_t bytes) {
  int k = 0;
  while (k < i->model->nport && strcmp(i->model->port[k].name, port)) k++;
  if (k == i->model->nport) return fail(i, FRIT_ERR_NAME, "there is no input or output '%s'", port);
  i->arg[k] = data, i->bytes[k] = bytes; return data ? FRIT_OK : fail(i, FRIT_ERR_NULL, "'%s' is a null pointer", port);
}
void frit_set_parallel(frit_instance *i, const frit_parallel *par) { i->par = par; }
int frit_run(frit_instance *i) {
  const frit_model *m = i->model;
  for (int k = 0; k < m->nport; k++) {
    const frit_port *p = &m->port[k]; size_t need = (size_t)p->elem_bytes;
    for (int d = 0; d < p->rank; d++) need *= (size_t)(p->extent[d] + (p->dim[d] >= 0 ? i->dim[p->dim[d]] : 0));
    if (!i->arg[k]) return fail(i, FRIT_ERR_NULL, "'%s' has not been set", p->name);
    if (i->bytes[k] != need) return fail(i, FRIT_ERR_SIZE, "'%s' has %zu bytes, its shape needs %zu", p->name, i->bytes[k], need);
  }
  int rc = m->call(i->arg, i->state, i->scratch, i->dim, i->par);
  return rc == FRIT_OK ? rc : fail(i, rc, rc == FRIT_ERR_DIM ? "a dimension is out of its bounds" : "a pointer is null");
}
