/* frit check: the compiled model against the reference interpreter on the same inputs (files, or random numbers of --seed).
 *
 *   y: 1024 elements, max error 4.8e-07 absolute, 3.1e-06 relative, 5 ULP (limit 2.0e-05): ok
 */
#include "ports.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct Error { double abs, rel, peak; int64_t ulp, bad; } Error;

/* Ordered integers for floats: neighbours differ by one. */
static int64_t ordered(float v)
{
  int32_t i;
  memcpy(&i, &v, 4);
  return i < 0 ? (int64_t)INT32_MIN - i : i;
}

static double element(const frit_port *q, const void *data, int64_t k)
{
  Array a = { .type = type_by_name(q->type) };
  switch (a.type) {
  case T_F32: return ((const float *)data)[k];
  case T_F64: return ((const double *)data)[k];
  case T_I64: return (double)((const int64_t *)data)[k];
  case T_I32: return ((const int32_t *)data)[k];
  case T_U32: return ((const uint32_t *)data)[k];
  case T_I16: return ((const int16_t *)data)[k];
  case T_U16: return ((const uint16_t *)data)[k];
  case T_I8: return ((const int8_t *)data)[k];
  case T_U64: return (double)((const uint64_t *)data)[k];
  case T_F16: case T_BF16: return ((const uint16_t *)data)[k];   /* compared by bits */
  default: return ((const uint8_t *)data)[k];
  }
}

static void compare(Error *e, double got, double want, bool f32)
{
  if (isnan(got) && isnan(want))
    return;
  double d = got == want ? 0 : fabs(got - want);
  e->bad += !isfinite(d);
  if (!isfinite(d))
    return;
  e->abs = fmax(e->abs, d);
  e->rel = fmax(e->rel, d == 0 ? 0 : d / fmax(fabs(want), 1e-30));
  e->peak = fmax(e->peak, fabs(want));
  int64_t u = f32 ? llabs(ordered((float)got) - ordered((float)want)) : 0;
  e->ulp = u > e->ulp ? u : e->ulp;
}

static bool report(const Args *a, const frit_port *q, const void *got, const void *want, int64_t n)
{
  Error e = { 0 };
  for (int64_t k = 0; k < n; k++)
    compare(&e, element(q, got, k), element(q, want, k), strcmp(q->type, "f32") == 0);
  double limit = a->tolerance * fmax(1, e.peak);
  bool ok = e.bad == 0 && e.abs <= limit;
  if (a->json)
    printf("{\"output\": \"%s\", \"elements\": %lld, \"max_abs\": %g, \"max_rel\": %g, \"max_ulp\": %lld, \"not_finite\": %lld, \"limit\": %g, \"ok\": %s}\n", q->name,
           (long long)n, e.abs, e.rel, (long long)e.ulp, (long long)e.bad, limit, ok ? "true" : "false");
  else
    printf("%s: %lld elements, max error %.1e absolute, %.1e relative, %lld ULP (limit %.1e)%s: %s\n", q->name, (long long)n, e.abs, e.rel,
           (long long)e.ulp, limit, e.bad ? ", not finite where the reference is" : "", ok ? "ok" : "FAILED");
  return ok;
}

/* The interpreter runs the whole stream in one call. */
static bool reference(Ctx *c, const Args *a, const Ports *p, void **want)
{
  Graph *g = driver_graph(c, a, STAGE_EXPAND);
  const void *in[256];
  void *out[256];
  int ni = 0, no = 0;
  if (!g)
    return false;
  for (int k = 0; k < frit_nports(p->m); k++)
    if (frit_get_port(p->m, k)->output)
      out[no++] = want[k] = NEWN(c, char, p->bytes[k] + 64);
    else
      in[ni++] = p->data[k];
  Interp *it = interp_new(c, g);
  return it && interp_run(it, in, out, p->dim);
}

typedef struct Job { const Args *a; frit_model *m; bool ok; } Job;
static int work(Ctx *c, void *arg)
{
  Job *j = arg;
  Ports p;
  void *want[256] = { 0 };
  frit_instance *i = frit_new(j->m);
  bool ran = i && ports_bind(c, j->a, j->m, true, &p) && ports_run(c, &p, i, j->a->block) && reference(c, j->a, &p, want);
  frit_free(i);
  j->ok = ran;
  for (int k = 0; ran && k < frit_nports(j->m); k++)
    if (frit_get_port(j->m, k)->output)
      j->ok = report(j->a, frit_get_port(j->m, k), p.data[k], want[k], port_elems(&p, frit_get_port(j->m, k))) && j->ok;
  return ran ? 0 : -1;
}

int cmd_check(const Args *a)
{
  int code;
  if (!a->input || (strlen(a->input) > 3 && strcmp(a->input + strlen(a->input) - 3, ".so") == 0)) {
    driver_say("check wants a model (.graph, .nam), not an artefact: the interpreter runs its equations");
    return EXIT_USAGE;
  }
  frit_model *m = driver_open(a, &code);
  if (!m)
    return code;
  Job j = { a, m, false };
  Ctx *c = driver_ctx(a);
  if (c) {
    int rc = ctx_try(c, work, &j);
    code = driver_end(c, rc != 0 ? EXIT_INPUT : j.ok ? EXIT_OK : EXIT_CHECK);
  }
  frit_close(m);
  return code;
}
