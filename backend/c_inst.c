/* Kernel IR as C statements: a value is one named constant, a variable one mutable name.
 *
 *   %7 = fma f32x16 %3, %5, %6        const f32x16 v7 = fma_f32x16(v3, v5, v6);
 *   %9 = load f32x16 h0[16 * %8 + 4]  const f32x16 v9 = load_f32x16(h0 + 16 * i8 + 4);
 *
 * Numbers and dimensions are written where they are used. */
#include "c_print.h"
#include <math.h>

void c_number(CPrint *p, Text *o, Type t, double f, int64_t i) {
  t = c_elem(p, t); bool flt = t == T_F32 || t == T_F64; const char *suffix = t == T_F64 ? "F64" : "F32";
  if (flt && isnan(f)) text_add(o, "NAN_%s", suffix);
  else if (flt && isinf(f)) text_add(o, "(%sINF_%s)", f < 0 ? "-" : "", suffix);
  else if (t == T_F64) text_double(o, f);
  else if (t == T_F32) text_float(o, (float)f), text_add(o, "f");
  else if (t == T_U64) text_add(o, "%lluull", (unsigned long long)i);
  else if (t == T_U32) text_add(o, "%lluu", (unsigned long long)(uint32_t)i);
  else if (t == T_I64 && i == INT64_MIN) text_add(o, "INT64_MIN");
  else if (t == T_I32 && i == INT32_MIN) text_add(o, "INT32_MIN");
  else text_add(o, i > INT32_MAX || i < -INT32_MAX ? "%lldll" : "%lld", (long long)i);
}
static const char *number(CPrint *p, const KInst *v) { Text o = { .c = p->c }; c_number(p, &o, v->type.elem, v->f, v->imm); return o.s; }

/* A value: its name, or the number itself. */
static const char *value(CPrint *p, const KInst *v) {
  if (v->op == K_CONST && v->type.lanes == 1) return number(p, v);
  if (v->op == K_PARAM && v->imm == p->m->graph->ndim) return "n_";
  if (v->op == K_PARAM) return ctx_printf(p->c, "n_%s", c_ident(p->c, p->m->graph->dim[v->imm]->name));
  return ctx_printf(p->c, v->op == K_LOOP ? "i%d" : "v%d", v->id);
}
static const char *pointer(CPrint *p, const KAddr *a) {
  Text o = { .c = p->c }; text_add(&o, "%s", p->buf[a->buf]);
  for (int k = 0; k < a->nterm; k++) {
    int64_t m = a->term[k].k; text_add(&o, m < 0 ? " - " : " + ");
    if (m != 1 && m != -1) text_add(&o, "%lld * ", (long long)(m < 0 ? -m : m));
    text_add(&o, "%s", value(p, a->term[k].v));
  }
  if (a->c) text_add(&o, a->c < 0 ? " - %lld" : " + %lld", (long long)(a->c < 0 ? -a->c : a->c));
  return o.s;
}
static const char *call(CPrint *p, const char *fn, KType t, const char *args) { return ctx_printf(p->c, "%s(%s)", c_help(p, fn, t, T_NONE), args); }

/* The operator by which C says the same, or NULL. */
static const char *infix(const KInst *v) {
  static const char *const text[KF_COUNT] = { [KF_ADD] = "+", [KF_SUB] = "-", [KF_MUL] = "*", [KF_DIV] = "/", [KF_EQ] = "==", [KF_NE] = "!=",
                                              [KF_LT] = "<", [KF_LE] = "<=", [KF_GT] = ">", [KF_GE] = ">=" };
  KType t = v->a[0]->type; bool says = v->fn >= KF_EQ ? t.lanes == 1 : type_is_float(t.elem) || (t.elem == T_WINT && t.lanes == 1 && v->fn != KF_DIV);
  return says ? text[v->fn] : NULL;
}

/* The count of a shift by a number below the width, else -1. */
static int shift_count(const KInst *v) {
  if (v->fn != KF_SHL && v->fn != KF_SHR) return -1;
  const KInst *n = v->a[1]->op == K_BCAST ? v->a[1]->a[0] : v->a[1]; int bytes = type_bytes(v->type.elem);
  return n->op == K_CONST && n->imm >= 0 && n->imm < 8 * (bytes ? bytes : 4) ? (int)n->imm : -1;
}
static const char *show_fn(CPrint *p, const KInst *v) {
  const char *a = value(p, v->a[0]), *op = infix(v); int shift = shift_count(v);
  if (op) return ctx_printf(p->c, "%s %s %s", a, op, value(p, v->a[1]));
  if (shift >= 0) {
    const char *t = c_type(p, v->type); KType u = { c_int_like(c_elem(p, v->type.elem), false), v->type.lanes };
    return v->fn == KF_SHR ? ctx_printf(p->c, "(%s)(%s >> %d)", t, a, shift) : ctx_printf(p->c, "(%s)((%s)%s << %d)", t, c_type(p, u), a, shift);
  }
  Text o = { .c = p->c }; text_add(&o, "%s", a);
  for (int k = 1; k < kfn_info[v->fn].arity; k++) text_add(&o, ", %s", value(p, v->a[k]));
  return call(p, kfn_info[v->fn].name, v->a[kfn_typed(v->fn)]->type, o.s);
}
static const char *show_iota(CPrint *p, const KInst *v) {
  if (v->type.lanes == 1) return "0";
  Text o = { .c = p->c }; text_add(&o, "(%s){ 0", c_type(p, v->type));
  for (int k = 1; k < v->type.lanes; k++) text_add(&o, ", %d", k);
  text_add(&o, " }"); return o.s;
}
static const char *show_table(CPrint *p, const KInst *v) {
  Text o = { .c = p->c }; text_add(&o, "(%s){ ", c_type(p, v->type));
  for (int k = 0; k < v->type.lanes; k++) text_add(&o, k ? ", " : ""), c_number(p, &o, v->type.elem, v->table[k % 8], 0);
  text_add(&o, " }, %s", value(p, v->a[0])); return call(p, "table", v->type, o.s);
}
static const char *show_weave(CPrint *p, const KInst *v) {
  Text o = { .c = p->c }; text_add(&o, "__builtin_shufflevector(%s, %s", value(p, v->a[0]), value(p, v->a[v->op == K_WEAVE]));
  for (int k = 0; k < v->type.lanes; k++) text_add(&o, ", %d", v->op == K_WEAVE ? kweave_from(v, k) : (int)v->imm + k);
  text_add(&o, ")"); return o.s;
}

/* load(at), gather(at, offsets), store(at, x), scatter(at, offsets, x); loadm(mask, at) and so on; a scalar *(at). */
static const char *access(CPrint *p, const KInst *v) {
  static const char *const name[] = { [K_LOAD] = "load", [K_GATHER] = "gather", [K_STORE] = "store", [K_SCATTER] = "scatter" };
  const KInst *mask = v->a[0], *offset = v->op == K_GATHER ? v->a[1] : v->a[2], *x = v->op >= K_STORE ? v->a[1] : NULL;
  const char *at = pointer(p, &v->addr); bool words = v->op == K_LOAD && type_bytes(v->type.elem) > type_bytes(p->m->buf[v->addr.buf].elem);
  if (words) at = ctx_printf(p->c, v->type.lanes == 1 ? "%s" : "(const int32_t *)(%s)", at);
  if (words && v->type.lanes == 1) return call(p, "word", v->type, at);
  if (!mask && !offset && v->type.lanes == 1) return x ? ctx_printf(p->c, "*(%s) = %s", at, value(p, x)) : ctx_printf(p->c, "*(%s)", at);
  Text o = { .c = p->c };
  if (mask) text_add(&o, "%s, ", value(p, mask));
  text_add(&o, "%s", at);
  if (offset) text_add(&o, ", %s", value(p, offset));
  if (x) text_add(&o, ", %s", value(p, x));
  return call(p, ctx_printf(p->c, "%s%s", x && v->imm && p->past ? "past" : name[v->op], mask ? "m" : ""), v->type, o.s);
}

static const char *show(CPrint *p, const KInst *v) {
  static const char *const convert[] = { [CV_PLAIN] = "cast", [CV_SAT] = "sat", [CV_BITS] = "bits" };
  const char *a = v->a[0] ? value(p, v->a[0]) : ""; KType t = v->type, from = v->a[0] ? v->a[0]->type : t;
  switch (v->op) {
  case K_CONST: return call(p, "bcast", t, number(p, v));     case K_FN: return show_fn(p, v);
  case K_CAST: return ctx_printf(p->c, "%s(%s)", c_help(p, convert[v->mode], t, from.elem), a);
  case K_BCAST: return call(p, "bcast", t, a);                case K_IOTA: return show_iota(p, v);
  case K_PREFIX: return t.lanes == 1 ? ctx_printf(p->c, "%s > 0", a) : call(p, "prefix", t, a);
  case K_HRED: return call(p, ctx_printf(p->c, "h%s", kfn_info[v->fn].name), from, a);
  case K_LANE: return t.lanes > 1 ? show_weave(p, v) : call(p, "lane", from, ctx_printf(p->c, "%s, %d", a, (int)v->imm));
  case K_WEAVE: return show_weave(p, v);                      case K_TABLE: return show_table(p, v);
  case K_LOAD: case K_GATHER: return access(p, v);            default: return a;     /* K_VAR */
  }
}

/* gcc turns a vector load with several uses into a memory operand of each: PIN keeps it in a register, and in its loop. */
static void print_value(CPrint *p, const KInst *v) {
  const char *t = c_type(p, v->type), *x = show(p, v), *name = value(p, v);
  bool flt = v->type.elem == T_F32 || v->type.elem == T_F64, fits = v->type.lanes * type_bytes(v->type.elem) <= p->t->vector_bytes;
  bool pin = v->reuse && flt && fits && c_is_x86(p); c_line(p, "%s%s %s = %s;", v->op == K_VAR || pin ? "" : "const ", t, name, x);
  if (pin) c_line(p, "PIN(%s, %s);", name, p->loop ? p->loop : "0");
}
static void inner(CPrint *p, const KBlock *b) { p->indent++; c_block(p, b); p->indent--; }

/* Weights that the body reads get their pointer anew in every step, or clang hoists the loads out of the loop and spills them. */
static void launder(CPrint *p, const KBlock *b, bool *done) {
  EACH_INST(v, b) {
    bool first = v->op == K_LOAD && p->m->buf[v->addr.buf].kind == KB_CONST && !done[v->addr.buf];
    if (first) done[v->addr.buf] = true, c_line(p, "  LAUNDER(%s);", p->buf[v->addr.buf]);
    launder(p, &v->body, done); launder(p, &v->other, done);
  }
}
static void print_loop(CPrint *p, const KInst *v) {
  const char *i = value(p, v), *t = c_type(p, (KType){ T_WINT, 1 }), *n = value(p, v->a[0]);
  if (v->hint != KL_PARALLEL) c_line(p, "for (%s %s = 0; %s < %s; %s++) {", t, i, i, n, i);
  else c_line(p, "for (%s %s = (%s)%s * part / parts; %s < (%s)%s * (part + 1) / parts; %s++) {", t, i, t, n, i, t, n, i);
  if (v->hint == KL_LAUNDER && target_launders(p->t)) launder(p, &v->body, NEWN(p->c, bool, p->m->nbuf + 1));
  const char *outer = p->loop; p->loop = i; inner(p, &v->body); p->loop = outer; c_line(p, "}");
}
static void print_if(CPrint *p, const KInst *v) {
  c_line(p, "if (%s) {", value(p, v->a[0])); inner(p, &v->body);
  if (v->other.n) c_line(p, "} else {"), inner(p, &v->other);
  c_line(p, "}");
}
/* gcc takes a lane out of a vector that it has just stored, by two shuffles, where loading it back is free: after vectors, scalars come from anew. */
static void reread(CPrint *p, const KInst *v, bool *stored) {
  int k = v->addr.buf; bool vector = v->type.lanes > 1;
  if (v->op == K_STORE && vector) stored[k] = c_is_x86(p) && !kbuf_is_port(&p->m->buf[k]);
  if (v->op != K_LOAD || vector || !stored[k]) return;
  c_line(p, "LAUNDER(%s);", p->buf[k]); stored[k] = false;
}
void c_block(CPrint *p, const KBlock *b) {
  bool *stored = NEWN(p->c, bool, p->m->nbuf + 1);
  EACH_INST(v, b) switch (reread(p, v, stored), v->op) {
    case K_PARAM: break;
    case K_CONST: if (v->type.lanes > 1) print_value(p, v); break;
    case K_STORE: case K_SCATTER: c_line(p, "%s;", access(p, v)); break;
    case K_SET: c_line(p, "%s = %s;", value(p, v->a[0]), value(p, v->a[1])); break;
    case K_LOOP: print_loop(p, v); break;
    case K_IF: print_if(p, v); break;
    case K_PREFETCH: if (p->t->isa != ISA_SCALAR) c_line(p, "__builtin_prefetch(%s, 0, 2);", pointer(p, &v->addr)); break;
    default: print_value(p, v);
  }
}
