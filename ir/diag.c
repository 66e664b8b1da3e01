/* Diagnostics: recorded as they come, printed by place.
 *
 *   amp.graph:3:9: error: unknown name 'tnah'
 *       y = tnah(x);
 *           ^
 *     help: did you mean 'tanh'?
 */
#include "ctx.h"
#include <stdlib.h>
#include <string.h>

#define DIAG_SHOWN 50
#define LINE_SHOWN 160            /* columns of a source line; of a longer one the part around the caret */

static const char *text_format(Ctx *c, const char *fmt, va_list ap)
{
  va_list again;
  va_copy(again, ap);
  int n = vsnprintf(NULL, 0, fmt, again);
  va_end(again);
  char *s = ctx_alloc(c, (size_t)(n < 0 ? 0 : n) + 1);
  if (n > 0) vsnprintf(s, (size_t)n + 1, fmt, ap);
  return s;
}

/* ---- recording */
static void diag_add(Ctx *c, Severity sev, Pos p, const char *text)
{
  Diag *d = NEW(c, Diag);
  *d = (Diag){ .sev = sev, .pos = p, .text = text };
  *c->diags_end = d;
  c->diags_end = &d->next;
  c->nerror += sev == SEV_ERROR;
}

static Diag *diag_last(const Ctx *c)
{
  return c->diags ? (Diag *)((char *)c->diags_end - offsetof(Diag, next)) : NULL;
}

void diag_error(Ctx *c, Pos p, const char *fmt, ...)
{
  va_list ap;
  va_start(ap, fmt);
  diag_add(c, SEV_ERROR, p, text_format(c, fmt, ap));
  va_end(ap);
}

void diag_warn(Ctx *c, Pos p, const char *fmt, ...)
{
  va_list ap;
  va_start(ap, fmt);
  diag_add(c, SEV_WARNING, p, text_format(c, fmt, ap));
  va_end(ap);
}

void diag_note(Ctx *c, Pos p, const char *fmt, ...)
{
  Diag *d = diag_last(c);
  if (!d) return;
  Note *n = NEW(c, Note), **end = &d->notes;
  va_list ap;
  va_start(ap, fmt);
  *n = (Note){ .pos = p, .text = text_format(c, fmt, ap) };
  va_end(ap);
  while (*end) end = &(*end)->next;
  *end = n;
}

void diag_help(Ctx *c, const char *fmt, ...)
{
  Diag *d = diag_last(c);
  va_list ap;
  va_start(ap, fmt);
  if (d) d->help = text_format(c, fmt, ap);
  va_end(ap);
}

void bug(Ctx *c, const char *fmt, ...)
{
  va_list ap;
  va_start(ap, fmt);
  const char *what = text_format(c, fmt, ap);
  va_end(ap);
  diag_add(c, SEV_ERROR, (Pos){ 0 }, ctx_printf(c, "internal error: %s", what));
  diag_help(c, "this is a fault of frit, not of the graph; please report it");
  frit_bail(c);
}

/* ---- printing */
typedef struct Look { const char *error, *warning, *note, *caret, *off; } Look;
static const Look plain = { "", "", "", "", "" };
static const Look coloured = { "\033[1;31m", "\033[1;35m", "\033[1;36m", "\033[1;32m", "\033[0m" };

static void print_place(FILE *f, Pos p)
{
  if (!p.src) return;
  fputs(p.src->name, f);
  if (p.line) fprintf(f, ":%u:%u", p.line, p.col);
  fputs(": ", f);
}

/* The text of line number `line` (counted from 1), or NULL. */
static const char *source_line(const Source *s, uint32_t line, size_t *len)
{
  const char *at = s->text, *end = s->text + s->size;
  for (uint32_t k = 1; k < line && at; k++) {
    at = memchr(at, '\n', (size_t)(end - at));
    if (at) at++;
  }
  if (!at || at >= end) return NULL;
  const char *stop = memchr(at, '\n', (size_t)(end - at));
  *len = (size_t)((stop ? stop : end) - at);
  return at;
}

/* Bytes that would disturb a terminal are shown as '?'. */
static void print_clean(FILE *f, const char *s, size_t n)
{
  for (size_t k = 0; k < n; k++) {
    unsigned char ch = (unsigned char)s[k];
    fputc((ch < 32 && ch != '\t') || ch == 127 ? '?' : ch, f);
  }
}

static bool is_continuation(char ch) { return ((unsigned char)ch & 0xc0) == 0x80; }

static void print_caret(FILE *f, Pos p, const Look *look)
{
  size_t len, from = 0, col = p.col ? p.col - 1 : 0;
  const char *line = p.src && p.line ? source_line(p.src, p.line, &len) : NULL;
  if (!line || col > len) return;
  if (len && line[len - 1] == '\r') len--;
  if (col > LINE_SHOWN * 3 / 4) from = col - LINE_SHOWN / 2;
  while (from < len && is_continuation(line[from])) from++;
  if (len - from > LINE_SHOWN) len = from + LINE_SHOWN;
  fputs("    ", f);
  print_clean(f, line + from, len - from);
  fputs("\n    ", f);
  for (size_t k = from; k < col && k < len; k++)
    if (!is_continuation(line[k])) fputc(line[k] == '\t' ? '\t' : ' ', f);
  fprintf(f, "%s^%s\n", look->caret, look->off);
}

static void diag_print_one(FILE *f, const Diag *d, const Look *look)
{
  bool error = d->sev == SEV_ERROR;
  print_place(f, d->pos);
  fprintf(f, "%s%s:%s %s\n", error ? look->error : look->warning, error ? "error" : "warning", look->off, d->text);
  print_caret(f, d->pos, look);
  for (const Note *n = d->notes; n; n = n->next) {
    fputs("  ", f);
    print_place(f, n->pos);
    fprintf(f, "%snote:%s %s\n", look->note, look->off, n->text);
    print_caret(f, n->pos, look);
  }
  if (d->help) fprintf(f, "  %shelp:%s %s\n", look->note, look->off, d->help);
}

typedef struct Sorted { const Diag *d; size_t number, source; } Sorted;

static int size_compare(size_t a, size_t b) { return a < b ? -1 : a > b; }

static int sorted_place(const Sorted *a, const Sorted *b)
{
  int r = size_compare(a->source, b->source);
  if (!r) r = size_compare(a->d->pos.line, b->d->pos.line);
  return r ? r : size_compare(a->d->pos.col, b->d->pos.col);
}

static int sorted_compare(const void *x, const void *y)
{
  const Sorted *a = x, *b = y;
  int r = sorted_place(a, b);
  return r ? r : size_compare(a->number, b->number);
}

/* The list of sources ends with the oldest, which has number 1; diagnostics without a place come last. */
static size_t source_number(const Source *s)
{
  size_t n = s ? 0 : SIZE_MAX;
  for (; s; s = s->next) n++;
  return n;
}

/* Among diagnostics of one place the same text needs to be said once. */
static bool is_repeated(const Sorted *all, size_t k)
{
  for (size_t j = k; j-- > 0 && !sorted_place(&all[j], &all[k]);)
    if (all[j].d->sev == all[k].d->sev && !strcmp(all[j].d->text, all[k].d->text)) return true;
  return false;
}

static size_t diag_sort(const Ctx *c, Sorted *all)
{
  size_t n = 0;
  for (const Diag *d = c->diags; d; d = d->next, n++) all[n] = (Sorted){ d, n, source_number(d->pos.src) };
  qsort(all, n, sizeof *all, sorted_compare);
  return n;
}

void diag_print(const Ctx *c, FILE *f, bool colour)
{
  size_t n = 0, shown = 0, more = 0;
  for (const Diag *d = c->diags; d; d = d->next) n++;
  Sorted *all = malloc((n + 1) * sizeof *all);
  const Look *look = colour ? &coloured : &plain;
  if (!all) {                     /* as they come, then */
    for (const Diag *d = c->diags; d && shown < DIAG_SHOWN; d = d->next, shown++) diag_print_one(f, d, look);
    return;
  }
  diag_sort(c, all);
  for (size_t k = 0; k < n; k++) {
    if (shown == DIAG_SHOWN) more++;
    else if (!is_repeated(all, k)) diag_print_one(f, all[k].d, look), shown++;
  }
  if (more) fprintf(f, "and %zu more\n", more);
  free(all);
}

/* ---- near names */
#define NEAR_MAX 64               /* longer names are not compared */

static int min3(int a, int b, int c)
{
  int m = a < b ? a : b;
  return m < c ? m : c;
}

/* Edits (insert, delete, replace, swap of neighbours) from a to b. */
static int edit_distance(const char *a, const char *b)
{
  int la = (int)strlen(a), lb = (int)strlen(b), row[3][NEAR_MAX + 1];
  if (la > NEAR_MAX || lb > NEAR_MAX) return NEAR_MAX;
  for (int j = 0; j <= lb; j++) row[0][j] = j;
  for (int i = 1; i <= la; i++) {
    int *now = row[i % 3], *up = row[(i + 2) % 3], *up2 = row[(i + 1) % 3];
    now[0] = i;
    for (int j = 1; j <= lb; j++) {
      now[j] = min3(now[j - 1] + 1, up[j] + 1, up[j - 1] + (a[i - 1] != b[j - 1]));
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && up2[j - 2] + 1 < now[j]) now[j] = up2[j - 2] + 1;
    }
  }
  return row[la % 3][lb];
}

const char *diag_near(const char *s, const char *const *names, int n)
{
  int best = ((int)strnlen(s, NEAR_MAX) + 2) / 3 + 1;
  const char *near = NULL;
  for (int k = 0; k < n; k++) {
    int d = edit_distance(s, names[k]);
    if (d < best && d < (int)strlen(names[k])) best = d, near = names[k];
  }
  return near;
}
