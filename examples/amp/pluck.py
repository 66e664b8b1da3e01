"""Writes two seconds of plucked strings (Karplus and Strong, 1983) as a mono .wav of 48 kHz: the dry guitar of the demo. pluck.py FILE"""
import random, struct, sys, wave

random.seed(1)
out = [0.0] * 96000
for start, hz in [(0, 110.0), (12000, 164.8), (24000, 220.0), (36000, 277.2), (48000, 329.6)]:
    period = int(48000 / hz)
    line = [random.uniform(-0.5, 0.5) for _ in range(period)]
    for k in range(len(out) - start):
        v = line[k % period]
        out[start + k] += 0.3 * v
        line[k % period] = 0.498 * (v + line[(k + 1) % period])
with wave.open(sys.argv[1], "wb") as f:
    f.setnchannels(1)
    f.setsampwidth(2)
    f.setframerate(48000)
    f.writeframes(b"".join(struct.pack("<h", int(max(-1, min(1, v)) * 32767)) for v in out))
