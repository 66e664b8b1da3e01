/* The ledger: why an edge was fused or not, what a rewrite did.
 *
 *   fuse      conv+bias -> relu           yes   vertical: one user, same shape (saves 1605632 bytes)
 *   layout    h                           no    read by a hand-written kernel
 */
#include "ctx.h"

void ledger_add(Ctx *c, const char *pass, const char *subject, bool done, int64_t bytes, const char *fmt, ...)
{
  Text t = { .c = c };
  char line[1024];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(line, sizeof line, fmt, ap);
  va_end(ap);
  text_add(&t, "%s", line);
  Entry *e = NEW(c, Entry);
  *e = (Entry){ .pass = ctx_intern(c, pass), .subject = ctx_intern(c, subject), .reason = t.s, .done = done, .bytes = bytes };
  *c->ledger_end = e;
  c->ledger_end = &e->next;
}

void ledger_print(const Ctx *c, FILE *f)
{
  for (const Entry *e = c->ledger; e; e = e->next) {
    fprintf(f, "%-9s %-27s %-5s %s", e->pass, e->subject, e->done ? "yes" : "no", e->reason);
    if (e->bytes) fprintf(f, " (saves %lld bytes)", (long long)e->bytes);
    fputc('\n', f);
  }
}
