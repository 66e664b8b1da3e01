# Windows of one place: all places of the picture are rows of one tile loop; channels first, they are the lanes, in panels.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=schedule
graph g(x: f32[7, 7, 160], v: f32[64, 28, 28]) -> (y: f32[7, 7, 96], z: f32[96, 28, 28]) {
  const w[c < 160, o < 96]: f32 = (o + c) % 17 / 16.0;
  y[i, j, o] = max(sum(c: x[i, j, c] * w[c, o]), 0);
  z[o < 96, i, j] = sum(c < 64: v[c, i, j] * w[c, o]);
}
--- out
stage schedule;
graph g(x: f32[7, 7, 160], v: f32[64, 28, 28]) -> (y: f32[7, 7, 96], z: f32[96, 28, 28]) {
  const w[c < 160, o < 96]: f32 = (c + o) % 17 * 0.0625;
  const w_pack[o < 96, c < 160]: f32 = w[c, o];
  const w_pack1[o < 96, c < 64]: f32 = w[c, o];
  kernel k0 "y" (x, w_pack) -> (y: f32[7, 7, 96]) {
    y_sum[i < 7, j < 7, o < 96]: f32 = sum(c < 160: x[i, j, c] * w_pack[o, c]);
    y[i < 7, j < 7, o < 96]: f32 = max(y_sum[i, j, o], 0);
    schedule {
      for o/16 {
        for i.j/6 even {
          let y_sum reg;
          y_sum(c, i.j*, o~);
          y(i.j*, o~);
        }
      }
    }
  }
  kernel k1 "z" (v, w_pack1) -> (z: f32[96, 28, 28]) {
    v_pack[(i < 28, j < 28), c < 64]: f32 = v[c, i, j];
    z[o < 96, i < 28, j < 28]: f32 = sum(c < 64: v_pack[i * 28 + j, c] * w_pack1[o, c]);
    schedule {
      for i.j/16 {
        let v_pack mem as [d1, d0];
        v_pack(c, i.j~);
        for o/6 {
          z(c, o*, i.j~);
        }
      }
    }
  }
  w_pack: f32[d0 = 96, d1 = 160] as [d0 / 16, d1, d0 % 16];
  w_pack1: f32[d0 = 96, d1 = 64] as [d0 / 6, d1, d0 % 6];
  v_pack: f32[d0 = 784, d1 = 64] as [d0 / 16, d1, d0 % 16];
}
--- end
