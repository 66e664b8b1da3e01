/* Weights: named tensors of the files that a graph's `weights` statements name.
 *
 *   weights "amp.safetensors";     mapped into memory, nothing is copied (safetensors.c)
 *   weights "amp.nam";             the tensors as its importer names them (nam.c), in the arena
 */
#include "weights.h"
#include <stdlib.h>
#include <string.h>

/* path, relative to the folder of the file that names it. */
static const char *weights_path(Ctx *c, const char *path, const Source *from)
{
  const char *slash = from && path[0] != '/' ? strrchr(from->name, '/') : NULL;

  return slash ? ctx_printf(c, "%.*s/%s", (int)(slash - from->name), from->name, path) : path;
}

static bool has_suffix(const char *s, const char *suffix)
{
  size_t n = strlen(s), k = strlen(suffix);

  return n >= k && !strcmp(s + n - k, suffix);
}

/* A .nam that is being imported has been read already. */
static const Source *source_find(Ctx *c, const char *name)
{
  for (const Source *s = c->sources; s; s = s->next)
    if (!strcmp(s->name, name)) return s;
  return NULL;
}

static int by_name(const void *a, const void *b)
{
  return strcmp(((const Weight *)a)->name, ((const Weight *)b)->name);
}

static Weights *weights_of_nam(Ctx *c, const char *path, const Source *src)
{
  Weights *w = NEW(c, Weights);
  Import in = { 0 };

  if (!nam_import(c, src, path, true, &in)) return NULL;
  *w = (Weights){ .path = path, .at = in.weight, .n = in.nweight };
  return w;
}

Weights *weights_open(Ctx *c, const char *path, const Source *from, Pos pos)
{
  const char *full = weights_path(c, path, from);
  const Source *src = source_find(c, full);

  if (!src && has_suffix(path, ".nam") && !(src = source_read(c, full))) return NULL;
  Weights *w = src ? weights_of_nam(c, full, src) : safetensors_open(c, full, pos);

  if (w) qsort(w->at, (size_t)w->n, sizeof *w->at, by_name);
  return w;
}

const Weight *weights_find(const Weights *w, const char *name)
{
  Weight key = { .name = name };

  return w->n ? bsearch(&key, w->at, (size_t)w->n, sizeof *w->at, by_name) : NULL;
}
