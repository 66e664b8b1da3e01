/* From a path to a graph: reads the file, imports it if it is a .nam, parses, elaborates.
 *
 *   amp.nam  -- nam_import -->  text of a .graph  -- ast_parse, elaborate -->  Graph
 */
#include "ast.h"
#include <string.h>

static bool is_nam(const char *path, const Source *src)
{
  const char *dot = strrchr(path, '.');

  if (dot && !strcmp(dot, ".graph")) return false;
  return (dot && !strcmp(dot, ".nam")) || src->text[strspn(src->text, " \t\r\n")] == '{';
}

/* The weights of the text are the .nam itself, which lies in the same folder. */
static const Source *import_text(Ctx *c, const Source *src)
{
  const char *slash = strrchr(src->name, '/');
  Import in = { 0 };

  if (!nam_import(c, src, slash ? slash + 1 : src->name, c->opt.prewarm, &in)) return NULL;
  return source_text(c, ctx_printf(c, "%s, imported", src->name), in.graph_text, strlen(in.graph_text));
}

static bool has_one_graph(Ctx *c, const Ast *a)
{
  const Decl *first = NULL;

  for (int i = 0; i < a->ndecl; i++) {
    const Decl *d = &a->decl[i];
    if (d->kind != D_GRAPH) continue;
    if (first) {
      diag_error(c, d->pos, "'%s' is a second graph: a file holds one", d->name);
      diag_note(c, first->pos, "the first is here");
      return false;
    }
    first = d;
  }
  if (first) return true;
  diag_error(c, (Pos){ a->src, 1, 1 }, "there is no graph in this file");
  diag_help(c, "it needs one: graph NAME(x: f32[4]) -> (y: f32[4]) { y[i] = x[i]; }");
  return false;
}

Ast *frontend_parse(Ctx *c, const char *path)
{
  const Source *src = source_read(c, path);
  if (src && is_nam(path, src)) src = import_text(c, src);
  return src ? ast_parse(c, src) : NULL;
}

Graph *frontend_load(Ctx *c, const char *path)
{
  const Ast *a = frontend_parse(c, path);
  return a && has_one_graph(c, a) ? elaborate(c, a) : NULL;
}
