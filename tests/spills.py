"""Reads a disassembly from standard input; prints vector loads and stores of the stack inside innermost loops that hold FMAs."""
import re, sys

lines = [re.match(r"\s*([0-9a-f]+):\s+(.*)", l) for l in sys.stdin]
code = [(int(m[1], 16), m[2]) for m in lines if m]
loops = []
for k, (at, text) in enumerate(code):
    m = re.match(r"j\w+\s+(?:0x)?([0-9a-f]+)", text)
    if m and not text.startswith("jmp") and int(m[1], 16) <= at:
        first = next((i for i, (a, _) in enumerate(code) if a == int(m[1], 16)), None)
        if first is not None:
            loops.append((first, k))
inner = [(a, b) for a, b in loops if not any(a <= c and d <= b and (a, b) != (c, d) for c, d in loops)]
hot = [(a, b) for a, b in inner if sum("fmadd" in t for _, t in code[a:b]) >= 4]
if not hot:
    print("no loop with FMAs was found")
for a, b in hot:
    bad = [t for _, t in code[a:b + 1] if re.search(r"[xyz]mm", t) and re.search(r"\(%r[sb]p", t)]
    if bad:
        print(f"{len(bad)} in a loop of {b - a + 1}: {bad[0]}")
