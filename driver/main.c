/* frit: reads the command line and hands over to the subcommand.
 *
 *   frit compile model.graph -o model.so --target=x86-64-v3
 */
#include "driver.h"
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static const Command commands[] = {
  { "compile", "write code for a model (.so .o .a .c .s .ll .graph, by the output's suffix), or show a stage",
    "frit compile MODEL [-o FILE] [--target=T] [--printer=llvm|c] [--emit=KIND] [--dump-ir[=STAGE]]\n"
    "             [-fno-fuse=MOVE[@LABEL]] [--bisect-limit=N] [--delay=N] [--no-prewarm] [--verify]", cmd_compile },
  { "run", "run a model on files",
    "frit run MODEL|FILE.so --input NAME=FILE... --output NAME=FILE... [--block N] [--dim NAME=N]", cmd_run },
  { "check", "compare the compiled model with the reference interpreter",
    "frit check MODEL [--input NAME=FILE] [--frames N] [--block N] [--dim NAME=N] [--tolerance X] [--seed N]", cmd_check },
  { "bench", "time a model; --machine prints this machine's peaks",
    "frit bench MODEL|FILE.so [--dim NAME=N] [--block N] [--time SECONDS] [--json] | frit bench --machine [--json]", cmd_bench },
  { "inspect", "describe a model or an artefact", "frit inspect MODEL|FILE.so [--json]", cmd_inspect },
  { "explain", "the ledger: what was fused or rewritten, what not, and why", "frit explain MODEL [--target=T]", cmd_explain },
  { "ops", "list the operators, or print one", "frit ops [NAME]", cmd_ops },
  { "targets", "list the targets", "frit targets [--json]", cmd_targets },
};
enum { NCOMMAND = sizeof commands / sizeof *commands };

enum { O_TARGET = 256, O_PRINTER, O_EMIT, O_DUMP, O_BISECT, O_DELAY, O_NO_PREWARM, O_VERIFY, O_INPUT, O_OUTPUT, O_BLOCK, O_DIM, O_FRAMES,
       O_TOLERANCE, O_SEED, O_TIME, O_JSON, O_MACHINE, O_VERSION };
static const struct option options[] = {
  { "target", 1, 0, O_TARGET }, { "printer", 1, 0, O_PRINTER }, { "emit", 1, 0, O_EMIT }, { "dump-ir", 2, 0, O_DUMP },
  { "bisect-limit", 1, 0, O_BISECT }, { "delay", 1, 0, O_DELAY }, { "no-prewarm", 0, 0, O_NO_PREWARM }, { "verify", 0, 0, O_VERIFY },
  { "input", 1, 0, O_INPUT }, { "output", 1, 0, O_OUTPUT }, { "block", 1, 0, O_BLOCK }, { "dim", 1, 0, O_DIM }, { "frames", 1, 0, O_FRAMES },
  { "tolerance", 1, 0, O_TOLERANCE }, { "seed", 1, 0, O_SEED }, { "time", 1, 0, O_TIME }, { "json", 0, 0, O_JSON },
  { "machine", 0, 0, O_MACHINE }, { "version", 0, 0, O_VERSION }, { "help", 0, 0, 'h' }, { 0, 0, 0, 0 },
};

static void usage(FILE *f)
{
  fprintf(f, "frit %s: a graph compiler with kernel fusion\n\n", FRIT_VERSION);
  for (int k = 0; k < NCOMMAND; k++)
    fprintf(f, "  %-9s %s\n", commands[k].name, commands[k].what);
  fprintf(f, "\n`frit COMMAND --help` shows a command's options.\n");
}

static bool number(const char *option, const char *s, long lo, long hi, int *out)
{
  char *end;
  long v = strtol(s, &end, 10);
  if (end == s || *end || v < lo || v > hi) {
    driver_say("--%s wants a whole number from %ld to %ld, not '%s'", option, lo, hi, s);
    return false;
  }
  *out = (int)v;
  return true;
}

static bool real(const char *option, const char *s, double *out)
{
  char *end;
  *out = strtod(s, &end);
  if (end != s && !*end && *out >= 0)
    return true;
  driver_say("--%s wants a number of at least 0, not '%s'", option, s);
  return false;
}

static bool binding(const char *option, char *s, Binding *list, int *n, int max)
{
  char *eq = strchr(s, '=');
  if (!eq || eq == s || !eq[1]) {
    driver_say("--%s wants NAME=VALUE, not '%s'", option, s);
    return false;
  }
  if (*n == max) {
    driver_say("more than %d times --%s", max, option);
    return false;
  }
  *eq = 0;
  list[(*n)++] = (Binding){ s, eq + 1 };
  return true;
}

static bool no_fuse(Args *a, const char *s)
{
  if (strncmp(s, "no-fuse=", 8) != 0 || !s[8] || a->nno_fuse == 63) {
    driver_say("-f%s is unknown (there is -fno-fuse=MOVE[@LABEL] with MOVE one of vertical, prologue, horizontal, tile)", s);
    return false;
  }
  a->no_fuse[a->nno_fuse++] = s + 8;
  return true;
}

static bool take_text(Args *a, int o)
{
  switch (o) {
  case O_TARGET: a->target = optarg; return true;
  case O_PRINTER: a->printer = optarg; return true;
  case O_EMIT: a->emit = optarg; return true;
  case O_DUMP: a->dump_set = true; a->dump = optarg; return true;
  case O_NO_PREWARM: a->prewarm = false; return true;
  case O_VERIFY: a->verify = true; return true;
  case O_JSON: a->json = true; return true;
  case O_MACHINE: a->machine = true; return true;
  case 'h': a->help = true; return true;
  case 'o': a->output = optarg; return true;
  case 'f': return no_fuse(a, optarg);
  default: return false;
  }
}

static bool take(Args *a, int o)
{
  switch (o) {
  case O_BISECT: return number("bisect-limit", optarg, 0, 1 << 30, &a->bisect_limit);
  case O_DELAY: return number("delay", optarg, 0, 1 << 20, &a->delay);
  case O_BLOCK: return number("block", optarg, 1, 1 << 20, &a->block);
  case O_FRAMES: return number("frames", optarg, 1, 1 << 28, &a->frames);
  case O_SEED: return number("seed", optarg, 0, 1 << 30, &a->seed);
  case O_TOLERANCE: return real("tolerance", optarg, &a->tolerance);
  case O_TIME: return real("time", optarg, &a->seconds);
  case O_INPUT: return binding("input", optarg, a->in, &a->nin, 32);
  case O_OUTPUT: return binding("output", optarg, a->out, &a->nout, 32);
  case O_DIM: return binding("dim", optarg, a->dim, &a->ndim, 16);
  default: return take_text(a, o);
  }
}

static int parse(int argc, char **argv, Args *a)
{
  int o;
  while ((o = getopt_long(argc, argv, "o:f:h", options, NULL)) != -1)
    if (o == O_VERSION) {
      printf("frit %s\n", FRIT_VERSION);
      return -1;
    } else if (o == '?' || !take(a, o))
      return EXIT_USAGE;
  if (optind < argc)
    a->input = argv[optind++];
  if (optind < argc) {
    driver_say("'%s': one model at a time", argv[optind]);
    return EXIT_USAGE;
  }
  return EXIT_OK;
}

static const Command *find(const char *name)
{
  const char *names[NCOMMAND], *near;
  for (int k = 0; k < NCOMMAND; k++)
    if (strcmp(commands[k].name, name) == 0)
      return &commands[k];
    else
      names[k] = commands[k].name;
  for (int k = 0; k < NCOMMAND; k++)
    names[k] = commands[k].name;
  near = diag_near(name, names, NCOMMAND);
  driver_say("there is no command '%s'%s%s%s", name, near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
  return NULL;
}

int main(int argc, char **argv)
{
  Args a = { .bisect_limit = -1, .prewarm = true, .block = 64, .tolerance = 2e-5, .seconds = 0.5, .seed = 1 };
  if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
    usage(argc < 2 ? stderr : stdout);
    return argc < 2 ? EXIT_USAGE : EXIT_OK;
  }
  if (strcmp(argv[1], "--version") == 0)
    return printf("frit %s\n", FRIT_VERSION), EXIT_OK;
  const Command *cmd = find(argv[1]);
  if (!cmd)
    return EXIT_USAGE;
  int rc = parse(argc - 1, argv + 1, &a);
  if (rc != EXIT_OK)
    return rc < 0 ? EXIT_OK : rc;
  if (a.help) {
    printf("%s\n%s\n", cmd->what, cmd->usage);
    return EXIT_OK;
  }
  a.command = cmd->name;
  return cmd->run(&a);
}
