"""Sums of products of small integers and of bf16, which run in groups where the target has instructions for them. dots.py FRIT [--seed N] [--rounds N]

Every x86 level that this machine has, both printers, against the interpreter: all sizes from 1 to 2 * tile + 1 of each dimension, k that is no
multiple of a group, operands with and without zero points, windows with borders (whose outside is the zero point), strides, and what follows.
Integers must be exact; what is rounded from floats may differ by one.
"""
import argparse, os, random, subprocess, sys, tempfile
from concurrent.futures import ThreadPoolExecutor

LEVELS = {"x86-64-v2": "sse4_2", "x86-64-v3": "avx2", "x86-64-v3-vnni": "avx_vnni", "x86-64-v4": "avx512bw", "x86-64-v4-vnni": "avx512_vnni", "x86-64-v4-bf16": "avx512_bf16"}
# name: type of x, of w, the call; a: [m, k], w: [k, n]
PRODUCTS = {
    "us": ("u8", "i8", "matmul_integer(a, w)"),
    "ss": ("i8", "i8", "matmul_integer(a, w)"),
    "us-zero": ("u8", "i8", "matmul_integer(a, w, u8(131))"),
    "ss-zero": ("i8", "i8", "matmul_integer(a, w, i8(-5))"),
    "uu": ("u8", "u8", "matmul_integer(a, w, u8(7), u8(130))"),
    "hh": ("i16", "i16", "matmul(i32(a), i32(w))"),
    "us-left": ("u8", "i8", "transpose(matmul(transpose(i32(w)), transpose(i32(a))))"),
    "plus": ("u8", "i8", "matmul_integer(a, w) + i32(k0)"),
    "wraps": ("u8", "i8", "matmul(i32(i8(a)), i32(w))"),
    "shared": ("u8", "i8", "matmul(i32(a) - 9, i32(w)) + reduce_sum(i32(a) - 9, axes = [1])"),
    "slice": ("u8", "i8", "matmul(i32(pad(a, pads = [0, -1, 0, 2])) - 3, i32(pad(w, pads = [-1, 0, 2, 0])))"),
    "bf16": ("bf16", "bf16", "sum(k: f32(a[m, k]) * f32(w[k, n]))"),
    "bf16-f32": ("bf16", "bf16", "matmul(f32(a), f32(w))"),
}
# x: [1, h, w, c] u8 or i8, kernel [o, c, r, s]; the options of the window
WINDOWS = ["pads = 1", "pads = 0", "pads = 1, strides = 2", "pads = 2, dilations = 2"]


def product(rng, i, m, n, k):
    kind = rng.choice(list(PRODUCTS))
    x, w, call = PRODUCTS[kind]
    most = {"i8": 127, "u8": 255, "i16": 900}.get(w)
    value = f"{w}((p * 37 + q * 61 + p * q * 11) % {2 * most + 1 if w != 'u8' else 256} - {most if w != 'u8' else 0})" if most else "bf16(((p * 7 + q * 13) % 31 - 15) / 8.0)"
    if kind == "bf16":
        call = call.replace("a[", f"a{i}[").replace("w[", f"w{i}[")
    for name in ("a", "w", "k0"):
        call = call.replace(f"({name},", f"({name}{i},").replace(f"({name})", f"({name}{i})").replace(f" {name},", f" {name}{i},").replace(f" {name})", f" {name}{i})") if name != "k0" else call.replace("k0", f"{k}")
    return [f"a{i}: {x}[{m}, {k}]"], [f"y{i}: {'f32' if w == 'bf16' else 'i32'}[{m}, {n}]"], [f"const w{i}[p < {k}, q < {n}]: {w} = {value};", f"y{i}{'[m, n]' if kind == 'bf16' else ''} = {call};"]


def window(rng, i, h, c, o):
    x, zero = rng.choice([("u8", rng.choice([0, 3, 255])), ("i8", rng.choice([0, -128, 5]))])
    option, r = rng.choice(WINDOWS), rng.choice([1, 3])
    if r == 1:
        option = "pads = 0"
    if "pads = 0" in option or "dilations" in option:
        h = max(h, 5)
    shape = "1, 1" if r == 1 else "3, 3"
    cin = c
    if rng.random() < 0.3:
        option, o, cin = option + f", group = {c}", c, 1
    call = f"conv_integer(transpose(x{i}, perm = [0, 3, 1, 2]), k{i}, {x}({zero}), {option})"
    scaled = f"sat(u8, round(f32({call}) * 0.01) + 3)" if rng.random() < 0.3 else call
    option = option.split(", group")[0]
    p = {"pads = 1": h, "pads = 0": h - r + 1, "pads = 1, strides = 2": (h + 1) // 2, "pads = 2, dilations = 2": h}[option]
    body = [f"const k{i}[o < {o}, c < {cin}, r < {shape.split(',')[0]}, s < {shape.split(',')[1].strip()}]: i8 = i8((o * 37 + c * 61 + r * 5 + s * 3 + o * c) % 255 - 127);",
            f"z{i} = transpose({scaled}, perm = [0, 2, 3, 1]);"]
    if rng.random() < 0.4:                                  # channels outside, as ONNX has them
        body[-1] = f"z{i} = {scaled.replace(f'transpose(x{i}, perm = [0, 3, 1, 2])', f'x{i}')};"
        return [f"x{i}: {x}[1, {c}, {h}, {h}]"], [f"z{i}: {'u8' if scaled != call else 'i32'}[1, {o}, {p}, {p}]"], body
    return [f"x{i}: {x}[1, {h}, {h}, {c}]"], [f"z{i}: {'u8' if scaled != call else 'i32'}[1, {p}, {p}, {o}]"], body


def graph(cases):
    ins, outs, body = [], [], []
    for c in cases:
        ins, outs, body = ins + c[0], outs + c[1], body + c[2]
    return f"graph g({', '.join(ins)}) -> ({', '.join(outs)}) {{\n  " + "\n  ".join(body) + "\n}\n"


def main():
    p = argparse.ArgumentParser()
    p.add_argument("frit")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--rounds", type=int, default=1)
    a = p.parse_args()
    flags = next((line for line in open("/proc/cpuinfo") if line.startswith("flags")), "").split() if os.path.exists("/proc/cpuinfo") else []
    levels = [t for t, f in LEVELS.items() if f in flags] or ["host"]
    print("levels:", *levels)

    def run(job):
        level, printer, cases = job
        with tempfile.TemporaryDirectory() as where:
            path = os.path.join(where, "g.graph")
            open(path, "w").write(graph(cases))
            r = subprocess.run([a.frit, "check", path, "--target", level, "--printer", printer], capture_output=True, text=True, timeout=600)
            dump = subprocess.run([a.frit, "compile", path, "--target", level, "--dump-ir=schedule"], capture_output=True, text=True, timeout=600).stdout
            grouped = dump.count("_q+)")
            ok = r.returncode == 0 and grouped > len(cases) // 4
            if not ok:
                print(f"{level} {printer}: {graph(cases)}{grouped} in groups\nexit {r.returncode}\n{(r.stdout + r.stderr)[-1500:]}")
            return ok

    jobs = []
    for r in range(a.rounds):
        for level in levels:
            for printer in ("llvm", "c"):
                rng = random.Random(f"{a.seed} {r} {level} {printer}")
                lanes = 16 if "v4" in level or level == "host" else 8 if "v3" in level else 4
                ns = [1 + (7 * k + rng.randrange(6 * lanes + 1)) % (6 * lanes + 1) for k in range(24)]
                cases = [product(rng, i, rng.randrange(1, 30), n, rng.randrange(1, 22)) for i, n in enumerate(ns)]
                cases += [window(rng, 100 + i, rng.randrange(3, 18), rng.choice([1, 3, 4, 5, 8, 13]), rng.randrange(1, 3 * lanes)) for i in range(8)]
                jobs.append((level, printer, cases))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        ok = list(pool.map(run, jobs))
    print(f"{sum(ok)} passed, {len(ok) - sum(ok)} failed")
    sys.exit(not all(ok))


main()
