#!/bin/bash
# What an earlier run left is thrown away: neither used nor kept, whosever it was.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

"$DTTK" send -q "$photo" | "$DTTK" noise -q --loss 0.5 --seed 1 >first.cap
"$DTTK" send -q "$photo" | "$DTTK" noise -q --loss 0.5 --seed 2 >second.cap

expect 5 "$DTTK" recv g <first.cap
expect 5 "$DTTK" recv --no-resume g <second.cap
if grep -q 'going on' err; then fail 'it went on'; fi
expect 0 "$DTTK" recv --no-resume g < <("$DTTK" send -q "$photo")
if grep -q 'going on' err; then fail 'it went on'; fi
cmp "$photo" g
rm g
nothing_at g

# A .part that is not ours is not touched, unless that is asked for.
echo mine >g.part
expect 7 "$DTTK" recv g < <("$DTTK" send -q "$photo")
one_line err
says '^dttk: g.part: not from dttk'
[ "$(cat g.part)" = mine ] || fail 'it was touched'
expect 0 "$DTTK" recv --no-resume g < <("$DTTK" send -q "$photo")
cmp "$photo" g
rm g
nothing_at g
