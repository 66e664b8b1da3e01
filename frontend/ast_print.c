/* Prints what was parsed: the text of --dump-ir=parse. print(parse(print(a))) == print(a).
 * Comments are dropped, documentation is kept; parentheses stand where the grammar needs them, and always around `or`.
 *   y[i]=(x[i - 1]) or 0;    becomes    y[i] = (x[i - 1] or 0); */
#include "ast.h"

/* Binding strengths of LANGUAGE.md 7, from loose to tight, as in scalar.def. */
enum { LEVEL_EXPR = 1, LEVEL_OR = 2, LEVEL_CMP = 6, LEVEL_UNARY = 11, LEVEL_POWER = 12, LEVEL_POSTFIX = 13 };

/* How a node is written: %s its text, %f its function, %l the kids from the next on, and the next kid (or nothing) at the level of
 * an expression %e, a condition %o, a side %r of `or`, an operand %u of a sign, or what a bracket may follow %p. The others have code below. */
static const char *const node_form[] = {
  [N_NAME] = "%s", [N_UNARY] = "%f%u", [N_COND] = "%o ? %e : %e", [N_INDEX] = "%p[%l]", [N_SLICE] = "%p[%e:%e]", [N_DOT] = "%p.%s",
  [N_CALL] = "%s(%l)", [N_LIST] = "[%l]", [N_TUPLE] = "(%l)", [N_AT] = "%e @ %e", [N_NAMED] = "%s = %e", [N_PASS] = "...", [N_STREAM] = "stream %s",
};

static void node_text(Text *t, const Node *n, int level);

static void list_text(Text *t, const char *open, Node *const *kid, int n, const char *close) {
  text_add(t, "%s", open); for (int i = 0; i < n; i++) { if (i) text_add(t, ", "); node_text(t, kid[i], LEVEL_EXPR); } text_add(t, "%s", close);
}
static int node_level(const Node *n) {
  if (n->kind == N_BINARY) return fn_info[n->fn].prec;
  return n->kind == N_COND ? LEVEL_EXPR : n->kind == N_UNARY || (n->kind == N_INT && n->i < 0) ? LEVEL_UNARY : LEVEL_POSTFIX;
}

static void form_text(Text *t, const Node *n, const char *form) {
  static const int level[128] = { ['e'] = LEVEL_EXPR, ['o'] = LEVEL_OR, ['r'] = LEVEL_OR + 1, ['u'] = LEVEL_UNARY, ['p'] = LEVEL_POSTFIX };
  int k = 0;
  for (const char *s = form; *s; s++) {
    if (*s != '%') text_addn(t, s, 1);
    else if (*++s == 's') text_add(t, "%s", n->text);
    else if (*s == 'f') text_add(t, "%s", fn_info[n->fn].text);
    else if (*s == 'l') list_text(t, "", n->kid + k, n->n - k, "");
    else node_text(t, n->kid[k++], level[(int)*s]);
  }
}

/* Comparisons do not associate; a power takes any sign on its right. */
static void binary_text(Text *t, const Node *n) {
  int level = node_level(n); node_text(t, n->kid[0], level == LEVEL_POWER ? LEVEL_POSTFIX : level == LEVEL_CMP ? level + 1 : level);
  text_add(t, " %s ", fn_info[n->fn].text); node_text(t, n->kid[1], level == LEVEL_POWER ? LEVEL_UNARY : level + 1);
}
static void reduce_text(Text *t, const Node *n) {
  text_add(t, "%s", n->text); list_text(t, "(", n->kid, n->n - 1, n->cond ? " if " : "");
  node_text(t, n->cond, LEVEL_EXPR); list_text(t, ": ", n->kid + n->n - 1, 1, ")");
}
static void plain_text(Text *t, const Node *n) {
  switch (n->kind) {
  case N_INT:    text_add(t, "%lld", (long long)n->i); break;     case N_FLOAT:  text_double(t, n->f); break;
  case N_STRING: text_quoted(t, n->text); break;                  case N_BINARY: binary_text(t, n); break;
  case N_REDUCE: reduce_text(t, n); break;                        case N_SPLICE: form_text(t, n, n->broadcast ? "..~%e" : "..%e"); break;
  case N_OR:     form_text(t, n, n->kid[1]->kind == N_BINARY ? "(%r or %p)" : "(%r or %r)"); break;
  default:       form_text(t, n, node_form[n->kind]);
  }
}

/* n, in parentheses if it binds more loosely than level; nothing if it is NULL. */
static void node_text(Text *t, const Node *n, int level) {
  if (!n) return;
  bool paren = node_level(n) < level; if (paren) text_add(t, "(");
  plain_text(t, n); if (paren) text_add(t, ")");
}

/* " = value", or nothing. */
static void value_text(Text *t, const char *sign, const Node *value) { if (value) text_add(t, "%s", sign); node_text(t, value, LEVEL_EXPR); }

/* ---- declarations */
static void params_text(Text *t, const Param *p, int n) {
  for (int i = 0; i < n; i++, p++) {
    text_add(t, "%s%s", i ? ", " : "", p->name); if (p->kind == P_TYPED || (p->kind == P_ATTR && p->type)) text_add(t, ": %s", p->type);
    if (p->kind == P_TENSOR || (p->kind == P_TYPED && p->nitem)) list_text(t, "[", p->item, p->nitem, "]");
    if (p->variadic) text_add(t, "...");
    value_text(t, " = ", p->value);
  }
}

static void stmts_text(Text *t, Stmt *const *s, int n, int indent);

static void kernel_text(Text *t, const Stmt *s, int indent) {
  text_add(t, "kernel %s", s->name); if (s->label) text_add(t, " "), text_quoted(t, s->label);
  text_add(t, " ("); for (int i = 0; i < s->nin; i++) text_add(t, i ? ", %s" : "%s", s->in[i]);
  text_add(t, ") -> ("); params_text(t, s->out, s->nout); text_add(t, ") {\n");
  stmts_text(t, s->body, s->nbody, indent + 2);
  if (s->has_tree) text_add(t, "%*sschedule {\n%s%*s}\n", indent + 2, "", tree_print(t->c, s->tree, indent + 4), indent + 2, "");
  text_add(t, "%*s}\n", indent, "");
}
static void stmts_text(Text *t, Stmt *const *list, int n, int indent) {
  static const char *const word[] = { [S_PARAM] = "param ", [S_CONST] = "const ", [S_STATE] = "state ", [S_DECL] = NULL };
  for (int i = 0; i < n; i++) {
    const Stmt *s = list[i]; text_add(t, "%*s%s", indent, "", word[s->kind] ? word[s->kind] : "");
    if (s->kind == S_KERNEL) { kernel_text(t, s, indent); continue; }
    if (s->name) text_add(t, "%s", s->name);
    else node_text(t, s->left, LEVEL_OR);
    if (s->type) text_add(t, ": %s", s->type);
    if (s->nitem) list_text(t, "[", s->item, s->nitem, "]");
    if (s->nlayout) list_text(t, " as [", s->layout, s->nlayout, "]");
    if (s->where) text_add(t, " at %s + %lld", s->where, (long long)s->offset);
    value_text(t, s->kind == S_NEXT ? " <- " : " = ", s->value); text_add(t, ";\n");
  }
}

static void decl_text(Text *t, const Decl *d) {
  bool bare = d->nresult == 1 && d->result->kind == P_PLAIN;
  for (const char *s = d->doc, *end; s; s = *end ? end + 1 : NULL) { end = s + strcspn(s, "\n"); text_add(t, "## %.*s\n", (int)(end - s), s); }
  text_add(t, "%s %s(", d->kind == D_OP ? "op" : "graph", d->name);
  params_text(t, d->param, d->nparam);
  for (int i = 0; i < d->nbound; i++) {
    const Bound *b = &d->bound[i]; text_add(t, i ? ", %s in " : " where %s in ", b->name); value_text(t, "", b->lo); value_text(t, "..", b->hi);
  }
  text_add(t, ")");
  if (d->by) text_add(t, " by %s", d->by);
  if (d->has_result) text_add(t, bare ? " -> " : " -> ("), params_text(t, d->result, d->nresult), text_add(t, bare ? "" : ")");
  value_text(t, " = ", d->expr); text_add(t, d->expr ? ";\n" : " {\n");
  if (d->expr) return;
  stmts_text(t, d->stmt, d->nstmt, 2); text_add(t, "}\n");
}
char *ast_print(Ctx *c, const Ast *a) {
  Text t = { .c = c }; text_add(&t, "%s", ""); if (a->stage != STAGE_PARSE) text_add(&t, "stage %s;\n", stage_name[a->stage]);
  for (int i = 0; i < a->nweights; i++) { text_add(&t, "weights "); text_quoted(&t, a->weights[i]); text_add(&t, ";\n"); }
  for (int i = 0; i < a->ndecl; i++) { if (i || a->nweights || a->stage != STAGE_PARSE) text_add(&t, "\n"); decl_text(&t, &a->decl[i]); }
  return t.s;
}
