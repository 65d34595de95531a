#!/bin/sh
# What happens to a byte depends on its place and the seed, not on how and when it comes.
set -eu

head -c 100000 /dev/urandom >in
damage() {
    "$DTTK" noise -q --ber 1e-3 --drop 0.001 --insert 0.001 --burst 5000,20 \
        --loss 10%,3 --dup 0.05 --reorder 4 "$@"
}

damage --seed 7 <in >whole
if cmp -s in whole; then
    echo 'nothing was damaged'
    exit 1
fi
dd bs=7 if=in 2>/dev/null | damage --seed 7 >pieces
cmp whole pieces
damage --seed 7 --baud 2000000 --latency 20 <in >slow
cmp whole slow
damage --seed 8 <in >other
if cmp -s whole other; then
    echo 'another seed did the same damage'
    exit 1
fi
