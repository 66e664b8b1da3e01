/* The frit command: one file a subcommand, all clients of libfrit and the runtime. */
#ifndef FRIT_DRIVER_H
#define FRIT_DRIVER_H
#include "../backend/kir.h"
#include "../frontend/ast.h"
#include "../ir/ir.h"
#include "../passes/passes.h"
#include "../runtime/frit.h"

enum { EXIT_OK = 0, EXIT_INPUT = 1, EXIT_USAGE = 2, EXIT_UNSUPPORTED = 3, EXIT_CHECK = 4 };

typedef struct Binding { const char *name, *value; } Binding;
/* What the command line said; options of all subcommands together. */
typedef struct Args {
  const char *command, *input, *output, *target, *printer, *emit, *dump;
  const char *no_fuse[64]; int nno_fuse;
  Binding in[32], out[32], dim[16]; int nin, nout, ndim;
  int bisect_limit, delay, block, frames, seed;
  double tolerance, seconds;
  bool prewarm, dump_set, json, machine, verify, help;
} Args;

/* One subcommand: its name, what it does in a line, its usage, its function (gives the exit code). */
typedef struct Command { const char *name, *what, *usage; int (*run)(const Args *a); } Command;
int cmd_compile(const Args *a);
int cmd_run(const Args *a);
int cmd_check(const Args *a);
int cmd_bench(const Args *a);
int cmd_inspect(const Args *a);
int cmd_explain(const Args *a);
int cmd_ops(const Args *a);
int cmd_targets(const Args *a);

/* ---- shared */
Ctx *driver_ctx(const Args *a);
/* Prints the diagnostics, frees the context and gives the exit code: 1 if there were errors, else code. */
int driver_end(Ctx *c, int code);
/* Prints one error of the command itself: `frit: what`. */
void driver_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Loads and runs all passes up to `until`; NULL after errors. */
Graph *driver_graph(Ctx *c, const Args *a, Stage until);
KModule *driver_module(Ctx *c, const Args *a);
const Target *driver_target(Ctx *c, const Args *a);
/* The artefact of a->input: itself if it is a .so, else compiled to a temporary file that is gone when this returns. NULL: *code is set. */
frit_model *driver_open(const Args *a, int *code);

/* ---- arrays in files: .npy (any type that frit has), raw .f32, mono .wav (16, 24, 32 bits, float) */
typedef struct Array { Type type; int rank; int64_t shape[8]; void *data; int64_t count; int rate; } Array;
bool array_read(Ctx *c, const char *path, Array *out);
bool array_write(Ctx *c, const char *path, const Array *a);
/* Elements converted to type t (arena). */
void *array_as(Ctx *c, const Array *a, Type t);

/* ---- this machine's peaks, one thread */
typedef struct Peaks { double gflops[3]; const char *isa[3]; int n; double gbs_l1, gbs_l2, gbs_memory; } Peaks;
void machine_peaks(Peaks *p);
double now_ns(void);
/* Deterministic numbers in -1..1. */
float random_unit(uint64_t *state);
#endif
