#!/bin/bash
# 128 and the signal's number, what arrived is kept, and the next run goes on from it.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

mkfifo line
for signal in INT TERM HUP; do
    "$DTTK" send -q -L 100k "$photo" >line 2>/dev/null &
    sender=$!
    # Of a process in the background the shell has SIGINT ignored; env gives it back.
    env --default-signal=INT "$DTTK" recv g <line 2>err &
    receiver=$!
    wait_for 10 test -e g.part
    sleep 0.1
    kill -$signal $receiver
    code=0
    wait $receiver || code=$?
    echo "SIG$signal: exit $code: $(cat err)"
    [ $code -eq $((128 + $(kill -l $signal))) ] || fail "exit $code"
    [ ! -e g ] || fail 'g is there'
    one_line err
    says '; kept in g.part: receive it again to go on$'
    wait $sender || true
    "$DTTK" send -q "$photo" | "$DTTK" recv g 2>err
    says 'going on: [1-9][0-9]* of 35925 bytes are here'
    cmp "$photo" g
    rm g
    nothing_at g
done

# While it waits for a line that says nothing, it ends at once; -q says nothing either.
exec 4<>line
env --default-signal=INT "$DTTK" recv -q g <line 2>err &
receiver=$!
sleep 0.2
began=$(now_ms)
kill -INT $receiver
code=0
wait $receiver || code=$?
[ $code -eq 130 ] || fail "exit $code"
[ $(($(now_ms) - began)) -lt 1000 ] || sanitized || fail 'it took its time'
[ ! -s err ] || fail "$(cat err)"

# So it does while it waits for a reader of what it writes to, and says what it waited for.
mkfifo unread
"$DTTK" recv unread <line 2>err &
receiver=$!
sleep 0.2
kill -TERM $receiver
code=0
wait $receiver || code=$?
[ $code -eq 143 ] || fail "exit $code"
one_line err
says '^dttk: unread: interrupted while waiting for its reader$'
