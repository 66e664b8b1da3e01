"""The .nam models of ../shared against their reference samples: both printers, blocks of 1, 3, 7, 8, 64, 4096. Skipped where the folder is absent. nam.py FRIT"""
import hashlib, os, sys, tempfile
from common import Tally, outcome, floats

frit = sys.argv[1]
shared = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "shared")
if not os.path.isdir(shared):
    print("models of ../shared: skipped (the folder is absent)")
    print("0 passed, 0 failed")
    sys.exit(0)
say = Tally()

with tempfile.TemporaryDirectory() as w:
    for model in ("wavenet_a1_standard", "wavenet"):
        for reference, flags in ((f"{model}.output.f32", []), (f"{model}.output_noprewarm.f32", ["--no-prewarm"])):
            ref_path = f"{shared}/reference/nam/{reference}"
            if not os.path.exists(ref_path):
                continue
            ref, first = floats(ref_path), None
            limit = 2e-5 * max(1.0, max(abs(v) for v in ref))
            for printer in ("llvm", "c"):
                so = f"{w}/m.so"
                rc, words = outcome([frit, "compile", f"{shared}/models/nam/{model}.nam", f"--printer={printer}", *flags, "-o", so])
                for block in (1, 3, 7, 8, 64, 4096) if say(rc == 0, f"{model} {printer}: {words}") else ():
                    rc, words = outcome([frit, "run", so, "--input", f"x={shared}/reference/nam/input.f32", "--output", f"y={w}/y.f32", "--block", str(block)])
                    if not say(rc == 0, f"{model} {printer} {block}: {words}"):
                        continue
                    y = floats(f"{w}/y.f32")
                    worst = max(abs(a - b) for a, b in zip(y, ref))
                    say(len(y) == len(ref) and worst <= limit, f"{reference} {printer}, blocks of {block}: error {worst:.2e}, limit {limit:.1e}")
                    digest = hashlib.sha256(y.tobytes()).hexdigest()
                    first = first or digest
                    say(digest == first, f"{reference} {printer}, blocks of {block}: other bits")
                    if block == 64:
                        print(f"{reference} {printer}: max error {worst:.2e} (limit {limit:.1e})", flush=True)
say.end()
