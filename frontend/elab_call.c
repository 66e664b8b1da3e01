/* Calls: local functions, conversions, primitive functions, list functions, operators.
 *
 *   conv(x, w, pads = 1)       arguments by place and name; defaults are evaluated when they are asked for, in the operator's own frame
 *   concat(a, b, c, axis = 1)  more tensors than `y[...]...` takes: folded from the left
 *   relu(x)                    bare names and `= expression`: a function of numbers; of whole tensors it is lifted
 */
#include "elab.h"
#include <math.h>
#include <string.h>

typedef struct Args { Val *at; Rest *extra; int nextra; List var; int var_cap; } Args;

/* ---- attributes */
static bool kind_is(const Param *p, const char *kind) { return p->type && !strcmp(p->type, kind); }

static bool default_is_float(const Param *p)
{
  const Node *n = p->value;
  while (n && n->kind == N_UNARY) n = n->kid[0];
  return !p->type && n && n->kind == N_FLOAT;
}

static bool is_number(Val v) { return v.k == V_NUM && v.e->kind == E_CONST; }
static bool is_whole_number(Val v) { return is_number(v) && !type_is_float(v.e->type); }

static void fail_kind(Elab *el, const Param *p, Val v, Pos pos)
{
  fail_at(el, pos, "attribute '%s' must be of kind %s; this is %s", p->name, p->type, v_kind(v));
}

static Val coerce_number(Elab *el, const Param *p, Val v, Pos pos)
{
  bool is_int = kind_is(p, "int") || kind_is(p, "ints"), is_float = kind_is(p, "float") || kind_is(p, "floats") || default_is_float(p);
  if (is_float && is_whole_number(v) && v.e->type == T_WINT) return v_float(el, (double)v.e->i);
  if (is_int && is_number(v) && type_is_float(v.e->type)) {
    if (floor(v.e->f) != v.e->f || fabs(v.e->f) > 1e15) fail_at(el, pos, "attribute '%s' must be an integer; this is %g", p->name, v.e->f);
    return v_int(el, (int64_t)v.e->f);
  }
  if ((is_int || is_float) && p->type && v.k != V_NUM) fail_kind(el, p, v, pos);
  return v;
}

static Val coerce_list(Elab *el, const Param *p, Val v, Pos pos)
{
  bool plural = kind_is(p, "ints") || kind_is(p, "floats");
  if (v.k != V_LIST) {
    Val l = v_list(el, 1);
    l.l->at[0] = v;
    v = l;
  }
  if (!plural) return v;
  Val out = v_list(el, v.l->n);
  for (int i = 0; i < v.l->n; i++) out.l->at[i] = coerce_number(el, p, v.l->at[i], pos);
  return out;
}

static Val attribute_data(Elab *el, const Param *p, Val v, Pos pos)
{
  Val l = list_values(el, v.x);
  if (l.k == V_NONE) fail_at(el, pos, "attribute '%s' must be known when the graph is compiled; '%s' is a tensor whose values are not", p->name, v.x->t->name);
  return l;
}

Val attribute_coerce(Elab *el, const Param *p, Val v, Pos pos)
{
  bool plural = kind_is(p, "ints") || kind_is(p, "floats");
  if (v.k == V_TENSOR) v = attribute_data(el, p, v, pos);
  if (v.k == V_NONE) return v;
  if (v.k == V_LIFT || v.k == V_COMP || (v.k == V_NUM && !v_static(v))) fail_at(el, pos, "attribute '%s' must be known when the graph is compiled; this is %s", p->name, v_kind(v));
  if (plural) return coerce_list(el, p, v, pos);
  if (p->type && v.k == V_LIST && v.l->n == 1) v = v.l->at[0];
  if (kind_is(p, "string") && v.k != V_STRING) fail_kind(el, p, v, pos);
  if (kind_is(p, "type") && v.k != V_TYPE) fail_kind(el, p, v, pos);
  if (kind_is(p, "bool")) {
    if (!is_whole_number(v)) fail_kind(el, p, v, pos);
    return v_bool(el, v.e->i != 0);
  }
  if (v.k == V_LIST && default_is_float(p)) {
    Val out = v_list(el, v.l->n);
    for (int i = 0; i < v.l->n; i++) out.l->at[i] = coerce_number(el, p, v.l->at[i], pos);
    return out;
  }
  return coerce_number(el, p, v, pos);
}

/* ---- binding of arguments */
static int param_find(const Decl *op, const char *name)
{
  for (int i = 0; i < op->nparam; i++)
    if (op->param[i].name == name && op->param[i].kind != P_REST) return i;
  return -1;
}

static bool takes_rest(const Decl *op)
{
  for (int i = 0; i < op->nparam; i++)
    if (op->param[i].kind == P_REST) return true;
  return false;
}

static void extra_put(Elab *el, Args *a, const char *name, Val v, int cap)
{
  if (!a->extra) a->extra = NEWN(el->c, Rest, cap);
  for (int i = 0; i < a->nextra; i++)
    if (a->extra[i].name == name) return;
  a->extra[a->nextra++] = (Rest){ name, v };
}

static void arg_named(Elab *el, const Decl *op, const Node *q, Args *a, int cap, Frame *f, Scope s)
{
  int k = param_find(op, q->text);
  Val v = first_of(ev_node(el, q->kid[0], f, s));
  if (k >= 0) {
    a->at[k] = v;
    return;
  }
  if (!takes_rest(op)) {
    const char **near = NEWN(el->c, const char *, op->nparam + 1);
    for (int i = 0; i < op->nparam; i++) near[i] = op->param[i].name;
    fail_near(el, q->pos, ctx_printf(el->c, "'%s' has no parameter '%s'", op->name, q->text), q->text, near, op->nparam);
  }
  extra_put(el, a, q->text, v, cap);
}

/* `...`: all attributes of the caller that the callee knows; those it does not know go into its own rest. */
static void arg_pass(Elab *el, const Decl *op, Args *a, int cap, Frame *f, Pos pos)
{
  bool rest = takes_rest(op);
  for (int i = 0; i < f->nrest; i++) {
    int k = param_find(op, f->rest[i].name);
    if (k >= 0 && op->param[k].kind == P_ATTR && a->at[k].k == V_NONE) a->at[k] = f->rest[i].v;
    if (k < 0 && rest) extra_put(el, a, f->rest[i].name, f->rest[i].v, cap);
  }
  for (int i = 0; f->op && i < f->op->nparam; i++) {
    const Param *p = &f->op->param[i];
    int k = param_find(op, p->name);
    if (p->kind != P_ATTR) continue;
    if (k >= 0 && op->param[k].kind == P_ATTR && a->at[k].k == V_NONE) a->at[k] = slot_value(el, f, slot_get(el, f, p->name), pos);
    if (k < 0 && rest) extra_put(el, a, p->name, slot_value(el, f, slot_get(el, f, p->name), pos), cap);
  }
}

static void arg_placed(Elab *el, const Decl *op, int *at, Val v, Args *a, Pos pos)
{
  int n = 0;
  for (int i = 0; i < op->nparam; i++) n += op->param[i].kind != P_REST;
  if (*at >= n) fail_at(el, pos, "'%s' takes %d argument%s, more are given", op->name, n, n == 1 ? "" : "s");
  if (op->param[*at].variadic) {
    a->var.at = ctx_grow(el->c, a->var.at, a->var.n, &a->var_cap, sizeof(Val));
    a->var.at[a->var.n++] = v;
  } else a->at[(*at)++] = v;
}

static void args_bind(Elab *el, const Decl *op, const Node *n, Args *a, Frame *f, Scope s)
{
  int at = 0, cap = n->n + f->nrest + (f->op ? f->op->nparam : 0) + 1;
  a->at = NEWN(el->c, Val, op->nparam + 1);
  s.ix = false;
  for (int i = 0; i < n->n; i++) {
    const Node *q = n->kid[i];
    if (q->kind == N_NAMED) arg_named(el, op, q, a, cap, f, s);
    else if (q->kind == N_SPLICE) {
      List *l = ev_items(el, &n->kid[i], 1, f, s);
      for (int k = 0; k < l->n; k++) arg_placed(el, op, &at, l->at[k], a, n->pos);
    } else if (q->kind != N_PASS) arg_placed(el, op, &at, first_of(ev_node(el, q, f, s)), a, n->pos);
  }
  for (int i = 0; i < n->n; i++)
    if (n->kid[i]->kind == N_PASS) arg_pass(el, op, a, cap, f, n->pos);
}

/* ---- parameters in the new frame */
static bool is_function(const Decl *op)
{
  if (!op->expr) return false;
  for (int i = 0; i < op->nparam; i++)
    if (op->param[i].kind != P_PLAIN && op->param[i].kind != P_ATTR) return false;
  return true;
}

static Val tensor_argument(Elab *el, const Decl *op, const Param *p, Val v, Frame *f, Pos pos)
{
  if (v.k == V_LIFT) v = v_store(el, v, name_temp(el, frame_full(el, f, p->name)), pos);
  if (v.k == V_NUM && v.e->kind == E_READ && !v.e->n) v = v_tensor(el, v.e->tensor);
  if (v.k == V_NUM && v_static(v)) return v;
  if (v.k == V_POISON) fail_silent(el);
  if (v.k != V_TENSOR)
    fail_at(el, pos, "'%s' wants a whole tensor for '%s', this is %s%s", op->name, p->name, v_kind(v), v.k == V_NUM ? ": it does not work element by element" : "");
  Tens *x = NEW(el->c, Tens);
  *x = (Tens){ .t = v.x->t, .known = v.x->known };
  return (Val){ V_TENSOR, { .x = x } };
}

static void param_missing(Elab *el, const Decl *op, const Param *p, Slot *s, Pos pos)
{
  const char *what = p->kind == P_PLAIN ? "argument" : p->kind == P_ATTR ? "attribute" : "tensor";
  if (p->kind == P_PLAIN || !p->value) fail_at(el, pos, "'%s' needs its %s '%s'", op->name, what, p->name);
  s->param = p;
  s->state = p->kind == P_ATTR ? SL_THUNK : SL_VALUE;
  if (p->kind != P_ATTR) s->v = (Val){ V_ABSENT, { .p = p } };
}

static void param_bind(Elab *el, const Decl *op, const Param *p, Val v, Frame *f, Pos pos)
{
  Slot *s = slot_get(el, f, p->name);
  s->param = p;
  if (v.k == V_NONE) {
    param_missing(el, op, p, s, pos);
    return;
  }
  s->state = SL_VALUE;
  s->v = p->kind == P_ATTR ? attribute_coerce(el, p, v, pos) : p->kind == P_TENSOR ? tensor_argument(el, op, p, v, f, pos) : v;
}

/* ---- applying */
static const char *last_name(const Decl *op)
{
  if (!op->nstmt) return NULL;
  const Node *l = op->stmt[op->nstmt - 1]->left;
  if (!l) return NULL;
  if (l->kind == N_TUPLE) l = l->kid[l->n - 1];
  return l->kind == N_INDEX ? l->kid[0]->text : l->text;
}

static Val result_value(Elab *el, Frame *f, const char *name, Pos pos)
{
  Slot *s = name ? slot_find(f, name) : NULL;
  if (!s || s->state == SL_NONE) fail_at(el, f->op->pos, "the result '%s' is not defined", name ? name : "?");
  Val v = slot_value(el, f, s, pos);
  if (v.k == V_LIFT) v = v_store(el, v, frame_full(el, f, name), pos);
  if (v.k == V_ABSENT) v = absent_default(el, f, v.p);
  return v;
}

static Val apply_body(Elab *el, const Decl *op, Frame *f, Pos pos)
{
  body_run(el, f, op->stmt, NULL, op->nstmt);
  if (!op->has_result || !op->nresult) return result_value(el, f, last_name(op), pos);
  Val out = v_list(el, op->nresult);
  out.k = V_TUPLE;
  for (int i = 0; i < op->nresult; i++) out.l->at[i] = result_value(el, f, op->result[i].name, pos);
  return op->nresult == 1 ? out.l->at[0] : out;
}

static Val apply_in(Elab *el, const Decl *op, const Args *a, Frame *f, Scope s, Pos pos)
{
  for (int i = 0; i < op->nparam; i++)
    if (op->param[i].kind != P_REST) param_bind(el, op, &op->param[i], a->at[i], f, pos);
  if (is_function(op)) return ev_node(el, op->expr, f, (Scope){ .eq = s.eq });
  match_params(el, f, op, pos);
  if (!op->expr) return apply_body(el, op, f, pos);
  el->want = f->out;
  return ev_node(el, op->expr, f, (Scope){ 0 });
}

static Val apply_once(Elab *el, const Decl *op, const Args *a, Want want, Scope s, Pos pos)
{
  Frame *f = NEW(el->c, Frame);
  const char *target = el->target;
  f->op = op;
  f->rest = a->extra;
  f->nrest = a->nextra;
  f->out = want;
  f->prefix = want.n ? want.name[0] : target;
  if (el->ncall >= CALL_MAX) fail_at(el, pos, "operators call each other without end");
  el->call[el->ncall++] = (Call){ op->name, pos };
  Val v = apply_in(el, op, a, f, s, pos);
  el->ncall--;
  el->target = target;
  return v;
}

static int variadic_param(const Decl *op)
{
  for (int i = 0; i < op->nparam; i++)
    if (op->param[i].variadic) return i;
  return -1;
}

/* With a variadic last tensor the operator folds from the left; with none it is its first. */
static Val apply_fold(Elab *el, const Decl *op, Args *a, Want want, Scope s, Pos pos)
{
  int k = variadic_param(op);
  if (k < 0) return apply_once(el, op, a, want, s, pos);
  if (a->at[k].k != V_NONE) a->var = (List){ 1, &a->at[k] };
  Val acc = a->at[0];
  if (acc.k == V_NONE) fail_at(el, pos, "'%s' needs its first argument", op->name);
  Val *var = a->var.at;
  for (int i = 0; i < a->var.n; i++) {
    Args one = *a;
    one.at = NEWN(el->c, Val, op->nparam + 1);
    memcpy(one.at, a->at, sizeof(Val) * (size_t)op->nparam);
    one.at[0] = acc;
    one.at[k] = var[i];
    acc = first_of(apply_once(el, op, &one, i == a->var.n - 1 ? want : (Want){ 0 }, s, pos));
  }
  return acc;
}

/* Large lifted arguments of a function are stored first: a function may use its argument many times. */
static void args_store(Elab *el, const Decl *op, Args *a, Pos pos)
{
  for (int i = 0; i < op->nparam; i++)
    if (a->at[i].k == V_LIFT && a->at[i].f->size > 16) {
      const char *name = ctx_intern(el->c, el->target ? ctx_printf(el->c, "%s.%s", el->target, op->param[i].name) : op->param[i].name);
      a->at[i] = v_store(el, a->at[i], name_temp(el, name), pos);
    }
}

/* What a lifted expression is called in dumps: the outermost function, then what its arguments were made by. */
static Val lift_label(Elab *el, Val v, const char *name, const Val *arg, int n)
{
  if (v.k != V_LIFT) return v;
  Text t = { .c = el->c };
  text_add(&t, "%s", name);
  for (int i = 0; i < n; i++) {
    if (arg[i].k == V_LIFT && arg[i].f == v.f) return v;
    if (arg[i].k == V_LIFT && arg[i].f->label && t.n < 80) text_add(&t, "+%s", arg[i].f->label);
  }
  v.f->label = t.s;
  return v;
}

static Val call_operator(Elab *el, const Decl *op, const Node *n, Frame *f, Scope s, Want want)
{
  Args a = { 0 };
  args_bind(el, op, n, &a, f, s);
  if (is_function(op)) args_store(el, op, &a, n->pos);
  Val v = apply_fold(el, op, &a, want, s, n->pos);
  return op->expr ? lift_label(el, v, op->name, a.at, op->nparam) : v;
}

/* ---- the other kinds of calls */
static Val call_local(Elab *el, const Stmt *fun, const Node *n, Frame *f, Scope s)
{
  const Node *head = fun->left;
  if (head->n != n->n) fail_at(el, n->pos, "'%s' takes %d argument%s, %d given", n->text, head->n, head->n == 1 ? "" : "s", n->n);
  s.ix = false;
  Scope in = s;
  for (int i = 0; i < n->n; i++) {
    bool splice = n->kid[i]->kind == N_SPLICE;
    Val v = splice ? (Val){ V_LIST, { .l = ev_items(el, &n->kid[i], 1, f, s) } } : first_of(ev_node(el, n->kid[i], f, s));
    in = scope_bind(el, in, head->kid[i]->text, v);
  }
  return ev_node(el, fun->value, f, in);
}

static Val call_type(Elab *el, Type t, const Node *n, Frame *f, Scope s)
{
  if (n->n != 1) fail_at(el, n->pos, "'%s' takes 1 argument, %d given", n->text, n->n);
  return v_convert(el, CV_PLAIN, t, ev_scalar(el, n->kid[0], f, s), n->pos);
}

static Val call_convert(Elab *el, Convert mode, const Node *n, Frame *f, Scope s)
{
  if (n->n != 2) fail_at(el, n->pos, "'%s' takes a type and a value", n->text);
  Val t = ev_node(el, n->kid[0], f, s);
  if (t.k != V_TYPE) fail_at(el, n->kid[0]->pos, "'%s' wants a type first; this is %s", n->text, v_kind(t));
  return v_convert(el, mode, t.t, ev_scalar(el, n->kid[1], f, s), n->pos);
}

static Val *call_values(Elab *el, const Node *n, Frame *f, Scope s)
{
  Val *a = NEWN(el->c, Val, n->n + 1);
  s.ix = false;
  for (int i = 0; i < n->n; i++) {
    if (n->kid[i]->kind == N_NAMED) fail_at(el, n->kid[i]->pos, "'%s' has no parameter '%s'", n->text, n->kid[i]->text);
    a[i] = n->kid[i]->kind == N_SPLICE ? (Val){ V_LIST, { .l = ev_items(el, &n->kid[i], 1, f, s) } } : ev_scalar(el, n->kid[i], f, s);
  }
  return a;
}

static Val fold_list(Elab *el, Fn fn, Val none, const List *l, Pos p)
{
  Val r = none;
  for (int i = 0; i < l->n; i++) r = r.k == V_NONE ? l->at[i] : v_fn2(el, fn, r, l->at[i], p);
  if (r.k == V_NONE) fail_at(el, p, "the %s of an empty list", fn_info[fn].text);
  return r;
}

static bool call_list_fold(Elab *el, const Word *w, const List *l, Pos p, Val *out)
{
  if (w->kind == W_FN && (w->id == FN_MAX || w->id == FN_MIN)) *out = fold_list(el, (Fn)w->id, (Val){ V_NONE, { 0 } }, l, p);
  else if (w->kind != W_RED) return false;
  else if (w->id == RED_SUM) *out = fold_list(el, FN_ADD, l->n ? (Val){ V_NONE, { 0 } } : v_int(el, 0), l, p);
  else if (w->id == RED_PROD) *out = fold_list(el, FN_MUL, l->n ? (Val){ V_NONE, { 0 } } : v_int(el, 1), l, p);
  else if (w->id == RED_ANY) *out = fold_list(el, FN_OR, v_bool(el, false), l, p);
  else if (w->id == RED_ALL) *out = fold_list(el, FN_AND, v_bool(el, true), l, p);
  else return false;
  return true;
}

static Val call_primitive(Elab *el, Fn fn, const Node *n, const Val *a)
{
  int want = fn_info[fn].arity;
  if (n->n != want) fail_at(el, n->pos, "'%s' takes %d argument%s, %d given", n->text, want, want == 1 ? "" : "s", n->n);
  return lift_label(el, v_fn(el, fn, a, want, n->pos), n->text, a, want);
}

static void fail_operator(Elab *el, const Node *n)
{
  VEC(const char *) near = { 0 };
  for (int i = 0; i < el->op_name.n; i++) PUSH(el->c, near, el->op_name.at[i]);
  for (int i = FN_EXP; i < FN_COUNT; i++) PUSH(el->c, near, fn_info[i].text);
  for (int i = 0; i < LF_COUNT; i++) PUSH(el->c, near, list_fn_name[i]);
  fail_near(el, n->pos, ctx_printf(el->c, "there is no operator '%s'", n->text), n->text, near.at, near.n);
}

static Val call_word(Elab *el, const Word *w, const Node *n, Frame *f, Scope s)
{
  Val out;
  if (!w || w->kind == W_CONST) fail_operator(el, n);
  if (w->kind == W_TYPE) return call_type(el, (Type)w->id, n, f, s);
  if (w->kind == W_CONVERT) return call_convert(el, (Convert)w->id, n, f, s);
  Val *a = call_values(el, n, f, s);
  if (n->n == 1 && a[0].k == V_LIST && call_list_fold(el, w, a[0].l, n->pos, &out)) return out;
  if (w->kind == W_RED) fail_at(el, n->pos, "'%s' is a reduction: %s(indices: expression)", n->text, n->text);
  if (w->kind == W_FN) return call_primitive(el, (Fn)w->id, n, a);
  if (n->n < list_fn_args[w->id]) fail_at(el, n->pos, "'%s' takes %d argument%s, %d given", n->text, list_fn_args[w->id], list_fn_args[w->id] == 1 ? "" : "s", n->n);
  list_fn(el, w->id, a, n->n, n->pos, &out);
  return out;
}

Val ev_call(Elab *el, const Node *n, Frame *f, Scope s, Want want)
{
  Slot *sl = slot_find(f, n->text);
  if (sl && sl->fun) return call_local(el, sl->fun, n, f, s);
  if (sl && (sl->state == SL_VALUE || sl->state == SL_THUNK)) {
    Val t = slot_value(el, f, sl, n->pos);
    if (t.k == V_TYPE) return call_type(el, t.t, n, f, s);
  }
  const Decl *op = map_get(&el->op, n->text);
  if (op) return call_operator(el, op, n, f, s, want);
  return call_word(el, map_get(&el->word, n->text), n, f, s);
}
