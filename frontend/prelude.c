/* The prelude: every operator, as text (prelude.graph), embedded in the library and parsed once a context.
 *
 * The context has no field for it: the parsed text hangs on its source, which is found by name again.
 */
#include "ast.h"
#include <string.h>

#define PRELUDE_NAME "prelude.graph"

typedef struct Prelude { Source src; const Ast *ast; } Prelude;

static Prelude *prelude_find(Ctx *c)
{
  for (Source *s = c->sources; s; s = s->next)
    if (s->text == frit_prelude) return (Prelude *)s;     /* only made below, as the first member of a Prelude */
  return NULL;
}

const Ast *prelude(Ctx *c)
{
  Prelude *p = prelude_find(c);

  if (p) return p->ast;
  p = NEW(c, Prelude);
  p->src = (Source){ .name = PRELUDE_NAME, .text = frit_prelude, .size = frit_prelude_size, .next = c->sources };
  c->sources = &p->src;
  p->ast = ast_parse(c, &p->src);
  if (!p->ast) bug(c, "the prelude does not parse");
  return p->ast;
}
