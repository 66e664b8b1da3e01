# Where all rows of tiles are one block, threads divide the panels.
# $ frit compile case.graph --target x86-64-v4 -ffuse=winograd2 --threads=2 --dump-ir=schedule | sed -n '/schedule {/,/^    }/p'
graph g(x: f32[7, 7, 128]) -> (y: f32[7, 7, 160]) {
  const w[o < 160, c < 128, r < 3, s < 3]: f32 = ((o * 7 + c * 3 + r * 5 + s) % 11 - 5) / 20.0;
  y[i < 7, j < 7, o < 160] = max(0, sum(c, r, s: (x[i + r - 1, j + s - 1, c] or 0) * w[o, c, r, s]));
}
--- out
    schedule {
      for o/80 parallel {
        let y_sum.V mem;
        for p/1 {
          for q/1 {
            for c/16 {
              let y_sum.D reg;
              y_sum.D(j*, p*, q*, i*, a*, c~);
              y_sum.V(a*, p*, q*, j*, e*, c~);
            }
          }
        }
        let y_sum.M mem;
        for a/1 {
          for e/1 {
            for o/16 {
              for t/16 even {
                for c/1 {
                  prefetch y_sum.U_pack[128];
                  y_sum.M(c*, t*, o~);
                }
              }
            }
          }
        }
        for i1/2 {
          for j1/2 {
            for o/16 {
              let y_sum.E reg;
              let y_sum.Z reg;
              let y_sum reg;
              y_sum.E(e*, p1*, q1*, a*, s*, o~);
              y_sum.Z(p1*, s*, q1*, e*, r*, o~);
              y_sum(i1*, j1*, o~);
              y(i1*, j1*, o~);
            }
          }
        }
      }
    }
--- end
