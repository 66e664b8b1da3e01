"""What the tests share: options, the count of what passed, runs that cannot hang, floats and weights in files."""
import argparse, array, json, struct, subprocess, sys


def options(**more):
    """FRIT, --printer, --target, --seed; more: other options with their defaults. flags: printer and target as frit wants them."""
    p = argparse.ArgumentParser()
    p.add_argument("frit")
    for name, value in {"printer": "llvm", "target": "host", "seed": 1, **more}.items():
        if isinstance(value, bool):
            p.add_argument("--" + name, action="store_true")
        else:
            p.add_argument("--" + name, default=value, type=str if value is None else type(value))
    a = p.parse_args()
    a.flags = [f"--printer={a.printer}", f"--target={a.target}"]
    return a


class Tally:
    """Counts; says what failed; ends the test."""
    def __init__(self):
        self.passed = self.failed = 0

    def __call__(self, ok, what=""):
        self.passed, self.failed = self.passed + bool(ok), self.failed + (not ok)
        if not ok:
            print(what, flush=True)
        return ok

    def end(self, more=""):
        print(f"{self.passed} passed, {self.failed} failed{more}")
        sys.exit(self.failed > 0)


def run(cmd, timeout=300, **k):
    """Exit code (124: it hangs), standard output, standard error."""
    try:
        r = subprocess.run(cmd, capture_output=True, text=True, errors="replace", timeout=timeout, **k)
        return r.returncode, r.stdout, r.stderr
    except subprocess.TimeoutExpired:
        return 124, "", "hung"


def outcome(cmd, **k):
    """Exit code, all output."""
    rc, out, err = run(cmd, **k)
    return rc, out + err


def write(path, text):
    with open(path, "w") as f:
        f.write(text)


def floats(path):
    a = array.array("f")
    with open(path, "rb") as f:
        a.frombytes(f.read())
    return a


def safetensors(header, data, size=None):
    """The bytes of such a file."""
    h = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(h) if size is None else size) + h + data


def write_weights(path, tensors):
    """tensors: name -> (shape, floats)."""
    header, data = {}, b""
    for name, (shape, values) in tensors.items():
        more = array.array("f", values).tobytes()
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + len(more)]}
        data += more
    with open(path, "wb") as f:
        f.write(safetensors(header, data))
