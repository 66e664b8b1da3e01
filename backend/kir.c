/* The kernel IR's tables and builders, with value numbering.
 *
 *   k_fn(b, KF_ADD, x, y, NULL)   twice in one block gives one instruction
 *
 * A value is shared inside its own block only, so that nothing is hoisted out of a loop by accident (registers); index arithmetic is
 * shared by inner blocks as well. A load is known until its buffer is stored to. What reads a variable is never shared. */
#include "lower.h"
#include <math.h>
#include <string.h>

const KFnInfo kfn_info[KF_COUNT] = {
#define I(e, n, a) [KF_##e] = { n, a },
#include "inst.def"
#undef I
};

KMemo *k_memo(Ctx *c)
{
  KMemo *m = NEW(c, KMemo);
  m->cap = 1024;
  m->at = NEWN(c, KEntry, m->cap);
  return m;
}

KScope *k_scope(KBuild *b, KScope *up)
{
  KMemo *m = b->memo;
  KScope *s = NEW(b->c, KScope);
  s->up = up;
  s->id = ++m->nscope;
  return s;
}

KSave k_goto(KBuild *b, KBlock *block, KScope *scope)
{
  KMemo *m = b->memo;
  KSave s = { b->block, m->scope };
  b->block = block;
  m->scope = scope;
  return s;
}

KSave k_into(KBuild *b, KBlock *block)
{
  KMemo *m = b->memo;
  return k_goto(b, block, k_scope(b, m->scope));
}

void k_back(KBuild *b, KSave s)
{
  KMemo *m = b->memo;
  b->block = s.block;
  m->scope = s.scope;
}

/* ---- numbering */

static uint64_t mix(uint64_t h, uint64_t v)
{
  h = (h ^ v) * 0x9e3779b97f4a7c15u;
  return h ^ h >> 29;
}

static bool uses_imm(KOp op) { return op == K_CONST || op == K_PARAM || op == K_LANE; }
static bool is_shared(const KInst *i) { return i->type.elem == T_WINT && i->op != K_LOAD; }

static uint64_t inst_hash(const KInst *i, const KMemo *m)
{
  uint64_t h = mix((uint64_t)i->op * 64 + (uint64_t)i->type.elem, (uint64_t)i->type.lanes * 4096 + (uint64_t)i->fn * 8 + (uint64_t)i->mode);
  for (int k = 0; k < 3; k++)
    h = mix(h, i->a[k] ? (uint64_t)i->a[k]->id + 1 : 0);
  if (uses_imm(i->op)) {
    uint64_t f;
    memcpy(&f, &i->f, sizeof f);
    h = mix(mix(h, (uint64_t)i->imm), f);
  }
  if (i->op == K_LOAD || i->op == K_GATHER) {
    h = mix(mix(h, (uint64_t)i->addr.buf), (uint64_t)i->addr.c);
    h = mix(h, i->addr.buf < m->nversion ? (uint64_t)m->version[i->addr.buf] : 0);
    for (int k = 0; k < i->addr.nterm; k++)
      h = mix(mix(h, (uint64_t)i->addr.term[k].v->id), (uint64_t)i->addr.term[k].k);
  }
  return is_shared(i) ? h : mix(h, (uint64_t)m->scope->id);
}

static bool addr_equal(const KAddr *x, const KAddr *y)
{
  if (x->buf != y->buf || x->c != y->c || x->nterm != y->nterm) return false;
  for (int k = 0; k < x->nterm; k++)
    if (x->term[k].v != y->term[k].v || x->term[k].k != y->term[k].k) return false;
  return true;
}

static bool inst_equal(const KInst *x, const KInst *y)
{
  if (x->op != y->op || x->type.elem != y->type.elem || x->type.lanes != y->type.lanes || x->fn != y->fn || x->mode != y->mode || x->vl != y->vl) return false;
  if (x->a[0] != y->a[0] || x->a[1] != y->a[1] || x->a[2] != y->a[2]) return false;
  if (uses_imm(x->op) && (x->imm != y->imm || memcmp(&x->f, &y->f, sizeof x->f) != 0)) return false;
  return (x->op != K_LOAD && x->op != K_GATHER) || addr_equal(&x->addr, &y->addr);
}

static bool can_number(const KInst *i)
{
  switch (i->op) {
  case K_CONST: case K_PARAM: case K_FN: case K_CAST: case K_BCAST: case K_IOTA: case K_PREFIX: case K_HRED: case K_LANE: case K_LOAD: case K_GATHER: break;
  default: return false;
  }
  for (int k = 0; k < 3; k++)
    if (i->a[k] && i->a[k]->op == K_VAR) return false;
  return true;
}

static bool visible(const KScope *s, const KScope *from)
{
  while (from && from != s) from = from->up;
  return from != NULL;
}

static void memo_grow(KBuild *b, KMemo *m)
{
  KEntry *old = m->at;
  int n = m->cap;
  m->cap *= 2;
  m->at = NEWN(b->c, KEntry, m->cap);
  for (int k = 0; k < n; k++) {
    if (!old[k].inst) continue;
    uint64_t h = old[k].hash;
    while (m->at[h & (uint64_t)(m->cap - 1)].inst) h++;
    m->at[h & (uint64_t)(m->cap - 1)] = old[k];
  }
}

/* The slot of a value equal to *i, or a free one. */
static KEntry *memo_slot(KMemo *m, const KInst *i, uint64_t hash)
{
  uint64_t h = hash, mask = (uint64_t)(m->cap - 1);
  while (m->at[h & mask].inst && !(m->at[h & mask].hash == hash && inst_equal(m->at[h & mask].inst, i))) h++;
  return &m->at[h & mask];
}

KInst *k_emit(KBuild *b, KInst proto)
{
  KInst *i = NEW(b->c, KInst);
  *i = proto;
  i->id = b->c->nid++;
  if (!i->vl) i->vl = b->vl;
  PUSH(b->c, *b->block, i);
  return i;
}

KInst *k_put(KBuild *b, KInst proto)
{
  KMemo *m = b->memo;
  if (!m || !can_number(&proto)) return k_emit(b, proto);
  if (!proto.vl) proto.vl = b->vl;
  uint64_t h = inst_hash(&proto, m);
  KEntry *e = memo_slot(m, &proto, h);
  if (e->inst && visible(e->scope, m->scope)) return e->inst;
  if (!e->inst && ++m->n * 2 > m->cap) {
    memo_grow(b, m);
    e = memo_slot(m, &proto, h);
  }
  KInst *i = k_emit(b, proto);
  *e = (KEntry){ h, i, m->scope };
  return i;
}

void k_stored(KBuild *b, int buf)
{
  KMemo *m = b->memo;
  if (buf >= m->nversion) {
    int n = buf + 64, *v = NEWN(b->c, int, n);
    if (m->nversion) memcpy(v, m->version, sizeof *v * (size_t)m->nversion);
    m->version = v;
    m->nversion = n;
  }
  m->version[buf]++;
}

/* ---- values */

KInst *k_const(KBuild *b, KType t, double f, int64_t i)
{
  bool fl = t.elem == T_WFLOAT || type_is_float(t.elem);
  return k_put(b, (KInst){ .op = K_CONST, .type = t, .f = fl ? f : 0, .imm = fl ? 0 : i });
}

KInst *k_int(KBuild *b, int64_t v) { return k_const(b, ktype(T_WINT, 1), 0, v); }

KInst *k_bcast(KBuild *b, KInst *x, int lanes)
{
  if (x->type.lanes == lanes) return x;
  if (x->op == K_CONST) return k_const(b, ktype(x->type.elem, lanes), x->f, x->imm);
  return k_put(b, (KInst){ .op = K_BCAST, .type = { x->type.elem, lanes }, .a = { x } });
}

KInst *k_prefix(KBuild *b, KInst *n, int lanes) { return k_put(b, (KInst){ .op = K_PREFIX, .type = { T_BOOL, lanes }, .a = { n } }); }

static bool gives_bool(KFn fn) { return (fn >= KF_EQ && fn <= KF_GE) || fn == KF_ISNAN; }

KInst *k_fn(KBuild *b, KFn fn, KInst *x, KInst *y, KInst *z)
{
  KInst *a[3] = { x, y, z };
  int lanes = 1;
  for (int k = 0; k < kfn_info[fn].arity; k++)
    if (a[k]->type.lanes != 1) lanes = a[k]->type.lanes;
  if (lanes == 1 && x->type.elem == T_WINT && kfn_info[fn].arity <= 2 && !gives_bool(fn)) return k_ifn(b, fn, x, y);
  for (int k = 0; k < kfn_info[fn].arity; k++)
    a[k] = k_bcast(b, a[k], lanes);
  KType t = { gives_bool(fn) ? T_BOOL : fn == KF_SELECT ? a[1]->type.elem : a[0]->type.elem, lanes };
  return k_put(b, (KInst){ .op = K_FN, .fn = fn, .type = t, .a = { a[0], a[1], a[2] } });
}

KInst *k_cast(KBuild *b, Convert mode, Type t, KInst *x)
{
  if (x->type.elem == t) return x;
  if (x->op == K_CONST && x->type.elem == T_WINT && mode == CV_PLAIN) return k_const(b, ktype(t, x->type.lanes), (double)x->imm, x->imm);
  KInst *v = k_put(b, (KInst){ .op = K_CAST, .mode = mode, .type = { t, x->type.lanes }, .a = { x } });
  return v;
}

/* ---- index arithmetic */

static int64_t floor_quo(int64_t a, int64_t b)
{
  if (b == 0) return 0;
  int64_t q = a / b;
  return q - ((a % b != 0) && ((a < 0) != (b < 0)));
}

#define UNKNOWN_LO (-((int64_t)1 << 40))
#define UNKNOWN_HI ((int64_t)1 << 40)

void k_range(const KBuild *b, const KInst *v, int64_t *lo, int64_t *hi)
{
  *lo = UNKNOWN_LO;
  *hi = UNKNOWN_HI;
  if (v->op == K_CONST) *lo = *hi = v->imm;
  else if (v->op == K_LOOP) *lo = 0, *hi = v->imm - 1;
  else if (v->op == K_PARAM) *lo = b->m->graph->dim[v->imm]->lo, *hi = b->m->graph->dim[v->imm]->hi;
  else if (v->type.elem == T_WINT && (v->imm || v->f != 0)) *lo = (int64_t)v->f, *hi = v->imm;
}

static bool fold(KFn fn, int64_t x, int64_t y, int64_t *r)
{
  switch (fn) {
  case KF_ADD: *r = x + y; return true;
  case KF_SUB: *r = x - y; return true;
  case KF_MUL: *r = x * y; return true;
  case KF_DIV: *r = floor_quo(x, y); return true;
  case KF_MOD: *r = y ? x - y * floor_quo(x, y) : 0; return true;
  case KF_MIN: *r = x < y ? x : y; return true;
  case KF_MAX: *r = x > y ? x : y; return true;
  case KF_NEG: *r = -x; return true;
  default: return false;
  }
}

/* The range of fn over the ranges of its arguments, by its corners; all of these are monotonic in each argument. */
static void set_range(KBuild *b, KInst *v, KInst *x, KInst *y)
{
  int64_t xl, xh, yl = 0, yh = 0, r[4];
  k_range(b, x, &xl, &xh);
  if (y) k_range(b, y, &yl, &yh);
  if (xl == UNKNOWN_LO || xh == UNKNOWN_HI || yl == UNKNOWN_LO || yh == UNKNOWN_HI) return;
  if (v->fn == KF_MOD) {
    if (yl == yh && yl > 0) v->f = 0, v->imm = yl - 1;
    return;
  }
  if (v->fn == KF_DIV && yl <= 0) return;
  if (!fold(v->fn, xl, yl, r) || !fold(v->fn, xl, yh, r + 1) || !fold(v->fn, xh, yl, r + 2) || !fold(v->fn, xh, yh, r + 3)) return;
  int64_t lo = r[0], hi = r[0];
  for (int k = 1; k < 4; k++) lo = r[k] < lo ? r[k] : lo, hi = r[k] > hi ? r[k] : hi;
  v->f = (double)lo;
  v->imm = hi;
}

/* x where fn leaves it alone, or NULL. */
static KInst *idle(KFn fn, KInst *x, KInst *y)
{
  bool zero = y && y->op == K_CONST && y->imm == 0, one = y && y->op == K_CONST && y->imm == 1;
  if ((fn == KF_ADD || fn == KF_SUB) && zero) return x;
  if ((fn == KF_MUL || fn == KF_DIV) && one) return x;
  if (fn == KF_ADD && x->op == K_CONST && x->imm == 0) return y;
  return NULL;
}

KInst *k_ifn(KBuild *b, KFn fn, KInst *x, KInst *y)
{
  int64_t r;
  if (x->op == K_CONST && (!y || y->op == K_CONST) && fold(fn, x->imm, y ? y->imm : 0, &r)) return k_int(b, r);
  KInst *same = idle(fn, x, y);
  if (same) return same;
  if (fn == KF_MIN || fn == KF_MAX) {
    int64_t xl, xh, yl, yh;
    k_range(b, x, &xl, &xh);
    k_range(b, y, &yl, &yh);
    if (xh <= yl) return fn == KF_MIN ? x : y;
    if (yh <= xl) return fn == KF_MIN ? y : x;
  }
  KInst *v = k_put(b, (KInst){ .op = K_FN, .fn = fn, .type = { T_WINT, 1 }, .a = { x, y } });
  set_range(b, v, x, y);
  return v;
}
