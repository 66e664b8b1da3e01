#!/usr/bin/env python3
"""bench.py TABLE [options]: times frit and its peers on the cases of one table: all engines of a case in one process, in interleaved rounds.
cases.py says what, engines.py who, table.py prints, harness.c holds the clock; here a row is measured. run.sh sets the environment and calls this."""
import argparse, ctypes as C, json, os, re, signal, subprocess, sys
from cases import TABLES
from engines import HERE, LIMITS, Engine, Job, artefact, build, compile_model, fresh, level, python_engines
from table import machine, print_head, print_row, print_stream, print_sums

ROOT = os.path.dirname(HERE)


# ---------------------------------------------------------------- one row, in a process of its own
class Bench:
    def __init__(self, a, libs):
        self.a, self.h, self.peak = a, C.CDLL(libs["harness"]), C.CDLL(libs["peak"])
        self.h.bench_random.restype = C.c_void_p
        self.h.bench_error.restype = self.peak.peak_flops.restype = C.c_double
        self.sink, self.e, self.n, self.keep = (C.c_float * 1)(), (Engine * 64)(), 0, []
        self.add(Engine(b"peak", C.cast(self.peak.peak_fma, C.c_void_p), None, C.cast(self.sink, C.c_void_p)))

    def at(self): return C.byref(self.e, self.n * C.sizeof(Engine))

    def add(self, engine):
        self.e[self.n] = engine
        self.n += 1

    def ours(self, so, name, args, dim=-1):
        if not self.h.bench_ours(so.encode(), (C.c_void_p * 8)(*args), len(args), C.c_int64(dim), self.at()): raise RuntimeError(so + " does not load")
        self.e[self.n].name = name.encode()
        self.n += 1

    def random(self, n, seed): return self.h.bench_random(C.c_size_t(n), seed) if n else None

    def result(self, k, y, bytes):
        C.memset(y, 0xff, bytes)
        C.CFUNCTYPE(None, C.c_void_p)(self.e[k].run)(self.e[k].self)
        if self.e[k].fetch: C.CFUNCTYPE(None, C.c_void_p, C.c_void_p)(self.e[k].fetch)(self.e[k].self, y)
        return C.string_at(y, bytes)

    def time(self, cold):
        ns = (C.c_double * (self.n * self.a.rounds))()
        rounds = self.h.bench_time(self.e, self.n, self.a.rounds, C.c_double(self.a.slice * 1e3), C.c_double(self.a.budget * 1e9), cold, ns)
        each = {self.e[k].name.decode(): [ns[r * self.n + k] for r in range(rounds)] for k in range(self.n)}
        return {name: {"ns": min(v), "median_ns": sorted(v)[rounds // 2]} for name, v in each.items()}


def measure(a, case, libs):
    b = Bench(a, libs)
    x, w, bias, y = [b.random(n, seed + 1) for seed, n in enumerate(case.sizes)]
    if case.limit == "copy": b.n += b.h.bench_copy(C.c_void_p(y), C.c_void_p(x), C.c_size_t(case.sizes[0]), b.at())
    if case.limit != "peak": b.n += b.h.bench_read(C.c_void_p(x), C.c_size_t(case.sizes[0]), b.at())
    params, first, seconds = dict(re.findall(r"param (\w+): f32\[([\d, ]+)\]", case.graph)), b.n, {}
    weights = {k: ([int(d) for d in params[k].split(", ")], p, n) for k, p, n in (("w", w, case.sizes[1]), ("b", bias, case.sizes[2])) if k in params}
    for p in a.printer:
        so, seconds[p] = artefact(a, case, p, weights)
        b.ours(so, "frit " + p, [v for v, name in ((x, "x"), (w, "w"), (bias, "b"), (y, "y")) if v and name not in params])
    if a.prepare: return None
    job = Job(x=x, weight=w, bias=bias, y=y, **case.job)
    for name, so in libs.items():
        if name not in ("harness", "peak"): b.n += C.CDLL(so).engines(C.byref(job), b.at())
    for engine, call in python_engines(job): b.keep.append(call); b.add(engine)
    for k in range(first, b.n):
        if "w" not in params and k < first + len(a.printer) or not b.e[k].cold_bytes: b.e[k].cold, b.e[k].cold_bytes = w, 4 * case.sizes[1]
    results = [b.result(k, y, 4 * case.sizes[3]) for k in range(first, b.n)]
    differ = (lambda v, r: float(v != r)) if "i64" in case.graph else lambda v, r: b.h.bench_error(v, r, C.c_size_t(case.sizes[3]))
    error = {p: max((differ(results[k], r) for r in results), key=lambda v: (v != v, v)) for k, p in enumerate(a.printer)}
    return {"name": case.name, "work": case.work, "limit": case.limit, "groups": case.groups, "error": error, "compile_seconds": seconds,
            "peak_flops": b.peak.peak_flops(), **{how: b.time(how == "cold") for how in a.weights}}


def measure_stream(a, case, libs):
    """The model at each block size, tanh on an array in L1, the peak."""
    b, path = Bench(a, libs), os.path.join(ROOT, case.graph)
    if not os.path.exists(path): return {"name": case.name, "skipped": "not here"}
    x, y = b.random(4096, 1), b.random(4096, 2)
    so = f"{a.out}/stream/tanh-{a.target}.so"
    os.makedirs(os.path.dirname(so), exist_ok=True)
    with open(so[:-2] + "graph", "w") as f: f.write("graph tanhs(x: f32[4096]) -> (y: f32[4096]) { y[i] = tanh(x[i]); }\n")
    compile_model(a, so[:-2] + "graph", so, "llvm")
    b.ours(so, "tanh", [x, y])
    for p in a.printer:
        so = f"{a.out}/stream/{os.path.basename(path)}-{p}-{a.target}.so"
        if not fresh(so, a.frit, path): compile_model(a, path, so, p)
        for block in case.blocks: b.ours(so, f"{p} {block}", [x, y], block)
    return {"name": case.name, "work": case.work, "blocks": case.blocks, "tanh": case.tanh, "peak_flops": b.peak.peak_flops(), "warm": b.time(0)}


def run(a, name, env):
    """The row of one case, from a.runs processes: memory lies elsewhere in each, which is worth several percent to either side."""
    rows = []
    for _ in range(a.runs):
        done = subprocess.run([sys.executable, __file__] + sys.argv[1:] + ["--case", name], env=env, capture_output=True, text=True)
        if done.returncode: print(f"{name}: {(done.stderr.strip() or 'died').splitlines()[-1]}", file=sys.stderr); return None
        rows.append(json.loads(done.stdout.splitlines()[-1]))
        if not rows[0] or "warm" not in rows[0]: break
    for row in rows[1:]:
        for how in a.weights:
            for engine, t in row[how].items():
                for key in t: rows[0][how][engine][key] = min(t[key], rows[0][how][engine][key])
    return rows[0]


# ---------------------------------------------------------------- the command
def options():
    o = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    o.add_argument("table", choices=TABLES)
    o.add_argument("--only", default="", metavar="RE", help="cases whose name matches this regular expression")
    o.add_argument("--printer", default="llvm", type=lambda s: s.split(","), help="llvm, c, or llvm,c")
    o.add_argument("--target", help="a target of `frit targets` that runs here; peers are held to it too")
    o.add_argument("--variable", action="store_true", help="gemm: both operands variable")
    o.add_argument("--weights", default=None, type=lambda s: s.split(","), help="warm or warm,cold (gemm and conv; the default)")
    o.add_argument("--all", action="store_true", help="name every peer, not only the best")
    o.add_argument("--json", action="store_true", help="print the rows as JSON, every engine with least and median")
    o.add_argument("--prepare", action="store_true", help="only compile")
    o.add_argument("--runs", type=int, default=2, help="processes a row, the least of all counts")
    o.add_argument("--rounds", type=int, default=100)
    o.add_argument("--slice", type=float, default=400, help="microseconds an engine runs in one round")
    o.add_argument("--budget", type=float, default=0.4, help="seconds a process, warm and cold each")
    o.add_argument("--frit", default=os.environ.get("FRIT", ROOT + "/build/frit"))
    o.add_argument("--out", default=ROOT + "/build/bench")
    o.add_argument("--peers", default=os.environ.get("PEERS", ROOT + "/build/peers"), help="the venv of peers.sh")
    o.add_argument("--case", help=argparse.SUPPRESS)
    a = o.parse_args()
    here = re.search(r"^(\S+).*\(this machine\)", subprocess.run([a.frit, "targets"], capture_output=True, text=True).stdout, re.M)
    a.target = a.target or (here[1] if here else "generic")
    a.weights = (a.weights or ["warm", "cold"]) if a.table in ("gemm", "conv") else ["warm"]
    return a


def main():
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    a = options()
    libs, cases = build(a), {c.name: c for c in TABLES[a.table](a.variable) if re.search(a.only, c.name)}
    if a.case:
        if hasattr(os, "sched_setaffinity"): os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
        print(json.dumps((measure_stream if a.table == "stream" else measure)(a, cases[a.case], libs)))
        return
    if not a.json: print_head(a, libs)
    rows, env = [], {**LIMITS.get(level(a.target), {}), **os.environ}
    for name in cases:
        row = run(a, name, env)
        if row: rows.append(row)
        if row and not a.json: (print_stream if a.table == "stream" else print_row)(a, row)
    if a.json: print(json.dumps({"machine": machine(a), "rows": rows}, indent=1))
    elif rows and a.table != "stream": print_sums(a, rows)


main()
