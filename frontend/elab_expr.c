/* Expression nodes to values. What is known when the graph is compiled is computed here: only the side of `?:`, `&` and `|` that counts is
 * looked at, so a definition may hold parts that make no sense for these arguments.
 */
#include "elab.h"
#include <math.h>

/* ---- scopes */
bool scope_find(Scope s, const char *name, Val *out)
{
  for (const Bind *b = s.b; b; b = b->up)
    if (b->name == name) {
      *out = b->v;
      return true;
    }
  return false;
}

Scope scope_bind(Elab *el, Scope s, const char *name, Val v)
{
  Bind *b = NEW(el->c, Bind);
  *b = (Bind){ name, v, s.b };
  s.b = b;
  return s;
}

Val first_of(Val v) { return v.k == V_TUPLE && v.l->n ? v.l->at[0] : v; }

/* ---- names */
/* A default that cannot be found yet may be asked for again. */
static Val attribute_default(Elab *el, Frame *f, Slot *s)
{
  Catch k;
  s->state = SL_BUSY;
  if (catch_begin(el, &k)) {
    Val v = attribute_coerce(el, s->param, first_of(ev_node(el, s->param->value, f, (Scope){ 0 })), s->param->pos);
    catch_end(el);
    s->state = SL_THUNK;
    return v;
  }
  catch_end(el);
  s->state = SL_THUNK;
  fail_silent(el);
}

Val slot_value(Elab *el, Frame *f, Slot *s, Pos p)
{
  if (s->state == SL_BUSY && s->group) fail_at(el, p, "'%s' is needed to find its own shape", s->name);
  if (s->state == SL_BUSY) fail_at(el, p, "the default of '%s' depends on itself", s->name);
  if (s->state == SL_PENDING) declare_slot(el, f, s);
  if (s->state == SL_THUNK) {
    s->v = attribute_default(el, f, s);
    s->state = SL_VALUE;
  }
  if (s->v.k == V_POISON) fail_silent(el);
  return s->v;
}

Val absent_default(Elab *el, Frame *f, const Param *p) { return first_of(ev_node(el, p->value, f, (Scope){ 0 })); }

static Val word_value(Elab *el, const Word *w)
{
  if (w->kind == W_TYPE) return (Val){ V_TYPE, { .t = (Type)w->id } };
  switch (w->id) {
  case 0:
  case 1:  return v_bool(el, w->id == 0);
  case 2:  return v_float(el, INFINITY);
  case 3:  return v_float(el, NAN);
  case 4:  return v_float(el, M_PI);
  default: return (Val){ V_NONE, { 0 } };
  }
}

void fail_unknown(Elab *el, Pos p, const char *name, const Frame *f, Scope s)
{
  VEC(const char *) near = { 0 };
  for (const Bind *b = s.b; b; b = b->up) PUSH(el->c, near, b->name);
  for (int i = 0; i < f->slot.n; i++) PUSH(el->c, near, f->slot.at[i]->name);
  fail_near(el, p, ctx_printf(el->c, "'%s' is not known here%s", name, s.eq ? " (an index stands on the left or in a reduction)" : ""), name, near.at, near.n);
}

static Val ev_name(Elab *el, const char *name, Pos p, Frame *f, Scope s)
{
  Val v;
  Slot *sl = slot_find(f, name);
  if (sl && sl->sym && s.ext) return v_num(expr_index(el->c, sl->sym));
  if (scope_find(s, name, &v)) return v;
  if (sl && sl->state != SL_NONE) {
    v = slot_value(el, f, sl, p);
    return v.k == V_ABSENT ? absent_default(el, f, v.p) : v;
  }
  const Word *w = map_get(&el->word, name);
  if (w && (w->kind == W_CONST || w->kind == W_TYPE)) return word_value(el, w);
  if (sl && sl->sym) return v_num(expr_index(el->c, sl->sym));
  if (sl && sl->has_dim) fail_at(el, p, "index '%s' is free here: put it on the left or in a reduction", name);
  fail_unknown(el, p, name, f, s);
  return (Val){ V_NONE, { 0 } };
}

/* ---- operators */
static Val ev_logic(Elab *el, const Node *n, Frame *f, Scope s)
{
  bool known;
  Val a = ev_scalar(el, n->kid[0], f, s);
  if (v_is_bool(a, &known) && known == (n->fn == FN_OR)) return a;
  Val b = ev_scalar(el, n->kid[1], f, s);
  return v_fn2(el, n->fn, a, b, n->pos);
}

static Val ev_binary(Elab *el, const Node *n, Frame *f, Scope s)
{
  if (n->fn == FN_AND || n->fn == FN_OR) return ev_logic(el, n, f, s);
  Val a = ev_scalar(el, n->kid[0], f, s);
  Val b = ev_scalar(el, n->kid[1], f, s);
  return v_fn2(el, n->fn, a, b, n->pos);
}

static Val ev_cond(Elab *el, const Node *n, Frame *f, Scope s, Want want)
{
  bool known;
  Val c = ev_scalar(el, n->kid[0], f, s);
  if (v_is_bool(c, &known)) {
    el->want = want;
    return ev_node(el, n->kid[known ? 1 : 2], f, s);
  }
  Val a = ev_scalar(el, n->kid[1], f, s);
  Val b = ev_scalar(el, n->kid[2], f, s);
  return v_select(el, c, a, b, n->pos);
}

static bool is_absent_read(const Node *n, Frame *f, Scope s)
{
  Val v;
  if (n->kind != N_INDEX || n->kid[0]->kind != N_NAME || scope_find(s, n->kid[0]->text, &v)) return false;
  Slot *sl = slot_find(f, n->kid[0]->text);
  return sl && sl->state == SL_VALUE && sl->v.k == V_ABSENT;
}

/* An unparenthesised sum or product as alternative is most often meant otherwise. */
static void or_warn(Elab *el, const Node *alt)
{
  if (el->ncall || el->dump || el->quiet || alt->paren || alt->kind != N_BINARY) return;
  if (fn_info[alt->fn].prec != 8 && fn_info[alt->fn].prec != 9) return;
  diag_warn(el->c, alt->pos, "'or' binds more loosely than '%s': this is `x or (a %s b)`", fn_info[alt->fn].text, fn_info[alt->fn].text);
  diag_help(el->c, "write parentheses around what is meant");
}

static Val ev_or(Elab *el, const Node *n, Frame *f, Scope s)
{
  or_warn(el, n->kid[1]);
  if (is_absent_read(n->kid[0], f, s)) return ev_node(el, n->kid[1], f, s);
  Val a = ev_scalar(el, n->kid[0], f, s);
  Val b = ev_scalar(el, n->kid[1], f, s);
  return v_or(el, a, b, n->pos);
}

/* ---- lists and composites */
static void item_splice(Elab *el, Val v, List *out, int *cap, Pos p)
{
  if (v.k != V_LIST && v.k != V_COMP) fail_at(el, p, "'..' wants a pack or a list; this is %s", v_kind(v));
  for (int i = 0; i < v.l->n; i++) {
    out->at = ctx_grow(el->c, out->at, out->n, cap, sizeof *out->at);
    out->at[out->n++] = v.l->at[i];
  }
}

/* `..a` without an expression is the unnamed pack. */
static Val ev_splice(Elab *el, const Node *n, Frame *f, Scope s)
{
  return n->n && n->kid[0] ? ev_node(el, n->kid[0], f, s) : ev_name(el, el->s_pack, n->pos, f, s);
}

List *ev_items(Elab *el, Node *const *it, int n, Frame *f, Scope s)
{
  List *out = NEW(el->c, List);
  int cap = 0;
  for (int i = 0; i < n; i++) {
    bool splice = it[i]->kind == N_SPLICE;
    Val v = splice ? ev_splice(el, it[i], f, s) : first_of(ev_node(el, it[i], f, s));
    if (splice) {
      item_splice(el, v, out, &cap, it[i]->pos);
      continue;
    }
    if (v.k == V_LIST && s.ix) fail_at(el, it[i]->pos, "a pack or list needs '..' in front here");
    out->at = ctx_grow(el->c, out->at, out->n, &cap, sizeof *out->at);
    out->at[out->n++] = v;
  }
  if (out->n > 1000000) fail_at(el, n ? it[0]->pos : (Pos){ 0 }, "a list of %d elements is too long", out->n);
  return out;
}

static Val lim_element(Elab *el, Val v, Val e, Pos p)
{
  v = v_scalar(el, v, NULL, (Scope){ 0 }, p);
  if (v.k == V_HOLE) return v;
  if (v.k != V_NUM || e.k != V_NUM) fail_at(el, p, "in a composite `expression < extent` wants two numbers; here are %s and %s", v_kind(v), v_kind(e));
  return v_lim(el, v.e, e.e);
}

/* `expr < extent` or `..list < extents` as a part of a composite. */
static void comp_limited(Elab *el, const Node *n, bool splice, Frame *f, Scope s, List *out, int *cap)
{
  Val v = splice ? ev_node(el, n->kid[0], f, s) : ev_scalar(el, n->kid[0], f, s);
  Scope es = s;
  es.ext = true;
  Val e = ev_node(el, n->kid[1], f, es);
  if (!splice && v.k == V_LIST) {                          /* one composite for each: (a, list < n) */
    Val parts = v_list(el, v.l->n);
    for (int i = 0; i < v.l->n; i++) parts.l->at[i] = lim_element(el, v.l->at[i], e.k == V_LIST ? e.l->at[i % (e.l->n ? e.l->n : 1)] : e, n->pos);
    out->at = ctx_grow(el->c, out->at, out->n, cap, sizeof *out->at);
    out->at[out->n++] = parts;
    return;
  }
  int len = splice && v.k == V_LIST ? v.l->n : 1;
  if (e.k == V_LIST && e.l->n != len) fail_at(el, n->pos, "a pack of %d and %d extents", len, e.l->n);
  for (int i = 0; i < len; i++) {
    Val x = v.k == V_LIST ? v.l->at[i] : v;
    out->at = ctx_grow(el->c, out->at, out->n, cap, sizeof *out->at);
    out->at[out->n++] = lim_element(el, x, e.k == V_LIST ? e.l->at[i] : e, n->pos);
  }
}

static Val ev_tuple(Elab *el, const Node *n, Frame *f, Scope s)
{
  List *out = NEW(el->c, List);
  int cap = 0;
  s.ix = false;
  for (int i = 0; i < n->n; i++) {
    const Node *q = n->kid[i], *b = q->kind == N_SPLICE && q->n && q->kid[0] ? q->kid[0] : q;
    if (b->kind == N_BINARY && b->fn == FN_LT && !b->paren) {
      comp_limited(el, b, b != q, f, s, out, &cap);
      continue;
    }
    List *l = ev_items(el, &n->kid[i], 1, f, s);
    for (int k = 0; k < l->n; k++) {
      out->at = ctx_grow(el->c, out->at, out->n, &cap, sizeof *out->at);
      out->at[out->n++] = l->at[k];
    }
  }
  return (Val){ V_COMP, { .l = out } };
}

/* ---- scalars */
static Val scalar_tensor(Elab *el, Val v, Frame *f, Pos p)
{
  const Tensor *t = v.x->t;
  if (t->rank) fail_at(el, p, "tensor '%s' has %d dimension%s and needs indices here", t->name, t->rank, t->rank == 1 ? "" : "s");
  if (t->type == T_NONE && f) f->unknown = true;
  return v_num(read_plain(el, v.x->t, p));
}

Val v_scalar(Elab *el, Val v, Frame *f, Scope s, Pos p)
{
  v = first_of(v);
  if (v.k == V_POISON) fail_silent(el);
  if (v.k == V_TENSOR && s.eq) return scalar_tensor(el, v, f, p);
  if (v.k == V_LIFT && s.eq) {
    if (v.f->rank) fail_at(el, p, "a whole tensor stands where an element is needed");
    return v_num(lift_build(el, v.f, NULL));
  }
  if (v.k == V_COMP) return v_num(comp_linear(el, v.l, p, NULL));
  if (v.k == V_LIM) return v_num(v.m->e);
  return v;
}

Val ev_scalar(Elab *el, const Node *n, Frame *f, Scope s) { return v_scalar(el, ev_node(el, n, f, s), f, s, n->pos); }

/* ---- all kinds */
static Val ev_kind(Elab *el, const Node *n, Frame *f, Scope s, Want want)
{
  switch (n->kind) {
  case N_NAME:   return ev_name(el, n->text, n->pos, f, s);
  case N_INT:    return v_int(el, n->i);
  case N_FLOAT:  return v_float(el, n->f);
  case N_STRING: return (Val){ V_STRING, { .s = n->text } };
  case N_UNARY:  return v_fn(el, n->fn, (Val[]){ ev_scalar(el, n->kid[0], f, s) }, 1, n->pos);
  case N_BINARY: return ev_binary(el, n, f, s);
  case N_COND:   return ev_cond(el, n, f, s, want);
  case N_OR:     return ev_or(el, n, f, s);
  case N_INDEX:  return ev_index(el, n, f, s);
  case N_SLICE:  return ev_slice(el, n, f, s);
  case N_DOT:    return ev_dot(el, n, f, s);
  case N_CALL:   return ev_call(el, n, f, s, want);
  case N_REDUCE: return ev_reduce(el, n, f, s);
  case N_LIST:   s.ix = false; return (Val){ V_LIST, { .l = ev_items(el, n->kid, n->n, f, s) } };
  case N_TUPLE:  return ev_tuple(el, n, f, s);
  case N_SPLICE: fail_at(el, n->pos, "'..' cannot stand here: it puts a list's elements between brackets");
  case N_AT:     fail_at(el, n->pos, "'@' belongs into the pattern of a parameter");
  case N_NAMED:  fail_at(el, n->pos, "'%s = ...' can only be an argument of a call", n->text);
  case N_PASS:   fail_at(el, n->pos, "'...' can only be an argument of a call");
  case N_STREAM: fail_at(el, n->pos, "'stream' belongs into the shape of an input");
  }
  return (Val){ V_NONE, { 0 } };
}

#define STEPS_MAX 20000000
#define LEVEL_MAX 1500

Val ev_node(Elab *el, const Node *n, Frame *f, Scope s)
{
  Want want = el->want;
  el->want = (Want){ 0 };
  if (++el->steps > STEPS_MAX) fail_at(el, n->pos, "this takes more than %d steps to expand", STEPS_MAX);
  if (++el->level > LEVEL_MAX) fail_at(el, n->pos, "calls and brackets are nested too deeply here");
  Val v = ev_kind(el, n, f, s, want);
  el->level--;
  return v;
}
