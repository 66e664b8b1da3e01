/* The text of NAME_info: what an artefact says of itself, one line a fact (list: runtime/frit.h), as `input x f32 t`: names have no blanks. */
#include "kir.h"
#include <string.h>

static uint64_t hash_bytes(uint64_t h, const void *data, size_t n) {
  const uint8_t *s = data;
  for (size_t k = 0; k < n; k++) h = (h ^ s[k]) * 0x100000001b3u;
  return h ^ h >> 29;
}
static void add_port(Text *o, const char *what, const Tensor *t) {
  text_add(o, "%s %s %s", what, t->name, type_name(type_strong(t->type)));
  for (const Extent *e = t->shape; e < t->shape + t->rank; e++) {
    text_add(o, " %s", e->dim ? e->dim->name : "");
    if (e->n || !e->dim) text_add(o, e->dim ? "%+lld" : "%lld", (long long)e->n);
  }
  text_add(o, "\n");
}

char *info_text(Ctx *c, const KModule *m) {
  static const char *const where[] = { [KB_STATE] = "state", [KB_SCRATCH] = "scratch", [KB_CONST] = "constants" };
  const Graph *g = m->graph; Text o = { .c = c }; const char *text = graph_print(c, g), *unit = "";
  uint64_t hash = hash_bytes(hash_bytes(0xcbf29ce484222325u, text, strlen(text)), m->constant, (size_t)m->nconstant); int align = kmodule_align(m);
  text_add(&o, "frit 1\nname %s\ntarget %s\ncompiler " FRIT_VERSION "\nhash %016llx\n", m->name, m->target->name, (unsigned long long)hash);
  text_add(&o, "state %lld %d\nscratch %lld %d\n", (long long)m->state_bytes, align, (long long)m->scratch_bytes, align);
  if (m->threads > 1) text_add(&o, "threads %d\n", m->threads);
  for (int k = 0; k < g->ndim; k++) {
    const Index *d = g->dim[k]; if (d->stream) unit = ctx_printf(c, " %s", d->name);
    text_add(&o, "dim %s %lld %lld%s\n", d->name, (long long)d->lo, (long long)d->hi, d->stream ? " stream" : "");
  }
  for (int k = 0; k < g->nin; k++) add_port(&o, "input", g->in[k]);
  for (int k = 0; k < g->nout; k++) add_port(&o, "output", g->out[k]);
  double flops = 0, bytes = 0;    /* a call; per unit of the stream if there is one, for kernels count one whole block */
  for (int k = 0; k < m->nkernel; k++) flops += m->kernel[k]->flops, bytes += m->kernel[k]->bytes;
  text_add(&o, "flops %.0f%s\nbytes %.0f%s\n", flops, unit, bytes, unit);
  for (const KBuf *b = m->buf; b < m->buf + m->nbuf; b++)
    if (where[b->kind] && b->arg == -1) text_add(&o, "plan %s %s %lld %lld\n", b->name, where[b->kind], (long long)b->offset, (long long)b->bytes);
  return o.s;
}
