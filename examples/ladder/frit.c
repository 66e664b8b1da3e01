/* matmul.graph, compiled: frit wrote product.h and product.o. With THREADS the parallel loops of the kernel go to the runtime's pool. */
#include "product.h"
#include "../../runtime/frit.h"

static _Alignas(64) char state[PRODUCT_STATE_BYTES + 64], scratch[PRODUCT_SCRATCH_BYTES + 64];

void matmul(int n, const float *x, const float *w, float *y) {
  (void)n;
#ifdef THREADS
  static frit_parallel par;
  if (!par.run) par = frit_pool_parallel(frit_pool_new(THREADS));
  product_call((void *const[]){ (void *)x, (void *)w, y }, state, scratch, 0, &par);
#else
  product_run(x, w, y, state, scratch);
#endif
}
