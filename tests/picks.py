"""Every tree that the builder can choose for a sum of products is right. picks.py FRIT [--target T] [--printer P] [--picks N] [--seed N] [--rounds N]

--pick=N takes the N-th best plan of every kernel. For each pick one graph holds products of many sizes (with the right operand constant, variable or
transposed, with and without an addend and a tail), drawn so that every size from 1 to 2 * tile + 1 of every dimension occurs; the pairs of sizes
differ from pick to pick, and --rounds draws more of them.
"""
import os, random, re, tempfile
from concurrent.futures import ThreadPoolExecutor
from common import options, Tally, outcome, write

KINDS = ["c = matmul(a, W)", "c = relu(matmul(a, W) + d)", "c = matmul(a, b)", "c = matmul(a, transpose(b))"]


def sizes(rng, count, most):
    """count numbers from 1..most in random order, each at least once if there is room."""
    v = [1 + k % most for k in range(count)]
    rng.shuffle(v)
    return v


def products(rng, lanes):
    """(m, n, k, kind): every size of n, which has the longest tile; m and k go around."""
    count = 2 * 3 * lanes + 1
    return list(zip(sizes(rng, count, 29), sizes(rng, count, count), sizes(rng, count, 21), rng.choices(KINDS, k=count)))


def graph(cases):
    head, outs, body = [], [], []
    for i, (m, n, k, kind) in enumerate(cases):
        b = f"{n}, {k}" if "transpose" in kind else f"{k}, {n}"
        head.append(f"a{i}: f32[{m}, {k}]")
        if "W" in kind:
            body.append(f"  const W{i}[p < {k}, q < {n}]: f32 = ((p * 7 + q * 13 + p * q) % 17 - 8) / 4.0;")
        else:
            head.append(f"b{i}: f32[{b}]")
        if "d" in kind:
            head.append(f"d{i}: f32[{n}]")
        outs.append(f"c{i}: f32[{m}, {n}]")
        body.append("  " + re.sub(r"\b([abcdW])\b", rf"\g<1>{i}", kind) + ";")
    return f"graph g({', '.join(head)}) -> ({', '.join(outs)}) {{\n" + "\n".join(body) + "\n}\n"


def main():
    a, tally = options(picks=12, rounds=1), Tally()
    lanes = {"x86-64-v2": 4, "x86-64-v3": 8}.get(a.target, 16)

    def one(job):
        pick, cases = job
        with tempfile.TemporaryDirectory() as d:
            path = f"{d}/g.graph"
            write(path, graph(cases))
            rc, words = outcome([a.frit, "check", path, f"--pick={pick}", *a.flags], timeout=600)
            return rc == 0, f"pick {pick} of {cases}: exit {rc}\n{words[-1500:]}"

    jobs = []
    for r in range(a.rounds):
        for k in range(a.picks):
            cases = products(random.Random(f"{a.seed} {r} {k}"), lanes)
            jobs += [(k, cases[i:i + 33]) for i in range(0, len(cases), 33)]
            rng = random.Random(f"large {a.seed} {r} {k}")        # beyond the caches of most targets: blocks of k, panels, prefetches
            jobs.append((k, [(rng.randint(4, 60), rng.randint(260, 330), rng.randint(250, 300), kind) for kind in KINDS]))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for ok, why in pool.map(one, jobs):
            tally(ok, why)
    tally.end()


main()
