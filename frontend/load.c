/* From a path to a graph: reads the file, imports it if it is a .nam, parses, elaborates. And the prelude: every operator, as text.
 *
 *   amp.nam  -- nam_import -->  text of a .graph  -- ast_parse, elaborate -->  Graph */
#include "ast.h"
#include <string.h>

bool path_ends(const char *path, const char *suffix) { size_t n = strlen(path), k = strlen(suffix); return n >= k && !strcmp(path + n - k, suffix); }

/* The weights of the text are the .nam itself, which lies in the same folder. */
static const Source *import_text(Ctx *c, const Source *src) {
  const char *slash = strrchr(src->name, '/'); Import in = { 0 };
  if (!nam_import(c, src, slash ? slash + 1 : src->name, c->opt.prewarm, &in)) return NULL;
  return source_text(c, ctx_printf(c, "%s, imported", src->name), in.graph_text, strlen(in.graph_text));
}

Ast *frontend_parse(Ctx *c, const char *path) {
  const Source *src = source_read(c, path);
  if (src && !path_ends(path, ".graph") && (path_ends(path, ".nam") || src->text[strspn(src->text, " \t\r\n")] == '{')) src = import_text(c, src);
  return src ? ast_parse(c, src) : NULL;
}

static bool has_one_graph(Ctx *c, const Ast *a) {
  const Decl *first = NULL;
  for (const Decl *d = a->decl; d < a->decl + a->ndecl; d++) {
    if (d->kind == D_GRAPH && first) {
      diag_error(c, d->pos, "'%s' is a second graph: a file holds one", d->name);
      diag_note(c, first->pos, "the first is here");
      return false;
    }
    if (d->kind == D_GRAPH) first = d;
  }
  if (first) return true;
  diag_error(c, (Pos){ a->src, 1, 1 }, "there is no graph in this file");
  diag_help(c, "it needs one: graph NAME(x: f32[4]) -> (y: f32[4]) { y[i] = x[i]; }");
  return false;
}

Graph *frontend_load(Ctx *c, const char *path) { const Ast *a = frontend_parse(c, path); return a && has_one_graph(c, a) ? elaborate(c, a) : NULL; }

/* The context has no field for it: the parsed text hangs on its source, which is found again by its text. */
typedef struct Prelude { Source src; const Ast *ast; } Prelude;

const Ast *prelude(Ctx *c) {
  for (Source *s = c->sources; s; s = s->next) if (s->text == frit_prelude) return ((Prelude *)s)->ast;
  Prelude *p = NEW(c, Prelude);
  p->src = (Source){ .name = "prelude.graph", .text = frit_prelude, .size = frit_prelude_size, .next = c->sources };
  c->sources = &p->src;
  p->ast = ast_parse(c, &p->src);
  if (!p->ast) bug(c, "the prelude does not parse");
  return p->ast;
}
