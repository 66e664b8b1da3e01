#!/usr/bin/env python3
"""compile.py [--printer llvm,c] [--target T] [--only REGEX] [--limit SECONDS]: what it takes to compile every distinct layer of ResNet-50 and MobileNetV2.

CPU seconds (compiler, gcc, linker; so that a busy machine does not count) and bytes of code. Fails if a layer takes more than --limit, or has more
than 32 KB of code (64 KB where windows go by tiles)."""
import argparse, array, math, os, random, re, resource, subprocess, sys, tempfile
from cases import TABLES

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(HERE, "..", "tests"))
from common import write_weights


def weights(path, graph):
    """Every parameter of the graph, small random numbers."""
    shapes = {name: [int(d) for d in shape.split(", ")] for name, shape in re.findall(r"param (\w+): f32\[([\d, ]+)\]", graph)}
    some = array.array("f", (random.uniform(-0.1, 0.1) for _ in range(997)))
    write_weights(path, {name: (shape, (some * (math.prod(shape) // 997 + 1))[:math.prod(shape)]) for name, shape in shapes.items()})


def compile(a, where, printer):
    """CPU seconds, bytes of code."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([a.frit, "compile", where + "/g.graph", "-o", where + "/g.so", "--target=" + a.target, "--printer=" + printer], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    text = re.search(r" \.text +PROGBITS +\w+ \w+ (\w+)", subprocess.run(["readelf", "-SW", where + "/g.so"], capture_output=True, text=True).stdout)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, int(text[1], 16)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--frit", default=os.environ.get("FRIT", HERE + "/../build/frit"))
    p.add_argument("--printer", default="llvm,c")
    p.add_argument("--target", default="host")
    p.add_argument("--only", default="")
    p.add_argument("--limit", type=float, default=1)
    a, bad, worst = p.parse_args(), 0, {}
    print(f"{'layer':26}" + "".join(f"{name + ', s':>10}{'code, KB':>10}" for name in a.printer.split(",")))
    with tempfile.TemporaryDirectory() as where:
        for case in TABLES["conv"](False):
            if not re.search(a.only, case.name): continue
            open(where + "/g.graph", "w").write(case.graph)
            weights(where + "/w.safetensors", case.graph)
            dump = subprocess.run([a.frit, "compile", where + "/g.graph", "--target=" + a.target, "--dump-ir=fuse"], capture_output=True, text=True)
            tiled = re.search(r"\.U\[", dump.stdout)
            row = [compile(a, where, printer) for printer in a.printer.split(",")]
            print(f"{case.name:26}" + "".join(f"{s:10.2f}{n / 1024:10.1f}" for s, n in row), flush=True)
            bad += any(s > a.limit or n > (65536 if tiled else 32768) for s, n in row)
            for name, (s, n) in zip(a.printer.split(","), row): worst[name] = [max(v) for v in zip(worst.get(name, (0, 0)), (s, n))]
    print(f"{'most':26}" + "".join(f"{s:10.2f}{n / 1024:10.1f}" for s, n in worst.values()))
    sys.exit(bad > 0)


main()
