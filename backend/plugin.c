/* Loads the LLVM printer when it is asked for: frit-llvm.so beside the program, or where FRIT_PLUGIN says. */
#include "llvm_plugin.h"
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

static const char *plugin_path(Ctx *c) {
  char self[4096];
  const char *env = getenv("FRIT_PLUGIN");
  ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
  while (n > 0 && self[n - 1] != '/') n--;
  return env ? env : ctx_printf(c, "%.*sfrit-llvm.so", n > 0 ? (int)n : 0, self);
}

/* libLLVM registers exit handlers: once loaded it stays. */
bool llvm_emit(Ctx *c, const KModule *m, LlvmOut kind, uint8_t **data, size_t *size) {
  const char *path = plugin_path(c);
  void *h = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  LlvmEmit *emit = NULL;
  if (h) *(void **)&emit = dlsym(h, "frit_llvm_emit");
  if (emit) return emit(&(LlvmHost){ LLVM_PLUGIN_VERSION, ctx_alloc, diag_error, info_text(c, m) }, c, m, kind, data, size);
  diag_error(c, (Pos){ 0 }, "the LLVM printer cannot be loaded: %s", h ? path : dlerror());
  diag_help(c, "install libllvm19, set FRIT_PLUGIN to the path of frit-llvm.so, or use --printer=c");
  return false;
}
