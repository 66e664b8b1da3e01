#!/usr/bin/env python3
"""bench.py TABLE [options]: times frit and its peers on the shapes of one table, all in one process a shape, in interleaved rounds.

A row is a Case: a job (harness side: bench.h), a graph (our side), and how much work it is. Everything else is common: compile, load the
engines, compare their results, let the harness hold the clock, print. `run.sh` sets the environment and calls this.
"""
import argparse, ctypes as C, json, math, os, re, struct, subprocess, sys, time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)


class Job(C.Structure):
    _fields_ = [("kind", C.c_char * 16)] + [(f, C.c_int) for f in "m n k constant h w c p q o r s stride pad group".split()] \
             + [(f, C.c_void_p) for f in "x weight bias y".split()]


class Engine(C.Structure):
    _fields_ = [("name", C.c_char * 32), ("run", C.c_void_p), ("fetch", C.c_void_p), ("self", C.c_void_p), ("cold", C.c_void_p), ("cold_bytes", C.c_size_t)]


# ---------------------------------------------------------------- what is timed
class Case:
    """name; the job; the graph's text; sizes (in floats) of x, weight, bias, y; work: flops (share of the FMA peak) or bytes (share of copying)."""
    def __init__(self, name, job, graph, sizes, flops=0, count=1):
        self.name, self.job, self.graph, self.sizes, self.flops, self.count = name, job, graph, sizes, flops, count


SQUARES = [4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048]
GEMMS = """4x64x4 4x64x12 8x64x8 8x64x24 16x64x16 16x64x48
  1x768x768 1x3072x768 1x768x3072 16x768x768 16x3072x768 128x384x384 128x1536x384 128x768x768 128x3072x768 128x128x64 128x64x128
  12544x64x147 3136x64x64 3136x64x576 3136x256x64 784x128x1152 784x512x128 196x256x2304 196x1024x256 49x512x4608 49x2048x512
  12544x16x32 12544x96x16 3136x24x96 3136x144x24 784x32x192 784x192x32 196x64x384 196x384x64 196x96x576 49x160x960 49x960x160 1x1000x1280"""


def gemm(a):
    for m, n, k in [(s, s, s) for s in SQUARES] + [tuple(map(int, s.split("x"))) for s in GEMMS.split()]:
        body = "y[i, j] = sum(k: a[i, k] * w[k, j]); }\n"
        graph = f'weights "w.safetensors";\ngraph g(a: f32[{m}, {k}]) -> (y: f32[{m}, {n}]) {{ param w: f32[{k}, {n}]; {body}' if not a.variable \
            else f"graph g(a: f32[{m}, {k}], w: f32[{k}, {n}]) -> (y: f32[{m}, {n}]) {{ {body}"
        yield Case(f"{m}x{n}x{k}", dict(kind=b"gemm", m=m, n=n, k=k, constant=not a.variable), graph, (m * k, k * n, 0, m * n), 2 * m * n * k)


TABLES = {"gemm": gemm}


# ---------------------------------------------------------------- engines
PEERS = [  # name, source, flags (a library that is not there: the peer is left out); {v}: the venv, {m}: the multiarch folder
    ("OpenBLAS", "blas.c", "-DOPENBLAS -I/usr/include/{m}/openblas-pthread -lopenblas"),
    ("BLIS", "blas.c", "-I/usr/include/{m}/blis-openmp -I/usr/include/{m}/openblas-pthread -lblis"),
    ("libxsmm", "xsmm.c", "-lxsmm -lxsmmnoblas -ldl -lpthread -lm"),
    ("oneDNN", "dnnl.cpp", "-std=c++17 -fno-gnu-unique -I{v}/include {v}/lib/libdnnl.so.3 -Wl,-rpath,{v}/lib"),
    ("oneDNN of Debian", "dnnl.cpp", "-std=c++17 -fno-gnu-unique -ldnnl"),
    ("MKL", "mkl.c", "-I{v}/include {v}/lib/libmkl_rt.so.3 -Wl,-rpath,{v}/lib"),
]
ISA = {"x86-64-v4": "512-bit", "x86-64-v3": "256-bit", "x86-64-v2": "128-bit", "aarch64": "128-bit"}
LIMITS = {  # what holds the peers to our target, or tells them of a CPU that they do not know
    "x86-64-v4": dict(OPENBLAS_CORETYPE="SkylakeX", BLIS_ARCH_TYPE="0"),
    "x86-64-v3": dict(OPENBLAS_CORETYPE="Haswell", BLIS_ARCH_TYPE="3", MKL_ENABLE_INSTRUCTIONS="AVX2", ONEDNN_MAX_CPU_ISA="AVX2", DNNL_MAX_CPU_ISA="AVX2", LIBXSMM_TARGET="hsw"),
}


def fresh(out, *sources):
    return os.path.exists(out) and all(os.path.getmtime(out) > os.path.getmtime(s) for s in sources)


def shared_object(a, name, source, flags):
    """Compiles one of our sources to a .so; None if it does not compile (a peer that is not installed)."""
    out, source = f"{a.out}/{name}.so", f"{HERE}/{source}"
    if not fresh(out, source, f"{HERE}/bench.h"):
        cc = "g++" if source.endswith("cpp") else "gcc"
        if subprocess.run([cc, "-O2", "-shared", "-fPIC", "-Wl,-z,now,-z,defs", source, "-o", out] + flags, capture_output=True).returncode: return None
    return out


def peak_loop_is_clean(so):
    """Twelve FMAs and no operand in memory between the first FMA and the jump back, by objdump."""
    text = subprocess.run(["objdump", "-d", "--no-show-raw-insn", "--disassemble=peak_fma", so], capture_output=True, text=True).stdout
    loop = re.search(r"^[^\n]*(?:v?fmadd|fmla)(?:.*?)\n[^\n]*\s(?:j[a-z]+|b\.?[a-z]+)\s[^\n]*", text, re.M | re.S)
    return bool(loop) and len(re.findall("fmadd|fmla", loop[0])) == 12 and not re.search(r"\(|\[", loop[0])


def build(a):
    """The harness, the peak of the target, and every peer that is there."""
    os.makedirs(a.out, exist_ok=True)
    multi = subprocess.run(["gcc", "-print-multiarch"], capture_output=True, text=True).stdout.strip()
    march = ["-march=" + a.target] if a.target.startswith("x86") else []
    libs = {"harness": shared_object(a, "harness-" + a.target, "harness.c", march), "peak": shared_object(a, "peak-" + a.target, "peak.c", march)}
    if not peak_loop_is_clean(libs["peak"]): sys.exit("bench: the peak loop is not twelve FMAs in registers: see objdump -d --disassemble=peak_fma " + libs["peak"])
    for name, source, flags in PEERS:
        so = shared_object(a, name.replace(" ", "-"), "peers/" + source, flags.format(v=a.peers, m=multi).split())
        if so: libs[name] = so
    return libs


def compile_graph(a, case, printer, weights):
    """Our artefact for one case; compiled anew if the compiler is newer. Returns path, seconds."""
    where = f"{a.out}/{a.table}{'-variable' if a.variable else ''}/{case.name.replace(' ', '_')}"
    graph, so = f"{where}/g.graph", f"{where}/{printer}-{a.target}.so"
    os.makedirs(where, exist_ok=True)
    if os.path.exists(graph) and open(graph).read() == case.graph and fresh(so, a.frit, graph): return so, None
    open(graph, "w").write(case.graph)
    if weights: write_safetensors(f"{where}/w.safetensors", weights)
    start = time.time()
    done = subprocess.run([a.frit, "compile", graph, "-o", so, "--target=" + a.target, "--printer=" + printer], capture_output=True, text=True)
    if weights: os.remove(f"{where}/w.safetensors")
    if done.returncode: raise RuntimeError(f"{case.name}: {done.stderr.strip()}")
    return so, time.time() - start


def write_safetensors(path, tensors):
    """tensors: name -> (shape, pointer, floats)"""
    head, at = {}, 0
    for name, (shape, _, n) in tensors.items():
        head[name] = {"dtype": "F32", "shape": shape, "data_offsets": [at, at + 4 * n]}
        at += 4 * n
    text = json.dumps(head).encode()
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text)
        for _, p, n in tensors.values(): f.write(C.string_at(p, 4 * n))


# ---------------------------------------------------------------- one row, in a process of its own
def measure(a, case, libs):
    h, peak = C.CDLL(libs["harness"]), C.CDLL(libs["peak"])
    h.bench_random.restype = C.c_void_p
    h.bench_error.restype = peak.peak_flops.restype = C.c_double
    x, w, b, y = [h.bench_random(C.c_size_t(n), i + 1) if n else None for i, n in enumerate(case.sizes)]
    job, e, n = Job(x=x, weight=w, bias=b, y=y, **case.job), (Engine * 64)(), 0
    sink = (C.c_float * 1)()
    e[n] = Engine(b"peak", C.cast(peak.peak_fma, C.c_void_p), None, C.cast(sink, C.c_void_p)); n += 1
    params = dict(re.findall(r"param (\w+): f32\[([\d, ]+)\]", case.graph))
    weights = {k: ([int(d) for d in params[k].split(", ")], p, s) for k, p, s in (("w", w, case.sizes[1]), ("b", b, case.sizes[2])) if k in params}
    args = [p for p, name in ((x, "x"), (w, "w"), (b, "b")) if p and name not in params] + [y]
    seconds = {}
    for p in a.printer:
        so, seconds["frit " + p] = compile_graph(a, case, p, weights)
        if not h.bench_ours(so.encode(), b"g", (C.c_void_p * 8)(*args), len(args), C.c_int64(-1), C.byref(e[n])): raise RuntimeError(so + " does not load")
        e[n].name = b"frit " + p.encode(); n += 1
    if a.prepare: return {}
    for name, so in libs.items():
        if name not in ("harness", "peak"): n += C.CDLL(so).engines(C.byref(job), C.byref(e[n]))
    results, errors = [], {}
    for k in range(1, n):
        if "w" not in params and e[k].name.startswith(b"frit") or not e[k].cold_bytes: e[k].cold, e[k].cold_bytes = w, 4 * case.sizes[1]
        C.memset(y, 0xff, 4 * case.sizes[3])
        C.CFUNCTYPE(None, C.c_void_p)(e[k].run)(e[k].self)
        if e[k].fetch: C.CFUNCTYPE(None, C.c_void_p, C.c_void_p)(e[k].fetch)(e[k].self, y)
        results.append(C.string_at(y, 4 * case.sizes[3]))
        errors[e[k].name.decode()] = h.bench_error(results[-1], results[len(a.printer)] if len(results) > len(a.printer) else results[0], C.c_size_t(case.sizes[3]))
    for k, p in enumerate(a.printer):
        errors["frit " + p] = max(h.bench_error(results[k], r, C.c_size_t(case.sizes[3])) for r in results)
    row = {"name": case.name, "flops": case.flops, "count": case.count, "error": errors, "compile_seconds": seconds}
    least, median = (C.c_double * n)(), (C.c_double * n)()
    for how in ("warm", "cold")[:1 + (not a.warm)]:
        rounds = h.bench_time(e, n, a.rounds, C.c_double(a.slice * 1e3), C.c_double(a.budget * 1e9), how == "cold", least, median)
        row[how] = {e[k].name.decode(): {"ns": least[k], "median_ns": median[k]} for k in range(n)}
        row[how]["rounds"] = rounds
    row["peak_gflops"] = peak.peak_flops() / row["warm"]["peak"]["ns"]
    return row


# ---------------------------------------------------------------- the table
def of_peers(times):
    return {k: v["ns"] for k, v in times.items() if k not in ("peak", "rounds") and not k.startswith("frit")}


def print_row(a, row):
    """| shape | for each printer: GFLOP/s, share of the peak, ratio | best peer | cold: ratio | error |"""
    cells, peers = [row["name"]], of_peers(row["warm"])
    best = min(peers, key=peers.get) if peers else None
    for p in a.printer:
        t = row["warm"]["frit " + p]["ns"]
        cells += [f"{row['flops'] / t:.1f}", f"{row['flops'] / t / row['peak_gflops']:.0%}", f"{peers[best] / t:.2f}" if best else "-"]
    cells += [f"{row['flops'] / peers[best]:.1f} {best}" if best else "-"]
    if not a.warm:
        cold = of_peers(row["cold"])
        best = min(cold, key=cold.get) if cold else None
        cells += [f"{row['flops'] / row['cold']['frit ' + p]['ns']:.1f}" + (f" ({cold[best] / row['cold']['frit ' + p]['ns']:.2f})" if best else "") for p in a.printer]
        cells += [f"{row['flops'] / cold[best]:.1f} {best}" if best else "-"]
    cells += [f"{max(row['error']['frit ' + p] for p in a.printer):.0e}"]
    if a.all: cells += [", ".join(f"{k} {row['flops'] / v:.1f}" for k, v in sorted(peers.items(), key=lambda kv: kv[1]))]
    print("| " + " | ".join(cells) + " |", flush=True)


def mean(ratios):
    return math.exp(sum(map(math.log, ratios)) / len(ratios)) if ratios else float("nan")


def print_head(a, libs):
    cpu = next((l.split(":")[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name")), "?") if os.path.exists("/proc/cpuinfo") else "?"
    left_out = [p[0] for p in PEERS if p[0] not in libs]
    print(f"{a.table}, f32, one thread, target {a.target}; GFLOP/s, least of the rounds. {cpu}, {time.strftime('%Y-%m-%d')}, {subprocess.run([a.frit, '--version'], capture_output=True, text=True).stdout.strip()}")
    if left_out: print("left out: " + ", ".join(left_out) + " (not installed: bench/peers.sh)")
    head = ["shape"] + [h for p in a.printer for h in (f"frit {p}", "of peak", "ratio")] + ["best peer"]
    if not a.warm: head += [f"cold, {p}" for p in a.printer] + ["best peer, cold"]
    head += ["error"] + (["all"] if a.all else [])
    print("\n| " + " | ".join(head) + " |\n|" + "---|" * len(head), flush=True)


def print_sums(a, rows):
    peak = [r["peak_gflops"] for r in rows]
    print(f"\nFMA peak, measured beside every row: {min(peak):.0f}..{max(peak):.0f} GFLOP/s")
    for how in ("warm", "cold")[:1 + (not a.warm)]:
        for p in a.printer:
            ratio = {r["name"]: min(of_peers(r[how]).values()) / r[how]["frit " + p]["ns"] for r in rows if of_peers(r[how])}
            below = [f"{k} {v:.2f}" for k, v in ratio.items() if v < 0.97]
            if ratio: print(f"{p}, {how} weights: geometric mean of the ratios {mean(list(ratio.values())):.3f}; below 0.97: {len(below)} of {len(ratio)}" + (f" ({', '.join(below)})" if below else ""))


def main():
    o = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    o.add_argument("table", choices=TABLES)
    o.add_argument("--only", default="", help="shapes whose name matches this regular expression")
    o.add_argument("--printer", default="llvm", type=lambda s: s.split(","), help="llvm, c, or llvm,c")
    o.add_argument("--target", help="a target of `frit targets`; peers are held to it too")
    o.add_argument("--variable", action="store_true", help="gemm: both operands variable")
    o.add_argument("--warm", action="store_true", help="warm weights only")
    o.add_argument("--all", action="store_true", help="name every peer, not only the best")
    o.add_argument("--json", action="store_true", help="print the rows as JSON")
    o.add_argument("--prepare", action="store_true", help="only compile")
    o.add_argument("--rounds", type=int, default=25)
    o.add_argument("--slice", type=float, default=400, help="microseconds an engine runs in one round")
    o.add_argument("--budget", type=float, default=0.7, help="seconds a row, warm and cold each")
    o.add_argument("--frit", default=ROOT + "/build/frit")
    o.add_argument("--out", default=ROOT + "/build/bench")
    o.add_argument("--peers", default=os.environ.get("PEERS", ROOT + "/build/peers"), help="the venv of peers.sh")
    o.add_argument("--case", help=argparse.SUPPRESS)
    a = o.parse_args()
    here = re.search(r"^(\S+).*\(this machine\)", subprocess.run([a.frit, "targets"], capture_output=True, text=True).stdout, re.M)
    a.target = a.target or (here[1] if here else "generic")
    cases = {c.name: c for c in TABLES[a.table](a) if re.search(a.only, c.name)}
    libs = build(a)
    if a.case:
        if hasattr(os, "sched_setaffinity"): os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
        print(json.dumps(measure(a, cases[a.case], libs)))
        return
    if not a.json: print_head(a, libs)
    rows, env = [], {**LIMITS.get(a.target, {}), **os.environ}
    for name in cases:
        done = subprocess.run([sys.executable, __file__] + sys.argv[1:] + ["--case", name], env=env, capture_output=True, text=True)
        if done.returncode: print(f"{name}: {(done.stderr.strip() or 'died').splitlines()[-1]}", file=sys.stderr); continue
        row = json.loads(done.stdout.splitlines()[-1])
        if row: rows.append(row)
        if row and not a.json: print_row(a, row)
    if a.json: print(json.dumps(rows, indent=1))
    elif rows: print_sums(a, rows)


main()
