/* The kernel IR's interpreter: schedules of any target run without a compiler, an emulator or the target. */
#ifndef FRIT_KERNEL_INTERP_H
#define FRIT_KERNEL_INTERP_H
#include "../backend/kir.h"
/* Runs the module on plain memory: args inputs first. 0, or the error code that NAME_run would give. */
int kir_run(Ctx *c, const KModule *m, void *const *args, void *state, void *scratch, const int64_t *dims);
int kir_init(Ctx *c, const KModule *m, void *state);
#endif
