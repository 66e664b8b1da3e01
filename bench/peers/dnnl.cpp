// oneDNN, 2.x or 3.x: matrix product, convolution with bias and relu, rows. It may choose the layout of everything that it can reorder beforehand
// (weights), in convolutions also of input and output, as it would inside a network.
#include "../bench.h"
#include <cstdio>
#include <cstring>
#include <dnnl.hpp>
#include <unordered_map>
using namespace dnnl;
using md = memory::desc;
using tag = memory::format_tag;

static engine cpu(engine::kind::cpu, 0);
static stream order(cpu);
static const auto f32 = memory::data_type::f32;
static const auto inference = prop_kind::forward_inference;

#if DNNL_VERSION_MAJOR < 3
template <class P, class... A> auto make(const primitive_attr &attr, A... a) { return typename P::primitive_desc(typename P::desc(a...), attr, cpu); }
#else
template <class P, class... A> auto make(const primitive_attr &attr, A... a) { return typename P::primitive_desc(cpu, a..., attr); }
#endif

struct Dnnl { primitive p; std::unordered_map<int, memory> args; md plain; };

static void run(void *self) {
  auto *d = static_cast<Dnnl *>(self);
  d->p.execute(order, d->args);
}

static void fetch(void *self, float *y) {
  auto *d = static_cast<Dnnl *>(self);
  memory to(d->plain, cpu, y);
  reorder(d->args[DNNL_ARG_DST], to).execute(order, d->args[DNNL_ARG_DST], to);
  order.wait();
}

// The tensor in the layout that the primitive wants; plain data stays where it is.
static memory place(const md &plain, float *data, const md &want) {
  memory from(plain, cpu, data);
  if (plain == want) return from;
  memory to(want, cpu);
  reorder(from, to).execute(order, from, to);
  order.wait();
  return to;
}

static int ready(Engine *e, Dnnl *d, bool weights) {
  snprintf(e->name, sizeof e->name, "oneDNN %d.%d", dnnl_version()->major, dnnl_version()->minor);
  e->run = run, e->fetch = fetch, e->self = d;
  if (weights) e->cold = (char *)d->args[DNNL_ARG_WEIGHTS].get_data_handle(), e->cold_bytes = d->args[DNNL_ARG_WEIGHTS].get_desc().get_size();
  return 1;
}

static int gemm(const Job *j, Engine *e) {
  md x({ j->m, j->k }, f32, tag::ab), w({ j->k, j->n }, f32, tag::ab), y({ j->m, j->n }, f32, tag::ab), any({ j->k, j->n }, f32, tag::any);
  auto pd = make<matmul>(primitive_attr(), x, j->constant ? any : w, y);
  return ready(e, new Dnnl{ matmul(pd), { { DNNL_ARG_SRC, memory(x, cpu, j->x) }, { DNNL_ARG_WEIGHTS, place(w, j->weight, pd.weights_desc()) },
                                          { DNNL_ARG_DST, memory(y, cpu, j->y) } }, y }, true);
}

static int conv(const Job *j, Engine *e) {
  int g = j->group, ci = j->c / g, co = j->o / g;
  memory::dims xd{ 1, j->c, j->h, j->w }, yd{ 1, j->o, j->p, j->q }, wd{ j->o, ci, j->r, j->s }, gd{ g, co, ci, j->r, j->s };
  memory::dims step{ j->stride, j->stride }, low{ j->pad, j->pad }, high{ (j->p - 1) * j->stride + j->r - j->h - j->pad, (j->q - 1) * j->stride + j->s - j->w - j->pad };
  md x(xd, f32, tag::nhwc), y(yd, f32, tag::nhwc), b({ j->o }, f32, tag::a);      // weights: [r, s, c / group, o]
  int64_t O = j->o;
  md w = g == 1 ? md(wd, f32, memory::dims{ 1, O, j->s * ci * O, ci * O }) : md(gd, f32, memory::dims{ co, 1, O, j->s * ci * O, ci * O });
  primitive_attr attr; post_ops relu;
#if DNNL_VERSION_MAJOR < 3
  relu.append_eltwise(1, algorithm::eltwise_relu, 0, 0);
#else
  relu.append_eltwise(algorithm::eltwise_relu, 0, 0);
#endif
  attr.set_post_ops(relu);
  auto pd = make<convolution_forward>(attr, inference, algorithm::convolution_auto, md(xd, f32, tag::any), md(g == 1 ? wd : gd, f32, tag::any), b,
                                      md(yd, f32, tag::any), step, low, high);
  return ready(e, new Dnnl{ convolution_forward(pd), { { DNNL_ARG_SRC, place(x, j->x, pd.src_desc()) }, { DNNL_ARG_WEIGHTS, place(w, j->weight, pd.weights_desc()) },
                                                       { DNNL_ARG_BIAS, memory(b, cpu, j->bias) }, { DNNL_ARG_DST, memory(pd.dst_desc(), cpu) } }, y }, true);
}

#if DNNL_VERSION_MAJOR >= 3
static int rows(const Job *j, Engine *e) {
  md x({ j->m, j->n }, f32, tag::ab), scale({ j->n }, f32, tag::a);
  std::unordered_map<int, memory> args{ { DNNL_ARG_SRC, memory(x, cpu, j->x) }, { DNNL_ARG_DST, memory(x, cpu, j->y) } };
  if (!strcmp(j->kind, "layer_norm")) {
    auto pd = make<layer_normalization_forward>(primitive_attr(), inference, x, x, 1e-5f, normalization_flags::use_scale | normalization_flags::use_shift);
    args.insert({ { DNNL_ARG_SCALE, memory(scale, cpu, j->weight) }, { DNNL_ARG_SHIFT, memory(scale, cpu, j->bias) } });
    return ready(e, new Dnnl{ layer_normalization_forward(pd), args, x }, false);
  }
  bool log = !strcmp(j->kind, "log_softmax");
  if (!log && strcmp(j->kind, "softmax")) return 0;
  auto pd = make<softmax_forward>(primitive_attr(), inference, log ? algorithm::softmax_log : algorithm::softmax_accurate, x, x, 1);
  return ready(e, new Dnnl{ softmax_forward(pd), args, x }, false);
}
#else
static int rows(const Job *, Engine *) { return 0; }
#endif

extern "C" int engines(const Job *j, Engine *e) {
  try {
    return !strcmp(j->kind, "gemm") ? gemm(j, e) : !strcmp(j->kind, "conv") ? conv(j, e) : rows(j, e);
  } catch (const error &) {
    return 0;
  }
}
