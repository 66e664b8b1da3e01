/* frit inspect: what a model or an artefact takes and gives, its memory, its kernels.   frit explain: the ledger.
 * frit ops: the operators.   frit targets: the targets. */
#include "driver.h"
#include <string.h>

static void print_shape(const Tensor *t)
{
  for (int d = 0; d < t->rank; d++) {
    const Extent e = t->shape[d];
    if (e.dim && e.n)
      printf("%s%s%+lld", d ? ", " : "", e.dim->name, (long long)e.n);
    else if (e.dim)
      printf("%s%s", d ? ", " : "", e.dim->name);
    else
      printf("%s%lld", d ? ", " : "", (long long)e.n);
  }
}

static void print_ports(const char *what, Tensor *const *t, int n, bool json)
{
  for (int k = 0; k < n; k++) {
    printf(json ? "%s{\"kind\": \"%s\", \"name\": \"%s\", \"type\": \"%s\", \"shape\": \"" : "%s%-7s %s: %s[", json && k ? ", " : "", what, t[k]->name, type_name(t[k]->type));
    print_shape(t[k]);
    printf(json ? "\"}" : "]\n");
  }
}

static int64_t parameters(const Graph *g)
{
  int64_t n = 0;
  for (int k = 0; k < g->ntensor; k++)
    if (g->tensor[k]->kind == TK_PARAM)
      n += tensor_size(g->tensor[k]);
  return n;
}

static void print_kernels(const KModule *m)
{
  for (int k = 0; k < m->nkernel; k++)
    printf("kernel  %s \"%s\": %.0f flop, %.0f bytes\n", m->kernel[k]->name, m->kernel[k]->label ? m->kernel[k]->label : "", m->kernel[k]->flops, m->kernel[k]->bytes);
}

static int work(Ctx *c, void *arg)
{
  const Args *a = arg;
  KModule *m = driver_module(c, a);
  if (!m)
    return -1;
  const Graph *g = m->graph;
  if (a->json) {
    printf("{\"name\": \"%s\", \"target\": \"%s\", \"parameters\": %lld, \"kernels\": %d, \"state_bytes\": %lld, \"scratch_bytes\": %lld, \"constant_bytes\": %lld, \"ports\": [", m->name,
           m->target->name, (long long)parameters(g), m->nkernel, (long long)m->state_bytes, (long long)m->scratch_bytes, (long long)m->nconstant);
    print_ports("input", g->in, g->nin, true);
    printf("%s", g->nin && g->nout ? ", " : "");
    print_ports("output", g->out, g->nout, true);
    printf("]}\n");
    return 0;
  }
  printf("graph   %s for %s\n", m->name, m->target->name);
  print_ports("input", g->in, g->nin, false);
  print_ports("output", g->out, g->nout, false);
  for (int d = 0; d < g->ndim; d++)
    printf("dim     %s in %lld..%lld%s\n", g->dim[d]->name, (long long)g->dim[d]->lo, (long long)g->dim[d]->hi, g->dim[d]->stream ? " (stream)" : "");
  printf("memory  %lld bytes of state, %lld of scratch, %lld of constants; %lld parameters\n", (long long)m->state_bytes, (long long)m->scratch_bytes,
         (long long)m->nconstant, (long long)parameters(g));
  print_kernels(m);
  return 0;
}

int cmd_inspect(const Args *a)
{
  size_t n = a->input ? strlen(a->input) : 0;
  if (!n) {
    driver_say("inspect wants a model or a .so");
    return EXIT_USAGE;
  }
  if (n > 3 && strcmp(a->input + n - 3, ".so") == 0) {
    int code;
    frit_model *m = driver_open(a, &code);
    if (m)
      fputs(frit_info(m), stdout);
    frit_close(m);
    return code;
  }
  Ctx *c = driver_ctx(a);
  return c ? driver_end(c, ctx_try(c, work, (void *)a) == 0 ? EXIT_OK : EXIT_INPUT) : EXIT_INPUT;
}

static int explain(Ctx *c, void *arg)
{
  if (!driver_graph(c, arg, STAGE_PLAN))
    return -1;
  ledger_print(c, stdout);
  return 0;
}

int cmd_explain(const Args *a)
{
  if (!a->input) {
    driver_say("explain wants a model");
    return EXIT_USAGE;
  }
  Ctx *c = driver_ctx(a);
  return c ? driver_end(c, ctx_try(c, explain, (void *)a) == 0 ? EXIT_OK : EXIT_INPUT) : EXIT_INPUT;
}

static const char *first_line(Ctx *c, const char *doc)
{
  size_t n = doc ? strcspn(doc, "\n") : 0;
  return n ? ctx_internn(c, doc, n) : "";
}

/* An operator's text stands in the prelude from its documentation to its end. */
static int print_op(Ctx *c, const Ast *p, const char *name)
{
  const char *names[1024], *near;
  int n = 0;
  for (int k = 0; k < p->ndecl; k++)
    if (strcmp(p->decl[k].name, name) == 0) {
      Ast one = { .src = p->src, .decl = &p->decl[k], .ndecl = 1 };
      fputs(ast_print(c, &one), stdout);
      return 0;
    } else if (n < 1024)
      names[n++] = p->decl[k].name;
  near = diag_near(name, names, n);
  diag_error(c, (Pos){ 0 }, "there is no operator '%s'", name);
  if (near)
    diag_help(c, "did you mean '%s'?", near);
  return -1;
}

static int ops(Ctx *c, void *arg)
{
  const Args *a = arg;
  const Ast *p = prelude(c);
  if (!p)
    return -1;
  if (a->input)
    return print_op(c, p, a->input);
  for (int k = 0; k < p->ndecl; k++)
    printf("%-24s %s\n", p->decl[k].name, first_line(c, p->decl[k].doc));
  return 0;
}

int cmd_ops(const Args *a)
{
  Ctx *c = driver_ctx(a);
  return c ? driver_end(c, ctx_try(c, ops, (void *)a) == 0 ? EXIT_OK : EXIT_INPUT) : EXIT_INPUT;
}

int cmd_targets(const Args *a)
{
  const Target *host = target_find("host");
  for (int k = 0; k < ntargets; k++) {
    const Target *t = &targets[k];
    if (a->json)
      printf("{\"name\": \"%s\", \"triple\": \"%s\", \"cpu\": \"%s\", \"vector_bytes\": %d, \"host\": %s}\n", t->name, t->triple, t->cpu, t->vector_bytes, t == host ? "true" : "false");
    else
      printf("%-12s %-28s %-14s %3d-byte vectors%s%s\n", t->name, t->triple, t->cpu, t->vector_bytes, t->scalable ? " and longer" : "", t == host ? "   (this machine)" : "");
  }
  return EXIT_OK;
}
