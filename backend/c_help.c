/* The helper functions of generated C: found in c_help.def, written when first used.
 *
 *   c_help(p, "fma", f32x16)  ->  "fma_f32x16", and once in the file
 *   INLINE f32x16 fma_f32x16(f32x16 a, f32x16 b, f32x16 c) { return (f32x16)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c); }
 *
 * A function without a row for its type is made of smaller ones: halves where the vector is wider than a register, else lane by lane. So every
 * function exists for every element and every number of lanes, and rows are only about speed. */
#include "c_print.h"
#include <string.h>

typedef struct Sig { const char *fns, *ret, *params; } Sig;
typedef struct Row { const char *isa, *fn, *elems; int lo, hi; const char *body; } Row;
static const Sig sigs[] = {
#define S(fns, ret, params) { fns, ret, params },
#define R(...)
#include "c_help.def"
};
static const Row rows[] = {
#define S(...)
#define R(isa, fn, elems, lohi, ...) { isa, fn, elems, lohi, __VA_ARGS__ },
#include "c_help.def"
};
Type c_elem(const CPrint *p, Type t) { return t != T_WINT ? t : p->t->index_bits == 32 ? T_I32 : T_I64; }
static const char *const c_scalar[T_COUNT] = {
  [T_BOOL] = "int", [T_I8] = "int8_t", [T_U8] = "uint8_t", [T_I16] = "int16_t", [T_U16] = "uint16_t", [T_I32] = "int32_t", [T_U32] = "uint32_t",
  [T_I64] = "int64_t", [T_U64] = "uint64_t", [T_F16] = "uint16_t", [T_F32] = "float", [T_F64] = "double" };

/* Ports and their headers speak of all types. */
const char *c_memory(CPrint *p, Type t) { return t == T_BOOL ? "uint8_t" : t == T_BF16 ? "uint16_t" : c_scalar[c_elem(p, t)]; }
Type c_int_like(Type t, bool is_signed) {
  static const Type of[9][2] = { [1] = { T_U8, T_I8 }, [2] = { T_U16, T_I16 }, [4] = { T_U32, T_I32 }, [8] = { T_U64, T_I64 } };
  return of[type_bytes(t)][is_signed];
}

/* True the first time. */
static bool first_use(CPrint *p, const char *name) {
  for (int k = 0; k < p->seen.n; k++) if (!strcmp(p->seen.at[k], name)) return false;
  PUSH(p->c, p->seen, name); return true;
}
static const char *suffix(CPrint *p, KType t) { return t.lanes == 1 ? type_name(t.elem) : ctx_printf(p->c, "%sx%d", type_name(t.elem), t.lanes); }
const char *c_type(CPrint *p, KType t) {
  Type e = c_elem(p, t.elem); bool mask = e == T_BOOL && p->t->isa == ISA_AVX512;
  if (t.lanes == 1) return c_scalar[e];
  e = e == T_BOOL ? T_I32 : e == T_F16 ? T_U16 : e;
  const char *name = mask ? ctx_printf(p->c, "m%d", t.lanes) : suffix(p, (KType){ e, t.lanes }), *s = c_scalar[e];
  int bytes = type_bytes(e) * t.lanes;
  if (!first_use(p, name)) return name;
  if (mask) text_add(&p->types, "typedef __mmask%d %s;\n", t.lanes < 8 ? 8 : t.lanes, name);
  else text_add(&p->types, "typedef %s %s __attribute__((vector_size(%d)));\n", s, name, bytes);
  if (!mask) text_add(&p->types, "typedef %s %s_u __attribute__((vector_size(%d), aligned(%d), may_alias));\n", s, name, bytes, type_bytes(e));
  return name;
}

/* ---- templates */
typedef struct Env { CPrint *p; KType t; Type a; } Env;

/* The type of a letter (c_help.def). */
static KType env_type(const Env *v, char letter) {
  KType t = v->t;
  switch (letter) {
  case 'E': return (KType){ t.elem, 1 };          case 'H': return (KType){ t.elem, t.lanes / 2 };
  case 'M': return (KType){ T_BOOL, t.lanes };    case 'I': case 'U': return (KType){ c_int_like(t.elem, letter == 'I'), t.lanes };
  case 'J': return (KType){ T_I32, t.lanes };     case 'F': return (KType){ T_F32, t.lanes };
  case 'L': return (KType){ T_I64, t.lanes };     case 'V': return (KType){ T_U32, t.lanes };
  case 'A': return (KType){ v->a, t.lanes };      default: return t;
  }
}
static void add_list(Text *o, const char *fmt, int from, int n) {
  for (int k = 0; k < n; k++) text_add(o, k ? ", " : ""), text_add(o, *fmt == '%' ? "%.0s%d" : "%s", fmt, from + k);
}
static void add_shuffle(Text *o, const char *vectors, int from, int n) {
  text_add(o, "__builtin_shufflevector(%s, ", vectors); add_list(o, "%", from, n); text_add(o, ")");
}
static void add_half(Text *o, const Env *v, int from) {
  if (v->t.lanes == 2) text_add(o, "a[%d]%s", from, v->t.elem == T_BOOL ? " & 1" : "");
  else add_shuffle(o, "a, a", from, v->t.lanes / 2);
}
static void add_joined(Text *o, const Env *v) {
  const char *minus = v->t.elem == T_BOOL ? "-" : "";
  if (v->t.lanes == 2) text_add(o, "(%s){ %sa, %sb }", c_type(v->p, v->t), minus, minus);
  else add_shuffle(o, "a, b", 0, v->t.lanes);
}
static void add_ones(Text *o, int n) { text_add(o, n > 32 ? "0x%llxull" : "0x%llxu", n < 64 ? (1ull << n) - 1 : ~0ull); }
static bool is_var(const char **s, const char *name) {
  size_t n = strlen(name); bool same = !strncmp(*s, name, n); *s += same ? n : 0; return same;
}

/* What follows a $ (c_help.def): a name, else a type letter. Gives the text behind it. */
static const char *add_var(Text *o, const Env *v, const char *s) {
  static const char *const by_width[][3] = {              /* name, of f32, of f64 */
    { "frac", "23", "52" }, { "bias", "127", "1023" }, { "nt", "float32x4_t", "float64x2_t" }, { "x", "ss", "sd" }, { "e", "f", "" } };
  Type e = v->t.elem; char class = type_class(e); bool d = e == T_F64;
  int n = v->t.lanes, width = 8 * type_bytes(e), all = n * width, bits = width - (class != 'u');
  uint64_t most = bits == 64 ? UINT64_MAX : (1ull << bits) - 1;
  for (int k = 0; k < 5; k++) if (is_var(&s, by_width[k][0])) { text_add(o, "%s", by_width[k][1 + d]); return s; }
  if (is_var(&s, "full")) add_ones(o, n);                      else if (is_var(&s, "half")) add_ones(o, n / 2);
  else if (is_var(&s, "iota")) add_list(o, "%", 0, n);         else if (is_var(&s, "rep")) add_list(o, "a", 0, n);
  else if (is_var(&s, "cat")) add_joined(o, v);                else if (is_var(&s, "lo")) add_half(o, v, 0);
  else if (is_var(&s, "hi")) add_half(o, v, n / 2);            else if (is_var(&s, "ri")) text_add(o, "__m%di", all);
  else if (is_var(&s, "rb")) text_add(o, "__m%dbh", all);
  else if (is_var(&s, "N")) text_add(o, "%d", n);              else if (is_var(&s, "W")) text_add(o, "%d", width);
  else if (is_var(&s, "z")) text_add(o, "epi%d", width);       else if (is_var(&s, "q")) text_add(o, "%s", type_name(e));
  else if (is_var(&s, "lim")) c_number(v->p, o, v->a, bits == 64 ? 18446744073709551616.0 : (double)most + 1, 0);
  else if (is_var(&s, "min")) c_number(v->p, o, e, 0, class == 'u' ? 0 : (int64_t)type_lowest(e));
  else if (is_var(&s, "max")) c_number(v->p, o, e, 0, (int64_t)most);
  else if (is_var(&s, "r")) text_add(o, "__m%d%s", all, e == T_F32 ? "" : d ? "d" : "i");
  else if (is_var(&s, "p")) text_add(o, all == 512 ? "_mm512" : all == 256 ? "_mm256" : "_mm");
  else if (is_var(&s, "s")) class == 'f' ? text_add(o, d ? "pd" : "ps") : text_add(o, "ep%c%d", class, width);
  else text_add(o, "%s", c_type(v->p, env_type(v, *s++)));
  return s;
}

/* {fn L} or {fn LA}: the name of another helper. */
static const char *add_call(Text *o, const Env *v, const char *s) {
  const char *space = strchr(s, ' '); Type a = space[2] == '}' ? T_NONE : env_type(v, space[2]).elem;
  text_add(o, "%s", c_help(v->p, ctx_internn(v->p->c, s, (size_t)(space - s)), env_type(v, space[1]), a)); return strchr(s, '}') + 1;
}
static void expand(Text *o, const Env *v, const char *s) {
  while (*s) {
    size_t n = strcspn(s, "${"); text_addn(o, s, n); s += n;
    if (*s == '$') s = add_var(o, v, s + 1);
    else if (*s == '{' && s[1] >= 'a' && s[1] <= 'z') s = add_call(o, v, s + 1);
    else if (*s) text_addn(o, s++, 1);
  }
}

/* ---- choosing a body */
static bool has_word(const char *list, const char *w) {
  size_t n = strlen(w);
  for (const char *s = strstr(list, w); s; s = strstr(s + 1, w)) if ((s == list || s[-1] == ' ') && (s[n] == 0 || s[n] == ' ')) return true;
  return false;
}
static const char *row_body(const CPrint *p, const char *fn, KType t) {
  static const char letter[] = { [ISA_SCALAR] = 'g', [ISA_SSE4] = 's', [ISA_AVX2] = 'a', [ISA_AVX512] = 'z', [ISA_NEON] = 'n', [ISA_RVV] = 'v' };
  char isa = p->t->isa == ISA_SCALAR && p->t->fma ? 'm' : letter[p->t->isa]; int bytes = t.lanes == 1 ? 0 : t.lanes * type_bytes(t.elem);
  for (const Row *r = rows; r < rows + sizeof rows / sizeof *rows; r++)
    if (!strcmp(r->fn, fn) && strchr(r->isa, isa) && (*r->isa != '+' || p->t->dots & DOT_U8I8) && bytes >= r->lo && bytes <= r->hi && (bytes <= p->t->vector_bytes || r->hi > 64))
      if (!strcmp(r->elems, "any") || (!strcmp(r->elems, "int") ? type_is_int(t.elem) : has_word(r->elems, type_name(t.elem)))) return r->body;
  return NULL;
}

/* The arguments for one half (0, 1) of a vector, or for lane i (half 2). Offsets of gathers and scatters are counted from one place. */
static void part_args(Text *o, const Sig *s, const char *fn, int half) {
  static const char *const vector[] = { "{lo %c}(%c)", "{hi %c}(%c)", "{lane %c}(%c, i)" }, *const step[] = { "", " + $N / 2", " + i" };
  bool steps = strncmp(fn, "gather", 6) && strncmp(fn, "scatter", 7);
  for (const char *q = s->params; *q; q += q[3] ? 5 : 3) {
    text_add(o, q == s->params ? "" : ", ");
    if (strchr("PQEix", *q)) text_add(o, "%c%s", q[2], strchr("PQ", *q) && steps ? step[half] : "");
    else text_add(o, vector[half], *q, q[2]);
  }
}
static const char *halves_body(CPrint *p, const Sig *s, const char *fn, const char *from) {
  Text a = { .c = p->c }, b = { .c = p->c }; part_args(&a, s, fn, 0); part_args(&b, s, fn, 1);
  if (*s->ret == 'v') return ctx_printf(p->c, "{%s H%s}(%s); {%s H%s}(%s)", fn, from, a.s, fn, from, b.s);
  return ctx_printf(p->c, "{cat %s}({%s H%s}(%s), {%s H%s}(%s))", s->ret, fn, from, a.s, fn, from, b.s);
}
static const char *lanes_body(CPrint *p, const Sig *s, const char *fn, const char *from, KType t) {
  Text args = { .c = p->c }; part_args(&args, s, fn, 2);
  bool masks = *s->ret == 'M' || (*s->ret == 'T' && t.elem == T_BOOL), bits = masks && p->t->isa == ISA_AVX512;
  const char *call = ctx_printf(p->c, "{%s E%s}(%s)", fn, from, args.s), *all = "for (int i = 0; i < $N; i++)";
  if (*s->ret == 'v') return ctx_printf(p->c, "%s %s", all, call);
  if (bits) return ctx_printf(p->c, "$%s r = 0; %s r = ($M)(r | ($M)(0 != %s) << i); return r", s->ret, all, call);
  return ctx_printf(p->c, masks ? "$%s r = {0}; %s r[i] = -(0 != %s); return r" : "$%s r = {0}; %s r[i] = %s; return r", s->ret, all, call);
}

/* Conversions by kind of element. f16 is converted from and to f32 only, bool never. */
static const char *cast_body(Type t, Type a, int lanes) {
  bool whole = type_is_float(a) && type_is_int(t), wide = t == T_U32 || t == T_U64;      /* negative numbers wrap */
  if (t == a) return "a";
  if (t == T_F16 || a == T_F16) return t == T_F16 ? "{narrow T}(a)" : "{widen A}(a)";
  if (lanes == 1) return whole && wide ? "($T)(int64_t)a" : whole && type_bytes(t) < 4 ? "($T)(int32_t)a" : "($T)a";
  if (whole && wide) return t == T_U64 ? "($T)__builtin_convertvector(a, $I)" : "__builtin_convertvector(__builtin_convertvector(a, $L), $T)";
  if (whole && type_bytes(t) < 4) return "__builtin_convertvector(__builtin_convertvector(a, $J), $T)";
  return "__builtin_convertvector(a, $T)";
}

/* Round to even and saturate; NaN gives 0. */
static const char *sat_body(Type t, Type a, int lanes) {
  if (!type_is_int(t)) return "{cast TA}(a)";
  if (type_is_float(a) && lanes > 1 && type_bytes(t) < 4)
    return "{cast TA}({min A}({max A}({select A}({isnan A}(a), {bcast A}(0), {round A}(a)), {bcast A}($min)), {bcast A}($max)))";
  bool wider = type_bytes(t) > type_bytes(a) || (type_bytes(t) == type_bytes(a) && type_class(t) == type_class(a)), u = type_class(t) == 'u';
  if (lanes > 1 && type_is_int(a) && type_class(a) == 'u') return wider ? "{cast TA}(a)" : "{cast TA}({min A}(a, {bcast A}($max)))";
  if (lanes > 1 && type_is_int(a) && type_bytes(t) >= type_bytes(a)) return u ? "{cast TA}({max A}(a, {bcast A}(0)))" : "{cast TA}(a)";
  if (lanes > 1) return type_is_int(a) ? "{cast TA}({min A}({max A}(a, {bcast A}($min)), {bcast A}($max)))" : NULL;
  if (type_is_float(a)) return "const $A r = {round A}(a); return r >= $lim ? $max : r > $min ? ($T)r : r <= $min ? $min : 0";
  if (type_class(a) == 'u') return "(uint64_t)a > (uint64_t)$max ? $max : ($T)a";
  return type_class(t) == 'u' ? "a < 0 ? 0 : (uint64_t)a > $max ? $max : ($T)a" : "(int64_t)a < $min ? $min : (int64_t)a > $max ? $max : ($T)a";
}

static const char *pick_body(CPrint *p, const Sig *s, const char *fn, KType t, Type a) {
  const char *b = !strcmp(fn, "cast") ? cast_body(t.elem, a, t.lanes) : !strcmp(fn, "sat") ? sat_body(t.elem, a, t.lanes) : row_body(p, fn, t);
  if (b) return b;
  if (t.lanes == 1) bug(p->c, "the C printer has no %s of %s", fn, type_name(t.elem));
  const char *from = a == T_NONE ? "" : "A";
  return t.lanes * type_bytes(t.elem) > p->t->vector_bytes ? halves_body(p, s, fn, from) : lanes_body(p, s, fn, from, t);
}
static const Sig *find_sig(CPrint *p, const char *fn) {
  for (const Sig *s = sigs; s < sigs + sizeof sigs / sizeof *sigs; s++) if (has_word(s->fns, fn)) return s;
  bug(p->c, "the C printer knows no function '%s'", fn);
}
static void add_params(Text *o, const Env *v, const Sig *s) {
  for (const char *q = s->params; *q; q += q[3] ? 5 : 3) {
    text_add(o, q == s->params ? "" : ", ");
    if (*q == 'B') text_add(o, "const void *");
    else if (*q == 'P' || *q == 'Q') text_add(o, "%s%s *", *q == 'P' ? "const " : "", c_memory(v->p, v->t.elem));
    else text_add(o, "%s ", *q == 'i' ? "int" : *q == 'x' ? c_memory(v->p, T_WINT) : c_type(v->p, env_type(v, *q)));
    text_add(o, "%c", q[2]);
  }
}
static void write_help(CPrint *p, const char *fn, const char *name, KType t, Type a) {
  Env v = { p, t, a }; const Sig *s = find_sig(p, fn); const char *body = pick_body(p, s, fn, t, a); Text head = { .c = p->c }, text = { .c = p->c };
  text_add(&head, "INLINE %s %s(", *s->ret == 'v' ? "void" : c_type(p, env_type(&v, *s->ret)), name);
  add_params(&head, &v, s); expand(&text, &v, body);
  text_add(&p->help, "%s) { %s%s; }\n", head.s, *s->ret == 'v' || strstr(body, "return ") ? "" : "return ", text.s);
}
const char *c_help(CPrint *p, const char *fn, KType t, Type a) {
  t.elem = c_elem(p, t.elem); a = c_elem(p, a);
  const char *name = ctx_printf(p->c, "%s_%s%s%s", fn, suffix(p, t), a == T_NONE ? "" : "_from_", a == T_NONE ? "" : type_name(a));
  if (first_use(p, name)) write_help(p, fn, name, t, a);
  return name;
}
