/* The lowering's entry: kernels one after another, then what a call leaves behind, then NAME_init.
 *
 *   graph (scheduled, planned) -> KModule { buffers, one KFunc a kernel, init, constants }
 *
 * Buffers: the arguments in order, then constants, state and scratch as they are met; a kernel's own scratch lies after all planned scratch. */
#include "lower.h"

/* Starts L afresh, but for what the module shares. */
static KFunc *func_begin(Lower *L, const Kernel *k) {
  KFunc *f = NEW_AS(L->c, KFunc, .name = k->name, .label = k->label, .pos = k->pos); KMemo *m = k_memo(L->c);
  *L = (Lower){ .c = L->c, .g = L->g, .t = L->t, .m = L->m, .s = L->s, .k = k, .f = f, .nid0 = L->c->nid, .open = NEWN(L->c, LOpen *, 1) };
  L->b = (KBuild){ .c = L->c, .target = L->t, .m = L->m, .block = &f->body, .memo = m };
  m->scope = k_scope(&L->b, NULL); L->param = NEWN(L->c, KInst *, L->g->ndim + 1);
  for (int d = 0; d < L->g->ndim; d++) L->param[d] = k_emit(&L->b, (KInst){ .op = K_PARAM, .type = { T_WINT, 1 }, .imm = d });
  return f;
}
static void stores_external(Lower *L, const LEq *e) {
  if (e->out->external) e->out->store = store_external(L, e->out);
  EACH(LRead, r, e->read) if (r->t->external && !r->t->store) r->t->store = store_external(L, r->t);
}

/* ---- estimates: a stream counts as one frame, other symbolic dimensions at their most */
static double extent_count(Extent x) { return x.dim && x.dim->stream ? 1 : (double)extent_max(x); }
static bool count_fn(const Expr *e, void *arg) {
  *(double *)arg += e->type != T_WINT && (e->kind == E_FN || e->kind == E_SELECT); return true;
}
static double eq_flops(const LEq *e) {
  double free = 1, all = 1, body = 0, init = 0;
  for (int k = 0; k < e->n; k++) *(k < e->nfree ? &free : &all) *= extent_count(e->ix[k]->ext);
  expr_walk(e->body, count_fn, &body);
  if (e->init) expr_walk(e->init, count_fn, &init);
  return e->red ? free * all * (body + 1) + free * init : free * body;
}

static void estimate(Lower *L) {
  EACH(LEq, e, L->eq) L->f->flops += eq_flops(e);
  EACH(LTensor, t, L->all) {
    double n = t->external ? type_bytes(t->t->type) * (t->writer.n ? t->writer.n : 1) : 0;
    for (int d = 0; d < t->t->rank; d++) n *= extent_count(t->t->shape[d]);
    L->f->bytes += n;
  }
}

bool lower_tree(Lower *L, const Tree *t) {
  L->tree = t;
  if (!lower_resolve(L)) return false;
  EACH(LEq, e, L->eq) stores_external(L, e);
  return true;
}
/* From here on the kernel has the indices that its tree joins. */
static void join_indices(Lower *L, const Tree *t) {
  for (; t; join_indices(L, t->body), t = t->next)
    for (int i = -(t->kind == TREE_FOR); i < t->nleaf; i++) {
      const char *name = i < 0 ? t->name : t->leaf[i].index; const Kernel *k = strchr(name, '.') ? kernel_joined(L->c, L->k, name) : L->k;
      if (!k) tree_error(L, t->pos, NULL, "%s: not all places have these indices side by side in memory: give each a loop of its own", name);
      L->k = k;
    }
}
static KFunc *lower_kernel(Lower *L, Kernel *k) {
  KFunc *f = func_begin(L, k);
  if (!k->tree) tree_error(L, k->pos, NULL, "it has no schedule");
  join_indices(L, k->tree);
  Tree first = *k->tree; const Tree *small = first.loop == LOOP_STREAM ? first.next : NULL;
  if (small && small->kind == TREE_FOR && small->loop == LOOP_STREAM && !small->next) L->small = small, first.next = NULL;
  if (!lower_tree(L, &first)) return NULL;
  lower_body(L, &first, NULL, true); estimate(L); kir_finish(L->c, L->m, L->s.bufs.at, f);
  int n = L->m->nkernel; kir_split(L->c, L->m, L->s.bufs.at, f); f->whole = L->m->nkernel == n + 1 && !f->parallel; return f;
}

/* ---- state <- next, when all kernels have run */
static bool is_waiting(const Tensor *t) { return t->kind == TK_STATE && t->next; }
static bool same_place(const KBuf *a, const KBuf *b) { return a->kind == b->kind && a->offset == b->offset && a->kind != KB_IN && a->kind != KB_OUT; }
static int temporary(Lower *L, const Tensor *t) {
  int64_t bytes = tensor_bytes(t), at = l_take(&L->top, bytes);
  if (L->top > L->s.peak) L->s.peak = L->top;
  return buf_of(L, t, KB_SCRATCH, BUF_LOCAL, at, bytes);
}

/* First every next that is itself a state about to change is put aside. */
static void lower_next_state(Lower *L) {
  int *aside = NEWN(L->c, int, L->g->ntensor + 1); VEC(Tensor *) all = { 0 };
  for (int k = 0; k < L->g->ntensor; k++) if (is_waiting(L->g->tensor[k])) PUSH(L->c, all, L->g->tensor[k]);
  if (!all.n) return;
  KFunc *f = func_begin(L, &(Kernel){ .name = "next", .label = "state" });
  for (int k = 0; k < all.n; k++) {
    Tensor *t = all.at[k]; aside[k] = is_waiting(t->next) ? temporary(L, t) : -1;
    if (aside[k] >= 0) copy_buffer(L, aside[k], tensor_buffer(L, t->next), tensor_size(t));
  }
  for (int k = 0; k < all.n; k++) {
    int to = tensor_buffer(L, all.at[k]), from = aside[k] >= 0 ? aside[k] : tensor_buffer(L, all.at[k]->next);
    if (!same_place(&L->s.bufs.at[to], &L->s.bufs.at[from])) copy_buffer(L, to, from, tensor_size(all.at[k]));
  }
  kir_finish(L->c, L->m, L->s.bufs.at, f); kir_split(L->c, L->m, L->s.bufs.at, f);
}

/* ---- NAME_init */
static void zero_state(Lower *L) {
  int w = target_lanes(L->t, 4); int64_t bytes = up_to(L->s.state, 64), n = bytes / 4 / w;
  if (!bytes) return;
  int buf = buf_add(L, (KBuf){ .name = "state", .kind = KB_STATE, .elem = T_I32, .arg = -1, .bytes = bytes });
  KTerm *at = NEW_AS(L->c, KTerm, loop_begin(L, l_int(L, n), n, KL_SERIAL), w); KInst *zero = k_const(&L->b, ktype(T_I32, w), 0, 0);
  k_emit(&L->b, (KInst){ .op = K_STORE, .type = { T_I32, w }, .a = { NULL, zero }, .addr = { .buf = buf, .nterm = 1, .term = at } }); loop_end(L);
}

/* The initial expression as an equation over the frames first .. first + n - 1 (or the whole state), into storage s. */
static void init_fill(Lower *L, Tensor *t, LStore *s, int64_t first, int64_t n) {
  Eq *q = NEW(L->c, Eq); Tree *leaf = NEW(L->c, Tree); LDim *reg = NEWN(L->c, LDim, t->rank + 1);
  *q = (Eq){ .out = t, .free = t->init_index, .nfree = t->rank, .rhs = t->init, .pos = t->pos, .place = NEWN(L->c, Expr *, t->rank + 1) };
  *leaf = (Tree){ .kind = TREE_LEAF, .name = t->name, .leaf = NEWN(L->c, LeafDim, t->rank + 1), .nleaf = t->rank };
  for (int d = 0; d < t->rank; d++) {
    q->place[d] = expr_index(L->c, t->init_index[d]); leaf->leaf[d] = (LeafDim){ t->init_index[d]->name, LEAF_SERIAL, 1 };
    reg[d] = n && d == t->stream_dim ? (LDim){ .base = laff_int(first), .ext = n } : (LDim){ .ext = extent_max(t->shape[d]) };
  }
  LEq *e = resolve_eq(L, q);
  stores_external(L, e); e->out->store = s; e->leaf = leaf; lower_leaf(L, e, leaf, reg);
}

static bool is_zero(const Expr *e) { return !e || expr_number(e) == 0; }
static void init_history(Lower *L, const LHist *h) {
  Tensor *t = h->t->t;
  if (is_zero(t->init)) return;
  LStore *s = NEW(L->c, LStore);
  *s = *h->store; s->hist = NULL; s->box = NEWN(L->c, LDim, t->rank + 1);
  s->box[t->stream_dim].base = laff_int(-h->len); init_fill(L, t, s, -h->h, h->h);
}

static KFunc *lower_init(Lower *L) {
  KFunc *f = func_begin(L, &(Kernel){ .name = "init", .label = "state" }); zero_state(L);
  EACH(LHist, h, L->s.hists) init_history(L, h);
  for (int i = 0; i < L->g->ntensor; i++) {
    Tensor *t = L->g->tensor[i];
    if (t->kind == TK_STATE && !is_zero(t->init) && t->init_index) init_fill(L, t, store_external(L, &(LTensor){ .t = t, .external = true }), 0, 0);
  }
  kir_finish(L->c, L->m, L->s.bufs.at, f); return f;
}

typedef struct Job { Graph *g; const Target *t; KModule *m; } Job;

static int lower_all(Ctx *c, void *arg) {
  Job *j = arg; Graph *g = j->g; Lower *L = NEW(c, Lower); KModule *m = NEW(c, KModule);
  *L = (Lower){ .c = c, .g = g, .t = j->t, .m = m, .s.scratch0 = g->scratch_bytes, .s.state = g->state_bytes };
  if (!graph_eval_constants(c, g)) return 1;
  *m = (KModule){ .name = g->name, .target = j->t, .graph = g, .threads = c->opt.threads };
  for (int k = 0; k < g->nin + g->nout; k++) {
    Tensor *t = k < g->nin ? g->in[k] : g->out[k - g->nin];
    int buf = buf_of(L, t, k < g->nin ? KB_IN : KB_OUT, k, 0, tensor_bytes(t));
    map_put(c, &L->s.bufof, t, (void *)(intptr_t)(buf + 1));
  }
  for (int k = 0; k < g->nkernel; k++) if (!lower_kernel(L, g->kernel[k])) return 1;
  lower_next_state(L); m->init = lower_init(L);
  int64_t own = up_to(L->s.scratch0, 64);
  m->own_bytes = up_to(L->s.own, 64);
  m->scratch_bytes = up_to(own + L->s.peak, 64); m->state_bytes = up_to(L->s.state, 64); m->buf = L->s.bufs.at; m->nbuf = L->s.bufs.n;
  for (int k = 0; k < m->nbuf; k++) if (m->buf[k].arg == BUF_LOCAL) m->buf[k].arg = -1, m->buf[k].offset += m->buf[k].own ? m->scratch_bytes : own;
  m->scratch_bytes += m->own_bytes * (m->threads > 1 ? m->threads : 1);
  kir_share(L); m->buf = L->s.bufs.at; m->nbuf = L->s.bufs.n;
  if (c->opt.verify && !kir_verify(c, m)) return 1;
  j->m = m; return 0;
}

KModule *lower(Ctx *c, Graph *g, const Target *t) { Job j = { g, t, NULL }; return ctx_try(c, lower_all, &j) == 0 ? j.m : NULL; }
