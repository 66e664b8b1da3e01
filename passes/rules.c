/* The rules of simplify.rules: read by a small parser of the language's expressions, matched bottom-up, one rewrite after the other. */
#include "util.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

typedef enum { EXACT, ZEROS, ROUND, ABSENT } Freedom;
typedef struct Row { const char *from, *to, *when; Freedom freedom; } Row;
static const Row rows[] = {
#define R(f, t, w, x) { f, t, w, x },
#include "simplify.rules"
#undef R
};
enum { NROW = sizeof rows / sizeof *rows };

typedef enum { PAT_VAR, PAT_NUM, PAT_BOOL, PAT_FN, PAT_CHOICE } PatKind;
typedef struct Pat Pat;
struct Pat { PatKind kind; char var; double num; Fn fn; Pat *arg[3]; int n; };
typedef struct Rule { Pat *from, *to; const char *when; } Rule;
struct Rules { Rule at[NROW]; int n; };
typedef struct Parse { Ctx *c; const char *s; } Parse;

static Pat *parse_level(Parse *p, int prec);

static void skip(Parse *p)
{
  while (*p->s == ' ') p->s++;
}

static bool eat(Parse *p, const char *what)
{
  skip(p);
  size_t n = strlen(what);
  if (strncmp(p->s, what, n)) return false;
  p->s += n;
  return true;
}

static Pat *pat(Parse *p, PatKind kind)
{
  Pat *x = NEW(p->c, Pat);
  x->kind = kind;
  return x;
}

static Pat *pat_call(Parse *p, Fn fn)
{
  Pat *x = pat(p, PAT_FN);
  x->fn = fn;
  do x->arg[x->n++] = parse_level(p, 0);
  while (x->n < 2 && eat(p, ","));
  if (!eat(p, ")")) bug(p->c, "simplify.rules: expected ) before '%s'", p->s);
  return x;
}

static Pat *parse_word(Parse *p)
{
  const char *s = p->s;
  while (isalnum((unsigned char)*p->s)) p->s++;
  const char *w = ctx_internn(p->c, s, (size_t)(p->s - s));
  if (strlen(w) == 1) {
    Pat *x = pat(p, PAT_VAR);
    x->var = *w;
    return x;
  }
  if (!strcmp(w, "true") || !strcmp(w, "false")) {
    Pat *x = pat(p, PAT_BOOL);
    x->num = *w == 't';
    return x;
  }
  Fn fn = fn_by_name(w);
  if (fn == FN_COUNT || !eat(p, "(")) bug(p->c, "simplify.rules: unknown word '%s'", w);
  return pat_call(p, fn);
}

static Pat *parse_number(Parse *p)
{
  char *end;
  Pat *x = pat(p, PAT_NUM);
  x->num = strtod(p->s, &end);
  p->s = end;
  return x;
}

static Pat *parse_prefix(Parse *p)
{
  skip(p);
  if (isalpha((unsigned char)*p->s)) return parse_word(p);
  if (isdigit((unsigned char)*p->s) || (*p->s == '-' && isdigit((unsigned char)p->s[1]))) return parse_number(p);
  if (eat(p, "(")) {
    Pat *x = parse_level(p, 0);
    if (!eat(p, ")")) bug(p->c, "simplify.rules: expected ) before '%s'", p->s);
    return x;
  }
  Pat *x = pat(p, PAT_FN);
  x->fn = eat(p, "-") ? FN_NEG : eat(p, "!") ? FN_NOT : FN_COUNT;
  if (x->fn == FN_COUNT) bug(p->c, "simplify.rules: cannot read '%s'", p->s);
  x->arg[x->n++] = parse_level(p, fn_info[x->fn].prec);
  return x;
}

/* The binary operator that stands here, if it binds tighter than prec. */
static Fn parse_operator(Parse *p, int prec)
{
  Fn best = FN_COUNT;
  skip(p);
  for (int f = 0; f < FN_COUNT; f++) {
    size_t n = strlen(fn_info[f].text);
    if (fn_info[f].arity != 2 || fn_info[f].prec <= prec || strncmp(p->s, fn_info[f].text, n)) continue;
    if (best == FN_COUNT || n > strlen(fn_info[best].text)) best = (Fn)f;
  }
  if (best != FN_COUNT) p->s += strlen(fn_info[best].text);
  return best;
}

static Pat *parse_level(Parse *p, int prec)
{
  Pat *x = parse_prefix(p);
  for (Fn f; (f = parse_operator(p, prec)) != FN_COUNT;) {
    Pat *b = pat(p, PAT_FN);
    b->fn = f;
    b->n = 2;
    b->arg[0] = x;
    b->arg[1] = parse_level(p, fn_info[f].prec);
    x = b;
  }
  if (prec > 0 || !eat(p, "?")) return x;
  Pat *s = pat(p, PAT_CHOICE);
  s->n = 3;
  s->arg[0] = x;
  s->arg[1] = parse_level(p, 0);
  if (!eat(p, ":")) bug(p->c, "simplify.rules: expected : before '%s'", p->s);
  s->arg[2] = parse_level(p, 0);
  return s;
}

static Pat *parse(Ctx *c, const char *text)
{
  Parse p = { c, text };
  Pat *x = parse_level(&p, 0);
  skip(&p);
  if (*p.s) bug(c, "simplify.rules: left over '%s'", p.s);
  return x;
}

Rules *rules_load(Ctx *c)
{
  Rules *r = NEW(c, Rules);
  for (int k = 0; k < NROW; k++) {
    if (rows[k].freedom != EXACT && rows[k].freedom != ABSENT) continue;
    r->at[r->n++] = (Rule){ parse(c, rows[k].from), parse(c, rows[k].to), rows[k].when };
  }
  return r;
}

/* ---- matching */
typedef struct Env { Expr *at[128]; } Env;

static bool match(const Pat *p, Expr *e, Env *v);

static bool match_var(const Pat *p, Expr *e, Env *v)
{
  Expr **at = &v->at[(int)p->var];
  if ((p->var == 'c' || p->var == 'd') && !expr_is_const(e)) return false;
  if (*at) return expr_equal(*at, e);
  *at = e;
  return true;
}

static bool match_args(const Pat *p, Expr *e, Env *v)
{
  if (e->n != p->n) return false;
  for (int k = 0; k < p->n; k++)
    if (!match(p->arg[k], e->arg[k], v)) return false;
  return true;
}

static bool commutes(Fn f)
{
  return f == FN_ADD || f == FN_MUL || f == FN_AND || f == FN_OR || f == FN_XOR;
}

static bool match_fn(const Pat *p, Expr *e, Env *v)
{
  if (e->kind != E_FN || e->fn != p->fn) return false;
  Env keep = *v;
  if (match_args(p, e, v)) return true;
  *v = keep;
  if (!commutes(p->fn)) return false;
  if (match(p->arg[0], e->arg[1], v) && match(p->arg[1], e->arg[0], v)) return true;
  *v = keep;
  return false;
}

static bool match(const Pat *p, Expr *e, Env *v)
{
  switch (p->kind) {
  case PAT_VAR:    return match_var(p, e, v);
  case PAT_NUM:    return expr_is_const(e) && e->type != T_BOOL && expr_number(e) == p->num;
  case PAT_BOOL:   return expr_is_const(e) && e->type == T_BOOL && expr_number(e) == p->num;
  case PAT_CHOICE: return e->kind == E_SELECT && match_args(p, e, v);
  default:         return match_fn(p, e, v);
  }
}

static bool power_of_two(const Expr *c)
{
  double v = c && type_is_float(c->type) ? expr_number(c) : 0;
  if (v < 0) v = -v;
  while (v > 1 && v < 1e30) v /= 2;
  while (v > 0 && v < 1 && v > 1e-30) v *= 2;
  return v == 1;
}

static bool holds(const char *when, const Expr *e, const Env *v)
{
  if (!*when) return true;
  if (!strcmp(when, "int")) return type_is_int(e->type);
  if (!strcmp(when, "float")) return type_is_float(e->type);
  if (!strcmp(when, "bool")) return e->type == T_BOOL;
  const Expr *c = v->at['c'];
  if (!strcmp(when, "zero")) return type_is_float(e->type) && c->type == T_WINT && c->i == 0;
  if (!strcmp(when, "lowest")) return type_bytes(e->type) && expr_number(c) == type_lowest(e->type);
  if (!strcmp(when, "highest")) return type_bytes(e->type) && expr_number(c) == type_highest(e->type);
  return type_is_float(e->type) && power_of_two(c);                 /* pow2 */
}

static Expr *build(Ctx *c, const Pat *p, const Env *v, Type t)
{
  Expr *arg[3];
  if (p->kind == PAT_VAR) return v->at[(int)p->var];
  if (p->kind == PAT_BOOL) return expr_const(c, T_BOOL, 0, p->num != 0);
  if (p->kind == PAT_NUM) return type_is_float(t) ? expr_const(c, t, p->num, 0) : expr_const(c, t, 0, (int64_t)p->num);
  for (int k = 0; k < p->n; k++) arg[k] = build(c, p->arg[k], v, t);
  if (p->kind == PAT_CHOICE) return expr_select(c, arg[0], arg[1], arg[2], (Pos){ 0 });
  return expr_fn(c, p->fn, arg, (Pos){ 0 });
}

static Expr *rule_apply(Ctx *c, const Rule *r, Expr *e)
{
  Env v = { { 0 } };
  if (!match(r->from, e, &v) || !holds(r->when, e, &v)) return NULL;
  if (!strcmp(r->when, "zero") && r->to->kind == PAT_NUM) return expr_int(c, 0);      /* stays bare: the sum it stands in loses it, too */
  Expr *out = build(c, r->to, &v, e->type);
  if (out->type == e->type) return out;
  return type_bytes(e->type) ? expr_convert(c, CV_PLAIN, e->type, out, e->pos) : NULL;
}

typedef struct Apply { const Rules *rules; int n; } Apply;

static Expr *apply_node(Ctx *c, Expr *e, void *arg)
{
  Apply *a = arg;
  for (int k = 0, fuel = 16; k < a->rules->n && fuel > 0 && (e->kind == E_FN || e->kind == E_SELECT); k++) {
    Expr *n = rule_apply(c, &a->rules->at[k], e);
    if (!n) continue;
    e = n;
    a->n++;
    fuel--;
    k = -1;
  }
  return e;
}

Expr *rules_apply(Ctx *c, const Rules *r, Expr *e, int *n)
{
  Apply a = { r, 0 };
  Expr *out = expr_map(c, e, apply_node, &a);
  *n += a.n;
  return type_bytes(e->type) ? expr_convert(c, CV_PLAIN, e->type, out, e->pos) : out;
}
