"""How a table is printed: rows in Markdown as they come, sums below."""
import math, os, subprocess, sys, time
from cases import UNITS
from engines import HERE, PEERS

REFERENCES = {"peak": (), "copy": ("copy", "copy past the caches"), "read": ("read",)}      # what stands for the machine: engines beside ours
MACHINE = ("peak", "read") + REFERENCES["copy"]


def peers(times):
    return {k: v["ns"] for k, v in times.items() if k not in MACHINE and not k.startswith("frit")}


def limit_ns(row):
    """What the machine needs for this row, measured beside it."""
    if row["limit"] == "peak": return row["work"] * row["warm"]["peak"]["ns"] / row["peak_flops"]
    return min(row["warm"][k]["ns"] for k in REFERENCES[row["limit"]])


def print_row(a, row):
    rate, cells = lambda ns: f"{row['work'] / ns:.{1 if row['work'] / ns > 10 else 2}f}", [row["name"]]
    for how in a.weights:
        others = peers(row[how])
        best = min(others, key=others.get) if others else None
        for p in a.printer:
            ns = row[how]["frit " + p]["ns"]
            cells += [rate(ns)] + [f"{limit_ns(row) / ns:.0%}"] * (how == "warm") + [f"{others[best] / ns:.2f}" if best else "-"] * (a.table != "pointwise")
        cells += [f"{rate(others[best])} {best}" if best else "-"] * (a.table != "pointwise")
        if a.all and how == "warm": cells += [", ".join(f"{k} {rate(ns)}" for k, ns in sorted(others.items(), key=lambda kv: kv[1]))]
    wrong = " WRONG" * any(not v < 1e-4 for v in row["error"].values())
    print("| " + " | ".join(cells) + f" | {max(row['error'].values(), key=lambda v: (v != v, v)):.0e}{wrong} |", flush=True)


def print_stream(a, row):
    if "skipped" in row: print(f"| {row['name']} | skipped: {row['skipped']} |"); return
    t = row["warm"]
    bound = row["work"] * t["peak"]["ns"] / row["peak_flops"] + row["tanh"] * t["tanh"]["ns"] / 4096
    for p in a.printer:
        frame = {k: t[f"{p} {k}"]["ns"] / k for k in row["blocks"]}
        for k, ns in frame.items(): print(f"| {os.path.basename(row['name'])}, {p} | {k} | {ns:.1f} | {ns / frame[64]:.2f} | {bound:.1f} | {ns / bound:.2f} |", flush=True)


def machine(a):
    cpu = next((l.split(":")[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name")), "?") if os.path.exists("/proc/cpuinfo") else "?"
    version = subprocess.run([a.frit, "--version"], capture_output=True, text=True).stdout.strip()
    commit = subprocess.run(["git", "-C", HERE, "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    return f"{cpu}; {version} {commit}; {time.strftime('%Y-%m-%d')}; target {a.target}; `bench/run.sh {' '.join(sys.argv[1:])}`"


def print_head(a, libs):
    print(f"## {a.table}\n{UNITS[a.table]}, f32, one thread; {machine(a)}")
    missing = [p[0] for p in PEERS if p[0] not in libs]
    if missing and a.table in ("gemm", "conv", "rows"): print(f"Not installed and left out: {', '.join(missing)} (bench/peers.sh)")
    head = ["case"]
    if a.table == "stream": head = ["model, printer", "block", "ns a frame", "of block 64", "bound", "of the bound"]
    else:
        for how in a.weights:
            cold = "cold: " * (how == "cold")
            for p in a.printer: head += [f"{cold}frit {p}"] + ["of the limit"] * (how == "warm") + ["ratio"] * (a.table != "pointwise")
            head += [cold + "best peer"] * (a.table != "pointwise") + ["all"] * (a.all and how == "warm")
        head += ["error"]
    print("\n| " + " | ".join(head) + " |\n|" + "---|" * len(head), flush=True)


def print_sums(a, rows):
    """For each group the geometric mean of the ratios, and the ratio of the sums (each case as often as its network has it)."""
    peak = [r["peak_flops"] / r["warm"]["peak"]["ns"] for r in rows]
    print(f"\n- FMA peak, measured beside every row: {min(peak):.0f}..{max(peak):.0f} GFLOP/s")
    for p in a.printer:
        share = [limit_ns(r) / r["warm"]["frit " + p]["ns"] for r in rows]
        print(f"- {p}: share of the limit: geometric mean {mean(share):.3f}, least {min(share):.3f}")
        for group in dict.fromkeys(g for r in rows for g in r["groups"]):
            of = [r for r in rows if group in r["groups"]]
            if a.table == "pointwise":
                print(f"- {p}, {group}: the last takes {of[-1]['warm']['frit ' + p]['ns'] / of[0]['warm']['frit ' + p]['ns']:.2f} times the first; "
                      f"copying {min(r['work'] / limit_ns(r) for r in of):.0f}, reading {min(r['work'] / 2 / r['warm']['read']['ns'] for r in of):.0f} GB/s")
            elif all(peers(r["warm"]) for r in of):
                for how in a.weights: print_group(f"- {p}, {how}, {group}", [(r["name"], r["groups"][group], r[how]["frit " + p]["ns"], min(peers(r[how]).values())) for r in of])
    if len(a.printer) == 2:
        apart = sorted((r["warm"]["frit " + a.printer[0]]["ns"] / r["warm"]["frit " + a.printer[1]]["ns"], r["name"]) for r in rows)
        print(f"- {a.printer[1]} against {a.printer[0]}: {mean([v for v, _ in apart]):.3f}; least {apart[0][0]:.2f} ({apart[0][1]}), most {apart[-1][0]:.2f} ({apart[-1][1]})")


def print_group(title, of):
    below = [f"{name} {best / ns:.2f}" for name, _, ns, best in of if best / ns < 0.97]
    print(f"{title}: geometric mean of the ratios {mean([best / ns for _, _, ns, best in of]):.3f}, of the sums {sum(c * best for _, c, _, best in of) / sum(c * ns for _, c, ns, _ in of):.3f}; "
          f"below 0.97: {len(below)} of {len(of)}{' (' + ', '.join(below) + ')' if below else ''}")


def mean(ratios): return math.exp(sum(map(math.log, ratios)) / len(ratios))
