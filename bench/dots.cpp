// Products of small integers and of bf16, one thread, warm: artefacts of frit and oneDNN (which packs the constant operand as it likes), interleaved.
// dots MODEL.so M N K u8|i8|bf16 NAME...: one row; the first operand is of that type, the second i8 (or bf16), the result s32 (or f32).
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <dnnl.hpp>
#include <functional>
#include <vector>
using namespace dnnl;
using tag = memory::format_tag;
using type = memory::data_type;

static double once(const std::function<void()> &f) {
  auto t = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - t).count();
}

int main(int argc, char **argv) {
  if (argc < 7) return fprintf(stderr, "dots M N K TYPE ARTEFACT...\n"), 2;
  long m = atol(argv[1]), n = atol(argv[2]), k = atol(argv[3]);
  bool half = !strcmp(argv[4], "bf16");
  type x = half ? type::bf16 : *argv[4] == 'u' ? type::u8 : type::s8, w = half ? x : type::s8, y = half ? type::f32 : type::s32;
  engine cpu(engine::kind::cpu, 0);
  stream order(cpu);
  memory::desc mx({ m, k }, x, tag::ab), mw({ k, n }, w, tag::ab), any({ k, n }, w, tag::any), my({ m, n }, y, tag::ab);
  matmul::primitive_desc pd(cpu, mx, any, my);
  memory X(mx, cpu), W(mw, cpu), Y(my, cpu), P(pd.weights_desc(), cpu);
  srand(1);
  for (size_t i = 0; i < mx.get_size(); i++) ((uint8_t *)X.get_data_handle())[i] = half ? 0x3f : rand() % 251;
  for (size_t i = 0; i < mw.get_size(); i++) ((uint8_t *)W.get_data_handle())[i] = half ? 0x3f : rand() % 251;
  reorder(W, P).execute(order, W, P);
  matmul product(pd);
  std::vector<std::function<void()>> engines = { [&] { product.execute(order, { { DNNL_ARG_SRC, X }, { DNNL_ARG_WEIGHTS, P }, { DNNL_ARG_DST, Y } }); } };
  std::vector<double> best(1, 1e30);
  for (int a = 5; a < argc; a++) {
    using call = int(void *const *, void *, void *, const int64_t *, const void *);
    void *lib = dlopen(argv[a], RTLD_NOW | RTLD_LOCAL), *scratch = aligned_alloc(64, 64 << 20);
    auto f = lib ? (call *)dlsym(lib, "g_call") : nullptr;
    if (!f) return fprintf(stderr, "%s: %s\n", argv[a], dlerror()), 2;
    engines.push_back([=, &X, &Y] { void *args[] = { X.get_data_handle(), Y.get_data_handle() }; f(args, nullptr, scratch, nullptr, nullptr); });
    best.push_back(1e30);
  }
  for (int round = 0; round < 300; round++)
    for (size_t e = 0; e < engines.size(); e++) best[e] = std::min(best[e], once(engines[e]));
  printf("| %s %ldx%ldx%ld ", argv[4], m, n, k);
  for (double ns : best) printf("| %.0f ", 2e-9 * m * n * k / (ns * 1e-9));
  printf("| %.2f |\n", best[0] / *std::min_element(best.begin() + 1, best.end()));
}
