/* The artefact's ABI and the loader. Depends on nothing of the compiler. An artefact NAME defines
 *   NAME_run(inputs..., outputs..., void *state, void *scratch, dims...) -> int     typed; declared in NAME.h
 *   NAME_call(void *const *args, void *state, void *scratch, const int64_t *dims, const frit_parallel *par) -> int   the same, uniform
 *   NAME_init(void *state)                                                          fills the state as it is before the first frame
 *   NAME_info                                                                       a text that describes it, one line a fact
 * A .so exports `frit_artefact` too, another name of its NAME_info (ld --defsym=frit_artefact=NAME_info): so the file may be renamed.
 * state and scratch belong to the caller, aligned to 64 bytes (scalar targets: 8). Many instances, any thread; no allocation, no lock. NAME_info:
 *   frit 1 | name amp | target x86-64-v4 | compiler 0.1.0      on a line each
 *   hash 8c1f...                 of the scheduled graph and its weights
 *   state 361472 64              bytes, alignment; scratch alike
 *   threads 4                    the most that its kernels run on (no line: one); scratch has room for as many
 *   dim t 1 4096 stream          name, least, most [stream]
 *   input x f32 t                name, type, extents (a number, a dim, or dim+n); output alike
 *   flops 26640 t                floating-point operations a call: a number, then the dim that it is per unit of (or nothing); bytes alike
 *   plan h scratch 8192 4096     tensor, where, offset, bytes */
#ifndef FRIT_RUNTIME_H
#define FRIT_RUNTIME_H
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif
enum { FRIT_OK = 0, FRIT_ERR_DIM = 1, FRIT_ERR_NULL = 2, FRIT_ERR_SIZE = 3, FRIT_ERR_NAME = 4, FRIT_ERR_LOAD = 5 };
/* A host's parallel-for: calls fn(ctx, k) for 0 <= k < n, in any order, and returns when all are done. */
typedef struct frit_parallel { void (*run)(void *pool, void (*fn)(void *ctx, int k), void *ctx, int n); void *pool; int threads; } frit_parallel;

/* dim[d]: number of a dimension, or -1; extent[d]: (its value +) this */
typedef struct frit_port { const char *name, *type; int output, rank, elem_bytes; int dim[8]; int64_t extent[8]; } frit_port;
typedef struct frit_dim { const char *name; int64_t lo, hi; int stream; } frit_dim; typedef struct frit_model frit_model;

/* Loads an artefact; NULL and *error (static text) on failure. */
frit_model *frit_open(const char *path, const char **error); void frit_close(frit_model *m);
const char *frit_info(const frit_model *m);                             /* the whole text */
const char *frit_fact(const frit_model *m, const char *key, char *buf, size_t n);   /* rest of the first line that begins with key */
int frit_nports(const frit_model *m); const frit_port *frit_get_port(const frit_model *m, int k); int frit_ndims(const frit_model *m);
const frit_dim *frit_get_dim(const frit_model *m, int k);

/* An instance: its own state and scratch. frit_run checks names, sizes and dims first; on an error the state is untouched. */
typedef struct frit_instance frit_instance;
frit_instance *frit_new(frit_model *m); void frit_free(frit_instance *i); void frit_reset(frit_instance *i);
void frit_copy(frit_instance *to, const frit_instance *from);          /* as it is now: state, scratch, dims, ports; of one model */
int frit_set_dim(frit_instance *i, const char *name, int64_t v); int frit_set(frit_instance *i, const char *port, void *data, size_t bytes);
int frit_run(frit_instance *i);
void frit_set_parallel(frit_instance *i, const frit_parallel *par);     /* for the runs to come; NULL: on the calling thread, as at first */
const char *frit_error(const frit_instance *i);                         /* of the last call that failed, in words */

/* A small pool: the caller and threads - 1 workers (0: as many as CPUs; never more threads than CPUs). Any thread may call, also from inside an item:
 * what comes while the pool is at work runs on its caller. Workers look for work for 50 us after the last, then sleep. */
typedef struct frit_pool frit_pool;
frit_pool *frit_pool_new(int threads); void frit_pool_free(frit_pool *p); frit_parallel frit_pool_parallel(frit_pool *p);
#ifdef __cplusplus
}
#endif
#endif
