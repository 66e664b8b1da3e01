/* The same three loops in C. Each step of k jumps to another line of w. */
void matmul(int n, const float *x, const float *w, float *y) {
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++) {
      float sum = 0;
      for (int k = 0; k < n; k++) sum += x[i * n + k] * w[k * n + j];
      y[i * n + j] = sum;
    }
}
