#!/bin/bash
# The same damage and the -r of the verdict: that suffices nearly always, and half of it does not.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

make_file 300000 f
enough=0
for seed in 1 2 3 4 5 6 7 8 9 10; do
    "$DTTK" send -q -r 5 f | "$DTTK" noise -q --loss 0.2 --seed $seed >lossy.cap
    expect 5 "$DTTK" recv --no-resume g <lossy.cap
    redundancy=$(sed -n 's/.*-r \([0-9]*\) would have been enough.*/\1/p' err)
    [ "$redundancy" -ge 15 ] || fail "-r $redundancy"
    [ "$redundancy" -le 50 ] || fail "-r $redundancy"
    rm g.part*

    code=0
    "$DTTK" send -q -r "$redundancy" f | "$DTTK" noise -q --loss 0.2 --seed $seed |
        "$DTTK" recv g || code=$?
    enough=$((enough + (code == 0)))
    rm -f g g.part*
    code=0
    "$DTTK" send -q -r $((redundancy / 2)) f | "$DTTK" noise -q --loss 0.2 --seed $seed |
        "$DTTK" recv g || code=$?
    [ $code -eq 5 ] || fail "half of -r $redundancy: exit $code"
    rm g.part*
done
echo "$enough of 10 had enough"
[ $enough -ge 7 ]
