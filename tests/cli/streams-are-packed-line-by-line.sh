#!/bin/bash
# A stream that is packed is passed on as it comes: each line before the next one, to a pipe, and
# what came of it by then is kept, packed, if its end does not come.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

"$DTTK" send -q -z "$photo" >/dev/null 2>err || exit 0 # built without zstd: told elsewhere

mkfifo in out
("$DTTK" send -q -z <in | "$DTTK" recv -q >out) &
exec 5>in 6<out
for i in 1 2 3 4 5; do
    echo "line $i" >&5
    read -r -t 10 line <&6 || fail "line $i did not come"
    [ "$line" = "line $i" ] || fail "line $i is: $line"
done
exec 5>&-
wait $! || fail 'not verified'

seq 1 200000 | "$DTTK" send -q -z >line
head -c 100000 line >begin
expect 5 "$DTTK" recv g <begin
says 'bytes are kept, packed by zstd, in g.part$'
{ zstd -dcq <g.part 2>/dev/null || true; } >some
[ -s some ] || fail 'nothing can be made of it'
cmp -n "$(wc -c <some)" some <(seq 1 200000)
expect 5 "$DTTK" recv <begin >h
cmp -n "$(wc -c <h)" h <(seq 1 200000)
[ -s h ] || fail 'nothing was written'
