/* frit run: a model on files. Streams run in blocks of --block frames; their length is that of the inputs. */
#include "driver.h"
#include <string.h>

static bool write_output(Ctx *c, const Ports *p, const Binding *b) {
  for (int k = 0; k < p->n; k++) {
    const frit_port *q = p->port[k];
    if (!q->output || strcmp(q->name, b->name)) continue;
    Array a = { .type = type_by_name(q->type), .rank = q->rank, .count = port_elems(p, q), .data = p->data[k], .rate = p->rate };
    for (int d = 0; d < q->rank; d++) a.shape[d] = port_extent(p, q, d);
    return array_write(c, b->value, &a);
  }
  return driver_fail(c, "the model has no output '%s'", b->name);
}

static void summary(const Ports *p) {
  for (int k = 0; k < p->n; k++) {
    int64_t n = port_elems(p, p->port[k]); float lo = 0, hi = 0, *v = p->data[k];
    if (!p->port[k]->output || strcmp(p->port[k]->type, "f32")) continue;
    for (int64_t i = 0; i < n; i++) lo = v[i] < lo ? v[i] : lo, hi = v[i] > hi ? v[i] : hi;
    printf("%s: %lld elements in %g..%g\n", p->port[k]->name, (long long)n, (double)lo, (double)hi);
  }
}

int cmd_run(Ctx *c, void *session) {
  const Session *s = session; Ports p; bool ok = ports_bind(c, s->a, s->m, false, &p) && ports_run(c, &p, s->i, s->a->block);
  for (int k = 0; ok && k < s->a->out.n; k++) ok = write_output(c, &p, &s->a->out.at[k]);
  if (ok && !s->a->out.n) summary(&p);
  return ok ? EXIT_OK : -1;
}
