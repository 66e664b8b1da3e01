/* A whole graph as text: what is declared first, then equations, kernels with their schedules, layouts, places, and what states become.
 *
 *   stage plan;
 *   weights "amp.safetensors";
 *   graph amp(x: f32[stream t]) -> (y: f32[t]) {
 *     param w: f32[16, 1, 3];
 *     const wf[o < 16, k < 3]: f32 = w[o, 0, k] * 0.5;
 *     state h1: f32[16, t - 1022] = 0;
 *     kernel k0 "conv" (x, wf) -> (y: f32[t]) { ... schedule { ... } }
 *     h1: f32[c = 16, t = t] as [t, c];
 *     h1 at scratch + 8192;
 *   }
 *
 * Whatever order the arrays of the graph have, tensors are printed in the order in which this text declares them: so the text that is
 * read back prints the same.
 */
#include "print.h"
#include <math.h>
#include <string.h>

typedef struct Out { Text t; Ctx *c; const Graph *g; Names *names; VEC(Tensor *) order; } Out;

static bool held(const Out *o, const Eq *e)
{
  for (int k = 0; k < o->g->nkernel; k++)
    for (int j = 0; j < o->g->kernel[k]->neq; j++)
      if (o->g->kernel[k]->eq[j] == e) return true;
  return false;
}

static void declare(Out *o, Tensor *t)
{
  for (int k = 0; k < o->order.n; k++)
    if (o->order.at[k] == t) return;
  PUSH(o->c, o->order, t);
}

static void print_string(Text *t, const char *s)
{
  text_add(t, "\"");
  for (; *s; s++) text_add(t, *s == '"' || *s == '\\' ? "\\%c" : "%c", *s);
  text_add(t, "\"");
}

/* ---- types and the head */
static void print_type(Text *t, const Tensor *x, const Index **streams, int *nstream)
{
  text_add(t, "%s[", type_name(x->type));
  for (int d = 0; d < x->rank; d++) {
    const Index *dim = x->shape[d].dim;
    bool first = streams && dim && dim->stream;
    for (int k = 0; first && k < *nstream; k++) first = streams[k] != dim;
    if (d) text_add(t, ", ");
    if (first) text_add(t, "stream "), streams[(*nstream)++] = dim;
    print_extent(t, x->shape[d]);
  }
  text_add(t, "]");
}

static void print_where(Out *o)
{
  const char *before = o->g->nin ? " where " : "where ";
  for (int k = 0; k < o->g->ndim; k++) {
    const Index *d = o->g->dim[k];
    if (d->stream && d->lo == 1 && d->hi == STREAM_MAX) continue;
    text_add(&o->t, "%s%s in %lld..%lld", before, d->name, (long long)d->lo, (long long)d->hi);
    before = ", ";
  }
}

static void print_typed_list(Out *o, Tensor *const *at, int n, const Index **streams, int *nstream)
{
  for (int k = 0; k < n; k++) {
    text_add(&o->t, "%s%s: ", k ? ", " : "", at[k]->name);
    print_type(&o->t, at[k], streams, nstream);
    if (streams) declare(o, at[k]);
  }
}

static void print_head(Out *o)
{
  const Index **streams = NEWN(o->c, const Index *, o->g->ndim);
  int n = 0;
  text_add(&o->t, "graph %s(", o->g->name);
  print_typed_list(o, o->g->in, o->g->nin, streams, &n);
  print_where(o);
  text_add(&o->t, ") -> (");
  print_typed_list(o, o->g->out, o->g->nout, NULL, NULL);
  text_add(&o->t, ") {\n");
}

/* ---- declarations and equations */
static void print_params(Out *o)
{
  for (int k = 0; k < o->g->ntensor; k++) {
    Tensor *t = o->g->tensor[k];
    if (t->kind != TK_PARAM) continue;
    text_add(&o->t, "  param %s: ", t->name);
    print_type(&o->t, t, NULL, NULL);
    text_add(&o->t, ";\n");
    declare(o, t);
  }
}

static void dims_of_eq(Out *o, Eq *const *eq, int n)
{
  for (int k = 0; k < o->g->ndim; k++) {
    bool bare = true;
    for (int j = 0; j < n && bare; j++) bare = !eq_speaks_of(o->c, eq[j], o->g->dim[k]);
    names_dim(o->names, o->g->dim[k], bare);
  }
}

static void print_loose(Out *o, bool constant)
{
  for (int k = 0; k < o->g->neq; k++) {
    Eq *e = o->g->eq[k];
    if (e->constant != constant || held(o, e)) continue;
    names_reset(o->names);
    dims_of_eq(o, &e, 1);
    text_add(&o->t, constant ? "  const " : "  ");
    print_eq(&o->t, o->names, e);
    text_add(&o->t, "\n");
    declare(o, e->out);
  }
}

static bool uses_index(const Tensor *t, int d) { return t->init && t->init_index && expr_has_index(t->init, t->init_index[d]); }

static int stream_dim(const Tensor *t)
{
  for (int d = 0; d < t->rank; d++)
    if (t->shape[d].dim && t->shape[d].dim->stream) return d;
  return -1;
}

static bool is_zero(const Expr *e)
{
  return !e || (e->kind == E_CONST && (type_is_float(e->type) ? e->f == 0 && !signbit(e->f) : e->i == 0));
}

/* `state h: f32[c < 16, t - 1022] = p[c];` an index is named only where the value depends on it. */
static void print_state(Out *o, Tensor *t)
{
  names_reset(o->names);
  for (int k = 0; k < o->g->ndim; k++) names_dim(o->names, o->g->dim[k], false);
  text_add(&o->t, "  state %s: %s[", t->name, type_name(t->type));
  for (int d = 0; d < t->rank; d++) {
    if (d) text_add(&o->t, ", ");
    if (uses_index(t, d)) text_add(&o->t, "%s < ", names_of(o->names, t->init_index[d]));
    Extent e = t->shape[d];
    if (t->history && d == stream_dim(t)) e.n -= t->history;
    print_extent(&o->t, e);
  }
  text_add(&o->t, "] = ");
  if (is_zero(t->init)) text_add(&o->t, t->type == T_BOOL ? "false" : "0");
  else print_expr(&o->t, o->names, t->init, PREC_ANY);
  text_add(&o->t, ";\n");
  declare(o, t);
}

static void print_history(Out *o, Tensor *t)
{
  for (int k = 0; k < o->order.n; k++)
    if (o->order.at[k] == t) return;
  if (t->history > 0) print_state(o, t);
}

/* What is a state by itself as declared; histories in the order of the equations that make them. */
static void print_states(Out *o)
{
  for (int k = 0; k < o->g->ntensor; k++)
    if (o->g->tensor[k]->kind == TK_STATE && !o->g->tensor[k]->history) print_state(o, o->g->tensor[k]);
  for (int k = 0; k < o->g->neq; k++)
    if (!held(o, o->g->eq[k])) print_history(o, o->g->eq[k]->out);
  for (int k = 0; k < o->g->nkernel; k++)
    for (int j = 0; j < o->g->kernel[k]->neq; j++) print_history(o, o->g->kernel[k]->eq[j]->out);
}

/* ---- kernels */
static void print_names(Text *t, Tensor *const *at, int n)
{
  for (int k = 0; k < n; k++) text_add(t, "%s%s", k ? ", " : "", at[k]->name);
}

static void print_kernel(Out *o, const Kernel *k)
{
  names_reset(o->names);
  dims_of_eq(o, k->eq, k->neq);
  text_add(&o->t, "  kernel %s ", k->name);
  print_string(&o->t, k->label ? k->label : "");
  text_add(&o->t, " (");
  print_names(&o->t, k->in, k->nin);
  text_add(&o->t, ") -> (");
  print_typed_list(o, k->out, k->nout, NULL, NULL);
  text_add(&o->t, ") {\n");
  for (int j = 0; j < k->neq; j++) {
    text_add(&o->t, "    ");
    print_eq(&o->t, o->names, k->eq[j]);
    text_add(&o->t, "\n");
    declare(o, k->eq[j]->out);
  }
  if (k->tree) {
    text_add(&o->t, "    schedule {\n");
    names_scope(o->names);
    print_tree(&o->t, o->names, k->tree, 6);
    text_add(&o->t, "    }\n");
  }
  text_add(&o->t, "  }\n");
}

/* ---- layouts, places, next values */
static void print_layout(Out *o, const Tensor *t)
{
  text_add(&o->t, "  %s: %s[", t->name, type_name(t->type));
  for (int d = 0; d < t->rank; d++) {
    text_add(&o->t, "%sd%d = ", d ? ", " : "", d);
    print_extent(&o->t, t->shape[d]);
  }
  text_add(&o->t, "] as [");
  for (int k = 0; k < t->nlayout; k++) {
    const LayoutDim *l = &t->layout[k];
    text_add(&o->t, "%sd%d", k ? ", " : "", l->dim);
    if (l->div > 1) text_add(&o->t, " / %lld", (long long)l->div);
    if (l->mod) text_add(&o->t, " %% %lld", (long long)l->mod);
  }
  text_add(&o->t, "];\n");
}

static void print_tail(Out *o)
{
  static const char *const where[] = { "", "scratch", "state", "const" };
  for (int k = 0; k < o->order.n; k++)
    if (o->order.at[k]->layout) print_layout(o, o->order.at[k]);
  for (int k = 0; k < o->order.n; k++) {
    const Tensor *t = o->order.at[k];
    if (t->where != AT_NONE) text_add(&o->t, "  %s at %s + %lld;\n", t->name, where[t->where], (long long)t->offset);
  }
  for (int k = 0; k < o->order.n; k++)
    if (o->order.at[k]->next) text_add(&o->t, "  %s <- %s;\n", o->order.at[k]->name, o->order.at[k]->next->name);
}

char *graph_print(Ctx *c, const Graph *g)
{
  Out o = { .t = { .c = c }, .c = c, .g = g, .names = names_new(c) };
  for (int k = 0; k < g->ntensor; k++) names_take(o.names, g->tensor[k]->name);
  for (int k = 0; k < g->ndim; k++) names_dim(o.names, g->dim[k], false);
  text_add(&o.t, "stage %s;\n", stage_name[g->stage]);
  for (int k = 0; k < g->nweights; k++) {
    text_add(&o.t, "weights ");
    print_string(&o.t, g->weights[k]);
    text_add(&o.t, ";\n");
  }
  print_head(&o);
  print_params(&o);
  print_loose(&o, true);
  print_states(&o);
  print_loose(&o, false);
  for (int k = 0; k < g->nkernel; k++) print_kernel(&o, g->kernel[k]);
  print_tail(&o);
  text_add(&o.t, "}\n");
  return o.t.s;
}
