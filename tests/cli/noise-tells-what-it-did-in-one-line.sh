#!/bin/sh
# The statistics agree with the bytes, and -q keeps them back.
set -eu

seq 1 10000 >in
"$DTTK" noise --wire lines --loss 0.2 --dup 0.1 <in >out 2>err
cat err
test "$(wc -l <err)" -eq 1
grep -q '^dttk noise: 10000 frames in, ' err
grep -q "; $(wc -c <in) bytes in, $(wc -c <out) out\$" err
lost=$(sed 's/.* \([0-9]*\) lost.*/\1/' err)
duplicated=$(sed 's/.* \([0-9]*\) duplicated.*/\1/' err)
test "$lost" -gt 0
test "$duplicated" -gt 0
test $((10000 - lost + duplicated)) -eq "$(wc -l <out)"

"$DTTK" noise --ber 1e-4 <in 2>err >out
flipped=$(sed 's/.* \([0-9]*\) bits flipped.*/\1/' err)
cmp -l in out >changed || true
test "$flipped" -gt 0
test "$(wc -l <changed)" -le "$flipped"

printf x | "$DTTK" noise 2>err >out
test "$(cat err)" = 'dttk noise: 1 frame in; 1 byte in, 1 out'

"$DTTK" noise --quiet --burst 1k,5 <in >few
"$DTTK" noise --quiet --burst 1000,5 <in | cmp few

"$DTTK" noise --quiet --loss 0.2 <in 2>err >out
test ! -s err
