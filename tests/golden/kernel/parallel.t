# A loop that threads share is one loop over all its steps, with a branch a kind of step; what stands beside it is a kernel of its own.
# Temporaries inside are the thread's own.
# $ frit compile case.graph --target generic --threads=2 --dump-ir=kernel
stage schedule;
graph g(x: f32[20, 3]) -> (y: f32[20], z: f32[20]) {
  kernel k0 "k" (x) -> (y: f32[20], z: f32[20]) {
    s[i < 20]: f32 = sum(k < 3: x[i, k]);
    y[i < 20]: f32 = s[i] * 2.0;
    z[i < 20]: f32 = y[i] + 1.0;
    schedule {
      for i/6 even parallel {
        s(i, k);
        y(i);
      }
      z(i);
    }
  }
}
--- out
module g   # state 0, scratch 256, constants 0 bytes
in x: f32 argument 0
out y: f32 argument 1
out z: f32 argument 2
scratch s: f32 at 0, 20 bytes

kernel k0 "k" {   # 100 flops, 400 bytes
  %0 = const index 4
  %1 = const index 5
  %2 = const f32 0.0
  %3 = const index 3
  %4 = const f32 2.0
  loop %5 in 4 parallel {
    loop %6 in 5 {
      %7 = var f32 %2
      loop %8 in 3 {
        %9 = load f32 x[15 * %5 + 3 * %6 + %8]
        %10 = add f32 %7, %9
        set %7 = %10
      }
      store f32 s[%6] %7
    }
    loop %13 in 5 {
      %14 = load f32 s[%13]
      %15 = mul f32 %14, %4
      store f32 y[5 * %5 + %13] %15
    }
  }
}

kernel k0_1 "k" {
  %17 = const index 20
  %18 = const f32 1.0
  loop %19 in 20 {
    %20 = load f32 y[%19]
    %21 = add f32 %20, %18
    store f32 z[%19] %21
  }
}

kernel init "state" {
}
--- end
