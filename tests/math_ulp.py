"""Vector math over the range of f32: math_ulp.py FRIT [--printer P] [--target T] [--exhaustive] [--table]

Each function is compiled for an array of floats of all magnitudes and compared with double precision. An error above the function's limit
fails, as does a result that is NaN, infinite or zero where the reference is not (or the reverse). --dense takes every 61st of the 2^32 floats;
--table prints the rows of docs/math.md.
"""
import math, os, shutil, subprocess, sys, tempfile
import numpy as np
from common import options, Tally

N = 1 << 18
erf = np.frompyfunc(math.erf, 1, 1)


def softplus(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


# name, text, reference in double precision, limit in ULP, where the argument must lie
FUNCTIONS = [
    ("exp", "exp(x)", np.exp, 2, None),
    ("expm1", "expm1(x)", np.expm1, 2, None),
    ("log", "log(x)", np.log, 2, None),
    ("log1p", "log1p(x)", np.log1p, 2, None),
    ("tanh", "tanh(x)", np.tanh, 2, None),
    ("sigmoid", "sigmoid(x)", lambda x: np.where(x < 0, np.exp(x) / (1 + np.exp(x)), 1 / (1 + np.exp(-x))), 2, (-88.5, np.inf)),
    ("erf", "erf(x)", lambda x: erf(x).astype(np.float64), 2, None),
    ("sin", "sin(x)", np.sin, 2, (-1e5, 1e5)),
    ("cos", "cos(x)", np.cos, 2, (-1e5, 1e5)),
    ("atan", "atan(x)", np.arctan, 2, None),
    ("sqrt", "sqrt(x)", np.sqrt, 0.5, None),
    ("rsqrt", "rsqrt(x)", lambda x: 1 / np.sqrt(x), 2, None),
    ("reciprocal", "reciprocal(x)", lambda x: 1 / x, 2, None),
    ("softplus", "softplus(x)", softplus, 2, None),
    ("silu", "silu(x)", lambda x: np.where(x < -700, 0 * x, x / (1 + np.exp(-x))), 4, (-88.5, np.inf)),
    ("pow", "x ** z", np.power, 2, None),
]


def samples(rng):
    """Floats of all bit patterns, and a third of them where functions bend."""
    bits = rng.integers(0, 1 << 32, N, dtype=np.uint64).astype(np.uint32)
    x = bits.view(np.float32).copy()
    third = N // 3
    x[:third] = rng.normal(0, 4, third).astype(np.float32)
    x[third : third + 4096] = rng.uniform(-110, 110, 4096)
    x[-16:] = [0, -0.0, np.inf, -np.inf, np.nan, 1, -1, 1e-45, -1e-45, 1.17549435e-38, 3.4028235e38, -3.4028235e38, 0.5, 2, -2, 88.7]
    return x


def errors(got, want):
    """In units of the last place of the reference rounded to f32; infinite where one is NaN, infinite or of the other sign and one is not."""
    with np.errstate(all="ignore"):
        near = want.astype(np.float32)
        ulp = np.maximum(np.spacing(np.abs(near)), np.float32(2.0**-149)).astype(np.float64)
        e = np.abs(got.astype(np.float64) - want) / ulp
    both = (np.isnan(got) & np.isnan(near)) | ((got == near) & ~np.isfinite(near))
    edge = np.isfinite(got) & np.isinf(near) & (np.abs(got) == np.float32(3.4028235e38))  # one step below what rounds to infinity
    e[np.isnan(e)] = np.inf
    e[both] = 0
    e[edge] = 1
    e[~both & ~edge & (np.isfinite(got) != np.isfinite(near))] = np.inf
    return e


QEMU = {"aarch64": ("aarch64-linux-gnu-gcc", ["qemu-aarch64"])}
HARNESS = """#include <stdio.h>
#include "g.h"
static float x[N], z[N], y[N];
static float *load(const char *name, float *v) { FILE *f = fopen(name, "rb"); if (f && fread(v, 4, N, f) != N) return 0; if (f) fclose(f); return v; }
int main(int n, char **a) {
  load(a[1], x); load(a[2], z);
  int r = RUN; FILE *f = fopen(a[3], "wb"); fwrite(y, 4, N, f); return fclose(f) + r; }
"""


class Emulated:
    """The same under qemu: an object file and a main program."""

    def __init__(self, frit, where, graph, two, target, options):
        cc, self.run = QEMU[target]
        o, main, self.exe = (os.path.join(where, n) for n in ("g.o", "main.c", "main"))
        subprocess.run([frit, "compile", graph, "-o", o] + options, check=True)
        open(main, "w").write(HARNESS)
        run = "g_run(x, z, y, 0, 0)" if two else "g_run(x, y, 0, 0)"
        subprocess.run([cc, "-O1", "-static", f"-DN={N}", f"-DRUN={run}", main, o, "-o", self.exe], check=True)

    def __call__(self, files):
        subprocess.run(self.run + [self.exe, files["x"], files["z"], files["y"]], check=True)


class Compiled:
    def __init__(self, frit, where, name, text, options, target):
        two = "z" in text
        graph = os.path.join(where, name + ".graph")
        open(graph, "w").write(f"graph g(x: f32[{N}]{f', z: f32[{N}]' if two else ''}) -> (y: f32[{N}]) {{ y = {text}; }}\n")
        self.so, self.frit, self.where, self.two = os.path.join(where, name + ".so"), frit, where, two
        self.emulated = Emulated(frit, where, graph, two, target, options) if target in QEMU else None
        if not self.emulated:
            subprocess.run([frit, "compile", graph, "-o", self.so] + options, check=True)

    def __call__(self, x, z):
        files = {n: os.path.join(self.where, n + ".f32") for n in "xzy"}
        x.tofile(files["x"])
        z.tofile(files["z"])
        if self.emulated:
            self.emulated(files)
            return np.fromfile(files["y"], np.float32)
        cmd = [self.frit, "run", self.so, "--input", "x=" + files["x"], "--output", "y=" + files["y"]]
        subprocess.run(cmd + (["--input", "z=" + files["z"]] if self.two else []), check=True)
        return np.fromfile(files["y"], np.float32)


def measure(f, ref, most, args):
    """The largest error and its argument."""
    rng = np.random.default_rng(1)
    worst, at, count = 0.0, 0.0, 0
    for c in range((1 << 32) // 61 // N + 1) if args.dense else [None]:
        x = samples(rng) if c is None else (np.arange(c * N, (c + 1) * N, dtype=np.uint64) * 61).astype(np.uint32).view(np.float32)
        z = np.where(rng.random(N) < 0.2, rng.integers(-5, 6, N), rng.normal(0, 8, N)).astype(np.float32)
        if most:
            x = np.where((x >= most[0]) & (x <= most[1]), x, np.float32(0.75))
        y = f(x, z)
        with np.errstate(all="ignore"):
            e = errors(y, ref(x.astype(np.float64), z.astype(np.float64)) if f.two else ref(x.astype(np.float64)))
        k = int(np.argmax(e))
        count += N
        if e[k] > worst:
            worst, at = float(e[k]), (float(x[k]), float(z[k])) if f.two else float(x[k])
    return worst, at, count


def main():
    args, tally = options(math="exact", dense=False, table=False, only=""), Tally()
    if args.target in QEMU and not all(map(shutil.which, (QEMU[args.target][0], QEMU[args.target][1][0]))):
        sys.exit(77)
    with tempfile.TemporaryDirectory() as where:
        for name, text, ref, limit, most in FUNCTIONS:
            if args.only and name not in args.only.split(","):
                continue
            f = Compiled(args.frit, where, name, text, [*args.flags, f"--math={args.math}"], args.target)
            worst, at, count = measure(f, ref, most, args)
            if args.table:
                print(f"| `{text}` | {f'{most[0]:g} … {most[1]:g}' if most else 'all'} | {worst:.2f} | {at} |", flush=True)
            limit = 8 if args.math == "fast" and limit > 0.5 else limit * 1.25 if args.target == "x86-64-v2" else limit  # v2: no fused multiply-add
            tally(worst <= limit, f"{name}: {worst:.2f} ULP at {at} (limit {limit})")
    tally.end()


main()
