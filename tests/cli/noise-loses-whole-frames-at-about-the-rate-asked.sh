#!/bin/sh
# 20,000 lines, a tenth of them lost: 2,000 and some 40 more or less is to be expected.
set -eu

seq 1000001 1020000 >in
for loss in 0.1 10% 0.1,5; do
    "$DTTK" noise -q --wire lines --loss $loss <in >out
    lost=$((20000 - $(wc -l <out)))
    echo "--loss $loss: $lost lost"
    test $lost -gt 1500
    test $lost -lt 2500
    # What is left are whole lines, in order.
    sort out | cmp - out
    sort in out | uniq -d | cmp - out
done

# Frames that end with 0x00, and with 0xff
for wire in dttk:000 ftag:377; do
    tr '\n' "\\${wire#*:}" <in | "$DTTK" noise -q --wire "${wire%:*}" --loss 0.5 |
        tr "\\${wire#*:}" '\n' >out
    sort in out | uniq -d | cmp - out
    test "$(wc -l <out)" -gt 9000
    test "$(wc -l <out)" -lt 11000
done
