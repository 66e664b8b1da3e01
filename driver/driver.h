/* The frit command: clients of libfrit and the runtime. */
#ifndef FRIT_DRIVER_H
#define FRIT_DRIVER_H
#include "../backend/kir.h"
#include "../frontend/ast.h"
#include "../passes/passes.h"
#include "../runtime/frit.h"

enum { EXIT_OK = 0, EXIT_INPUT = 1, EXIT_USAGE = 2, EXIT_UNSUPPORTED = 3, EXIT_CHECK = 4 };

typedef struct Binding { const char *name, *value; } Binding;
typedef struct Bindings { Binding at[32]; int n; } Bindings;
/* What the command line said; options of all subcommands together. */
typedef struct Args {
  const char *input, *output, *target, *printer, *math, *emit, *dump, *tune, *no_fuse[64]; int nno_fuse; Bindings in, out, dim;
  int bisect_limit, pick, threads, delay, block, frames, seed; double tolerance, seconds; bool prewarm, dump_set, json, machine, verify, help;
} Args;

/* A subcommand's work: it gives the exit code, or -1 after an error. m is a->input, opened, and i an instance of it, where it asks for one. */
typedef struct Session { const Args *a; frit_model *m; frit_instance *i; const char *path; } Session;
typedef int Work(Ctx *c, void *session);
Work cmd_compile, cmd_run, cmd_check, cmd_bench, cmd_tune, cmd_machine, cmd_inspect, cmd_explain, cmd_ops, cmd_targets;

/* ---- shared */
/* Runs the work in a context with a's options, prints the diagnostics and gives the exit code: 1 if there were errors. */
int driver_try(Work *work, Session *s);
int driver_open_try(Work *work, const Args *a);          /* the same with a model and an instance */
/* Prints one error of the command itself, `frit: what`, and gives code. */
int driver_say(int code, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
#define DID_YOU_MEAN(near) near ? ", did you mean '" : "", near ? near : "", near ? "'?" : ""
/* Records an error that has no place; false. */
bool driver_fail(Ctx *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Loads and runs all passes up to `until`; NULL after errors. */
const Target *driver_target(Ctx *c, const Args *a); KModule *driver_module(Ctx *c, const Args *a);
Graph *driver_graph(Ctx *c, const Args *a, Stage until);
/* The artefact of a->input: itself if it is a .so, else compiled to a temporary file that is gone when this returns. NULL: *code is set. */
frit_model *driver_open(const Args *a, int *code);
/* Opens what make(arg, path) writes to a path in a temporary folder; it gives an exit code. The folder is gone when this returns. */
typedef int Make(void *arg, const char *path);
frit_model *driver_made(Make *make, void *arg, int *code);

/* The graph that a->tune holds, if it was tuned for this model (fused) and target; else an error and NULL. */
Graph *tune_load(Ctx *c, const Args *a, const Graph *fused, const Target *t);
double bench_least(frit_instance *i, double seconds);    /* nanoseconds of the fastest call in this time */

/* ---- arrays in files: .npy (any type that frit has), raw .f32, mono .wav (16, 24, 32 bits, float) */
typedef struct Array { Type type; int rank; int64_t shape[8]; void *data; int64_t count; int rate; } Array;
bool array_read(Ctx *c, const char *path, Array *out); bool array_write(Ctx *c, const char *path, const Array *a);
void *array_as(Ctx *c, const Array *a, Type t);          /* elements converted to type t (arena) */

/* ---- ports of an artefact bound to arrays, and the run-time dimensions; the stream, if any, has `frames` in all and runs in blocks */
typedef struct Ports {
  frit_model *m; const frit_port *port[256]; int n; void *data[256]; size_t bytes[256]; int rate; int64_t dim[16]; int stream; int64_t frames;
} Ports;
/* Binds inputs to a->in's files, or to random numbers where `fill`; dims from --dim and the files' shapes. False after an error. */
bool ports_bind(Ctx *c, const Args *a, frit_model *m, bool fill, Ports *p);
/* Runs the whole stream in blocks of `block` frames (or once). The rows of a call are gathered from and scattered to the whole arrays. */
/* Ready to be timed: bound to random inputs, run once, and set; a stream to --frames, or one block. */
bool ports_ready(Ctx *c, const Args *a, frit_model *m, frit_instance *i, Ports *p);
bool ports_run(Ctx *c, Ports *p, frit_instance *i, int64_t block); int64_t port_extent(const Ports *p, const frit_port *q, int d);
int64_t port_elems(const Ports *p, const frit_port *q);

/* ---- this machine's peaks, one thread */
typedef struct Peaks { double gflops[3]; const char *isa[3]; int n; double gbs_l1, gbs_l2, gbs_memory; } Peaks;
void machine_peaks(Peaks *p); double now_ns(void);
#endif
