# frit targets lists the targets (without the machine that this is).
# $ frit targets | grep -v '^host' | sed 's/ *(this machine)//'
--- out
x86-64-v2      x86_64-unknown-linux-gnu     x86-64-v2      16-byte vectors
x86-64-v3      x86_64-unknown-linux-gnu     x86-64-v3      32-byte vectors
x86-64-v3-vnni x86_64-unknown-linux-gnu     x86-64-v3      32-byte vectors
x86-64-v4      x86_64-unknown-linux-gnu     x86-64-v4      64-byte vectors
x86-64-v4-vnni x86_64-unknown-linux-gnu     x86-64-v4      64-byte vectors
x86-64-v4-bf16 x86_64-unknown-linux-gnu     x86-64-v4      64-byte vectors
aarch64        aarch64-unknown-linux-gnu    generic        16-byte vectors
aarch64-dot    aarch64-unknown-linux-gnu    generic        16-byte vectors
riscv64v       riscv64-unknown-linux-gnu    generic-rv64   32-byte vectors
cortex-m7      thumbv7em-none-eabihf        cortex-m7      scalar
generic        x86_64-unknown-linux-gnu     x86-64         scalar
--- end
