/* Artefacts as files: C, IR, assembly, objects, archives, shared objects. Compilers and linkers run without a shell, inside a private folder that is
 * removed afterwards; the result is moved into place whole.
 *
 *   module -> C or LLVM -> NAME.o -> ld -shared -> NAME.so
 *
 * One link path for both printers. The .so has no NEEDED entry and no undefined symbol (-z defs), and shows NAME_* only. */
#include "kir.h"
#include <dlfcn.h>
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
typedef struct Bytes { uint8_t *at; size_t n; } Bytes;
static bool refuse(Ctx *c, const char *what, const char *help) {
  diag_error(c, (Pos){ 0 }, "%s", what);
  if (help) diag_help(c, "%s", help);
  return false;
}

/* ---- the LLVM printer, beside the program or where FRIT_PLUGIN says */
static const char *plugin_path(Ctx *c) {
  const char *env = getenv("FRIT_PLUGIN"); char self[4096]; ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
  while (n > 0 && self[n - 1] != '/') n--;
  return env ? env : ctx_printf(c, "%.*sfrit-llvm.so", n > 0 ? (int)n : 0, self);
}

/* libLLVM registers exit handlers: once loaded it stays. */
bool llvm_emit(Ctx *c, const KModule *m, LlvmOut kind, uint8_t **data, size_t *size) {
  const char *path = plugin_path(c); void *h = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE); LlvmEmit *emit = NULL;
  if (h) *(void **)&emit = dlsym(h, "frit_llvm_emit");
  if (emit) return emit(&(LlvmHost){ LLVM_PLUGIN_VERSION, ctx_alloc, ctx_printf, diag_error, info_text(c, m) }, c, m, kind, data, size);
  return refuse(c, ctx_printf(c, "the LLVM printer cannot be loaded: %s", h ? path : dlerror()),
                "install libllvm19, set FRIT_PLUGIN to the path of frit-llvm.so, or use --printer=c");
}
static bool work_open(Work *w) {
  const char *tmp = getenv("TMPDIR"); snprintf(w->dir, sizeof w->dir, "%s/frit-XXXXXX", tmp && *tmp && strlen(tmp) < 40 ? tmp : "/tmp");
  return mkdtemp(w->dir) || refuse(w->c, ctx_printf(w->c, "cannot make a temporary folder %s: %s", w->dir, strerror(errno)),
                                   "set TMPDIR to a folder that you may write to");
}
static const char *work_path(Work *w, const char *name) { return ctx_printf(w->c, "%s/%s", w->dir, name); }
static const char *work_name(Work *w, const char *suffix) { return ctx_printf(w->c, "%s%s", w->m->name, suffix); }
static bool work_write(Work *w, const char *name, const void *data, size_t n) { return file_write(w->c, work_path(w, name), data, n, false); }
static void work_close(Work *w) {
  static const char *const suffix[] = { ".c", ".s", ".o", ".a", ".so" };
  for (int k = 0; k < 5; k++) unlink(work_path(w, work_name(w, suffix[k])));
  unlink(work_path(w, "log")); unlink(work_path(w, "exports")); unlink(work_path(w, "constants")); rmdir(w->dir);
}

/* A file of the folder, NUL-terminated; at is NULL if it cannot be read. */
static Bytes work_read(Work *w, const char *name) {
  Bytes b = { 0 }; FILE *f = fopen(work_path(w, name), "rb");
  if (!f) return b;
  fseek(f, 0, SEEK_END); long size = ftell(f); rewind(f);
  if (size >= 0) b = (Bytes){ ctx_alloc(w->c, (size_t)size + 1), (size_t)size };
  if (fread(b.at, 1, b.n, f) != b.n) b.at = NULL;
  fclose(f); return b;
}
static void add_words(Ctx *c, Args *a, const char *s) {
  for (size_t n; *s; s += n + (s[n] == ' ')) if ((n = strcspn(s, " "))) PUSH(c, *a, ctx_internn(c, s, n));
}
static int spawn(Work *w, char *const *argv, pid_t *pid) {
  posix_spawn_file_actions_t fa; posix_spawn_file_actions_init(&fa); posix_spawn_file_actions_addchdir_np(&fa, w->dir);
  posix_spawn_file_actions_addopen(&fa, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&fa, 1, "log", O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&fa, 1, 2); int e = posix_spawnp(pid, argv[0], &fa, NULL, argv, environ);
  posix_spawn_file_actions_destroy(&fa); return e;
}

/* Runs args in the folder. *missing: there is no such program (no error is recorded then). */
static bool run_program(Work *w, Args *a, bool *missing) {
  PUSH(w->c, *a, NULL); const char *program = a->at[0]; pid_t pid; int status = 0, e = spawn(w, (char *const *)(void *)a->at, &pid);
  *missing = e == ENOENT;
  if (e) return *missing ? false : refuse(w->c, ctx_printf(w->c, "cannot run %s: %s", program, strerror(e)), NULL);
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
  *missing = WIFEXITED(status) && WEXITSTATUS(status) == 127;
  if (status == 0 || *missing) return status == 0;
  Bytes log = work_read(w, "log"); const char *how = WIFSIGNALED(status) ? ctx_printf(w->c, "was ended by signal %d", WTERMSIG(status)) : "failed";
  return refuse(w->c, ctx_printf(w->c, "%s %s\n%.2000s", program, how, log.at ? (char *)log.at : ""), NULL);
}

/* The first of the programs (separated by |) that exists runs with `rest`. */
static bool run_first(Work *w, const char *programs, const Args *rest, const char *what, const char *help) {
  for (const char *s = programs; *s; s += strcspn(s, "|") + (strchr(s, '|') != NULL)) {
    Args a = { 0 }; bool missing = false; add_words(w->c, &a, ctx_internn(w->c, s, strcspn(s, "|")));
    for (int k = 0; k < rest->n; k++) PUSH(w->c, a, rest->at[k]);
    if (run_program(w, &a, &missing)) return true;
    if (!missing) return false;
  }
  return refuse(w->c, ctx_printf(w->c, "%s for target %s not found: tried %s", what, w->m->target->name, programs), help);
}

/* ---- compile, archive, link */
static bool compile(Work *w, const char *flag, const char *suffix) {
  const Target *t = w->m->target; const char *cc = getenv("CC"), *file = strcmp(flag, "-S") ? "constants" : NULL;
  const char *text = c_print(w->c, w->m, NULL, file);
  if (strcmp(t->cc, "cc") || !cc || !*cc) cc = t->cc;
  if (w->c->nerror || !work_write(w, work_name(w, ".c"), text, strlen(text))) return false;
  if (file && !work_write(w, file, w->m->constant, (size_t)w->m->nconstant)) return false;
  Args a = { 0 }; add_words(w->c, &a, ctx_printf(w->c, "%s %s %s -o %s", t->cflags, flag, work_name(w, ".c"), work_name(w, suffix)));
  for (int k = 0; k < a.n && strstr(cc, "clang"); k++)   /* clang refuses gcc's switch against turning loops into calls of memset */
    if (!strcmp(a.at[k], "-fno-tree-loop-distribute-patterns")) a.at[k] = "-fno-builtin";
  return run_first(w, cc, &a, "the C compiler", "install it, name another one in CC (native targets), or use the LLVM printer (--printer=llvm)");
}
static bool uses_c(const Ctx *c) { return c->opt.printer && !strcmp(c->opt.printer, "c"); }

/* NAME.o (or NAME.s) in the folder. */
static bool make_object(Work *w, bool assembly) {
  const char *suffix = assembly ? ".s" : ".o"; Bytes b;
  if (uses_c(w->c)) return compile(w, assembly ? "-S" : "-c", suffix);
  return llvm_emit(w->c, w->m, assembly ? OUT_S : OUT_O, &b.at, &b.n) && work_write(w, work_name(w, suffix), b.at, b.n);
}
static bool make_archive(Work *w) {
  Args a = { 0 }; add_words(w->c, &a, ctx_printf(w->c, "rcD %s %s", work_name(w, ".a"), work_name(w, ".o")));
  return make_object(w, false) && run_first(w, "llvm-ar-19|llvm-ar|ar", &a, "an archiver", "install binutils or llvm-19");
}

/* frit_artefact is NAME_info, so that the loader finds it in a renamed file. */
static bool make_shared(Work *w) {
  Args a = { 0 }; const char *name = w->m->name;
  char *exports = ctx_printf(w->c, "{ global: %s_run; %s_call; %s_init; %s_info; frit_artefact; local: *; };\n", name, name, name, name);
  char *none = ctx_printf(w->c, "target %s has no shared objects", w->m->target->name);
  if (!w->m->target->ld) return refuse(w->c, none, "compile to .c, .o or .a and link it into the firmware");
  if (!make_object(w, false) || !work_write(w, "exports", exports, strlen(exports))) return false;
  add_words(w->c, &a, "-shared -s -Bsymbolic --hash-style=gnu --build-id=none -z noexecstack -z defs -z noseparate-code -z norelro");
  add_words(w->c, &a, ctx_printf(w->c, "--version-script=exports --defsym=frit_artefact=%s_info %s.o -o %s.so", name, name, name));
  return run_first(w, w->m->target->ld, &a, "a linker", "install binutils or lld-19");
}

/* ---- into place: path with its suffix replaced */
static const char *header_path(Ctx *c, const char *path) {
  const char *dot = strrchr(path, '.'), *slash = strrchr(path, '/');
  return ctx_printf(c, "%.*s.h", dot && (!slash || dot > slash) ? (int)(dot - path) : (int)strlen(path), path);
}
static bool write_text(Ctx *c, const char *path, const char *s) { return file_write(c, path, s, strlen(s), false); }
static bool emit_c(Ctx *c, const KModule *m, const char *path) {
  const char *header = header_path(c, path), *slash = strrchr(header, '/'), *text = c_print(c, m, slash ? slash + 1 : header, NULL);
  return c->nerror == 0 && write_text(c, path, text) && write_text(c, header, c_header(c, m));
}
static bool emit_through(Work *w, Emit kind, const char *path) {
  static const char *const suffix[] = { [EMIT_S] = ".s", [EMIT_O] = ".o", [EMIT_A] = ".a", [EMIT_SO] = ".so" };
  if (!(kind == EMIT_A ? make_archive(w) : kind == EMIT_SO ? make_shared(w) : make_object(w, kind == EMIT_S))) return false;
  if ((kind == EMIT_O || kind == EMIT_A) && !write_text(w->c, header_path(w->c, path), c_header(w->c, w->m))) return false;
  Bytes b = work_read(w, work_name(w, suffix[kind]));
  return b.at ? file_write(w->c, path, b.at, b.n, kind == EMIT_SO) : refuse(w->c, ctx_printf(w->c, "no %s came out", suffix[kind]), NULL);
}
bool emit_file(Ctx *c, const KModule *m, Emit kind, const char *path) {
  Work w = { .c = c, .m = m }; Bytes b;
  if (kind == EMIT_C) return emit_c(c, m, path);
  if (kind == EMIT_LL && uses_c(c)) return refuse(c, "the C printer writes no LLVM IR", "leave out --printer=c");
  if (kind == EMIT_LL) return llvm_emit(c, m, OUT_LL, &b.at, &b.n) && file_write(c, path, b.at, b.n, false);
  if (!work_open(&w)) return false;
  bool ok = emit_through(&w, kind, path); work_close(&w); return ok;
}
