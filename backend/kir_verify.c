/* The kernel IR's invariants, as rows: what an instruction's arguments must be. A broken one is an error of ours, with function and number.
 *
 * Beside the rows: a value is used after its definition and inside its block; addresses are of known buffers, their terms are indices; only variables
 * are set; read-only buffers are not stored to. */
#include "lower.h"

typedef struct Check { Ctx *c; const KModule *m; const KFunc *f; bool *live; } Check;

static bool has_type(const KInst *v, Type elem, int lanes) { return v && ktype_same(v->type, ktype(elem, lanes)); }
static bool is_index(const KInst *v) { return has_type(v, T_WINT, 1); }
static bool same_type(const KInst *v, KType t) { return has_type(v, t.elem, t.lanes); }
static bool same_elem(const KInst *v, KType t) { return v && v->type.elem == t.elem; }
static const char *check_fn(const KInst *i) {
  int n = kfn_info[i->fn].arity, first = i->fn == KF_SELECT;
  for (int k = 0; k < 3; k++) if (!i->a[k] != (k >= n)) return k < n ? "an argument is missing" : "too many arguments";
  KType t = i->a[first]->type; bool dot = kfn_typed(i->fn) == 2;
  if (dot) return !has_type(i->a[0], T_I32, i->type.lanes) || !has_type(i->a[1], T_I32, i->type.lanes) ? "it multiplies words" :
                  same_type(i->a[2], i->type) ? NULL : "it adds to another type";
  if (first && !has_type(i->a[0], T_BOOL, i->type.lanes)) return "select wants a mask of as many lanes";
  for (int k = first; k < n; k++) if (!same_type(i->a[k], t)) return "arguments of different types";
  if (i->type.lanes != t.lanes) return "the lanes differ from the arguments'";
  return i->type.elem == (kfn_is_test(i->fn) ? T_BOOL : t.elem) ? NULL : "the element type is not the function's";
}

static const char *check_value(const KInst *i) {
  const KInst *a = i->a[0], *b = i->a[1];
  switch (i->op) {
  case K_CONST: case K_PARAM: case K_IOTA: return !a ? NULL : "takes no argument";
  case K_FN: return check_fn(i);
  case K_CAST: return a && a->type.lanes == i->type.lanes ? NULL : "cast keeps the lanes";
  case K_BCAST: return has_type(a, i->type.elem, 1) ? NULL : "bcast wants a scalar of its element type";
  case K_PREFIX: return is_index(a) && i->type.elem == T_BOOL ? NULL : "prefix wants an index and gives a mask";
  case K_HRED: return same_elem(a, i->type) && i->type.lanes == 1 ? NULL : "hred gives a scalar of the argument's type";
  case K_LANE: return same_elem(a, i->type) && i->imm >= 0 && i->imm + i->type.lanes <= a->type.lanes ? NULL : "lane is outside of the vector";
  case K_TABLE: return has_type(a, T_I32, i->type.lanes) && i->table ? NULL : "table wants i32 lanes";
  case K_WEAVE: return same_type(a, i->type) && same_type(b, i->type) ? NULL : "weave wants two vectors of its type";
  case K_VAR: return same_type(a, i->type) ? NULL : "a variable starts as a value of its type";
  case K_SET: return a && a->op == K_VAR && same_type(b, a->type) ? NULL : "set wants a variable and a value of its type";
  case K_LOOP: return is_index(a) && i->type.elem == T_WINT ? NULL : "loop wants an index";
  case K_IF: return has_type(a, T_BOOL, 1) ? NULL : "if wants a scalar bool";
  default: return NULL;
  }
}

static const char *check_memory(const KModule *m, const KInst *i) {
  bool store = i->op == K_STORE || i->op == K_SCATTER, spread = i->op == K_GATHER || i->op == K_SCATTER;
  if (i->addr.buf < 0 || i->addr.buf >= m->nbuf) return "no such buffer";
  for (int k = 0; k < i->addr.nterm; k++) if (!is_index(i->addr.term[k].v)) return "an address term is no index";
  if (i->op == K_PREFETCH) return NULL;
  if (i->a[0] && !has_type(i->a[0], T_BOOL, i->type.lanes)) return "the mask has other lanes";
  bool words = i->op == K_LOAD && i->type.elem == T_I32 && type_bytes(m->buf[i->addr.buf].elem) < 4;
  if (i->type.elem != m->buf[i->addr.buf].elem && !words) return "the element type is not the buffer's";
  if (store && !same_type(i->a[1], i->type)) return "what is stored has another type";
  if (store && m->buf[i->addr.buf].readonly) return "the buffer is read only";
  return !spread || has_type(i->a[i->op == K_GATHER ? 1 : 2], T_I32, i->type.lanes) ? NULL : "offsets are not i32 lanes";
}

static const char *check_inst(const Check *k, const KInst *i) {
  for (int a = 0; a < 3; a++) if (i->a[a] && !k->live[i->a[a]->id]) return "an argument is not visible here";
  for (int a = 0; a < i->addr.nterm; a++) if (!k->live[i->addr.term[a].v->id]) return "an address term is not visible here";
  return kop_is_memory(i->op) ? check_memory(k->m, i) : check_value(i);
}
static bool check_block(Check *k, const KBlock *b) {
  bool ok = true;
  for (int n = 0; n < b->n && ok; n++) {
    const KInst *i = b->at[n]; const char *why = check_inst(k, i);
    if (why) diag_error(k->c, k->f->pos, "internal error: kernel %s, %%%d: %s", k->f->name, i->id, why);
    k->live[i->id] = true; ok = !why && check_block(k, &i->body) && check_block(k, &i->other);
  }
  EACH_INST(i, b) k->live[i->id] = false;
  return ok;
}

bool kir_verify(Ctx *c, const KModule *m) {
  bool ok = true;
  for (int k = 0; k <= m->nkernel; k++) {
    const KFunc *f = k < m->nkernel ? m->kernel[k] : m->init; Check check = { c, m, f, NEWN(c, bool, f->nvalue + 1) };
    ok &= f->same || check_block(&check, &f->body);
  }
  return ok;
}
