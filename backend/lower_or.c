/* `e or v` in the plain form that the lowering reads: every read of e counts, whatever else e does.
 *
 *   f(a or b) or v      f(a) or (f(b) or v)                b's reads count only where a falls outside
 *   f(c ? a : b) or v   c ? f(a) or v : f(b) or v          where c reads something, once more: (...) or v
 *
 * Left alone: alternatives without reads, and branches that read nothing but places that are read anyhow. */
#include "lower.h"

enum { FORMS_MAX = 64 };                                    /* a form doubles what it is applied to */

static bool has_read(const Expr *e) { for (int k = 0; k < e->n; k++) if (has_read(e->arg[k])) return true; return e->kind == E_READ; }

static bool same_place(const Expr *a, const Expr *b) {
  bool same = a->n == b->n;
  for (int k = 0; same && k < a->n; k++) same = expr_equal(a->arg[k], b->arg[k]) && extent_equal(a->tensor->shape[k], b->tensor->shape[k]);
  return same;
}

/* Is the place of this read also read in e, not counting what stands in `?:` branches, alternatives and inner `or`? */
static bool always_read(const Expr *e, const Expr *read) {
  if (e->kind == E_READ && same_place(e, read)) return true;
  for (int k = 0; k < (e->kind == E_SELECT ? 1 : e->kind == E_OR ? 0 : e->n); k++) if (always_read(e->arg[k], read)) return true;
  return false;
}

static bool reads_more(const Expr *e, const Expr *all) {
  if (e->kind == E_READ && !always_read(all, e)) return true;
  for (int k = 0; k < e->n; k++) if (reads_more(e->arg[k], all)) return true;
  return false;
}

/* The first part of e that has the form of one of the two rows above. */
static const Expr *odd_part(const Expr *e, const Expr *all) {
  if (e->kind == E_OR) return has_read(e->arg[1]) ? e : NULL;
  if (e->kind == E_SELECT && (reads_more(e->arg[1], all) || reads_more(e->arg[2], all))) return e;
  for (int k = 0; k < e->n && e->kind != E_REDUCE; k++) {
    const Expr *part = odd_part(e->arg[k], all);
    if (part) return part;
  }
  return NULL;
}

static Expr *put(Ctx *c, Expr *e, const Expr *from, Expr *to) {
  if (e == from) return to;
  Expr **arg = NEWN(c, Expr *, e->n + 1); bool changed = false;
  for (int k = 0; k < e->n; k++) changed |= (arg[k] = put(c, e->arg[k], from, to)) != e->arg[k];
  return changed ? expr_with(c, e, arg) : e;
}

static Expr *plain(Lower *L, Expr *e, int *forms) {
  Expr **arg = NEWN(L->c, Expr *, e->n + 1); bool changed = false;
  for (int k = 0; k < e->n; k++) changed |= (arg[k] = plain(L, e->arg[k], forms)) != e->arg[k];
  if (changed) e = expr_with(L->c, e, arg);
  const Expr *part = e->kind == E_OR ? odd_part(e->arg[0], e->arg[0]) : NULL;
  if (!part) return e;
  if (--*forms < 0) tree_error(L, e->pos, NULL, "`or` around too many conditions: name some of them in equations of their own");
  Expr *f = e->arg[0], *v = e->arg[1]; int k = part->kind == E_SELECT;
  Expr *a = put(L->c, f, part, part->arg[k]), *b = put(L->c, f, part, part->arg[k + 1]), *r;
  if (!k) return plain(L, expr_or(L->c, a, expr_or(L->c, b, v, e->pos), e->pos), forms);
  r = expr_select(L->c, part->arg[0], plain(L, expr_or(L->c, a, v, e->pos), forms), plain(L, expr_or(L->c, b, v, e->pos), forms), e->pos);
  return has_read(part->arg[0]) ? expr_or(L->c, r, v, e->pos) : r;
}

Expr *or_plain(Lower *L, Expr *e) { int forms = FORMS_MAX; return plain(L, e, &forms); }
