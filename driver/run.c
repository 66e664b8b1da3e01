/* frit run: a model on files. Streams run in blocks of --block frames; their length is that of the inputs. */
#include "ports.h"
#include <string.h>

static bool write_output(Ctx *c, const Ports *p, const Binding *b)
{
  for (int k = 0; k < frit_nports(p->m); k++) {
    const frit_port *q = frit_get_port(p->m, k);
    if (!q->output || strcmp(q->name, b->name) != 0)
      continue;
    Array a = { .type = type_by_name(q->type), .rank = q->rank, .count = port_elems(p, q), .data = p->data[k], .rate = p->rate };
    for (int d = 0; d < q->rank; d++)
      a.shape[d] = q->extent[d] + (q->dim[d] >= 0 ? p->dim[q->dim[d]] : 0);
    return array_write(c, b->value, &a);
  }
  diag_error(c, (Pos){ 0 }, "the model has no output '%s'", b->name);
  return false;
}

static void summary(const Ports *p)
{
  for (int k = 0; k < frit_nports(p->m); k++) {
    const frit_port *q = frit_get_port(p->m, k);
    if (q->output && strcmp(q->type, "f32") == 0) {
      float lo = 0, hi = 0, *v = p->data[k];
      for (int64_t i = 0; i < port_elems(p, q); i++)
        lo = v[i] < lo ? v[i] : lo, hi = v[i] > hi ? v[i] : hi;
      printf("%s: %lld elements in %g..%g\n", q->name, (long long)port_elems(p, q), (double)lo, (double)hi);
    }
  }
}

typedef struct Job { const Args *a; frit_model *m; } Job;
static int work(Ctx *c, void *arg)
{
  const Job *j = arg;
  Ports p;
  frit_instance *i = frit_new(j->m);
  if (!i) {
    diag_error(c, (Pos){ 0 }, "out of memory");
    return -1;
  }
  bool ok = ports_bind(c, j->a, j->m, false, &p) && ports_run(c, &p, i, j->a->block);
  for (int k = 0; ok && k < j->a->nout; k++)
    ok = write_output(c, &p, &j->a->out[k]);
  if (ok && !j->a->nout)
    summary(&p);
  frit_free(i);
  return ok ? 0 : -1;
}

int cmd_run(const Args *a)
{
  int code;
  if (!a->input) {
    driver_say("run wants a model or a .so");
    return EXIT_USAGE;
  }
  frit_model *m = driver_open(a, &code);
  if (!m)
    return code;
  Ctx *c = driver_ctx(a);
  if (c) {
    int rc = ctx_try(c, work, &(Job){ a, m });
    code = driver_end(c, rc == 0 ? EXIT_OK : EXIT_INPUT);
  }
  frit_close(m);
  return code;
}
