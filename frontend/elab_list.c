/* List functions: all of them run when the graph is compiled.
 *
 *   range(1, 4) = [1, 2, 3]   drop(l, [0, -1])   put(l, axes, v)   spread(v, n)   find(l)   letters("ij,jk->ik", ranks) */
#include "elab.h"
#include <math.h>
#include <stdlib.h>

const char *const list_fn_name[LF_COUNT] = {
  "range", "len", "spread", "drop", "put", "find", "letters", "int", "lowest", "highest",
  "is_float", "is_int", "is_bool", "is_signed", "is_f8", "error",
};

static Val fn_range(Elab *el, const Val *a, int n, Pos p) {
  const int64_t most = 1000000000;
  int64_t lo = n > 1 ? need_int(el, a[0], p, "a bound of range") : 0, hi = need_int(el, a[n > 1 ? 1 : 0], p, "a bound of range");
  int64_t step = n > 2 ? need_int(el, a[2], p, "the step of range") : 1, count = 0;
  if (!step) fail_at(el, p, "the step of range is 0");
  if (lo < -most || lo > most || hi < -most || hi > most || llabs(step) > most) fail_at(el, p, "a range beyond 10^9");
  if ((hi - lo > 0) == (step > 0) && hi != lo) count = (llabs(hi - lo) + llabs(step) - 1) / llabs(step);
  if (count > 1000000) fail_at(el, p, "a list of %lld elements is too long", (long long)count);
  Val out = v_list(el, (int)count);
  for (int i = 0; i < count; i++) out.l->at[i] = v_int(el, lo + i * step);
  return out;
}

static Val fn_spread(Elab *el, Val v, Val count, Pos p) {
  int64_t n = need_int(el, count, p, "the length of spread");
  if (n < 0 || n > 1000000) fail_at(el, p, "a list of %lld elements", (long long)n);
  if (v.k == V_LIST && v.l->n != n) fail_at(el, p, "a list of %lld is wanted, this one has %d", (long long)n, v.l->n);
  if (v.k == V_LIST) return v;
  Val out = v_list(el, (int)n);
  for (int i = 0; i < n; i++) out.l->at[i] = v;
  return out;
}

/* Axes as places in a list of n; negative ones count from the end. */
typedef struct Axes { int *at, n; } Axes;

static Axes axes_of(Elab *el, Val v, int n, Pos p) {
  List one = { &v, 1, 1 }; const List *l = v.k == V_LIST ? v.l : &one; Axes out = { NEWN(el->c, int, l->n + 1), l->n };
  for (int i = 0; i < l->n; i++) {
    int64_t k = need_int(el, l->at[i], p, "an axis");
    if (k < -n || k >= n) fail_at(el, p, "axis %lld is outside the %d dimension%s", (long long)k, n, plural(n));
    out.at[i] = (int)(k < 0 ? k + n : k);
  }
  return out;
}

static Val fn_drop(Elab *el, const List *l, Val axes, Pos p) {
  Axes a = axes_of(el, axes, l->n, p); bool *gone = NEWN(el->c, bool, l->n + 1);
  for (int i = 0; i < a.n; i++) gone[a.at[i]] = true;
  Val out = v_list(el, 0);
  for (int i = 0; i < l->n; i++) if (!gone[i]) PUSH(el->c, *out.l, l->at[i]);
  return out;
}

static Val fn_put(Elab *el, const List *l, Val axes, Val v, Pos p) {
  Axes a = axes_of(el, axes, l->n, p);
  if (v.k == V_LIST && v.l->n != a.n) fail_at(el, p, "put: %d values for %d axes", v.l->n, a.n);
  Val out = v_list(el, l->n);
  memcpy(out.l->at, l->at, sizeof(Val) * (size_t)l->n);
  for (int i = 0; i < a.n; i++) out.l->at[a.at[i]] = v.k == V_LIST ? v.l->at[i] : v;
  return out;
}

static Val fn_find(Elab *el, const List *l, Pos p) {
  Val out = v_list(el, 0);
  for (int i = 0; i < l->n; i++) if (need_int(el, l->at[i], p, "an element of find's list")) PUSH(el->c, *out.l, v_int(el, i));
  return out;
}

static Val fn_int(Elab *el, Val v, Pos p) {
  if (v.k == V_LIST) {
    Val out = v_list(el, v.l->n);
    for (int i = 0; i < v.l->n; i++) out.l->at[i] = fn_int(el, v.l->at[i], p);
    return out;
  }
  if (v.k == V_NUM && v.e->kind == E_CONST && type_is_float(v.e->type)) {
    if (!(fabs(v.e->f) < 9e15)) fail_at(el, p, "int(%g) is no integer", v.e->f);
    return v_int(el, (int64_t)v.e->f);
  }
  if (v.k != V_NUM || !v_static(v)) fail_at(el, p, "'int' wants a number that is known when the graph is compiled; this is %s", v_kind(v));
  return v;
}

/* The extreme value of a type as a number: 2^63 and 2^64 do not pass through a double. */
static Val fn_extreme(Elab *el, Type t, bool high) {
  if (t == T_NONE) return v_int(el, 0);
  if (t == T_BOOL) return v_bool(el, high);
  if (type_is_float(t)) return v_float(el, high ? INFINITY : -INFINITY);
  if (t == T_I64) return v_int(el, high ? INT64_MAX : INT64_MIN);
  if (t == T_U64) return v_int(el, high ? -1 : 0);
  return v_int(el, (int64_t)(high ? type_highest(t) : type_lowest(t)));
}

/* ---- letters: einsum's text to the numbers of indices. A letter is its code; those of `...` are 128 + j, numbered from the end */
typedef struct Letters { Elab *el; Pos p; int id[256], count[256], n, ell; char *term[4], *out; int nterm; } Letters;

static void letters_split(Letters *s, const char *eq) {
  char *text = ctx_printf(s->el->c, "%s", eq), *w = text;
  for (const char *q = eq; *q; q++) if (*q != ' ') *w++ = *q;
  *w = 0;
  s->out = strstr(text, "->");
  if (s->out) { *s->out = 0; s->out += 2; }
  for (char *q = text; q; s->nterm++) {
    if (s->nterm == 3) fail_at(s->el, s->p, "more than 3 terms");
    s->term[s->nterm] = q; q = strchr(q, ',');
    if (q) *q++ = 0;
  }
}

/* The letters of one term; `...` stands for m of them. */
static int term_letters(const Letters *s, const char *t, int m, int *out) {
  int n = 0, len = (int)strlen(t);
  if (m < 0 || m > 60) fail_at(s->el, s->p, "'...' would cover %d dimensions", m);
  for (int i = 0; i < len; i++) {
    if (n > 100) fail_at(s->el, s->p, "a term with more than 100 letters");
    if (t[i] != '.') out[n++] = (unsigned char)t[i] & 127;
    else {
      if (strncmp(t + i, "...", 3)) fail_at(s->el, s->p, "'...' has three points");
      for (int j = s->ell - m; j < s->ell; j++) out[n++] = 128 + j;
      i += 2;
    }
  }
  return n;
}

/* Without "->": the dimensions of `...`, then the letters that occur once, sorted. */
static int implicit_output(const Letters *s, int *out) {
  int n = 0;
  for (int j = 0; j < s->ell; j++) out[n++] = 128 + j;
  for (int ch = 0; ch < 128; ch++) if (s->count[ch] == 1) out[n++] = ch;
  return n;
}

/* Letters are numbered in the order in which they are seen. */
static Val letters_numbers(Letters *s, const int *ch, int n) {
  Val out = v_list(s->el, n);
  for (int i = 0; i < n; i++) {
    if (!s->id[ch[i]] && s->n >= 100) fail_at(s->el, s->p, "more than 100 letters");
    if (!s->id[ch[i]]) s->id[ch[i]] = ++s->n;
    out.l->at[i] = v_int(s->el, s->id[ch[i]] - 1);
  }
  return out;
}

static Val fn_letters(Elab *el, Val eq, const List *ranks, Pos p) {
  Letters s = { .el = el, .p = p };
  int ch[256], rank[4], dots[4] = { 0 }, n;               /* dots: dimensions that `...` covers in a term */
  if (eq.k != V_STRING) fail_at(el, p, "'letters' wants a string");
  letters_split(&s, eq.s);
  if (s.nterm > ranks->n) fail_at(el, p, "%d terms for %d tensors", s.nterm, ranks->n);
  for (int q = 0; q < s.nterm; q++) {
    rank[q] = (int)need_int(el, ranks->at[q], p, "a rank");
    if (strstr(s.term[q], "...")) dots[q] = rank[q] - (int)strlen(s.term[q]) + 3;
    if (dots[q] > s.ell) s.ell = dots[q];
  }
  Val out = v_list(el, 4);
  for (int q = 0; q < 3; q++) {
    n = q < s.nterm ? term_letters(&s, s.term[q], dots[q], ch) : 0;
    if (q < s.nterm && n != rank[q]) fail_at(el, p, "term %d has %d letters, its tensor has %d dimensions", q + 1, n, rank[q]);
    for (int i = 0; i < n; i++) s.count[ch[i]]++;
    out.l->at[q] = letters_numbers(&s, ch, n);
  }
  n = s.out ? term_letters(&s, s.out, s.ell, ch) : implicit_output(&s, ch);
  for (int i = 0; i < n; i++) if (!s.count[ch[i]]) fail_at(el, p, "the letter '%c' of the result stands in no term", ch[i] < 128 ? ch[i] : '.');
  out.l->at[3] = letters_numbers(&s, ch, n);
  return out;
}

/* ---- all */
static const List *need_list(Elab *el, Val v, int id, Pos p) {
  if (v.k != V_LIST) fail_at(el, p, "'%s' wants a list or pack; this is %s", list_fn_name[id], v_kind(v));
  return v.l;
}

static Type need_type(Elab *el, Val v, int id, Pos p) {
  if (v.k != V_TYPE) fail_at(el, p, "'%s' wants a type, as x.type; this is %s", list_fn_name[id], v_kind(v));
  return v.t;
}

static bool type_is(int id, Type t) {
  if (t == T_NONE || id == LF_IS_F8) return false;
  return id == LF_IS_FLOAT ? type_is_float(t) : id == LF_IS_INT ? type_is_int(t) : id == LF_IS_BOOL ? t == T_BOOL : type_class(t) != 'u';
}

Val list_fn(Elab *el, int id, const Val *a, int n, Pos p) {
  switch (id) {
  case LF_RANGE:   return fn_range(el, a, n, p);
  case LF_LEN:     return v_int(el, need_list(el, a[0], id, p)->n);
  case LF_SPREAD:  return fn_spread(el, a[0], a[1], p);
  case LF_DROP:    return fn_drop(el, need_list(el, a[0], id, p), a[1], p);
  case LF_PUT:     return fn_put(el, need_list(el, a[0], id, p), a[1], a[2], p);
  case LF_FIND:    return fn_find(el, need_list(el, a[0], id, p), p);
  case LF_LETTERS: return fn_letters(el, a[0], need_list(el, a[1], id, p), p);
  case LF_INT:     return fn_int(el, a[0], p);
  case LF_LOWEST:
  case LF_HIGHEST: return fn_extreme(el, need_type(el, a[0], id, p), id == LF_HIGHEST);
  case LF_ERROR:   fail_at(el, p, "%s", a[0].k == V_STRING ? a[0].s : "error");
  default:         return v_bool(el, type_is(id, need_type(el, a[0], id, p)));
  }
}
