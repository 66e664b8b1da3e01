"""What is timed: for each table a list of cases. A case is a graph (our side), a job (the peers' side, bench.h) and how much work it is."""
from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Case:
    name: str
    graph: str
    work: float                    # floating-point operations (GFLOP/s), bytes (GB/s) or elements (elements a ns)
    sizes: tuple = ()              # elements of x, w, b, y
    job: dict = field(default_factory=dict)
    limit: str = "peak"            # what the share is of: the FMA peak, copying x to y, reading x
    groups: dict = field(default_factory=dict)     # sums that it belongs to, and how often it counts there
    blocks: tuple = ()             # streams: frames a call
    tanh: int = 0


UNITS = {"gemm": "GFLOP/s", "conv": "GFLOP/s", "rows": "elements a ns", "pointwise": "GB/s", "stream": "ns a frame"}

SQUARES = [4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048]
GEMMS = """4x64x4 4x64x12 8x64x8 8x64x24 16x64x16 16x64x48
  1x768x768 1x3072x768 1x768x3072 16x768x768 16x3072x768 128x384x384 128x1536x384 128x768x768 128x3072x768 128x128x64 128x64x128
  12544x64x147 3136x64x64 3136x64x576 3136x256x64 784x128x1152 784x512x128 196x256x2304 196x1024x256 49x512x4608 49x2048x512
  12544x16x32 12544x96x16 3136x24x96 3136x144x24 784x32x192 784x192x32 196x64x384 196x384x64 196x96x576 49x160x960 49x960x160 1x1000x1280"""


def gemm(variable):
    for m, n, k in [(s, s, s) for s in SQUARES] + [tuple(map(int, s.split("x"))) for s in GEMMS.split()]:
        w = f"w: f32[{k}, {n}]"
        head = f"graph g(a: f32[{m}, {k}], {w}) -> (y: f32[{m}, {n}]) {{" if variable \
            else f'weights "w.safetensors";\ngraph g(a: f32[{m}, {k}]) -> (y: f32[{m}, {n}]) {{\n  param {w};'
        yield Case(f"{m}x{n}x{k}", head + "\n  y[i, j] = sum(k: a[i, k] * w[k, j]);\n}\n", 2 * m * n * k, (m * k, k * n, 0, m * n),
                   dict(kind=b"gemm", m=m, n=n, k=k, constant=not variable), groups={"all": 1})


def resnet50():
    yield 3, 64, 224, 7, 2, 1
    c, size = 64, 56
    for width, blocks, stride in (64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2):
        for b in range(blocks):
            step = 1 if b else stride
            if not b: yield c, 4 * width, size, 1, step, 1
            yield c, width, size, 1, 1, 1
            yield width, width, size, 3, step, 1
            size //= step
            yield width, 4 * width, size, 1, 1, 1
            c = 4 * width


def mobilenet_v2():
    yield 3, 32, 224, 3, 2, 1
    c, size = 32, 112
    for widen, out, blocks, stride in (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1):
        for b in range(blocks):
            wide, step = c * widen, 1 if b else stride
            if widen > 1: yield c, wide, size, 1, 1, 1
            yield wide, wide, size, 3, step, wide
            size //= step
            yield wide, out, size, 1, 1, 1
            c = out
    yield c, 1280, size, 1, 1, 1


def conv(variable):
    """Input channels, output channels, size, kernel, stride, group of every distinct layer."""
    for network, layers in ("ResNet-50", resnet50()), ("MobileNetV2", mobilenet_v2()):
        for (c, o, h, r, stride, group), count in Counter(layers).items():
            pad, p = r // 2, (h + 2 * (r // 2) - r) // stride + 1
            at = f"(x[i * {stride} + r - {pad}, j * {stride} + s - {pad}, c] or 0)" if r > 1 else f"x[i * {stride}, j * {stride}, c]"
            w, each = (f"{r}, {r}, {o}", "w[r, s, c]") if group > 1 else (f"{r}, {r}, {c}, {o}", "w[r, s, c, o]")
            out, over = ("c", "r, s") if group > 1 else ("o", "r, s, c")
            graph = f'weights "w.safetensors";\ngraph g(x: f32[{h}, {h}, {c}]) -> (y: f32[{p}, {p}, {o}]) {{\n  param w: f32[{w}];\n  param b: f32[{o}];\n' \
                    f"  y[i < {p}, j < {p}, {out}] = max(b[{out}] + sum({over}: {at} * {each}), 0);\n}}\n"
            groups = {network: count}
            if group > 1: groups["depthwise"] = 1
            elif r == 3 and stride == 1: groups[f"3x3 at {h}"] = 1
            yield Case(f"{'dw ' + str(c) if group > 1 else f'{c}>{o}'} @{h} {r}x{r}" + (f" s{stride}" if stride > 1 else ""), graph, 2 * p * p * o * r * r * c // group,
                       (h * h * c, r * r * c * o // group, o, p * p * o),
                       dict(kind=b"conv", h=h, w=h, c=c, p=p, q=p, o=o, r=r, s=r, stride=stride, pad=pad, group=group, constant=1), groups=groups)


ROWS = {  # parameters, equation
    "softmax": ("", "y = softmax(x);"), "log_softmax": ("", "y = log_softmax(x);"), "layer_norm": ("wb", "y = layer_norm(x, w, b);"),
    "rms_norm": ("w", "y = rms_norm(x, w);"), "arg_max": ("", "y[i] = argmax(k: x[i, k]);")}


def rows(variable):
    for kind, (params, equation) in ROWS.items():
        for n in 64, 128, 256, 768, 1000, 2048, 4096, 8192:
            m, short = 128, kind == "arg_max"
            declared = "".join(f"  param {p}: f32[{n}];\n" for p in params)
            head = ('weights "w.safetensors";\n' if params else "") + f"graph g(x: f32[{m}, {n}]) -> (y: {f'i64[{m}]' if short else f'f32[{m}, {n}]'}) {{\n"
            yield Case(f"{kind} {m}x{n}", head + declared + f"  {equation}\n}}\n", m * n, (m * n, n * ("w" in params), n * ("b" in params), 2 * m if short else m * n),
                       dict(kind=kind.encode(), m=m, n=n, constant=1), "read" if short else "copy", {kind: 1})


CHAINS = {1: "max(x[i], 0)", 3: "max(x[i] * 1.5 + 0.25, 0)", 8: "abs(min(max(x[i] * 1.5 + 0.25, 0), 6) * 0.5 - 1) + x[i]"}


def pointwise(variable):
    for level, n in ("L1", 2 << 10), ("L2", 64 << 10), ("L3", 2 << 20), ("DRAM", 64 << 20):
        for ops, e in CHAINS.items():
            yield Case(f"{level} {4 * n >> 10} KB, {ops} operator" + "s" * (ops > 1), f"graph g(x: f32[{n}]) -> (y: f32[{n}]) {{ y[i] = {e}; }}\n", 8 * n, (n, 0, 0, n),
                       dict(kind=b"pointwise", n=n), "copy", {f"in {level}": 1})


def stream(variable):
    """Multiply-adds and tanh a frame, counted by hand; a model that is not there is skipped."""
    for path, fmas, tanh in ("../shared/models/nam/wavenet_a1_standard.nam", 13320, 240), ("../shared/models/nam/wavenet.nam", 117, 8), ("examples/amp/amp.graph", 2392, 72):
        yield Case(path, path, 2 * fmas, blocks=(1, 8, 16, 32, 64), tanh=tanh)


TABLES = {f.__name__: f for f in (gemm, conv, rows, pointwise, stream)}
