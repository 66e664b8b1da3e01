/* The seam between libfrit and the LLVM printer, which is a shared object loaded on demand (libLLVM costs every start 11 ms).
 * The plug-in calls back through LlvmHost, so it needs no symbol of the program. */
#ifndef FRIT_LLVM_PLUGIN_H
#define FRIT_LLVM_PLUGIN_H
#include "kir.h"
#define LLVM_PLUGIN_VERSION 1
typedef struct LlvmHost {
  int version;
  void *(*alloc)(Ctx *c, size_t bytes);
  void (*error)(Ctx *c, Pos p, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
  const char *info;               /* text of NAME_info */
} LlvmHost;
/* The one symbol of the plug-in. False after an error. */
typedef bool LlvmEmit(const LlvmHost *host, Ctx *c, const KModule *m, LlvmOut kind, uint8_t **data, size_t *size);
LlvmEmit frit_llvm_emit;
#endif
