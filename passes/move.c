/* Which moves of the fuser may be taken. */
#include "passes.h"
#include <string.h>

const char *const fuse_moves[] = { "vertical", "prologue", "horizontal", "tile", "turn", "winograd", "narrow", NULL };

/* -fno-fuse=MOVE[@label]: words of the label's chain. */
static bool move_named(const char *rule, const char *move, const char *label) {
  size_t n = strcspn(rule, "@");
  if (n != strlen(move) || strncmp(rule, move, n)) return false;
  if (!rule[n]) return true;
  const char *want = rule + n + 1, *at = label;
  for (size_t m = strlen(want); m && at && (at = strstr(at, want)); at++)
    if ((at == label || at[-1] == '+') && (!at[m] || at[m] == '+')) return true;
  return false;
}

bool move_allowed(Ctx *c, const char *move, const char *label) {
  for (const char **r = c->opt.no_fuse; r && *r; r++) if (move_named(*r, move, label)) return false;
  if (c->opt.bisect_limit >= 0 && c->nmove >= c->opt.bisect_limit) return false;
  c->nmove++; return true;
}

int move_forced(Ctx *c, const char *move) {
  size_t n = strlen(move); int digit = 0;
  for (const char **r = c->opt.no_fuse; r && *r; r++) if (!strncmp(*r, move, n) && (*r)[n] > '1' && (*r)[n] < '7') digit = (*r)[n] - '0';
  return digit;
}
