/* Expression nodes to values. What is known when the graph is compiled is computed here: only the side of `?:`, `&` and `|` that counts is
 * looked at, so a definition may hold parts that make no sense for these arguments. */
#include "elab.h"

/* ---- scopes */
bool scope_find(Scope s, const char *name, Val *out) {
  const Bind *b = s.b;
  while (b && b->name != name) b = b->up;
  if (b) *out = b->v;
  return b != NULL;
}

Scope scope_bind(Elab *el, Scope s, const char *name, Val v) { s.b = MAKE(el->c, Bind, name, v, s.b); return s; }

/* ---- names */
/* A default that cannot be found yet may be asked for again. */
static void attribute_default(Elab *el, Frame *f, Slot *s) {
  Catch k;
  s->state = SL_BUSY;
  if (catch_begin(el, &k)) {
    s->v = attribute_coerce(el, s->param, absent_default(el, f, s->param), s->param->pos);
    catch_end(el);
    s->state = SL_VALUE; return;
  }
  s->state = SL_THUNK;
  fail_silent(el);
}

Val slot_value(Elab *el, Frame *f, Slot *s, Pos p) {
  if (s->state == SL_BUSY && s->group) fail_at(el, p, "'%s' is needed to find its own shape", s->name);
  if (s->state == SL_BUSY) fail_at(el, p, "the default of '%s' depends on itself", s->name);
  if (s->state == SL_PENDING) declare_slot(el, f, s);
  if (s->state == SL_THUNK) attribute_default(el, f, s);
  if (s->v.k == V_POISON) fail_silent(el);
  return s->v;
}

Val absent_default(Elab *el, Frame *f, const Param *p) { return first_of(ev_node(el, p->value, f, (Scope){ 0 })); }

void fail_unknown(Elab *el, Pos p, const char *name, const Frame *f, Scope s) {
  Names near = { 0 };
  for (const Bind *b = s.b; b; b = b->up) PUSH(el->c, near, b->name);
  for (int i = 0; i < f->slot.n; i++) PUSH(el->c, near, f->slot.at[i]->name);
  fail_near(el, p, name, &near, "'%s' is not known here%s", name, s.eq ? " (an index stands on the left or in a reduction)" : "");
}

static Val ev_name(Elab *el, const char *name, Pos p, Frame *f, Scope s) {
  Val v; Slot *sl = slot_find(f, name);
  if (sl && sl->sym && s.ext) return v_num(expr_index(el->c, sl->sym));
  if (scope_find(s, name, &v)) return v;
  if (sl && sl->state != SL_NONE) { v = slot_value(el, f, sl, p); return v.k == V_ABSENT ? absent_default(el, f, v.p) : v; }
  const Word *w = map_get(&el->word, name); if (w && w->kind <= W_TYPE) return w->v;
  if (sl && sl->sym) return v_num(expr_index(el->c, sl->sym));
  if (sl && sl->dim.e) fail_at(el, p, "index '%s' is free here: put it on the left or in a reduction", name);
  fail_unknown(el, p, name, f, s);
}

/* ---- operators */
static Val ev_binary(Elab *el, const Node *n, Frame *f, Scope s) {
  bool known;
  if (s.left && is_range(n)) return ev_node(el, n->kid[0], f, s);
  Val a = s.left ? first_of(ev_node(el, n->kid[0], f, s)) : ev_scalar(el, n->kid[0], f, s);
  if ((n->fn == FN_AND || n->fn == FN_OR) && v_is_bool(a, &known) && known == (n->fn == FN_OR)) return a;
  return v_fn2(el, n->fn, a, s.left ? first_of(ev_node(el, n->kid[1], f, s)) : ev_scalar(el, n->kid[1], f, s), n->pos);
}

static Val ev_cond(Elab *el, const Node *n, Frame *f, Scope s, Want want) {
  bool known; Val c = ev_scalar(el, n->kid[0], f, s);
  if (v_is_bool(c, &known)) { el->want = want; return ev_node(el, n->kid[known ? 1 : 2], f, s); }
  Val a = ev_scalar(el, n->kid[1], f, s);
  return v_select(el, c, a, ev_scalar(el, n->kid[2], f, s), n->pos);
}

static bool is_absent_read(const Node *n, Frame *f, Scope s) {
  Val v;
  if (n->kind != N_INDEX || n->kid[0]->kind != N_NAME || scope_find(s, n->kid[0]->text, &v)) return false;
  Slot *sl = slot_find(f, n->kid[0]->text);
  return sl && sl->state == SL_VALUE && sl->v.k == V_ABSENT;
}

/* An unparenthesised sum or product as alternative is most often meant otherwise. */
static void or_warn(Elab *el, const Node *alt) {
  if (el->ncall || el->dump || el->quiet || alt->paren || alt->kind != N_BINARY) return;
  if (fn_info[alt->fn].prec != 8 && fn_info[alt->fn].prec != 9) return;
  diag_warn(el->c, alt->pos, "'or' binds more loosely than '%s': this is `x or (a %s b)`", fn_info[alt->fn].text, fn_info[alt->fn].text);
  diag_help(el->c, "write parentheses around what is meant");
}

static Val ev_or(Elab *el, const Node *n, Frame *f, Scope s) {
  or_warn(el, n->kid[1]);
  if (is_absent_read(n->kid[0], f, s)) return ev_node(el, n->kid[1], f, s);
  Val a = ev_scalar(el, n->kid[0], f, s);
  return v_or(el, a, ev_scalar(el, n->kid[1], f, s), n->pos);
}

/* ---- lists and composites */
List *ev_items(Elab *el, Node *const *it, int n, Frame *f, Scope s) {
  List *out = v_list(el, 0).l;
  for (int i = 0; i < n; i++) {
    const Node *q = it[i];
    if (q->kind != N_SPLICE) {
      Val v = first_of(ev_node(el, q, f, s));
      if (v.k == V_LIST && s.ix) fail_at(el, q->pos, "a pack or list needs '..' in front here");
      PUSH(el->c, *out, v);
      continue;
    }
    Val v = q->n && q->kid[0] ? ev_node(el, q->kid[0], f, s) : ev_name(el, el->s_pack, q->pos, f, s);      /* `..` alone is the unnamed pack */
    if (v.k != V_LIST && v.k != V_COMP) fail_at(el, q->pos, "'..' wants a pack or a list; this is %s", v_kind(v));
    for (int k = 0; k < v.l->n; k++) PUSH(el->c, *out, v.l->at[k]);
  }
  if (out->n > 1000000) fail_at(el, n ? it[0]->pos : (Pos){ 0 }, "a list of %d elements is too long", out->n);
  return out;
}

static Val lim_element(Elab *el, Val v, Val e, Pos p) {
  v = v_scalar(el, v, NULL, (Scope){ 0 }, p);
  if (v.k == V_HOLE) return v;
  if (v.k != V_NUM || e.k != V_NUM)
    fail_at(el, p, "in a composite `expression < extent` wants two numbers; here are %s and %s", v_kind(v), v_kind(e));
  return v_lim(el, v.e, e.e);
}

/* `expr < extent` or `..list < extents` as a part of a composite; a list without `..` makes one composite for each: (a, list < n). */
static void comp_limited(Elab *el, const Node *n, bool splice, Frame *f, Scope s, List *out) {
  Val v = splice ? ev_node(el, n->kid[0], f, s) : ev_scalar(el, n->kid[0], f, s);
  s.ext = true;
  Val e = ev_node(el, n->kid[1], f, s); bool list = v.k == V_LIST, spread = list && !splice; Val parts = v_list(el, list ? v.l->n : 1);
  if (!spread && e.k == V_LIST && e.l->n != parts.l->n) fail_at(el, n->pos, "a pack of %d and %d extents", parts.l->n, e.l->n);
  for (int i = 0; i < parts.l->n; i++)
    parts.l->at[i] = lim_element(el, list ? v.l->at[i] : v, e.k == V_LIST ? e.l->at[i % (e.l->n ? e.l->n : 1)] : e, n->pos);
  if (spread) PUSH(el->c, *out, parts);
  for (int i = 0; !spread && i < parts.l->n; i++) PUSH(el->c, *out, parts.l->at[i]);
}

static Val ev_tuple(Elab *el, const Node *n, Frame *f, Scope s) {
  List *out = v_list(el, 0).l;
  s.ix = false;
  for (int i = 0; i < n->n; i++) {
    const Node *q = n->kid[i], *b = q->kind == N_SPLICE && q->n && q->kid[0] ? q->kid[0] : q;
    if (is_range(b) && !b->paren && !s.left) { comp_limited(el, b, b != q, f, s, out); continue; }
    const List *l = ev_items(el, &n->kid[i], 1, f, s);
    for (int k = 0; k < l->n; k++) PUSH(el->c, *out, l->at[k]);
  }
  return (Val){ V_COMP, .l = out };
}

/* ---- scalars */
Val v_scalar(Elab *el, Val v, Frame *f, Scope s, Pos p) {
  v = first_of(v);
  if (v.k == V_POISON) fail_silent(el);
  if (v.k == V_TENSOR && s.eq) {
    const Tensor *t = v.x->t;
    if (t->rank) fail_at(el, p, "tensor '%s' has %d dimension%s and needs indices here", t->name, t->rank, plural(t->rank));
    if (t->type == T_NONE && f) f->unknown = true;
    return v_num(expr_read(el->c, v.x->t, NULL, p));
  }
  if (v.k == V_LIFT && s.eq) {
    if (v.f->rank) fail_at(el, p, "a whole tensor stands where an element is needed");
    return v_num(lift_build(el, v.f, NULL));
  }
  if (v.k == V_COMP) return v_num(comp_linear(el, v.l, p, NULL));
  return v.k == V_LIM ? v_num(v.m->e) : v;
}

Val ev_scalar(Elab *el, const Node *n, Frame *f, Scope s) { return v_scalar(el, ev_node(el, n, f, s), f, s, n->pos); }

/* ---- all kinds */
static Val ev_kind(Elab *el, const Node *n, Frame *f, Scope s, Want want) {
  s.left = s.left && (is_range(n) || is_arith(n) || n->kind == N_TUPLE || (n->kind == N_INDEX && is_range(n->kid[0])));
  switch (n->kind) {
  case N_NAME:   return ev_name(el, n->text, n->pos, f, s);
  case N_INT:    return v_int(el, n->i);
  case N_FLOAT:  return v_float(el, n->f);
  case N_STRING: return (Val){ V_STRING, .s = n->text };
  case N_UNARY:  return v_fn(el, n->fn, (Val[]){ ev_scalar(el, n->kid[0], f, s) }, 1, n->pos);
  case N_BINARY: return ev_binary(el, n, f, s);
  case N_COND:   return ev_cond(el, n, f, s, want);
  case N_OR:     return ev_or(el, n, f, s);
  case N_INDEX:  return ev_index(el, n, f, s);
  case N_SLICE:  return ev_slice(el, n, f, s);
  case N_DOT:    return ev_dot(el, n, f, s);
  case N_CALL:   return ev_call(el, n, f, s, want);
  case N_REDUCE: return ev_reduce(el, n, f, s);
  case N_LIST:   s.ix = false; return (Val){ V_LIST, .l = ev_items(el, n->kid, n->n, f, s) };
  case N_TUPLE:  return ev_tuple(el, n, f, s);
  case N_SPLICE: fail_at(el, n->pos, "'..' cannot stand here: it puts a list's elements between brackets");
  case N_AT:     fail_at(el, n->pos, "'@' belongs into the pattern of a parameter");
  case N_NAMED:  fail_at(el, n->pos, "'%s = ...' can only be an argument of a call", n->text);
  case N_PASS:   fail_at(el, n->pos, "'...' can only be an argument of a call");
  case N_STREAM: fail_at(el, n->pos, "'stream' belongs into the shape of an input");
  }
  return (Val){ .k = V_NONE };
}

#define STEPS_MAX 20000000
#define LEVEL_MAX 1500

Val ev_node(Elab *el, const Node *n, Frame *f, Scope s) {
  Want want = el->want;
  el->want = (Want){ 0 };
  if (++el->steps > STEPS_MAX) fail_at(el, n->pos, "this takes more than %d steps to expand", STEPS_MAX);
  if (++el->level > LEVEL_MAX) fail_at(el, n->pos, "calls and brackets are nested too deeply here");
  Val v = ev_kind(el, n, f, s, want);
  el->level--; return v;
}
