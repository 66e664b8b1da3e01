"""Files that mean harm: every one must give an error (exit 1, words on standard error), no crash, no hang, no output file. hostile.py FRIT

FRIT is the build with ASan and UBSan. Truncations of good files at every kind of place, huge counts, offsets past the end, deep nesting.
"""
import json, os, random, struct, subprocess, sys, tempfile
from common import Tally, run, safetensors

frit = sys.argv[1]
root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
if not os.path.exists(frit):
    print("the sanitized build is absent: run scripts/test.sh")
    sys.exit(1)
tally = Tally()


def expect(name, args, where, codes=(1, 3)):
    before = set(os.listdir(where))
    rc, _, said = run([frit, *args], timeout=60, cwd=where, stdin=subprocess.DEVNULL)
    left = set(os.listdir(where)) - before
    ok = rc in codes and (rc == 0 or ": error: " in said or "error: " in said or said.startswith("frit: ")) and "Sanitizer" not in said and "runtime error" not in said and "internal error" not in said and not (left and rc)
    tally(ok, f"{name}: exit {rc}, left {left}\n{said[-1500:]}")
    for f in left:
        os.unlink(os.path.join(where, f))


GRAPH = 'weights "w.safetensors";\ngraph g(x: f32[4]) -> (y: f32[4]) { param w: f32[4]; y = x * w; }\n'
GOOD = {"w": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}
D = bytes(16)
SAFE = {
    "empty": b"", "short": b"\x01\x02", "huge header": safetensors(GOOD, D, 1 << 62), "header past the end": safetensors(GOOD, D, 4000), "no json": safetensors(b"{{{{", D),
    "array": safetensors(b"[1, 2]", D), "null": safetensors(b"null", D), "deep": safetensors(b'{"a":' * 3000 + b"1" + b"}" * 3000, D), "deep lists": safetensors(b'{"w": ' + b"[" * 100000, D),
    "no dtype": safetensors({"w": {"shape": [4], "data_offsets": [0, 16]}}, D), "odd dtype": safetensors({"w": {"dtype": "F7", "shape": [4], "data_offsets": [0, 16]}}, D),
    "dtype number": safetensors({"w": {"dtype": 7, "shape": [4], "data_offsets": [0, 16]}}, D), "shape text": safetensors({"w": {"dtype": "F32", "shape": "4", "data_offsets": [0, 16]}}, D),
    "negative shape": safetensors({"w": {"dtype": "F32", "shape": [-4], "data_offsets": [0, 16]}}, D), "huge shape": safetensors({"w": {"dtype": "F32", "shape": [1 << 40, 1 << 40], "data_offsets": [0, 16]}}, D),
    "many dims": safetensors({"w": {"dtype": "F32", "shape": [1] * 5000 + [4], "data_offsets": [0, 16]}}, D), "offsets swapped": safetensors({"w": {"dtype": "F32", "shape": [4], "data_offsets": [16, 0]}}, D),
    "offsets past the end": safetensors({"w": {"dtype": "F32", "shape": [4], "data_offsets": [8, 24]}}, D), "offset overflow": safetensors({"w": {"dtype": "F32", "shape": [4], "data_offsets": [2 ** 63 - 16, 2 ** 63 - 1]}}, D),
    "one offset": safetensors({"w": {"dtype": "F32", "shape": [4], "data_offsets": [0]}}, D), "offsets text": safetensors({"w": {"dtype": "F32", "shape": [4], "data_offsets": "0"}}, D),
    "size wrong": safetensors({"w": {"dtype": "F32", "shape": [3], "data_offsets": [0, 16]}}, D), "other shape": safetensors({"w": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}}, D),
    "other name": safetensors({"v": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}, D), "truncated data": safetensors(GOOD, D[:7]), "no tensors": safetensors({}, b""),
    "other type": safetensors({"w": {"dtype": "I32", "shape": [4], "data_offsets": [0, 16]}}, D), "value list": safetensors({"w": [1, 2]}, D),
}


def nam_models():
    cfg = {"input_size": 1, "condition_size": 1, "channels": 2, "kernel_size": 2, "dilations": [1], "activation": "Tanh", "gated": False, "head_size": 1, "head_bias": False}
    n = 2 + (2 * 2 * 2 + 2) + 2 + (2 * 2 + 2) + 2 + 1
    good = {"version": "0.5.4", "architecture": "WaveNet", "config": {"layers": [cfg], "head": None, "head_scale": 1.0}, "weights": [0.1] * n, "sample_rate": 48000}
    def but(**k):
        m = json.loads(json.dumps(good)); m.update(k); return json.dumps(m).encode()
    def layer(**k):
        m = json.loads(json.dumps(good)); m["config"]["layers"][0].update(k); return json.dumps(m).encode()
    bad = {
        "empty": b"", "no json": b"{", "list": b"[]", "number": b"3", "deep": b"[" * 200000, "no architecture": json.dumps({"weights": []}).encode(), "architecture": but(architecture="Transformer"),
        "architecture number": but(architecture=4), "no config": but(config=None), "config list": but(config=[1]), "no layers": but(config={"layers": []}), "layers number": but(config={"layers": 3}),
        "few weights": but(weights=[0.1] * (n - 1)), "many weights": but(weights=[0.1] * (n + 1)), "weights text": but(weights="abc"), "weight text": but(weights=["a"] * n), "weight null": but(weights=[None] * n),
        "channels 0": layer(channels=0), "channels huge": layer(channels=1 << 40), "channels text": layer(channels="2"), "kernel 0": layer(kernel_size=0), "kernel huge": layer(kernel_size=1 << 31),
        "dilation 0": layer(dilations=[0]), "dilation huge": layer(dilations=[1 << 40]), "dilations none": layer(dilations=[]), "dilations text": layer(dilations="1"), "dilation negative": layer(dilations=[-4]),
        "activation": layer(activation="Tanhh"), "activation number": layer(activation=3), "version": but(version="9.0.0"), "lstm": but(architecture="LSTM"), "nested": but(config={"layers": [cfg], "condition_dsp": {}}),
        "many layers": layer(dilations=[1] * 100000), "binary": bytes(range(256)) * 20, "truncated": json.dumps(good).encode()[:150],
    }
    return json.dumps(good).encode(), bad


GRAPHS = {
    "empty": b"", "binary": bytes(range(256)) * 10, "nul": b"graph g(x: f32[4]) -> (y: f32[4]) { y = \0 x; }", "deep brackets": b"graph g(x: f32[4]) -> (y: f32[4]) { y = " + b"(" * 100000 + b"x" + b")" * 100000 + b"; }",
    "deep minus": b"graph g(x: f32[4]) -> (y: f32[4]) { y = " + b"-" * 100000 + b"x; }", "deep lists": b"graph g(x: f32[4]) -> (y: f32[4]) { y = " + b"[" * 50000, "deep select": b"graph g(x: f32[4]) -> (y: f32[4]) { y = " + b"x ? " * 20000 + b"x; }",
    "long sum": b"graph g(x: f32[4]) -> (y: f32[4]) { y = x" + b" + x" * 200000 + b"; }", "long name": b"graph " + b"a" * 1000000 + b"(x: f32[4]) -> (y: f32[4]) { y = z; }", "huge extent": b"graph g(x: f32[99999999999999999999]) -> (y: f32[4]) { y = x; }",
    "huge product": b"graph g(x: f32[1048576, 1048576, 1048576]) -> (y: f32[4]) { y = x; }", "many dims": b"graph g(x: f32[" + b"1, " * 3000 + b"1]) -> (y: f32[4]) { y = x; }", "without end": b"op a(x) = b(x); op b(x) = a(x); graph g(x: f32[4]) -> (y: f32[4]) { y = a(x); }",
    "self": b"op a(x[..i]) { y = a(x); } graph g(x: f32[4]) -> (y: f32[4]) { y = a(x); }", "double": b"op a(x) = x + x; graph g(x: f32[4]) -> (y: f32[4]) { y = " + b"a(" * 40 + b"x" + b")" * 40 + b"; }", "big list": b"graph g(x: f32[4]) -> (y: f32[4]) { n = range(100000000000); y = x; }",
    "big spread": b"graph g(x: f32[4]) -> (y: f32[4]) { n = spread(1, 100000000000); y = x; }", "power": b"graph g(x: f32[4]) -> (y: f32[4]) { n = 9 ** 9 ** 9 ** 9; y[i < n] = x[i]; }", "division": b"graph g(x: f32[4]) -> (y: f32[4]) { n = 1 / 0; y[i < n] = x[i]; }", "shift": b"graph g(x: f32[4]) -> (y: f32[4]) { n = 1 << 400; y[i < n] = x[i]; }",
    "overflow": b"graph g(x: f32[4]) -> (y: f32[4]) { n = 9223372036854775807 + 1; y[i < n] = x[i]; }", "nan size": b"graph g(x: f32[4]) -> (y: f32[4]) { y[i < nan] = x[i]; }", "negative size": b"graph g(x: f32[4]) -> (y: f32[4]) { y[i < -4] = 1.0; }", "circle": b"graph g(x: f32[4]) -> (y: f32[4]) { a[i < 4] = b[i]; b[i < 4] = a[i]; y = a; }",
    "unterminated": b'weights "abc', "comment only": b"# nothing", "string newline": b'weights "a\nb";', "missing weights": b'weights "no.safetensors"; graph g(x: f32[4]) -> (y: f32[4]) { param w: f32[4]; y = x * w; }', "folder weights": b'weights "/"; graph g(x: f32[4]) -> (y: f32[4]) { param w: f32[4]; y = x * w; }',
    "future": b"graph g(x: f32[stream t]) -> (y: f32[t]) { y[t] = x[t + 3]; }", "stage": b"stage wonder; graph g(x: f32[4]) -> (y: f32[4]) { y = x; }", "two graphs": b"graph g(x: f32[4]) -> (y: f32[4]) { y = x; } graph h(x: f32[4]) -> (y: f32[4]) { y = x; }",
    "empty tree": b"graph g(x: f32[4]) -> (y: f32[4]) { kernel k (x) -> (y: f32[4]) { y[i < 4]: f32 = x[i]; schedule { } } }", "deep tree": b"graph g(x: f32[4]) -> (y: f32[4]) { kernel k (x) -> (y: f32[4]) { y[i < 4]: f32 = x[i]; schedule { " + b"for i { " * 20000 + b"} } }",
    "huge step": b"graph g(x: f32[4]) -> (y: f32[4]) { kernel k (x) -> (y: f32[4]) { y[i < 4]: f32 = x[i]; schedule { for i/99999999999999999999 { y(i~); } } } }", "unroll all": b"graph g(x: f32[100000000]) -> (y: f32[100000000]) { kernel k (x) -> (y: f32[100000000]) { y[i < 100000000]: f32 = x[i]; schedule { y(i*); } } }",
    "outside": b"graph g(x: f32[4]) -> (y: f32[4]) { y[i < 4] = x[i + 1]; }",
}

with tempfile.TemporaryDirectory() as w:
    p = lambda n: os.path.join(w, n)
    for name, data in GRAPHS.items():
        open(p("m.graph"), "wb").write(data)
        expect("graph, " + name, ["compile", "m.graph", "--printer=c", "-o", "m.c"], w, (0, 1, 3) if name in ("double", "empty tree") else (1, 3))
    os.unlink(p("m.graph"))
    open(p("g.graph"), "w").write(GRAPH)
    for name, data in SAFE.items():
        open(p("w.safetensors"), "wb").write(data)
        expect("safetensors, " + name, ["compile", "g.graph", "-o", "m.so"], w)
    good, bad = nam_models()
    for name, data in bad.items():
        open(p("m.nam"), "wb").write(data)
        expect("nam, " + name, ["compile", "m.nam", "-o", "m.so"], w)
        os.unlink(p("m.nam"))
    open(p("m.nam"), "wb").write(good)
    expect("nam, good", ["compile", "m.nam", "--dump-ir=parse"], w, (0,))
    text = open(os.path.join(root, "examples", "cnn", "cnn.graph"), "rb").read()
    rng = random.Random(5)
    for k in range(40):
        cut = rng.randrange(len(text))
        data = text[:cut] if k % 2 else text[:cut] + bytes([rng.randrange(32, 127)]) + text[cut + rng.randrange(3):]
        open(p("m.graph"), "wb").write(data)
        expect(f"mutant {k}", ["compile", "m.graph", "--dump-ir=plan"], w, (0, 1, 3))
    os.unlink(p("m.graph"))
    # arrays: `check` reads inputs before it compares
    open(p("r.graph"), "w").write("graph r(x: f32[4]) -> (y: f32[4]) { y = x + 1; }\n")
    npy = lambda head, data=bytes(16), size=None: b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head) if size is None else size) + head + data
    head = lambda d="<f4", f="False", s="(4,)": f"{{'descr': '{d}', 'fortran_order': {f}, 'shape': {s}, }}\n".encode()
    arrays = {"e.npy": b"", "m.npy": b"\x93NUMPY", "h.npy": npy(head(), size=60000), "t.npy": npy(head(), bytes(3)), "d.npy": npy(head("<c8")), "f.npy": npy(head(f="True")), "s.npy": npy(head(s="(-4,)")), "b.npy": npy(head(s="(99999999999999999999,)")),
              "n.npy": npy(head(s="(" + "2," * 40 + ")")), "x.npy": npy(b"{}" * 20), "o.npy": npy(head(s="(5,)"), bytes(20)), "r.f32": bytes(15), "q.f32": bytes(20), "e.wav": b"", "r.wav": b"RIFF\xff\xff\xff\xffWAVEfmt ",
              "c.wav": b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x02\0\x80\xbb\0\0\0\xee\x02\0\x04\0\x10\0data\x08\0\0\0" + bytes(8), "z.wav": b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x80\xbb\0\0\0\xee\x02\0\x04\0\x07\0data\x08\0\0\0" + bytes(8),
              "l.wav": b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x80\xbb\0\0\0\xee\x02\0\x02\0\x10\0data\xff\xff\xff\xff" + bytes(8), "u.txt": bytes(16)}
    for name, data in arrays.items():
        open(p(name), "wb").write(data)
        expect("array, " + name, ["check", "r.graph", "--printer=c", "--input", f"x={name}"], w)
tally.end()
