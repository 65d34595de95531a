#!/bin/bash
# A file is complete before its pass is over: no writer before it loses its reader then. If the line
# stays open, the end of the pass or two seconds of silence are enough to go.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

make_file 3000000 big
for f in "$photo" big; do
    "$DTTK" send -r 200 "$f" | tee >("$DTTK" recv -q a; echo $? >a.code) | "$DTTK" recv b
    cmp "$f" b
    wait_for 10 test -s a.code
    [ "$(cat a.code)" -eq 0 ]
    cmp "$f" a
    rm a b a.code
done

# Slow, late and shuffled: the last packets come after the END.
"$DTTK" send -q "$photo" | "$DTTK" noise -q --reorder 30 --baud 2000000 | "$DTTK" recv g
cmp "$photo" g
rm g

"$DTTK" send -q "$photo" >whole.cap
mkfifo line
exec 4<>line
ends_within() # ms, capture
{
    cat "$2" >line &
    local began
    began=$(now_ms)
    expect 0 "$DTTK" recv g <line
    took=$(($(now_ms) - began))
    wait
    echo "$took ms"
    [ $took -lt "$1" ] || sanitized || fail 'it took its time'
    cmp "$photo" g
    rm g
}
ends_within 1800 whole.cap
head -c 44000 whole.cap >headless.cap
ends_within 3000 headless.cap
[ $took -ge 1900 ] || fail 'it did not wait'
