# A gather of embeddings joins what adds to it.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=fuse
graph g(e: f32[100, 32], ids: i64[8], p: f32[8, 32]) -> (y: f32[8, 32]) {
  y = gather(e, ids) + p;
}
--- out
stage fuse;
graph g(e: f32[100, 32], ids: i64[8], p: f32[8, 32]) -> (y: f32[8, 32]) {
  kernel k0 "gather+y" (e, ids, p) -> (y: f32[8, 32]) {
    y[i < 8, j < 32]: f32 = e[(ids[i] < 0 ? ids[i] + 100 : ids[i]), j] + p[i, j];
  }
}
--- end
