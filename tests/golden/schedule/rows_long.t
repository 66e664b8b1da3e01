# Long rows of a costly function go alone: the next row is fetched while this one is computed.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=schedule | sed '/schedule {/,$!d'
graph g(x: f32[64, 4096]) -> (y: f32[64, 4096]) {
  y = log_softmax(x);
}
--- out
    schedule {
      for i0/1 {
        let y.m reg;
        let y.s_sum reg;
        let y.s reg;
        for i1/32 {
          y.m(i1~);
        }
        for i1/32 {
          prefetch x[128];
          y.s_sum(i1~);
        }
        y.s();
        for i1/32 {
          y(i1~);
        }
      }
    }
  }
}
--- end
