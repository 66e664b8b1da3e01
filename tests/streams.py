"""Streams: blocks of 1, 3, 7, 8, 64, 4096 and random splits give the same bits, both printers; and the interpreter agrees. streams.py FRIT"""
import os, random, struct, sys, tempfile
from common import Tally, outcome

frit = sys.argv[1]
root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
GRAPHS = {
    "gain": "graph g(x: f32[stream t]) -> (y: f32[t]) { y = tanh(x) * 0.5; }",
    "fir": "graph g(x: f32[stream t]) -> (y: f32[t]) { y[t] = sum(k < 5: (x[t - k] or 0)) * 0.2; }",
    "far": "graph g(x: f32[stream t]) -> (y: f32[t]) { y[t] = x[t] + 0.5 * (x[t - 100] or 0.25) + 0.25 * (x[t - 1000] or 0.25); }",
    "alternatives": "graph g(x: f32[stream t]) -> (y: f32[t]) { y[t] = (x[t - 3] or 1.0) + (x[t - 3] or 2.0) + (x[t - 5] * x[t - 2] or 0.5); }",
    "biquad": "graph g(x: f32[stream t]) -> (y: f32[t]) { y[t] = 0.2 * x[t] + 0.4 * (x[t - 1] or 0) + 0.2 * (x[t - 2] or 0) + 0.5 * (y[t - 1] or 0) - 0.1 * (y[t - 2] or 0); }",
    "comb": "graph g(x: f32[stream t]) -> (y: f32[t]) { y[t] = x[t] + 0.5 * (y[t - 150] or 0) - 0.25 * (y[t - 1] or 0); }",
    "rows": "graph g(x: f32[3, stream t], w: f32[5, 3]) -> (y: f32[5, t]) { y[o, t] = tanh(sum(c: x[c, t] * w[o, c])) + (x[0, t - 2] or 0); }",
    "conv": "graph g(x: f32[1, 2, stream t], f: f32[4, 2, 3], h: f32[3, 4, 3]) -> (y: f32[1, 3, t]) { a = tanh(conv_causal(x, f, dilation = 2)); y = conv_causal(a, h, dilation = 40); }",
    "wide": "graph g(x: f32[stream t], w: f32[16], v: f32[16, 16, 3]) -> (y: f32[16, t]) { h[o, t] = tanh(x[t] * w[o]); y[o, t] = tanh(sum(c < 16, k < 3: (h[c, t - 70 * k] or 0) * v[o, c, k])) + h[o, t]; }",
    "narrow": "graph g(x: f32[stream t], w: f32[8], v: f32[8, 8, 3]) -> (y: f32[8, t]) { h[o, t] = tanh(x[t] * w[o]); y[o, t] = tanh(sum(c < 8, k < 3: (h[c, t - 70 * k] or 0) * v[o, c, k])) + h[o, t]; }",
    "lstm": "graph g(x: f32[stream t, 1, 3], w: f32[1, 16, 3], r: f32[1, 16, 4]) -> (y: f32[t, 1, 4]) { (y, c) = lstm(x, w, r); }",
    "delayed": "graph g(x: f32[stream t]) -> (y: f32[t], z: f32[t]) { y[t] = x[t] - (x[t - 64] or 0); z[t] = y[t] * 2 + (y[t - 64] or 0); }",
}
say = Tally()


def frit_said(*args):
    return outcome([frit, *args])


def inputs(where, text):
    """Every input's data, streams 500 frames long."""
    flags, rng = [], random.Random(3)
    for decl in text[text.index("(") + 1:text.index("->")].rstrip(") ").split("],"):
        name, shape = decl.split(":")[0].strip(), decl.split("[")[1].rstrip("]) ")
        n = 1
        for d in shape.split(","):
            n *= 500 if "stream" in d else int(d)
        path = os.path.join(where, name + ".f32")
        open(path, "wb").write(struct.pack(f"<{n}f", *[rng.uniform(-1, 1) for _ in range(n)]))
        flags += ["--input", f"{name}={path}"]
    return flags


with tempfile.TemporaryDirectory() as where:
    for name, text in GRAPHS.items():
        path = os.path.join(where, "g.graph")
        open(path, "w").write(text + "\n")
        flags, first = inputs(where, text), None
        outs = ["y", "z"] if "z:" in text else ["y"]
        for printer in ("llvm", "c"):
            rc, said = frit_said("check", path, f"--printer={printer}", "--frames", "500", "--block", "33", "--verify")
            say(rc == 0, f"{name} {printer}: {said}")
            so = os.path.join(where, "g.so")
            rc, said = frit_said("compile", path, f"--printer={printer}", "-o", so)
            if rc:
                say(False, f"{name} {printer}: {said}")
                continue
            for block in (1, 3, 7, 8, 64, 100, 4096):
                rc, said = frit_said("run", so, *flags, *[x for n in outs for x in ("--output", f"{n}={where}/{n}.f32")], "--block", str(block))
                got = b"".join(open(f"{where}/{n}.f32", "rb").read() for n in outs) if rc == 0 else None
                first = got if first is None else first
                say(rc == 0 and got == first, f"{name} {printer}: blocks of {block} give other bits (or: {said})")
say.end()
