/* Artefacts as files: C, IR, assembly, objects, archives, shared objects. Compilers and linkers run without a shell, inside a private folder
 * that is removed afterwards; the result is moved into place whole.
 *
 *   module -> C or LLVM -> NAME.o -> ld -shared -> NAME.so
 *
 * One link path for both printers. The .so has no NEEDED entry and no undefined symbol (-z defs), and shows NAME_* only. */
#include "kir.h"
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;
typedef struct Work { Ctx *c; const KModule *m; char dir[64]; } Work;
typedef VEC(const char *) Args;

/* ---- the private folder */
static bool work_open(Work *w)
{
  const char *tmp = getenv("TMPDIR");
  snprintf(w->dir, sizeof w->dir, "%s/frit-XXXXXX", tmp && *tmp && strlen(tmp) < 40 ? tmp : "/tmp");
  if (mkdtemp(w->dir))
    return true;
  diag_error(w->c, (Pos){ 0 }, "cannot make a temporary folder %s: %s", w->dir, strerror(errno));
  diag_help(w->c, "set TMPDIR to a folder that you may write to");
  return false;
}

static const char *work_path(Work *w, const char *name) { return ctx_printf(w->c, "%s/%s", w->dir, name); }
static const char *work_name(Work *w, const char *suffix) { return ctx_printf(w->c, "%s%s", w->m->name, suffix); }

static void work_close(Work *w)
{
  static const char *const suffix[] = { ".c", ".s", ".o", ".a", ".so" };
  for (size_t k = 0; k < sizeof suffix / sizeof *suffix; k++)
    unlink(work_path(w, work_name(w, suffix[k])));
  unlink(work_path(w, "log"));
  unlink(work_path(w, "exports"));
  rmdir(w->dir);
}

static bool work_write(Work *w, const char *name, const void *data, size_t n)
{
  return file_write(w->c, work_path(w, name), data, n, false);
}

static bool read_all(const char *path, Ctx *c, uint8_t **data, size_t *n)
{
  FILE *f = fopen(path, "rb");
  if (!f)
    return false;
  fseek(f, 0, SEEK_END);
  long size = ftell(f);
  rewind(f);
  *data = ctx_alloc(c, (size_t)(size > 0 ? size : 0) + 1);
  *n = fread(*data, 1, (size_t)(size > 0 ? size : 0), f);
  fclose(f);
  return size >= 0 && *n == (size_t)size;
}

/* ---- programs */
static void add_words(Ctx *c, Args *a, const char *s)
{
  while (*s) {
    size_t n = strcspn(s, " ");
    if (n)
      PUSH(c, *a, ctx_internn(c, s, n));
    s += n + (s[n] == ' ');
  }
}

static int spawn(Work *w, char *const *argv, pid_t *pid)
{
  posix_spawn_file_actions_t fa;
  posix_spawn_file_actions_init(&fa);
  posix_spawn_file_actions_addchdir_np(&fa, w->dir);
  posix_spawn_file_actions_addopen(&fa, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&fa, 1, "log", O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&fa, 1, 2);
  int e = posix_spawnp(pid, argv[0], &fa, NULL, argv, environ);
  posix_spawn_file_actions_destroy(&fa);
  return e;
}

static bool run_failed(Work *w, const char *program, int status)
{
  uint8_t *log = NULL;
  size_t n = 0;
  if (!read_all(work_path(w, "log"), w->c, &log, &n))
    log = (uint8_t *)"";
  if (WIFSIGNALED(status))
    diag_error(w->c, (Pos){ 0 }, "%s was ended by signal %d\n%.2000s", program, WTERMSIG(status), (char *)log);
  else
    diag_error(w->c, (Pos){ 0 }, "%s failed\n%.2000s", program, (char *)log);
  return false;
}

/* Runs args in the folder. *missing: there is no such program (no error is recorded then). */
static bool run_program(Work *w, Args *a, bool *missing)
{
  int status = 0;
  pid_t pid;
  PUSH(w->c, *a, NULL);
  char **argv = NEWN(w->c, char *, a->n);
  for (int k = 0; k < a->n - 1; k++)
    argv[k] = ctx_printf(w->c, "%s", a->at[k]);
  int e = spawn(w, argv, &pid);
  *missing = e == ENOENT;
  if (e && !*missing)
    diag_error(w->c, (Pos){ 0 }, "cannot run %s: %s", argv[0], strerror(e));
  if (e)
    return false;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
    ;
  *missing = WIFEXITED(status) && WEXITSTATUS(status) == 127;
  return status == 0 || (*missing ? false : run_failed(w, argv[0], status));
}

/* The first of the programs (separated by |) that exists runs with `rest`. */
static bool run_first(Work *w, const char *programs, const Args *rest, const char *what, const char *help)
{
  for (const char *s = programs; *s; s += strcspn(s, "|") + (strchr(s, '|') != NULL)) {
    Args a = { 0 };
    bool missing = false;
    add_words(w->c, &a, ctx_internn(w->c, s, strcspn(s, "|")));
    for (int k = 0; k < rest->n; k++)
      PUSH(w->c, a, rest->at[k]);
    bool ok = run_program(w, &a, &missing);
    if (ok || !missing)
      return ok;
  }
  diag_error(w->c, (Pos){ 0 }, "%s for target %s not found: tried %s", what, w->m->target->name, programs);
  diag_help(w->c, "%s", help);
  return false;
}

/* ---- compile, archive, link */
static const char *compiler_of(const Target *t)
{
  const char *cc = getenv("CC");
  return !strcmp(t->cc, "cc") && cc && *cc ? cc : t->cc;
}

/* clang refuses gcc's switch against turning loops into calls of memset; -fno-builtin does it there. */
static void add_flags(Ctx *c, Args *a, const char *flags, bool clang)
{
  Args all = { 0 };
  add_words(c, &all, flags);
  for (int k = 0; k < all.n; k++)
    if (!clang || strcmp(all.at[k], "-fno-tree-loop-distribute-patterns"))
      PUSH(c, *a, all.at[k]);
}

static bool compile(Work *w, const char *flag, const char *suffix)
{
  Args a = { 0 };
  const char *text = c_print(w->c, w->m, NULL);
  if (w->c->nerror || !work_write(w, work_name(w, ".c"), text, strlen(text)))
    return false;
  add_flags(w->c, &a, w->m->target->cflags, strstr(compiler_of(w->m->target), "clang") != NULL);
  PUSH(w->c, a, flag);
  PUSH(w->c, a, work_name(w, ".c"));
  PUSH(w->c, a, "-o");
  PUSH(w->c, a, work_name(w, suffix));
  return run_first(w, compiler_of(w->m->target), &a, "the C compiler",
                   "install it, name another one in CC (native targets), or use the LLVM printer (--printer=llvm)");
}

static bool uses_c(const Ctx *c) { return c->opt.printer && !strcmp(c->opt.printer, "c"); }

/* NAME.o (or NAME.s) in the folder. */
static bool make_object(Work *w, bool assembly)
{
  uint8_t *data;
  size_t n;
  if (uses_c(w->c))
    return compile(w, assembly ? "-S" : "-c", assembly ? ".s" : ".o");
  return llvm_emit(w->c, w->m, assembly ? OUT_S : OUT_O, &data, &n) && work_write(w, work_name(w, assembly ? ".s" : ".o"), data, n);
}

static bool make_archive(Work *w)
{
  Args a = { 0 };
  add_words(w->c, &a, "rcD");
  PUSH(w->c, a, work_name(w, ".a"));
  PUSH(w->c, a, work_name(w, ".o"));
  return make_object(w, false) && run_first(w, "llvm-ar-19|llvm-ar|ar", &a, "an archiver", "install binutils or llvm-19");
}

/* bfd links only for its own machine; lld for all. */
static const char *linkers_of(const Target *t)
{
  if (!strncmp(t->triple, "aarch64", 7))
    return "ld.lld-19|ld.lld|aarch64-linux-gnu-ld";
  if (!strncmp(t->triple, "riscv64", 7))
    return "ld.lld-19|ld.lld|riscv64-linux-gnu-ld";
#if defined(__x86_64__)
  return "ld.bfd|ld|ld.lld-19|ld.lld";
#else
  return "x86_64-linux-gnu-ld|ld.lld-19|ld.lld";
#endif
}

static bool make_shared(Work *w)
{
  Args a = { 0 };
  const char *name = w->m->name;
  char *exports = ctx_printf(w->c, "{ global: %s_run; %s_call; %s_init; %s_info; frit_artefact; local: *; };\n", name, name, name, name);
  if (!strncmp(w->m->target->triple, "thumb", 5)) {
    diag_error(w->c, (Pos){ 0 }, "target %s has no shared objects", w->m->target->name);
    diag_help(w->c, "compile to .c, .o or .a and link it into the firmware");
    return false;
  }
  if (!make_object(w, false) || !work_write(w, "exports", exports, strlen(exports)))
    return false;
  add_words(w->c, &a, "-shared -s -Bsymbolic --hash-style=gnu --build-id=none -z noexecstack -z defs -z noseparate-code -z norelro --version-script=exports");
  PUSH(w->c, a, ctx_printf(w->c, "--defsym=frit_artefact=%s_info", name));   /* so that the loader finds it in a renamed file */
  PUSH(w->c, a, work_name(w, ".o"));
  PUSH(w->c, a, "-o");
  PUSH(w->c, a, work_name(w, ".so"));
  return run_first(w, linkers_of(w->m->target), &a, "a linker", "install binutils or lld-19");
}

/* Moves the folder's result to path. */
static bool deliver(Work *w, const char *suffix, const char *path)
{
  uint8_t *data;
  size_t n;
  if (read_all(work_path(w, work_name(w, suffix)), w->c, &data, &n))
    return file_write(w->c, path, data, n, !strcmp(suffix, ".so"));
  diag_error(w->c, (Pos){ 0 }, "no %s came out", suffix);
  return false;
}

/* path with its suffix replaced. */
static const char *header_path(Ctx *c, const char *path)
{
  const char *dot = strrchr(path, '.'), *slash = strrchr(path, '/');
  int n = dot && (!slash || dot > slash) ? (int)(dot - path) : (int)strlen(path);
  return ctx_printf(c, "%.*s.h", n, path);
}

static bool write_text(Ctx *c, const char *path, const char *s) { return file_write(c, path, s, strlen(s), false); }

static bool emit_c(Ctx *c, const KModule *m, const char *path)
{
  const char *header = header_path(c, path), *slash = strrchr(header, '/');
  const char *text = c_print(c, m, slash ? slash + 1 : header);
  return c->nerror == 0 && write_text(c, path, text) && write_text(c, header, c_header(c, m));
}

static bool emit_ll(Ctx *c, const KModule *m, const char *path)
{
  uint8_t *data;
  size_t n;
  if (!uses_c(c))
    return llvm_emit(c, m, OUT_LL, &data, &n) && file_write(c, path, data, n, false);
  diag_error(c, (Pos){ 0 }, "the C printer writes no LLVM IR");
  diag_help(c, "leave out --printer=c");
  return false;
}

static bool emit_through(Work *w, Emit kind, const char *path)
{
  static const char *const suffix[] = { [EMIT_S] = ".s", [EMIT_O] = ".o", [EMIT_A] = ".a", [EMIT_SO] = ".so" };
  bool ok = kind == EMIT_A ? make_archive(w) : kind == EMIT_SO ? make_shared(w) : make_object(w, kind == EMIT_S);
  if (ok && (kind == EMIT_O || kind == EMIT_A))
    ok = write_text(w->c, header_path(w->c, path), c_header(w->c, w->m));
  return ok && deliver(w, suffix[kind], path);
}

bool emit_file(Ctx *c, const KModule *m, Emit kind, const char *path)
{
  Work w = { .c = c, .m = m };
  if (kind == EMIT_C)
    return emit_c(c, m, path);
  if (kind == EMIT_LL)
    return emit_ll(c, m, path);
  if (!work_open(&w))
    return false;
  bool ok = emit_through(&w, kind, path);
  work_close(&w);
  return ok;
}
