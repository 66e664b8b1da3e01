"""The bits do not depend on the number of threads: threads.py FRIT [--count N] [--seed N].

Random graphs, small ones with `parallel` written at every outermost loop of the schedule (one that the compiler refuses stays serial) and large ones
for which the compiler chooses. Each is compiled by both printers and run by a host's parallel-for of 1, 2, 3, 4 and 7 threads, which runs the parts in
turn, backwards, and by one that runs them at once; the outputs are compared with those of an artefact without threads.
"""
import array, ctypes, os, random, re, tempfile, threading
import random_graphs
from common import options, Tally, run, write

FN = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int)
RUN = ctypes.CFUNCTYPE(None, ctypes.c_void_p, FN, ctypes.c_void_p, ctypes.c_int)
SIZE = {"f32": 4}


class Parallel(ctypes.Structure):
    _fields_ = [("run", RUN), ("pool", ctypes.c_void_p), ("threads", ctypes.c_int)]


forks = 0


@RUN
def backwards(pool, fn, ctx, n):
    global forks
    forks += 1
    for k in reversed(range(n)):
        fn(ctx, k)


@RUN
def at_once(pool, fn, ctx, n):
    all = [threading.Thread(target=fn, args=(ctx, k)) for k in range(n)]
    for t in all:
        t.start()
    for t in all:
        t.join()


def aligned(n):
    b = ctypes.create_string_buffer(n + 64)
    return b, (ctypes.addressof(b) + 63) // 64 * 64


class Model:
    def __init__(self, path):
        self.lib = ctypes.CDLL(path)
        info = ctypes.string_at(ctypes.addressof(ctypes.c_char.in_dll(self.lib, "frit_artefact"))).decode().splitlines()
        fact = lambda key: [l.split()[1:] for l in info if l.split()[0] == key]
        self.ports = [(p[0], [int(d) for d in p[2:]], key == "output") for key in ("input", "output") for p in fact(key)]
        name = fact("name")[0][0]
        self.call, self.init = self.lib[f"{name}_call"], self.lib[f"{name}_init"]
        self.state, self.scratch = int(fact("state")[0][0]), int(fact("scratch")[0][0])

    def run(self, par):
        keep, args = [], (ctypes.c_void_p * (len(self.ports) + 1))()
        rng = random.Random(7)
        for k, (_, shape, out) in enumerate(self.ports):
            n = 1
            for d in shape:
                n *= d
            a = array.array("f", bytes(4 * n) if out else [rng.uniform(-1, 1) for _ in range(n)])
            keep.append(a)
            args[k] = a.buffer_info()[0] if n else None
        (b0, state), (b1, scratch) = aligned(self.state), aligned(self.scratch)
        ctypes.memset(b1, 0xff, self.scratch + 64)
        self.init(ctypes.c_void_p(state))
        rc = self.call(args, ctypes.c_void_p(state), ctypes.c_void_p(scratch), (ctypes.c_int64 * 1)(), ctypes.byref(par) if par else None)
        return [rc] + [a.tobytes() for a, p in zip(keep, self.ports) if p[2]]


def parallelize(exe, text, where):
    """The schedule with `parallel` at the outermost loops; where one is refused it is taken back."""
    path = os.path.join(where, "p.graph")
    for _ in range(40):
        write(path, text)
        rc, out, err = run([exe, "compile", path, "--threads=7", "--dump-ir=kernel"])
        if rc == 0:
            return text
        m = re.search(r"p\.graph:(\d+):\d+: error: ", err)
        if not m or rc > 2:
            return None
        lines = text.split("\n")
        at = int(m.group(1)) - 1
        while at >= 0 and not lines[at].startswith("      for ") or " parallel {" not in lines[at]:
            at -= 1
            if at < 0:
                return None
        lines[at] = lines[at].replace(" parallel {", " {")
        text = "\n".join(lines)
    return None


class Large(random_graphs.Gen):
    def size(self):
        return self.rng.choice([33, 64, 100, 129, 200, 256])


def large(seed):
    rng = random.Random(seed)
    g = Large(rng)
    g.input([g.size(), g.size()])
    for _ in range(rng.randint(2, 5)):
        g.step()
    return g if g.stmts and all(len(s) < 3 for s in g.live.values()) else None


def check(exe, text, where, tag):
    """What is wrong, or None."""
    path = os.path.join(where, f"{tag}.graph")
    write(path, text)
    want = None
    for printer in ("llvm", "c"):
        so = os.path.join(where, f"{tag}-{printer}.so")
        for threads in ([], ["--threads=7"]):
            rc, _, err = run([exe, "compile", path, "--verify", f"--printer={printer}", "-o", so + str(len(threads)) + ".so", *threads])
            if rc:
                return f"{printer} {threads}: exit {rc}\n{err}"
        want = Model(so + "0.so").run(None)
        m = Model(so + "1.so")
        for n, how in [(0, None), (1, backwards), (2, backwards), (2, at_once), (3, backwards), (4, at_once), (7, backwards), (20, backwards)]:
            if m.run(Parallel(how, None, n) if how else None) != want:
                return f"{printer}: the bits of {n} threads are others"
    return None


TILES = """graph tiles(x: f32[7, 7, 192]) -> (y: f32[7, 7, 160]) {
  const w[o < 160, c < 192, r < 3, s < 3]: f32 = ((o * 7 + c * 3 + r * 5 + s) % 11 - 5) / 20.0;
  y[i < 7, j < 7, o] = max(0, sum(c, r, s: (x[i + r - 1, j + s - 1, c] or 0) * w[o, c, r, s]));
}
"""


def main():
    a, tally = options(count=6), Tally()
    with tempfile.TemporaryDirectory() as where:
        why = check(a.frit, TILES, where, "tiles")
        tally(not why, f"tiles: {why}")
        for seed in range(a.seed, a.seed + a.count):
            for kind, g in [("small", random_graphs.generate(seed)), ("large", large(seed))]:
                text = g.graph() if g else None
                if text and kind == "small":
                    write(os.path.join(where, "s.graph"), text)
                    rc, out, _ = run([a.frit, "compile", os.path.join(where, "s.graph"), "--dump-ir=schedule"])
                    text = parallelize(a.frit, re.sub(r"(?m)^(      for .*?)( \{)$", r"\1 parallel\2", out), where) if rc == 0 else None
                    if not text:
                        tally(False, f"seed {seed}: cannot be made parallel\n{out}")
                if text:
                    why = check(a.frit, text, where, f"{kind}{seed}")
                    tally(not why, f"seed {seed}, {kind}: {why}\n{text}")
    tally(forks > 0, "no forks")
    tally.end(f" ({forks} forks)")


main()
