/* winograd: a sum over windows of 3 by 3 becomes products of transformed tiles (Cook-Toom), as plain equations.
 *
 *   before   z[y, x, o] = b[o] + sum(c, r, s: (x[y + r - 1, x + s - 1, c] or 0) * w[o, c, r, s]);
 *   after    the equations below, over P by Q tiles of m by m results, n = m + 2;     z[y, x, o] = b[o] + Z[y, x, o];
 * n^2 / m^2 products a result for 9. The points are 0, +-3/4, +-3/2, infinity (m <= 4); docs/math.md has the error.
 * needs   kernels (what follows z has joined); one sum, dense, steps of 1, constant weights, f32        keeps   z and what follows it
 * never   where the model says that it does not pay; m > 4 unless forced (five times the error, and nothing gained) */
#include "builders.h"
#include <math.h>

/* OUT PLACES SUMMED FACTOR FACTOR, a letter an index, `.` those of the batch, (pq) p * Q + q; w and x: the operands. H and U: in double. */
static const char *const equations[] = {
  "H avco u Gau w",              "U aeco v Gev Havco",
  "D .ajpqc i Bai x",            "V .ae(pq)c j Bej D.ajpqc",
  "M .aeto c V.aetc Uaeco",
  "E .sepqo a Asa M.ae(pq)o",    "Z .(ps)(qr)o e Are E.sepqo" };

enum { MOST = 8, LETTERS = 128 };
/* What z is made of; y, r: of the two window dimensions, at y + r, or (flip) y - r. */
typedef struct Window { Shape s; Expr *init; Index *y[2], *r[2], *c, *o; bool flip[2]; Indices batch; } Window;
typedef struct Rewrite {
  Ctx *c; Graph *g; Eq *z; Window v; int m; Index *at[LETTERS], **batch; Tensor *tensor[LETTERS]; Eqs out; Indices from; Exprs to;
} Rewrite;

/* ---- which sums: is the place an index of its own, or y + r - p with a summed r of extent 3? */
static bool window_place(Ctx *c, Window *v, int *n, const Expr *place) {
  Aff a; const Shape *s = &v->s;
  if (!expr_affine(c, place, &a) || a.n > 2 || (a.n == 2 && *n == 2)) return false;
  if (a.n < 2) return !a.n || (a.k[0] == 1 && !a.c);
  bool second = index_in(a.index[1], s->k, s->nk); Index *r = a.index[second], *y = a.index[!second];
  v->r[*n] = r; v->y[*n] = y; v->flip[(*n)++] = a.k[second] < 0;
  if (a.k[!second] != 1 || a.k[second] * a.k[second] != 1 || !extent_equal(r->ext, extent_of(3))) return false;
  return index_in(r, s->k, s->nk) && index_in(y, s->m, s->nm);
}
static bool window_of(Ctx *c, Eq *e, Window *v) {
  const Expr *red = eq_reduction(e, &v->init), *b = red ? red->arg[0] : NULL; int n = 0;
  v->s = shape_of(c, e); const Shape *s = &v->s;
  if (!s->contracts || s->nbatch || s->nn != 1 || s->nk != 3 || red->n > 1 || b->kind != E_FN || !tensor_known(s->w->tensor)) return false;
  if (tensor_known(s->x->tensor) || e->out->type != T_F32 || s->x->type != T_F32 || s->w->type != T_F32) return false;
  for (int k = 0; k < 2; k++) {
    const Expr *f = b->arg[k];
    if (f != s->w && f != s->x && (f->kind != E_OR || f->arg[0] != s->x || expr_number(f->arg[1]) != 0)) return false;
  }
  for (int d = 0; d < s->x->n; d++) if (!window_place(c, v, &n, s->x->arg[d])) return false;
  if (n < 2 || v->r[0] == v->r[1] || v->y[0] == v->y[1]) return false;
  for (int k = 0; k < 3; k++) if (s->k[k] != v->r[0] && s->k[k] != v->r[1]) v->c = s->k[k];
  for (int k = 0; k < s->nm; k++) if (s->m[k] != v->y[0] && s->m[k] != v->y[1]) PUSH(c, v->batch, s->m[k]);
  for (int k = 0; k < e->nfree; k++) if (e->free[k]->ext.dim) return false;
  v->o = s->n[0]; return !v->c->ext.dim && v->batch.n <= 4;
}

/* ---- the matrices: rows of BT are the polynomials prod(z - p), AT has the points' powers, G those over prod(p - p') */
typedef double Matrix[MOST][MOST];
static void matrices(int m, Matrix bt, Matrix at, Matrix g) {
  static const double point[][MOST] = { { 0, 1, -1 }, { 0, 0.75, -0.75, 1.5, -1.5 }, { 0, 1, -1, 2, -2, 0.5, -0.5 } };
  const double *p = point[(m > 2) + (m > 4)]; int n = m + 2;
  for (int k = 0; k < n; k++) {
    double over = 1, x = 1; int deg = 0; bool inf = k == n - 1;
    bt[k][0] = 1;
    for (int j = 0; j < n - 1; j++) {
      if (j == k) continue;
      bt[k][++deg] = 0; over *= inf ? 1 : p[k] - p[j];
      for (int i = deg; i >= 0; i--) bt[k][i] = (i ? bt[k][i - 1] : 0) - p[j] * bt[k][i];
    }
    for (int i = 0; i < m || i < 3; i++, x *= inf ? 0 : p[k]) { g[k][i] = inf ? i == 2 : x / over; at[i][k] = inf ? i == m - 1 : x; }
  }
}

/* ---- equations */
static Expr *ex(Rewrite *r, Index *i) { return expr_index(r->c, i); }
static int64_t extent(const Rewrite *r, char l) {
  const Window *v = &r->v; int64_t p = (v->y[0]->ext.n + r->m - 1) / r->m, q = (v->y[1]->ext.n + r->m - 1) / r->m;
  if (strchr("pqt", l)) return l == 'p' ? p : l == 'q' ? q : p * q;
  return strchr("uv", l) ? 3 : strchr("sr", l) ? r->m : l == 'c' ? v->c->ext.n : l == 'o' ? v->o->ext.n : r->m + 2;
}
static Expr *letter(Rewrite *r, char l) {
  Index **i = &r->at[(int)l];
  if (!*i) *i = index_new(r->c, ctx_intern(r->c, (char[]){ l, 0 }), extent_of(extent(r, l)));
  return ex(r, *i);
}
/* Places as written, up to a space: of a tensor's dimensions. */
static int places(Rewrite *r, const char *s, Expr **to) {
  int n = 0;
  for (; *s && *s != ' '; s++) {
    if (*s == '.') for (int k = 0; k < r->v.batch.n; k++) to[n++] = ex(r, r->batch[k]);
    else if (*s != '(') to[n++] = letter(r, *s);
    else to[n++] = expr_fn2(r->c, FN_ADD, expr_fn2(r->c, FN_MUL, letter(r, s[1]), expr_int(r->c, extent(r, s[2]))), letter(r, s[2])), s += 3;
  }
  return n;
}

static void define(Rewrite *r, char name, Expr **place, int n, Expr *rhs) {
  Extent shape[16]; Indices free = { 0 }; Aff a; bool constant = strchr("GHUAB", name);
  for (int d = 0; d < n; d++) {
    expr_affine(r->c, place[d], &a); shape[d] = extent_of(1); expr_indices(r->c, place[d], &free);
    for (int k = 0; k < a.n; k++) shape[d].n *= a.index[k]->ext.n;
  }
  Tensor *t = tensor_new(r->c, r->g, ctx_printf(r->c, "%s.%c", r->z->out->name, name), rhs->type, n, shape, r->z->pos);
  Eq *e = eq_new(r->c, r->g, t, free.at, free.n, rhs, r->z);
  e->place = ctx_copy(r->c, place, sizeof *place * (size_t)n);
  if ((e->constant = constant)) t->kind = TK_CONST; else PUSH(r->c, r->out, e);
  if (!constant) t->layout = NEWN(r->c, LayoutDim, n);       /* the order in which the products want them */
  for (int d = 0; d < n && !constant; d++) t->layout[t->nlayout++] = (LayoutDim){ d, 1, 0 };
  r->tensor[(int)name] = t;
}

static void matrix(Rewrite *r, char name, Matrix m, const char *ix, Type type) {
  Expr *place[2], *e = expr_const(r->c, type, 0, 0), *row, *col; memset(r->at, 0, sizeof r->at); places(r, ix, place);
  for (int i = MOST * MOST - 1; i >= 0; i--) {
    if (m[i / MOST][i % MOST] == 0 || i / MOST >= extent(r, ix[0]) || i % MOST >= extent(r, ix[1])) continue;
    row = expr_fn2(r->c, FN_EQ, place[0], expr_int(r->c, i / MOST)); col = expr_fn2(r->c, FN_EQ, place[1], expr_int(r->c, i % MOST));
    e = expr_select(r->c, expr_fn2(r->c, FN_AND, row, col), expr_const(r->c, type, m[i / MOST][i % MOST], 0), e, r->z->pos);
  }
  define(r, name, place, 2, e);
}

static void put(Rewrite *r, Index *from, Expr *to) { PUSH(r->c, r->from, from); PUSH(r->c, r->to, to); }
/* An operand of z, read for tiles. */
static Expr *operand(Rewrite *r, const Expr *read, bool x) {
  const Window *v = &r->v; Expr **p = NEWN(r->c, Expr *, read->n); r->from.n = r->to.n = 0;
  for (int k = 0; k < 2; k++) {
    Expr *i = letter(r, (x ? "ij" : "uv")[k]);
    put(r, v->r[k], v->flip[k] ? expr_fn2(r->c, FN_SUB, expr_int(r->c, 2), i) : i);
    if (x) put(r, v->y[k], expr_fn2(r->c, FN_MUL, letter(r, "pq"[k]), expr_int(r->c, r->m)));
  }
  put(r, v->c, letter(r, 'c'));
  if (!x) put(r, v->o, letter(r, 'o'));
  for (int k = 0; k < v->batch.n && x; k++) put(r, v->batch.at[k], ex(r, r->batch[k]));
  for (int d = 0; d < read->n; d++) p[d] = expr_subst(r->c, read->arg[d], r->from.at, r->to.at, r->from.n);
  Expr *e = expr_read(r->c, read->tensor, p, read->pos);
  if (!x) return expr_convert(r->c, CV_PLAIN, T_F64, e, e->pos);
  return read_inside(r->c, e) ? e : expr_or(r->c, e, expr_const(r->c, T_F32, 0, 0), e->pos);
}
static Expr *factor(Rewrite *r, const char *s) {
  if (*s == 'x' || *s == 'w') return operand(r, *s == 'x' ? r->v.s.x : r->v.s.w, *s == 'x');
  Expr *p[16]; places(r, s + 1, p); return expr_read(r->c, r->tensor[(int)*s], p, r->z->pos);
}
static void equation(Rewrite *r, const char *s) {
  Expr *place[16], *e; char bound = strchr(s + 2, ' ')[1]; const char *x = strchr(s + 2, ' ') + 3, *y = strchr(x, ' ') + 1; int n;
  memset(r->at, 0, sizeof r->at); r->batch = NEWN(r->c, Index *, r->v.batch.n + 1);
  for (int k = 0; k < r->v.batch.n; k++) r->batch[k] = index_new(r->c, r->v.batch.at[k]->name, r->v.batch.at[k]->ext);
  n = places(r, s + 2, place); Index **i = ctx_copy(r->c, &letter(r, bound)->index, sizeof *i);
  e = expr_reduce(r->c, RED_SUM, i, 1, expr_fn2(r->c, FN_MUL, factor(r, x), factor(r, y)), NULL, r->z->pos);
  define(r, *s, place, n, *s == 'U' ? expr_convert(r->c, CV_PLAIN, T_F32, e, e->pos) : e);
}
static void rewrite(Rewrite *r, Kernel *k) {
  const Window *v = &r->v; Matrix bt = { { 0 } }, at = { { 0 } }, g = { { 0 } }; Eqs all = { 0 }; Expr *p[16]; int d = 0;
  matrices(r->m, bt, at, g); matrix(r, 'B', bt, "ai", T_F32); matrix(r, 'A', at, "sa", T_F32); matrix(r, 'G', g, "au", T_F64);
  for (int i = 0; i < 7; i++) equation(r, equations[i]);
  for (; d < v->batch.n; d++) p[d] = ex(r, v->batch.at[d]);
  p[d] = ex(r, v->y[0]); p[d + 1] = ex(r, v->y[1]); p[d + 2] = ex(r, v->o);
  Expr *z = expr_read(r->c, r->tensor['Z'], p, r->z->pos);
  r->z->rhs = v->init ? expr_fn2(r->c, FN_ADD, v->init, z) : z;
  for (int i = 0; i < k->neq; i++) {
    if (k->eq[i] == r->z) EACH(Eq, e, r->out) PUSH(r->c, all, e);
    PUSH(r->c, all, k->eq[i]);
  }
  k->eq = all.at; k->neq = all.n; kernel_inputs(r->c, k);
}

/* ---- does it pay? Cycles of the direct form (m = 0: nine products a result) and of F(m, 3), at nine tenths of the peak; each transform takes 95
 * a tile and vector where n = 6; the weights come at 28 bytes a cycle, or at 12 where no cache holds them. Fitted within 13 %. */
static double cycles(const Target *t, const Window *v, int m) {
  double n = m ? m + 2 : 3, step = m ? m : 1, c = (double)v->c->ext.n, o = (double)v->o->ext.n, lanes = target_lanes(t, 4);
  double tiles = index_points(v->batch.at, v->batch.n), bytes = 4 * n * n * c * o, speed = bytes > (double)t->l3 ? 12 : 28;
  for (int k = 0; k < 2; k++) tiles *= ceil((double)v->y[k]->ext.n / step);
  return n * n * tiles * c * o / (0.9 * lanes * t->fma_ports) + bytes / speed + (m ? 95 * n * n / 36 * tiles * (c + o) / lanes : 0);
}

/* Channels that an argument keeps apart would be gathered. */
static bool is_apart(Ctx *c, const Tensor *t, Expr *const *at, const Index *i) {
  return t->kind != TK_TEMP && access_stride(c, t, at, i->name) != 1;
}
static int kernel_rewrite(Ctx *c, Graph *g, const Target *t, Kernel *k) {
  Rewrite r = { .c = c, .g = g }; int best = 0, sums = 0, forced = move_forced(c, "winograd");
  for (int i = 0; i < k->neq; i++) if (eq_reduction(k->eq[i], NULL)) { sums++; r.z = k->eq[i]; }
  if (k->tree || sums != 1 || !window_of(c, r.z, &r.v)) return 0;
  for (int i = 0; i < k->neq; i++) if (k->eq[i]->nfree != r.z->nfree) return 0;
  for (int m = 2; m <= 4; m++) if (cycles(t, &r.v, m) < cycles(t, &r.v, best)) best = m;
  bool apart = is_apart(c, r.v.s.x->tensor, r.v.s.x->arg, r.v.c);
  for (int i = 0; i < k->neq; i++) apart |= is_apart(c, k->eq[i]->out, k->eq[i]->place, r.v.o);
  const char *why = apart ? "the channels of an argument do not lie side by side" : !t->vector_bytes || !t->fma ? "the target has no vector fma"
                  : !best || r.v.c->ext.n < 32 || r.v.o->ext.n < 32 ? "too few channels or places" : NULL;
  if (!forced && !why && !move_allowed(c, "winograd", k->label)) why = "refused by option";
  r.m = forced ? forced : best; double gain = cycles(t, &r.v, 0) / cycles(t, &r.v, r.m ? r.m : 4);
  if (why && !forced) { ledger_add(c, "winograd", r.z->out->name, false, 0, "%s (estimated gain %.2f)", why, gain); return 0; }
  ledger_add(c, "winograd", r.z->out->name, true, 0, "tiles of %d by %d, estimated gain %.2f (rounds differently)", r.m, r.m, gain);
  rewrite(&r, k); return 1;
}
int pass_winograd(Ctx *c, Graph *g, const Target *t) {
  int n = 0;
  for (int i = 0; i < g->nkernel && !graph_streams(g); i++) n += kernel_rewrite(c, g, t, g->kernel[i]);
  return n && !graph_sort(c, g) ? -1 : n;
}
