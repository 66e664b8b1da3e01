"""Who is timed: the harness and the peers, compiled as far as they are installed; our artefacts; NumPy and PyTorch."""
import ctypes as C, os, re, subprocess, sys, time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(HERE, "..", "tests"))
from common import write_weights


class Job(C.Structure):                # bench.h
    _fields_ = [("kind", C.c_char * 16)] + [(f, C.c_int) for f in "m n k constant h w c p q o r s stride pad group".split()] \
             + [(f, C.c_void_p) for f in ("x", "weight", "bias", "y")]


class Engine(C.Structure):
    _fields_ = [("name", C.c_char * 32), ("run", C.c_void_p), ("fetch", C.c_void_p), ("self", C.c_void_p), ("cold", C.c_void_p), ("cold_bytes", C.c_size_t)]


PEERS = [  # name, source, flags; {v}: the venv of peers.sh, {m}: Debian's folder for this architecture
    ("OpenBLAS", "blas.c", "-DOPENBLAS -I/usr/include/{m}/openblas-pthread -lopenblas"),
    ("BLIS", "blas.c", "-I/usr/include/{m}/blis-openmp -I/usr/include/{m}/openblas-pthread -lblis"),
    ("libxsmm", "xsmm.c", "-lxsmm -lxsmmnoblas -ldl -lpthread -lm"),
    ("oneDNN", "dnnl.cpp", "-std=c++17 -fno-gnu-unique -I{v}/include {v}/lib/libdnnl.so.3 -Wl,-rpath,{v}/lib"),
    ("oneDNN of Debian", "dnnl.cpp", "-std=c++17 -fno-gnu-unique -ldnnl"),
    ("MKL", "mkl.c", "-I{v}/include {v}/lib/libmkl_rt.so.3 -Wl,-rpath,{v}/lib"),
]
LIMITS = {  # holds the peers to our target, and names it to those that do not know the CPU
    "x86-64-v4": dict(OPENBLAS_CORETYPE="SkylakeX", BLIS_ARCH_TYPE="0"),
    "x86-64-v3": dict(OPENBLAS_CORETYPE="Haswell", BLIS_ARCH_TYPE="3", MKL_ENABLE_INSTRUCTIONS="AVX2", ONEDNN_MAX_CPU_ISA="AVX2", DNNL_MAX_CPU_ISA="AVX2", LIBXSMM_TARGET="hsw",
                      NPY_DISABLE_CPU_FEATURES="AVX512F AVX512CD AVX512_SKX"),
}


def level(target):
    """x86-64-v4 of x86-64-v4-bf16: what compilers and peers know."""
    return re.sub(r"^(x86-64-v\d).*", r"\1", target)


def fresh(out, *sources):
    return os.path.exists(out) and all(os.path.getmtime(out) > os.path.getmtime(s) for s in sources)


def shared_object(a, name, source, flags):
    """One of our sources as a .so; None if it does not compile: a peer that is not installed."""
    out, source = f"{a.out}/{name}.so", f"{HERE}/{source}"
    if not fresh(out, source, f"{HERE}/bench.h"):
        cc = "g++" if source.endswith("cpp") else "gcc"
        if subprocess.run([cc, "-O2", "-shared", "-fPIC", "-Wl,-z,now,-z,defs", source, "-o", out] + flags, capture_output=True).returncode: return None
    return out


def peak_loop_is_clean(so):
    """Twelve FMAs from the first to the jump back, none with an operand in memory."""
    text = subprocess.run(["objdump", "-d", "--no-show-raw-insn", "--disassemble=peak_fma", so], capture_output=True, text=True).stdout
    loop = re.search(r"^[^\n]*(?:fmadd|fmla).*?\n[^\n]*\s(?:j[a-z]+|b\.[a-z]+)\s", text, re.M | re.S)
    return bool(loop) and len(re.findall("fmadd|fmla", loop[0])) == 12 and not re.search(r"\(|\[", loop[0])


def build(a):
    os.makedirs(a.out, exist_ok=True)
    multi = subprocess.run(["gcc", "-print-multiarch"], capture_output=True, text=True).stdout.strip()
    march = ["-march=" + level(a.target)] if a.target.startswith("x86") else []
    libs = {"harness": shared_object(a, "harness-" + a.target, "harness.c", march), "peak": shared_object(a, "peak-" + a.target, "peak.c", march)}
    if not peak_loop_is_clean(libs["peak"]): sys.exit("bench: the peak loop is not twelve FMAs in registers: objdump -d --disassemble=peak_fma " + libs["peak"])
    for name, source, flags in PEERS:
        so = shared_object(a, name.replace(" ", "-"), "peers/" + source, flags.format(v=a.peers, m=multi).split())
        if so: libs[name] = so
    return libs


def compile_model(a, model, so, printer):
    start = time.time()
    done = subprocess.run([a.frit, "compile", model, "-o", so, "--target=" + a.target, "--printer=" + printer], capture_output=True, text=True)
    if done.returncode: raise RuntimeError(f"{model}: {done.stderr.strip()}")
    return time.time() - start


def artefact(a, case, printer, weights):
    """Path of our .so for a case, and the seconds that compiling took (None: it was there, no older than the compiler).
    weights: name -> (shape, pointer, number of floats)."""
    where = f"{a.out}/{a.table}{'-variable' if a.variable else ''}/{re.sub('[^A-Za-z0-9.]+', '_', case.name)}"
    graph, so = f"{where}/g.graph", f"{where}/{printer}-{a.target}.so"
    os.makedirs(where, exist_ok=True)
    if os.path.exists(graph) and open(graph).read() == case.graph and fresh(so, a.frit, graph): return so, None
    with open(graph, "w") as f: f.write(case.graph)
    if weights: write_weights(f"{where}/w.safetensors", {k: (shape, (C.c_float * n).from_address(p)) for k, (shape, p, n) in weights.items()})
    seconds = compile_model(a, graph, so, printer)
    if weights: os.remove(f"{where}/w.safetensors")
    return so, seconds


# ---------------------------------------------------------------- NumPy and PyTorch: a call from the harness into Python costs about a microsecond
def numpy_way(kind, x, w, b, y):
    try: import numpy as np
    except ImportError: return None
    eps = np.float32(1e-5)

    def softmax():
        np.subtract(x, x.max(1, keepdims=True), out=y); np.exp(y, out=y); np.divide(y, y.sum(1, keepdims=True), out=y)

    def log_softmax():
        np.subtract(x, x.max(1, keepdims=True), out=y); np.subtract(y, np.log(np.exp(y).sum(1, keepdims=True)), out=y)

    def layer_norm():
        np.subtract(x, x.mean(1, keepdims=True), out=y); np.multiply(y, 1 / np.sqrt(np.square(y).mean(1, keepdims=True) + eps), out=y)
        np.multiply(y, w, out=y); np.add(y, b, out=y)

    def rms_norm():
        np.multiply(x, 1 / np.sqrt(np.square(x).mean(1, keepdims=True) + eps), out=y); np.multiply(y, w, out=y)

    ways = {"gemm": lambda: np.matmul(x, w, out=y), "softmax": softmax, "log_softmax": log_softmax, "layer_norm": layer_norm, "rms_norm": rms_norm, "arg_max": lambda: np.argmax(x, 1, out=y)}
    return "NumPy", ways.get(kind)


def torch_way(kind, x, w, b, y):
    if kind == "gemm": return None                                 # a second to load, and its library is one of the others
    try: import torch
    except Exception: return None
    torch.set_num_threads(1); torch.set_grad_enabled(False)
    types = {"float32": torch.float32, "int64": torch.int64}       # not from_numpy: the two packages may not fit each other
    x, w, b, y = [torch.frombuffer(v.data, dtype=types[v.dtype.name]).reshape(v.shape) if v is not None else None for v in (x, w, b, y)]
    rest = [torch.empty(x.shape[0], 1), torch.empty(x.shape[0], 1)]
    ways = {"softmax": lambda: torch._softmax(x, 1, False, out=y), "log_softmax": lambda: torch._log_softmax(x, 1, False, out=y),
            "layer_norm": lambda: torch.ops.aten.native_layer_norm.out(x, x.shape[1:], w, b, 1e-5, out0=y, out1=rest[0], out2=rest[1]), "arg_max": lambda: torch.argmax(x, 1, out=y)}
    return "PyTorch", ways.get(kind)


def python_engines(job):
    """The engines, and what has to stay alive."""
    try: import numpy as np
    except ImportError: return []
    kind, m, n = job.kind.decode(), job.m, job.n
    view = lambda p, *shape: np.ctypeslib.as_array(C.cast(p, C.POINTER(C.c_float)), shape) if p else None
    x, w, b = (view(job.x, m, job.k), view(job.weight, job.k, n), None) if kind == "gemm" else (view(job.x, m, n), view(job.weight, n), view(job.bias, n)) if m else (None, None, None)
    if x is None: return []
    y = np.ctypeslib.as_array(C.cast(job.y, C.POINTER(C.c_int64)), (m,)) if kind == "arg_max" else view(job.y, m, n)
    found = []
    for way in numpy_way(kind, x, w, b, y), torch_way(kind, x, w, b, y):
        if not way or not way[1]: continue
        way[1]()                                                   # what it raises is lost once C calls it
        call = C.CFUNCTYPE(None, C.c_void_p)(lambda _, f=way[1]: (f(), None)[1])
        found.append((Engine(way[0].encode(), C.cast(call, C.c_void_p)), call))
    return found
