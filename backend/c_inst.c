/* Kernel IR as C statements: a value is one named constant, a variable one mutable name.
 *
 *   %7 = fma f32x16 %3, %5, %6        const f32x16 v7 = fma_f32x16(v3, v5, v6);
 *   %9 = load f32x16 h0[16 * %8 + 4]  const f32x16 v9 = load_f32x16(h0 + 16 * i8 + 4);
 *
 * Numbers and dimensions are written where they are used. */
#include "c_print.h"
#include <math.h>
#include <string.h>

void c_line(CPrint *p, const char *fmt, ...)
{
  char buf[512];
  va_list ap, again;
  va_start(ap, fmt);
  va_copy(again, ap);
  int n = vsnprintf(buf, sizeof buf, fmt, ap);
  char *s = n < (int)sizeof buf ? buf : ctx_alloc(p->c, (size_t)n + 1);
  if (s != buf)
    vsnprintf(s, (size_t)n + 1, fmt, again);
  va_end(ap);
  va_end(again);
  text_add(&p->out, "%*s", 2 * p->indent, "");
  text_addn(&p->out, s, (size_t)n);
  text_addn(&p->out, "\n", 1);
}

/* ---- operands */
static void add_float(CPrint *p, Text *o, Type t, double f)
{
  if (isnan(f))
    text_add(o, t == T_F64 ? "NAN_F64" : "NAN_F32");
  else if (isinf(f))
    text_add(o, "(%s%s)", f < 0 ? "-" : "", t == T_F64 ? "INF_F64" : "INF_F32");
  else if (t == T_F64)
    text_double(o, f);
  else {
    text_float(o, (float)f);
    text_add(o, "f");
  }
  (void)p;
}

void c_number(CPrint *p, Text *o, Type t, double f, int64_t i)
{
  t = c_elem(p, t);
  if (t == T_F32 || t == T_F64)
    add_float(p, o, t, f);
  else if (t == T_U64 || t == T_U32)
    text_add(o, t == T_U64 ? "%lluull" : "%lluu", (unsigned long long)(t == T_U64 ? (uint64_t)i : (uint32_t)i));
  else if (t == T_I64 && i == INT64_MIN)
    text_add(o, "INT64_MIN");
  else if (t == T_I32 && i == INT32_MIN)
    text_add(o, "INT32_MIN");
  else
    text_add(o, i > INT32_MAX || i < -INT32_MAX ? "%lldll" : "%lld", (long long)i);
}

const char *c_value(CPrint *p, const KInst *v)
{
  Text o = { .c = p->c };
  if (v->op == K_CONST && v->type.lanes == 1)
    c_number(p, &o, v->type.elem, v->f, v->imm);
  else if (v->op == K_PARAM)
    text_add(&o, "n_%s", c_ident(p->c, p->m->graph->dim[v->imm]->name));
  else
    text_add(&o, v->op == K_LOOP ? "i%d" : "v%d", v->id);
  return o.s;
}

const char *c_addr(CPrint *p, const KAddr *a)
{
  Text o = { .c = p->c };
  text_add(&o, "%s", p->buf[a->buf]);
  for (int k = 0; k < a->nterm; k++) {
    int64_t m = a->term[k].k;
    text_add(&o, m < 0 ? " - " : " + ");
    if (m != 1 && m != -1)
      text_add(&o, "%lld * ", (long long)(m < 0 ? -m : m));
    text_add(&o, "%s", c_value(p, a->term[k].v));
  }
  if (a->c)
    text_add(&o, a->c < 0 ? " - %lld" : " + %lld", (long long)(a->c < 0 ? -a->c : a->c));
  return o.s;
}

/* addr as a pointer to elements of t. */
static const char *pointer(CPrint *p, const KAddr *a, Type t, bool to_read)
{
  const char *at = c_addr(p, a);
  if (strcmp(c_memory(p, t), c_memory(p, p->m->buf[a->buf].elem)))
    return ctx_printf(p->c, "(%s%s *)(%s)", to_read ? "const " : "", c_memory(p, t), at);
  return at;
}

/* ---- values: each row gives the right side */
static const char *show_const(CPrint *p, const KInst *v)
{
  KInst one = *v;
  one.type.lanes = 1;
  return ctx_printf(p->c, "%s(%s)", c_help(p, "bcast", v->type, T_NONE), c_value(p, &one));
}

static const char *infix(KFn fn)
{
  static const char *const text[KF_COUNT] = {
    [KF_ADD] = "+", [KF_SUB] = "-", [KF_MUL] = "*", [KF_DIV] = "/", [KF_EQ] = "==", [KF_NE] = "!=", [KF_LT] = "<", [KF_LE] = "<=",
    [KF_GT] = ">", [KF_GE] = ">=",
  };
  return text[fn];
}

static bool is_infix(const CPrint *p, const KInst *v)
{
  KType t = v->a[0]->type;
  Type e = c_elem(p, t.elem);
  bool flt = e == T_F32 || e == T_F64;
  if (!infix(v->fn))
    return false;
  if (v->fn >= KF_EQ)
    return t.lanes == 1;
  return flt || (t.elem == T_WINT && t.lanes == 1 && v->fn != KF_DIV);
}

/* The count of a shift by a number below the width, else -1. */
static int shift_count(const KInst *v)
{
  const KInst *n = v->a[1];
  if ((v->fn != KF_SHL && v->fn != KF_SHR) || (n->op != K_CONST && !(n->op == K_BCAST && n->a[0]->op == K_CONST)))
    return -1;
  int64_t k = n->op == K_CONST ? n->imm : n->a[0]->imm;
  return k >= 0 && k < 8 * (type_bytes(v->type.elem) ? type_bytes(v->type.elem) : 4) ? (int)k : -1;
}

static const char *show_shift(CPrint *p, const KInst *v, int k)
{
  static const Type u[9] = { [1] = T_U8, [2] = T_U16, [4] = T_U32, [8] = T_U64 };
  const char *a = c_value(p, v->a[0]), *t = c_type(p, v->type);
  if (v->fn == KF_SHR)
    return ctx_printf(p->c, "(%s)(%s >> %d)", t, a, k);
  return ctx_printf(p->c, "(%s)((%s)%s << %d)", t, c_type(p, (KType){ u[type_bytes(c_elem(p, v->type.elem))], v->type.lanes }), a, k);
}

static const char *show_fn(CPrint *p, const KInst *v)
{
  int shift = shift_count(v);
  if (shift >= 0)
    return show_shift(p, v, shift);
  if (is_infix(p, v))
    return ctx_printf(p->c, "%s %s %s", c_value(p, v->a[0]), infix(v->fn), c_value(p, v->a[1]));
  KType t = v->a[v->fn == KF_SELECT]->type;
  Text o = { .c = p->c };
  text_add(&o, "%s(", c_help(p, kfn_info[v->fn].name, t, T_NONE));
  for (int k = 0; k < kfn_info[v->fn].arity; k++)
    text_add(&o, k ? ", %s" : "%s", c_value(p, v->a[k]));
  text_add(&o, ")");
  return o.s;
}

static const char *show_cast(CPrint *p, const KInst *v)
{
  static const char *const name[] = { [CV_PLAIN] = "cast", [CV_SAT] = "sat", [CV_BITS] = "bits" };
  return ctx_printf(p->c, "%s(%s)", c_help(p, name[v->mode], v->type, v->a[0]->type.elem), c_value(p, v->a[0]));
}

static const char *show_bcast(CPrint *p, const KInst *v)
{
  return ctx_printf(p->c, "%s(%s)", c_help(p, "bcast", v->type, T_NONE), c_value(p, v->a[0]));
}

static const char *show_iota(CPrint *p, const KInst *v)
{
  Text o = { .c = p->c };
  if (v->type.lanes == 1)
    return "0";
  text_add(&o, "(%s){ 0", c_type(p, v->type));
  for (int k = 1; k < v->type.lanes; k++)
    text_add(&o, ", %d", k);
  text_add(&o, " }");
  return o.s;
}

static const char *show_prefix(CPrint *p, const KInst *v)
{
  if (v->type.lanes == 1)
    return ctx_printf(p->c, "%s > 0", c_value(p, v->a[0]));
  return ctx_printf(p->c, "%s(%s)", c_help(p, "prefix", v->type, T_NONE), c_value(p, v->a[0]));
}

static const char *show_hred(CPrint *p, const KInst *v)
{
  const char *fn = ctx_printf(p->c, "h%s", kfn_info[v->fn].name);
  return ctx_printf(p->c, "%s(%s)", c_help(p, fn, v->a[0]->type, T_NONE), c_value(p, v->a[0]));
}

static const char *show_lane(CPrint *p, const KInst *v)
{
  return ctx_printf(p->c, "%s(%s, %d)", c_help(p, "lane", v->a[0]->type, T_NONE), c_value(p, v->a[0]), (int)v->imm);
}

static const char *show_load(CPrint *p, const KInst *v)
{
  const char *at = pointer(p, &v->addr, v->type.elem, true);
  if (v->a[0])
    return ctx_printf(p->c, "%s(%s, %s)", c_help(p, "loadm", v->type, T_NONE), c_value(p, v->a[0]), at);
  if (v->type.lanes == 1)
    return ctx_printf(p->c, "*(%s)", at);
  return ctx_printf(p->c, "%s(%s)", c_help(p, "load", v->type, T_NONE), at);
}

static const char *show_gather(CPrint *p, const KInst *v)
{
  const char *at = pointer(p, &v->addr, v->type.elem, true), *k = c_value(p, v->a[1]);
  if (v->a[0])
    return ctx_printf(p->c, "%s(%s, %s, %s)", c_help(p, "gatherm", v->type, T_NONE), c_value(p, v->a[0]), at, k);
  return ctx_printf(p->c, "%s(%s, %s)", c_help(p, "gather", v->type, T_NONE), at, k);
}

static const char *show_var(CPrint *p, const KInst *v) { return c_value(p, v->a[0]); }

/* ---- effects: each row prints its lines */
static void print_store(CPrint *p, const KInst *v)
{
  KType t = v->a[1]->type;
  const char *at = pointer(p, &v->addr, t.elem, false), *x = c_value(p, v->a[1]);
  if (v->a[0])
    c_line(p, "%s(%s, %s, %s);", c_help(p, "storem", t, T_NONE), c_value(p, v->a[0]), at, x);
  else if (t.lanes == 1)
    c_line(p, t.elem == T_BOOL ? "*(%s) = (uint8_t)%s;" : "*(%s) = %s;", at, x);
  else
    c_line(p, "%s(%s, %s);", c_help(p, "store", t, T_NONE), at, x);
}

static void print_scatter(CPrint *p, const KInst *v)
{
  KType t = v->a[1]->type;
  const char *at = pointer(p, &v->addr, t.elem, false), *x = c_value(p, v->a[1]), *k = c_value(p, v->a[2]);
  if (v->a[0])
    c_line(p, "%s(%s, %s, %s, %s);", c_help(p, "scatterm", t, T_NONE), c_value(p, v->a[0]), at, k, x);
  else
    c_line(p, "%s(%s, %s, %s);", c_help(p, "scatter", t, T_NONE), at, k, x);
}

static void print_set(CPrint *p, const KInst *v) { c_line(p, "%s = %s;", c_value(p, v->a[0]), c_value(p, v->a[1])); }

/* Weights that the body reads get their pointer anew in every step, or clang hoists the loads out of the loop and spills them. */
static void launder(CPrint *p, const KBlock *b, bool *done)
{
  for (int k = 0; k < b->n; k++) {
    const KInst *v = b->at[k];
    if (v->op == K_LOAD && p->m->buf[v->addr.buf].kind == KB_CONST && !done[v->addr.buf]) {
      done[v->addr.buf] = true;
      c_line(p, "LAUNDER(%s);", p->buf[v->addr.buf]);
    }
    launder(p, &v->body, done);
    launder(p, &v->other, done);
  }
}

static void print_loop(CPrint *p, const KInst *v)
{
  const char *i = c_value(p, v), *t = c_type(p, (KType){ T_WINT, 1 });
  c_line(p, "for (%s %s = 0; %s < %s; %s++) {", t, i, i, c_value(p, v->a[0]), i);
  p->indent++;
  if (v->hint == KL_LAUNDER && (p->t->isa == ISA_NEON || p->t->isa == ISA_RVV))
    launder(p, &v->body, NEWN(p->c, bool, p->m->nbuf + 1));
  c_block(p, &v->body);
  p->indent--;
  c_line(p, "}");
}

static void print_if(CPrint *p, const KInst *v)
{
  c_line(p, "if (%s) {", c_value(p, v->a[0]));
  p->indent++;
  c_block(p, &v->body);
  p->indent--;
  if (v->other.n) {
    c_line(p, "} else {");
    p->indent++;
    c_block(p, &v->other);
    p->indent--;
  }
  c_line(p, "}");
}

static void print_prefetch(CPrint *p, const KInst *v)
{
  if (p->t->isa != ISA_SCALAR)
    c_line(p, "__builtin_prefetch(%s, 0, 2);", c_addr(p, &v->addr));
}

typedef struct OpRow { const char *(*value)(CPrint *p, const KInst *v); void (*effect)(CPrint *p, const KInst *v); bool changes; } OpRow;
static const OpRow ops[] = {
  [K_CONST] = { show_const, NULL, false }, [K_PARAM] = { NULL, NULL, false }, [K_FN] = { show_fn, NULL, false },
  [K_CAST] = { show_cast, NULL, false }, [K_BCAST] = { show_bcast, NULL, false }, [K_IOTA] = { show_iota, NULL, false },
  [K_PREFIX] = { show_prefix, NULL, false }, [K_HRED] = { show_hred, NULL, false }, [K_LANE] = { show_lane, NULL, false },
  [K_LOAD] = { show_load, NULL, false }, [K_GATHER] = { show_gather, NULL, false }, [K_VAR] = { show_var, NULL, true },
  [K_STORE] = { NULL, print_store, false }, [K_SCATTER] = { NULL, print_scatter, false }, [K_SET] = { NULL, print_set, false },
  [K_LOOP] = { NULL, print_loop, false }, [K_IF] = { NULL, print_if, false }, [K_PREFETCH] = { NULL, print_prefetch, false },
};

/* gcc turns a vector load with several uses into a memory operand of each: PIN keeps it in a register. */
static bool is_pinned(const CPrint *p, const KInst *v)
{
  bool x86 = p->t->isa == ISA_AVX2 || p->t->isa == ISA_AVX512 || p->t->isa == ISA_SSE4;
  bool flt = v->type.elem == T_F32 || v->type.elem == T_F64;
  return v->op == K_LOAD && v->reuse && x86 && flt && v->type.lanes > 1 && v->type.lanes * type_bytes(v->type.elem) <= p->t->vector_bytes;
}

static void print_value(CPrint *p, const KInst *v)
{
  bool pin = is_pinned(p, v);
  const char *t = c_type(p, v->type), *x = ops[v->op].value(p, v), *name = c_value(p, v);
  c_line(p, "%s%s %s = %s;", ops[v->op].changes || pin ? "" : "const ", t, name, x);
  if (pin)
    c_line(p, "PIN(%s);", name);
}

void c_block(CPrint *p, const KBlock *b)
{
  for (int k = 0; k < b->n; k++) {
    const KInst *v = b->at[k];
    if (!p->live[v->id] || v->op == K_PARAM || (v->op == K_CONST && v->type.lanes == 1))
      continue;
    if (c_rvv(p, v))
      continue;
    if (ops[v->op].effect)
      ops[v->op].effect(p, v);
    else
      print_value(p, v);
  }
}

/* ---- liveness: what no store, loop or condition needs is not printed (compilers warn of unused names) */
static int highest_id(const KBlock *b, int most)
{
  for (int k = 0; k < b->n; k++) {
    most = b->at[k]->id > most ? b->at[k]->id : most;
    most = highest_id(&b->at[k]->other, highest_id(&b->at[k]->body, most));
  }
  return most;
}

static bool has_effect(const KInst *v) { return v->op == K_STORE || v->op == K_SCATTER || v->op == K_LOOP || v->op == K_IF || v->op == K_PREFETCH; }

static bool mark(CPrint *p, const KInst *v)
{
  bool is_new = v && !p->live[v->id];
  if (is_new)
    p->live[v->id] = true;
  return is_new;
}

static bool mark_block(CPrint *p, const KBlock *b)
{
  bool changed = false;
  for (int k = b->n - 1; k >= 0; k--) {
    const KInst *v = b->at[k];
    if (has_effect(v) || (v->op == K_SET && p->live[v->a[0]->id]))
      changed |= mark(p, v);
    if (!p->live[v->id])
      continue;
    for (int j = 0; j < 3; j++)
      changed |= mark(p, v->a[j]);

    for (int j = 0; j < v->addr.nterm; j++)
      changed |= mark(p, v->addr.term[j].v);
    changed |= mark_block(p, &v->other);
    changed |= mark_block(p, &v->body);
  }
  return changed;
}

void c_find_live(CPrint *p, const KFunc *f)
{
  int n = highest_id(&f->body, 0) + 1;
  p->live = NEWN(p->c, bool, n);
  while (mark_block(p, &f->body))
    ;
}
