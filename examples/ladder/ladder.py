"""The ladder: builds each rung, checks its result, times it (or counts its instructions under qemu), prints a table and draws it. See README.md."""
import argparse, math, os, random, re, shutil, signal, subprocess, sys, time
import loops

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
FRIT = os.environ.get("FRIT", ROOT + "/build/frit")
RUNGS = [  # name, file, more flags
    ("Python", "loops.py", ""), ("NumPy", "", ""), ("naive C", "naive.c", ""), ("loop order", "order.c", ""), ("SIMD", "simd.c", ""), ("unrolled", "unrolled.c", ""),
    ("blocked", "blocked.c", ""), ("threads", "threads.c", ""), ("frit", "matmul.graph", ""), ("frit threads", "matmul.graph", "-DTHREADS=2")]
PLAIN = ["-O2", "-fno-tree-vectorize", "-Wall", "-Wextra"]       # the compiler shall not take a rung before we do
TARGETS = {  # compiler, linker, how to run
    "native": (["gcc", "-march=native"] + PLAIN, ["gcc", "-pthread"], []),
    "aarch64": (["aarch64-linux-gnu-gcc"] + PLAIN, ["aarch64-linux-gnu-gcc", "-static", "-pthread"], ["qemu-aarch64"]),
    "riscv64v": (["clang-19", "--target=riscv64-linux-gnu", "-march=rv64gcv_zvl256b", "-mrvv-vector-bits=256", "-isystem", "/usr/riscv64-linux-gnu/include", "-fno-vectorize", "-fno-slp-vectorize"] + PLAIN,
                 ["riscv64-linux-gnu-gcc", "-static", "-pthread"], ["qemu-riscv64", "-cpu", "rv64,v=true,vlen=256,elen=64,vext_spec=v1.0"])}


def sh(cmd):
    done = subprocess.run(cmd, capture_output=True, text=True)
    if done.returncode: sys.exit(f"ladder: {' '.join(cmd)}\n{done.stderr}")
    return done.stdout


def lines(file):
    """Lines of code: no comments, no blank lines; what a file includes is not counted."""
    return sum(1 for l in open(f"{HERE}/{file}") if l.strip() and not re.match(r"\s*(/\*|\*|#[^idep]|# )", l)) if file else 1


def build(a, file, flags):
    """The program of one rung; our graph becomes an object first."""
    cc, ld, _ = TARGETS[a.target]
    sources, objects = [f"{HERE}/main.c", f"{ROOT}/bench/peak.c", f"{HERE}/{file}"], []
    if file.endswith(".graph"):
        with open(a.out + "/product.graph", "w") as f: f.write(re.sub(r"\b64\b(?=[],])", str(a.size), open(f"{HERE}/{file}").read()))
        sh([FRIT, "compile", a.out + "/product.graph", "-o", a.out + "/product.o"] + ([f"--target={a.target}"] if a.target != "native" else []) + (["--threads=2"] if flags else []))
        sources[2:] = [f"{HERE}/frit.c"] + ([f"{ROOT}/runtime/pool.c"] if flags else [])
        objects = [a.out + "/product.o"]
    for s in sources:
        objects.append(f"{a.out}/{os.path.basename(s)}.o")
        sh(cc + flags.split() + ["-I" + a.out, "-c", s, "-o", objects[-1]])
    sh(ld + objects + ["-o", f"{a.out}/rung"])
    return f"{a.out}/rung"


def in_python(a, file):
    """The two rungs in Python: nanoseconds for the whole product, the error, and no peak."""
    x, w = [[[random.uniform(-1, 1) for _ in range(a.size)] for _ in range(a.size)] for _ in range(2)]
    if file:
        rows = max(1, min(a.size, 3000000 // a.size**2))
        start = time.perf_counter(); y = loops.matmul(a.size, x, w, rows); t = time.perf_counter() - start
        return t * 1e9 * a.size / rows, max(abs(y[0][j] - math.fsum(x[0][k] * w[k][j] for k in range(a.size))) for j in range(8)), 0
    import numpy as np
    x, w, least = np.array(x, np.float32), np.array(w, np.float32), 1e30
    for _ in range(20):
        start = time.perf_counter(); y = x @ w; least = min(least, time.perf_counter() - start)
    return least * 1e9, float(abs(y - x.astype(float) @ w.astype(float)).max()), 0


def native(a, file, flags):
    return map(float, sh([build(a, file, flags), str(a.size), "0"]).split())


def counted(a, file, flags):
    """Instructions of one call: of two calls less those of one."""
    run, counts = TARGETS[a.target][2] + ["-plugin", a.out + "/count.so", "-d", "plugin", "-D", a.out + "/log"], []
    program = build(a, file, flags)
    for calls in "12":
        error = float(sh(run + [program, str(a.size), calls]))
        counts.append(int(re.search(r"all (\d+)", open(a.out + "/log").read())[1]))
    return counts[1] - counts[0], error, 0


def draw(path, title, rows, unit):
    """A bar a rung, the scale logarithmic."""
    low, high = math.log10(min(v for _, v in rows)) - 0.3, math.log10(max(v for _, v in rows))
    with open(path, "w") as f:
        f.write(f'<svg xmlns="http://www.w3.org/2000/svg" width="720" height="{50 + 30 * len(rows)}" font-family="sans-serif" font-size="14">\n<text x="10" y="24" font-weight="bold">{title}</text>\n')
        for k, (name, v) in enumerate(rows):
            long, y = 440 * (math.log10(v) - low) / (high - low), 40 + 30 * k
            f.write(f'<text x="110" y="{y + 16}" text-anchor="end">{name}</text><rect x="120" y="{y}" width="{long:.0f}" height="22" fill="{"#c33" if name.startswith("frit") else "#48a"}"/>'
                    f'<text x="{125 + long:.0f}" y="{y + 16}">{v:.3g} {unit}</text>\n')
        f.write("</svg>\n")


def climb(a):
    """Measures, prints and returns the rungs: name, GFLOP/s or flops an instruction."""
    unit, flops, rows, failed = ("GFLOP/s" if a.target == "native" else "flop/insn"), 2 * a.size**3, [], False
    print(f"## ladder\ny = x w, {a.size} x {a.size}, f32, {a.target}\n\n| rung | {'seconds' if a.target == 'native' else 'instructions'} | {unit} | gain | {'of peak | ' if a.target == 'native' else ''}lines | error |\n|---|---|---|---|---|---|{'---|' if a.target == 'native' else ''}")
    for name, file, flags in RUNGS:
        if a.rungs and name.replace(" ", "-") not in a.rungs or a.target != "native" and (not file.endswith((".c", ".graph")) or "threads" in name): continue
        try: cost, error, peak = in_python(a, file) if not file.endswith((".c", ".graph")) else (native if a.target == "native" else counted)(a, file, flags)
        except ImportError as e: print(f"| {name} | left out: {e} |"); continue
        rate = flops / cost
        before = [r for n, r in rows if "threads" not in n]
        gain = f"{rate / before[-1]:.3g}" if before else ""
        share = (f"{rate / peak / (2 if 'threads' in name else 1):.0%}" if peak else "") + " | " if a.target == "native" else ""
        print(f"| {name} | {cost / 1e9 if a.target == 'native' else cost:.4g} | {rate:.3g} | {gain} | {share}{lines(file)} | {error:.0e} |", flush=True)
        rows.append((name, rate))
        failed |= not error <= 1e-6 * a.size
    draw(f"{ROOT}/build/ladder{'' if a.target == 'native' else '-' + a.target}.svg", f"y = x w, {a.size} x {a.size}, f32: {unit}", rows, unit)
    return failed


def main():
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    o = argparse.ArgumentParser(description=__doc__)
    o.add_argument("rungs", nargs="*", help="only these: naive-C, loop-order, SIMD ...")
    o.add_argument("--size", type=int, default=0, help="a multiple of 96 (960; under qemu 96)")
    o.add_argument("--target", default="native", choices=TARGETS)
    a = o.parse_args()
    a.size, a.out = a.size or (960 if a.target == "native" else 96), f"{ROOT}/build/ladder-{a.target}"
    if a.size % 96: sys.exit("ladder: the size has to be a multiple of 96: the tiles of the rungs have no edges (frit's have)")
    missing = [t for t in [TARGETS[a.target][0][0], TARGETS[a.target][1][0]] + TARGETS[a.target][2][:1] if not shutil.which(t)]
    if missing: print(f"ladder: not installed: {', '.join(missing)}"); sys.exit(77)
    os.makedirs(a.out, exist_ok=True)
    if a.target != "native": sh(["gcc", "-O2", "-shared", "-fPIC", ROOT + "/tests/cross/count.c", "-o", a.out + "/count.so"])
    failed = climb(a)
    if os.path.exists(a.out + "/product.graph"):
        print("\nHow frit took the rungs (`frit compile product.graph --dump-ir=schedule`):\n")
        print(re.sub("(?m)^", "    ", sh([FRIT, "compile", a.out + "/product.graph", "--dump-ir=schedule"] + ([f"--target={a.target}"] if a.target != "native" else [])).rstrip()))
    sys.exit("ladder: a result is wrong" if failed else 0)


main()
