"""Random loop trees: any legal tree of a kernel gives the interpreter's result. random_trees.py FRIT [--count N] [--seed N] [--printer P]

Kernels (a product with a pointwise tail, a pointwise chain, a window sum with borders, a softmax by rows, a literal matrix) on sizes at the edges of tiles,
each with trees drawn at random: order and nesting of loops, steps, even, unrolled and vector leaves, storage. A tree that the lowering
refuses must be refused with a message (exit 1); what it accepts must be right.
"""
import os, random, tempfile
from common import options, Tally, outcome, write

SIZES = [1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 48]


def leaf(rng, indices, vector, reduced=(), reg=False):
    """Orders indices at random; some unrolled, perhaps one in vector lanes, last.

    Accumulators and registers have constant positions: there most draws unroll, so that most trees are legal, and some are not."""
    idx = list(indices)
    rng.shuffle(idx)
    out = []
    lane = rng.choice([i for i in idx if i in vector] or [None]) if rng.random() < 0.8 else None
    fixed = rng.random() < 0.85
    inside = reg
    for i in idx:
        if i != lane:
            out.append(i + ("*" if inside and fixed and i not in reduced else rng.choice(["", "", "*", "/2", "/4"])))
        inside |= i in reduced
    if lane:
        out.append(lane + ("~" if inside and fixed else rng.choice(["~", "~", "/2~"])))
    return ", ".join(out)


def nest(rng, loops, inner):
    text, close = "", ""
    for name, step in loops:
        kind = rng.choice(["", "", "", " even"])
        text += f"for {name}/{step}{kind} {{ "
        close += " }"
    return text + inner + close


def product(rng):
    m, n, k = (rng.choice(SIZES) for _ in range(3))
    loops = [(i, rng.choice([1, 2, 4, 8, 16, 32])) for i in rng.sample(["i", "j"], rng.randint(0, 2))]
    tile = rng.random() < 0.5
    acc = leaf(rng, ["i", "j", "k"], ["j"], ["k"], tile)
    tail = leaf(rng, ["i", "j"], ["j"], reg=tile)
    inner = f"{'let s reg; ' if tile else ''}s({acc}); c({tail});"
    return f"""stage schedule;
graph g(a: f32[{m}, {k}], b: f32[{k}, {n}], d: f32[{n}]) -> (c: f32[{m}, {n}]) {{
  kernel k0 "product" (a, b, d) -> (c: f32[{m}, {n}]) {{
    s[i < {m}, j < {n}]: f32 = d[j] + sum(k < {k}: a[i, k] * b[k, j]);
    c[i < {m}, j < {n}]: f32 = max(s[i, j], 0);
    schedule {{ {nest(rng, loops, inner)} }}
  }}
}}
"""


def chain(rng):
    m, n = rng.choice(SIZES), rng.choice(SIZES)
    loops = [(i, rng.choice([1, 2, 4, 8, 16])) for i in rng.sample(["i", "j"], rng.randint(0, 2))]
    reg = rng.random() < 0.3
    t, u, y = (leaf(rng, ["i", "j"], ["j"], reg=reg) for _ in range(3))
    inner = f"{'let t reg; ' if reg else ''}t({t}); u({u}); y({y});"
    return f"""stage schedule;
graph g(a: f32[{m}, {n}], b: f32[{n}]) -> (y: f32[{m}, {n}]) {{
  kernel k0 "chain" (a, b) -> (y: f32[{m}, {n}]) {{
    t[i < {m}, j < {n}]: f32 = a[i, j] + b[j];
    u[i < {m}, j < {n}]: f32 = tanh(t[i, j]) * a[i, j];
    y[i < {m}, j < {n}]: f32 = u[i, j] - t[i, j];
    schedule {{ {nest(rng, loops, inner)} }}
  }}
}}
"""


def window(rng):
    n, c = rng.choice(SIZES), rng.choice([1, 2, 3, 4])
    loops = [("i", rng.choice([1, 2, 4, 8]))] if rng.random() < 0.5 else []
    fold = rng.random() < 0.5
    inner = f"e({leaf(rng, ['i', 'q'], ['q'])}); y({leaf(rng, ['i', 'k', 'q'], ['q'], ['k'])});"
    q = rng.choice(SIZES)
    return f"""stage schedule;
graph g(x: f32[{n}, {q}]) -> (y: f32[{n}, {q}]) {{
  kernel k0 "window" (x) -> (y: f32[{n}, {q}]) {{
    e[i < {n}, q < {q}]: f32 = x[i, q] * x[i, q];
    y[i < {n}, q < {q}]: f32 = sum(k < 3: (e[i + k - 1, q] or 0));
    schedule {{ {'let e mem fold i 16; ' if fold and loops else ''}{nest(rng, loops, inner)} }}
  }}
}}
"""


def linear(rng):
    m, n, q = rng.randint(1, 7), rng.randint(1, 7), rng.choice(SIZES)
    value = [[rng.choice([0, 0, 1, -1, 2, 0.5, -0.75]) for _ in range(n)] for _ in range(m)]
    matrix = "".join(f"a == {i} & k == {j} ? {value[i][j]} : " for i in range(m) for j in range(n) if value[i][j]) + "0"
    step = rng.choice([1, 2, 4, 8])
    order = rng.choice(["k*, a*, q~", "a*, k*, q~", "k*, a*, q/2~", leaf(rng, ["a", "k", "q"], ["q"], ["k"])])
    return f"""stage schedule;
graph g(x: f32[{n}, {q}], b: f32[{m}]) -> (y: f32[{m}, {q}]) {{
  const w[a < {m}, k < {n}]: f32 = f32({matrix});
  kernel k0 "linear" (x, b, w) -> (y: f32[{m}, {q}]) {{
    z[a < {m}, q < {q}]: f32 = {rng.choice(["", "b[a] + "])}sum(k < {n}: w[a, k] * {rng.choice(["x[k, q]", "(x[k, q + 1] or 0)"])});
    y[a < {m}, q < {q}]: f32 = max(z[a, q], 0);
    schedule {{ for q/{step} {{ z({order}); y(a*, q~); }} }}
  }}
}}
"""


def rows(rng):
    m, n = rng.choice(SIZES), rng.choice(SIZES)
    step = rng.choice([1, 2, 4, 8])
    v = lambda idx: leaf(rng, idx, ["k"])
    r = lambda idx: leaf(rng, idx, ["k"], ["k"])
    return f"""stage schedule;
graph g(x: f32[{m}, {n}]) -> (y: f32[{m}, {n}]) {{
  kernel k0 "softmax" (x) -> (y: f32[{m}, {n}]) {{
    m[i < {m}]: f32 = max(k < {n}: x[i, k]);
    e[i < {m}, k < {n}]: f32 = exp(x[i, k] - m[i]);
    s[i < {m}]: f32 = sum(k < {n}: e[i, k]);
    y[i < {m}, k < {n}]: f32 = e[i, k] / s[i];
    schedule {{ for i/{step} {{ {'let m reg; ' if step == 1 else ''}m({r(['i', 'k'])}); e({v(['i', 'k'])}); s({r(['i', 'k'])}); y({v(['i', 'k'])}); }} }}
  }}
}}
"""


def main():
    a, tally, refused = options(count=80), Tally(), 0
    with tempfile.TemporaryDirectory() as where:
        path = os.path.join(where, "g.graph")
        for seed in range(a.seed, a.seed + a.count):
            rng = random.Random(seed)
            text = rng.choice([product, chain, window, rows, linear])(rng)
            if rng.random() < 0.2:
                text = text.replace("schedule {", f"schedule {{ let {'c' if 'product' in text else 'y'} past;")
            write(path, text)
            rc, words = outcome([a.frit, "check", path, "--tolerance", "1e-4", *a.flags], timeout=60)
            if rc == 1 and "error: " in words and "internal" not in words:
                refused += 1
            else:
                tally(rc == 0, f"seed {seed}: exit {rc}\n{words}\n{text}")
    if tally.passed < a.count // 2:
        tally(False, f"only {tally.passed} of {a.count} trees were accepted ({refused} refused)")
    tally.end()


main()
