/* Calls: local functions, conversions, primitive functions, list functions, operators.
 *   conv(x, w, pads = 1)       arguments by place and name; defaults are evaluated when they are asked for, in the operator's own frame
 *   concat(a, b, c, axis = 1)  more tensors than `y[...]...` takes: folded from the left
 *   relu(x)                    bare names and `= expression`: a function of numbers; of whole tensors it is lifted                     */
#include "../ir/scalar.h"
#include "elab.h"
#include <math.h>
#include <stdlib.h>

/* The arguments of a call by parameter; extra: those that `...` takes; var: those of a variadic parameter. */
typedef struct Args { Val *at; VEC(Rest) extra; List var; } Args;

/* ---- attributes */
static bool kind_is(const Param *p, const char *kind) { return p->type && !strcmp(p->type, kind); }
static bool is_whole_number(Val v) { return v.k == V_NUM && v.e->kind == E_CONST && !type_is_float(v.e->type); }
static bool default_is_float(const Param *p) {
  const Node *n = p->value; while (n && n->kind == N_UNARY) n = n->kid[0]; return !p->type && n && n->kind == N_FLOAT;
}
static void kind_check(Elab *el, const Param *p, Val v, bool good, Pos pos) {
  if (!good) fail_at(el, pos, "attribute '%s' must be of kind %s; this is %s", p->name, p->type, v_kind(v));
}

static Val coerce_number(Elab *el, const Param *p, Val v, Pos pos) {
  bool is_int = kind_is(p, "int") || kind_is(p, "ints"), is_float = kind_is(p, "float") || kind_is(p, "floats") || default_is_float(p);
  if (is_float && is_whole_number(v) && v.e->type == T_WINT) return v_float(el, (double)v.e->i);
  if (is_int && v.k == V_NUM && v.e->kind == E_CONST && type_is_float(v.e->type)) {
    if (floor(v.e->f) != v.e->f || fabs(v.e->f) > 1e15) fail_at(el, pos, "attribute '%s' must be an integer; this is %g", p->name, v.e->f);
    return v_int(el, (int64_t)v.e->f);
  }
  if ((is_int || is_float) && p->type) kind_check(el, p, v, v.k == V_NUM, pos);
  return v;
}

static Val coerce_list(Elab *el, const Param *p, Val v, Pos pos) {
  Val out = v_list(el, v.k == V_LIST ? v.l->n : 1);
  for (int i = 0; i < out.l->n; i++) out.l->at[i] = coerce_number(el, p, v.k == V_LIST ? v.l->at[i] : v, pos);
  return out;
}
Val attribute_coerce(Elab *el, const Param *p, Val v, Pos pos) {
  if (v.k == V_TENSOR && !v.x->known)
    fail_at(el, pos, "attribute '%s' must be known when the graph is compiled; '%s' is a tensor whose values are not", p->name, v.x->t->name);
  if (v.k == V_TENSOR) v = (Val){ V_LIST, .l = (List *)v.x->known };
  if (v.k == V_NONE) return v;
  if (v.k == V_LIFT || v.k == V_COMP || (v.k == V_NUM && !v_static(v)))
    fail_at(el, pos, "attribute '%s' must be known when the graph is compiled; this is %s", p->name, v_kind(v));
  if (kind_is(p, "ints") || kind_is(p, "floats")) return coerce_list(el, p, v, pos);
  if (p->type && v.k == V_LIST && v.l->n == 1) v = v.l->at[0];
  if (kind_is(p, "string")) kind_check(el, p, v, v.k == V_STRING, pos);
  if (kind_is(p, "type")) kind_check(el, p, v, v.k == V_TYPE, pos);
  if (kind_is(p, "bool")) { kind_check(el, p, v, is_whole_number(v), pos); return v_bool(el, v.e->i != 0); }
  return v.k == V_LIST && default_is_float(p) ? coerce_list(el, p, v, pos) : coerce_number(el, p, v, pos);
}

/* ---- binding of arguments */
static int param_find(const Decl *op, const char *name) {
  for (int i = 0; i < op->nparam; i++) if (op->param[i].name == name && op->param[i].kind != P_REST) return i;
  return -1;
}
static bool takes_rest(const Decl *op) { for (int i = 0; i < op->nparam; i++) if (op->param[i].kind == P_REST) return true; return false; }

static void arg_named(Elab *el, const Decl *op, const Node *q, Args *a, Frame *f, Scope s) {
  int k = param_find(op, q->text); Val v = first_of(ev_node(el, q->kid[0], f, s));
  if (k < 0 && !takes_rest(op)) {
    Names near = { 0 }; for (int i = 0; i < op->nparam; i++) PUSH(el->c, near, op->param[i].name);
    fail_near(el, q->pos, q->text, &near, "'%s' has no parameter '%s'", op->name, q->text);
  }
  if (k >= 0 && a->at[k].k != V_NONE) fail_at(el, q->pos, "'%s' is given twice to '%s'", q->text, op->name);
  if (k >= 0) a->at[k] = v;
  else PUSH(el->c, a->extra, ((Rest){ q->text, v }));
}

/* Does the call still want the caller's attribute of this name, handed on by `...`? Those that the callee does not know go into its own rest. */
static Val *arg_wanted(Elab *el, const Decl *op, Args *a, const char *name) {
  int k = param_find(op, name); if (k >= 0) return op->param[k].kind == P_ATTR && a->at[k].k == V_NONE ? &a->at[k] : NULL;
  for (int i = 0; i < a->extra.n; i++) if (a->extra.at[i].name == name) return NULL;
  if (!takes_rest(op)) return NULL;
  PUSH(el->c, a->extra, ((Rest){ .name = name })); return &a->extra.at[a->extra.n - 1].v;
}
static void arg_pass(Elab *el, const Decl *op, Args *a, Frame *f, Pos pos) {
  Val *to; for (int i = 0; i < f->nrest; i++) if ((to = arg_wanted(el, op, a, f->rest[i].name))) *to = f->rest[i].v;
  for (int i = 0; f->op && i < f->op->nparam; i++) {
    const Param *p = &f->op->param[i];
    if (p->kind == P_ATTR && (to = arg_wanted(el, op, a, p->name))) *to = slot_value(el, f, slot_get(el, f, p->name), pos);
  }
}

static void arg_placed(Elab *el, const Decl *op, int *at, Val v, Args *a, Pos pos) {
  int n = 0; for (int i = 0; i < op->nparam; i++) n += op->param[i].kind != P_REST;
  if (*at >= n) fail_at(el, pos, "'%s' takes %d argument%s, more are given", op->name, n, plural(n));
  if (op->param[*at].variadic) PUSH(el->c, a->var, v);
  else if (a->at[*at].k != V_NONE) fail_at(el, pos, "'%s' is given twice to '%s': by its name, and by its place", op->param[*at].name, op->name);
  else a->at[(*at)++] = v;
}
static Args args_bind(Elab *el, const Decl *op, const Node *n, Frame *f, Scope s) {
  Args a = { .at = NEWN(el->c, Val, op->nparam + 1) }; int at = 0;
  for (int i = 0; i < n->n; i++) {
    const Node *q = n->kid[i];
    if (q->kind == N_NAMED) arg_named(el, op, q, &a, f, s);
    else if (q->kind == N_SPLICE) {
      const List *l = ev_items(el, &n->kid[i], 1, f, s); for (int k = 0; k < l->n; k++) arg_placed(el, op, &at, l->at[k], &a, n->pos);
    } else if (q->kind != N_PASS) arg_placed(el, op, &at, first_of(ev_node(el, q, f, s)), &a, n->pos);
  }
  for (int i = 0; i < n->n; i++) if (n->kid[i]->kind == N_PASS) arg_pass(el, op, &a, f, n->pos);
  return a;
}

/* ---- parameters in the new frame */
static bool is_function(const Decl *op) {
  for (int i = 0; i < op->nparam; i++) if (op->param[i].kind != P_PLAIN && op->param[i].kind != P_ATTR) return false;
  return op->expr != NULL;
}

static Val tensor_argument(Elab *el, const Decl *op, const Param *p, Val v, Frame *f, Pos pos) {
  if (v.k == V_LIFT) v = v_store(el, v, name_temp(el, frame_full(el, f, p->name)), pos);
  if (v.k == V_NUM && v.e->kind == E_READ && !v.e->n) v = v_tensor(el, v.e->tensor);
  if (v.k == V_NUM && v_static(v)) return v;
  if (v.k == V_POISON) fail_silent(el);
  if (v.k != V_TENSOR)
    fail_at(el, pos, "'%s' wants a whole tensor for '%s', this is %s%s", op->name, p->name, v_kind(v),
            v.k == V_NUM ? ": it does not work element by element" : "");
  Val own = v_tensor(el, v.x->t); own.x->known = v.x->known; return own;
}
static void param_bind(Elab *el, const Decl *op, const Param *p, Val v, Frame *f, Pos pos) {
  Slot *s = slot_get(el, f, p->name); bool attr = p->kind == P_ATTR;
  if (v.k == V_NONE && (p->kind == P_PLAIN || !p->value))
    fail_at(el, pos, "'%s' needs its %s '%s'", op->name, p->kind == P_PLAIN ? "argument" : attr ? "attribute" : "tensor", p->name);
  s->param = p; s->state = v.k == V_NONE && attr ? SL_THUNK : SL_VALUE;
  if (v.k == V_NONE) s->v = attr ? s->v : (Val){ V_ABSENT, .p = p };
  else s->v = attr ? attribute_coerce(el, p, v, pos) : p->kind == P_TENSOR ? tensor_argument(el, op, p, v, f, pos) : v;
}

/* ---- applying */
static const char *last_name(const Decl *op) {
  const Node *l = op->nstmt ? op->stmt[op->nstmt - 1]->left : NULL; if (l && l->kind == N_TUPLE) l = l->kid[l->n - 1];
  return !l ? NULL : l->kind == N_INDEX ? l->kid[0]->text : l->text;
}

static Val result_value(Elab *el, Frame *f, const char *name, Pos pos) {
  Slot *s = name ? slot_find(f, name) : NULL;
  if (!s || s->state == SL_NONE) fail_at(el, f->op->pos, "the result '%s' is not defined", name ? name : "?");
  Val v = slot_value(el, f, s, pos); if (v.k == V_LIFT) v = v_store(el, v, frame_full(el, f, name), pos);
  return v.k == V_ABSENT ? absent_default(el, f, v.p) : v;
}
static Val apply_body(Elab *el, const Decl *op, Frame *f, Pos pos) {
  body_run(el, f, op->stmt, NULL, op->nstmt); if (!op->has_result || !op->nresult) return result_value(el, f, last_name(op), pos);
  Val out = v_list(el, op->nresult); for (int i = 0; i < op->nresult; i++) out.l->at[i] = result_value(el, f, op->result[i].name, pos);
  return op->nresult == 1 ? out.l->at[0] : (Val){ V_TUPLE, .l = out.l };
}
static Val apply_once(Elab *el, const Decl *op, const Args *a, Want want, Scope s, Pos pos) {
  const char *target = el->target; bool function = is_function(op);
  Frame *f = NEW_AS(el->c, Frame, .op = op, .rest = a->extra.at, .nrest = a->extra.n, .out = want, .prefix = want.n ? want.name[0] : target);
  if (el->ncall >= CALL_MAX) fail_at(el, pos, "operators call each other without end");
  el->call[el->ncall++] = (Call){ op->name, pos };
  for (int i = 0; i < op->nparam; i++) if (op->param[i].kind != P_REST) param_bind(el, op, &op->param[i], a->at[i], f, pos);
  if (!function) { match_params(el, f, op, pos); el->want = op->expr ? f->out : el->want; }
  Val v = op->expr ? ev_node(el, op->expr, f, (Scope){ .eq = function && s.eq }) : apply_body(el, op, f, pos);
  el->ncall--; el->target = target; return v;
}

/* With a variadic last tensor the operator folds from the left; with none it is its first. */
static Val apply_fold(Elab *el, const Decl *op, Args *a, Want want, Scope s, Pos pos) {
  int k = 0; while (k < op->nparam && !op->param[k].variadic) k++; if (k == op->nparam) return apply_once(el, op, a, want, s, pos);
  List var = a->at[k].k != V_NONE ? (List){ &a->at[k], 1, 1 } : a->var; Val acc = a->at[0];
  if (acc.k == V_NONE) fail_at(el, pos, "'%s' needs its first argument", op->name);
  for (int i = 0; i < var.n; i++) {
    Args one = *a; one.at = NEWN(el->c, Val, op->nparam + 1); memcpy(one.at, a->at, sizeof(Val) * (size_t)op->nparam);
    one.at[0] = acc; one.at[k] = var.at[i]; acc = first_of(apply_once(el, op, &one, i == var.n - 1 ? want : (Want){ 0 }, s, pos));
  }
  return acc;
}

/* Large lifted arguments of a function are stored first: a function may use its argument many times. */
static void args_store(Elab *el, const Decl *op, Args *a, Pos pos) {
  for (int i = 0; i < op->nparam; i++) {
    if (a->at[i].k != V_LIFT || a->at[i].f->size <= 16) continue;
    const char *name = op->param[i].name; if (el->target) name = ctx_intern(el->c, ctx_printf(el->c, "%s.%s", el->target, name));
    a->at[i] = v_store(el, a->at[i], name_temp(el, name), pos);
  }
}

/* What a lifted expression is called in dumps: the outermost function, then what its arguments were made by. */
static Val lift_label(Elab *el, Val v, const char *name, const Val *arg, int n) {
  if (v.k != V_LIFT) return v;
  Text t = { .c = el->c }; text_add(&t, "%s", name);
  for (int i = 0; i < n; i++) {
    if (arg[i].k == V_LIFT && arg[i].f == v.f) return v;
    if (arg[i].k == V_LIFT && arg[i].f->label && t.n < 80) text_add(&t, "+%s", arg[i].f->label);
  }
  v.f->label = t.s; return v;
}

/* ---- list functions: all of them run when the graph is compiled
 *   range(1, 4) = [1, 2, 3]   drop(l, [0, -1])   put(l, axes, v)   spread(v, n)   find(l)   letters("ij,jk->ik", ranks) */
#define UNUSED __attribute__((unused))
#define LIST_FN(name) static Val name(Elab *el, const Val *a UNUSED, int n UNUSED, Pos p UNUSED)

LIST_FN(fn_len) { return v_int(el, a->l->n); }

LIST_FN(fn_range) {
  const int64_t most = 1000000000;
  int64_t lo = n > 1 ? need_int(el, a[0], p, "a bound of range") : 0, hi = need_int(el, a[n > 1 ? 1 : 0], p, "a bound of range");
  int64_t step = n > 2 ? need_int(el, a[2], p, "the step of range") : 1, count = 0; if (!step) fail_at(el, p, "the step of range is 0");
  if (lo < -most || lo > most || hi < -most || hi > most || llabs(step) > most) fail_at(el, p, "a range beyond 10^9");
  if ((hi - lo > 0) == (step > 0) && hi != lo) count = (llabs(hi - lo) + llabs(step) - 1) / llabs(step);
  if (count > 1000000) fail_at(el, p, "a list of %lld elements is too long", (long long)count);
  Val out = v_list(el, (int)count); for (int i = 0; i < count; i++) out.l->at[i] = v_int(el, lo + i * step); return out;
}

LIST_FN(fn_spread) {
  int64_t m = need_int(el, a[1], p, "the length of spread"); if (m < 0 || m > 1000000) fail_at(el, p, "a list of %lld elements", (long long)m);
  if (a->k == V_LIST && a->l->n != m) fail_at(el, p, "a list of %lld is wanted, this one has %d", (long long)m, a->l->n);
  if (a->k == V_LIST) return *a;
  Val out = v_list(el, (int)m); for (int i = 0; i < m; i++) out.l->at[i] = *a; return out;
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

LIST_FN(fn_drop) {
  const List *l = a->l; Axes x = axes_of(el, a[1], l->n, p); bool *gone = NEWN(el->c, bool, l->n + 1);
  for (int i = 0; i < x.n; i++) gone[x.at[i]] = true;
  Val out = v_list(el, 0); for (int i = 0; i < l->n; i++) if (!gone[i]) PUSH(el->c, *out.l, l->at[i]); return out;
}

LIST_FN(fn_put) {
  const List *l = a->l, *v = a[2].k == V_LIST ? a[2].l : NULL; Axes x = axes_of(el, a[1], l->n, p);
  if (v && v->n != x.n) fail_at(el, p, "put: %d values for %d axes", v->n, x.n);
  Val out = v_list(el, l->n); memcpy(out.l->at, l->at, sizeof(Val) * (size_t)l->n);
  for (int i = 0; i < x.n; i++) out.l->at[x.at[i]] = v ? v->at[i] : a[2];
  return out;
}

LIST_FN(fn_find) {
  Val out = v_list(el, 0);
  for (int i = 0; i < a->l->n; i++) if (need_int(el, a->l->at[i], p, "an element of find's list")) PUSH(el->c, *out.l, v_int(el, i));
  return out;
}

LIST_FN(fn_int) {
  if (a->k == V_LIST) { Val out = v_list(el, a->l->n); for (int i = 0; i < a->l->n; i++) out.l->at[i] = fn_int(el, &a->l->at[i], 1, p); return out; }
  if (a->k == V_NUM && a->e->kind == E_CONST && type_is_float(a->e->type)) {
    if (!(fabs(a->e->f) < 9e15)) fail_at(el, p, "int(%g) is no integer", a->e->f);
    return v_int(el, (int64_t)a->e->f);
  }
  if (a->k != V_NUM || !v_static(*a)) fail_at(el, p, "'int' wants a number that is known when the graph is compiled; this is %s", v_kind(*a));
  return *a;
}

/* The extreme value of a type as a number. */
static Val extreme(Elab *el, Type t, bool high) {
  Num v = t == T_NONE ? (Num){ 0 } : red_identity(high ? RED_MIN : RED_MAX, t);
  return t == T_BOOL ? v_bool(el, high) : type_is_float(t) ? v_float(el, v.f) : v_int(el, v.i);
}
LIST_FN(fn_lowest) { return extreme(el, a->t, false); }
LIST_FN(fn_highest) { return extreme(el, a->t, true); }
LIST_FN(fn_is_float) { return v_bool(el, type_is_float(a->t)); }
LIST_FN(fn_is_int) { return v_bool(el, type_is_int(a->t)); }
LIST_FN(fn_is_bool) { return v_bool(el, a->t == T_BOOL); }
LIST_FN(fn_is_signed) { return v_bool(el, a->t != T_NONE && type_class(a->t) != 'u'); }
LIST_FN(fn_is_f8) { return v_bool(el, false); }
LIST_FN(fn_error) { fail_at(el, p, "%s", a->k == V_STRING ? a->s : "error"); }

/* ---- letters: einsum's text to the numbers of indices, a list for each of 3 terms and the result: "ij,jk->ik" gives [0, 1], [1, 2], [], [0, 2].
 * The dimensions of `...` are letters that end at 191, so that they meet at their ends. */
typedef struct Letters { Elab *el; Pos p; int number[192], count[192], seen; } Letters;

static void letter_put(Letters *s, int ch, bool result, List *out) {
  if (result && !s->count[ch]) fail_at(s->el, s->p, "the letter '%c' of the result stands in no term", ch < 128 ? ch : '.');
  if (!s->number[ch]) s->number[ch] = ++s->seen;
  s->count[ch] += !result; PUSH(s->el->c, *out, v_int(s->el, s->number[ch] - 1));
}

LIST_FN(fn_letters) {
  Letters s = { .el = el, .p = p }; int most = 0; Val out = v_list(el, 4); const List *ranks = a[1].l;
  if (a->k != V_STRING) fail_at(el, p, "'letters' wants a string");
  char *text = ctx_printf(el->c, "%s%s", a->s, strstr(a->s, "->") ? "" : "->...*"), *w = text;       /* *: the letters that occur once, sorted */
  for (const char *q = text; *q; q++) if (*q != ' ') *w++ = *q;
  *w = 0; w = text;
  for (int term = 0; term < 4; term++, w += *w == ',') {
    List *l = (out.l->at[term] = v_list(el, 0)).l; if (term < 3 && *w == '-') continue;
    if (term == 3 && strncmp(w, "->", 2)) fail_at(el, p, "more than 3 terms");
    if (term == 3) w += 2;
    else if (term >= ranks->n) fail_at(el, p, "%d terms for %d tensors", term + 1, ranks->n);
    int len = (int)strcspn(w, ",-"), rank = term < 3 ? (int)need_int(el, ranks->at[term], p, "a rank") : 0;
    int m = term == 3 ? most : memmem(w, (size_t)len, "...", 3) ? rank - len + 3 : 0;                /* dimensions that `...` covers */
    if (m < 0 || m > 60 || (term < 3 && !m && len != rank && !memmem(w, (size_t)len, "...", 3)))
      fail_at(el, p, "term %d has %d letters, its tensor has %d dimensions", term + 1, len, rank);
    if (m > most) most = m;
    for (const char *end = w + len; w < end; w++) {
      bool dots = !strncmp(w, "...", 3); if (*w == '.' && !dots) fail_at(el, p, "'...' has three points");
      for (int k = 192 - m; dots && k < 192; k++) letter_put(&s, k, term == 3, l);
      for (int k = 0; *w == '*' && k < 128; k++) if (s.count[k] == 1) letter_put(&s, k, true, l);
      if (dots) w += 2;
      else if (*w != '*') letter_put(&s, *w & 127, term == 3, l);
    }
  }
  return out;
}

const ListFn list_fn[LF_COUNT] = {
  { "range", 1, 0, V_NONE, fn_range }, { "len", 1, 0, V_LIST, fn_len }, { "spread", 2, 0, V_NONE, fn_spread }, { "drop", 2, 0, V_LIST, fn_drop },
  { "put", 3, 0, V_LIST, fn_put }, { "find", 1, 0, V_LIST, fn_find }, { "letters", 2, 1, V_LIST, fn_letters }, { "int", 1, 0, V_NONE, fn_int },
  { "lowest", 1, 0, V_TYPE, fn_lowest }, { "highest", 1, 0, V_TYPE, fn_highest }, { "is_float", 1, 0, V_TYPE, fn_is_float },
  { "is_int", 1, 0, V_TYPE, fn_is_int }, { "is_bool", 1, 0, V_TYPE, fn_is_bool }, { "is_signed", 1, 0, V_TYPE, fn_is_signed },
  { "is_f8", 1, 0, V_TYPE, fn_is_f8 }, { "error", 1, 0, V_NONE, fn_error } };

/* ---- the other kinds of calls */
static void count_check(Elab *el, const Node *n, int want, bool good) {
  if (!good) fail_at(el, n->pos, "'%s' takes %d argument%s, %d given", n->text, want, plural(want), n->n);
}
static Val splice_list(Elab *el, Node *const *kid, Frame *f, Scope s) { return (Val){ V_LIST, .l = ev_items(el, kid, 1, f, s) }; }

static Val call_local(Elab *el, const Stmt *fun, const Node *n, Frame *f, Scope s) {
  const Node *head = fun->left; count_check(el, n, head->n, head->n == n->n); Scope in = s;
  for (int i = 0; i < n->n; i++) {
    Val v = n->kid[i]->kind == N_SPLICE ? splice_list(el, &n->kid[i], f, s) : first_of(ev_node(el, n->kid[i], f, s));
    in = scope_bind(el, in, head->kid[i]->text, v);
  }
  return ev_node(el, fun->value, f, in);
}

static Val call_type(Elab *el, Type t, const Node *n, Frame *f, Scope s) {
  count_check(el, n, 1, n->n == 1); return v_convert(el, CV_PLAIN, t, ev_scalar(el, n->kid[0], f, s), n->pos);
}

static Val call_convert(Elab *el, Convert mode, const Node *n, Frame *f, Scope s) {
  if (n->n != 2) fail_at(el, n->pos, "'%s' takes a type and a value", n->text);
  Val t = ev_node(el, n->kid[0], f, s); if (t.k != V_TYPE) fail_at(el, n->kid[0]->pos, "'%s' wants a type first; this is %s", n->text, v_kind(t));
  return v_convert(el, mode, t.t, ev_scalar(el, n->kid[1], f, s), n->pos);
}

static Val *call_values(Elab *el, const Node *n, Frame *f, Scope s) {
  Val *a = NEWN(el->c, Val, n->n + 1);
  for (int i = 0; i < n->n; i++) {
    if (n->kid[i]->kind == N_NAMED) fail_at(el, n->kid[i]->pos, "'%s' has no parameter '%s'", n->text, n->kid[i]->text);
    a[i] = n->kid[i]->kind == N_SPLICE ? splice_list(el, &n->kid[i], f, s) : ev_scalar(el, n->kid[i], f, s);
  }
  return a;
}

/* max min sum prod any all of one list; V_NONE: w is none of them. */
static Val call_list_fold(Elab *el, const Word *w, const List *l, Pos p) {
  static const struct { WordKind kind; int id; Fn fn; } row[] = { { W_FN, FN_MAX, FN_MAX }, { W_FN, FN_MIN, FN_MIN }, { W_RED, RED_SUM, FN_ADD },
    { W_RED, RED_PROD, FN_MUL }, { W_RED, RED_ANY, FN_OR }, { W_RED, RED_ALL, FN_AND } };
  int k = 0; Val r = { .k = V_NONE }; while (k < 6 && (w->kind != row[k].kind || w->id != row[k].id)) k++; if (k == 6) return r;
  if (k >= 4) r = v_bool(el, k == 5);
  else if (k >= 2 && !l->n) r = v_int(el, k == 3);
  for (int i = 0; i < l->n; i++) r = r.k == V_NONE ? l->at[i] : v_fn2(el, row[k].fn, r, l->at[i], p);
  if (r.k == V_NONE) fail_at(el, p, "the %s of an empty list", fn_info[row[k].fn].text);
  return r;
}

static void __attribute__((noreturn)) fail_operator(Elab *el, const Node *n) {
  Names near = { 0 }; for (int i = 0; i < el->op_name.n; i++) PUSH(el->c, near, el->op_name.at[i]);
  for (int i = FN_EXP; i < FN_COUNT; i++) PUSH(el->c, near, fn_info[i].text);
  for (int i = 0; i < LF_COUNT; i++) PUSH(el->c, near, list_fn[i].name);
  fail_near(el, n->pos, n->text, &near, "there is no operator '%s'", n->text);
}

static Val call_word(Elab *el, const Word *w, const Node *n, Frame *f, Scope s) {
  if (!w || w->kind == W_VALUE) fail_operator(el, n);
  if (w->kind == W_TYPE) return call_type(el, (Type)w->id, n, f, s);
  if (w->kind == W_CONVERT) return call_convert(el, (Convert)w->id, n, f, s);
  Val *a = call_values(el, n, f, s); Val fold = n->n == 1 && a[0].k == V_LIST ? call_list_fold(el, w, a[0].l, n->pos) : (Val){ .k = V_NONE };
  if (fold.k != V_NONE) return fold;
  if (w->kind == W_RED) fail_at(el, n->pos, "'%s' is a reduction: %s(indices: expression)", n->text, n->text);
  bool fn = w->kind == W_FN; const ListFn *l = fn ? NULL : &list_fn[w->id]; int want = fn ? fn_info[w->id].arity : l->least;
  count_check(el, n, want, fn ? n->n == want : n->n >= want); if (fn) return lift_label(el, v_fn(el, (Fn)w->id, a, want, n->pos), n->text, a, want);
  if (l->kind == V_NONE || a[l->which].k == l->kind) return l->fn(el, a, n->n, n->pos);
  fail_at(el, n->pos, "'%s' wants %s; this is %s", l->name, l->kind == V_LIST ? "a list or pack" : "a type, as x.type", v_kind(a[l->which]));
}
Val ev_call(Elab *el, const Node *n, Frame *f, Scope s, Want want) {
  Slot *sl = slot_find(f, n->text); if (sl && sl->fun) return call_local(el, sl->fun, n, f, s);
  if (sl && (sl->state == SL_VALUE || sl->state == SL_THUNK)) {
    Val t = slot_value(el, f, sl, n->pos); if (t.k == V_TYPE) return call_type(el, t.t, n, f, s);
  }
  const Decl *op = map_get(&el->op, n->text); if (!op) return call_word(el, map_get(&el->word, n->text), n, f, s);
  Args a = args_bind(el, op, n, f, s); if (is_function(op)) args_store(el, op, &a, n->pos);
  Val v = apply_fold(el, op, &a, want, s, n->pos); return op->expr ? lift_label(el, v, op->name, a.at, op->nparam) : v;
}
