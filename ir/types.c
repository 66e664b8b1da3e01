/* Types, functions and reductions as tables made from the .def files, and extents.
 *   type_promote(u8, i8) = i16     (f16, bf16) = f32     (i64, f16) = f16     (weak 3, u8) = u8     (weak 0.5, u8) = f32 */
#include "ir.h"
#include <math.h>
#include <string.h>

static const struct { const char *name; int bytes; char class; } type_info[T_COUNT] = {
#define T(e, n, b, k) [T_##e] = { n, b, k },
#include "types.def"
  [T_WINT] = { "weak int", 0, 'i' }, [T_WFLOAT] = { "weak float", 0, 'f' }, [T_NONE] = { "unknown", 0, '?' } };

const char *type_name(Type t) { return type_info[t].name; }
int type_bytes(Type t) { return type_info[t].bytes; }
char type_class(Type t) { return type_info[t].class; }
bool type_is_float(Type t) { return type_info[t].class == 'f'; }
bool type_is_int(Type t) { return type_info[t].class == 'i' || type_info[t].class == 'u'; }
Type type_strong(Type t) { return t == T_WINT ? T_I64 : t == T_WFLOAT ? T_F32 : t; }
Type type_by_name(const char *s) { for (int t = 0; t < T_WINT; t++) if (!strcmp(type_info[t].name, s)) return (Type)t; return T_NONE; }
static int type_rank(Type t) { return type_is_float(t) ? 2 : type_is_int(t); }

/* Two strong integers: the wider; of different signs a signed one that holds both, at most i64. */
static Type promote_ints(Type a, Type b) {
  static const Type wider[] = { [1] = T_I16, [2] = T_I32, [4] = T_I64, [8] = T_I64 };
  if (type_class(a) == type_class(b)) return type_bytes(a) > type_bytes(b) ? a : b;
  Type u = type_class(a) == 'u' ? a : b, i = u == a ? b : a; return type_bytes(i) > type_bytes(u) ? i : wider[type_bytes(u)];
}
Type type_promote(Type a, Type b) {
  if (a == b || b == T_NONE) return a;
  if (a == T_NONE) return b;
  if (type_rank(a) < type_rank(b)) { Type t = a; a = b; b = t; }
  int rank = type_rank(a); if (rank > type_rank(b)) return a != T_WFLOAT ? a : b == T_WINT ? T_WFLOAT : T_F32;
  if (!type_bytes(a)) return b;
  if (!type_bytes(b)) return a;
  return rank == 1 ? promote_ints(a, b) : a == T_F64 || b == T_F64 ? T_F64 : T_F32;
}

int type_bits(Type t) { return 8 * type_bytes(type_strong(t)); }
double type_lowest(Type t) { return type_is_float(t) ? -INFINITY : type_class(t) == 'i' ? -ldexp(1, type_bits(t) - 1) : 0; }
double type_highest(Type t) { return type_is_float(t) ? INFINITY : t == T_BOOL ? 1 : ldexp(1, type_bits(t) - (type_class(t) == 'i')) - 1; }

const FnInfo fn_info[FN_COUNT] = {
#define F(e, n, a, p, r) [FN_##e] = { n, a, p, #r[0] },
#include "scalar.def"
};

const char *const red_name[RED_COUNT] = {
#define R(e, n, f) [RED_##e] = n,
#include "reduce.def"
};

Red red_by_name(const char *s) { for (int r = 0; r < RED_COUNT; r++) if (!strcmp(red_name[r], s)) return (Red)r; return RED_COUNT; }

const char *const stage_name[STAGE_COUNT] = {
  "parse", "expand", "stream", "simplify", "fuse", "layout", "schedule", "plan", "kernel", "c", "llvm", "asm" };

bool extent_equal(Extent a, Extent b) { return a.dim == b.dim && a.n == b.n; }
bool extents_equal(const Extent *a, int na, const Extent *b, int nb) {
  bool same = na == nb; for (int d = 0; same && d < na; d++) same = extent_equal(a[d], b[d]); return same;
}

/* Extents are never negative; a sum beyond 64 bits saturates. */
static int64_t ext_at(int64_t d, int64_t n) { int64_t r; if (__builtin_add_overflow(d, n, &r)) return n < 0 ? 0 : INT64_MAX; return r < 0 ? 0 : r; }
int64_t extent_max(Extent e) { return ext_at(e.dim ? e.dim->hi : 0, e.n); }
int64_t extent_min(Extent e) { return ext_at(e.dim ? e.dim->lo : 0, e.n); }
