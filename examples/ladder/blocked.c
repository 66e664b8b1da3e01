/* The same tile on a piece of w that fits the first cache: DEEP x WIDE elements, copied to one place so that the tile reads them in order. */
#include "vec.h"
#include <string.h>
enum { DEEP = 160 };

static void tile(int n, int depth, const float *x, const float *panel, float *y) {
  Vec sum[ROWS][COLS], a, b[COLS];
  EACH(r, ROWS) EACH(c, COLS) sum[r][c] = LOAD(y + r * n + c * LANES);
  for (int k = 0; k < depth; k++, panel += WIDE) {
    EACH(c, COLS) b[c] = LOAD(panel + c * LANES);
    EACH(r, ROWS) {
      a = SPLAT(x[r * n + k]);
      EACH(c, COLS) sum[r][c] = FMA(a, b[c], sum[r][c]);
    }
  }
  EACH(r, ROWS) EACH(c, COLS) STORE(y + r * n + c * LANES, sum[r][c]);
}

static void rows(int n, int from, int to, const float *x, const float *w, float *y) {
  _Alignas(64) float panel[DEEP * WIDE];
  memset(y + from * n, 0, (size_t)(to - from) * n * sizeof *y);
  for (int k = 0; k < n; k += DEEP) {
    int depth = n - k < DEEP ? n - k : DEEP;
    for (int j = 0; j < n; j += WIDE) {
      for (int d = 0; d < depth; d++) memcpy(panel + d * WIDE, w + (k + d) * n + j, WIDE * sizeof *w);
      for (int i = from; i < to; i += ROWS) tile(n, depth, x + i * n + k, panel, y + i * n + j);
    }
  }
}

#ifndef THREADS
void matmul(int n, const float *x, const float *w, float *y) { rows(n, 0, n, x, w, y); }
#endif
