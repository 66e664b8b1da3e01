/* frit: reads the command line and hands over to the subcommand.
 *   frit compile model.graph -o model.so --target=x86-64-v3 */
#include "driver.h"
#include <getopt.h>
#include <stdlib.h>

/* One subcommand: its name, what it does in a line, its usage, what it wants if there is no model; does it run an opened one? */
static const struct Command { const char *name, *what, *usage; Work *work; const char *wants; bool open; } commands[] = {
  { "compile", "write code for a model (.so .o .a .c .s .ll .graph, by the output's suffix), or show a stage",
    "frit compile MODEL [-o FILE] [--target=T] [--printer=llvm|c] [--math=exact|fast] [--emit=KIND] [--tune=FILE] [--dump-ir[=STAGE]]\n"
    "             [--threads=N] [-fno-fuse=MOVE[@LABEL]] [--bisect-limit=N] [--delay=N] [--no-prewarm] [--verify]\n"
    "             [--pick=N]: every kernel takes its N-th best plan (for tests and tuning)", cmd_compile, "a model", false },
  { "run", "run a model on files",
    "frit run MODEL|FILE.so --input NAME=FILE... --output NAME=FILE... [--block N] [--dim NAME=N] [--threads N]", cmd_run,
    "a model or a .so", true },
  { "check", "compare the compiled model with the reference interpreter",
    "frit check MODEL [--input NAME=FILE] [--frames N] [--block N] [--dim NAME=N] [--tolerance X] [--seed N] [--threads N]", cmd_check,
    "a model (.graph, .nam), not an artefact: the interpreter runs its equations", true },
  { "bench", "time a model; --machine prints this machine's peaks",
    "frit bench MODEL|FILE.so [--dim NAME=N] [--block N] [--threads N] [--time SECONDS] [--json] | frit bench --machine [--json]", cmd_bench,
    "a model or a .so (or --machine)", true },
  { "tune", "measure trees for every kernel and write the fastest, for --tune=FILE",
    "frit tune MODEL -o FILE.tune [--target=T] [--printer=llvm|c] [--threads=N] [--time SECONDS] [--block N]", cmd_tune, "a model", false },
  { "inspect", "describe a model or an artefact", "frit inspect MODEL|FILE.so [--json]", cmd_inspect, "a model or a .so", false },
  { "explain", "the ledger: what was fused or rewritten, what not, and why", "frit explain MODEL [--target=T]", cmd_explain,
    "a model", false },
  { "ops", "list the operators, or print one", "frit ops [NAME]", cmd_ops, NULL, false },
  { "targets", "list the targets", "frit targets [--json]", cmd_targets, NULL, false },
};
enum { NCOMMAND = sizeof commands / sizeof *commands };

/* An option writes one field of Args: a text, a whole number in lo..hi, a number, a bool, or a list of at most hi NAME=VALUE. */
enum { TEXT, OPTIONAL, WHOLE, REAL, ON, OFF, LIST, VERSION };
#define AT(field) offsetof(Args, field)
static const struct Option { const char *name; int kind; size_t at; int lo, hi; } rows[] = {
  { "target", TEXT, AT(target), 0, 0 }, { "printer", TEXT, AT(printer), 0, 0 }, { "math", TEXT, AT(math), 0, 0 }, { "emit", TEXT, AT(emit), 0, 0 },
  { "tune", TEXT, AT(tune), 0, 0 }, { "dump-ir", OPTIONAL, AT(dump), 0, 0 }, { "bisect-limit", WHOLE, AT(bisect_limit), 0, 1 << 30 },
  { "delay", WHOLE, AT(delay), 0, 1 << 20 }, { "threads", WHOLE, AT(threads), 1, 256 }, { "pick", WHOLE, AT(pick), 0, 1 << 20 },
  { "no-prewarm", OFF, AT(prewarm), 0, 0 }, { "verify", ON, AT(verify), 0, 0 }, { "input", LIST, AT(in), 0, 32 }, { "output", LIST, AT(out), 0, 32 },
  { "block", WHOLE, AT(block), 1, 1 << 20 }, { "dim", LIST, AT(dim), 0, 16 }, { "frames", WHOLE, AT(frames), 1, 1 << 28 },
  { "tolerance", REAL, AT(tolerance), 0, 0 }, { "seed", WHOLE, AT(seed), 0, 1 << 30 }, { "time", REAL, AT(seconds), 0, 0 },
  { "json", ON, AT(json), 0, 0 }, { "machine", ON, AT(machine), 0, 0 }, { "version", VERSION, 0, 0, 0 }, { "help", ON, AT(help), 0, 0 },
};
enum { NROW = sizeof rows / sizeof *rows, FIRST = 256 };

static void usage(FILE *f) {
  fprintf(f, "frit %s: a graph compiler with kernel fusion\n\n", FRIT_VERSION);
  for (int k = 0; k < NCOMMAND; k++) fprintf(f, "  %-9s %s\n", commands[k].name, commands[k].what);
  fprintf(f, "\n`frit COMMAND --help` shows a command's options.\n");
}

static int take_whole(const struct Option *o, const char *s, int *out) {
  char *end; long v = strtol(s, &end, 10);
  if (end == s || *end || v < o->lo || v > o->hi)
    return driver_say(EXIT_USAGE, "--%s wants a whole number from %d to %d, not '%s'", o->name, o->lo, o->hi, s);
  *out = (int)v; return EXIT_OK;
}

static int take_real(const struct Option *o, const char *s, double *out) {
  char *end; *out = strtod(s, &end);
  return end != s && !*end && *out >= 0 ? EXIT_OK : driver_say(EXIT_USAGE, "--%s wants a number of at least 0, not '%s'", o->name, s);
}

static int take_binding(const struct Option *o, char *s, Bindings *list) {
  char *eq = strchr(s, '='); if (!eq || eq == s || !eq[1]) return driver_say(EXIT_USAGE, "--%s wants NAME=VALUE, not '%s'", o->name, s);
  if (list->n == o->hi) return driver_say(EXIT_USAGE, "more than %d times --%s", o->hi, o->name);
  *eq = 0; list->at[list->n++] = (Binding){ s, eq + 1 }; return EXIT_OK;
}
static int take_long(Args *a, const struct Option *o) {
  void *at = (char *)a + o->at;
  switch (o->kind) {
  case OPTIONAL: a->dump_set = true;  /* fall through */
  case TEXT:     *(const char **)at = optarg; return EXIT_OK;
  case WHOLE:    return take_whole(o, optarg, at);
  case REAL:     return take_real(o, optarg, at);
  case LIST:     return take_binding(o, optarg, at);
  case VERSION:  printf("frit %s\n", FRIT_VERSION); return -1;
  default:       *(bool *)at = o->kind == ON; return EXIT_OK;
  }
}

static int take_fuse(Args *a, const char *s) {
  bool known = false; size_t n = strlen(s) > 8 ? strcspn(s + 8, "@") : 0;
  for (const char *const *m = fuse_moves; *m; m++) known |= n && strlen(*m) == n && !strncmp(s + 8, *m, n);
  bool force = !strncmp(s, "fuse=winograd", 13) && s[13] >= '2' && s[13] <= '6' && !s[14];
  if ((!force && (strncmp(s, "no-fuse=", 8) || !known)) || a->nno_fuse == 63)
    return driver_say(EXIT_USAGE, "-f%s is unknown (there is -fno-fuse=MOVE[@LABEL] with MOVE one of vertical, prologue, horizontal, tile, "
                      "turn, winograd, narrow, and -ffuse=winograd2 .. 6)", s);
  a->no_fuse[a->nno_fuse++] = force ? s + 5 : s + 8; return EXIT_OK;
}
static int take(Args *a, int o) {
  if (o == 'o') return a->output = optarg, EXIT_OK;
  if (o == 'h') return a->help = true, EXIT_OK;
  if (o == 'f') return take_fuse(a, optarg);
  return o >= FIRST ? take_long(a, &rows[o - FIRST]) : EXIT_USAGE;
}

/* Gives the exit code, or -1 if all is done. */
static int parse(int argc, char **argv, Args *a) {
  struct option options[NROW + 1] = { 0 };
  for (int k = 0; k < NROW; k++)
    options[k] = (struct option){ rows[k].name, rows[k].kind == OPTIONAL ? 2 : rows[k].kind < ON || rows[k].kind == LIST, NULL, FIRST + k };
  for (int o, rc; (o = getopt_long(argc, argv, "o:f:h", options, NULL)) != -1;) if ((rc = take(a, o)) != EXIT_OK) return rc;
  if (optind < argc) a->input = argv[optind++];
  return optind < argc ? driver_say(EXIT_USAGE, "'%s': one model at a time", argv[optind]) : EXIT_OK;
}

static const struct Command *find(const char *name) {
  const char *names[NCOMMAND], *near;
  for (int k = 0; k < NCOMMAND; k++) { names[k] = commands[k].name; if (!strcmp(names[k], name)) return &commands[k]; }
  near = diag_near(name, names, NCOMMAND); driver_say(EXIT_USAGE, "there is no command '%s'%s%s%s", name, DID_YOU_MEAN(near)); return NULL;
}
int main(int argc, char **argv) {
  Args a = { .bisect_limit = -1, .prewarm = true, .block = 64, .tolerance = 2e-5, .seconds = 0.5, .seed = 1 };
  if (argc < 2) return usage(stderr), EXIT_USAGE;
  if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "help")) return usage(stdout), EXIT_OK;
  if (!strcmp(argv[1], "--version")) return printf("frit %s\n", FRIT_VERSION), EXIT_OK;
  const struct Command *cmd = find(argv[1]); int rc = cmd ? parse(argc - 1, argv + 1, &a) : EXIT_USAGE;
  if (rc != EXIT_OK) return rc < 0 ? EXIT_OK : rc;
  if (a.help) return printf("%s\n%s\n", cmd->what, cmd->usage), EXIT_OK;
  if (a.machine && cmd->work == cmd_bench) return driver_try(cmd_machine, &(Session){ .a = &a });
  if (cmd->wants && (!a.input || (cmd->work == cmd_check && path_ends(a.input, ".so"))))
    return driver_say(EXIT_USAGE, "%s wants %s", cmd->name, cmd->wants);
  return cmd->open ? driver_open_try(cmd->work, &a) : driver_try(cmd->work, &(Session){ .a = &a });
}
