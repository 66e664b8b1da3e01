"""Random graphs against the interpreter: random_graphs.py FRIT [--count N] [--seed N] [--printer P] [--target T]

A generator that knows shapes writes a graph of prelude operators and equations; `frit check` must accept it. What fails is shrunk by
leaving statements out while the failure stays, and printed.
"""
import math, os, random, tempfile
from common import options, Tally, run, outcome, write

UNARY = ["tanh({})", "sigmoid({})", "relu({})", "exp({} * 0.5)", "sqrt(abs({}) + 0.1)", "({} * 1.5 - 0.25)", "gelu({})", "log(abs({}) + 0.5)", "clamp({}, -0.5, 0.5)",
         "silu({})", "sin({})", "elu({})", "hard_swish({})", "square({})", "softsign({})", "floor({} * 3)", "abs({})", "erf({})"]
BINARY = ["({} + {})", "({} - {})", "({} * {})", "max({}, {})", "min({}, {})", "where({} > 0, {}, 0.25)", "({} / (abs({}) + 1))"]


class Gen:
    def __init__(self, rng):
        self.rng, self.ins, self.stmts, self.live = rng, [], [], {}

    def fresh(self, prefix):
        return f"{prefix}{len(self.stmts) + len(self.ins)}"

    def input(self, shape):
        n = self.fresh("x")
        self.ins.append((n, shape))
        self.live[n] = shape
        return n

    def add(self, text, shape):
        n = self.fresh("v")
        self.stmts.append((n, f"{n} = {text};"))
        self.live[n] = shape
        return n

    def equation(self, text, shape):
        n = self.fresh("v")
        self.stmts.append((n, text.format(n)))
        self.live[n] = shape
        return n

    def pick(self, rank=None):
        c = [n for n, s in self.live.items() if rank is None or len(s) == rank]
        return self.rng.choice(c) if c else None

    def size(self):
        return self.rng.choice([1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33])

    def step(self):
        r = self.rng
        kind = r.choice(["unary", "unary", "binary", "binary", "matmul", "reduce", "softmax", "transpose", "concat", "slice", "reshape", "norm", "conv", "broadcast", "shift", "cumulative", "pad"])
        a = self.pick()
        s = self.live[a]
        if kind == "unary":
            self.add(r.choice(UNARY).format(a), s)
        elif kind == "binary":
            b = r.choice([n for n, q in self.live.items() if q == s])
            self.add(r.choice(BINARY).format(a, b), s)
        elif kind == "matmul" and len(s) >= 2:
            n = self.size()
            b = self.input([s[-1], n])
            self.add(f"matmul({a}, {b})", s[:-1] + [n])
        elif kind == "reduce" and s:
            axis = r.randrange(len(s))
            keep = r.random() < 0.5
            op = r.choice(["reduce_sum", "reduce_mean", "reduce_max", "reduce_min"])
            self.add(f"{op}({a}, axes = [{axis}], keepdims = {str(keep).lower()})", s[:axis] + ([1] if keep else []) + s[axis + 1:])
        elif kind == "softmax" and s:
            self.add(f"softmax({a}, axes = [{r.randrange(len(s))}])", s)
        elif kind == "norm" and s:
            self.add(r.choice(["layer_norm({})", "rms_norm({})"]).format(a), s)
        elif kind == "transpose" and len(s) >= 2:
            p = list(range(len(s)))
            r.shuffle(p)
            self.add(f"transpose({a}, perm = {p})", [s[k] for k in p])
        elif kind == "concat" and s:
            axis = r.randrange(len(s))
            others = [n for n, q in self.live.items() if len(q) == len(s) and all(x == y or k == axis for k, (x, y) in enumerate(zip(q, s)))]
            b = r.choice(others)
            q = list(s)
            q[axis] += self.live[b][axis]
            self.add(f"concat({a}, {b}, axis = {axis})", q)
        elif kind == "slice" and s:
            start = [r.randrange(n) for n in s]
            size = [r.randint(1, n - o) for n, o in zip(s, start)]
            self.add(f"slice({a}, start = {start}, step = {[1] * len(s)}, size = {size})", size)
        elif kind == "reshape" and s:
            n = 1
            for d in s:
                n *= d
            f = r.choice([d for d in range(1, n + 1) if n % d == 0])
            self.add(f"reshape({a}, shape = [{f}, {n // f}])", [f, n // f])
        elif kind == "pad" and s:
            lo, hi = [r.randrange(3) for _ in s], [r.randrange(3) for _ in s]
            self.add(f"pad({a}, pads = {lo + hi})", [n + x + y for n, x, y in zip(s, lo, hi)])
        elif kind == "conv" and len(s) == 2 and s[1] >= 3:
            o, k, stride = r.choice([1, 3, 8]), r.choice([1, 2, 3]), r.choice([1, 2])
            w = self.input([o, s[0], k])
            n = (s[1] + 2 - k) // stride + 1
            u = self.add(f"unsqueeze({a}, axes = [0])", [1] + s)
            c = self.add(f"conv({u}, {w}, strides = {stride}, pads = 1)", [1, o, n])
            self.add(f"squeeze({c}, axes = [0])", [o, n])
        elif kind == "broadcast" and s:
            b = self.input([s[-1]])
            self.add(r.choice(BINARY).format(a, b), s)
        elif kind == "shift" and len(s) == 2:
            d = r.randint(1, 3)
            self.equation(f"{{0}}[i, j] = {a}[i, j] + ({a}[i, j - {d}] or 0.5) * 0.5;", s)
        elif kind == "cumulative" and len(s) == 2:
            self.equation(f"{{0}}[i, j] = {a}[i, j] + ({{0}}[i, j - 1] or 0) * 0.5;", s)

    def graph(self, keep=None):
        stmts = [x for k, x in enumerate(self.stmts) if keep is None or k in keep]
        text = "\n".join("  " + s for _, s in stmts)
        used = lambda n, t: any(c in t for c in (f"{n},", f"{n})", f"{n} ", f"{n}[", f"{n};"))
        ins = [(n, s) for n, s in self.ins if used(n, text)]
        names = [n for n, _ in stmts]
        outs = [n for k, n in enumerate(names) if not any(used(n, t) for m, t in stmts if m != n)]
        head = ", ".join(f"{n}: f32[{', '.join(map(str, s))}]" for n, s in ins)
        res = ", ".join(f"{n}: f32[{', '.join(map(str, self.live[n]))}]" for n in outs)
        return f"graph g({head}) -> ({res}) {{\n{text}\n}}\n"


STAGES = ["expand", "simplify", "fuse", "schedule", "plan"]


def generate(seed):
    rng = random.Random(seed)
    g = Gen(rng)
    for _ in range(rng.randint(1, 2)):
        g.input([g.size() for _ in range(rng.randint(1, 3))])
    for _ in range(rng.randint(2, 9)):
        for _ in range(20):
            n = len(g.stmts)
            g.step()
            if len(g.stmts) > n:
                break
    big = lambda s: math.prod(s) > 60000
    return g if g.stmts and not any(big(s) for s in g.live.values()) else None


def dump(frit, text, stage, where):
    path = os.path.join(where, "d.graph")
    write(path, text)
    rc, out, err = run([frit, "compile", path, "--dump-ir=" + stage], timeout=60)
    return err if rc else out


def check(frit, text, flags, where):
    path = os.path.join(where, "g.graph")
    write(path, text)
    for stage in STAGES if "--printer=llvm" in flags else []:
        once = dump(frit, text, stage, where)
        twice = dump(frit, once, stage, where)
        if once != twice:
            return 5, f"the dump of stage {stage} prints otherwise when it is read again:\n{once}\n{twice}"
    return outcome([frit, "check", path, "--verify", "--tolerance", "2e-4"] + flags, timeout=60)


def shrink(frit, g, flags, where, rc):
    keep = set(range(len(g.stmts)))
    for k in sorted(keep, reverse=True):
        code, _ = check(frit, g.graph(keep - {k}), flags, where) if len(keep) > 1 else (0, "")
        if code == rc:
            keep -= {k}
    return g.graph(keep)


def main():
    a, tally = options(count=60), Tally()
    with tempfile.TemporaryDirectory() as where:
        for seed in range(a.seed, a.seed + a.count):
            g = generate(seed)
            if not g:
                continue
            rc, words = check(a.frit, g.graph(), a.flags, where)
            if rc:
                words += f"\nshrunk to:\n{shrink(a.frit, g, a.flags, where, rc)}"
            tally(rc == 0, f"seed {seed}: exit {rc}\n{words}")
    tally.end()


if __name__ == "__main__":
    main()
