#!/usr/bin/env python3
"""model.py [PICKS]: how far the model's first tree is from the fastest of its first PICKS (12), over products whose sizes its constants were not fitted
on. Rounds over all trees, each in a process of its own; least times. w is constant."""
import json, os, subprocess, sys, tempfile

FRIT = os.environ.get("FRIT", os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "build", "frit"))
SHAPES = [(20, 40, 60), (37, 80, 150), (100, 100, 100), (48, 320, 200), (7, 500, 300), (33, 77, 500), (300, 48, 640), (1, 900, 700), (90, 210, 390), (640, 32, 96),
          (250, 250, 250), (64, 900, 130), (700, 130, 330), (5, 1500, 400)]
picks, rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 12, 3
cpu = ["taskset", "-c", str(max(os.sched_getaffinity(0)))]


def graph(where, m, n, k):
    w = f"const w[k < {k}, n < {n}]: f32 = ((k * 7 + n * 3) % 17 - 8) / 16.0"
    open(f"{where}/g.graph", "w").write(f"graph g(a: f32[{m}, {k}]) -> (c: f32[{m}, {n}]) {{ {w}; c = matmul(a, w); }}\n")


def times(where):
    least = [1e30] * picks
    for p in range(picks):
        subprocess.run([FRIT, "compile", f"{where}/g.graph", f"--pick={p}", "-o", f"{where}/g{p}.so"], check=True)
    for _ in range(rounds):
        for p in range(picks):
            r = subprocess.run([*cpu, FRIT, "bench", f"{where}/g{p}.so", "--json", "--time", "0.03"], capture_output=True, text=True, check=True)
            least[p] = min(least[p], json.loads(r.stdout)["min_ns"])
    return least


print("| M x N x K | first, us | fastest, us | its number | first / fastest |\n|---|---|---|---|---|")
behind = []
with tempfile.TemporaryDirectory() as where:
    for m, n, k in SHAPES:
        graph(where, m, n, k)
        t = times(where)
        behind.append(t[0] / min(t))
        print(f"| {m} x {n} x {k} | {t[0] / 1e3:.2f} | {min(t) / 1e3:.2f} | {t.index(min(t))} | {behind[-1]:.3f} |", flush=True)
print(f"\nOn average {100 * (sum(behind) / len(behind) - 1):.1f} % behind, at worst {100 * (max(behind) - 1):.1f} %.")
