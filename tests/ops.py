"""Every operator of the prelude against the interpreter: ops.py FRIT [--printer P] [--target T] [--only NAME] [--sizes 1,7,...]

The cases stand in ops.txt; an operator of `frit ops` without a case is a failure.
"""
import os, tempfile
from common import options, Tally, outcome, write

here = os.path.dirname(os.path.abspath(__file__))


def cases():
    for line in open(os.path.join(here, "ops.txt")):
        if line.strip() and not line.startswith("#"):
            yield [p.strip() for p in line.split(";", 2)][:2] + split_tail(line.split(";", 2)[2])


def split_tail(tail):
    stmts, results = tail.rsplit(";", 1)
    return [stmts.strip(), results.strip()]


def main():
    a, seen, tally = options(only="", sizes="1,7,16,17,33"), set(), Tally()
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
                write(path, text)
                rc, words = outcome([a.frit, "check", path, "--verify", "--tolerance", "5e-5", *a.flags], timeout=120)
                tally(rc == 0, f"{name}, N = {n}, {a.printer}: exit {rc}\n{words}{text}")
    for name in sorted({l.split()[0] for l in outcome([a.frit, "ops"])[1].splitlines() if l.strip()} - seen):
        tally(False, f"operator {name} has no case in ops.txt")
    tally.end()


main()
