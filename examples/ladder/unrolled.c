/* A tile of ROWS x COLS sums stays in registers while k runs: none waits for the one before, and each value that is loaded is used COLS or ROWS times. */
#include "vec.h"

void matmul(int n, const float *x, const float *w, float *y) {
  for (int i = 0; i < n; i += ROWS)
    for (int j = 0; j < n; j += WIDE) {
      Vec sum[ROWS][COLS], a, b[COLS];
      EACH(r, ROWS) EACH(c, COLS) sum[r][c] = SPLAT(0);
      for (int k = 0; k < n; k++) {
        EACH(c, COLS) b[c] = LOAD(w + k * n + j + c * LANES);
        EACH(r, ROWS) {
          a = SPLAT(x[(i + r) * n + k]);
          EACH(c, COLS) sum[r][c] = FMA(a, b[c], sum[r][c]);
        }
      }
      EACH(r, ROWS) EACH(c, COLS) STORE(y + (i + r) * n + j + c * LANES, sum[r][c]);
    }
}
