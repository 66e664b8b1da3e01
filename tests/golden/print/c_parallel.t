# What threads share is a function of the job and its part of the steps; NAME_call hands it to the host's parallel-for.
# $ frit compile case.graph --target generic --threads=2 --dump-ir=c | sed -n '/^struct/,/_info/p'
stage schedule;
graph g(x: f32[N, 3] where N in 1..4000) -> (y: f32[N]) {
  kernel k0 "k" (x) -> (y: f32[N]) {
    s[i < N]: f32 = sum(k < 3: x[i, k]);
    y[i < N]: f32 = s[i] * 2.0;
    schedule {
      for i/8 parallel {
        s(i, k);
        y(i);
      }
    }
  }
}
--- out
struct frit_parallel { void (*run)(void *pool, void (*fn)(void *ctx, int k), void *ctx, int n); void *pool; int threads; };
struct frit_job { void *const *args; void *state, *scratch; const int64_t *dims; int parts; };
INLINE int64_t div_i64(int64_t a, int64_t b) { return b == 0 ? 0 : b == -1 ? (int64_t)((uint64_t)0 - (uint64_t)a) : (int64_t)(a / b - (a % b != 0 && (a % b < 0) != (b < 0))); }

/* k0: k (16000 flops, 64000 bytes)
 *   s[i < N]: f32 = sum(k < 3: x[i, k]);
 *   y[i < N]: f32 = s[i] * 2.0; */
static void g_k0(const float *RESTRICT x, float *RESTRICT y, char *RESTRICT scratch, int64_t n_N, int part, int parts)
{
  float *s = (float *)(void *)(scratch + 0 + part * (ptrdiff_t)256);
  const int64_t v2 = div_i64(n_N, 8);
  for (int64_t i6 = (int64_t)v2 * part / parts; i6 < (int64_t)v2 * (part + 1) / parts; i6++) {
    for (int64_t i7 = 0; i7 < 8; i7++) {
      float v8 = 0.0f;
      for (int64_t i9 = 0; i9 < 3; i9++) {
        const float v10 = *(x + 24 * i6 + 3 * i7 + i9);
        const float v11 = v8 + v10;
        v8 = v11;
      }
      *(s + i7) = v8;
    }
    for (int64_t i14 = 0; i14 < 8; i14++) {
      const float v15 = *(s + i14);
      const float v16 = v15 * 2.0f;
      *(y + 8 * i6 + i14) = v16;
    }
  }
}

static void g_k0_part(void *job, int part)
{
  const struct frit_job *j = (const struct frit_job *)job;
  g_k0((const float *)j->args[0], (float *)j->args[1], j->scratch, (int64_t)j->dims[0], part, j->parts);
}

/* k0_1: k */
static void g_k0_1(const float *RESTRICT x, float *RESTRICT y, char *RESTRICT scratch, int64_t n_N)
{
  float *s = (float *)(void *)(scratch + 0);
  const int64_t v2 = div_i64(n_N, 8);
  const int64_t v19 = v2 * -8;
  const int64_t v20 = n_N + v19;
  for (int64_t i24 = 0; i24 < v20; i24++) {
    float v25 = 0.0f;
    for (int64_t i26 = 0; i26 < 3; i26++) {
      const float v27 = *(x + 24 * v2 + 3 * i24 + i26);
      const float v28 = v25 + v27;
      v25 = v28;
    }
    *(s) = v25;
    const float v31 = *(s);
    const float v32 = v31 * 2.0f;
    *(y + 8 * v2 + i24) = v32;
  }
}

EXPORT int g_call(void *const *args, void *state, void *scratch, const int64_t *dims, const struct frit_parallel *par)
{
  if (!args) return 2;
  if (!dims) return 2;
  (void)state;
  if (!scratch) return 2;
  if (!args[0]) return 2;
  if (!args[1]) return 2;
  if (dims[0] < 1 || dims[0] > 4000) return 1;
  struct frit_job job = { args, state, scratch, dims, !par || par->threads < 1 ? 1 : par->threads < 2 ? par->threads : 2 };
  if (job.parts > 1) par->run(par->pool, g_k0_part, &job, job.parts); else g_k0_part(&job, 0);
  g_k0_1((const float *)args[0], (float *)args[1], scratch, (int64_t)dims[0]);
  return 0;
}

EXPORT int g_run(const float *x, float *y, void *state, void *scratch, int64_t N)
{
  void *const args[] = { (void *)x, (void *)y, NULL };
  const int64_t dims[] = { N, 0 };
  return g_call(args, state, scratch, dims, NULL);
}

EXPORT void g_init(void *memory)
{
  (void)memory;
}

EXPORT const char g_info[] =
--- end
