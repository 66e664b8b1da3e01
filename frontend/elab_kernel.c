/* Kernels and schedules, of dumps or by hand, and the layouts and places of tensors.
 *
 *   kernel k0 "conv+relu" (x, w) -> (h: f32[8, 64]) { z[..] = ..; h[..] = ..; schedule { for o/8 { let z reg; z(c, o*, t~); h(o*, t~); } } }
 *   h: f32[n = 1, c = 32] as [n, c / 16, c % 16];      h at scratch + 8192;
 *
 * The equations are elaborated with the graph's. Here: do the names of the tree exist? What a tree may do is the lowering's to say. */
#include "elab.h"

/* The names that a kernel's schedule may use. */
typedef struct Unit { Elab *el; const Kernel *k; Names index, written, tensor; } Unit;

/* ---- what a kernel has */
static bool names_have(const Names *n, const char *name) { for (int i = 0; i < n->n; i++) if (n->at[i] == name) return true; return false; }

typedef struct Found { Ctx *c; Names *out; } Found;

static void found_add(Found *f, const char *name) { if (!names_have(f->out, name)) PUSH(f->c, *f->out, name); }

static bool find_bound(const Expr *e, void *arg) {
  for (int i = 0; e->kind == E_REDUCE && i < e->nbound; i++) found_add(arg, e->bound[i]->name);
  return true;
}

static void eq_indices(Unit *u, const Eq *e, Names *out) {
  Found f = { u->el->c, out };
  for (int i = 0; i < e->nfree; i++) found_add(&f, e->free[i]->name);
  expr_walk(e->rhs, find_bound, &f);
}

static Tensor *tensor_find(const Elab *el, const char *name) {
  for (int i = 0; i < el->tensor.n; i++) if (el->tensor.at[i]->name == name) return el->tensor.at[i];
  return NULL;
}

static bool need_name(Unit *u, const Names *n, const char *name, const char *what, Pos p) {
  Ctx *c = u->el->c;
  if (names_have(n, name)) return true;
  diag_error(c, p, "%s '%s'", what, name);
  const char *near = diag_near(name, n->at, n->n);
  if (near) diag_help(c, "did you mean '%s'?", near);
  diag_note(c, u->k->pos, "in kernel %s", u->k->name);
  return false;
}

/* ---- trees */
static void check_leaf(Unit *u, const Tree *t) {
  Names own = { 0 };
  if (!need_name(u, &u->written, t->name, "a schedule computes what an equation of its kernel writes; none writes", t->pos)) return;
  for (int i = 0; i < u->k->neq; i++) if (u->k->eq[i]->out->name == t->name) eq_indices(u, u->k->eq[i], &own);
  for (int i = 0; i < t->nleaf; i++) need_name(u, &own, t->leaf[i].index, ctx_printf(u->el->c, "the equation of '%s' has no index", t->name), t->pos);
}

/* `as [o / 16, c, o % 16]`: by the index that writes the dimension, or d0, d1, ... */
static int layout_dim(Unit *u, const char *tensor, const char *name) {
  int d; char rest;
  for (int i = 0; i < u->k->neq; i++) {
    const Eq *e = u->k->eq[i];
    for (d = 0; e->out->name == tensor && d < e->out->rank; d++) if (e->place[d]->kind == E_INDEX && e->place[d]->index->name == name) return d;
  }
  const Tensor *t = tensor_find(u->el, tensor);
  return t && sscanf(name, "d%d%c", &d, &rest) == 1 && d >= 0 && d < t->rank ? d : -1;
}

static void check_let(Unit *u, Tree *t) {
  need_name(u, &u->tensor, t->name, "'let' places a tensor; there is no", t->pos);
  if (t->storage == ST_ALIAS) need_name(u, &u->tensor, t->other, "an alias takes the storage of a tensor; there is no", t->pos);
  if (t->fold) need_name(u, &u->index, t->fold, "'fold' keeps the last of an index; the kernel has no index", t->pos);
  for (int i = 0; t->layout_name && i < t->nlayout; i++) {
    if (t->layout[i].dim >= 0) continue;
    t->layout[i].dim = layout_dim(u, t->name, t->layout_name[i]);
    if (t->layout[i].dim < 0)
      diag_error(u->el->c, t->pos, "the layout of '%s' speaks of '%s', which is no dimension of it", t->name, t->layout_name[i]);
  }
}

static void check_tree(Unit *u, Tree *t, int depth) {
  if (depth > 200) { diag_error(u->el->c, t->pos, "loops are nested more than 200 deep"); return; }
  for (; t; t = t->next) {
    if (t->kind == TREE_LEAF) check_leaf(u, t);
    else if (t->kind == TREE_LET) check_let(u, t);
    else if (t->kind == TREE_PREFETCH) need_name(u, &u->tensor, t->name, "'prefetch' loads a tensor; there is no", t->pos);
    else {
      need_name(u, &u->index, t->name, "'for' runs an index of the kernel's equations; none is called", t->pos);
      if (t->body) check_tree(u, t->body, depth + 1);
    }
  }
}

static bool tree_computes(const Tree *t, const char *name) {
  for (; t; t = t->next) if ((t->kind == TREE_LEAF && t->name == name) || (t->kind == TREE_FOR && tree_computes(t->body, name))) return true;
  return false;
}

static void check_complete(Unit *u) {
  for (int i = 0; i < u->k->neq; i++) {
    const Eq *e = u->k->eq[i];
    if (tree_computes(u->k->tree, e->out->name)) continue;
    diag_error(u->el->c, e->pos, "the schedule of kernel %s does not compute '%s': every equation needs a leaf, %s(...)", u->k->name, e->out->name,
               e->out->name);
    diag_note(u->el->c, u->k->pos, "in kernel %s", u->k->name);
  }
}

/* ---- kernels */
static void kernel_head(Unit *u, Kernel *k, const Stmt *st) {
  Ctx *c = u->el->c;
  k->in = NEWN(c, Tensor *, st->nin + 1); k->out = NEWN(c, Tensor *, st->nout + 1);
  for (int i = 0; i < st->nin; i++)
    if (need_name(u, &u->tensor, st->in[i], "there is no tensor", st->pos)) k->in[k->nin++] = tensor_find(u->el, st->in[i]);
  for (int i = 0; i < st->nout; i++) {
    const Param *p = &st->out[i];
    if (!need_name(u, &u->tensor, p->name, "there is no tensor", p->pos)) continue;
    Tensor *t = k->out[k->nout++] = tensor_find(u->el, p->name);
    if (p->kind == P_TYPED && (p->nitem != t->rank || type_by_name(p->type) != t->type))
      diag_error(c, p->pos, "kernel %s makes '%s' as %s of %d dimensions; it is %s", k->name, p->name, p->type, p->nitem,
                 type_show(u->el, t->type, t->shape, t->rank));
  }
}

static void kernel_finish(Elab *el, Kernel *k, const Stmt *st) {
  Unit u = { .el = el, .k = k }; Found written = { el->c, &u.written };
  for (int i = 0; i < el->tensor.n; i++) PUSH(el->c, u.tensor, el->tensor.at[i]->name);
  if (!k->label) k->label = k->name;
  kernel_head(&u, k, st);
  if (!k->neq) diag_error(el->c, k->pos, "the kernel %s has no equations", k->name);
  for (int i = 0; i < k->neq; i++) { eq_indices(&u, k->eq[i], &u.index); found_add(&written, k->eq[i]->out->name); }
  if (!k->tree) return;
  check_tree(&u, k->tree, 0);
  check_complete(&u);
}

void kernels_finish(Elab *el, const Decl *d, Kernel *const *kernel) {
  Graph *g = el->g;
  g->kernel = NEWN(el->c, Kernel *, d->nstmt + 1);
  for (int i = 0; i < d->nstmt; i++) {
    if (!kernel[i]) continue;
    for (int k = 0; k < g->nkernel; k++)
      if (!strcmp(g->kernel[k]->name, kernel[i]->name)) diag_error(el->c, kernel[i]->pos, "two kernels are called '%s'", kernel[i]->name);
    kernel_finish(el, kernel[i], d->stmt[i]);
    g->kernel[g->nkernel++] = kernel[i];
  }
}

/* ---- layouts and places of tensors */
/* n, n / 16, n % 16, n / 16 % 4: the innermost name, then its divisor and modulus. */
static LayoutDim layout_part(Elab *el, const Stmt *st, const Node *n) {
  LayoutDim l = { -1, 1, 0 };
  for (int k = 0; k < 2; k++) {
    if (n->kind != N_BINARY || n->fn != (k ? FN_DIV : FN_MOD)) continue;
    int64_t v = need_int(el, ev_node(el, n->kid[1], NULL, (Scope){ 0 }), n->pos, "a part of a layout");
    if (v < 1) fail_at(el, n->pos, "a part of a layout of %lld", (long long)v);
    *(k ? &l.div : &l.mod) = v;
    n = n->kid[0];
  }
  if (n->kind != N_NAME) fail_at(el, n->pos, "a layout's parts are written INDEX, INDEX / n, INDEX %% n or INDEX / n %% m");
  for (int d = st->nitem - 1; d >= 0; d--) if (st->item[d]->kind == N_NAMED && st->item[d]->text == n->text) l.dim = d;
  if (l.dim < 0) fail_at(el, n->pos, "the layout of '%s' speaks of '%s', which is no dimension of it", st->name, n->text);
  return l;
}

void layout_apply(Elab *el, const Stmt *st, Tensor *t) {
  static const char *const place[] = { "", "scratch", "state", "const" };     /* of Where */
  if (st->where) {
    for (int k = 1; k < 4; k++) if (!strcmp(st->where, place[k])) t->where = (Where)k;
    if (t->where == AT_NONE) fail_at(el, st->pos, "'%s' is no place: tensors lie in scratch, state or const", st->where);
    t->offset = st->offset;
  }
  if (st->type && (type_by_name(st->type) != t->type || st->nitem != t->rank))
    fail_at(el, st->pos, "'%s' is %s, this line says %s of %d dimensions", t->name, type_show(el, t->type, t->shape, t->rank), st->type, st->nitem);
  if (!st->nlayout) return;
  t->layout = NEWN(el->c, LayoutDim, st->nlayout);
  for (int k = 0; k < st->nlayout; k++) t->layout[k] = layout_part(el, st, st->layout[k]);
  t->nlayout = st->nlayout;
}
