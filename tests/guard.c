/* guard FILE.so...: runs artefacts with guard pages around every buffer: arguments, state and scratch lie flush against the page behind them, then against
 * the page before them (so arguments have the alignment of their elements only). Whatever lay in outputs and scratch, the outputs' bits are the same. */
#include "../runtime/frit.h"
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef int Call(void *const *args, void *state, void *scratch, const int64_t *dims, const frit_parallel *par);
typedef struct Room { char *map, *at; size_t n, mapped; } Room;

/* n bytes, aligned by `align`; at the end of their pages, or at the start. */
static Room room(size_t n, size_t align, int end, int fill) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE), full = (n + align - 1) / align * align, body = (full + page) / page * page;
  Room r = { .n = n, .mapped = body + 2 * page };
  r.map = mmap(NULL, r.mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (r.map == MAP_FAILED || mprotect(r.map + page, body, PROT_READ | PROT_WRITE)) exit(2);
  memset(r.map + page, fill, body); r.at = r.map + page + (end ? body - full : 0); return r;
}

static size_t port_bytes(const frit_port *q, const int64_t *dims) {
  int64_t n = q->elem_bytes;
  for (int d = 0; d < q->rank; d++) n *= q->extent[d] + (q->dim[d] >= 0 ? dims[q->dim[d]] : 0);
  return (size_t)n;
}

/* Small numbers of each type. */
static void numbers(const frit_port *q, char *at, size_t bytes) {
  int f32 = !strcmp(q->type, "f32"), f64 = !strcmp(q->type, "f64");
  for (size_t k = 0; k < bytes / (size_t)q->elem_bytes; k++) {
    double v = (double)(k * 7919 % 1009) / 504.5 - 1; float f = (float)v; char *p = at + k * (size_t)q->elem_bytes;
    if (f32 || f64) memcpy(p, f32 ? (void *)&f : (void *)&v, (size_t)q->elem_bytes);
    else memset(p, 0, (size_t)q->elem_bytes), *p = q->elem_bytes > 1 && strchr("fb", *q->type) ? 0 : (char)(k % 2);
  }
}

static size_t fact(const frit_model *m, const char *key) { char buf[64]; return frit_fact(m, key, buf, sizeof buf) ? strtoul(buf, NULL, 10) : 0; }

/* Runs once; outputs one after another into out. Gives the code. */
static int run(const frit_model *m, Call *call, void (*init)(void *), const int64_t *dims, int end, int fill, char *out) {
  Room arg[64], state = room(fact(m, "state"), 64, end, fill), scratch = room(fact(m, "scratch"), 64, end, fill); void *args[64]; int n = frit_nports(m);
  for (int k = 0; k < n; k++) {
    const frit_port *q = frit_get_port(m, k); arg[k] = room(port_bytes(q, dims), (size_t)q->elem_bytes, end, fill); args[k] = arg[k].at;
    if (!q->output) numbers(q, arg[k].at, arg[k].n);
  }
  init(state.at);
  int rc = call(args, state.at, scratch.at, dims, NULL);
  for (int k = 0; k < n; k++) {
    if (frit_get_port(m, k)->output) memcpy(out, arg[k].at, arg[k].n), out += arg[k].n;
    munmap(arg[k].map, arg[k].mapped);
  }
  munmap(state.map, state.mapped), munmap(scratch.map, scratch.mapped); return rc;
}

static int guard(const char *path) {
  const char *why; frit_model *m = frit_open(path, &why); void *so = dlopen(path, RTLD_NOW); char name[64], sym[96]; int64_t dims[16]; size_t total = 0;
  if (!m || !so || frit_nports(m) > 64 || frit_ndims(m) > 16 || !frit_fact(m, "name", name, sizeof name)) return printf("%s: cannot be run\n", path), 0;
  snprintf(sym, sizeof sym, "%s_call", name); Call *call = (Call *)(intptr_t)dlsym(so, sym);
  snprintf(sym, sizeof sym, "%s_init", name); void (*init)(void *) = (void (*)(void *))(intptr_t)dlsym(so, sym);
  for (int d = 0; d < frit_ndims(m); d++) {
    const frit_dim *q = frit_get_dim(m, d); int64_t v = q->stream ? 37 : 5;
    dims[d] = v < q->lo ? q->lo : v > q->hi ? q->hi : v;
  }
  for (int k = 0; k < frit_nports(m); k++) total += port_bytes(frit_get_port(m, k), dims);
  char *a = malloc(total + 1), *b = malloc(total + 1); memset(a, 0, total), memset(b, 0, total);
  int ok = !run(m, call, init, dims, 1, 0, a) && !run(m, call, init, dims, 0, 0xff, b) && !memcmp(a, b, total);
  if (!ok) printf("%s: the outputs depend on where the buffers lie or on what was in them\n", path);
  free(a), free(b), dlclose(so), frit_close(m); return ok;
}

int main(int argc, char **argv) {
  int passed = 0;
  for (int k = 1; k < argc; k++) { printf("%s\n", argv[k]), fflush(stdout); passed += guard(argv[k]); }
  printf("%d passed, %d failed\n", passed, argc - 1 - passed); return passed != argc - 1;
}
