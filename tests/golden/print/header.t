# The header beside the C file: sizes as constants, the functions.
# $ frit compile case.graph --target cortex-m7 -o echo.c && cat echo.h
graph echo(x: f32[stream t]) -> (y: f32[t]) {
  y[t] = x[t] + 0.5 * (x[t - 3] or 0);
}
--- out
/* echo for cortex-m7: written by frit 0.1.0. state and scratch are the caller's, aligned as said; NAME_init fills the state before the
 * first call. _run gives 0, 1 (a dimension out of its bounds) or 2 (a null pointer). */
#ifndef FRIT_MODEL_ECHO_H
#define FRIT_MODEL_ECHO_H
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif
#define ECHO_STATE_BYTES 192
#define ECHO_STATE_ALIGN 8
#define ECHO_SCRATCH_BYTES 0
#define ECHO_SCRATCH_ALIGN 8
#define ECHO_T_MIN 1
#define ECHO_T_MAX 4096
int echo_run(const float *x, float *y, void *state, void *scratch, int64_t t);
struct frit_parallel;
int echo_call(void *const *args, void *state, void *scratch, const int64_t *dims, const struct frit_parallel *par);
void echo_init(void *state);
extern const char echo_info[];
#ifdef __cplusplus
}
#endif
#endif
--- end
