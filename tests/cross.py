"""Cross targets under qemu, against this machine's result: aarch64, riscv64v at VLEN 128 to 1024 with one binary, a bare Cortex-M7. cross.py FRIT"""
import os, random, struct, sys, tempfile
from common import Tally, outcome, floats

frit = sys.argv[1]
here = os.path.dirname(os.path.abspath(__file__))
root = os.path.dirname(here)
shared = os.path.join(root, "..", "shared")
say = Tally()
CASES = {
    "matmul": ("graph g(a: f32[17, 33], b: f32[33, 19]) -> (y: f32[17, 19]) { y = relu(matmul(a, b)); }", [561, 627], 323),
    "pointwise": ("graph g(x: f32[5, 37]) -> (y: f32[5, 37]) { y = tanh(x) * sigmoid(x) + exp(x); }", [185], 185),
    "softmax": ("graph g(x: f32[7, 35]) -> (y: f32[7, 35]) { y = softmax(x); }", [245], 245),
    "conv": ("graph g(x: f32[1, 3, 9, 11], w: f32[5, 3, 3, 3], b: f32[5]) -> (y: f32[1, 5, 9, 11]) { y = relu(conv(x, w, b, pads = 1)); }", [297, 135, 5], 495),
    "threads": ("graph g(a: f32[65, 67], b: f32[67, 70]) -> (y: f32[65, 70]) { y = softmax(tanh(matmul(a, b))); }", [4355, 4690], 4550),
    "norm": ("graph g(x: f32[6, 50]) -> (y: f32[6, 50]) { y = layer_norm(x); }", [300], 300),
    "dots": ("graph g(a: f32[7, 35]) -> (y: f32[7, 19]) { const w[p < 35, q < 19]: i8 = i8((p * 7 + q * 13 + p * q) % 255 - 127); y = f32(matmul_integer(quantize_linear(a, 0.01, i8(3)), w)); }", [245], 133),
    "stream": ("graph g(x: f32[stream t]) -> (y: f32[t]) { y[t] = tanh(sum(k < 5: (x[t - k] or 0))) + 0.5 * (y[t - 1] or 0); }", [100], 100),
}
USER = {
    "aarch64": ("aarch64-linux-gnu-gcc", [["qemu-aarch64"]]),
    "aarch64-dot": ("aarch64-linux-gnu-gcc", [["qemu-aarch64", "-cpu", "max"]]),
    "riscv64v": ("riscv64-linux-gnu-gcc", [["qemu-riscv64", "-cpu", f"rv64,v=true,vlen={v},elen=64,vext_spec=v1.0"] for v in (128, 256, 512, 1024)]),
}


def sh(cmd, **k):
    rc, words = outcome(cmd, **k)
    return rc, words[-1500:]


def close(got, want, tolerance=2e-5):
    return len(got) == len(want) and all(abs(a - b) <= tolerance * max(1, abs(b)) for a, b in zip(got, want))


def info(path):
    facts = {}
    for word in open(path, "rb").read().split(b"frit 1\n")[-1].split(b"\0")[0].decode("latin1").splitlines():
        facts.setdefault(word.split(" ")[0], word.split(" ")[1:])
    return facts


def user(where, name, text, ins, nout):
    rng = random.Random(1)
    graph = os.path.join(where, "g.graph")
    open(graph, "w").write(text + "\n")
    ports = [p.split(":")[0].strip() for p in text[text.index("(") + 1:text.index("->")].rstrip(") ").split("],")]
    flags, args = [], []
    for port, n in zip(ports, ins):
        path = f"{where}/{port}.f32"
        open(path, "wb").write(struct.pack(f"<{n}f", *[rng.uniform(-1, 1) for _ in range(n)]))
        flags += ["--input", f"{port}={path}"]
        args += ["in", path, str(4 * n)]
    rc, said = sh([frit, "run", graph, *flags, "--output", f"y={where}/want.f32"])
    if rc:
        return say(False, f"{name}: host: {said}")
    want = floats(f"{where}/want.f32")
    for target, (gcc, runs) in USER.items():
        for printer in ("llvm", "c"):
            rc, said = sh([frit, "compile", graph, f"--target={target}", f"--printer={printer}", "-o", f"{where}/g.o"] + ["--threads=4"] * (name == "threads"))
            if rc:
                say(False, f"{name} {target} {printer}: {said}")
                continue
            facts = info(f"{where}/g.o")
            rc, said = sh([gcc, "-O1", "-static", "-DCALL=g_call", "-DINIT=g_init", f"{here}/cross/user.c", f"{where}/g.o", "-o", f"{where}/g.elf"])
            if rc:
                say(False, f"{name} {target} {printer}: link: {said}")
                continue
            for run in runs:
                dims = [str(ins[0])] if "stream" in text else []
                rc, said = sh([*run, f"{where}/g.elf", facts["state"][0], facts["scratch"][0], *dims, "--", *args, "out", f"{where}/got.f32", str(4 * nout)])
                say(rc == 0 and close(floats(f"{where}/got.f32"), want), f"{name} {target} {printer} {' '.join(run)}: exit {rc} or wrong: {said}")


def m7(where, model, name, samples, want):
    rc, said = sh([frit, "compile", model, "--target=cortex-m7", "-o", f"{where}/m.c"])
    if rc:
        return say(False, f"{name} cortex-m7: {said}")
    text = open(f"{where}/m.c").read()
    heads = {l.split()[1] for l in text.splitlines() if l.startswith("#include <")}
    say(heads <= {"<stdint.h>", "<stddef.h>"}, f"{name} cortex-m7: includes {heads}")
    graph = next(l.split()[1].split("(")[0].split("_run")[0] for l in open(f"{where}/m.h") if l.startswith("int ") and "_run(" in l)
    flags = "-mcpu=cortex-m7 -mthumb -mfpu=fpv5-d16 -mfloat-abi=hard -O2 -std=c99 -ffreestanding -ffp-contract=off -fno-math-errno".split()
    rc, said = sh(["arm-none-eabi-gcc", *flags, "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-c", f"{where}/m.c", "-o", f"{where}/m.o"], cwd=where)
    say(rc == 0, f"{name} cortex-m7: warnings or errors: {said}")
    rc, said = sh(["arm-none-eabi-gcc", *flags, "-nostdlib", f"-T{here}/cross/m7.ld", f"-DHEADER=\"{where}/m.h\"", f"-DRUN={graph}_run", f"-DINIT={graph}_init", f"-DSTATE={graph.upper()}_STATE_BYTES",
                   f"-DSCRATCH={graph.upper()}_SCRATCH_BYTES", f"{here}/cross/m7.c", f"{where}/m.o", "-o", f"{where}/m.elf", "-lgcc"], cwd=where)
    if rc:
        return say(False, f"{name} cortex-m7: link: {said}")
    open(f"{where}/in.f32", "wb").write(samples)
    rc, said = sh(["qemu-system-arm", "-M", "mps2-an500", "-nographic", "-monitor", "none", "-serial", "none", "-semihosting-config", "enable=on,target=native", "-kernel", f"{where}/m.elf"], cwd=where)
    ok = rc == 0 and close(floats(f"{where}/out.f32"), want)
    say(ok, f"{name} cortex-m7: exit {rc} or wrong samples: {said}")


with tempfile.TemporaryDirectory() as where:
    for name, (text, ins, nout) in CASES.items():
        user(where, name, text, ins, nout)
    rng = random.Random(2)
    samples = struct.pack("<1000f", *[rng.uniform(-0.5, 0.5) for _ in range(1000)])
    open(f"{where}/x.f32", "wb").write(samples)
    amp = os.path.join(root, "examples", "amp", "amp.graph")
    rc, said = sh([frit, "run", amp, "--input", f"x={where}/x.f32", "--output", f"y={where}/w.f32"])
    if rc == 0:
        m7(where, amp, "amp", samples, floats(f"{where}/w.f32"))
    else:
        say(False, f"amp: host: {said}")
    if os.path.isdir(shared):
        ref = floats(f"{shared}/reference/nam/wavenet.output.f32")[:8000]
        m7(where, f"{shared}/models/nam/wavenet.nam", "wavenet.nam", open(f"{shared}/reference/nam/input.f32", "rb").read()[:32000], ref)
    else:
        print("models of ../shared: skipped (the folder is absent)")
say.end()
