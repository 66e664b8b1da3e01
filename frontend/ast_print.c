/* Prints what was parsed: the text of --dump-ir=parse, and expressions for messages. print(parse(print(a))) == print(a).
 * Comments are dropped, documentation is kept; parentheses stand where the grammar needs them, and always around `or`.
 *
 *   y[i]=(x[i - 1]) or 0;    becomes    y[i] = (x[i - 1] or 0);
 */
#include "ast.h"
#include <string.h>

/* Binding strengths of LANGUAGE.md 7, from loose to tight, as in scalar.def. */
enum { LEVEL_EXPR = 1, LEVEL_OR = 2, LEVEL_CMP = 6, LEVEL_UNARY = 11, LEVEL_POWER = 12, LEVEL_POSTFIX = 13 };

static void node_text(Text *t, const Node *n, int level);

static void node_list(Text *t, Node *const *kid, int n)
{
  for (int i = 0; i < n; i++) {
    if (i) text_add(t, ", ");
    node_text(t, kid[i], LEVEL_EXPR);
  }
}

void text_quoted(Text *t, const char *s)
{
  text_add(t, "\"");
  for (; *s; s++) {
    if (*s == '\n') text_add(t, "\\n");
    else text_add(t, *s == '"' || *s == '\\' ? "\\%c" : "%c", *s);
  }
  text_add(t, "\"");
}

static int node_level(const Node *n)
{
  switch (n->kind) {
  case N_COND:   return LEVEL_EXPR;
  case N_UNARY:  return LEVEL_UNARY;
  case N_BINARY: return fn_info[n->fn].prec;
  case N_INT:    return n->i < 0 ? LEVEL_UNARY : LEVEL_POSTFIX;
  default:       return LEVEL_POSTFIX;
  }
}

static void binary_text(Text *t, const Node *n)
{
  int level = node_level(n), left = level, right = level + 1;

  if (level == LEVEL_CMP) left = level + 1;               /* comparisons do not associate */
  if (level == LEVEL_POWER) left = LEVEL_POSTFIX, right = LEVEL_UNARY;
  node_text(t, n->kid[0], left);
  text_add(t, " %s ", fn_info[n->fn].text);
  node_text(t, n->kid[1], right);
}

static void or_text(Text *t, const Node *n)
{
  text_add(t, "(");
  node_text(t, n->kid[0], LEVEL_OR + 1);
  text_add(t, " or ");
  node_text(t, n->kid[1], n->kid[1]->kind == N_BINARY ? LEVEL_POSTFIX : LEVEL_OR + 1);
  text_add(t, ")");
}

static void reduce_text(Text *t, const Node *n)
{
  text_add(t, "%s(", n->text);
  node_list(t, n->kid, n->n - 1);
  if (n->cond) {
    text_add(t, " if ");
    node_text(t, n->cond, LEVEL_EXPR);
  }
  text_add(t, ": ");
  node_text(t, n->kid[n->n - 1], LEVEL_EXPR);
  text_add(t, ")");
}

static void slice_text(Text *t, const Node *n)
{
  node_text(t, n->kid[0], LEVEL_POSTFIX);
  text_add(t, "[");
  if (n->kid[1]) node_text(t, n->kid[1], LEVEL_EXPR);
  text_add(t, ":");
  if (n->kid[2]) node_text(t, n->kid[2], LEVEL_EXPR);
  text_add(t, "]");
}

static void bracket_text(Text *t, const char *open, Node *const *kid, int n, const char *close)
{
  text_add(t, "%s", open);
  node_list(t, kid, n);
  text_add(t, "%s", close);
}

static void cond_text(Text *t, const Node *n)
{
  node_text(t, n->kid[0], LEVEL_OR);
  text_add(t, " ? ");
  node_text(t, n->kid[1], LEVEL_EXPR);
  text_add(t, " : ");
  node_text(t, n->kid[2], LEVEL_EXPR);
}

static void splice_text(Text *t, const Node *n)
{
  text_add(t, n->broadcast ? "..~" : "..");
  if (n->kid[0]) node_text(t, n->kid[0], LEVEL_EXPR);
}

static void plain_text(Text *t, const Node *n)
{
  switch (n->kind) {
  case N_NAME:   text_add(t, "%s", n->text); break;
  case N_INT:    text_add(t, "%lld", (long long)n->i); break;
  case N_FLOAT:  text_double(t, n->f); break;
  case N_STRING: text_quoted(t, n->text); break;
  case N_UNARY:  text_add(t, "%s", fn_info[n->fn].text); node_text(t, n->kid[0], LEVEL_UNARY); break;
  case N_BINARY: binary_text(t, n); break;
  case N_COND:   cond_text(t, n); break;
  case N_OR:     or_text(t, n); break;
  case N_INDEX:  node_text(t, n->kid[0], LEVEL_POSTFIX); bracket_text(t, "[", n->kid + 1, n->n - 1, "]"); break;
  case N_SLICE:  slice_text(t, n); break;
  case N_DOT:    node_text(t, n->kid[0], LEVEL_POSTFIX); text_add(t, ".%s", n->text); break;
  case N_CALL:   text_add(t, "%s", n->text); bracket_text(t, "(", n->kid, n->n, ")"); break;
  case N_REDUCE: reduce_text(t, n); break;
  case N_LIST:   bracket_text(t, "[", n->kid, n->n, "]"); break;
  case N_TUPLE:  bracket_text(t, "(", n->kid, n->n, ")"); break;
  case N_SPLICE: splice_text(t, n); break;
  case N_AT:     node_text(t, n->kid[0], LEVEL_EXPR); text_add(t, " @ "); node_text(t, n->kid[1], LEVEL_EXPR); break;
  case N_NAMED:  text_add(t, "%s = ", n->text); node_text(t, n->kid[0], LEVEL_EXPR); break;
  case N_PASS:   text_add(t, "..."); break;
  case N_STREAM: text_add(t, "stream %s", n->text); break;
  }
}

/* n, in parentheses if it binds more loosely than level. */
static void node_text(Text *t, const Node *n, int level)
{
  bool paren = node_level(n) < level;

  if (paren) text_add(t, "(");
  plain_text(t, n);
  if (paren) text_add(t, ")");
}

char *node_print(Ctx *c, const Node *n)
{
  Text t = { .c = c };

  node_text(&t, n, LEVEL_EXPR);
  return t.s;
}

/* ---- declarations */
static void param_text(Text *t, const Param *p)
{
  text_add(t, "%s", p->name);
  if (p->kind == P_TYPED || (p->kind == P_ATTR && p->type)) text_add(t, ": %s", p->type);
  if (p->kind == P_TENSOR || (p->kind == P_TYPED && p->nitem)) bracket_text(t, "[", p->item, p->nitem, "]");
  if (p->variadic) text_add(t, "...");
  if (p->value) {
    text_add(t, " = ");
    node_text(t, p->value, LEVEL_EXPR);
  }
}

static void params_text(Text *t, const Param *p, int n)
{
  for (int i = 0; i < n; i++) {
    if (i) text_add(t, ", ");
    param_text(t, p + i);
  }
}

static void bounds_text(Text *t, const Decl *d)
{
  for (int i = 0; i < d->nbound; i++) {
    text_add(t, i ? ", %s in " : " where %s in ", d->bound[i].name);
    node_text(t, d->bound[i].lo, LEVEL_EXPR);
    text_add(t, "..");
    node_text(t, d->bound[i].hi, LEVEL_EXPR);
  }
}

static void result_text(Text *t, const Param *p, int n)
{
  text_add(t, " -> ");
  if (n == 1 && p->kind == P_PLAIN) {
    text_add(t, "%s", p->name);
    return;
  }
  text_add(t, "(");
  params_text(t, p, n);
  text_add(t, ")");
}

static void typed_text(Text *t, const Stmt *s)
{
  if (s->name) text_add(t, "%s", s->name);
  else node_text(t, s->left, LEVEL_OR);
  if (s->type) text_add(t, ": %s", s->type);
  if (s->nitem) bracket_text(t, "[", s->item, s->nitem, "]");
}

static void decl_clause(Text *t, const Stmt *s)
{
  typed_text(t, s);
  if (s->nlayout) bracket_text(t, " as [", s->layout, s->nlayout, "]");
  if (s->where) text_add(t, " at %s + %lld", s->where, (long long)s->offset);
}

static void stmts_text(Text *t, Stmt *const *s, int n, int indent);

static void kernel_text(Text *t, const Stmt *s, int indent)
{
  text_add(t, "kernel %s", s->name);
  if (s->label) {
    text_add(t, " ");
    text_quoted(t, s->label);
  }
  text_add(t, " (");
  for (int i = 0; i < s->nin; i++) text_add(t, i ? ", %s" : "%s", s->in[i]);
  text_add(t, ") -> (");
  params_text(t, s->out, s->nout);
  text_add(t, ") {\n");
  stmts_text(t, s->body, s->nbody, indent + 2);
  if (s->has_tree) text_add(t, "%*sschedule {\n%s%*s}\n", indent + 2, "", tree_print(t->c, s->tree, indent + 4), indent + 2, "");
  text_add(t, "%*s}\n", indent, "");
}

static void stmt_text(Text *t, const Stmt *s, int indent)
{
  static const char *const word[] = { "", "param ", "const ", "state ", "", "", "" };

  text_add(t, "%*s%s", indent, "", word[s->kind]);
  if (s->kind == S_KERNEL) {
    kernel_text(t, s, indent);
    return;
  }
  if (s->kind == S_DECL) decl_clause(t, s);
  else typed_text(t, s);
  if (s->value) {
    text_add(t, s->kind == S_NEXT ? " <- " : " = ");
    node_text(t, s->value, LEVEL_EXPR);
  }
  text_add(t, ";\n");
}

static void stmts_text(Text *t, Stmt *const *s, int n, int indent)
{
  for (int i = 0; i < n; i++) stmt_text(t, s[i], indent);
}

static void doc_text(Text *t, const char *doc)
{
  while (doc) {
    const char *end = strchr(doc, '\n');
    text_add(t, "## %.*s\n", end ? (int)(end - doc) : (int)strlen(doc), doc);
    doc = end ? end + 1 : NULL;
  }
}

static void decl_text(Text *t, const Decl *d)
{
  doc_text(t, d->doc);
  text_add(t, "%s %s(", d->kind == D_OP ? "op" : "graph", d->name);
  params_text(t, d->param, d->nparam);
  bounds_text(t, d);
  text_add(t, ")");
  if (d->by) text_add(t, " by %s", d->by);
  if (d->has_result) result_text(t, d->result, d->nresult);
  if (d->expr) {
    text_add(t, " = ");
    node_text(t, d->expr, LEVEL_EXPR);
    text_add(t, ";\n");
    return;
  }
  text_add(t, " {\n");
  stmts_text(t, d->stmt, d->nstmt, 2);
  text_add(t, "}\n");
}

char *ast_print(Ctx *c, const Ast *a)
{
  Text t = { .c = c };

  text_add(&t, "%s", "");
  if (a->stage != STAGE_PARSE) text_add(&t, "stage %s;\n", stage_name[a->stage]);
  for (int i = 0; i < a->nweights; i++) {
    text_add(&t, "weights ");
    text_quoted(&t, a->weights[i]);
    text_add(&t, ";\n");
  }
  for (int i = 0; i < a->ndecl; i++) {
    if (i || a->nweights || a->stage != STAGE_PARSE) text_add(&t, "\n");
    decl_text(&t, &a->decl[i]);
  }
  return t.s;
}
