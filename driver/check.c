/* frit check: the compiled model against the reference interpreter on the same inputs (files, or random numbers of --seed).
 *
 *   y: 1024 elements, max error 4.8e-07 absolute, 3.1e-06 relative, 5 ULP (limit 2.0e-05): ok */
#include "driver.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct Error { double abs, rel, peak; int64_t ulp, bad; } Error;

/* Ordered integers for floats: neighbours differ by one. */
static int64_t ordered(float v) {
  int32_t i;
  memcpy(&i, &v, 4);
  return i < 0 ? (int64_t)INT32_MIN - i : i;
}

static void compare(Error *e, double got, double want, bool f32) {
  if (isnan(got) && isnan(want)) return;
  double d = got == want ? 0 : fabs(got - want);
  if (!isfinite(d)) { e->bad++; return; }
  e->abs = fmax(e->abs, d); e->rel = fmax(e->rel, d == 0 ? 0 : d / fmax(fabs(want), 1e-30));
  e->peak = fmax(e->peak, fabs(want));
  int64_t u = f32 ? llabs(ordered((float)got) - ordered((float)want)) : 0;
  e->ulp = u > e->ulp ? u : e->ulp;
}

static bool report(const Args *a, const frit_port *q, const void *got, const void *want, int64_t n) {
  Error e = { 0 }; Type t = type_by_name(q->type);
  for (int64_t k = 0; k < n; k++) compare(&e, array_get(t, got, k), array_get(t, want, k), t == T_F32);
  double limit = a->tolerance * fmax(1, e.peak); bool ok = e.bad == 0 && e.abs <= limit;
  if (a->json)
    printf("{\"output\": \"%s\", \"elements\": %lld, \"max_abs\": %g, \"max_rel\": %g, \"max_ulp\": %lld, \"not_finite\": %lld, \"limit\": %g, "
           "\"ok\": %s}\n", q->name, (long long)n, e.abs, e.rel, (long long)e.ulp, (long long)e.bad, limit, ok ? "true" : "false");
  else
    printf("%s: %lld elements, max error %.1e absolute, %.1e relative, %lld ULP (limit %.1e)%s: %s\n", q->name, (long long)n, e.abs, e.rel,
           (long long)e.ulp, limit, e.bad ? ", not finite where the reference is" : "", ok ? "ok" : "FAILED");
  return ok;
}

/* The interpreter runs the whole stream in one call. */
static bool reference(Ctx *c, const Args *a, const Ports *p, void **want) {
  Graph *g = driver_graph(c, a, STAGE_EXPAND); const void *in[256]; void *out[256]; int ni = 0, no = 0;
  for (int k = 0; k < p->n; k++)
    if (p->port[k]->output) out[no++] = want[k] = NEWN(c, char, p->bytes[k] + 64);
    else in[ni++] = p->data[k];
  Interp *it = g ? interp_new(c, g) : NULL;
  return it && interp_run(it, in, out, p->dim);
}

int cmd_check(Ctx *c, void *session) {
  const Session *s = session; Ports p; void *want[256] = { 0 }; bool ok = true;
  if (!ports_bind(c, s->a, s->m, true, &p) || !ports_run(c, &p, s->i, s->a->block) || !reference(c, s->a, &p, want)) return -1;
  for (int k = 0; k < p.n; k++) if (p.port[k]->output) ok = report(s->a, p.port[k], p.data[k], want[k], port_elems(&p, p.port[k])) && ok;
  return ok ? EXIT_OK : EXIT_CHECK;
}
