/* The context: arena, interned names, clean-ups, and the way out when a compilation gives up.
 *   Ctx *c = ctx_new();
 *   if (ctx_try(c, compile, &job) < 0 || c->nerror) diag_print(c, stderr, true);
 *   ctx_free(c);
 * The arena is a list of zeroed chunks; what is larger than a quarter of a chunk gets its own. Nothing is freed before ctx_free. */
#include "ctx.h"
#include <stdlib.h>
#include <string.h>

#define CHUNK ((size_t)256 << 10)
#define ARENA_LIMIT ((size_t)8 << 30)

typedef struct Chunk { _Alignas(16) struct Chunk *next; } Chunk;
struct Arena { Chunk *chunks; char *at; size_t left, total; Diag exhausted; };
typedef struct Name { const char *s; struct Name *next; } Name;
struct Interned { Map map; };
struct Cleanup { void (*fn)(void *); void *p; struct Cleanup *next; };
typedef struct Whole { Ctx ctx; struct Arena arena; struct Interned names; } Whole;

/* ---- arena */
/* Records the error in storage kept for it, since there may be none left. */
static void arena_exhausted(Ctx *c) {
  Diag *d = &c->arena->exhausted; if (d->text) frit_bail(c); *d = (Diag){ .sev = SEV_ERROR, .text = "out of memory" };
  *c->diags_end = d; c->diags_end = &d->next; c->nerror++; frit_bail(c);
}
static void *chunk_new(Ctx *c, size_t bytes) {
  struct Arena *a = c->arena; Chunk *k = bytes < ARENA_LIMIT - a->total ? calloc(1, sizeof *k + bytes) : NULL; if (!k) arena_exhausted(c);
  a->total += bytes; k->next = a->chunks; a->chunks = k; return k + 1;
}
void *ctx_alloc(Ctx *c, size_t bytes) {
  struct Arena *a = c->arena; if (bytes > ARENA_LIMIT) arena_exhausted(c);
  bytes = bytes ? (bytes + 15) & ~(size_t)15 : 16; if (bytes > CHUNK / 4) return chunk_new(c, bytes);
  if (bytes > a->left) a->at = chunk_new(c, CHUNK), a->left = CHUNK;
  void *p = a->at; a->at += bytes; a->left -= bytes; return p;
}
void *ctx_copy(Ctx *c, const void *p, size_t bytes) { void *copy = ctx_alloc(c, bytes); return bytes ? memcpy(copy, p, bytes) : copy; }

void *ctx_grow(Ctx *c, void *at, int n, int *cap, size_t size) {
  if (n < *cap) return at;
  int more = *cap < 8 ? 8 : *cap < INT32_MAX / 2 ? *cap * 2 : INT32_MAX; if (more <= n) arena_exhausted(c);
  *cap = more; void *p = ctx_alloc(c, (size_t)more * size); return n ? memcpy(p, at, (size_t)n * size) : p;
}

int array_find(const void *array, int n, const void *x) { const void *const *at = array; for (n--; n >= 0 && at[n] != x; n--) {} return n; }

/* ---- maps: open addressing, at most half full */
static int map_place(const Map *m, const void *key) {
  size_t k = ((uintptr_t)key >> 4) * 0x9E3779B97F4A7C15u >> 20 & (size_t)(m->cap - 1);
  while (m->key[k] && m->key[k] != key) k = (k + 1) & (size_t)(m->cap - 1);
  return (int)k;
}
void *map_get(const Map *m, const void *key) { return m->cap ? m->val[map_place(m, key)] : NULL; }

void map_put(Ctx *c, Map *m, const void *key, void *val) {
  if (2 * (m->n + 1) > m->cap) {
    Map old = *m; int cap = old.cap ? 2 * old.cap : 16; *m = (Map){ NEWN(c, const void *, cap), NEWN(c, void *, cap), 0, cap };
    for (int i = 0; i < old.cap; i++) if (old.key[i]) map_put(c, m, old.key[i], old.val[i]);
  }
  int k = map_place(m, key); if (!m->key[k]) m->n++; m->key[k] = key; m->val[k] = val;
}
bool name_same(const char *a, const char *b) { return a == b || (a && b && !strcmp(a, b)); }

/* ---- life */
Ctx *ctx_new(void) {
  Whole *w = calloc(1, sizeof *w); if (!w) return NULL;
  Ctx *c = &w->ctx; *c = (Ctx){ .arena = &w->arena, .names = &w->names, .diags_end = &c->diags, .ledger_end = &c->ledger, .opt.bisect_limit = -1 };
  return c;
}

void ctx_free(Ctx *c) {
  if (!c) return;
  for (struct Cleanup *k = c->cleanups; k; k = k->next) k->fn(k->p);
  for (Chunk *k = c->arena->chunks, *next; k; k = next) next = k->next, free(k);
  free((Whole *)(void *)c);
}

void ctx_at_free(Ctx *c, void (*fn)(void *), void *p) { c->cleanups = NEW_AS(c, struct Cleanup, fn, p, c->cleanups); }
int ctx_try(Ctx *c, int (*fn)(Ctx *, void *), void *arg) {
  jmp_buf here, *outer = c->bail; c->bail = &here; int r = setjmp(here) ? -1 : fn(c, arg); c->bail = outer; return r;
}

/* Outside of ctx_try there is nowhere to go: a fault of the caller, and a trap rather than undefined behaviour. */
void frit_bail(Ctx *c) { if (!c->bail) __builtin_trap(); longjmp(*c->bail, 1); }

/* ---- names */
/* By hash: the names of one hash hang on each other. A name ends at its first NUL. */
const char *ctx_internn(Ctx *c, const char *s, size_t n) {
  uint64_t h = 0xcbf29ce484222325u; n = strnlen(s, n); for (size_t k = 0; k < n; k++) h = (h ^ (unsigned char)s[k]) * 0x100000001b3u;
  const void *key = (const void *)(uintptr_t)(h | 1); Name *first = map_get(&c->names->map, key), *m = first;
  while (m && (strncmp(m->s, s, n) || m->s[n])) m = m->next;
  if (!m) map_put(c, &c->names->map, key, m = NEW_AS(c, Name, memcpy(ctx_alloc(c, n + 1), s, n), first));
  return m->s;
}
const char *ctx_intern(Ctx *c, const char *s) { return ctx_internn(c, s, strlen(s)); }
