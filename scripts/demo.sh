#!/bin/sh
# demo.sh: installs what is missing, builds, and runs the main job: the project's own trained amplifier (examples/amp) becomes machine code
# by both printers and processes a plucked string. Prints the fused kernel, the error against the interpreter, and the speed.
set -eu
cd "$(dirname "$0")/.."
sh scripts/packages.sh python3
sh scripts/build.sh build
frit=build/frit out=build/demo
mkdir -p $out
python3 examples/amp/pluck.py $out/dry.wav
echo "--- what was fused (frit compile examples/amp/amp.graph --dump-ir=schedule, the first lines)"
$frit compile examples/amp/amp.graph --dump-ir=schedule >$out/amp.schedule.graph
sed -n '/kernel/,$p' $out/amp.schedule.graph | head -40
for p in llvm c; do
	echo "--- printer $p"
	$frit compile examples/amp/amp.graph --printer=$p -o $out/amp-$p.so
	$frit check examples/amp/amp.graph --printer=$p --frames 2000
	$frit run $out/amp-$p.so --input x=$out/dry.wav --output y=$out/wet-$p.wav --block 64
	$frit bench $out/amp-$p.so --block 64
done
cmp $out/wet-llvm.wav $out/wet-c.wav && echo "both printers gave the same samples: $out/wet-llvm.wav"
