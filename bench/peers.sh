#!/bin/sh
# peers.sh: installs what frit is compared with: Debian packages, and Python packages in a venv (build/peers, or $PEERS). What cannot be
# installed is reported and left out of the tables; nothing fails, also without a network.
cd "$(dirname "$0")/.." || exit 1
venv=${PEERS:-build/peers}
for p in libopenblas-dev libblis-dev libxsmm-dev libdnnl-dev libsleef-dev g++ python3-venv python3-torch; do
	sh scripts/packages.sh $p || echo "peers: $p is left out"
done
python=/usr/bin/python3                                    # Debian's, which sees Debian's PyTorch
[ -x $python ] || python=python3
[ -x "$venv/bin/python" ] || $python -m venv --system-site-packages "$venv" || exit 0
for p in numpy mkl-include mkl onednn-devel-cpu-gomp; do
	"$venv/bin/python" -m pip install --quiet --upgrade --disable-pip-version-check $p || echo "peers: $p is left out"
done
