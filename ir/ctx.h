/* One compilation: arena, sources, diagnostics, ledger, options. The library has no other state. */
#ifndef FRIT_CTX_H
#define FRIT_CTX_H
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef struct Ctx Ctx;
typedef struct Source { const char *name, *text; size_t size; struct Source *next; } Source;        /* text is NUL-terminated */
/* A place in a source; src is NULL where there is none. line and col count from 1. */
typedef struct Pos { const Source *src; uint32_t line, col; } Pos;

/* One diagnostic: what, where, then notes ("in conv, prelude:89:14", "declared at x.graph:3:5") and a help line (may be NULL). */
typedef enum { SEV_ERROR, SEV_WARNING } Severity;
typedef struct Note { Pos pos; const char *text; struct Note *next; } Note;
typedef struct Diag { Severity sev; Pos pos; const char *text; Note *notes; const char *help; struct Diag *next; } Diag;

/* Why an edge was fused or not, what a rewrite did: pass, subject (kernel, tensor or edge), verdict, reason, bytes that it saves. */
typedef struct Entry { const char *pass, *subject, *reason; bool done; int64_t bytes; struct Entry *next; } Entry;

typedef struct Options {
  const char *printer;            /* "llvm" (NULL) or "c" */
  const char **no_fuse;           /* NULL-terminated MOVE[@label] */
  int bisect_limit;               /* moves allowed; < 0: all */
  int threads, delay;             /* that a kernel may run on (0 and 1: the calling one); frames added to make a stream graph causal */
  bool prewarm;                   /* .nam: the initial state is that after silence */
  bool fast_math, verify;         /* functions of numbers may be wrong by 8 ulp, not 2; run the verifier between all passes */
} Options;

struct Ctx {
  struct Arena *arena;            /* everything that a compilation allocates */
  struct Interned *names;         /* strings made unique: compare by pointer */
  Source *sources;
  Diag *diags, **diags_end; int nerror, nunsupported;
  Entry *ledger, **ledger_end;
  Options opt;
  int nmove, nid;                 /* fusion moves taken so far, for opt.bisect_limit; source of unique ids */
  jmp_buf *bail;                  /* where frit_bail goes: out of memory, nesting too deep, a bug of ours */
  struct Cleanup *cleanups;       /* unmap, fclose */
};

/* A context whose Options are the defaults, or NULL. ctx_free releases all that hangs on it, and calls what ctx_at_free registered. */
Ctx *ctx_new(void);
void ctx_free(Ctx *c), ctx_at_free(Ctx *c, void (*fn)(void *), void *p);
/* Runs fn(c, arg) so that frit_bail returns here. Gives fn's result, or -1 after a bail. */
int ctx_try(Ctx *c, int (*fn)(Ctx *, void *), void *arg);

/* Arena: zeroed, 16-byte aligned, never NULL (bails). */
void *ctx_alloc(Ctx *c, size_t bytes);
#define NEW(c, T) ((T *)ctx_alloc((c), sizeof(T)))
#define NEWN(c, T, n) ((T *)ctx_alloc((c), sizeof(T) * (size_t)(n)))
#define NEW_AS(c, T, ...) ((T *)ctx_copy((c), &(T){ __VA_ARGS__ }, sizeof(T)))        /* NEW_AS(c, Pair, .x = 1, .y = 2) */
void *ctx_copy(Ctx *c, const void *p, size_t bytes);
const char *ctx_intern(Ctx *c, const char *s), *ctx_internn(Ctx *c, const char *s, size_t n);
char *ctx_printf(Ctx *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *ctx_vprintf(Ctx *c, const char *fmt, va_list ap);
/* Declares `text`, made from the variable arguments after fmt. */
#define FORMAT(c, text) va_list ap_; va_start(ap_, fmt); const char *text = ctx_vprintf((c), fmt, ap_); va_end(ap_)
/* A growable array in the arena: `VEC(T) v = {0}; PUSH(c, v, x);` Elements v.at[0 .. v.n). */
#define VEC(T) struct { T *at; int n, cap; }
#define PUSH(c, v, x) ((v).at = ctx_grow((c), (v).at, (v).n, &(v).cap, sizeof *(v).at), (v).at[(v).n++] = (x))
/* The same for an array that keeps no capacity. */
#define APPEND(c, at, n, x) do { int cap_ = (n); (at) = ctx_grow((c), (at), (n), &cap_, sizeof *(at)); (at)[(n)++] = (x); } while (0)
void *ctx_grow(Ctx *c, void *at, int n, int *cap, size_t size);
/* for every x of a VEC of pointers */
#define EACH(T, x, v) for (T **x##_at = (v).at, *x = NULL; (v).n && x##_at < (v).at + (v).n && (x = *x##_at, true); x##_at++)
int array_find(const void *array, int n, const void *x);  /* where x stands among n pointers; -1: nowhere */

/* From pointers (interned names, too) to anything, in the arena; only grows. */
typedef struct Map { const void **key; void **val; int n, cap; } Map;
void *map_get(const Map *m, const void *key);             /* NULL if absent */
void map_put(Ctx *c, Map *m, const void *key, void *val);
bool name_same(const char *a, const char *b);             /* also: both NULL */

/* Reads a whole file as a source (NUL-terminated), or records an error and gives NULL. "-" is standard input. Limit 256 MiB. */
Source *source_read(Ctx *c, const char *path);
Source *source_text(Ctx *c, const char *name, const char *text, size_t size);
/* Writes n bytes to path through a temporary name and rename; on failure records an error that names path, reason and remedy. */
bool file_write(Ctx *c, const char *path, const void *data, size_t n, bool executable);

/* The user's fault: recorded, the compilation goes on to find more. diag_note and diag_help add to the last diagnostic. */
void diag_unsupported(Ctx *c);                           /* the last error: right input, but frit cannot do that yet */
void diag_error(Ctx *c, Pos p, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void diag_warn(Ctx *c, Pos p, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void diag_note(Ctx *c, Pos p, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void diag_help(Ctx *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Prints all: file:line:col: error: what, the source line, a caret; notes; help. At most 50, then how many more. */
void diag_print(const Ctx *c, FILE *f, bool colour);
/* The nearest of n names to s by edit distance (at most a third of its length), or NULL. */
const char *diag_near(const char *s, const char *const *names, int n);
/* Our fault: records "internal error: ..." and bails. */
void bug(Ctx *c, const char *fmt, ...) __attribute__((format(printf, 2, 3), noreturn));
/* Gives up after a recorded error. */
void frit_bail(Ctx *c) __attribute__((noreturn));

void ledger_add(Ctx *c, const char *pass, const char *subject, bool done, int64_t bytes, const char *fmt, ...) __attribute__((format(printf, 6, 7)));
void ledger_print(const Ctx *c, FILE *f);

/* Growing text in the arena, for printers. */
typedef struct Text { Ctx *c; char *s; size_t n, cap; } Text;
void text_add(Text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void text_addn(Text *t, const char *s, size_t n), text_quoted(Text *t, const char *s);     /* quoted: as a string of the language */
/* The shortest decimal that reads back as the same double (or float); nan, inf, -inf; always with '.' or 'e' unless those. */
void text_double(Text *t, double v), text_float(Text *t, float v);
#endif
