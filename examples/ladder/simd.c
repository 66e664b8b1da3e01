/* The same loops, a vector of columns at a time. One instruction multiplies and adds LANES times, but it takes two loads and a store to do so. */
#include "vec.h"

void matmul(int n, const float *x, const float *w, float *y) {
  for (int i = 0; i < n; i++) {
    for (int j = 0; j < n; j += LANES) STORE(y + i * n + j, SPLAT(0));
    for (int k = 0; k < n; k++) {
      Vec a = SPLAT(x[i * n + k]);
      for (int j = 0; j < n; j += LANES) STORE(y + i * n + j, FMA(a, LOAD(w + k * n + j), LOAD(y + i * n + j)));
    }
  }
}
