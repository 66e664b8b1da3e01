/* frit compile: a model to code, or to the text of a stage.
 *
 *   -o FILE's suffix says what: .so .o .a .c .s .ll .graph (an imported model with its weights); --emit=KIND overrides.
 */
#include "driver.h"
#include <string.h>

typedef struct Kind { const char *name; Emit emit; } Kind;
static const Kind kinds[] = { { "so", EMIT_SO }, { "o", EMIT_O }, { "a", EMIT_A }, { "c", EMIT_C }, { "s", EMIT_S }, { "ll", EMIT_LL } };

static const char *suffix_of(const char *path)
{
  const char *dot = strrchr(path, '.'), *slash = strrchr(path, '/');
  return dot && (!slash || dot > slash) ? dot + 1 : "";
}

static const Kind *kind_of(const Args *a)
{
  const char *name = a->emit ? a->emit : suffix_of(a->output);
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
    if (strcmp(kinds[k].name, name) == 0)
      return &kinds[k];
  driver_say("'%s' is no kind of output: so, o, a, c, s, ll (or .graph for an imported model)", name);
  return NULL;
}

/* The names of files that stand for `x.graph`: its weights are x.safetensors beside it. */
static const char *weights_beside(Ctx *c, const char *graph)
{
  return ctx_printf(c, "%.*s.safetensors", (int)(strrchr(graph, '.') - graph), graph);
}

static int convert(Ctx *c, const Args *a)
{
  Import imp = { 0 };
  const char *weights = weights_beside(c, a->output), *slash = strrchr(weights, '/');
  Source *src = source_read(c, a->input);
  if (!src || !nam_import(c, src, slash ? slash + 1 : weights, a->prewarm, &imp))
    return -1;
  return safetensors_write(c, weights, imp.weight, imp.nweight) && file_write(c, a->output, imp.graph_text, strlen(imp.graph_text), false) ? 0 : -1;
}

static int dump_text(Ctx *c, const Args *a, const char *text, size_t n)
{
  if (a->output)
    return file_write(c, a->output, text, n, false) ? 0 : -1;
  return fwrite(text, 1, n, stdout) == n && fflush(stdout) == 0 ? 0 : -1;
}

static int dump_code(Ctx *c, const Args *a, Stage stage)
{
  KModule *m = driver_module(c, a);
  uint8_t *data;
  size_t n;
  if (!m)
    return -1;
  if (stage == STAGE_KERNEL || stage == STAGE_C) {
    const char *s = stage == STAGE_C ? c_print(c, m, ctx_printf(c, "%s.h", m->name)) : kir_print(c, m);
    return s ? dump_text(c, a, s, strlen(s)) : -1;
  }
  if (!llvm_emit(c, m, stage == STAGE_LLVM ? OUT_LL : OUT_S, &data, &n))
    return -1;
  return dump_text(c, a, (char *)data, n);
}

static int dump(Ctx *c, const Args *a, Stage stage)
{
  char *s = NULL;
  if (stage >= STAGE_KERNEL)
    return dump_code(c, a, stage);
  if (stage == STAGE_PARSE) {
    Ast *t = frontend_parse(c, a->input);
    s = t ? ast_print(c, t) : NULL;
  } else {
    Graph *g = driver_graph(c, a, stage);
    s = g ? graph_print(c, g) : NULL;
  }
  return s ? dump_text(c, a, s, strlen(s)) : -1;
}

typedef struct Job { const Args *a; Stage stage; const Kind *kind; } Job;
static int work(Ctx *c, void *arg)
{
  const Job *j = arg;
  if (j->a->dump_set)
    return dump(c, j->a, j->stage);
  if (!j->kind)
    return convert(c, j->a);
  KModule *m = driver_module(c, j->a);
  return m && emit_file(c, m, j->kind->emit, j->a->output) ? 0 : -1;
}

static bool find_stage(const char *name, Stage *out)
{
  *out = STAGE_FUSE;
  if (!name)
    return true;
  for (int k = 0; k < STAGE_COUNT; k++)
    if (strcmp(stage_name[k], name) == 0) {
      *out = (Stage)k;
      return true;
    }
  const char *near = diag_near(name, stage_name, STAGE_COUNT);
  driver_say("--dump-ir: there is no stage '%s'%s%s%s (parse expand stream simplify fuse layout schedule plan kernel c llvm asm)", name,
             near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
  return false;
}

static bool is_graph(const Args *a) { return !a->emit && strcmp(suffix_of(a->output), "graph") == 0; }

int cmd_compile(const Args *a)
{
  Job j = { .a = a };
  if (!a->input || (!a->output && !a->dump_set)) {
    driver_say(a->input ? "compile wants -o FILE or --dump-ir" : "compile wants a model");
    return EXIT_USAGE;
  }
  if (a->printer && strcmp(a->printer, "c") != 0 && strcmp(a->printer, "llvm") != 0) {
    driver_say("--printer is llvm or c, not '%s'", a->printer);
    return EXIT_USAGE;
  }
  if (!find_stage(a->dump, &j.stage) || (!a->dump_set && !is_graph(a) && !(j.kind = kind_of(a))))
    return EXIT_USAGE;
  if (!a->dump_set && is_graph(a) && strcmp(suffix_of(a->input), "nam") != 0) {
    driver_say("-o FILE.graph is for imported models; --dump-ir=STAGE shows a graph");
    return EXIT_USAGE;
  }
  Ctx *c = driver_ctx(a);
  if (!c)
    return EXIT_INPUT;
  int rc = ctx_try(c, work, &j);
  return driver_end(c, rc == 0 ? EXIT_OK : EXIT_INPUT);
}
