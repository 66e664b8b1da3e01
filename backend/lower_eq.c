/* Equations resolved for the lowering: places as affine forms over the equation's indices, reads with what is proven of them, guards as conditions.
 *
 *   z[o, t] = b[o] + sum(c, k: (x[c, t + k - 1] or 0) * w[o, c, k])
 *   indices o t | c k     reads b x w     condition t + k - 1 >= 0 and n - 1 - (t + k - 1) >= 0: where it fails the product is 0 */
#include "lower.h"

int eq_index(const LEq *e, const char *name) { for (int k = 0; k < e->n; k++) if (name_same(e->ix[k]->name, name)) return k; return -1; }
int index_number(Lower *L, const LEq *e, const Index *x) {
  for (int k = 0; k < e->n; k++) if (e->ix[k] == x) return k;
  for (int k = 0; k < L->g->ndim; k++) if (L->g->dim[k] == x) return -1 - k;
  bug(L->c, "index %s of %s is not bound", x->name, e->eq->out->name);
}
LTensor *tensor_of(Lower *L, const Tensor *t) { return map_get(&L->tensors, t); }
static LTensor *tensor_add(Lower *L, Tensor *t) {
  LTensor *r = tensor_of(L, t);
  if (r) return r;
  r = NEW_AS(L->c, LTensor, .t = t, .buf = -1, .id = L->all.n, .external = t->kind != TK_TEMP, .hist = t->history > 0 && t->stream_dim >= 0);
  for (int k = 0; k < L->k->nout; k++) r->external |= L->k->out[k] == t;
  for (int k = 0; k < L->k->nin; k++) r->external |= L->k->in[k] == t;
  PUSH(L->c, L->all, r); map_put(L->c, &L->tensors, t, r); return r;
}

typedef struct Uses { const LEq *e; uint32_t bits; bool data; } Uses;
static bool add_use(const Expr *x, void *arg) {
  Uses *u = arg; u->data |= x->kind == E_READ;
  for (int k = 0; x->kind == E_INDEX && k < u->e->n; k++) if (u->e->ix[k] == x->index) u->bits |= 1u << k;
  return true;
}
static LForm form_of(Lower *L, LEq *e, const Expr *x, bool number) {
  Aff a = { 0 }; Uses u = { e, 0, false }; expr_walk(x, add_use, &u); LForm f = { .e = x, .uses = u.bits };
  if (!number || u.data || !expr_affine(L->c, x, &a)) return f;
  f = (LForm){ true, a.c, a.n, NEWN(L->c, LTerm, a.n + 1), x, u.bits };
  for (int k = 0; k < a.n; k++) f.t[k] = (LTerm){ index_number(L, e, a.index[k]), a.k[k] };
  return f;
}

/* The distance of f from the end of x. */
static LForm form_below(Lower *L, const LForm *f, Extent x, const LEq *e) {
  LForm r = { .aff = true, .c = x.n - 1 - f->c, .uses = f->uses, .t = NEWN(L->c, LTerm, f->n + 1) };
  for (int k = 0; k < f->n; k++) r.t[r.n++] = (LTerm){ f->t[k].k, -f->t[k].m };
  if (x.dim) r.t[r.n++] = (LTerm){ index_number(L, e, x.dim), 1 };
  return r;
}

/* The least and largest value of f over its indices but term `but`; symbolic ones give their extremes. */
static LRange form_range(Lower *L, const LEq *e, const LForm *f, int but) {
  LRange r = { f->c, f->c };
  for (int k = 0; k < f->n; k++) {
    const Index *dim = f->t[k].k < 0 ? L->g->dim[-1 - f->t[k].k] : NULL;
    int64_t l = dim ? dim->lo : 0, h = dim ? dim->hi : extent_max(e->ix[f->t[k].k]->ext) - 1, m = k == but ? 0 : f->t[k].m;
    r.lo += m > 0 ? m * l : m * h; r.hi += m > 0 ? m * h : m * l;
  }
  return r;
}

/* Is f >= 0, and < x? Where an index over dim + m stands alone in a dimension of extent dim + n, its top is dim + m - 1, so the rest decides. */
typedef struct Inside { bool lo, hi; } Inside;
static Inside inside(Lower *L, const LEq *e, const LForm *f, Extent x) {
  if (!f->aff) { Range r = expr_range(L->c, f->e); return (Inside){ r.lo >= 0, r.hi <= (double)(extent_min(x) - 1) }; }
  LRange all = form_range(L, e, f, -1); Inside r = { all.lo >= 0, all.hi <= extent_min(x) - 1 };
  for (int k = 0; k < f->n && x.dim && !r.hi; k++) {
    const Index *i = f->t[k].k >= 0 ? e->ix[f->t[k].k] : NULL;
    if (i && i->ext.dim == x.dim && f->t[k].m == 1) { r.hi = i->ext.n + form_range(L, e, f, k).hi <= x.n; break; }
  }
  return r;
}

static int time_index(Lower *L, const LEq *e, const LRead *r) {
  const LForm *f = &r->place[r->t->t->stream_dim];
  for (int k = 0; k < f->n && f->aff; k++) {
    const Index *dim = f->t[k].k >= 0 ? e->ix[f->t[k].k]->ext.dim : NULL;
    if (dim && dim->stream && f->t[k].m == 1) return f->t[k].k;
  }
  tree_error(L, r->e->pos, e, "%s has a history, so it is read at the present frame minus a number", r->t->t->name);
}

static LRead *read_new(Lower *L, LEq *e, const Expr *x) {
  const Tensor *t = x->tensor; int n = t->rank + 1;
  LRead *r = NEW_AS(L->c, LRead, x, tensor_add(L, x->tensor), NEWN(L->c, LForm, n), true, NEWN(L->c, bool, n), -1);
  for (int d = 0; d < t->rank; d++) {
    r->place[d] = form_of(L, e, x->arg[d], true); Inside i = inside(L, e, &r->place[d], t->shape[d]);
    r->inside[d] = (r->t->hist && d == t->stream_dim) || (i.lo && i.hi); r->safe &= r->inside[d];
  }
  if (r->t->hist) r->time = time_index(L, e, r);
  map_put(L->c, &L->reads, x, r); return r;
}
static void read_add(Lower *L, LEq *e, const Expr *x) {
  LRead *r = map_get(&L->reads, x);                       /* known: without indices, shared by two equations */
  if (!r) r = read_new(L, e, x);
  EACH(LRead, o, e->read) if (o == r) return;
  PUSH(L->c, e->read, r);
}
static void cond_add(Lower *L, LConds *v, LForm f) { PUSH(L->c, *v, ((LCond){ .a = f })); }

/* left - right - slack >= 0 */
static bool cond_compare(Lower *L, LEq *e, LConds *v, Expr *l, Expr *r, int64_t slack) {
  LForm f = form_of(L, e, expr_fn2(L->c, FN_SUB, l, r), true); f.c -= slack;
  if (f.aff) cond_add(L, v, f);
  return f.aff;
}
static void cond_expr(Lower *L, LEq *e, LConds *v, const Expr *x) {
  Fn fn = x->kind == E_FN ? x->fn : FN_COUNT;
  if (fn == FN_AND && x->type == T_BOOL) { cond_expr(L, e, v, x->arg[0]); cond_expr(L, e, v, x->arg[1]); return; }
  if (fn >= FN_EQ && fn <= FN_GE && fn != FN_NE && x->arg[0]->type == T_WINT && x->arg[1]->type == T_WINT) {
    Expr *a = x->arg[0], *b = x->arg[1]; bool ok = true;
    if (fn == FN_GE || fn == FN_EQ || fn == FN_GT) ok = cond_compare(L, e, v, a, b, fn == FN_GT);
    if (ok && (fn == FN_LE || fn == FN_EQ || fn == FN_LT)) ok = cond_compare(L, e, v, b, a, fn == FN_LT);
    if (ok) return;
  }
  cond_add(L, v, form_of(L, e, x, false));
}
static void cond_inside(Lower *L, LEq *e, LConds *v, const LForm *f, Extent x) {
  Inside i = inside(L, e, f, x); Expr *p = (Expr *)(uintptr_t)f->e, *n = expr_int(L->c, x.n);
  if (!i.lo && f->aff) cond_add(L, v, *f);
  if (!i.hi && f->aff) cond_add(L, v, form_below(L, f, x, e));
  if (!i.lo && !f->aff) cond_expr(L, e, v, expr_fn2(L->c, FN_GE, p, expr_int(L->c, 0)));
  if (!i.hi && !f->aff) cond_expr(L, e, v, expr_fn2(L->c, FN_LT, p, x.dim ? expr_fn2(L->c, FN_ADD, expr_index(L->c, x.dim), n) : n));
}

/* What must hold for the reads of x to fall inside; an `or` in x looks after its own. */
static void cond_reads(Lower *L, LEq *e, LConds *v, const Expr *x) {
  const LRead *r = x->kind == E_READ ? map_get(&L->reads, x) : NULL;
  for (int d = 0; r && d < x->n; d++) if (!r->inside[d]) cond_inside(L, e, v, &r->place[d], x->tensor->shape[d]);
  for (int k = x->kind == E_OR; k < x->n; k++) cond_reads(L, e, v, x->arg[k]);
}

LConds *or_conds(Lower *L, const Expr *e) { return map_get(&L->ors, e); }

/* The reads of x, and the conditions of its `or` and `?:`; those of a `?:` only if all are affine. */
static void collect(Lower *L, LEq *e, const Expr *x) {
  for (int k = 0; k < x->n; k++) collect(L, e, x->arg[k]);
  if (x->kind == E_READ) read_add(L, e, x);
  if ((x->kind != E_OR && x->kind != E_SELECT) || or_conds(L, x)) return;
  LConds *v = NEW(L->c, LConds);
  if (x->kind == E_OR) cond_reads(L, e, v, x->arg[0]); else cond_expr(L, e, v, x->arg[0]);
  for (int k = 0; k < v->n; k++) {
    if (x->kind == E_SELECT && !v->at[k].a.aff) return;
    if (!v->at[k].a.aff) collect(L, e, v->at[k].a.e);
  }
  map_put(L->c, &L->ors, x, v);
}

/* ---- `e or v` in the plain form that the lowering reads: every read of e counts, whatever else e does.
 *
 *   f(a or b) or v      f(a) or (f(b) or v)                b's reads count only where a falls outside
 *   f(c ? a : b) or v   c ? f(a) or v : f(b) or v          where c reads something, once more: (...) or v
 *
 * Left alone: alternatives without reads, and branches that read nothing but places that are read anyhow. */
enum { FORMS_MAX = 64 };                                    /* a form doubles what it is applied to */

static bool same_place(const Expr *a, const Expr *b) {
  bool same = a->n == b->n;
  for (int k = 0; same && k < a->n; k++) same = expr_equal(a->arg[k], b->arg[k]) && extent_equal(a->tensor->shape[k], b->tensor->shape[k]);
  return same;
}

/* Is the place of this read also read in e, not counting what stands in `?:` branches, alternatives and inner `or`? */
static bool always_read(const Expr *e, const Expr *read) {
  if (e->kind == E_READ && same_place(e, read)) return true;
  for (int k = 0; k < (e->kind == E_SELECT ? 1 : e->kind == E_OR ? 0 : e->n); k++) if (always_read(e->arg[k], read)) return true;
  return false;
}
static bool reads_more(const Expr *e, const Expr *all) {
  if (e->kind == E_READ && !always_read(all, e)) return true;
  for (int k = 0; k < e->n; k++) if (reads_more(e->arg[k], all)) return true;
  return false;
}

/* The first part of e that has the form of one of the two rows above. */
static const Expr *odd_part(const Expr *e, const Expr *all) {
  if (e->kind == E_OR) return expr_reads(e->arg[1], NULL) ? e : NULL;
  if (e->kind == E_SELECT && (reads_more(e->arg[1], all) || reads_more(e->arg[2], all))) return e;
  for (int k = 0; k < e->n && e->kind != E_REDUCE; k++) {
    const Expr *part = odd_part(e->arg[k], all);
    if (part) return part;
  }
  return NULL;
}

typedef struct Swap { const Expr *from; Expr *to; } Swap;
static Expr *swap(Ctx *c, Expr *e, void *arg) { const Swap *s = arg; (void)c; return e == s->from ? s->to : e; }
static Expr *put(Ctx *c, Expr *e, const Expr *from, Expr *to) { return expr_map(c, e, swap, &(Swap){ from, to }); }

typedef struct Plain { Lower *L; int forms; } Plain;
static Expr *plain(Ctx *c, Expr *e, void *arg) {
  Plain *p = arg; const Expr *part = e->kind == E_OR ? odd_part(e->arg[0], e->arg[0]) : NULL;
  if (!part) return e;
  if (--p->forms < 0) tree_error(p->L, e->pos, NULL, "`or` around too many conditions: name some of them in equations of their own");
  Expr *f = e->arg[0], *v = e->arg[1]; int k = part->kind == E_SELECT;
  Expr *a = put(c, f, part, part->arg[k]), *b = put(c, f, part, part->arg[k + 1]), *r;
  if (!k) return expr_map(c, expr_or(c, a, expr_or(c, b, v, e->pos), e->pos), plain, p);
  r = expr_select(c, part->arg[0], expr_map(c, expr_or(c, a, v, e->pos), plain, p), expr_map(c, expr_or(c, b, v, e->pos), plain, p), e->pos);
  return expr_reads(part->arg[0], NULL) ? expr_or(c, r, v, e->pos) : r;
}

/* ---- reductions: factors `(x[..] or 0)` of a sum become conditions, so do whole bodies `(e or identity)` */
/* x or v: its reads' conditions are the equation's, what is left is x. */
static const Expr *strip_or(Lower *L, LEq *e, const Expr *x) { collect(L, e, x->arg[0]); cond_reads(L, e, &e->cond, x->arg[0]); return x->arg[0]; }
static const Expr *strip(Lower *L, LEq *e, const Expr *x) {
  if (x->kind == E_OR && expr_number(x->arg[1]) == 0) {
    int n = e->cond.n; x = strip_or(L, e, x);
    for (int k = n; k < e->cond.n; k++) e->cond.at[k].zero = x->kind == E_READ;
    return x;
  }
  if (x->kind != E_FN || x->fn != FN_MUL) return x;
  const Expr *a = strip(L, e, x->arg[0]), *b = strip(L, e, x->arg[1]);
  return a == x->arg[0] && b == x->arg[1] ? x : expr_fn2(L->c, FN_MUL, (Expr *)(uintptr_t)a, (Expr *)(uintptr_t)b);
}

static void resolve_reduction(Lower *L, LEq *e) {
  const Expr *body = e->red->arg[0]; e->kind = e->red->red;
  bool place = e->kind == RED_ARGMAX || e->kind == RED_ARGMIN, number = e->kind == RED_PROD || e->kind == RED_MAX || e->kind == RED_MIN;
  e->acc = comp_type(place ? body->type : e->red->type);
  if (e->red->n > 1) { collect(L, e, e->red->arg[1]); cond_expr(L, e, &e->cond, e->red->arg[1]); }
  double id = e->kind == RED_PROD ? 1 : e->kind == RED_MAX ? type_lowest(e->acc) : type_highest(e->acc);
  e->body = e->kind == RED_SUM ? strip(L, e, body) : number && body->kind == E_OR && expr_number(body->arg[1]) == id ? strip_or(L, e, body) : body;
}
static bool widest(const Expr *x, void *arg) {
  int *bytes = arg; bool scalar = x->kind == E_CONST || (x->kind == E_READ && x->tensor->rank == 0);
  int n = x->kind == E_REDUCE || x->type == T_WINT || x->type == T_BOOL || x->type == T_NONE || scalar ? 0 : type_bytes(comp_type(x->type));
  if (n > *bytes) *bytes = n;
  return x->kind != E_READ || x->n > 0;
}
static int lanes_for(Lower *L, const LEq *e) {
  Type t = e->red ? e->acc : e->eq->out->type; int bytes = type_bytes(t) > type_bytes(comp_type(t)) ? type_bytes(t) : type_bytes(comp_type(t));
  expr_walk(e->eq->rhs, widest, &bytes); return target_lanes(L->t, bytes);
}

/* 0 <= index <= extent - 1, for regions that may lie over the edge. */
static void domain_of(Lower *L, LEq *e) {
  e->domain = NEWN(L->c, LCond, 2 * e->nfree + 1);
  for (int k = 0; k < e->nfree; k++) {
    LForm f = { .aff = true, .n = 1, .t = NEW(L->c, LTerm), .uses = 1u << k }; f.t[0] = (LTerm){ k, 1 }; e->domain[2 * k] = (LCond){ f, true, false };
    e->domain[2 * k + 1] = (LCond){ form_below(L, &f, e->ix[k]->ext, e), true, false };
  }
}

LEq *resolve_eq(Lower *L, Eq *q) {
  q->rhs = expr_map(L->c, q->rhs, plain, &(Plain){ L, FORMS_MAX }); LEq *e = NEW(L->c, LEq); Expr *init = NULL, *red = eq_reduction(q, &init);
  *e = (LEq){ .eq = q, .red = red, .init = init, .nfree = q->nfree, .n = q->nfree + (red ? red->nbound : 0), .body = q->rhs };
  if (e->n > LEQ_INDICES) tree_error(L, q->pos, e, "more than 32 indices");
  e->ix = NEWN(L->c, Index *, e->n + 1); e->down = NEWN(L->c, bool, e->n + 1);
  for (int k = 0; k < e->n; k++) e->ix[k] = k < q->nfree ? q->free[k] : red->bound[k - q->nfree];
  e->out = tensor_add(L, q->out); e->place = NEWN(L->c, LForm, q->out->rank + 1);
  for (int d = 0; d < q->out->rank; d++) {
    e->place[d] = form_of(L, e, q->place[d], true);
    if (!e->place[d].aff) tree_error(L, q->pos, e, "the place on the left is not affine");
  }
  domain_of(L, e);
  if (red) resolve_reduction(L, e);
  collect(L, e, e->body);
  if (init) collect(L, e, init);
  for (int k = 0; k < e->cond.n; k++) if (!e->cond.at[k].a.aff) collect(L, e, e->cond.at[k].a.e);
  e->lanes = lanes_for(L, e); return e;
}

/* ---- what the tree says of the equations: which leaf computes which, and whether that order is legal. A value is computed before it is read:
 * earlier in the tree, or in an earlier step of a loop.
 *
 *   for t { g(...); h(...); }      g reads h[t - 1, k]: the loop over t takes one step at a time around both, and no loop over another index
 *                                  that the read does not keep (k) runs around it */
#define tree_say(L, pos, ...) diag_error((L)->c, pos, "schedule of kernel %s: %s", (L)->k->name, ctx_printf((L)->c, __VA_ARGS__))

void tree_fail(Lower *L, Pos pos, const LEq *e, const char *rule) {
  tree_say(L, pos.src || !e ? pos : e->eq->pos, "%s%s%s", e ? e->eq->out->name : "", e ? ": " : "", rule); frit_bail(L->c);
}
LTensor *tensor_named(Lower *L, const char *name) {
  for (int k = 0; k < L->k->neq; k++) if (name_same(L->k->eq[k]->out->name, name)) return tensor_of(L, L->k->eq[k]->out);
  return NULL;
}
static void add_eqs(Lower *L, const Tree *t, bool rest, LEqs *out) {
  for (; t; t = rest ? t->next : NULL) {
    if (t->kind == TREE_FOR) add_eqs(L, t->body, true, out);
    LTensor *x = t->kind == TREE_LEAF ? tensor_named(L, t->name) : NULL;
    if (x) EACH(LEq, e, x->writer) PUSH(L->c, *out, e);
  }
}
LEqs tree_eqs(Lower *L, const Tree *t, bool rest) { LEqs r = { 0 }; add_eqs(L, t, rest, &r); return r; }
bool tree_holds(const Tree *t, const LEq *e, bool rest) {
  for (; t; t = rest ? t->next : NULL) if (t == e->leaf || (t->kind == TREE_FOR && tree_holds(t->body, e, true))) return true;
  return false;
}
static void near_name(Lower *L, const Tree *t, const char *what) {
  const char **names = NEWN(L->c, const char *, L->k->neq + 1);
  for (int k = 0; k < L->k->neq; k++) names[k] = L->k->eq[k]->out->name;
  const char *near = diag_near(t->name, names, L->k->neq); tree_say(L, t->pos, "%s %s is no equation of this kernel", what, t->name);
  if (near) diag_help(L->c, "did you mean %s?", near);
}
static void check_tree(Lower *L, LEq *const *all, const Tree *t, int depth) {
  if (depth > 64) tree_error(L, t->pos, NULL, "loops are nested more than 64 deep");
  for (; t; t = t->next) {
    bool leaf = t->kind == TREE_LEAF, let = t->kind == TREE_LET, known = false; LTensor *x = leaf || let ? tensor_named(L, t->name) : NULL;
    if ((leaf || let) && !x) near_name(L, t, leaf ? "leaf" : "let");
    if (leaf && x && x->writer.at[0]->leaf) tree_say(L, t->pos, "%s has two leaves; an equation is computed in one place", t->name);
    else if (leaf && x) EACH(LEq, e, x->writer) e->leaf = t;
    if (let && x && x->let) tree_say(L, t->pos, "%s has two lets", t->name);
    else if (let && x) x->let = t;
    if (t->kind != TREE_FOR) continue;
    for (int k = 0; k < L->k->neq; k++) known |= eq_index(all[k], t->name) >= 0;
    if (!known) tree_say(L, t->pos, "for %s: no equation of this kernel has an index %s", t->name, t->name);
    if (t->step < 0) tree_say(L, t->pos, "for %s: the step must be positive", t->name);
    if (t->loop == LOOP_STREAM && depth) tree_say(L, t->pos, "for %s: a stream loop stands outermost", t->name);
    check_tree(L, all, t->body, depth + 1);
  }
}

/* ---- recurrences */
enum { DIST_ANY = INT32_MAX };
/* How far from its own place (by index of the writer) the reader reads: 0, a number of steps, or unknown. constant: a number in some index. */
typedef struct Back { const LEq *e, *w; const LRead *r; int64_t dist[LEQ_INDICES]; bool constant; } Back;
/* Dimension d is read and written at an index that both name alike (ke, kw) plus a number: dist further. */
typedef struct Step { bool named; int ke, kw; int64_t dist; } Step;
static Step step_of(const LEq *e, const LRead *r, const LEq *w, int d) {
  const LForm *a = &r->place[d], *b = &w->place[d];
  if (!a->aff || a->n != 1 || b->n != 1 || a->t[0].k < 0 || b->t[0].k < 0 || a->t[0].m != 1 || b->t[0].m != 1) return (Step){ .named = false };
  return (Step){ name_same(e->ix[a->t[0].k]->name, w->ix[b->t[0].k]->name), a->t[0].k, b->t[0].k, a->c - b->c };
}

/* Recurrences that read later places run downwards. */
static void find_down(const LEq *e) {
  EACH(LRead, r, e->read) EACH(LEq, w, r->t->writer)
    for (int d = 0; d < r->t->t->rank && w->id >= e->id; d++) {
      Step s = step_of(e, r, w, d);
      if (s.named && s.dist > 0) e->down[s.ke] = w->down[s.kw] = true;
    }
}

static bool same_form(const LEq *e, const LForm *a, const LEq *w, const LForm *b) {
  if (!a->aff || a->n != b->n || a->c != b->c) return false;
  for (int i = 0; i < b->n; i++) {
    bool found = false; const LTerm *s = a->t, *t = &b->t[i];
    for (int j = 0; j < a->n && t->k >= 0; j++) found |= s[j].k >= 0 && s[j].m == t->m && name_same(e->ix[s[j].k]->name, w->ix[t->k]->name);
    if (!found) return false;
  }
  return true;
}

static Back distances(const LEq *e, const LRead *r, const LEq *w) {
  Back k = { .e = e, .w = w, .r = r };
  for (int d = 0; d < r->t->t->rank; d++) {
    const LForm *a = &r->place[d], *b = &w->place[d]; Step s = step_of(e, r, w, d);
    for (int i = 0; i < b->n; i++) if (b->t[i].k >= 0) k.dist[b->t[i].k] = s.named ? s.dist : same_form(e, a, w, b) ? 0 : DIST_ANY;
    k.constant |= s.named && s.dist;
  }
  return k;
}

/* Does a loop over this index, one step at a time, put the write before the read? 1 yes, 0 it does not matter, -1 it is the wrong loop. */
static int loop_orders(const Back *k, const char *index, int64_t step, bool inorder) {
  int i = eq_index(k->w, index);
  if (i < 0 || i >= k->w->nfree || k->dist[i] == 0) return 0;
  if ((k->dist[i] == DIST_ANY && k->constant) || !inorder) return -1;
  return step <= 1;
}
static int scan_loops(const Back *k, const Tree *t) {
  for (; t; t = t->next) {
    if (t->kind != TREE_FOR || !tree_holds(t->body, k->e, true) || !tree_holds(t->body, k->w, true)) continue;
    int s = loop_orders(k, t->name, t->loop == LOOP_STREAM ? 2 : t->step, !t->parallel); return s ? s : scan_loops(k, t->body);
  }
  return 0;
}

static void check_back(Lower *L, const LEq *e, const LRead *r, const LEq *w) {
  Back k = distances(e, r, w); const char *name = r->t->t->name; int s = scan_loops(&k, L->tree);
  const Tree *t = e->leaf;
  for (int i = 0; i < t->nleaf && e == w && !s; i++) s = loop_orders(&k, t->leaf[i].index, 1, t->leaf[i].kind != LEAF_VECTOR);
  if (s > 0) return;
  if (e == w)
    tree_error(L, e->leaf->pos, e, "it reads its own earlier values: the index that it steps through runs serially, "
               "outside of those that it does not keep");
  if (s < 0)
    tree_error(L, e->leaf->pos, e, "it reads %s of an earlier step, and a loop around both runs over an index that this read does not keep, "
               "or in parallel", name);
  tree_error(L, e->leaf->pos, e, "it reads %s, whose leaf comes later: the consumer stands before the producer, "
             "and no loop takes one step at a time around both", name);
}
static void tensor_link(Lower *L, LEq *e) {
  PUSH(L->c, e->out->writer, e);
  EACH(LRead, r, e->read) { LEqs *by = &r->t->reader; if (!by->n || by->at[by->n - 1] != e) PUSH(L->c, *by, e); }
}

/* Who writes and who reads a register computes in the same lanes: the fewest of all. */
static void agree_lanes(LEq *const *all, int n) {
  for (bool more = true; more;) {
    more = false;
    for (int k = 0; k < n; k++) EACH(LRead, r, all[k]->read) EACH(LEq, w, r->t->writer) {
      int *a = &all[k]->lanes, *b = &w->lanes;
      if (!r->t->let || r->t->let->storage != ST_REG || *a == *b) continue;
      *a = *b = *a < *b ? *a : *b; more = true;
    }
  }
}

bool lower_resolve(Lower *L) {
  int errors = L->c->nerror; LEq **all = NEWN(L->c, LEq *, L->k->neq + 1);
  for (int k = 0; k < L->k->neq; k++) tensor_link(L, all[k] = resolve_eq(L, L->k->eq[k]));
  check_tree(L, all, L->tree, 0);
  for (int k = 0; k < L->k->neq; k++)
    if (!all[k]->leaf && L->c->nerror == errors)
      tree_say(L, L->k->pos.src ? L->k->pos : all[k]->eq->pos, "%s has no leaf; every equation is computed in one place", all[k]->eq->out->name);
  if (L->c->nerror > errors) return false;
  agree_lanes(all, L->k->neq); L->eq = tree_eqs(L, L->tree, true);
  for (int k = 0; k < L->eq.n; k++) L->eq.at[k]->id = k;
  EACH(LEq, e, L->eq) find_down(e);
  EACH(LEq, e, L->eq) EACH(LRead, r, e->read) EACH(LEq, w, r->t->writer) if (w->id >= e->id) check_back(L, e, r, w);
  L->open = NEWN(L->c, LOpen *, L->eq.n + 1); return true;
}
