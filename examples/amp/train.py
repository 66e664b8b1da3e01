"""Fits a small WaveNet to a documented circuit model; run once, the result (amp.safetensors) is committed.

    pip install jax numpy safetensors;  python3 train.py

The circuit, at 48 kHz: a soft clipper between two filters.
    u = highpass(x, 120 Hz)                    one pole: the coupling capacitor
    v = asinh(12 u + 0.3) - asinh(0.3)         a pair of diodes in a feedback loop, slightly uneven
    y = 0.4 lowpass(v, 4500 Hz)                one pole: the tone control
The network: 8 channels, kernel 3, dilations 1..256, tanh, residual; what the layers say is summed and mixed down (amp.graph).
"""
import numpy as np, jax, jax.numpy as jnp
from safetensors.numpy import save_file

RATE, CH, DILATIONS = 48000, 8, [1, 2, 4, 8, 16, 32, 64, 128, 256]


def circuit(x):
    a, b = np.exp(-2 * np.pi * 120 / RATE), np.exp(-2 * np.pi * 4500 / RATE)
    y, low, tone = np.empty_like(x), 0.0, 0.0
    for n, s in enumerate(x):
        low = a * low + (1 - a) * s
        tone = b * tone + (1 - b) * (np.arcsinh(12 * (s - low) + 0.3) - np.arcsinh(0.3))
        y[n] = 0.4 * tone
    return y


def string(rng, n):
    """A plucked string (Karplus and Strong, 1983): a noise burst in a damped delay line."""
    p = int(RATE / rng.uniform(80, 660))
    out, line = np.empty(n), rng.uniform(-1, 1, p)
    for k in range(n):
        out[k] = line[k % p]
        line[k % p] = 0.498 * (line[k % p] + line[(k + 1) % p])
    return out * rng.uniform(0.1, 0.9)


def signal(rng, n):
    kind = rng.integers(3)
    if kind == 0:
        return string(rng, n) + (string(rng, n) if rng.random() < 0.5 else 0)
    t = np.arange(n) / RATE
    if kind == 1:
        f0, f1 = rng.uniform(40, 400), rng.uniform(400, 8000)
        return rng.uniform(0.05, 0.8) * np.sin(2 * np.pi * (f0 * t + (f1 - f0) * t * t * RATE / n / 2))
    return rng.uniform(0.02, 0.5) * rng.standard_normal(n) * np.exp(-t * rng.uniform(0, 60))


def start(rng):
    def mat(*s):
        return (rng.standard_normal(s) / np.sqrt(np.prod(s[1:]))).astype(np.float32)
    p = {"in.w": mat(CH), "out.w": mat(CH) * 0.3, "out.b": np.zeros(1, np.float32)}
    for l in range(len(DILATIONS)):
        p |= {f"l{l}.w": mat(CH, CH, 3), f"l{l}.b": np.zeros(CH, np.float32), f"l{l}.m": mat(CH), f"l{l}.v": mat(CH, CH) * 0.5, f"l{l}.e": np.zeros(CH, np.float32)}
    return p


def network(p, x):
    h, s = p["in.w"][:, None] * x, 0.0
    for l, d in enumerate(DILATIONS):
        past = jnp.pad(h, ((0, 0), (2 * d, 0)))
        z = p[f"l{l}.b"][:, None] + p[f"l{l}.m"][:, None] * x
        for k in range(3):
            z = z + p[f"l{l}.w"][:, :, k] @ past[:, k * d: k * d + x.shape[0]]
        a = jnp.tanh(z)
        s = s + a
        h = h + p[f"l{l}.e"][:, None] + p[f"l{l}.v"] @ a
    return p["out.b"] + p["out.w"] @ s


def main():
    rng, n, steps, batch = np.random.default_rng(7), 4096, 5000, 8
    xs = np.stack([signal(rng, n) for _ in range(240)]).astype(np.float32)
    ys = np.stack([circuit(x) for x in xs]).astype(np.float32)
    p = start(rng)
    m, v = jax.tree.map(np.zeros_like, p), jax.tree.map(np.zeros_like, p)

    def loss(p, x, y):
        return jnp.mean((jax.vmap(lambda s: network(p, s))(x) - y) ** 2)

    @jax.jit
    def step(p, m, v, x, y, k):
        e, g = jax.value_and_grad(loss)(p, x, y)
        rate = 4e-3 * 0.5 * (1 + jnp.cos(jnp.pi * k / steps)) + 2e-5
        m = jax.tree.map(lambda a, b: 0.9 * a + 0.1 * b, m, g)
        v = jax.tree.map(lambda a, b: 0.999 * a + 0.001 * b * b, v, g)
        up = lambda w, a, b: w - rate * (a / (1 - 0.9 ** (k + 1))) / (jnp.sqrt(b / (1 - 0.999 ** (k + 1))) + 1e-8)
        return jax.tree.map(up, p, m, v), m, v, e

    for k in range(steps):
        pick = rng.integers(200, size=batch)
        p, m, v, e = step(p, m, v, xs[pick], ys[pick], k)
        if k % 250 == 0:
            print(k, float(e), flush=True)
            save_file({n: np.asarray(w) for n, w in p.items()}, "amp.safetensors")
    x, y = xs[200:], ys[200:]
    esr = float(loss(p, x, y)) / float(np.mean(y ** 2))
    print(f"error to signal on 40 held-out signals: {esr:.2e}")
    save_file({n: np.asarray(w) for n, w in p.items()}, "amp.safetensors", {"error_to_signal": f"{esr:.2e}"})


main()
