/* The lowering's entry: kernels one after another, then what a call leaves behind, then NAME_init.
 *
 *   graph (scheduled, planned) -> KModule { buffers, one KFunc a kernel, init, constants }
 *
 * Buffers: the arguments in order, then constants, state and scratch as they are met; a kernel's own scratch lies after all planned scratch.
 */
#include "lower.h"
#include <string.h>

static int64_t up_to(int64_t n, int64_t m) { return (n + m - 1) / m * m; }

static void argument_buffers(Lower *L)
{
  Graph *g = L->g;
  for (int k = 0; k < g->nin + g->nout; k++) {
    Tensor *t = k < g->nin ? g->in[k] : g->out[k - g->nin];
    bool out = k >= g->nin;
    KBuf b = { .name = t->name, .kind = out ? KB_OUT : KB_IN, .elem = mem_type(t->type), .arg = k, .bytes = tensor_size(t) * type_bytes(t->type), .readonly = !out };
    lmap_put(L->c, &L->bufof, t, (void *)(intptr_t)(buf_add(L, b) + 1));
  }
}

/* ---- a function */

static KFunc *func_begin(Lower *L, const char *name, const char *label)
{
  KFunc *f = NEW(L->c, KFunc);
  KMemo *m = k_memo(L->c);
  f->name = name;
  f->label = label;
  L->f = f;
  L->b = (KBuild){ .c = L->c, .target = L->t, .m = L->m, .block = &f->body, .memo = m };
  m->scope = k_scope(&L->b, NULL);
  L->param = NEWN(L->c, KInst *, L->g->ndim + 1);
  for (int k = 0; k < L->g->ndim; k++) L->param[k] = k_emit(&L->b, (KInst){ .op = K_PARAM, .type = { T_WINT, 1 }, .imm = k });
  L->tensors = L->reads = L->ors = (LMap){ 0 };
  L->nall = L->neq = 0;
  L->marks = NULL;
  L->slides = NULL;
  L->block = L->top = L->depth = 0;
  L->nid0 = L->c->nid;
  memset(&L->hists, 0, sizeof L->hists);
  memset(&L->lens, 0, sizeof L->lens);
  memset(&L->loops, 0, sizeof L->loops);
  return f;
}

static void stores_external(Lower *L, LEq *const *eqs, int n)
{
  for (int k = 0; k < n; k++) {
    if (eqs[k]->out->external) eqs[k]->out->store = store_external(L, eqs[k]->out);
    for (int i = 0; i < eqs[k]->nread; i++) {
      LTensor *t = eqs[k]->read[i]->t;
      if (t->external && !t->store) t->store = store_external(L, t);
    }
  }
}

/* ---- estimates: a stream counts as one frame, other symbolic dimensions at their most */

static double index_count(const Index *x) { return x->ext.dim && x->ext.dim->stream ? 1 : (double)extent_max(x->ext); }

static bool count_fn(const Expr *e, void *arg)
{
  double *n = arg;
  if (e->type != T_WINT && (e->kind == E_FN || e->kind == E_SELECT || e->kind == E_CONVERT)) ++*n;
  return true;
}

static double eq_flops(const LEq *e)
{
  double free = 1, all = 1, body = 0, init = 0;
  for (int k = 0; k < e->n; k++) {
    double n = index_count(e->ix[k]);
    all *= n;
    if (k < e->nfree) free *= n;
  }
  expr_walk(e->body, count_fn, &body);
  if (e->init) expr_walk(e->init, count_fn, &init);
  return e->red ? all * (body + 1) + free * init : free * body;
}

static double tensor_bytes(const Tensor *t)
{
  double n = type_bytes(t->type);
  for (int d = 0; d < t->rank; d++) n *= t->shape[d].dim && t->shape[d].dim->stream ? 1 : (double)extent_max(t->shape[d]);
  return n;
}

static void estimate(Lower *L)
{
  for (int k = 0; k < L->neq; k++) {
    L->f->flops += eq_flops(L->eq[k]);
    const LTensor *t = L->eq[k]->out;
    if (t->external) L->f->bytes += tensor_bytes(t->t);
  }
  for (int k = 0; k < L->tensors.cap; k++) {
    const LTensor *t = L->tensors.val[k];
    if (L->tensors.key[k] && t->external && !t->nwriter) L->f->bytes += tensor_bytes(t->t);
  }
}

/* ---- kernels */

static KFunc *lower_kernel(Lower *L, Kernel *k)
{
  KFunc *f = func_begin(L, k->name, k->label);
  L->k = k;
  f->pos = k->pos;
  if (!k->tree) tree_error(L, k->pos, NULL, "it has no schedule");
  if (!lower_resolve(L)) return NULL;
  stores_external(L, L->eq, L->neq);
  lower_body(L, k->tree, NULL, true);
  estimate(L);
  kir_finish(L->c, L->m, L->bufs.at, f);
  return f;
}

/* ---- state <- next, when all kernels have run */

static bool is_waiting(const Tensor *t) { return t->kind == TK_STATE && t->next; }

static bool same_place(const Lower *L, int a, int b)
{
  return L->bufs.at[a].kind == L->bufs.at[b].kind && L->bufs.at[a].offset == L->bufs.at[b].offset && L->bufs.at[a].kind != KB_IN && L->bufs.at[a].kind != KB_OUT;
}

static int temporary(Lower *L, const Tensor *t)
{
  int64_t bytes = tensor_size(t) * type_bytes(t->type);
  KBuf b = { .name = t->name, .kind = KB_SCRATCH, .elem = mem_type(t->type), .arg = BUF_LOCAL, .offset = up_to(L->top, 64), .bytes = bytes };
  L->top = b.offset + bytes;
  if (L->top > L->peak) L->peak = L->top;
  return buf_add(L, b);
}

/* First every next that is itself a state about to change is put aside. */
static void next_state(Lower *L)
{
  Graph *g = L->g;
  int *aside = NEWN(L->c, int, g->ntensor + 1);
  for (int k = 0; k < g->ntensor; k++) {
    Tensor *t = g->tensor[k];
    aside[k] = -1;
    if (!is_waiting(t) || !is_waiting(t->next)) continue;
    aside[k] = temporary(L, t);
    copy_buffer(L, aside[k], tensor_buffer(L, t->next), tensor_size(t));
  }
  for (int k = 0; k < g->ntensor; k++) {
    Tensor *t = g->tensor[k];
    if (!is_waiting(t)) continue;
    int to = tensor_buffer(L, t), from = aside[k] >= 0 ? aside[k] : tensor_buffer(L, t->next);
    if (!same_place(L, to, from)) copy_buffer(L, to, from, tensor_size(t));
  }
}

static KFunc *lower_next_state(Lower *L)
{
  bool any = false;
  for (int k = 0; k < L->g->ntensor; k++) any |= is_waiting(L->g->tensor[k]);
  if (!any) return NULL;
  KFunc *f = func_begin(L, "next", "state");
  next_state(L);
  kir_finish(L->c, L->m, L->bufs.at, f);
  return f;
}

/* ---- NAME_init */

static void zero_state(Lower *L, int64_t bytes)
{
  int w = target_lanes(L->t, 4);
  if (!bytes) return;
  int buf = buf_add(L, (KBuf){ .name = "state", .kind = KB_STATE, .elem = T_I32, .arg = -1, .bytes = up_to(bytes, 64) });
  int64_t n = up_to(bytes, 64) / 4 / w;
  KSave s;
  KInst *v = loop_begin(L, k_int(&L->b, n), n, KL_SERIAL, &s);
  KAddr a = { .buf = buf, .nterm = 1, .term = NEWN(L->c, KTerm, 1) };
  a.term[0] = (KTerm){ v, w };
  KInst *zero = k_const(&L->b, ktype(T_I32, w), 0, 0);
  k_emit(&L->b, (KInst){ .op = K_STORE, .type = { T_I32, w }, .a = { NULL, zero, NULL }, .addr = a });
  loop_end(L, v, s);
}

static Tree *init_leaf(Lower *L, const Tensor *t)
{
  Tree *f = NEW(L->c, Tree);
  f->kind = TREE_LEAF;
  f->name = t->name;
  f->leaf = NEWN(L->c, LeafDim, t->rank + 1);
  for (int d = 0; d < t->rank; d++) f->leaf[f->nleaf++] = (LeafDim){ t->init_index[d]->name, LEAF_SERIAL, 1 };
  return f;
}

/* The initial expression as an equation over the frames first .. first + n - 1 (or the whole state), into storage s. */
static void init_fill(Lower *L, Tensor *t, LStore *s, int64_t first, int64_t n)
{
  Eq *q = NEW(L->c, Eq);
  LDim *reg = NEWN(L->c, LDim, t->rank + 1);
  *q = (Eq){ .out = t, .free = t->init_index, .nfree = t->rank, .rhs = t->init, .pos = t->pos, .place = NEWN(L->c, Expr *, t->rank + 1) };
  for (int d = 0; d < t->rank; d++) {
    q->place[d] = expr_index(L->c, t->init_index[d]);
    reg[d] = (LDim){ .ext = extent_max(t->shape[d]) };
    if (n && d == t->stream_dim) reg[d] = (LDim){ .base = laff_int(first), .ext = n };
  }
  LEq *e = resolve_eq(L, q);
  LEq *one[1] = { e };
  stores_external(L, one, 1);
  e->out->store = s;
  e->leaf = init_leaf(L, t);
  lower_leaf(L, e, e->leaf, reg);
}

static bool is_zero(const Expr *e) { return !e || (expr_is_const(e) && expr_number(e) == 0); }

static void init_history(Lower *L, const LHist *h)
{
  Tensor *t = h->t->t;
  if (is_zero(t->init)) return;
  LStore *s = NEW(L->c, LStore);
  *s = *h->store;
  s->hist = NULL;
  s->base = NEWN(L->c, LAff, t->rank + 1);
  s->base[t->stream_dim] = laff_int(h->ring ? -h->len : -h->h);
  init_fill(L, t, s, -h->h, h->h);
}

static KFunc *lower_init(Lower *L)
{
  KFunc *f = func_begin(L, "init", "state");
  Kernel *k = NEW(L->c, Kernel);
  k->name = "init";
  L->k = k;
  zero_state(L, L->state);
  for (int i = 0; i < L->allhists.n; i++) init_history(L, L->allhists.at[i]);
  for (int i = 0; i < L->g->ntensor; i++) {
    Tensor *t = L->g->tensor[i];
    if (t->kind != TK_STATE || is_zero(t->init) || !t->init_index) continue;
    LTensor x = { .t = t, .external = true };
    init_fill(L, t, store_external(L, &x), 0, 0);
  }
  kir_finish(L->c, L->m, L->bufs.at, f);
  return f;
}

/* ---- all of it */

static void place_buffers(Lower *L)
{
  int64_t own = up_to(L->scratch0, 64);
  for (int k = 0; k < L->bufs.n; k++) {
    KBuf *b = &L->bufs.at[k];
    if (b->arg != BUF_LOCAL) continue;
    b->arg = -1;
    b->offset += own;
  }
  L->m->scratch_bytes = up_to(own + L->peak, 64);
  L->m->state_bytes = up_to(L->state, 64);
  L->m->buf = L->bufs.at;
  L->m->nbuf = L->bufs.n;
}

static bool kernels(Lower *L)
{
  KModule *m = L->m;
  m->kernel = NEWN(L->c, KFunc *, L->g->nkernel + 2);
  for (int k = 0; k < L->g->nkernel; k++) {
    KFunc *f = lower_kernel(L, L->g->kernel[k]);
    if (!f) return false;
    m->kernel[m->nkernel++] = f;
  }
  KFunc *next = lower_next_state(L);
  if (next) m->kernel[m->nkernel++] = next;
  return true;
}

typedef struct Job { Graph *g; const Target *t; KModule *m; } Job;

static int lower_all(Ctx *c, void *arg)
{
  Job *j = arg;
  Lower *L = NEW(c, Lower);
  *L = (Lower){ .c = c, .g = j->g, .t = j->t, .m = NEW(c, KModule), .scratch0 = j->g->scratch_bytes, .state = j->g->state_bytes };
  if (!graph_eval_constants(c, j->g)) return 1;
  L->m->name = j->g->name;
  L->m->target = j->t;
  L->m->graph = j->g;
  argument_buffers(L);
  if (!kernels(L)) return 1;
  L->m->init = lower_init(L);
  place_buffers(L);
  if (c->opt.verify && !kir_verify(c, L->m)) return 1;
  j->m = L->m;
  return 0;
}

KModule *lower(Ctx *c, Graph *g, const Target *t)
{
  Job j = { g, t, NULL };
  return ctx_try(c, lower_all, &j) == 0 ? j.m : NULL;
}
