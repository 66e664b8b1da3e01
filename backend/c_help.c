/* The helper functions of generated C: found in c_help.def, written when first used.
 *
 *   c_help(p, "fma", f32x16)  ->  "fma_f32x16", and once in the file
 *   INLINE f32x16 fma_f32x16(f32x16 a, f32x16 b, f32x16 c)
 *   {
 *     return (f32x16)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
 *   }
 *
 * A function without a row for its type is made of smaller ones: halves where the vector is wider than a register, else lane by lane. So
 * every function exists for every element and every number of lanes, and rows are only about speed. */
#include "c_print.h"
#include <string.h>

typedef struct Sig { const char *fn, *ret, *params; } Sig;
typedef struct Row { const char *isa, *fn, *elems; int lo, hi; const char *body; } Row;
static const Sig sigs[] = {
#define S(fn, ret, params) { fn, ret, params },
#include "c_help.def"
};
static const Row rows[] = {
#define R(isa, fn, elems, lohi, ...) { isa, fn, elems, lohi, __VA_ARGS__ },
#include "c_help.def"
};
static const char isa_letter[] = { [ISA_SCALAR] = 'g', [ISA_SSE4] = 's', [ISA_AVX2] = 'a', [ISA_AVX512] = 'z', [ISA_NEON] = 'n', [ISA_RVV] = 'v' };

/* ---- types */
Type c_elem(const CPrint *p, Type t)
{
  if (t == T_WINT)
    return p->t->index_bits == 32 ? T_I32 : T_I64;
  return t == T_WFLOAT ? T_F32 : t;
}

static const char *const c_scalar[T_COUNT] = {
  [T_BOOL] = "int", [T_I8] = "int8_t", [T_U8] = "uint8_t", [T_I16] = "int16_t", [T_U16] = "uint16_t", [T_I32] = "int32_t",
  [T_U32] = "uint32_t", [T_I64] = "int64_t", [T_U64] = "uint64_t", [T_F16] = "uint16_t", [T_BF16] = "uint16_t", [T_F32] = "float", [T_F64] = "double",
};

const char *c_memory(CPrint *p, Type t)
{
  t = c_elem(p, t);
  return t == T_BOOL ? "uint8_t" : c_scalar[t];
}

static Type int_like(Type t, bool is_signed)
{
  static const Type s[9] = { [1] = T_I8, [2] = T_I16, [4] = T_I32, [8] = T_I64 }, u[9] = { [1] = T_U8, [2] = T_U16, [4] = T_U32, [8] = T_U64 };
  return (is_signed ? s : u)[type_bytes(t)];
}

/* True the first time. */
static bool first_use(CPrint *p, const char *name)
{
  for (int k = 0; k < p->seen.n; k++)
    if (!strcmp(p->seen.at[k], name))
      return false;
  PUSH(p->c, p->seen, name);
  return true;
}

static bool is_mask(const CPrint *p, KType t) { return t.elem == T_BOOL && t.lanes > 1 && p->t->isa == ISA_AVX512; }

static const char *mask_type(CPrint *p, int lanes)
{
  const char *name = ctx_printf(p->c, "m%d", lanes);
  if (first_use(p, name))
    text_add(&p->types, "typedef __mmask%d m%d;\n", lanes < 8 ? 8 : lanes, lanes);
  return name;
}

const char *c_type(CPrint *p, KType t)
{
  Type e = c_elem(p, t.elem);
  if (t.lanes == 1)
    return c_scalar[e];
  if (is_mask(p, t))
    return mask_type(p, t.lanes);
  e = e == T_BOOL ? T_I32 : e == T_F16 || e == T_BF16 ? T_U16 : e;
  const char *name = ctx_printf(p->c, "%sx%d", type_name(e), t.lanes);
  if (first_use(p, name))
    text_add(&p->types, "typedef %s %s __attribute__((vector_size(%d)));\ntypedef %s %s_u __attribute__((vector_size(%d), aligned(%d), may_alias));\n",
             c_scalar[e], name, type_bytes(e) * t.lanes, c_scalar[e], name, type_bytes(e) * t.lanes, type_bytes(e));
  return name;
}

/* ---- templates */
typedef struct Env { CPrint *p; KType t; Type a; } Env;

/* The type of a letter (c_help.def). */
static KType env_type(const Env *v, char letter)
{
  KType t = v->t;
  switch (letter) {
  case 'E': return (KType){ t.elem, 1 };
  case 'H': return (KType){ t.elem, t.lanes / 2 };
  case 'M': return (KType){ T_BOOL, t.lanes };
  case 'I': return (KType){ int_like(t.elem, true), t.lanes };
  case 'U': return (KType){ int_like(t.elem, false), t.lanes };
  case 'J': return (KType){ T_I32, t.lanes };
  case 'K': return (KType){ T_U8, t.lanes };
  case 'F': return (KType){ T_F32, t.lanes };
  case 'L': return (KType){ T_I64, t.lanes };
  case 'V': return (KType){ T_U32, t.lanes };
  case 'A': return (KType){ v->a, t.lanes };
  case 'B': return (KType){ v->a, 1 };
  case 'G': return (KType){ v->a, t.lanes / 2 };
  default: return t;
  }
}

static void add_list(Text *o, const char *fmt, int from, int n)
{
  for (int k = 0; k < n; k++) {
    text_add(o, k ? ", " : "");
    text_add(o, strstr(fmt, "%d") ? "%.0s%d" : "%s", fmt, from + k);
  }
}

static void add_half(Text *o, const Env *v, int from)
{
  if (v->t.lanes == 2) {
    text_add(o, "a[%d]%s", from ? 1 : 0, v->t.elem == T_BOOL ? " & 1" : "");
    return;
  }
  text_add(o, "__builtin_shufflevector(a, a, ");
  add_list(o, "%d", from, v->t.lanes / 2);
  text_add(o, ")");
}

static void var_lo(Text *o, const Env *v) { add_half(o, v, 0); }
static void var_hi(Text *o, const Env *v) { add_half(o, v, v->t.lanes / 2); }
static void var_cat(Text *o, const Env *v)
{
  if (v->t.lanes == 2) {
    const char *minus = v->t.elem == T_BOOL ? "-" : "";
    text_add(o, "(%s){ %sa, %sb }", c_type(v->p, v->t), minus, minus);
    return;
  }
  text_add(o, "__builtin_shufflevector(a, b, ");
  add_list(o, "%d", 0, v->t.lanes);
  text_add(o, ")");
}
static void var_rep(Text *o, const Env *v) { add_list(o, "a", 0, v->t.lanes); }
static void var_iota(Text *o, const Env *v) { add_list(o, "%d", 0, v->t.lanes); }
static void var_n(Text *o, const Env *v) { text_add(o, "%d", v->t.lanes); }
static void var_w(Text *o, const Env *v) { text_add(o, "%d", 8 * type_bytes(v->t.elem)); }
static void add_ones(Text *o, int n) { text_add(o, n > 32 ? "0x%llxull" : "0x%llxu", n < 64 ? (1ull << n) - 1 : ~0ull); }
static void var_full(Text *o, const Env *v) { add_ones(o, v->t.lanes); }
static void var_halfmask(Text *o, const Env *v) { add_ones(o, v->t.lanes / 2); }
static void var_bias(Text *o, const Env *v) { text_add(o, v->t.elem == T_F64 ? "1023" : "127"); }
static void var_frac(Text *o, const Env *v) { text_add(o, v->t.elem == T_F64 ? "52" : "23"); }

static int env_bytes(const Env *v) { return v->t.lanes * type_bytes(v->t.elem); }
static void var_p(Text *o, const Env *v) { text_add(o, env_bytes(v) == 64 ? "_mm512" : env_bytes(v) == 32 ? "_mm256" : "_mm"); }
static void var_z(Text *o, const Env *v) { text_add(o, "epi%d", 8 * type_bytes(v->t.elem)); }
static void var_s(Text *o, const Env *v)
{
  if (type_class(v->t.elem) == 'f')
    text_add(o, v->t.elem == T_F64 ? "pd" : "ps");
  else
    text_add(o, "ep%c%d", type_class(v->t.elem), 8 * type_bytes(v->t.elem));
}
static void var_ri(Text *o, const Env *v) { text_add(o, "__m%di", 8 * env_bytes(v)); }
static void var_r(Text *o, const Env *v)
{
  text_add(o, "__m%d%s", 8 * env_bytes(v), v->t.elem == T_F32 ? "" : v->t.elem == T_F64 ? "d" : "i");
}
static void var_q(Text *o, const Env *v) { text_add(o, "%s", type_name(v->t.elem)); }
static void var_nt(Text *o, const Env *v) { text_add(o, v->t.elem == T_F64 ? "float64x2_t" : "float32x4_t"); }
static void var_min(Text *o, const Env *v) { c_number(v->p, o, v->t.elem, 0, type_class(v->t.elem) == 'u' ? 0 : (int64_t)type_lowest(v->t.elem)); }
static void var_max(Text *o, const Env *v)
{
  int bits = 8 * type_bytes(v->t.elem) - (type_class(v->t.elem) != 'u');
  c_number(v->p, o, v->t.elem, 0, (int64_t)(bits == 64 ? UINT64_MAX : (1ull << bits) - 1));
}
static void var_lim(Text *o, const Env *v)
{
  int bits = 8 * type_bytes(v->t.elem) - (type_class(v->t.elem) != 'u');
  c_number(v->p, o, v->a, bits == 64 ? 18446744073709551616.0 : (double)(1ull << bits), 0);
}

static const struct { const char *name; void (*add)(Text *o, const Env *v); } vars[] = {
  { "full", var_full }, { "half", var_halfmask }, { "frac", var_frac }, { "bias", var_bias }, { "iota", var_iota }, { "rep", var_rep },
  { "cat", var_cat }, { "lim", var_lim }, { "min", var_min }, { "max", var_max }, { "lo", var_lo }, { "hi", var_hi }, { "ri", var_ri },
  { "nt", var_nt }, { "r", var_r }, { "p", var_p }, { "s", var_s }, { "z", var_z }, { "q", var_q }, { "N", var_n }, { "W", var_w },
};

/* $x: one of vars, or a type letter. Gives what follows it. */
static const char *add_var(Text *o, const Env *v, const char *s)
{
  for (size_t k = 0; k < sizeof vars / sizeof *vars; k++) {
    size_t n = strlen(vars[k].name);
    if (!strncmp(s, vars[k].name, n)) {
      vars[k].add(o, v);
      return s + n;
    }
  }
  text_add(o, "%s", c_type(v->p, env_type(v, *s)));
  return s + 1;
}

/* {fn L} or {fn LK}: the name of another helper. */
static const char *add_call(Text *o, const Env *v, const char *s)
{
  const char *space = strchr(s, ' '), *end = strchr(s, '}');
  const char *fn = ctx_internn(v->p->c, s, (size_t)(space - s));
  KType t = env_type(v, space[1]);
  Type a = space[2] == '}' ? T_NONE : env_type(v, space[2]).elem;
  text_add(o, "%s", c_help(v->p, fn, t, a));
  return end + 1;
}

static void expand(Text *o, const Env *v, const char *s)
{
  while (*s) {
    size_t n = strcspn(s, "${");
    text_addn(o, s, n);
    s += n;
    if (*s == '$')
      s = add_var(o, v, s + 1);
    else if (*s == '{' && s[1] >= 'a' && s[1] <= 'z')
      s = add_call(o, v, s + 1);
    else if (*s)
      text_addn(o, s++, 1);
  }
}

/* ---- choosing a body */
static bool has_word(const char *list, const char *w)
{
  size_t n = strlen(w);
  for (const char *s = strstr(list, w); s; s = strstr(s + 1, w))
    if ((s == list || s[-1] == ' ') && (s[n] == 0 || s[n] == ' '))
      return true;
  return false;
}

static bool elem_fits(const char *elems, Type e)
{
  if (!strcmp(elems, "any"))
    return true;
  return !strcmp(elems, "int") ? type_is_int(e) : has_word(elems, type_name(e));
}

static const char *row_body(const CPrint *p, const char *fn, KType t)
{
  char isa = isa_letter[p->t->isa];
  if (isa == 'g' && p->t->fma)
    isa = 'm';
  int bytes = t.lanes == 1 ? 0 : t.lanes * type_bytes(t.elem);
  for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
    if (!strcmp(rows[k].fn, fn) && strchr(rows[k].isa, isa) && bytes >= rows[k].lo && bytes <= rows[k].hi &&
        (bytes <= p->t->vector_bytes || rows[k].hi > 64) && elem_fits(rows[k].elems, t.elem))
      return rows[k].body;
  return NULL;
}

/* Parameters of a signature: "M m, P p" to letters and names. */
typedef struct Params { int n; char letter[4], name[4]; } Params;
static Params params_of(const Sig *s)
{
  Params r = { 0 };
  for (const char *q = s->params; *q; q += q[3] ? 5 : 3) {
    r.letter[r.n] = q[0];
    r.name[r.n++] = q[2];
  }
  return r;
}

static bool steps(const char *fn) { return strncmp(fn, "gather", 6) && strncmp(fn, "scatter", 7); }

/* The arguments for half number h (0, 1). */
static void half_args(Text *o, const Sig *s, int h)
{
  Params a = params_of(s);
  for (int k = 0; k < a.n; k++) {
    text_add(o, k ? ", " : "");
    if (strchr("PQ", a.letter[k]))
      text_add(o, h && steps(s->fn) ? "%c + $N / 2" : "%c", a.name[k]);
    else if (strchr("Eix", a.letter[k]))
      text_add(o, "%c", a.name[k]);
    else
      text_add(o, "{%s %c}(%c)", h ? "hi" : "lo", a.letter[k], a.name[k]);
  }
}

static const char *halves_body(CPrint *p, const Sig *s, bool conversion)
{
  Text o = { .c = p->c };
  const char *call = ctx_printf(p->c, "{%s H%s}", s->fn, conversion ? "G" : "");
  if (*s->ret != 'v')
    text_add(&o, "{cat %s}(", s->ret);
  text_add(&o, "%s(", call);
  half_args(&o, s, 0);
  text_add(&o, *s->ret == 'v' ? "); %s(" : "), %s(", call);
  half_args(&o, s, 1);
  text_add(&o, *s->ret == 'v' ? ")" : "))");
  return o.s;
}

static void lane_args(Text *o, const Sig *s)
{
  Params a = params_of(s);
  for (int k = 0; k < a.n; k++) {
    text_add(o, k ? ", " : "");
    if (strchr("PQ", a.letter[k]))
      text_add(o, steps(s->fn) ? "%c + i" : "%c", a.name[k]);
    else if (strchr("Eix", a.letter[k]))
      text_add(o, "%c", a.name[k]);
    else
      text_add(o, "{lane %c}(%c, i)", a.letter[k], a.name[k]);
  }
}

static const char *lanes_body(CPrint *p, const Sig *s, KType t, bool conversion)
{
  Text o = { .c = p->c };
  bool masks = *s->ret == 'M' || (*s->ret == 'T' && t.elem == T_BOOL);
  if (*s->ret != 'v')
    text_add(&o, masks && p->t->isa == ISA_AVX512 ? "$%s r = 0; " : "$%s r = {0}; ", s->ret);
  text_add(&o, "for (int i = 0; i < $N; i++) ");
  text_add(&o, *s->ret == 'v' ? "" : !masks ? "r[i] = " : p->t->isa == ISA_AVX512 ? "r = ($M)(r | ($M)(0 != " : "r[i] = -(0 != ");
  text_add(&o, "{%s E%s}(", s->fn, conversion ? "B" : "");
  lane_args(&o, s);
  text_add(&o, ")%s", !masks ? "" : p->t->isa == ISA_AVX512 ? ") << i)" : ")");
  text_add(&o, *s->ret == 'v' ? "" : "; return r");
  return o.s;
}

static bool is_half(Type t) { return t == T_F16 || t == T_BF16; }

/* Conversions by kind of element. */
static const char *cast_body(Type t, Type a, int lanes)
{
  if (t == a)
    return "a";
  if (is_half(t))
    return a == T_F32 ? "{narrow T}(a)" : "{cast TF}({cast FA}(a))";
  if (is_half(a))
    return t == T_F32 ? "{widen A}(a)" : "{cast TF}({cast FA}(a))";
  bool whole = type_is_float(a) && type_is_int(t), wide = t == T_U32 || t == T_U64;     /* negative numbers wrap */
  if (lanes == 1)
    return t == T_BOOL ? "a != 0" : whole && wide ? "($T)(int64_t)a" : whole && type_bytes(t) < 4 ? "($T)(int32_t)a" : "($T)a";
  if (t == T_BOOL)
    return "{mask A}(a != 0)";
  if (a == T_BOOL)
    return type_is_float(t) ? "__builtin_convertvector({vec J}(a) & 1, $T)" : "($T)({vec T}(a) & 1)";
  if (whole && wide)
    return t == T_U64 ? "($T)__builtin_convertvector(a, $I)" : "__builtin_convertvector(__builtin_convertvector(a, $L), $T)";
  if (whole && type_bytes(t) < 4)
    return "__builtin_convertvector(__builtin_convertvector(a, $J), $T)";
  return "__builtin_convertvector(a, $T)";
}

/* Round to even and saturate; NaN gives 0. */
static const char *sat_body(Type t, Type a, int lanes)
{
  if (is_half(a))
    return "{sat TF}({cast FA}(a))";
  if (!type_is_int(t))
    return "{cast TA}(a)";
  if (type_is_float(a) && lanes > 1 && type_bytes(t) < 4)
    return "{cast TA}({min A}({max A}({select A}({isnan A}(a), {bcast A}(0), {round A}(a)), {bcast A}($min)), {bcast A}($max)))";
  if (lanes > 1)
    return NULL;
  if (type_is_float(a))
    return "const $A r = {round A}(a); return r >= $lim ? $max : r > $min ? ($T)r : r <= $min ? $min : 0";
  if (type_class(a) == 'u' || a == T_BOOL)
    return "(uint64_t)a > (uint64_t)$max ? $max : ($T)a";
  return type_class(t) == 'u' ? "a < 0 ? 0 : (uint64_t)a > $max ? $max : ($T)a"
                              : "(int64_t)a < $min ? $min : (int64_t)a > $max ? $max : ($T)a";
}

static const char *pick_body(CPrint *p, const Sig *s, KType t, Type a)
{
  const char *b = !strcmp(s->fn, "cast") ? cast_body(t.elem, a, t.lanes) : !strcmp(s->fn, "sat") ? sat_body(t.elem, a, t.lanes)
                : row_body(p, s->fn, t);
  if (b)
    return b;
  if (t.lanes == 1)
    bug(p->c, "the C printer has no %s of %s", s->fn, type_name(t.elem));
  int bytes = t.lanes * (t.elem == T_BOOL ? 1 : type_bytes(t.elem));
  return bytes > p->t->vector_bytes ? halves_body(p, s, a != T_NONE) : lanes_body(p, s, t, a != T_NONE);
}

/* ---- writing */
static const Sig *find_sig(CPrint *p, const char *fn)
{
  for (size_t k = 0; k < sizeof sigs / sizeof *sigs; k++)
    if (!strcmp(sigs[k].fn, fn))
      return &sigs[k];
  bug(p->c, "the C printer knows no function '%s'", fn);
}

static void add_params(Text *o, const Env *v, const Sig *s)
{
  Params a = params_of(s);
  for (int k = 0; k < a.n; k++) {
    char l = a.letter[k];
    text_add(o, k ? ", " : "");
    if (l == 'P' || l == 'Q')
      text_add(o, "%s%s *", l == 'P' ? "const " : "", c_memory(v->p, v->t.elem));
    else if (l == 'i' || l == 'x')
      text_add(o, "%s ", l == 'i' ? "int" : c_scalar[c_elem(v->p, T_WINT)]);
    else
      text_add(o, "%s ", c_type(v->p, env_type(v, l)));
    text_add(o, "%c", a.name[k]);
  }
}

static void write_help(CPrint *p, const Sig *s, const char *name, KType t, Type a)
{
  Env v = { p, t, a };
  const char *body = pick_body(p, s, t, a);
  Text head = { .c = p->c }, text = { .c = p->c };
  text_add(&head, "INLINE %s %s(", *s->ret == 'v' ? "void" : c_type(p, env_type(&v, *s->ret)), name);
  add_params(&head, &v, s);
  expand(&text, &v, body);
  bool plain = *s->ret == 'v' || strstr(body, "return ");
  text_add(&p->help, "%s) { %s%s; }\n", head.s, plain ? "" : "return ", text.s);
}

static const char *suffix(CPrint *p, KType t)
{
  return t.lanes == 1 ? type_name(t.elem) : ctx_printf(p->c, "%sx%d", type_name(t.elem), t.lanes);
}

const char *c_help(CPrint *p, const char *fn, KType t, Type a)
{
  t.elem = c_elem(p, t.elem);
  a = a == T_NONE ? a : c_elem(p, a);
  const Sig *s = find_sig(p, fn);
  const char *name = ctx_printf(p->c, "%s_%s", fn, suffix(p, t));
  if (a != T_NONE)
    name = ctx_printf(p->c, "%s_from_%s", name, type_name(a));
  if (first_use(p, name))
    write_help(p, s, name, t, a);
  return name;
}
