# The loop tree of the WaveNet: a block of frames goes through all layers.
# $ frit compile $EXAMPLES/amp/amp.graph --target x86-64-v3 --dump-ir=schedule
--- out
stage schedule;
weights "amp.safetensors";
graph amp(x: f32[stream t]) -> (y: f32[t]) {
  param in.w: f32[8];
  param out.w: f32[8];
  param out.b: f32[1];
  param l0.w: f32[8, 8, 3];
  param l0.b: f32[8];
  param l0.m: f32[8];
  param l0.v: f32[8, 8];
  param l0.e: f32[8];
  param l1.w: f32[8, 8, 3];
  param l1.b: f32[8];
  param l1.m: f32[8];
  param l1.v: f32[8, 8];
  param l1.e: f32[8];
  param l2.w: f32[8, 8, 3];
  param l2.b: f32[8];
  param l2.m: f32[8];
  param l2.v: f32[8, 8];
  param l2.e: f32[8];
  param l3.w: f32[8, 8, 3];
  param l3.b: f32[8];
  param l3.m: f32[8];
  param l3.v: f32[8, 8];
  param l3.e: f32[8];
  param l4.w: f32[8, 8, 3];
  param l4.b: f32[8];
  param l4.m: f32[8];
  param l4.v: f32[8, 8];
  param l4.e: f32[8];
  param l5.w: f32[8, 8, 3];
  param l5.b: f32[8];
  param l5.m: f32[8];
  param l5.v: f32[8, 8];
  param l5.e: f32[8];
  param l6.w: f32[8, 8, 3];
  param l6.b: f32[8];
  param l6.m: f32[8];
  param l6.v: f32[8, 8];
  param l6.e: f32[8];
  param l7.w: f32[8, 8, 3];
  param l7.b: f32[8];
  param l7.m: f32[8];
  param l7.v: f32[8, 8];
  param l7.e: f32[8];
  param l8.w: f32[8, 8, 3];
  param l8.b: f32[8];
  param l8.m: f32[8];
  param l8.v: f32[8, 8];
  param l8.e: f32[8];
  const l0.w_pack[o < 8, c < 8, k < 3]: f32 = l0.w[o, c, k];
  const l0.v_pack[c < 8, o < 8]: f32 = l0.v[c, o];
  const l1.w_pack[o < 8, c < 8, k1 < 3]: f32 = l1.w[o, c, k1];
  const l1.v_pack[c < 8, o < 8]: f32 = l1.v[c, o];
  const l2.w_pack[o < 8, c < 8, k2 < 3]: f32 = l2.w[o, c, k2];
  const l2.v_pack[c < 8, o < 8]: f32 = l2.v[c, o];
  const l3.w_pack[o < 8, c < 8, k3 < 3]: f32 = l3.w[o, c, k3];
  const l3.v_pack[c < 8, o < 8]: f32 = l3.v[c, o];
  const l4.w_pack[o < 8, c < 8, k4 < 3]: f32 = l4.w[o, c, k4];
  const l4.v_pack[c < 8, o < 8]: f32 = l4.v[c, o];
  const l5.w_pack[o < 8, c < 8, k5 < 3]: f32 = l5.w[o, c, k5];
  const l5.v_pack[c < 8, o < 8]: f32 = l5.v[c, o];
  const l6.w_pack[o < 8, c < 8, k6 < 3]: f32 = l6.w[o, c, k6];
  const l6.v_pack[c < 8, o < 8]: f32 = l6.v[c, o];
  const l7.w_pack[o < 8, c < 8, k7 < 3]: f32 = l7.w[o, c, k7];
  const l7.v_pack[c < 8, o < 8]: f32 = l7.v[c, o];
  const l8.w_pack[o < 8, c < 8, k8 < 3]: f32 = l8.w[o, c, k8];
  state h0: f32[8, t - 2] = 0;
  state h1: f32[8, t - 4] = 0;
  state h2: f32[8, t - 8] = 0;
  state h3: f32[8, t - 16] = 0;
  state h4: f32[8, t - 32] = 0;
  state h5: f32[8, t - 64] = 0;
  state h6: f32[8, t - 128] = 0;
  state h7: f32[8, t - 256] = 0;
  state h8: f32[8, t - 512] = 0;
  kernel k0 "h0+layer+s+y" (in.w, x, l0.b, l0.m, l0.w_pack, l0.e, l0.v_pack, l1.b, l1.m, l1.w_pack, l1.e, l1.v_pack, l2.b, l2.m, l2.w_pack, l2.e, l2.v_pack, l3.b, l3.m, l3.w_pack, l3.e, l3.v_pack, l4.b, l4.m, l4.w_pack, l4.e, l4.v_pack, l5.b, l5.m, l5.w_pack, l5.e, l5.v_pack, l6.b, l6.m, l6.w_pack, l6.e, l6.v_pack, l7.b, l7.m, l7.w_pack, l7.e, l7.v_pack, l8.b, l8.m, l8.w_pack, out.b, out.w) -> (y: f32[t]) {
    h0[c < 8, t]: f32 = in.w[c] * x[t];
    h1.z[o < 8, t]: f32 = l0.b[o] + l0.m[o] * x[t] + sum(c < 8, k < 3: h0[c, t + k - 2] * l0.w_pack[o, c, k]);
    a0[o < 8, t]: f32 = tanh(h1.z[o, t]);
    h1[c < 8, t]: f32 = h0[c, t] + l0.e[c] + sum(o < 8: a0[o, t] * l0.v_pack[c, o]);
    h2.z[o < 8, t]: f32 = l1.b[o] + l1.m[o] * x[t] + sum(c < 8, k1 < 3: h1[c, t + 2 * k1 - 4] * l1.w_pack[o, c, k1]);
    a1[o < 8, t]: f32 = tanh(h2.z[o, t]);
    h2[c < 8, t]: f32 = h1[c, t] + l1.e[c] + sum(o < 8: a1[o, t] * l1.v_pack[c, o]);
    h3.z[o < 8, t]: f32 = l2.b[o] + l2.m[o] * x[t] + sum(c < 8, k2 < 3: h2[c, t + 4 * k2 - 8] * l2.w_pack[o, c, k2]);
    a2[o < 8, t]: f32 = tanh(h3.z[o, t]);
    h3[c < 8, t]: f32 = h2[c, t] + l2.e[c] + sum(o < 8: a2[o, t] * l2.v_pack[c, o]);
    h4.z[o < 8, t]: f32 = l3.b[o] + l3.m[o] * x[t] + sum(c < 8, k3 < 3: h3[c, t + 8 * k3 - 16] * l3.w_pack[o, c, k3]);
    a3[o < 8, t]: f32 = tanh(h4.z[o, t]);
    h4[c < 8, t]: f32 = h3[c, t] + l3.e[c] + sum(o < 8: a3[o, t] * l3.v_pack[c, o]);
    h5.z[o < 8, t]: f32 = l4.b[o] + l4.m[o] * x[t] + sum(c < 8, k4 < 3: h4[c, t + 16 * k4 - 32] * l4.w_pack[o, c, k4]);
    a4[o < 8, t]: f32 = tanh(h5.z[o, t]);
    h5[c < 8, t]: f32 = h4[c, t] + l4.e[c] + sum(o < 8: a4[o, t] * l4.v_pack[c, o]);
    h6.z[o < 8, t]: f32 = l5.b[o] + l5.m[o] * x[t] + sum(c < 8, k5 < 3: h5[c, t + 32 * k5 - 64] * l5.w_pack[o, c, k5]);
    a5[o < 8, t]: f32 = tanh(h6.z[o, t]);
    h6[c < 8, t]: f32 = h5[c, t] + l5.e[c] + sum(o < 8: a5[o, t] * l5.v_pack[c, o]);
    h7.z[o < 8, t]: f32 = l6.b[o] + l6.m[o] * x[t] + sum(c < 8, k6 < 3: h6[c, t + 64 * k6 - 128] * l6.w_pack[o, c, k6]);
    a6[o < 8, t]: f32 = tanh(h7.z[o, t]);
    h7[c < 8, t]: f32 = h6[c, t] + l6.e[c] + sum(o < 8: a6[o, t] * l6.v_pack[c, o]);
    h8.z[o < 8, t]: f32 = l7.b[o] + l7.m[o] * x[t] + sum(c < 8, k7 < 3: h7[c, t + 128 * k7 - 256] * l7.w_pack[o, c, k7]);
    a7[o < 8, t]: f32 = tanh(h8.z[o, t]);
    h8[c < 8, t]: f32 = h7[c, t] + l7.e[c] + sum(o < 8: a7[o, t] * l7.v_pack[c, o]);
    h9.z[o < 8, t]: f32 = l8.b[o] + l8.m[o] * x[t] + sum(c < 8, k8 < 3: h8[c, t + 256 * k8 - 512] * l8.w_pack[o, c, k8]);
    s[o < 8, t]: f32 = a0[o, t] + a1[o, t] + a2[o, t] + a3[o, t] + a4[o, t] + a5[o, t] + a6[o, t] + a7[o, t] + tanh(h9.z[o, t]);
    y[t]: f32 = out.b[0] + sum(o < 8: out.w[o] * s[o, t]);
    schedule {
      for t/64 stream {
        let h0 ring;
        let h1 ring;
        let h2 ring;
        let h3 ring;
        let h4 ring;
        let h5 ring;
        let h6 ring;
        let h7 ring;
        let h8 ring;
        let s alias a0;
        for t/8 {
          for c/4 {
            h0(c*, t~);
          }
        }
        for t/8 {
          for o/8 {
            h1.z(k, c, o*, t~);
            for o/4 {
              a0(o*, t~);
            }
          }
          for c/8 {
            h1(o*, c*, t~);
          }
        }
        for t/8 {
          for o/8 {
            h2.z(k1, c, o*, t~);
            for o/4 {
              a1(o*, t~);
            }
          }
          for c/8 {
            h2(o*, c*, t~);
          }
        }
        for t/8 {
          for o/8 {
            h3.z(k2, c, o*, t~);
            for o/4 {
              a2(o*, t~);
            }
          }
          for c/8 {
            h3(o*, c*, t~);
          }
        }
        for t/8 {
          for o/8 {
            h4.z(k3, c, o*, t~);
            for o/4 {
              a3(o*, t~);
            }
          }
          for c/8 {
            h4(o*, c*, t~);
          }
        }
        for t/8 {
          for o/8 {
            h5.z(k4, c, o*, t~);
            for o/4 {
              a4(o*, t~);
            }
          }
          for c/8 {
            h5(o*, c*, t~);
          }
        }
        for t/8 {
          for o/8 {
            h6.z(k5, c, o*, t~);
            for o/4 {
              a5(o*, t~);
            }
          }
          for c/8 {
            h6(o*, c*, t~);
          }
        }
        for t/8 {
          for o/8 {
            h7.z(k6, c, o*, t~);
            for o/4 {
              a6(o*, t~);
            }
          }
          for c/8 {
            h7(o*, c*, t~);
          }
        }
        for t/8 {
          for o/8 {
            h8.z(k7, c, o*, t~);
            for o/4 {
              a7(o*, t~);
            }
          }
          for c/8 {
            h8(o*, c*, t~);
          }
        }
        for t/8 {
          for o/8 {
            h9.z(k8, c, o*, t~);
            for o/4 {
              s(o*, t~);
            }
          }
          y(o*, t~);
        }
      }
      for t/8 stream {
        let h0 ring;
        let h1 ring;
        let h2 ring;
        let h3 ring;
        let h4 ring;
        let h5 ring;
        let h6 ring;
        let h7 ring;
        let h8 ring;
        let s alias a0;
        for t/8 {
          h0(t*, c~);
        }
        for t/8 {
          let h1.z reg;
          h1.z(k, c, t*, o~);
          a0(t*, o~);
          h1(o*, t*, c~);
        }
        for t/8 {
          let h2.z reg;
          h2.z(k1, c, t*, o~);
          a1(t*, o~);
          h2(o*, t*, c~);
        }
        for t/8 {
          let h3.z reg;
          h3.z(k2, c, t*, o~);
          a2(t*, o~);
          h3(o*, t*, c~);
        }
        for t/8 {
          let h4.z reg;
          h4.z(k3, c, t*, o~);
          a3(t*, o~);
          h4(o*, t*, c~);
        }
        for t/8 {
          let h5.z reg;
          h5.z(k4, c, t*, o~);
          a4(t*, o~);
          h5(o*, t*, c~);
        }
        for t/8 {
          let h6.z reg;
          h6.z(k5, c, t*, o~);
          a5(t*, o~);
          h6(o*, t*, c~);
        }
        for t/8 {
          let h7.z reg;
          h7.z(k6, c, t*, o~);
          a6(t*, o~);
          h7(o*, t*, c~);
        }
        for t/8 {
          let h8.z reg;
          h8.z(k7, c, t*, o~);
          a7(t*, o~);
          h8(o*, t*, c~);
        }
        for t/8 {
          let h9.z reg;
          h9.z(k8, c, t*, o~);
          s(t*, o~);
        }
        y(o*, t~);
      }
    }
  }
  l0.w_pack: f32[d0 = 8, d1 = 8, d2 = 3] as [d2, d1, d0];
  l0.v_pack: f32[d0 = 8, d1 = 8] as [d1, d0];
  l1.w_pack: f32[d0 = 8, d1 = 8, d2 = 3] as [d2, d1, d0];
  l1.v_pack: f32[d0 = 8, d1 = 8] as [d1, d0];
  l2.w_pack: f32[d0 = 8, d1 = 8, d2 = 3] as [d2, d1, d0];
  l2.v_pack: f32[d0 = 8, d1 = 8] as [d1, d0];
  l3.w_pack: f32[d0 = 8, d1 = 8, d2 = 3] as [d2, d1, d0];
  l3.v_pack: f32[d0 = 8, d1 = 8] as [d1, d0];
  l4.w_pack: f32[d0 = 8, d1 = 8, d2 = 3] as [d2, d1, d0];
  l4.v_pack: f32[d0 = 8, d1 = 8] as [d1, d0];
  l5.w_pack: f32[d0 = 8, d1 = 8, d2 = 3] as [d2, d1, d0];
  l5.v_pack: f32[d0 = 8, d1 = 8] as [d1, d0];
  l6.w_pack: f32[d0 = 8, d1 = 8, d2 = 3] as [d2, d1, d0];
  l6.v_pack: f32[d0 = 8, d1 = 8] as [d1, d0];
  l7.w_pack: f32[d0 = 8, d1 = 8, d2 = 3] as [d2, d1, d0];
  l7.v_pack: f32[d0 = 8, d1 = 8] as [d1, d0];
  l8.w_pack: f32[d0 = 8, d1 = 8, d2 = 3] as [d2, d1, d0];
}
--- end
