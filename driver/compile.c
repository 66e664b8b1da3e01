/* frit compile: a model to code, or to the text of a stage.
 *   -o FILE's suffix says what: .so .o .a .c .s .ll .graph (an imported model with its weights); --emit=KIND overrides. */
#include "driver.h"

typedef struct Kind { const char *name; Emit emit; } Kind;
static const Kind kinds[] = { { "so", EMIT_SO }, { "o", EMIT_O }, { "a", EMIT_A }, { "c", EMIT_C }, { "s", EMIT_S }, { "ll", EMIT_LL } };

static const char *suffix_of(const char *path) { const char *dot = strrchr(path_base(path), '.'); return dot ? dot + 1 : ""; }

static const Kind *kind_of(const Args *a) {
  const char *name = a->emit ? a->emit : suffix_of(a->output);
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) if (!strcmp(kinds[k].name, name)) return &kinds[k];
  driver_say(EXIT_USAGE, "'%s' is no kind of output: so, o, a, c, s, ll (or .graph for an imported model)", name);
  return NULL;
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
  KModule *m = driver_module(c, a);
  return !m ? NULL : stage == STAGE_C ? c_print(c, m, ctx_printf(c, "%s.h", m->name)) : kir_print(c, m);
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
  KModule *m = driver_module(c, a);
  return m && emit_file(c, m, kind->emit, a->output) ? EXIT_OK : -1;
}
