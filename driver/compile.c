/* The commands that run no model. frit compile: to code, or to the text of a stage; -o FILE's suffix says what: .so .o .a .c .s .ll .graph (an
 * imported model with its weights); --emit=KIND overrides. frit inspect: what a model takes and gives, its memory, its kernels. frit explain: the
 * ledger. frit ops: the operators. frit targets: the targets. */
#include "driver.h"

/* ---- frit compile */
typedef struct Kind { const char *name; Emit emit; } Kind;
static const Kind kinds[] = { { "so", EMIT_SO }, { "o", EMIT_O }, { "a", EMIT_A }, { "c", EMIT_C }, { "s", EMIT_S }, { "ll", EMIT_LL } };

static const char *suffix_of(const char *path) { const char *dot = strrchr(path_base(path), '.'); return dot ? dot + 1 : ""; }

static const Kind *kind_of(const Args *a) {
  const char *name = a->emit ? a->emit : suffix_of(a->output);
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) if (!strcmp(kinds[k].name, name)) return &kinds[k];
  driver_say(EXIT_USAGE, "'%s' is no kind of output: so, o, a, c, s, ll (or .graph for an imported model)", name); return NULL;
}

/* Writes the text of an imported model, and its weights as x.safetensors beside x.graph. */
static bool convert(Ctx *c, const Args *a) {
  const char *weights = ctx_printf(c, "%.*s.safetensors", (int)(strrchr(a->output, '.') - a->output), a->output);
  Import imp = { 0 }; const Source *src = source_read(c, a->input);
  return src && nam_import(c, src, path_base(weights), a->prewarm, &imp) && safetensors_write(c, weights, imp.weight, imp.nweight)
         && file_write(c, a->output, imp.graph_text, strlen(imp.graph_text), false);
}

/* The text of a stage, as far as it is text in the context; NULL after errors. */
static const char *stage_text(Ctx *c, const Args *a, Stage stage) {
  if (stage == STAGE_PARSE) { Ast *t = frontend_parse(c, a->input); return t ? ast_print(c, t) : NULL; }
  if (stage < STAGE_KERNEL) { Graph *g = driver_graph(c, a, stage); return g ? graph_print(c, g) : NULL; }
  KModule *m = driver_module(c, a); return !m ? NULL : stage == STAGE_C ? c_print(c, m, ctx_printf(c, "%s.h", m->name), NULL) : kir_print(c, m);
}
static bool dump(Ctx *c, const Args *a, Stage stage) {
  const char *s = NULL; size_t n = 0;
  if (stage == STAGE_LLVM || stage == STAGE_ASM) {
    uint8_t *data; KModule *m = driver_module(c, a);
    if (m && llvm_emit(c, m, stage == STAGE_LLVM ? OUT_LL : OUT_S, &data, &n)) s = (char *)data;
  } else if ((s = stage_text(c, a, stage))) {
    n = strlen(s);
  }
  if (!s) return false;
  return a->output ? file_write(c, a->output, s, n, false) : fwrite(s, 1, n, stdout) == n && fflush(stdout) == 0;
}

static bool find_stage(const char *name, Stage *out) {
  *out = STAGE_FUSE;
  for (int k = 0; name && k < STAGE_COUNT; k++) if (!strcmp(stage_name[k], name)) return *out = (Stage)k, true;
  if (!name) return true;
  const char *near = diag_near(name, stage_name, STAGE_COUNT);
  driver_say(EXIT_USAGE, "--dump-ir: there is no stage '%s'%s%s%s (parse expand stream simplify fuse layout schedule plan kernel c llvm asm)", name,
             DID_YOU_MEAN(near));
  return false;
}
int cmd_compile(Ctx *c, void *session) {
  const Args *a = ((const Session *)session)->a; const Kind *kind = NULL; Stage stage;
  if (!a->output && !a->dump_set) return driver_say(EXIT_USAGE, "compile wants -o FILE or --dump-ir");
  if (a->printer && strcmp(a->printer, "c") && strcmp(a->printer, "llvm"))
    return driver_say(EXIT_USAGE, "--printer is llvm or c, not '%s'", a->printer);
  bool graph = !a->dump_set && !a->emit && !strcmp(suffix_of(a->output), "graph");
  if (!find_stage(a->dump, &stage) || (!a->dump_set && !graph && !(kind = kind_of(a)))) return EXIT_USAGE;
  if (a->dump_set) return dump(c, a, stage) ? EXIT_OK : -1;
  if (graph && strcmp(suffix_of(a->input), "nam"))
    return driver_say(EXIT_USAGE, "-o FILE.graph is for imported models; --dump-ir=STAGE shows a graph");
  if (graph) return convert(c, a) ? EXIT_OK : -1;
  KModule *m = driver_module(c, a); return m && emit_file(c, m, kind->emit, a->output) ? EXIT_OK : -1;
}

/* ---- frit inspect, explain, ops, targets */
static void print_ports(const char *what, Tensor *const *t, int n, bool json) {
  for (int k = 0; k < n; k++) {
    if (json && k) printf(", ");
    printf(json ? "{\"kind\": \"%s\", \"name\": \"%s\", \"type\": \"%s\", \"shape\": \"" : "%-7s %s: %s[", what, t[k]->name, type_name(t[k]->type));
    for (int d = 0; d < t[k]->rank; d++) {
      const Extent e = t[k]->shape[d]; printf("%s%s", d ? ", " : "", e.dim ? e.dim->name : "");
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
  print_ports("input", g->in, g->nin, true); printf("%s", g->nin && g->nout ? ", " : ""); print_ports("output", g->out, g->nout, true);
  printf("]}\n");
}

static void inspect_text(const KModule *m) {
  const Graph *g = m->graph;
  printf("graph   %s for %s\n", m->name, m->target->name); print_ports("input", g->in, g->nin, false); print_ports("output", g->out, g->nout, false);
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
  const Args *a = ((const Session *)session)->a; const Ast *p = prelude(c); if (a->input) return print_op(c, p, a->input);
  for (int k = 0; k < p->ndecl; k++) {
    const char *doc = p->decl[k].doc ? p->decl[k].doc : ""; printf("%-24s %.*s\n", p->decl[k].name, (int)strcspn(doc, "\n"), doc);
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
      printf("%-14s %-28s %-14s %s%s\n", t->name, t->triple, t->cpu,
             t->vector_bytes ? ctx_printf(c, "%d-byte vectors", t->vector_bytes) : "scalar", t == host ? "   (this machine)" : "");
  return EXIT_OK;
}
