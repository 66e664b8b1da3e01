/* The kernel IR's tables and builders, with value numbering.
 *   k_fn(b, KF_ADD, x, y, NULL)   twice in one block gives one instruction
 * A value is shared inside its own block only, so that nothing is hoisted out of a loop by accident (registers); index arithmetic is shared by inner
 * blocks as well. A load is known until its buffer is stored to. What reads a variable is never shared. */
#include "lower.h"

const KFnInfo kfn_info[KF_COUNT] = {
#define I(e, ...) [KF_##e] = { __VA_ARGS__ },
#include "inst.def"
#undef I
};

KMemo *k_memo(Ctx *c) { KMemo *m = NEW(c, KMemo); *m = (KMemo){ .cap = 1024, .at = NEWN(c, KEntry, 1024) }; return m; }
KScope *k_scope(KBuild *b, KScope *up) { KScope *s = NEW(b->c, KScope); *s = (KScope){ up, ++((KMemo *)b->memo)->nscope }; return s; }
KSave k_goto(KBuild *b, KBlock *to, KScope *s) { KMemo *m = b->memo; KSave was = { b->block, m->scope }; b->block = to; m->scope = s; return was; }
KSave k_into(KBuild *b, KBlock *block) { return k_goto(b, block, k_scope(b, ((KMemo *)b->memo)->scope)); }
void k_back(KBuild *b, KSave s) { k_goto(b, s.block, s.scope); }
static uint64_t mix(uint64_t h, uint64_t v) { h = (h ^ v) * 0x9e3779b97f4a7c15u; return h ^ h >> 29; }
static bool uses_imm(KOp op) { return op == K_CONST || op == K_PARAM || op == K_LANE || op == K_WEAVE; }
static uint64_t inst_hash(const KInst *i, const KMemo *m) {
  uint64_t h = mix((uint64_t)i->op * 64 + (uint64_t)i->type.elem, (uint64_t)i->type.lanes * 4096 + (uint64_t)i->fn * 8 + (uint64_t)i->mode), f;
  const KAddr *a = &i->addr;
  for (int k = 0; k < 3; k++) h = mix(h, i->a[k] ? (uint64_t)i->a[k]->id + 1 : 0);
  memcpy(&f, &i->f, sizeof f);
  if (uses_imm(i->op)) h = mix(mix(h, (uint64_t)i->imm), f);
  if (kop_is_load(i->op)) {
    h = mix(mix(mix(h, (uint64_t)a->buf), (uint64_t)a->c), a->buf < m->nversion ? (uint64_t)m->version[a->buf] : 0);
    for (int k = 0; k < a->nterm; k++) h = mix(mix(h, (uint64_t)a->term[k].v->id), (uint64_t)a->term[k].k);
  }
  bool shared = i->type.elem == T_WINT && i->op != K_LOAD; return shared ? h : mix(h, (uint64_t)m->scope->id);
}

static bool inst_equal(const KInst *x, const KInst *y) {
  if (x->op != y->op || !ktype_same(x->type, y->type) || x->fn != y->fn || x->mode != y->mode || memcmp(x->a, y->a, sizeof x->a)) return false;
  if (uses_imm(x->op)) return x->imm == y->imm && !memcmp(&x->f, &y->f, sizeof x->f);
  return !kop_is_load(x->op) || (x->addr.buf == y->addr.buf && x->addr.c == y->addr.c && kaddr_parallel(&x->addr, &y->addr));
}
static bool can_number(const KInst *i) { for (int k = 0; k < 3; k++) if (i->a[k] && i->a[k]->op == K_VAR) return false; return i->op <= K_GATHER; }
static bool visible(const KScope *s, const KScope *from) { while (from && from != s) from = from->up; return from != NULL; }
/* The slot of a value equal to *i, or a free one (always, if i is NULL). */
static KEntry *memo_slot(KMemo *m, const KInst *i, uint64_t hash) {
  uint64_t h = hash, mask = (uint64_t)(m->cap - 1);
  while (m->at[h & mask].inst && !(i && m->at[h & mask].hash == hash && inst_equal(m->at[h & mask].inst, i))) h++;
  return &m->at[h & mask];
}
static void memo_grow(KBuild *b, KMemo *m) {
  KEntry *old = m->at, *end = old + m->cap; m->at = NEWN(b->c, KEntry, m->cap *= 2);
  for (KEntry *e = old; e < end; e++) if (e->inst) *memo_slot(m, NULL, e->hash) = *e;
}
KInst *k_emit(KBuild *b, KInst proto) { KInst *i = ctx_copy(b->c, &proto, sizeof proto); i->id = b->c->nid++; PUSH(b->c, *b->block, i); return i; }
KInst *k_put(KBuild *b, KInst proto) {
  if (!can_number(&proto)) return k_emit(b, proto);
  KMemo *m = b->memo; uint64_t h = inst_hash(&proto, m); KEntry *e = memo_slot(m, &proto, h);
  if (e->inst && visible(e->scope, m->scope)) return e->inst;
  if (!e->inst && ++m->n * 2 > m->cap) memo_grow(b, m), e = memo_slot(m, &proto, h);
  *e = (KEntry){ h, k_emit(b, proto), m->scope }; return e->inst;
}
void k_stored(KBuild *b, int buf) {
  KMemo *m = b->memo;
  if (buf >= m->nversion) {
    int *v = NEWN(b->c, int, buf + 64);
    if (m->nversion) memcpy(v, m->version, sizeof *v * (size_t)m->nversion);
    m->version = v; m->nversion = buf + 64;
  }
  m->version[buf]++;
}
KInst *k_const(KBuild *b, KType t, double f, int64_t i) {
  bool flt = type_is_float(t.elem); return k_put(b, (KInst){ .op = K_CONST, .type = t, .f = flt ? f : 0, .imm = flt ? 0 : i });
}
KInst *k_int(KBuild *b, int64_t v) { return k_const(b, ktype(T_WINT, 1), 0, v); }
KInst *k_prefix(KBuild *b, KInst *n, int lanes) { return k_put(b, (KInst){ .op = K_PREFIX, .type = { T_BOOL, lanes }, .a = { n } }); }
KInst *k_bcast(KBuild *b, KInst *x, int lanes) {
  if (x->type.lanes == lanes) return x;
  if (x->op == K_CONST) return k_const(b, ktype(x->type.elem, lanes), x->f, x->imm);
  return k_put(b, (KInst){ .op = K_BCAST, .type = { x->type.elem, lanes }, .a = { x } });
}
KInst *k_fn(KBuild *b, KFn fn, KInst *x, KInst *y, KInst *z) {
  KInst *a[3] = { x, y, z }; int lanes = 1, n = kfn_info[fn].arity;
  for (int k = 0; k < n; k++) lanes = a[k]->type.lanes != 1 ? a[k]->type.lanes : lanes;
  if (lanes == 1 && x->type.elem == T_WINT && n <= 2 && !kfn_is_test(fn)) return k_ifn(b, fn, x, y);
  for (int k = 0; k < n; k++) a[k] = k_bcast(b, a[k], lanes);
  KType t = { kfn_is_test(fn) ? T_BOOL : a[kfn_typed(fn)]->type.elem, lanes };
  return k_put(b, (KInst){ .op = K_FN, .fn = fn, .type = t, .a = { a[0], a[1], a[2] } });
}

KInst *k_cast(KBuild *b, Convert mode, Type t, KInst *x) {
  if (x->type.elem == t) return x;
  if (x->op == K_CONST && x->type.elem == T_WINT && mode == CV_PLAIN) return k_const(b, ktype(t, x->type.lanes), (double)x->imm, x->imm);
  return k_put(b, (KInst){ .op = K_CAST, .mode = mode, .type = { t, x->type.lanes }, .a = { x } });
}

/* ---- index arithmetic: values carry their range, f .. imm, where it is known */
#define UNKNOWN ((int64_t)1 << 40)

void k_range(const KBuild *b, const KInst *v, int64_t *lo, int64_t *hi) {
  *lo = -UNKNOWN; *hi = UNKNOWN;
  if (v->op == K_CONST) *lo = *hi = v->imm;
  else if (v->op == K_LOOP) *lo = 0, *hi = v->imm - 1;
  else if (v->op == K_PARAM) *lo = b->m->graph->dim[v->imm]->lo, *hi = b->m->graph->dim[v->imm]->hi;
  else if (v->type.elem == T_WINT && (v->imm || v->f != 0)) *lo = (int64_t)v->f, *hi = v->imm;
}
static bool fold(KFn fn, int64_t x, int64_t y, int64_t *r) {
  switch (fn) {
  case KF_ADD: *r = x + y; return true;             case KF_SUB: *r = x - y; return true;
  case KF_MUL: *r = x * y; return true;             case KF_NEG: *r = -x; return true;
  case KF_DIV: *r = floor_div(x, y); return true;   case KF_MOD: *r = y ? floor_mod(x, y) : 0; return true;
  case KF_MIN: *r = x < y ? x : y; return true;     case KF_MAX: *r = x > y ? x : y; return true;
  default: return false;
  }
}

/* The range of fn over the ranges of its arguments, by its corners; all of these are monotonic in each argument. */
static void set_range(KBuild *b, KInst *v, KInst *x, KInst *y) {
  int64_t xs[2], ys[2] = { 0, 0 }, lo = INT64_MAX, hi = INT64_MIN, r; k_range(b, x, &xs[0], &xs[1]);
  if (y) k_range(b, y, &ys[0], &ys[1]);
  if (xs[0] == -UNKNOWN || xs[1] == UNKNOWN || ys[0] == -UNKNOWN || ys[1] == UNKNOWN || (v->fn == KF_DIV && ys[0] <= 0)) return;
  if (v->fn == KF_MOD) lo = 0, hi = ys[0] == ys[1] && ys[0] > 0 ? ys[0] - 1 : -1;
  for (int k = 0; k < 4 && v->fn != KF_MOD; k++) {
    if (!fold(v->fn, xs[k / 2], ys[k % 2], &r)) return;
    lo = r < lo ? r : lo; hi = r > hi ? r : hi;
  }
  if (lo <= hi) v->f = (double)lo, v->imm = hi;
}
static bool is_int(const KInst *x, int64_t v) { return x && x->op == K_CONST && x->imm == v; }
/* x or y where fn leaves it alone, or NULL. */
static KInst *idle(const KBuild *b, KFn fn, KInst *x, KInst *y) {
  if (((fn == KF_ADD || fn == KF_SUB) && is_int(y, 0)) || ((fn == KF_MUL || fn == KF_DIV) && is_int(y, 1))) return x;
  if (fn == KF_ADD && is_int(x, 0)) return y;
  if (fn != KF_MIN && fn != KF_MAX) return NULL;
  int64_t xl, xh, yl, yh; k_range(b, x, &xl, &xh); k_range(b, y, &yl, &yh);
  return xh <= yl ? (fn == KF_MIN ? x : y) : yh <= xl ? (fn == KF_MIN ? y : x) : NULL;
}
KInst *k_ifn(KBuild *b, KFn fn, KInst *x, KInst *y) {
  int64_t r;
  if (x->op == K_CONST && (!y || y->op == K_CONST) && fold(fn, x->imm, y ? y->imm : 0, &r)) return k_int(b, r);
  KInst *v = idle(b, fn, x, y);
  if (!v) set_range(b, v = k_put(b, (KInst){ .op = K_FN, .fn = fn, .type = { T_WINT, 1 }, .a = { x, y } }), x, y);
  return v;
}
