# Channels last: tiles at the borders stand apart, taps along a tiled index are unrolled; each channel by itself: a tile of two rows indices.
# $ frit compile case.graph -fno-fuse=winograd --target x86-64-v4 --dump-ir=schedule | sed -n '/schedule {/,/^    }/p'
graph g(x: f32[14, 14, 32]) -> (y: f32[14, 14, 64], z: f32[14, 14, 32], q: f32[7, 7, 48]) {
  const w[o < 64, c < 32, u < 3, v < 3]: f32 = sin(f32(o + c + u + v));
  const d[c < 32, u < 3, v < 3]: f32 = cos(f32(c + u + v));
  const s[o < 48, c < 32]: f32 = cos(f32(c + o));
  y[i < 14, j < 14, o] = max(sum(c, u, v: (x[i + u - 1, j + v - 1, c] or 0) * w[o, c, u, v]), 0);
  z[i < 14, j < 14, c] = sum(u, v: (x[i + u - 1, j + v - 1, c] or 0) * d[c, u, v]);
  q[i < 7, j < 7, o] = sum(c: x[i * 2, j * 2, c] * s[o, c]);
}
--- out
    schedule {
      for i/1 {
        for j/14 edge {
          for o/32 {
            let y_sum reg;
            y_sum(u, v*, c, j*, o~);
            y(j*, o~);
          }
        }
      }
    }
    schedule {
      for i/3 edge {
        for c/16 {
          for j/5 edge {
            z(u*, i*, j*, v*, c~);
          }
        }
      }
    }
    schedule {
      for i/1 {
        for j/7 even {
          for o/48 {
            q(c/4, j*, o~);
          }
        }
      }
    }
--- end
