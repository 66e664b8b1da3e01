"""Every operator of the prelude against the interpreter: ops.py FRIT [--printer P] [--target T] [--only NAME] [--sizes 1,7,...]

The cases stand in ops.txt; an operator of `frit ops` without a case is a failure.
"""
import argparse, os, subprocess, sys, tempfile

here = os.path.dirname(os.path.abspath(__file__))


def cases():
    for line in open(os.path.join(here, "ops.txt")):
        if line.strip() and not line.startswith("#"):
            yield [p.strip() for p in line.split(";", 2)][:2] + split_tail(line.split(";", 2)[2])


def split_tail(tail):
    stmts, results = tail.rsplit(";", 1)
    return [stmts.strip(), results.strip()]


def main():
    p = argparse.ArgumentParser()
    p.add_argument("frit")
    p.add_argument("--printer", default="llvm")
    p.add_argument("--target")
    p.add_argument("--only")
    p.add_argument("--sizes", default="1,7,16,17,33")
    a = p.parse_args()
    passed = failed = 0
    seen = set()
    with tempfile.TemporaryDirectory() as where:
        path = os.path.join(where, "g.graph")
        for name, ins, stmts, results in cases():
            seen.add(name)
            if a.only and a.only != name:
                continue
            sizes = a.sizes.split(",") if "N" in (ins + stmts).replace("NOTSET", "") else ["1"]
            for n in sizes:
                sub = lambda s: "".join(n if c == "N" and (i == 0 or not s[i - 1].isalnum()) and (i + 1 == len(s) or not s[i + 1].isalnum()) else c for i, c in enumerate(s))
                text = f"graph g({sub(ins)}) -> ({results}) {{\n  {sub(stmts)};\n}}\n"
                open(path, "w").write(text)
                cmd = [a.frit, "check", path, "--verify", f"--printer={a.printer}", "--tolerance", "5e-5"] + ([f"--target={a.target}"] if a.target else [])
                try:
                    r = subprocess.run(cmd, capture_output=True, text=True, timeout=120)
                    rc, said = r.returncode, r.stdout + r.stderr
                except subprocess.TimeoutExpired:
                    rc, said = 124, "hung\n"
                passed += rc == 0
                if rc:
                    failed += 1
                    print(f"{name}, N = {n}, {a.printer}: exit {rc}\n{said}{text}", flush=True)
    listed = {l.split()[0] for l in subprocess.run([a.frit, "ops"], capture_output=True, text=True).stdout.splitlines() if l.strip()}
    for name in sorted(listed - seen):
        failed += 1
        print(f"operator {name} has no case in ops.txt")
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0)


main()
