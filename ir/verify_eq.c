/* Invariants of single equations and of the equations of one tensor: ranks, indices, places, types, reads.
 *
 *   y[i < 4, 2 * (q < 5) + (r < 2)]: f32 = (x[i - 1] or 0)      each index bound once; places 0..3 and 0..9, each element once;
 *                                                                 x[-1] is guarded
 */
#include "lin.h"
#include "scalar.h"
#include "verify.h"

/* Calls fn(v, e's nodes) for every right side. */
typedef struct Visit { Verify *v; const Eq *e; bool (*fn)(Verify *v, const Eq *e, const Expr *x); } Visit;

static bool visit_node(const Expr *x, void *visit)
{
  Visit *w = visit;
  return !w->v->broken && w->fn(w->v, w->e, x);
}

static void visit_all(Verify *v, bool (*fn)(Verify *v, const Eq *e, const Expr *x))
{
  for (int k = 0; k < v->g->neq; k++) {
    Visit w = { v, v->g->eq[k], fn };
    for (int d = 0; d < w.e->out->rank; d++) expr_walk(w.e->place[d], visit_node, &w);
    expr_walk(w.e->rhs, visit_node, &w);
  }
}

/* ---- ranks and arities */
static int arity_of(const Expr *x)
{
  switch (x->kind) {
  case E_READ: return x->tensor ? x->tensor->rank : -1;
  case E_FN: return x->fn < FN_COUNT ? fn_info[x->fn].arity : -1;
  case E_CONVERT: return 1;
  case E_SELECT: return 3;
  case E_OR: return 2;
  case E_REDUCE: return x->n == 2 ? 2 : 1;
  default: return 0;
  }
}

static bool check_arity(Verify *v, const Eq *e, const Expr *x)
{
  if (x->n != arity_of(x)) row_broken(v, e->pos, "a node of '%s' has %d arguments, not %d", e->out->name, x->n, arity_of(x));
  for (int k = 0; k < x->n && !v->broken; k++)
    if (!x->arg[k]) row_broken(v, e->pos, "a node of '%s' lacks an argument", e->out->name);
  return !v->broken;
}

void row_ranks(Verify *v)
{
  for (int k = 0; k < v->g->neq; k++) {
    const Eq *e = v->g->eq[k];
    if (!e->out || !e->rhs || (e->out->rank && !e->place)) row_broken(v, e->pos, "an equation lacks its tensor, places or right side");
  }
  if (!v->broken) visit_all(v, check_arity);
}

/* ---- indices */
typedef struct Scope { const Index **at; int n; } Scope;

static bool in_scope(const Scope *s, const Index *i)
{
  for (int k = 0; k < s->n; k++)
    if (s->at[k] == i) return true;
  return false;
}

static bool is_graph_dim(const Graph *g, const Index *i)
{
  for (int k = 0; k < g->ndim; k++)
    if (g->dim[k] == i) return true;
  return false;
}

static void scope_add(Verify *v, const Eq *e, Scope *s, const Index *i)
{
  const Index **at = NEWN(v->c, const Index *, s->n + 1);
  if (i->is_dim) row_broken(v, e->pos, "'%s' binds the dimension '%s'", e->out->name, i->name);
  if (in_scope(s, i)) row_broken(v, e->pos, "the index '%s' of '%s' is bound twice", i->name, e->out->name);
  if (i->ext.dim && !is_graph_dim(v->g, i->ext.dim)) row_broken(v, e->pos, "the index '%s' of '%s' runs over an unknown dimension", i->name, e->out->name);
  for (int k = 0; k < s->n; k++) at[k] = s->at[k];
  at[s->n] = i;
  *s = (Scope){ at, s->n + 1 };
}

static void check_bound(Verify *v, const Eq *e, const Expr *x, Scope s)
{
  if (v->broken) return;
  if (x->kind == E_INDEX && !(x->index->is_dim ? is_graph_dim(v->g, x->index) : in_scope(&s, x->index)))
    row_broken(v, e->pos, "the index '%s' of '%s' is bound nowhere", x->index->name, e->out->name);
  for (int k = 0; x->kind == E_REDUCE && k < x->nbound; k++) scope_add(v, e, &s, x->bound[k]);
  for (int k = 0; k < x->n; k++) check_bound(v, e, x->arg[k], s);
}

void row_indices(Verify *v)
{
  for (int k = 0; k < v->g->neq && !v->broken; k++) {
    const Eq *e = v->g->eq[k];
    Scope s = { 0 };
    for (int j = 0; j < e->nfree; j++) {
      bool used = false;
      scope_add(v, e, &s, e->free[j]);
      for (int d = 0; d < e->out->rank; d++) used |= expr_has_index(e->place[d], e->free[j]);
      if (!used) row_broken(v, e->pos, "the index '%s' of '%s' stands in no place", e->free[j]->name, e->out->name);
    }
    for (int d = 0; d < e->out->rank; d++) check_bound(v, e, e->place[d], s);
    check_bound(v, e, e->rhs, s);
  }
}

/* ---- places */
static bool is_empty(const Eq *e)
{
  for (int k = 0; k < e->nfree; k++)
    if (extent_max(e->free[k]->ext) == 0) return true;
  return false;
}

void row_places(Verify *v)
{
  for (int k = 0; k < v->g->neq && !v->broken; k++) {
    const Eq *e = v->g->eq[k];
    Facts none = { 0 };
    for (int d = 0; d < e->out->rank && !is_empty(e); d++) {
      Aff a;
      bool lo = false, hi = false;
      if (!expr_affine(v->c, e->place[d], &a)) row_broken(v, e->pos, "place %d of '%s' is not affine: %s", d, e->out->name, eq_print(v->c, e));
      expr_inside(v->c, e->place[d], e->out->shape[d], &none, &lo, &hi);
      if (!lo || !hi) row_broken(v, e->pos, "place %d of '%s' may fall outside: %s", d, e->out->name, eq_print(v->c, e));
    }
  }
}

/* Coefficients from the largest down: each must be larger than all that the smaller ones can reach. */
static bool digits_apart(const Aff *a)
{
  for (int j = 0; j < a->n; j++) {
    double k = a->k[j] < 0 ? -(double)a->k[j] : (double)a->k[j], reach = 0;
    if (a->index[j]->is_dim || extent_max(a->index[j]->ext) <= 1) continue;
    for (int m = 0; m < a->n; m++) {
      double q = a->k[m] < 0 ? -(double)a->k[m] : (double)a->k[m];
      if (m == j || a->index[m]->is_dim || q > k || (q == k && m > j)) continue;
      reach += q * ((double)extent_max(a->index[m]->ext) - 1);
    }
    if (reach >= k) return false;
  }
  return true;
}

void row_one_to_one(Verify *v)
{
  for (int k = 0; k < v->g->neq && !v->broken; k++) {
    const Eq *e = v->g->eq[k];
    for (int d = 0; d < e->out->rank && !is_empty(e); d++) {
      Aff a;
      if (expr_affine(v->c, e->place[d], &a) && !digits_apart(&a))
        row_broken(v, e->pos, "place %d of '%s' is not one to one: %s", d, e->out->name, eq_print(v->c, e));
    }
  }
}

/* ---- pieces */
static bool places_apart(Ctx *c, const Expr *a, const Expr *b)
{
  Range x = expr_range(c, a), y = expr_range(c, b);
  Aff p, q;
  if (x.hi < y.lo || y.hi < x.lo) return true;
  if (!expr_affine(c, a, &p) || !expr_affine(c, b, &q)) return false;
  int64_t g = 0;
  for (int k = 0; k < p.n; k++) g = gcd_of(g, p.k[k]);
  for (int k = 0; k < q.n; k++) g = gcd_of(g, q.k[k]);
  return g > 1 && (p.c - q.c) % g != 0;
}

static bool eqs_apart(Ctx *c, const Eq *a, const Eq *b)
{
  if (is_empty(a) || is_empty(b)) return true;
  for (int d = 0; d < a->out->rank; d++)
    if (places_apart(c, a->place[d], b->place[d])) return true;
  return false;
}

static double extent_at(Extent e, bool most)
{
  int64_t n = most ? extent_max(e) : extent_min(e);
  return (double)n;
}

/* Do the pieces have as many elements as the tensor, with all dimensions at their least, and at their most? */
static bool pieces_cover(const Graph *g, const Tensor *t, bool most)
{
  double want = 1, have = 0;
  for (int d = 0; d < t->rank; d++) want *= extent_at(t->shape[d], most);
  for (int k = 0; k < g->neq; k++) {
    double n = 1;
    if (g->eq[k]->out != t) continue;
    for (int j = 0; j < g->eq[k]->nfree; j++) n *= extent_at(g->eq[k]->free[j]->ext, most);
    have += n;
  }
  return want == have;
}

void row_pieces(Verify *v)
{
  for (int k = 0; k < v->g->neq && !v->broken; k++) {
    const Eq *e = v->g->eq[k];
    for (int j = 0; j < k; j++)
      if (v->g->eq[j]->out == e->out && !eqs_apart(v->c, e, v->g->eq[j])) row_broken(v, e->pos, "two equations write the same elements of '%s'", e->out->name);
  }
  for (int k = 0; k < v->g->neq && !v->broken; k++) {
    const Eq *e = v->g->eq[k];
    if (!pieces_cover(v->g, e->out, true) || !pieces_cover(v->g, e->out, false))
      row_broken(v, e->pos, "the equations of '%s' do not write each element once: %s", e->out->name, eq_print(v->c, e));
  }
}

/* ---- types */
static Type promoted(const Expr *x, int from)
{
  Type t = x->arg[from]->type;
  for (int k = from + 1; k < x->n; k++) t = type_promote(t, x->arg[k]->type);
  return t;
}

static Type expected_type(const Expr *x)
{
  switch (x->kind) {
  case E_INDEX: return T_WINT;
  case E_READ: return x->tensor->type;
  case E_FN: return fn_result(x->fn, promoted(x, 0));
  case E_SELECT: return promoted(x, 1);
  case E_OR: return promoted(x, 0);
  case E_REDUCE: return red_result(x->red, x->arg[0]->type);
  default: return x->type;
  }
}

static bool check_type(Verify *v, const Eq *e, const Expr *x)
{
  Type want = expected_type(x);
  const Expr *cond = x->kind == E_SELECT ? x->arg[0] : x->kind == E_REDUCE && x->n == 2 ? x->arg[1] : NULL;
  if (x->type == T_NONE) row_broken(v, e->pos, "an expression of '%s' has no type: %s", e->out->name, expr_print(v->c, x));
  if (x->type != want) row_broken(v, e->pos, "an expression of '%s' is %s, not %s: %s", e->out->name, type_name(x->type), type_name(want), expr_print(v->c, x));
  if (cond && cond->type != T_BOOL) row_broken(v, e->pos, "a condition of '%s' is %s: %s", e->out->name, type_name(cond->type), expr_print(v->c, x));
  for (int k = 0; x->kind == E_READ && k < x->n; k++)
    if (!type_is_int(x->arg[k]->type)) row_broken(v, e->pos, "a place in '%s' is %s: %s", e->out->name, type_name(x->arg[k]->type), expr_print(v->c, x));
  return !v->broken;
}

static bool fits(Type from, Type to)
{
  return from == to || (from == T_WINT && to != T_BOOL) || (from == T_WFLOAT && type_is_float(to));
}

void row_types(Verify *v)
{
  visit_all(v, check_type);
  for (int k = 0; k < v->g->neq && !v->broken; k++) {
    const Eq *e = v->g->eq[k];
    if (!fits(e->rhs->type, e->out->type)) row_broken(v, e->pos, "'%s' is %s, its equation %s", e->out->name, type_name(e->out->type), type_name(e->rhs->type));
  }
}

/* ---- reads */
typedef struct Inside { Verify *v; const Eq *e; Known known; } Inside;

static int stream_dim(const Tensor *t)
{
  for (int d = 0; d < t->rank; d++)
    if (t->shape[d].dim && t->shape[d].dim->stream) return d;
  return -1;
}

/* Is dimension d of the read inside, or in the history that the tensor keeps? */
static void dim_inside(Inside *s, const Expr *read, int d, bool *lo, bool *hi)
{
  const Tensor *t = read->tensor;
  Expr *at = read->arg[d];
  Extent n = t->shape[d];
  if (t->history && d == stream_dim(t)) {
    at = expr_fn2(s->v->c, FN_ADD, at, expr_int(s->v->c, t->history));
    n.n += t->history;
  }
  known_inside(&s->known, at, n, lo, hi);
}

static void check_inside(Inside *s, const Expr *read)
{
  for (int d = 0; d < read->n && !s->v->broken; d++) {
    bool lo = false, hi = false;
    if (expr_reads(read->arg[d], NULL)) continue;
    dim_inside(s, read, d, &lo, &hi);
    if (!lo || !hi)
      row_broken(s->v, s->e->pos, "'%s' reads %s, which may be outside in dimension %d", s->e->out->name, expr_print(s->v->c, read), d);
  }
}

/* What the alternative of `or` may count on: if only one bound of one read may fail, it does. */
typedef struct Miss { Inside *s; int open; Lin lin; } Miss;

static bool find_miss(const Expr *x, void *miss)
{
  Miss *m = miss;
  Ctx *c = m->s->v->c;
  for (int d = 0; x->kind == E_READ && d < x->n; d++) {
    bool lo = false, hi = false;
    dim_inside(m->s, x, d, &lo, &hi);
    m->open += !lo + !hi;
    if (lo && hi) continue;
    Lin at = lin_of(c, x->arg[d]), size = lin_extent(c, x->tensor->shape[d]);
    m->lin = lo ? lin_copy(c, &at) : lin_const(-1);
    lin_add(c, &m->lin, lo ? &size : &at, -1);
  }
  return x->kind != E_REDUCE && x->kind != E_OR;
}

static void check_reads(Inside *s, const Expr *x, bool guarded);

static void check_under(Inside *s, const Expr *x, bool guarded, const Expr *cond, bool neg)
{
  Mark m = known_mark(&s->known);
  if (cond) known_add(&s->known, cond, neg);
  check_reads(s, x, guarded);
  known_back(&s->known, m);
}

static void check_or(Inside *s, const Expr *x, bool guarded)
{
  Miss miss = { s, 0, lin_const(0) };
  Mark m = known_mark(&s->known);
  check_reads(s, x->arg[0], true);
  expr_walk(x->arg[0], find_miss, &miss);
  if (miss.open == 1) known_add_lin(&s->known, &miss.lin);
  check_reads(s, x->arg[1], guarded);
  known_back(&s->known, m);
}

static bool bound_empty(const Expr *x)
{
  for (int k = 0; k < x->nbound; k++)
    if (extent_max(x->bound[k]->ext) == 0) return true;
  return false;
}

static void check_reads(Inside *s, const Expr *x, bool guarded)
{
  bool both = x->kind == E_FN && x->fn == FN_AND && x->type == T_BOOL;
  if (s->v->broken || (x->kind == E_REDUCE && bound_empty(x))) return;
  if (x->kind == E_READ && !guarded) check_inside(s, x);
  if (x->kind == E_OR) check_or(s, x, guarded);
  else if (x->kind == E_SELECT) {
    check_reads(s, x->arg[0], guarded);
    check_under(s, x->arg[1], guarded, x->arg[0], false);
    check_under(s, x->arg[2], guarded, x->arg[0], true);
  } else if (x->kind == E_REDUCE) {
    if (x->n == 2) check_reads(s, x->arg[1], false);
    check_under(s, x->arg[0], false, x->n == 2 ? x->arg[1] : NULL, false);
  } else if (both) {
    check_reads(s, x->arg[0], guarded);
    check_under(s, x->arg[1], guarded, x->arg[0], false);
  } else {
    for (int k = 0; k < x->n; k++) check_reads(s, x->arg[k], guarded);
  }
}

void row_reads(Verify *v)
{
  for (int k = 0; k < v->g->neq && !v->broken; k++) {
    Inside s = { v, v->g->eq[k], { .c = v->c } };
    if (!is_empty(s.e)) check_reads(&s, s.e->rhs, false);
  }
}

/* ---- the normal form after split */
static bool count_reduction(const Expr *x, void *n)
{
  *(int *)n += x->kind == E_REDUCE;
  return true;
}

void row_normal(Verify *v)
{
  for (int k = 0; k < v->g->neq && !v->broken; k++) {
    const Eq *e = v->g->eq[k];
    int n = 0;
    if (e->constant) continue;
    expr_walk(e->rhs, count_reduction, &n);
    if (n > 1 || (n == 1 && !eq_reduction(e, NULL))) row_broken(v, e->pos, "the reduction of '%s' is not alone at the root: %s", e->out->name, eq_print(v->c, e));
  }
}
