"""Sums over windows of 3 by 3 as products of transformed tiles: the interpreter's result within the documented error. tiles.py FRIT [--count N] [...]

Sizes 1 .. 9 and 1 .. 33 channels, any order of dimensions, batch, pads 0 .. 2, flipped windows, tails, two in a row; m = 2 .. 6 by -ffuse=winogradM.
"""
import math, os, random, tempfile
from common import options, Tally, outcome, write, write_weights


def graph(rng, name):
    h, w, c, o, n = rng.randint(1, 9), rng.randint(1, 9), rng.randint(1, 33), rng.randint(1, 33), rng.choice([0, 0, 1, 3])
    p, q = rng.randint(0, 2), rng.randint(0, 2)
    if h + 2 * p < 3 or w + 2 * q < 3:
        p, q = 1, 1
    y, x = h + 2 * p - 2, w + 2 * q - 2
    order = rng.choice(["yxc", "yxc", "yxc", "cyx", "ycx", "xyc"])
    worder = rng.sample("ocrs", 4)
    place = lambda d, lead: ", ".join([lead] * bool(n) + [d[k] for k in order])
    size = lambda d: ", ".join([str(n)] * bool(n) + [str(d[k]) for k in order])
    flip = rng.random() < 0.3
    left = rng.choice(["b[o] + ", "", "r[{}] + "]) if n == 0 or rng.random() < 0.5 else ""
    out = {"y": "i", "x": "j", "c": "o"}
    left = left.format(place(out, "n"))
    inn = {"y": f"i + {'2 - u' if flip else 'u'} - {p}", "x": f"j + v - {q}", "c": "c"}
    wplace = ", ".join({"o": "o", "c": "c", "r": "u", "s": "v"}[k] for k in worder)
    wshape = [{"o": o, "c": c, "r": 3, "s": 3}[k] for k in worder]
    shape = {"y": y, "x": x, "c": o}
    bound = place({"y": f"i < {y}", "x": f"j < {x}", "c": "o"}, "n")
    tail = rng.choice(["max(z, 0)", "tanh(z)", "z", "max(z + r, 0)"])
    again = rng.random() < 0.3 and c == o and y == h and x == w
    op = f"op f(x, w, b, r) {{ y[{bound}] = {left}sum(c, u < 3, v < 3: (x[{place(inn, 'n')}] or 0) * w[{wplace}]); }}"
    calls = "z = f(x, w, b, r);" + (" t = tanh(z); z2 = f(t, w, b, r);" if again else "")
    text = f"""weights "{name}";
{op}
graph g(x: f32[{size({'y': h, 'x': w, 'c': c})}], r: f32[{size(shape)}]) -> (y: f32[{size(shape)}]) {{
  param w: f32[{', '.join(map(str, wshape))}];
  param b: f32[{o}];
  {calls} y = {tail.replace('z', 'z2' if again else 'z')};
}}
"""
    return text, wshape, o, 9 * c


def main():
    a, tally, taken = options(count=40), Tally(), 0
    with tempfile.TemporaryDirectory() as where:
        path = os.path.join(where, "g.graph")
        for seed in range(a.seed, a.seed + a.count):
            rng = random.Random(seed)
            text, shape, o, k = graph(rng, "w.safetensors")
            write(path, text)
            w = [rng.gauss(0, 1) / k**0.5 for _ in range(math.prod(shape))]
            write_weights(os.path.join(where, "w.safetensors"), {"w": (shape, w), "b": ([o], [rng.gauss(0, 0.1) for _ in range(o)])})
            m = 2 + seed % 5
            flags = [f"-ffuse=winograd{m}", *a.flags]
            rc, words = outcome([a.frit, "check", path, "--tolerance", "3e-5", *flags], timeout=120)
            taken += f"tiles of {m} by {m}" in outcome([a.frit, "explain", path, *flags])[1]
            tally(rc == 0, f"seed {seed} m {m}: exit {rc}\n{words}\n{text}")
    if taken < a.count // 2:
        tally(False, f"only {taken} of {a.count} were rewritten")
    tally.end()


main()
