/* j inside of k: all three matrices are walked along their rows, and the n sums of a row do not wait for each other. */
void matmul(int n, const float *x, const float *w, float *y) {
  for (int i = 0; i < n; i++) {
    for (int j = 0; j < n; j++) y[i * n + j] = 0;
    for (int k = 0; k < n; k++)
      for (int j = 0; j < n; j++) y[i * n + j] += x[i * n + k] * w[k * n + j];
  }
}
