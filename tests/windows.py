"""Convolutions at every kind of border against the interpreter: windows.py FRIT [--printer P] [--target T] [--count N] [--seed S]

Padding, strides, dilations, groups, each channel by itself; odd sizes, channels around the vectors; channels first and last. Several of them make
one graph, so that the whole takes seconds.
"""
import os, random, tempfile
from common import options, Tally, outcome, write


def place(i, stride, tap, dilation, pad):
    return f"{i} * {stride} + {tap} * {dilation} - {pad}"


def case(r, n):
    """The port, the constants and the equation of one convolution."""
    size = lambda: r.choice([1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 13, 17, 30])
    while True:
        h, w, k, l, s, d = size(), size(), r.choice([1, 2, 3, 3, 5]), r.choice([1, 2, 3, 3, 5, 7]), r.choice([1, 1, 2]), r.choice([1, 1, 1, 2])
        p, q = r.randint(0, (k - 1) * d), r.randint(0, (l - 1) * d)
        oh, ow = (h + 2 * p - (k - 1) * d - 1) // s + 1, (w + 2 * q - (l - 1) * d - 1) // s + 1
        if oh > 0 and ow > 0 and h * w <= 300:
            break
    kind, channels = r.choice(["dense", "dense", "each", "groups", "first"]), [1, 3, 15, 16, 17, 33]
    c, o, g = r.choice(channels), r.choice(channels), 1
    if kind == "first":
        c, o = r.choice([1, 3]), r.choice([16, 33, 64])
    if kind == "each":
        c, o, g = 1, 1, r.choice(channels + [48])
    if kind == "groups":
        c, o, g = r.choice([1, 3, 16]), r.choice([1, 2, 16]), r.choice([2, 3])
    con = f"  w{n}[a < {o * g}, b < {c}, u < {k}, v < {l}]: f32 = sin(f32(a * 7 + b * 5 + u * 3 + v));\n  b{n}[a < {o * g}] = f32(a) / 16.0;\n"
    tail = lambda e: r.choice([f"max({e}, 0)", e, f"tanh({e})"])
    if r.random() < 0.4 and p < k * d and q < l * d:
        call = f"conv(x{n}, w{n}, b{n}, strides = {s}, pads = [{p}, {q}, {p}, {q}], dilations = {d}, group = {g})"
        return f"x{n}: f32[1, {c * g}, {h}, {w}]", f"y{n}: f32[1, {o * g}, {oh}, {ow}]", con + f"  y{n} = {r.choice(['relu(%s)' % call, call])};\n"
    at = f"{place('i', s, 'u', d, p)}, {place('j', s, 'v', d, q)}"
    out, grouped = ("o", "c") if g == 1 else (f"(g < {g}, o < {o})", "(g, c)")
    sum_ = f"sum(c < {c}, u < {k}, v < {l}: (x{n}[{at}, {grouped}] or 0) * w{n}[{out.replace(f' < {g}', '')}, c, u, v])"
    if o == c == 1 and g > 1:
        out, sum_ = "g", f"sum(u < {k}, v < {l}: (x{n}[{at}, g] or 0) * w{n}[g, 0, u, v])"
    eq = f"  y{n}[i < {oh}, j < {ow}, {out}] = {tail(f'b{n}[{out}] + {sum_}')};\n"
    return f"x{n}: f32[{h}, {w}, {c * g}]", f"y{n}: f32[{oh}, {ow}, {o * g}]", con + eq


def main():
    a, tally = options(count=12, each=8), Tally()
    r = random.Random(a.seed)
    with tempfile.TemporaryDirectory() as where:
        path = os.path.join(where, "g.graph")
        for _ in range(a.count):
            ins, outs, body = zip(*(case(r, n) for n in range(a.each)))
            text = f"graph g({', '.join(ins)}) -> ({', '.join(outs)}) {{\n{''.join(body)}}}\n"
            write(path, text)
            rc, words = outcome([a.frit, "check", path, "--verify", "--tolerance", "5e-5", *a.flags])
            tally(rc == 0, f"exit {rc}\n{words}{text}")
    tally.end()


main()
