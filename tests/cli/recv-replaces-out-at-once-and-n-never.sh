#!/bin/bash
# An explicit OUT is the old file until it is the new one; with -n that is there is exit 7.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

"$DTTK" send -q "$photo" >line
echo old >g
mkfifo slow
"$DTTK" send -q -L 100k "$photo" >slow &
"$DTTK" recv g <slow 2>err &
receiver=$!
wait_for 10 test -e g.part
[ "$(cat g)" = old ] || fail 'it is not the old file any more'
wait $receiver
cat err
cmp "$photo" g

echo old >g
for option in -n --no-clobber; do
    expect 7 "$DTTK" recv $option g <line
    one_line err
    [ "$(cat err)" = 'dttk: g: exists, and -n forbids to replace it' ]
    [ "$(cat g)" = old ] || fail 'it was replaced'
    nothing_at g.part
done
rm g
expect 0 "$DTTK" recv -n g <line
cmp "$photo" g

# It came into being meanwhile.
rm g
"$DTTK" send -q -L 100k "$photo" >slow &
"$DTTK" recv -n g <slow 2>err &
receiver=$!
wait_for 10 test -e g.part
echo other >g
code=0
wait $receiver || code=$?
cat err
[ $code -eq 7 ] || fail "exit $code"
[ "$(cat g)" = other ] || fail 'it was replaced'
says '^dttk: g: the name was taken meanwhile$'
says '^dttk: g: what arrived is kept in g.part: receive it again to go on$'
mv g aside
expect 0 "$DTTK" recv -n g <line
cmp "$photo" g
