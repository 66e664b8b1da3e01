/* The rules of simplify.rules: matched bottom-up, one rewrite after the other. */
#include "ir.h"
#include <math.h>

typedef enum { PAT_VAR, PAT_NUM, PAT_BOOL, PAT_FN, PAT_CHOICE } PatKind;
typedef struct Pat Pat;
struct Pat { PatKind kind; char var; double num; Fn fn; int n; const Pat *arg[3]; };
typedef enum { ALWAYS, INT, FLOAT, BOOL, POW2, LOWEST, HIGHEST, ZERO } When;
typedef struct Rule { const Pat *from, *to; When when; } Rule;

/* The notation of the rows. */
#define NODE(...) (&(const Pat){ __VA_ARGS__ })
#define LETTER(l, v) static const Pat l[1] = { { .kind = PAT_VAR, .var = v } };
LETTER(X, 'x') LETTER(Y, 'y') LETTER(A, 'a') LETTER(C, 'c') LETTER(D, 'd')
#define NUM(v) NODE(.kind = PAT_NUM, .num = v)
#define TRUTH(v) NODE(.kind = PAT_BOOL, .num = v)
#define F(f, ...) NODE(.kind = PAT_FN, .fn = FN_##f, .n = sizeof((const Pat *[]){ __VA_ARGS__ }) / sizeof(Pat *), .arg = { __VA_ARGS__ })
#define CHOICE(p, q, r) NODE(.kind = PAT_CHOICE, .n = 3, .arg = { p, q, r })
static const Rule rules[] = {
#define R(from, to, when) { from, to, when },
#include "simplify.rules"
};
enum { NRULE = sizeof rules / sizeof *rules };

/* ---- matching */
typedef struct Env { Expr *at[128]; } Env;   /* what each letter stands for */

static bool match(const Pat *p, Expr *e, Env *v);

static bool match_args(const Pat *p, Expr *e, Env *v, int first) {
  for (int k = 0; k < p->n; k++) if (!match(p->arg[k], e->arg[(k + first) % p->n], v)) return false;
  return true;
}

static bool match_fn(const Pat *p, Expr *e, Env *v) {
  bool commutes = p->fn == FN_ADD || p->fn == FN_MUL || p->fn == FN_AND || p->fn == FN_OR || p->fn == FN_XOR; Env keep = *v;
  if (e->kind != E_FN || e->fn != p->fn) return false;
  for (int first = 0; first <= commutes; first++, *v = keep) if (match_args(p, e, v, first)) return true;
  return false;
}

static bool match_var(const Pat *p, Expr *e, Env *v) {
  Expr **at = &v->at[(int)p->var]; if ((p->var == 'c' || p->var == 'd') && !expr_is_const(e)) return false;
  if (*at) return expr_equal(*at, e);
  *at = e; return true;
}
static bool match(const Pat *p, Expr *e, Env *v) {
  switch (p->kind) {
  case PAT_VAR:    return match_var(p, e, v);
  case PAT_CHOICE: return e->kind == E_SELECT && match_args(p, e, v, 0);
  case PAT_FN:     return match_fn(p, e, v);
  default:         return expr_is_const(e) && (e->type == T_BOOL) == (p->kind == PAT_BOOL) && expr_number(e) == p->num;
  }
}

/* And so far from the ends of f32 that its reciprocal is exact. */
static bool is_power_of_two(const Expr *c) { int e; double v = fabs(expr_number(c)); return v > 1e-30 && v < 1e30 && frexp(v, &e) == 0.5; }

static bool holds(When when, const Expr *e, const Expr *c) {
  bool floats = type_is_float(e->type);
  switch (when) {
  case INT: return type_is_int(e->type);      case FLOAT: return floats;      case BOOL: return e->type == T_BOOL;
  case POW2: return floats && is_power_of_two(c);   case LOWEST: return type_bytes(e->type) && expr_number(c) == type_lowest(e->type);
  case HIGHEST: return type_bytes(e->type) && expr_number(c) == type_highest(e->type);     case ZERO: return floats && c->type == T_WINT && c->i == 0;
  default: return true;
  }
}

static Expr *build(Ctx *c, const Pat *p, const Env *v, Type t) {
  Expr *arg[3]; if (p->kind == PAT_VAR) return v->at[(int)p->var];
  if (p->kind == PAT_BOOL || p->kind == PAT_NUM) return expr_const(c, p->kind == PAT_BOOL ? T_BOOL : t, p->num, (int64_t)p->num);
  for (int k = 0; k < p->n; k++) arg[k] = build(c, p->arg[k], v, t);
  return p->kind == PAT_CHOICE ? expr_select(c, arg[0], arg[1], arg[2], (Pos){ 0 }) : expr_fn(c, p->fn, arg, (Pos){ 0 });
}
static Expr *rule_apply(Ctx *c, const Rule *r, Expr *e) {
  Env v = { { 0 } }; if (!match(r->from, e, &v) || !holds(r->when, e, v.at['c'])) return NULL;
  if (r->when == ZERO && r->to->kind == PAT_NUM) return expr_int(c, 0);   /* stays bare: the sum it stands in loses it, too */
  Expr *out = build(c, r->to, &v, e->type);
  return out->type == e->type ? out : type_bytes(e->type) ? expr_convert(c, CV_PLAIN, e->type, out, e->pos) : NULL;
}
static Expr *apply_node(Ctx *c, Expr *e, void *count) {
  for (int k = 0, fuel = 16; k < NRULE && fuel > 0 && (e->kind == E_FN || e->kind == E_SELECT); k++) {
    Expr *n = rule_apply(c, &rules[k], e); if (n) e = n, ++*(int *)count, fuel--, k = -1;
  }
  return e;
}
Expr *expr_rules(Ctx *c, Expr *e, int *n) {
  Expr *out = expr_map(c, e, apply_node, n); return type_bytes(e->type) ? expr_convert(c, CV_PLAIN, e->type, out, e->pos) : out;
}
