#!/bin/bash
# Both say so; what arrived is kept, and the next run goes on from it.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

# Of a process in the background the shell has SIGINT ignored; env gives it back.
mkfifo line
env --default-signal=INT "$DTTK" send -L 60k "$photo" >line 2>send.err &
sender=$!
"$DTTK" recv --json g.json g <line 2>err &
receiver=$!
wait_for 10 test -e g.part
sleep 0.3
kill -INT $sender
code=0
wait $sender || code=$?
cat send.err
[ $code -eq 130 ] || fail "the sender's exit code is $code"
code=0
wait $receiver || code=$?
cat err
[ $code -eq 8 ] || fail "the receiver's exit code is $code"
one_line err
says 'the sender aborted: cancelled'
says '; kept in g.part: receive it again to go on$'
says '"exit": *8' g.json
[ ! -e g ] || fail 'g is there'

"$DTTK" send "$photo" | "$DTTK" recv g 2>err
cat err
says 'going on: [1-9][0-9]* of 35925 bytes are here'
cmp "$photo" g

# A line that stays open does not make it wait for ever.
mkfifo open
exec 4<>open
"$DTTK" send -q -L 60k "$photo" >open &
sender=$!
(sleep 0.3 && kill -TERM $sender) &
expect 8 "$DTTK" recv h <open
says 'the sender aborted: cancelled'
