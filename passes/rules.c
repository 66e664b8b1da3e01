/* The rules of simplify.rules: read by a small parser of the language's expressions, matched bottom-up, one rewrite after the other. */
#include "util.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

typedef struct Row { const char *from, *to, *when; } Row;
static const Row rows[] = {
#define R(f, t, w) { f, t, w },
#include "simplify.rules"
#undef R
};
enum { NROW = sizeof rows / sizeof *rows };

typedef enum { PAT_VAR, PAT_NUM, PAT_BOOL, PAT_FN, PAT_CHOICE } PatKind;
typedef struct Pat Pat;
struct Pat { PatKind kind; char var; double num; Fn fn; int n; Pat *arg[3]; };
typedef struct Rule { Pat *from, *to; const char *when; } Rule;
struct Rules { Rule at[NROW]; };

/* ---- parsing */
typedef struct Parse { Ctx *c; const char *s; } Parse;

static Pat *parse_level(Parse *p, int prec);

static Pat *pat(Parse *p, Pat x) { Pat *at = NEW(p->c, Pat); *at = x; return at; }

static bool eat(Parse *p, const char *what) {
  size_t n = strlen(what);
  while (*p->s == ' ') p->s++;
  if (strncmp(p->s, what, n)) return false;
  p->s += n;
  return true;
}

static void expect(Parse *p, const char *what) { if (!eat(p, what)) bug(p->c, "simplify.rules: expected %s before '%s'", what, p->s); }

/* A letter, true, false, or fn(argument, ...). */
static Pat *parse_word(Parse *p) {
  const char *s = p->s;
  while (isalnum((unsigned char)*p->s)) p->s++;
  const char *w = ctx_internn(p->c, s, (size_t)(p->s - s));
  if (!w[1]) return pat(p, (Pat){ .kind = PAT_VAR, .var = *w });
  if (!strcmp(w, "true") || !strcmp(w, "false")) return pat(p, (Pat){ .kind = PAT_BOOL, .num = *w == 't' });
  Pat call = { .kind = PAT_FN, .fn = fn_by_name(w) };
  if (call.fn == FN_COUNT || !eat(p, "(")) bug(p->c, "simplify.rules: unknown word '%s'", w);
  do call.arg[call.n++] = parse_level(p, 0);
  while (call.n < 2 && eat(p, ","));
  expect(p, ")");
  return pat(p, call);
}

static Pat *parse_prefix(Parse *p) {
  bool paren = eat(p, "(");
  if (paren) {
    Pat *x = parse_level(p, 0);
    expect(p, ")");
    return x;
  }
  if (isalpha((unsigned char)*p->s)) return parse_word(p);
  if (isdigit((unsigned char)p->s[*p->s == '-'])) return pat(p, (Pat){ .kind = PAT_NUM, .num = strtod(p->s, (char **)&p->s) });
  Fn fn = eat(p, "-") ? FN_NEG : eat(p, "!") ? FN_NOT : FN_COUNT;
  if (fn == FN_COUNT) bug(p->c, "simplify.rules: cannot read '%s'", p->s);
  return pat(p, (Pat){ .kind = PAT_FN, .fn = fn, .n = 1, .arg = { parse_level(p, fn_info[fn].prec) } });
}

/* The longest binary operator that stands here, if it binds tighter than prec. */
static Fn parse_operator(Parse *p, int prec) {
  Fn best = FN_COUNT;
  size_t most = 0;
  eat(p, "");
  for (int f = 0; f < FN_COUNT; f++) {
    size_t n = strlen(fn_info[f].text);
    if (fn_info[f].arity == 2 && fn_info[f].prec > prec && n > most && !strncmp(p->s, fn_info[f].text, n)) best = (Fn)f, most = n;
  }
  p->s += most;
  return best;
}

static Pat *parse_level(Parse *p, int prec) {
  Pat *x = parse_prefix(p);
  for (Fn f; (f = parse_operator(p, prec)) != FN_COUNT;)
    x = pat(p, (Pat){ .kind = PAT_FN, .fn = f, .n = 2, .arg = { x, parse_level(p, fn_info[f].prec) } });
  if (prec > 0 || !eat(p, "?")) return x;
  Pat choice = { .kind = PAT_CHOICE, .n = 3, .arg = { x, parse_level(p, 0) } };
  expect(p, ":");
  choice.arg[2] = parse_level(p, 0);
  return pat(p, choice);
}

static Pat *parse(Ctx *c, const char *text) {
  Parse p = { c, text };
  Pat *x = parse_level(&p, 0);
  if (*p.s) bug(c, "simplify.rules: left over '%s'", p.s);
  return x;
}

Rules *rules_load(Ctx *c) {
  Rules *r = NEW(c, Rules);
  for (int k = 0; k < NROW; k++) r->at[k] = (Rule){ parse(c, rows[k].from), parse(c, rows[k].to), rows[k].when };
  return r;
}

/* ---- matching */
typedef struct Env { Expr *at[128]; } Env;   /* what each letter stands for */

static bool match(const Pat *p, Expr *e, Env *v);

static bool match_args(const Pat *p, Expr *e, Env *v, int first) {
  for (int k = 0; k < p->n; k++)
    if (!match(p->arg[k], e->arg[(k + first) % p->n], v)) return false;
  return true;
}

static bool match_fn(const Pat *p, Expr *e, Env *v) {
  bool commutes = p->fn == FN_ADD || p->fn == FN_MUL || p->fn == FN_AND || p->fn == FN_OR || p->fn == FN_XOR;
  Env keep = *v;
  if (e->kind != E_FN || e->fn != p->fn) return false;
  if (match_args(p, e, v, 0)) return true;
  *v = keep;
  if (commutes && match_args(p, e, v, 1)) return true;
  *v = keep;
  return false;
}

static bool match_var(const Pat *p, Expr *e, Env *v) {
  Expr **at = &v->at[(int)p->var];
  if ((p->var == 'c' || p->var == 'd') && !expr_is_const(e)) return false;
  if (*at) return expr_equal(*at, e);
  *at = e;
  return true;
}

static bool match(const Pat *p, Expr *e, Env *v) {
  switch (p->kind) {
  case PAT_VAR:    return match_var(p, e, v);
  case PAT_CHOICE: return e->kind == E_SELECT && match_args(p, e, v, 0);
  case PAT_FN:     return match_fn(p, e, v);
  default:         return expr_is_const(e) && (e->type == T_BOOL) == (p->kind == PAT_BOOL) && expr_number(e) == p->num;
  }
}

static bool power_of_two(const Expr *c) {
  double v = c && type_is_float(c->type) ? expr_number(c) : 0;
  if (v < 0) v = -v;
  while (v > 1 && v < 1e30) v /= 2;
  while (v > 0 && v < 1 && v > 1e-30) v *= 2;
  return v == 1;
}

static bool holds(const char *when, const Expr *e, const Env *v) {
  const Expr *c = v->at['c'];
  if (!*when) return true;
  if (!strcmp(when, "int")) return type_is_int(e->type);
  if (!strcmp(when, "float")) return type_is_float(e->type);
  if (!strcmp(when, "bool")) return e->type == T_BOOL;
  if (!strcmp(when, "zero")) return type_is_float(e->type) && c->type == T_WINT && c->i == 0;
  if (!strcmp(when, "lowest")) return type_bytes(e->type) && expr_number(c) == type_lowest(e->type);
  if (!strcmp(when, "highest")) return type_bytes(e->type) && expr_number(c) == type_highest(e->type);
  return type_is_float(e->type) && power_of_two(c);                 /* pow2 */
}

static Expr *build(Ctx *c, const Pat *p, const Env *v, Type t) {
  Expr *arg[3];
  if (p->kind == PAT_VAR) return v->at[(int)p->var];
  if (p->kind == PAT_BOOL || p->kind == PAT_NUM) return expr_const(c, p->kind == PAT_BOOL ? T_BOOL : t, p->num, (int64_t)p->num);
  for (int k = 0; k < p->n; k++) arg[k] = build(c, p->arg[k], v, t);
  if (p->kind == PAT_CHOICE) return expr_select(c, arg[0], arg[1], arg[2], (Pos){ 0 });
  return expr_fn(c, p->fn, arg, (Pos){ 0 });
}

static Expr *rule_apply(Ctx *c, const Rule *r, Expr *e) {
  Env v = { { 0 } };
  if (!match(r->from, e, &v) || !holds(r->when, e, &v)) return NULL;
  if (!strcmp(r->when, "zero") && r->to->kind == PAT_NUM) return expr_int(c, 0);      /* stays bare: the sum it stands in loses it, too */
  Expr *out = build(c, r->to, &v, e->type);
  if (out->type == e->type) return out;
  return type_bytes(e->type) ? expr_convert(c, CV_PLAIN, e->type, out, e->pos) : NULL;
}

typedef struct Apply { const Rules *rules; int n; } Apply;

static Expr *apply_node(Ctx *c, Expr *e, void *arg) {
  Apply *a = arg;
  for (int k = 0, fuel = 16; k < NROW && fuel > 0 && (e->kind == E_FN || e->kind == E_SELECT); k++) {
    Expr *n = rule_apply(c, &a->rules->at[k], e);
    if (n) e = n, a->n++, fuel--, k = -1;
  }
  return e;
}

Expr *rules_apply(Ctx *c, const Rules *r, Expr *e, int *n) {
  Apply a = { r, 0 };
  Expr *out = expr_map(c, e, apply_node, &a);
  *n += a.n;
  return type_bytes(e->type) ? expr_convert(c, CV_PLAIN, e->type, out, e->pos) : out;
}
