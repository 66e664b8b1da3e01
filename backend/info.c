/* The text of NAME_info: what an artefact says of itself, one line a fact (runtime/frit.h has the list).
 *
 *   frit 1
 *   name amp
 *   input x f32 t
 *
 * A tensor's name has no blanks, so lines split at blanks. */
#include "kir.h"
#include <string.h>

static uint64_t hash_bytes(uint64_t h, const void *data, size_t n)
{
  const uint8_t *s = data;
  for (size_t k = 0; k < n; k++)
    h = (h ^ s[k]) * 0x100000001b3u;
  return h ^ h >> 29;
}

static void add_extent(Text *o, Extent e)
{
  if (!e.dim)
    text_add(o, " %lld", (long long)e.n);
  else if (e.n)
    text_add(o, " %s%+lld", e.dim->name, (long long)e.n);
  else
    text_add(o, " %s", e.dim->name);
}

static void add_port(Text *o, const char *what, const Tensor *t)
{
  text_add(o, "%s %s %s", what, t->name, type_name(type_strong(t->type)));
  for (int k = 0; k < t->rank; k++)
    add_extent(o, t->shape[k]);
  text_add(o, "\n");
}

static void add_plan(Text *o, const KModule *m)
{
  static const char *const where[] = { [KB_STATE] = "state", [KB_SCRATCH] = "scratch", [KB_CONST] = "constants" };
  for (int k = 0; k < m->nbuf; k++)
    if (m->buf[k].kind != KB_IN && m->buf[k].kind != KB_OUT)
      text_add(o, "plan %s %s %lld %lld\n", m->buf[k].name, where[m->buf[k].kind], (long long)m->buf[k].offset, (long long)m->buf[k].bytes);
}

/* Work a call: sums over the kernels; per unit of the stream if there is one, for kernels count one whole block. */
static void add_work(Text *o, const KModule *m)
{
  double flops = 0, bytes = 0;
  for (int k = 0; k < m->nkernel; k++) {
    flops += m->kernel[k]->flops;
    bytes += m->kernel[k]->bytes;
  }
  const char *dim = "";
  for (int k = 0; k < m->graph->ndim; k++)
    if (m->graph->dim[k]->stream)
      dim = m->graph->dim[k]->name;
  text_add(o, "flops %.0f%s%s\nbytes %.0f%s%s\n", flops, *dim ? " " : "", dim, bytes, *dim ? " " : "", dim);
}

char *info_text(Ctx *c, const KModule *m)
{
  const Graph *g = m->graph;
  Text o = { .c = c };
  const char *text = graph_print(c, g);
  uint64_t hash = hash_bytes(hash_bytes(0xcbf29ce484222325u, text, strlen(text)), m->constant, (size_t)m->nconstant);
  int align = m->target->vector_bytes ? 64 : 8;
  text_add(&o, "frit 1\nname %s\ntarget %s\ncompiler " FRIT_VERSION "\nhash %016llx\n", m->name, m->target->name, (unsigned long long)hash);
  text_add(&o, "state %lld %d\nscratch %lld %d\n", (long long)m->state_bytes, align, (long long)m->scratch_bytes, align);
  for (int k = 0; k < g->ndim; k++)
    text_add(&o, "dim %s %lld %lld%s\n", g->dim[k]->name, (long long)g->dim[k]->lo, (long long)g->dim[k]->hi, g->dim[k]->stream ? " stream" : "");
  for (int k = 0; k < g->nin; k++)
    add_port(&o, "input", g->in[k]);
  for (int k = 0; k < g->nout; k++)
    add_port(&o, "output", g->out[k]);
  add_work(&o, m);
  add_plan(&o, m);
  return o.s;
}
