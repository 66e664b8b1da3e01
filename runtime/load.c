/* The loader: opens an artefact, reads its NAME_info, and calls it by port names.
 *
 *   frit_model *m = frit_open("./amp.so", &why);
 *   frit_instance *i = frit_new(m);
 *   frit_set_dim(i, "t", 64);  frit_set(i, "x", x, 64 * 4);  frit_set(i, "y", y, 64 * 4);
 *   int rc = frit_run(i);      // FRIT_OK, or a code with words in frit_error(i)
 *
 * A shared object made by frit exports `frit_artefact`, another name of its NAME_info: so a file may be renamed.
 */
#include "frit.h"
#include <dlfcn.h>
#include <stdarg.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DIMS = 16, MAX_PORTS = 256, ALIGN = 64 };

struct frit_model {
  void *handle;
  const char *info;
  char *words;                    /* a copy of info that port and dim names point into */
  int (*call)(void *const *, void *, void *, const int64_t *, const frit_parallel *);
  void (*init)(void *);
  frit_port port[MAX_PORTS];
  int nport;
  frit_dim dim[MAX_DIMS];
  int ndim;
  size_t state, scratch;
};

struct frit_instance {
  frit_model *model;
  void *state, *scratch;
  void *arg[MAX_PORTS];
  size_t bytes[MAX_PORTS];
  int64_t dim[MAX_DIMS];
  char error[256];
};

static int elem_bytes(const char *type)
{
  static const struct { const char *name; int bytes; } known[] = {
    { "bool", 1 }, { "i8", 1 }, { "u8", 1 }, { "i16", 2 }, { "u16", 2 }, { "f16", 2 }, { "bf16", 2 },
    { "i32", 4 }, { "u32", 4 }, { "f32", 4 }, { "i64", 8 }, { "u64", 8 }, { "f64", 8 },
  };
  for (size_t k = 0; k < sizeof known / sizeof *known; k++)
    if (strcmp(type, known[k].name) == 0)
      return known[k].bytes;
  return 0;
}

static int find_dim(const frit_model *m, const char *name, size_t n)
{
  for (int k = 0; k < m->ndim; k++)
    if (strncmp(m->dim[k].name, name, n) == 0 && m->dim[k].name[n] == 0)
      return k;
  return -1;
}

/* An extent is a number, a dimension's name, or name+n. */
static int read_extent(const frit_model *m, const char *s, int *dim, int64_t *n)
{
  char *end;
  size_t len = strcspn(s, "+-");
  *dim = -1;
  *n = strtoll(s, &end, 10);
  if (*end == 0 && end != s)
    return 1;
  *dim = find_dim(m, s, len);
  *n = s[len] ? strtoll(s + len, &end, 10) : 0;
  return *dim >= 0;
}

static int read_port(frit_model *m, int output, char **save)
{
  frit_port *p = &m->port[m->nport];
  const char *name = strtok_r(NULL, " ", save), *type = strtok_r(NULL, " ", save), *word;
  if (!name || !type || m->nport == MAX_PORTS)
    return 0;
  *p = (frit_port){ .name = name, .type = type, .output = output, .elem_bytes = elem_bytes(type) };
  for (; (word = strtok_r(NULL, " ", save)) && p->rank < 8; p->rank++)
    if (!read_extent(m, word, &p->dim[p->rank], &p->extent[p->rank]))
      return 0;
  m->nport++;
  return p->elem_bytes > 0;
}

static int read_dim(frit_model *m, char **save)
{
  const char *name = strtok_r(NULL, " ", save), *lo = strtok_r(NULL, " ", save), *hi = strtok_r(NULL, " ", save);
  if (!name || !lo || !hi || m->ndim == MAX_DIMS)
    return 0;
  m->dim[m->ndim++] = (frit_dim){ name, atoll(lo), atoll(hi), strtok_r(NULL, " ", save) != NULL };
  return 1;
}

static int read_bytes(size_t *out, char **save)
{
  const char *n = strtok_r(NULL, " ", save);
  *out = n ? strtoull(n, NULL, 10) : 0;
  return n != NULL;
}

static int read_line(frit_model *m, char *line)
{
  char *save = NULL;
  const char *key = strtok_r(line, " ", &save);
  if (!key)
    return 1;
  if (strcmp(key, "dim") == 0)
    return read_dim(m, &save);
  if (strcmp(key, "input") == 0 || strcmp(key, "output") == 0)
    return read_port(m, key[0] == 'o', &save);
  if (strcmp(key, "state") == 0)
    return read_bytes(&m->state, &save);
  if (strcmp(key, "scratch") == 0)
    return read_bytes(&m->scratch, &save);
  return 1;
}

static int read_info(frit_model *m)
{
  char *save = NULL;
  m->words = strdup(m->info);
  if (!m->words || strncmp(m->words, "frit 1\n", 7) != 0)
    return 0;
  for (char *line = strtok_r(m->words, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
    if (!read_line(m, line))
      return 0;
  return 1;
}

/* POSIX has dlsym give functions as object pointers. */
static void *symbol(const frit_model *m, const char *suffix)
{
  char name[256], full[300];
  if (!frit_fact(m, "name", name, sizeof name))
    return NULL;
  snprintf(full, sizeof full, "%s_%s", name, suffix);
  return dlsym(m->handle, full);
}

frit_model *frit_open(const char *path, const char **error)
{
  frit_model *m = calloc(1, sizeof *m);
  const char *why = NULL;
  if (!m)
    why = "out of memory";
  else if (!(m->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL)))
    why = "the file cannot be loaded as a shared object of this machine";
  else if (!(m->info = dlsym(m->handle, "frit_artefact")))
    why = "the shared object was not made by frit";
  else if (!read_info(m))
    why = "its description has another format: compile the model again with this version";
  else {
    *(void **)&m->call = symbol(m, "call");
    *(void **)&m->init = symbol(m, "init");
    if (!m->call || !m->init)
      why = "it lacks its entry points";
  }
  if (error)
    *error = why;
  if (why)
    frit_close(m);
  return why ? NULL : m;
}

void frit_close(frit_model *m)
{
  if (!m)
    return;
  if (m->handle)
    dlclose(m->handle);
  free(m->words);
  free(m);
}

const char *frit_info(const frit_model *m) { return m->info; }

const char *frit_fact(const frit_model *m, const char *key, char *buf, size_t n)
{
  size_t len = strlen(key);
  for (const char *s = m->info; s && *s; s = strchr(s, '\n'), s += s != NULL)
    if (strncmp(s, key, len) == 0 && s[len] == ' ') {
      snprintf(buf, n, "%.*s", (int)strcspn(s + len + 1, "\n"), s + len + 1);
      return buf;
    }
  return NULL;
}

int frit_nports(const frit_model *m) { return m->nport; }
const frit_port *frit_get_port(const frit_model *m, int k) { return k >= 0 && k < m->nport ? &m->port[k] : NULL; }
int frit_ndims(const frit_model *m) { return m->ndim; }
const frit_dim *frit_get_dim(const frit_model *m, int k) { return k >= 0 && k < m->ndim ? &m->dim[k] : NULL; }
size_t frit_state_bytes(const frit_model *m) { return m->state; }
size_t frit_scratch_bytes(const frit_model *m) { return m->scratch; }

static void *aligned(size_t n) { return aligned_alloc(ALIGN, (n + ALIGN) / ALIGN * ALIGN); }

frit_instance *frit_new(frit_model *m)
{
  frit_instance *i = calloc(1, sizeof *i);
  if (!i)
    return NULL;
  i->model = m;
  i->state = aligned(m->state);
  i->scratch = aligned(m->scratch);
  for (int k = 0; k < m->ndim; k++)
    i->dim[k] = m->dim[k].lo;
  if (!i->state || !i->scratch) {
    frit_free(i);
    return NULL;
  }
  m->init(i->state);
  return i;
}

void frit_free(frit_instance *i)
{
  if (!i)
    return;
  free(i->state);
  free(i->scratch);
  free(i);
}

void frit_reset(frit_instance *i) { i->model->init(i->state); }

__attribute__((format(printf, 3, 4))) static int fail(frit_instance *i, int code, const char *fmt, ...)
{
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(i->error, sizeof i->error, fmt, ap);
  va_end(ap);
  return code;
}

int frit_set_dim(frit_instance *i, const char *name, int64_t v)
{
  int k = find_dim(i->model, name, strlen(name));
  if (k < 0)
    return fail(i, FRIT_ERR_NAME, "there is no dimension '%s'", name);
  const frit_dim *d = &i->model->dim[k];
  if (v < d->lo || v > d->hi)
    return fail(i, FRIT_ERR_DIM, "%s = %" PRId64 " is outside %" PRId64 "..%" PRId64, name, v, d->lo, d->hi);
  i->dim[k] = v;
  return FRIT_OK;
}

int frit_set(frit_instance *i, const char *port, void *data, size_t bytes)
{
  for (int k = 0; k < i->model->nport; k++)
    if (strcmp(i->model->port[k].name, port) == 0) {
      i->arg[k] = data;
      i->bytes[k] = bytes;
      return data ? FRIT_OK : fail(i, FRIT_ERR_NULL, "'%s' is a null pointer", port);
    }
  return fail(i, FRIT_ERR_NAME, "there is no input or output '%s'", port);
}

static size_t port_bytes(const frit_instance *i, const frit_port *p)
{
  size_t n = (size_t)p->elem_bytes;
  for (int d = 0; d < p->rank; d++)
    n *= (size_t)(p->extent[d] + (p->dim[d] >= 0 ? i->dim[p->dim[d]] : 0));
  return n;
}

int frit_run_parallel(frit_instance *i, const frit_parallel *par)
{
  const frit_model *m = i->model;
  for (int k = 0; k < m->nport; k++) {
    size_t need = port_bytes(i, &m->port[k]);
    if (!i->arg[k])
      return fail(i, FRIT_ERR_NULL, "'%s' has not been set", m->port[k].name);
    if (i->bytes[k] != need)
      return fail(i, FRIT_ERR_SIZE, "'%s' has %zu bytes, its shape needs %zu", m->port[k].name, i->bytes[k], need);
  }
  int rc = m->call(i->arg, i->state, i->scratch, i->dim, par);
  return rc == FRIT_OK ? rc : fail(i, rc, rc == FRIT_ERR_DIM ? "a dimension is out of its bounds" : "a pointer is null");
}

int frit_run(frit_instance *i) { return frit_run_parallel(i, NULL); }
const char *frit_error(const frit_instance *i) { return i->error; }
