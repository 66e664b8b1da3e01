# frit inspect describes a model.
# $ frit inspect case.graph --target x86-64-v3
graph mlp(x: f32[N, 8] where N in 1..16, w: f32[4, 8]) -> (y: f32[N, 4]) {
  y = relu(linear(x, w));
}
--- out
graph   mlp for x86-64-v3
input   x: f32[N, 8]
input   w: f32[4, 8]
output  y: f32[N, 4]
dim     N in 1..16
memory  0 bytes of state, 0 of scratch, 0 of constants; 0 parameters
kernel  k0 "linear+relu": 1088 flop, 896 bytes
--- end
