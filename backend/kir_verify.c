/* The kernel IR's invariants, as rows: what an instruction's arguments must be. A broken one is an error of ours, with the function and the
 * instruction's number.
 *
 * Beside the rows: a value is used after its definition and inside its block; addresses are of known buffers, their terms are indices; only
 * variables are set; read-only buffers are not stored to.
 */
#include "lower.h"

typedef struct Check { Ctx *c; const KModule *m; const KFunc *f; uint8_t *live; const char *why; } Check;

static bool is_index(const KInst *v) { return v && v->type.elem == T_WINT && v->type.lanes == 1; }
static bool is_mask(const KInst *v, int lanes) { return v && v->type.elem == T_BOOL && v->type.lanes == lanes; }
static bool same_type(KType a, KType b) { return a.elem == b.elem && a.lanes == b.lanes; }

static const char *check_fn(const KInst *i)
{
  int n = kfn_info[i->fn].arity, first = i->fn == KF_SELECT;
  for (int k = 0; k < n; k++)
    if (!i->a[k]) return "an argument is missing";
  for (int k = n; k < 3; k++)
    if (i->a[k]) return "too many arguments";
  if (first && !is_mask(i->a[0], i->type.lanes)) return "select wants a mask of as many lanes";
  for (int k = first; k < n; k++)
    if (!same_type(i->a[k]->type, i->a[first]->type)) return "arguments of different types";
  bool test = (i->fn >= KF_EQ && i->fn <= KF_GE) || i->fn == KF_ISNAN;
  if (i->type.lanes != i->a[first]->type.lanes) return "the lanes differ from the arguments'";
  if (i->type.elem != (test ? T_BOOL : i->a[first]->type.elem)) return "the element type is not the function's";
  return NULL;
}

static const char *check_value(const KInst *i)
{
  switch (i->op) {
  case K_CONST: case K_PARAM: case K_IOTA: return i->a[0] ? "takes no argument" : NULL;
  case K_FN: return check_fn(i);
  case K_CAST: return !i->a[0] || i->a[0]->type.lanes != i->type.lanes ? "cast keeps the lanes" : NULL;
  case K_BCAST: return !i->a[0] || i->a[0]->type.lanes != 1 || i->a[0]->type.elem != i->type.elem ? "bcast wants a scalar of its element type" : NULL;
  case K_PREFIX: return !is_index(i->a[0]) || i->type.elem != T_BOOL ? "prefix wants an index and gives a mask" : NULL;
  case K_HRED: return !i->a[0] || i->type.lanes != 1 || i->a[0]->type.elem != i->type.elem ? "hred gives a scalar of the argument's type" : NULL;
  case K_LANE: return !i->a[0] || i->imm < 0 || i->imm >= i->a[0]->type.lanes || i->a[0]->type.elem != i->type.elem ? "lane is outside of the vector" : NULL;
  case K_VAR: return !i->a[0] || !same_type(i->a[0]->type, i->type) ? "a variable starts as a value of its type" : NULL;
  case K_SET: return !i->a[0] || !i->a[1] || i->a[0]->op != K_VAR || !same_type(i->a[0]->type, i->a[1]->type) ? "set wants a variable and a value of its type" : NULL;
  case K_LOOP: return !is_index(i->a[0]) || i->type.elem != T_WINT ? "loop wants an index" : NULL;
  case K_IF: return !is_mask(i->a[0], 1) ? "if wants a scalar bool" : NULL;
  default: return NULL;
  }
}

static const char *check_memory(const KModule *m, const KInst *i)
{
  bool store = i->op == K_STORE || i->op == K_SCATTER;
  if (i->addr.buf < 0 || i->addr.buf >= m->nbuf) return "no such buffer";
  for (int k = 0; k < i->addr.nterm; k++)
    if (!is_index(i->addr.term[k].v)) return "an address term is no index";
  if (i->op == K_PREFETCH) return NULL;
  if (i->a[0] && !is_mask(i->a[0], i->type.lanes)) return "the mask has other lanes";
  if (i->type.elem != m->buf[i->addr.buf].elem) return "the element type is not the buffer's";
  if (store && (!i->a[1] || !same_type(i->a[1]->type, i->type))) return "what is stored has another type";
  if (store && m->buf[i->addr.buf].readonly) return "the buffer is read only";
  const KInst *off = i->op == K_GATHER ? i->a[1] : i->op == K_SCATTER ? i->a[2] : NULL;
  if (off && (off->type.elem != T_I32 || off->type.lanes != i->type.lanes)) return "offsets are i32 lanes";
  if ((i->op == K_GATHER || i->op == K_SCATTER) && !off) return "offsets are missing";
  return NULL;
}

static bool is_memory(KOp op) { return op == K_LOAD || op == K_STORE || op == K_GATHER || op == K_SCATTER || op == K_PREFETCH; }

static const char *check_live(const Check *k, const KInst *i)
{
  for (int a = 0; a < 3; a++)
    if (i->a[a] && !k->live[i->a[a]->id]) return "an argument is not visible here";
  for (int a = 0; a < i->addr.nterm; a++)
    if (!k->live[i->addr.term[a].v->id]) return "an address term is not visible here";
  return NULL;
}

static bool check_block(Check *k, const KBlock *b)
{
  bool ok = true;
  for (int n = 0; n < b->n && ok; n++) {
    const KInst *i = b->at[n];
    const char *why = check_live(k, i);
    if (!why) why = is_memory(i->op) ? check_memory(k->m, i) : check_value(i);
    if (why) {
      diag_error(k->c, k->f->pos, "internal error: kernel %s, %%%d: %s", k->f->name, i->id, why);
      return false;
    }
    k->live[i->id] = 1;
    ok = check_block(k, &i->body) && check_block(k, &i->other);
  }
  for (int n = 0; n < b->n; n++) k->live[b->at[n]->id] = 0;
  return ok;
}

static bool check_func(Ctx *c, const KModule *m, KFunc *f)
{
  if (!f) return true;
  Check k = { .c = c, .m = m, .f = f, .live = NEWN(c, uint8_t, kir_values(&f->body) + 1) };
  return check_block(&k, &f->body);
}

bool kir_verify(Ctx *c, const KModule *m)
{
  bool ok = true;
  for (int k = 0; k < m->nkernel; k++) ok &= check_func(c, m, m->kernel[k]);
  return check_func(c, m, m->init) && ok;
}
