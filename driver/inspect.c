/* frit inspect: what a model or an artefact takes and gives, its memory, its kernels.   frit explain: the ledger.
 * frit ops: the operators.   frit targets: the targets. */
#include "driver.h"

static void print_ports(const char *what, Tensor *const *t, int n, bool json) {
  for (int k = 0; k < n; k++) {
    if (json && k) printf(", ");
    printf(json ? "{\"kind\": \"%s\", \"name\": \"%s\", \"type\": \"%s\", \"shape\": \"" : "%-7s %s: %s[", what, t[k]->name, type_name(t[k]->type));
    for (int d = 0; d < t[k]->rank; d++) {
      const Extent e = t[k]->shape[d];
      printf("%s%s", d ? ", " : "", e.dim ? e.dim->name : "");
      if (e.n || !e.dim) printf(e.dim ? "%+lld" : "%lld", (long long)e.n);
    }
    printf(json ? "\"}" : "]\n");
  }
}

static long long parameters(const Graph *g) {
  long long n = 0;
  for (int k = 0; k < g->ntensor; k++) if (g->tensor[k]->kind == TK_PARAM) n += tensor_size(g->tensor[k]);
  return n;
}

static void inspect_json(const KModule *m) {
  const Graph *g = m->graph;
  printf("{\"name\": \"%s\", \"target\": \"%s\", \"parameters\": %lld, \"kernels\": %d, \"state_bytes\": %lld, \"scratch_bytes\": %lld, "
         "\"constant_bytes\": %lld, \"ports\": [", m->name, m->target->name, parameters(g), m->nkernel, (long long)m->state_bytes,
         (long long)m->scratch_bytes, (long long)m->nconstant);
  print_ports("input", g->in, g->nin, true); printf("%s", g->nin && g->nout ? ", " : "");
  print_ports("output", g->out, g->nout, true);
  printf("]}\n");
}

static void inspect_text(const KModule *m) {
  const Graph *g = m->graph;
  printf("graph   %s for %s\n", m->name, m->target->name); print_ports("input", g->in, g->nin, false);
  print_ports("output", g->out, g->nout, false);
  for (int d = 0; d < g->ndim; d++)
    printf("dim     %s in %lld..%lld%s\n", g->dim[d]->name, (long long)g->dim[d]->lo, (long long)g->dim[d]->hi, g->dim[d]->stream ? " (stream)" : "");
  printf("memory  %lld bytes of state, %lld of scratch, %lld of constants; %lld parameters\n", (long long)m->state_bytes,
         (long long)m->scratch_bytes, (long long)m->nconstant, parameters(g));
  for (int k = 0; k < m->nkernel; k++) {
    const char *label = m->kernel[k]->label ? m->kernel[k]->label : "";
    printf("kernel  %s \"%s\": %.0f flop, %.0f bytes\n", m->kernel[k]->name, label, m->kernel[k]->flops, m->kernel[k]->bytes);
  }
}

int cmd_inspect(Ctx *c, void *session) {
  const Args *a = ((const Session *)session)->a;
  if (path_ends(a->input, ".so")) {
    int code; frit_model *m = driver_open(a, &code);
    if (m) fputs(frit_info(m), stdout);
    frit_close(m); return code;
  }
  const KModule *m = driver_module(c, a);
  if (m) (a->json ? inspect_json : inspect_text)(m);
  return m ? EXIT_OK : -1;
}

int cmd_explain(Ctx *c, void *session) {
  if (!driver_graph(c, ((const Session *)session)->a, STAGE_PLAN)) return -1;
  ledger_print(c, stdout); return EXIT_OK;
}

static int print_op(Ctx *c, const Ast *p, const char *name) {
  const char **names = NEWN(c, const char *, p->ndecl);
  for (int k = 0; k < p->ndecl; k++) {
    names[k] = p->decl[k].name;
    if (!strcmp(names[k], name)) return fputs(ast_print(c, &(Ast){ .src = p->src, .decl = &p->decl[k], .ndecl = 1 }), stdout), EXIT_OK;
  }
  driver_fail(c, "there is no operator '%s'", name); suggest(c, name, names, p->ndecl); return -1;
}

/* The list has the first line of each documentation. */
int cmd_ops(Ctx *c, void *session) {
  const Args *a = ((const Session *)session)->a; const Ast *p = prelude(c);
  if (a->input) return print_op(c, p, a->input);
  for (int k = 0; k < p->ndecl; k++) {
    const char *doc = p->decl[k].doc ? p->decl[k].doc : "";
    printf("%-24s %.*s\n", p->decl[k].name, (int)strcspn(doc, "\n"), doc);
  }
  return EXIT_OK;
}

int cmd_targets(Ctx *c, void *session) {
  const Target *host = target_find("host");
  for (const Target *t = targets; t < targets + ntargets; t++)
    if (((const Session *)session)->a->json)
      printf("{\"name\": \"%s\", \"triple\": \"%s\", \"cpu\": \"%s\", \"vector_bytes\": %d, \"host\": %s}\n", t->name, t->triple, t->cpu,
             t->vector_bytes, t == host ? "true" : "false");
    else
      printf("%-12s %-28s %-14s %s%s\n", t->name, t->triple, t->cpu,
             t->vector_bytes ? ctx_printf(c, "%d-byte vectors", t->vector_bytes) : "scalar", t == host ? "   (this machine)" : "");
  return EXIT_OK;
}
