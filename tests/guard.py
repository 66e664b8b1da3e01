"""Guard pages around every buffer: the cases of ops.txt and products of odd sizes as artefacts for each level of x86-64. guard.py FRIT TEST_GUARD [--step N]"""
import glob, os, re, subprocess, sys, tempfile
from concurrent.futures import ThreadPoolExecutor

frit, guard = sys.argv[1:3]
step = int(sys.argv[4]) if len(sys.argv) > 4 else 1
here = os.path.dirname(os.path.abspath(__file__))
host = next((l.split()[0] for l in subprocess.run([frit, "targets"], capture_output=True, text=True).stdout.splitlines() if "this machine" in l), "")
levels = [t for t in ("x86-64-v2", "x86-64-v3", "x86-64-v4") if t < host] + [host]


def graphs():
    for line in open(os.path.join(here, "ops.txt")):
        if line.strip() and not line.startswith("#"):
            _, ins, tail = line.split(";", 2)
            stmts, results = tail.rsplit(";", 1)
            for n in ("1", "13", "35"):
                yield re.sub(r"(?<![A-Za-z0-9_])N(?![A-Za-z0-9_])", n, f"graph g({ins.strip()}) -> ({results.strip()}) {{\n  {stmts.strip()};\n}}\n")
    for m, n, k in ((1, 1, 1), (3, 5, 7), (1, 33, 65), (17, 31, 15), (23, 49, 9), (15, 1, 33), (29, 97, 3)):
        yield f"graph g(a: f32[{m}, {k}], b: f32[{k}, {n}], d: f32[{n}]) -> (c: f32[{m}, {n}]) {{ c = relu(matmul(a, b) + d); }}\n"
        yield f"graph g(x: f32[1, {m}, {n}, {k}], w: f32[5, {m}, 3, 3]) -> (y: f32[1, 5, {n}, {k}]) {{ y = tanh(conv(x, w, pads = 1)); }}\n"
        for x in ("u8", "i8", "i16"):
            yield f"graph g(a: {x}[{m}, {k}]) -> (c: i32[{m}, {n}]) {{ const w[p < {k}, q < {n}]: i8 = i8(p - q); c = matmul(i32(a) - 3, i32(w)); }}\n"
        yield f"graph g(x: u8[1, {m}, {n}, {k}]) -> (y: u8[1, {m}, {n}, 5]) {{ const w[o < 5, c < {k}, r < 3, s < 3]: i8 = i8(o - c + r); " \
              "y = transpose(sat(u8, conv_integer(transpose(x, perm = [0, 3, 1, 2]), w, u8(3), pads = 1)), perm = [0, 2, 3, 1]); }\n"
    for f in sorted(glob.glob(os.path.join(here, "..", "examples", "*", "*.graph"))):
        text = open(f).read()
        if "weights" not in text:
            yield re.sub(r"graph \w+\(", "graph g(", text)


    for n in (16, 35, 96):                                   # stores past the caches, at every alignment
        yield f"""stage schedule;
graph g(x: f32[3, {n}]) -> (y: f32[3, {n}]) {{
  kernel k0 "past" (x) -> (y: f32[3, {n}]) {{
    y[i < 3, j < {n}]: f32 = max(x[i, j], 0) * 3;
    schedule {{ let y past; for i/1 {{ y(j~); }} }}
  }}
}}
"""


def compile_one(job):
    k, text, where = job
    path, so = f"{where}/g{k}.graph", f"{where}/g{k}.so"
    open(path, "w").write(text)
    printer = "c" if k % 12 == 0 else "llvm"
    r = subprocess.run([frit, "compile", path, f"--target={levels[k % len(levels)]}", f"--printer={printer}", "-o", so], capture_output=True, text=True)
    return so if r.returncode == 0 else print(f"{text}{r.stderr}") or None


with tempfile.TemporaryDirectory() as where:
    jobs = [(k, t, where) for k, t in enumerate(dict.fromkeys(graphs())) if k % step == 0]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        files = list(pool.map(compile_one, jobs))
    failed = files.count(None)
    r = subprocess.run([guard, *[f for f in files if f]], capture_output=True, text=True)
    last = r.stdout.splitlines()[-1:] or ["nothing was run"]
    if r.returncode:
        k = int(re.search(r"/g(\d+)\.so", [l for l in r.stdout.splitlines() if ".so" in l][-1])[1])
        print("\n".join(l for l in r.stdout.splitlines() if "outputs" in l or "cannot" in l), f"\nexit {r.returncode}; the last was for {levels[k % len(levels)]}:\n", open(f"{where}/g{k}.graph").read())
    print(f"{failed} did not compile" if failed else last[0])
    sys.exit(failed > 0 or r.returncode != 0)
