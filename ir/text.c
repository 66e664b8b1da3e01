/* Text: growing strings, numbers as shortest decimals, files.
 *   text_double(&t, 0.1)  0.1        text_float(&t, 0.1f)  0.1        text_double(&t, 1e30)  1e+30        text_double(&t, 2)  2.0 */
#include "ctx.h"
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SOURCE_LIMIT ((size_t)256 << 20)

static void text_reserve(Text *t, size_t n) {
  if (t->n + n < t->cap) return;
  size_t cap = t->cap < 64 ? 64 : t->cap; while (cap <= t->n + n) cap *= 2; char *s = ctx_alloc(t->c, cap); if (t->n) memcpy(s, t->s, t->n);
  t->s = s; t->cap = cap;
}

void text_addn(Text *t, const char *s, size_t n) { text_reserve(t, n + 1); if (n) memcpy(t->s + t->n, s, n); t->n += n; t->s[t->n] = 0; }
void text_quoted(Text *t, const char *s) {
  text_addn(t, "\"", 1); for (; *s; s++) text_add(t, strchr("\"\\\n", *s) ? "\\%c" : "%c", *s == '\n' ? 'n' : *s); text_addn(t, "\"", 1);
}
static void text_addv(Text *t, const char *fmt, va_list ap) {
  va_list again; va_copy(again, ap); int n = vsnprintf(NULL, 0, fmt, again); va_end(again); if (n < 0) return;
  text_reserve(t, (size_t)n + 1); t->n += (size_t)vsnprintf(t->s + t->n, (size_t)n + 1, fmt, ap);
}
void text_add(Text *t, const char *fmt, ...) { va_list ap; va_start(ap, fmt); text_addv(t, fmt, ap); va_end(ap); }
char *ctx_vprintf(Ctx *c, const char *fmt, va_list ap) { Text t = { .c = c }; text_addv(&t, fmt, ap); return t.s ? t.s : ctx_alloc(c, 1); }
char *ctx_printf(Ctx *c, const char *fmt, ...) { va_list ap; va_start(ap, fmt); char *s = ctx_vprintf(c, fmt, ap); va_end(ap); return s; }

/* ---- numbers: the fewest digits that read back; a comma of the locale becomes a point */
static void text_shortest(Text *t, double v, bool single) {
  char s[40]; if (!isfinite(v)) { text_add(t, "%s", v != v ? "nan" : v < 0 ? "-inf" : "inf"); return; }
  if (fabs(v) < 1e7 && v == trunc(v)) { text_add(t, "%s%d.0", signbit(v) && !v ? "-" : "", (int)v); return; }
  for (int digits = 1; digits <= (single ? 9 : 17); digits++) {
    snprintf(s, sizeof s, "%.*g", digits, v); if ((single ? (double)strtof(s, NULL) : strtod(s, NULL)) == v) break;
  }
  for (char *at = s; *at; at++) if (!strchr("0123456789+-e.", *at)) *at = '.';
  text_add(t, "%s%s", s, strpbrk(s, ".e") ? "" : ".0");
}
void text_double(Text *t, double v) { text_shortest(t, v, false); }
void text_float(Text *t, float v) { text_shortest(t, v, true); }

/* ---- sources */
static Source *source_add(Ctx *c, const char *as, const Text *t) { return c->sources = NEW_AS(c, Source, ctx_intern(c, as), t->s, t->n, c->sources); }
Source *source_text(Ctx *c, const char *name, const char *text, size_t size) {
  Text t = { .c = c }; text_addn(&t, text, size); return source_add(c, name, &t);
}

Source *source_read(Ctx *c, const char *path) {
  char part[1 << 16]; Text t = { .c = c }; bool in = !strcmp(path, "-"); FILE *f = in ? stdin : fopen(path, "rb");
  while (f && !feof(f) && !ferror(f) && t.n <= SOURCE_LIMIT) text_addn(&t, part, fread(part, 1, sizeof part, f));
  const char *why = t.n > SOURCE_LIMIT ? "it is larger than 256 MiB" : !f || ferror(f) ? strerror(errno) : NULL; if (f && !in) fclose(f);
  if (!why) return source_add(c, in ? "<stdin>" : path, &t);
  diag_error(c, (Pos){ 0 }, "cannot read '%s': %s", path, why); return NULL;
}

/* ---- writing: this gives 0 or the reason */
static int write_close(int fd, const char *data, size_t n) {
  int why = fd < 0 ? errno : 0;
  while (n && !why) { ssize_t k = write(fd, data, n); if (k < 0 && errno != EINTR) why = errno; if (k > 0) data += k, n -= (size_t)k; }
  return fd >= 0 && close(fd) && !why ? errno : why;
}

/* A device or pipe is written to; renaming would replace it. */
bool file_write(Ctx *c, const char *path, const void *data, size_t n, bool executable) {
  struct stat st; bool device = !stat(path, &st) && !S_ISREG(st.st_mode); int flags = device ? O_WRONLY : O_WRONLY | O_CREAT | O_EXCL;
  const char *temp = device ? path : ctx_printf(c, "%s.%ld.tmp", path, (long)getpid()); if (!device) unlink(temp);
  int why = write_close(open(temp, flags, executable ? 0777 : 0666), data, n); if (!why && !device && rename(temp, path)) why = errno;
  if (why && !device) unlink(temp);
  if (!why) return true;
  diag_error(c, (Pos){ 0 }, "cannot write '%s': %s", path, strerror(why));
  diag_help(c, why == ENOENT ? "make its folder first" : why == ENOSPC ? "free some space there" : "choose another place with -o"); return false;
}
