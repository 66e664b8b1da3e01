"""A matrix product of 128 x 128 x 128 for Neon and RVV (VLEN 256): the vector FMAs that qemu executes against the least possible, and llvm-mca's
cycles of the inner loop against its FMA bound. vector_fma.py FRIT"""
import os, re, struct, sys, tempfile
from common import Tally, outcome

frit, here = sys.argv[1], os.path.dirname(os.path.abspath(__file__))
N = 128
TARGETS = {          # linker, emulator, FMA's names, elements of one, llvm-mca's options, what stands before the loop for it
    "aarch64": ("aarch64-linux-gnu-gcc", ["qemu-aarch64"], "fmla", 4, ["-mtriple=aarch64", "-mcpu=cortex-a76"], ""),
    "riscv64v": ("riscv64-linux-gnu-gcc", ["qemu-riscv64", "-cpu", "rv64,v=true,vlen=256,elen=64,vext_spec=v1.0"], "vfmacc|vfmadd", 8,
                 ["-mtriple=riscv64", "-mcpu=sifive-p670", "-mattr=+v"], "vsetivli zero, 8, e32, m2, ta, ma\n# LLVM-MCA-RISCV-LMUL M2\n# LLVM-MCA-RISCV-SEW E32\n"),
}


def sh(cmd, **k):
    rc, words = outcome(cmd, **k)
    if rc:
        raise RuntimeError(f"{cmd[0]}: {words}"[-800:])
    return words


def inner_loop(path, fma):
    """The instructions of the innermost loop with the most FMAs, the branch back last."""
    found = re.findall(r"^\s*([0-9a-f]+):\s+(.*)$", sh(["llvm-objdump-19", "-d", "--no-show-raw-insn", path]), re.M)
    code = [(int(a, 16), re.sub(r"\s*<.*", "", s).replace("\t", " ")) for a, s in found]
    back = [(int(m[1], 16), a) for a, s in code if (m := re.match(r"(?:b|cb|tb)\S*\s.*0x([0-9a-f]+)$", s)) and int(m[1], 16) < a]
    inner = [(lo, hi) for lo, hi in back if not any(lo <= l and h <= hi and (l, h) != (lo, hi) for l, h in back)]
    loops = [[s for a, s in code if lo <= a <= hi] for lo, hi in inner]
    return max(loops, key=lambda b: sum(bool(re.match(fma, s)) for s in b))


def check(where, name, printer):
    gcc, run, fma, lanes, mca, head = TARGETS[name]
    flags = [f"--target={name}", f"--printer={printer}"]
    sh([frit, "compile", f"{where}/g.graph", *flags, "-o", f"{where}/g.o"])
    sh([frit, "compile", f"{where}/g.graph", *flags, "-o", f"{where}/g.so"])
    sh([gcc, "-O1", "-static", "-DCALL=g_call", "-DINIT=g_init", f"{here}/cross/user.c", f"{where}/g.o", "-o", f"{where}/g.elf"])
    words = sh([*run[:1], "-plugin", f"{where}/count.so", "-d", "plugin", *run[1:], f"{where}/g.elf", "64", "65536", "--", "in", f"{where}/a", str(4 * N * N), "out", f"{where}/c", str(4 * N * N)])
    ratio = int(re.search(r"fma (\d+)", words)[1]) / (N ** 3 / lanes)
    loop = inner_loop(f"{where}/g.so", fma)
    n = sum(bool(re.match(fma, s)) for s in loop)
    loop[-1] = re.sub(r"0x[0-9a-f]+$", ".Lback", loop[-1])
    words = sh(["llvm-mca-19", *mca, "-iterations=200"], input=head + ".Lback:\n" + "\n".join(loop) + "\n")
    cycles, bound = int(re.search(r"Total Cycles:\s+(\d+)", words)[1]) / 200, n
    print(f"{name} {printer}: {ratio:.3f} of the least FMAs, {cycles:.1f} cycles a round, bound {bound}")
    return ratio <= 1.15 and cycles <= 1.1 * bound + 0.2


tally = Tally()
with tempfile.TemporaryDirectory() as where:
    w = f"const w[k < {N}, n < {N}]: f32 = ((k * 7 + n * 3) % 17 - 8) / 16.0"
    open(f"{where}/g.graph", "w").write(f"graph g(a: f32[{N}, {N}]) -> (c: f32[{N}, {N}]) {{ {w}; c = matmul(a, w); }}\n")
    data = struct.pack(f"<{N * N}f", *[(k * 7919 % 1000) / 500 - 1 for k in range(N * N)])
    open(f"{where}/a", "wb").write(data)
    sh(["cc", "-O2", "-fPIC", "-shared", f"{here}/cross/count.c", "-o", f"{where}/count.so"])
    for name in TARGETS:
        for printer in ("llvm", "c"):
            tally(check(where, name, printer), f"{name} {printer}: too many")
tally.end()
