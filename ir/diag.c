/* Diagnostics, recorded as they come and printed by place; and the ledger: why an edge was fused or not, what a rewrite did.
 *   amp.graph:3:9: error: unknown name 'tnah'
 *       y = tnah(x);
 *           ^
 *     help: did you mean 'tanh'?
 *   fuse      conv+bias -> relu           yes   vertical: one user, same shape (saves 1605632 bytes) */
#include "ctx.h"
#include <string.h>

#define DIAG_SHOWN 50
#define LINE_SHOWN 160            /* columns of a source line; of a longer one the part around the caret */

/* ---- recording */
static void diag_add(Ctx *c, Severity sev, Pos p, const char *text) {
  Diag *d = NEW_AS(c, Diag, .sev = sev, .pos = p, .text = text); *c->diags_end = d; c->diags_end = &d->next; c->nerror += sev == SEV_ERROR;
}
static Diag *diag_last(const Ctx *c) { return c->diags ? (Diag *)((char *)c->diags_end - offsetof(Diag, next)) : NULL; }
void diag_error(Ctx *c, Pos p, const char *fmt, ...) { FORMAT(c, text); diag_add(c, SEV_ERROR, p, text); }
void diag_unsupported(Ctx *c) { c->nunsupported++; }
void diag_warn(Ctx *c, Pos p, const char *fmt, ...) { FORMAT(c, text); diag_add(c, SEV_WARNING, p, text); }

void diag_note(Ctx *c, Pos p, const char *fmt, ...) {
  Diag *d = diag_last(c); Note **end = d ? &d->notes : NULL; if (!d) return; FORMAT(c, text);
  while (*end) end = &(*end)->next;
  *end = NEW_AS(c, Note, p, text, NULL);
}

void diag_help(Ctx *c, const char *fmt, ...) { Diag *d = diag_last(c); FORMAT(c, text); if (d) d->help = text; }
void bug(Ctx *c, const char *fmt, ...) {
  FORMAT(c, what); diag_add(c, SEV_ERROR, (Pos){ 0 }, ctx_printf(c, "internal error: %s", what));
  diag_help(c, "this is a fault of frit, not of the graph; please report it"); frit_bail(c);
}
void ledger_add(Ctx *c, const char *pass, const char *subject, bool done, int64_t bytes, const char *fmt, ...) {
  FORMAT(c, reason);
  Entry *e = NEW_AS(c, Entry, ctx_intern(c, pass), ctx_intern(c, subject), reason, done, bytes, NULL); *c->ledger_end = e; c->ledger_end = &e->next;
}

/* ---- printing */
typedef struct Look { const char *severity[2], *note, *caret, *off; } Look;
static const Look plain = { { "", "" }, "", "", "" }, coloured = { { "\033[1;31m", "\033[1;35m" }, "\033[1;36m", "\033[1;32m", "\033[0m" };

static void print_place(FILE *f, Pos p) {
  if (p.src && p.line) fprintf(f, "%s:%u:%u: ", p.src->name, p.line, p.col);
  else if (p.src) fprintf(f, "%s: ", p.src->name);
}

/* The text of line number `line` (counted from 1), or NULL. */
static const char *source_line(const Source *s, uint32_t line, size_t *len) {
  const char *at = s->text, *end = s->text + s->size;
  for (uint32_t k = 1; k < line && at; k++) at = memchr(at, '\n', (size_t)(end - at)), at += at != NULL;
  if (!at || at >= end) return NULL;
  const char *stop = memchr(at, '\n', (size_t)(end - at)); *len = (size_t)((stop ? stop : end) - at); return at;
}

static bool is_continuation(char ch) { return ((unsigned char)ch & 0xc0) == 0x80; }

/* Bytes that would disturb a terminal are shown as '?'. */
static void print_caret(FILE *f, Pos p, const Look *look) {
  size_t len, from = 0, col = p.col ? p.col - 1 : 0; const char *line = p.src && p.line ? source_line(p.src, p.line, &len) : NULL;
  if (!line || col > len) return;
  if (len && line[len - 1] == '\r') len--;
  if (col > LINE_SHOWN * 3 / 4) from = col - LINE_SHOWN / 2;
  while (from < len && is_continuation(line[from])) from++;
  if (len - from > LINE_SHOWN) len = from + LINE_SHOWN;
  fputs("    ", f); for (size_t k = from; k < len; k++) fputc(((unsigned char)line[k] < 32 && line[k] != '\t') || line[k] == 127 ? '?' : line[k], f);
  fputs("\n    ", f); for (size_t k = from; k < col && k < len; k++) if (!is_continuation(line[k])) fputc(line[k] == '\t' ? '\t' : ' ', f);
  fprintf(f, "%s^%s\n", look->caret, look->off);
}
static void diag_print_one(FILE *f, const Diag *d, const Look *look) {
  print_place(f, d->pos);
  fprintf(f, "%s%s:%s %s\n", look->severity[d->sev], d->sev == SEV_ERROR ? "error" : "warning", look->off, d->text); print_caret(f, d->pos, look);
  for (const Note *n = d->notes; n; n = n->next) {
    fputs("  ", f); print_place(f, n->pos); fprintf(f, "%snote:%s %s\n", look->note, look->off, n->text); print_caret(f, n->pos, look);
  }
  if (d->help) fprintf(f, "  %shelp:%s %s\n", look->note, look->off, d->help);
}

/* The list of sources ends with the oldest, which has number 1; diagnostics without a place come last. */
static size_t source_number(const Source *s) { size_t n = s ? 0 : SIZE_MAX; for (; s; s = s->next) n++; return n; }

static int place_compare(Pos a, Pos b) {
  size_t x[] = { source_number(a.src), a.line, a.col }, y[] = { source_number(b.src), b.line, b.col };
  for (int k = 0; k < 3; k++) if (x[k] != y[k]) return x[k] < y[k] ? -1 : 1;
  return 0;
}

/* Puts d among the n diagnostics in order of place, those of one place as they came. Of one place the same text needs to be said once. */
static bool diag_insert(const Diag **at, int n, const Diag *d) {
  int k = n; while (k > 0 && place_compare(d->pos, at[k - 1]->pos) < 0) k--;
  for (int j = k - 1; j >= 0 && !place_compare(d->pos, at[j]->pos); j--) if (at[j]->sev == d->sev && !strcmp(at[j]->text, d->text)) return false;
  memmove(at + k + 1, at + k, (size_t)(n - k) * sizeof *at); at[k] = d; return true;
}
void diag_print(const Ctx *c, FILE *f, bool colour) {
  const Diag *at[DIAG_SHOWN + 1]; int n = 0; for (const Diag *d = c->diags; d; d = d->next) n += diag_insert(at, n < DIAG_SHOWN ? n : DIAG_SHOWN, d);
  for (int k = 0; k < n && k < DIAG_SHOWN; k++) diag_print_one(f, at[k], colour ? &coloured : &plain);
  if (n > DIAG_SHOWN) fprintf(f, "and %d more\n", n - DIAG_SHOWN);
}

void ledger_print(const Ctx *c, FILE *f) {
  for (const Entry *e = c->ledger; e; e = e->next) {
    fprintf(f, "%-9s %-27s %-5s %s", e->pass, e->subject, e->done ? "yes" : "no", e->reason);
    if (e->bytes) fprintf(f, " (saves %lld bytes)", (long long)e->bytes);
    fputc('\n', f);
  }
}

/* ---- near names */
#define NEAR_MAX 64               /* longer names are not compared */

static int least(int a, int b) { return a < b ? a : b; }

/* Edits (insert, delete, replace, swap of neighbours) from a to b. */
static int edit_distance(const char *a, const char *b) {
  int la = (int)strlen(a), lb = (int)strlen(b), row[3][NEAR_MAX + 1]; if (la > NEAR_MAX || lb > NEAR_MAX) return NEAR_MAX;
  for (int j = 0; j <= lb; j++) row[0][j] = j;
  for (int i = 1; i <= la; i++) {
    int *now = row[i % 3], *up = row[(i + 2) % 3], *up2 = row[(i + 1) % 3]; now[0] = i;
    for (int j = 1; j <= lb; j++) {
      now[j] = least(least(now[j - 1], up[j]) + 1, up[j - 1] + (a[i - 1] != b[j - 1]));
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) now[j] = least(now[j], up2[j - 2] + 1);
    }
  }
  return row[la % 3][lb];
}
const char *diag_near(const char *s, const char *const *names, int n) {
  int best = ((int)strnlen(s, NEAR_MAX) + 2) / 3 + 1; const char *near = NULL;
  for (int k = 0; k < n; k++) { int d = edit_distance(s, names[k]); if (d < best && d < (int)strlen(names[k])) best = d, near = names[k]; }
  return near;
}
