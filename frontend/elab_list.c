/* List functions: all of them run when the graph is compiled.
 *
 *   range(1, 4) = [1, 2, 3]   drop(l, [0, -1])   put(l, axes, v)   spread(v, n)   find(l)   letters("ij,jk->ik", ranks)
 */
#include "elab.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const list_fn_name[LF_COUNT] = {
  "range", "len", "spread", "drop", "put", "find", "letters", "int", "lowest", "highest", "is_float", "is_int", "is_bool", "is_signed", "is_f8", "error",
};
const int list_fn_args[LF_COUNT] = { 1, 1, 2, 2, 3, 1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1 };

static const List *need_list(Elab *el, Val v, const char *fn, Pos p)
{
  if (v.k != V_LIST) fail_at(el, p, "'%s' wants a list or pack; this is %s", fn, v_kind(v));
  return v.l;
}

static Type need_type(Elab *el, Val v, const char *fn, Pos p)
{
  if (v.k != V_TYPE) fail_at(el, p, "'%s' wants a type, as x.type; this is %s", fn, v_kind(v));
  return v.t;
}

static Val fn_range(Elab *el, const Val *a, int n, Pos p)
{
  int64_t lo = n > 1 ? need_int(el, a[0], p, "a bound of range") : 0, hi = need_int(el, a[n > 1 ? 1 : 0], p, "a bound of range");
  int64_t step = n > 2 ? need_int(el, a[2], p, "the step of range") : 1, count = 0;
  if (!step) fail_at(el, p, "the step of range is 0");
  if (lo < -1000000000 || lo > 1000000000 || hi < -1000000000 || hi > 1000000000 || llabs(step) > 1000000000) fail_at(el, p, "a range beyond 10^9");
  if ((hi - lo > 0) == (step > 0) && hi != lo) count = (llabs(hi - lo) + llabs(step) - 1) / llabs(step);
  if (count > 1000000) fail_at(el, p, "a list of %lld elements is too long", (long long)count);
  Val out = v_list(el, (int)count);
  for (int i = 0; i < count; i++) out.l->at[i] = v_int(el, lo + i * step);
  return out;
}

static Val fn_spread(Elab *el, Val v, Val count, Pos p)
{
  int64_t n = need_int(el, count, p, "the length of spread");
  if (n < 0 || n > 1000000) fail_at(el, p, "a list of %lld elements", (long long)n);
  if (v.k == V_LIST && v.l->n != n) fail_at(el, p, "a list of %lld is wanted, this one has %d", (long long)n, v.l->n);
  if (v.k == V_LIST) return v;
  Val out = v_list(el, (int)n);
  for (int i = 0; i < n; i++) out.l->at[i] = v;
  return out;
}

/* Axes as places in a list of n; negative ones count from the end. */
static int *axes_of(Elab *el, Val v, int n, int *count, Pos p)
{
  List one = { 1, &v };
  const List *l = v.k == V_LIST ? v.l : &one;
  int *out = NEWN(el->c, int, l->n + 1);
  for (int i = 0; i < l->n; i++) {
    int64_t k = need_int(el, l->at[i], p, "an axis");
    if (k < -n || k >= n) fail_at(el, p, "axis %lld is outside the %d dimension%s", (long long)k, n, n == 1 ? "" : "s");
    out[i] = (int)(k < 0 ? k + n : k);
  }
  *count = l->n;
  return out;
}

static Val fn_drop(Elab *el, const List *l, Val axes, Pos p)
{
  int n, *axis = axes_of(el, axes, l->n, &n, p), m = 0;
  bool *gone = NEWN(el->c, bool, l->n + 1);
  for (int i = 0; i < n; i++) gone[axis[i]] = true;
  Val out = v_list(el, l->n);
  for (int i = 0; i < l->n; i++)
    if (!gone[i]) out.l->at[m++] = l->at[i];
  out.l->n = m;
  return out;
}

static Val fn_put(Elab *el, const List *l, Val axes, Val v, Pos p)
{
  int n, *axis = axes_of(el, axes, l->n, &n, p);
  if (v.k == V_LIST && v.l->n != n) fail_at(el, p, "put: %d values for %d axes", v.l->n, n);
  Val out = v_list(el, l->n);
  memcpy(out.l->at, l->at, sizeof(Val) * (size_t)l->n);
  for (int i = 0; i < n; i++) out.l->at[axis[i]] = v.k == V_LIST ? v.l->at[i] : v;
  return out;
}

static Val fn_find(Elab *el, const List *l, Pos p)
{
  Val out = v_list(el, l->n);
  int m = 0;
  for (int i = 0; i < l->n; i++)
    if (need_int(el, l->at[i], p, "an element of find's list")) out.l->at[m++] = v_int(el, i);
  out.l->n = m;
  return out;
}

static Val fn_int(Elab *el, Val v, Pos p)
{
  if (v.k == V_LIST) {
    Val out = v_list(el, v.l->n);
    for (int i = 0; i < v.l->n; i++) out.l->at[i] = fn_int(el, v.l->at[i], p);
    return out;
  }
  if (v.k == V_NUM && v.e->kind == E_CONST && type_is_float(v.e->type)) {
    if (!(fabs(v.e->f) < 9e15)) fail_at(el, p, "int(%g) is no integer", v.e->f);
    return v_int(el, (int64_t)v.e->f);
  }
  if (v.k == V_NUM && v_static(v)) return v;
  fail_at(el, p, "'int' wants a number that is known when the graph is compiled; this is %s", v_kind(v));
}

/* The extreme value of a type as a number: 2^63 and 2^64 do not pass through a double. */
static Val fn_extreme(Elab *el, Type t, bool high)
{
  if (t == T_NONE) return v_int(el, 0);
  if (t == T_BOOL) return v_bool(el, high);
  if (type_is_float(t)) return v_float(el, high ? INFINITY : -INFINITY);
  if (t == T_I64) return v_int(el, high ? INT64_MAX : INT64_MIN);
  if (t == T_U64) return v_int(el, high ? -1 : 0);
  return v_int(el, (int64_t)(high ? type_highest(t) : type_lowest(t)));
}

/* ---- letters: einsum's text to the numbers of indices.  "...ij,...jk" : the letters of `...` are numbered from the end */
typedef struct Letters { int id[256]; int n; char seen[128]; int ell; } Letters;     /* seen letters in order; 0x80 + j: of `...` */

static int letter_number(Elab *el, Letters *s, int ch, Pos p)
{
  if (s->id[ch]) return s->id[ch] - 1;
  if (s->n >= 100) fail_at(el, p, "more than 100 letters");
  s->id[ch] = ++s->n;
  return s->n - 1;
}

/* Appends the characters of one term (without blanks) to out; `...` gives m of them. */
static int term_chars(Elab *el, const char *t, int len, int m, int ell, int *out, Pos p)
{
  int n = 0;
  if (m < 0 || m > 60) fail_at(el, p, "'...' would cover %d dimensions", m);
  for (int i = 0; i < len; i++) {
    if (n > 100) fail_at(el, p, "a term with more than 100 letters");
    if (t[i] == '.') {
      if (len - i < 3 || t[i + 1] != '.' || t[i + 2] != '.') fail_at(el, p, "'...' has three points");
      for (int j = ell - m; j < ell; j++) out[n++] = 128 + j;
      i += 2;
    } else out[n++] = (unsigned char)t[i] & 127;
  }
  return n;
}

typedef struct Terms { char *text[4]; int n; char *out; } Terms;

static Terms terms_split(Elab *el, const char *eq, Pos p)
{
  Terms r = { 0 };
  char *s = ctx_printf(el->c, "%s", eq), *w = s;
  for (const char *q = eq; *q; q++)
    if (*q != ' ') *w++ = *q;
  *w = 0;
  r.out = strstr(s, "->");
  if (r.out) {
    *r.out = 0;
    r.out += 2;
  }
  for (char *q = s; q; r.n++) {
    if (r.n == 3) fail_at(el, p, "more than 3 terms");
    r.text[r.n] = q;
    q = strchr(q, ',');
    if (q) *q++ = 0;
  }
  return r;
}

static int term_plain(const char *t) { return (int)strlen(t) - (strstr(t, "...") ? 3 : 0); }

static Val numbers_of(Elab *el, Letters *s, const int *ch, int n, Pos p)
{
  Val out = v_list(el, n);
  for (int i = 0; i < n; i++) out.l->at[i] = v_int(el, letter_number(el, s, ch[i], p));
  return out;
}

/* Without "->": the dimensions of `...`, then the letters that occur once, sorted. */
static int implicit_output(const int *count, int ell, int *out)
{
  int n = 0;
  for (int j = 0; j < ell; j++) out[n++] = 128 + j;
  for (int ch = 0; ch < 128; ch++)
    if (count[ch] == 1) out[n++] = ch;
  return n;
}

static Val fn_letters(Elab *el, Val eq, const List *ranks, Pos p)
{
  if (eq.k != V_STRING) fail_at(el, p, "'letters' wants a string");
  Terms t = terms_split(el, eq.s, p);
  Letters s = { .n = 0 };
  int ch[256], count[256] = { 0 }, rank[4];
  if (t.n > ranks->n) fail_at(el, p, "%d terms for %d tensors", t.n, ranks->n);
  for (int q = 0; q < t.n; q++) {
    rank[q] = (int)need_int(el, ranks->at[q], p, "a rank");
    if (strstr(t.text[q], "...") && rank[q] - term_plain(t.text[q]) > s.ell) s.ell = rank[q] - term_plain(t.text[q]);
  }
  Val out = v_list(el, 4);
  for (int q = 0; q < 3; q++) {
    int n = q < t.n ? term_chars(el, t.text[q], (int)strlen(t.text[q]), strstr(t.text[q], "...") ? rank[q] - term_plain(t.text[q]) : 0, s.ell, ch, p) : 0;
    if (q < t.n && n != rank[q]) fail_at(el, p, "term %d has %d letters, its tensor has %d dimensions", q + 1, n, rank[q]);
    for (int i = 0; i < n; i++) count[ch[i]]++;
    out.l->at[q] = numbers_of(el, &s, ch, n, p);
  }
  int n = t.out ? term_chars(el, t.out, (int)strlen(t.out), s.ell, s.ell, ch, p) : implicit_output(count, s.ell, ch);
  for (int i = 0; i < n; i++)
    if (!count[ch[i]]) fail_at(el, p, "the letter '%c' of the result stands in no term", ch[i] < 128 ? ch[i] : '.');
  out.l->at[3] = numbers_of(el, &s, ch, n, p);
  return out;
}

/* ---- all */
static Val type_question(Elab *el, int id, Type t)
{
  switch (id) {
  case LF_IS_FLOAT:  return v_bool(el, t != T_NONE && type_is_float(t));
  case LF_IS_INT:    return v_bool(el, t != T_NONE && type_is_int(t));
  case LF_IS_BOOL:   return v_bool(el, t == T_BOOL);
  case LF_IS_SIGNED: return v_bool(el, t != T_NONE && type_class(t) != 'u');
  default:           return v_bool(el, false);
  }
}

bool list_fn(Elab *el, int id, const Val *a, int n, Pos p, Val *out)
{
  const char *name = list_fn_name[id];
  switch (id) {
  case LF_RANGE:   *out = fn_range(el, a, n, p); break;
  case LF_LEN:     *out = v_int(el, need_list(el, a[0], name, p)->n); break;
  case LF_SPREAD:  *out = fn_spread(el, a[0], a[1], p); break;
  case LF_DROP:    *out = fn_drop(el, need_list(el, a[0], name, p), a[1], p); break;
  case LF_PUT:     *out = fn_put(el, need_list(el, a[0], name, p), a[1], a[2], p); break;
  case LF_FIND:    *out = fn_find(el, need_list(el, a[0], name, p), p); break;
  case LF_LETTERS: *out = fn_letters(el, a[0], need_list(el, a[1], name, p), p); break;
  case LF_INT:     *out = fn_int(el, a[0], p); break;
  case LF_LOWEST:
  case LF_HIGHEST: *out = fn_extreme(el, need_type(el, a[0], name, p), id == LF_HIGHEST); break;
  case LF_ERROR:   fail_at(el, p, "%s", a[0].k == V_STRING ? a[0].s : "error");
  default:         *out = type_question(el, id, need_type(el, a[0], name, p)); break;
  }
  return true;
}
