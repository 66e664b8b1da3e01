/* Reductions: sum(c, ..k: x[c, ..k]).
 *
 * Items bind indices: k, k < n, ..k, ..k < list, or an expression over packs, `..i[axes]`, which binds the part that it selects.
 */
#include "../ir/scalar.h"
#include "elab.h"

typedef struct Reduce { Elab *el; Frame *f; Scope s; const Node *body; VEC(Index *) bound; } Reduce;

static void bound_add(Reduce *r, Val v)
{
  int n = v.k == V_LIST ? v.l->n : 1;
  for (int i = 0; i < n; i++) PUSH(r->el->c, r->bound, &v_idx(v.k == V_LIST ? v.l->at[i] : v)->ix);
}

static void bind_name(Reduce *r, const char *name, Val ext, bool pack, bool given, Pos p)
{
  Val v = bind_index(r->el, r->f, name, ext, pack, given, p);
  r->s = scope_bind(r->el, r->s, name, v);
  bound_add(r, v);
}

static void bind_range(Reduce *r, const Node *n, bool pack)
{
  Scope es = r->s;
  es.ext = true;
  es.ix = false;
  Val e = ev_node(r->el, n->kid[1], r->f, es);
  if (e.k == V_COMP || e.k == V_TENSOR) e = v_scalar(r->el, e, r->f, es, n->pos);
  bind_name(r, n->kid[0]->text, e, pack, true, n->pos);
}

/* The extents of a name without a range: the definition's, a read's, those of the index of that name outside. */
static Val bare_extent(Reduce *r, const char *name, bool *pack, Pos p)
{
  Elab *el = r->el;
  Slot *s = slot_find(r->f, name);
  const Extent *e = s && s->has_dim ? s->ext : NULL;
  int n = e ? s->next : 0;
  bool found = e != NULL;
  Val v;
  *pack = found && s->pack;
  if (!found || (r->f->graph && !s->sym)) found |= infer_extent(el, r->f, name, r->body, &e, &n, pack);
  if (!found && scope_find(r->s, name, &v) && v_idx(v)) {
    n = 1;
    e = &v_idx(v)->ix.ext;
    found = true;
  }
  if (!found) fail_at(el, p, "the extent of index '%s' cannot be found: write %s < extent", name, name);
  if (!s || !s->has_dim) slot_dim(el, r->f, name, e, n, *pack);
  Val out = *pack ? v_list(el, n) : v_ext(el, e[0]);
  for (int i = 0; *pack && i < n; i++) out.l->at[i] = v_ext(el, e[i]);
  return out;
}

static void bind_bare(Reduce *r, const char *name, bool splice, Pos p)
{
  bool pack;
  Slot *s = slot_find(r->f, name);
  if (s && s->state != SL_NONE && !r->el->dump) fail_at(r->el, p, "'%s' is a value, not an index: use another name", name);
  Val e = bare_extent(r, name, &pack, p);
  if (pack && !splice) fail_at(r->el, p, "'%s' is a pack: write ..%s", name, name);
  if (!pack && splice) fail_at(r->el, p, "'%s' is no pack", name);
  bind_name(r, name, e, pack, false, p);
}

/* ---- `..expression`: fresh indices for all packs in it; those that come out are bound */
typedef struct Fresh { const char *name; Val v; } Fresh;

static bool list_has(const List *l, Val v)
{
  for (int i = 0; i < l->n; i++)
    if (v_idx(v) && v_idx(l->at[i]) == v_idx(v)) return true;
  return false;
}

static void bind_selected(Reduce *r, const Fresh *fr, const List *chosen)
{
  Val old, v = v_list(r->el, fr->v.l->n);
  bool has = scope_find(r->s, fr->name, &old) && old.k == V_LIST && old.l->n == v.l->n;
  for (int i = 0; i < v.l->n; i++)
    v.l->at[i] = list_has(chosen, fr->v.l->at[i]) ? fr->v.l->at[i] : has ? old.l->at[i] : (Val){ V_HOLE, { 0 } };
  r->s = scope_bind(r->el, r->s, fr->name, v);
}

static void bind_expression(Reduce *r, const Node *n, Pos p)
{
  Elab *el = r->el;
  Names names = { 0 };
  VEC(Fresh) fresh = { 0 };
  Scope s = r->s;
  names_in(el, n, &names);
  for (int i = 0; i < names.n; i++) {
    Slot *sl = slot_find(r->f, names.at[i]);
    if (!sl || sl->state != SL_NONE || !sl->has_dim || !sl->pack) continue;
    Val e = v_list(el, sl->next);
    for (int k = 0; k < sl->next; k++) e.l->at[k] = v_ext(el, sl->ext[k]);
    Fresh fr = { sl->name, bind_index(el, r->f, sl->name, e, true, false, p) };
    PUSH(el->c, fresh, fr);
    s = scope_bind(el, s, fr.name, fr.v);
  }
  Val v = ev_node(el, n, r->f, s);
  if (v.k != V_LIST) fail_at(el, p, "'..' wants a pack or a list; this is %s", v_kind(v));
  Val chosen = v_list(el, v.l->n);
  int m = 0;
  for (int i = 0; i < v.l->n; i++) {
    chosen.l->n = m;
    if (list_has(chosen.l, v.l->at[i])) fail_at(el, p, "index '%s' is bound twice", v_idx(v.l->at[i])->ix.name);
    if (v_idx(v.l->at[i])) chosen.l->at[m++] = v.l->at[i];
    else if (!v_static(v.l->at[i])) fail_at(el, p, "a reduction binds bare indices");
  }
  chosen.l->n = m;
  for (int i = 0; i < fresh.n; i++) bind_selected(r, &fresh.at[i], chosen.l);
  bound_add(r, chosen);
}

static void bind_item(Reduce *r, const Node *it)
{
  bool splice = it->kind == N_SPLICE;
  const Node *n = splice ? (it->n ? it->kid[0] : NULL) : it;
  if (!n) bind_bare(r, r->el->s_pack, true, it->pos);
  else if (n->kind == N_BINARY && n->fn == FN_LT && n->kid[0]->kind == N_NAME) bind_range(r, n, splice);
  else if (n->kind == N_NAME) bind_bare(r, n->text, splice, n->pos);
  else if (splice) bind_expression(r, n, it->pos);
  else fail_at(r->el, it->pos, "a reduction binds indices: k, k < n, ..k, ..k < list");
}

/* ---- the value */
static bool is_empty(const Reduce *r)
{
  for (int i = 0; i < r->bound.n; i++)
    if (!r->bound.at[i]->ext.dim && r->bound.at[i]->ext.n == 0) return true;
  return false;
}

static Val identity(Elab *el, Red red, Type t)
{
  if (t == T_NONE) return v_int(el, 0);
  Num v = red_identity(red, type_strong(t));
  return v_num(expr_const(el->c, type_strong(t), v.f, v.i));
}

static Red reduce_word(Elab *el, const Node *n)
{
  Red red = red_by_name(n->text);
  if (red == RED_COUNT) fail_near(el, n->pos, ctx_printf(el->c, "'%s' is no reduction (sum prod max min any all mean argmax argmin)", n->text), n->text, red_name, RED_COUNT);
  return red;
}

static Expr *need_element(Elab *el, Val v, Pos p, const char *what)
{
  if (v.k == V_LIST) fail_at(el, p, "%s of a reduction is a list: take sum(list) or prod(list) of it, or write '..'", what);
  if (v.k != V_NUM) fail_at(el, p, "%s of a reduction is %s", what, v_kind(v));
  return v.e;
}

static Val reduce_one(Reduce *r, const Node *n, Red red, Val cond, Val body)
{
  Elab *el = r->el;
  bool known = false, never = v_is_bool(cond, &known) && !known;
  Expr *b = need_element(el, body, n->pos, "the body"), *c = cond.k == V_NONE ? NULL : need_element(el, cond, n->pos, "the condition");
  if (c && v_is_bool(cond, &known)) c = NULL;
  if (c && c->type != T_BOOL && c->type != T_NONE) fail_at(el, n->cond->pos, "the condition of a reduction is %s: it must be a truth value", type_name(c->type));
  Expr *e = expr_reduce(el->c, red, r->bound.at, r->bound.n, b, c, n->pos);
  if (never || is_empty(r)) return identity(el, red, e->type);
  if (red == RED_SUM && b->kind == E_CONST && b->type == T_WINT && b->i == 0) return body;
  if (!r->bound.n && !c && red <= RED_ALL && (b->type == e->type || b->type == T_NONE)) return body;
  return v_num(e);
}

/* A body that is a list gives a list of reductions. */
static Val reduce_value(Reduce *r, const Node *n, Red red, Val cond, Val body)
{
  if (body.k != V_LIST) return reduce_one(r, n, red, cond, body);
  Val out = v_list(r->el, body.l->n);
  for (int i = 0; i < body.l->n; i++) {
    Val b = body.l->at[i];
    if (i && b.k == V_NUM) b.e = expr_fresh(r->el->c, b.e);
    out.l->at[i] = reduce_one(r, n, red, cond, b);
  }
  return out;
}

Val ev_reduce(Elab *el, const Node *n, Frame *f, Scope s)
{
  Red red = reduce_word(el, n);
  if (!s.eq) fail_at(el, n->pos, "a reduction needs an equation with indices on its left (y[] for a scalar)");
  s.ix = false;
  Reduce r = { .el = el, .f = f, .s = s, .body = n->kid[n->n - 1] };
  for (int i = 0; i + 1 < n->n; i++) bind_item(&r, n->kid[i]);
  Val cond = n->cond ? ev_scalar(el, n->cond, f, r.s) : (Val){ V_NONE, { 0 } };
  return reduce_value(&r, n, red, cond, ev_scalar(el, n->kid[n->n - 1], f, r.s));
}
