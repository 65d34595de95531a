#!/bin/bash
# Three Ctrl-C or five Ctrl-X end it, as SIGINT does, whether it waits or is in the middle: the
# terminal is as before, and its shell too. Fewer do not, nor does a single one.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=line.sh
. "$(dirname "$0")/line.sh"
# shellcheck source=shell.sh
. "$(dirname "$0")/shell.sh"

shell_up --baud 115200
make_file 40000 f

# While it waits for somebody.
for keys in '\3\3\3' '\30\30\30\30\30'; do
    for command in 'recv -2 out' 'send -2 f'; do
        started "$command"
        press '\3\3\30\30\30\30'
        sleep 0.5
        is_raw || fail "$command: ended by fewer"
        press "$keys"
        over 130
        echo "$command: $keys"
    done
done
nothing_at out

# In the middle, when the other side is stopped, after it told, and when it tells nothing: there a
# frame may be cut, which Ctrl-Space ends.
started 'recv -2 out'
"$DTTK" send -2 f <&4 >&4 2>err &
sender=$!
wait_for 10 test -e out.part
sleep 0.5
kill -KILL $sender
wait $sender || true
press '\0\3\3\3'
sees '; kept in out.part: receive it again to go on'
over 130
[ -s out.part.journal ] || fail 'nothing was kept'

# From both sides it goes on then.
started 'recv -2 out'
"$DTTK" send -2 f <&4 >&4 2>err || fail "send: exit $?: $(cat err)"
sees 'going on: '
sees 'dttk: out: verified: '
over 0
cmp f out

# Ours is stopped: theirs is told, and ends.
started 'send -2 f'
env --default-signal=INT "$DTTK" recv -p "$a" here 2>err &
receiver=$!
wait_for 10 test -e here.part
sleep 0.5
kill -INT $receiver
code=0
wait $receiver || code=$?
[ $code -eq 130 ] || fail "recv: exit $code: $(cat err)"
sees 'the receiver aborted: cancelled'
over 8

type_in 'echo "a""live"'
sees 'alive'
sees 'ready> '
! grep -a -e 'not found' -e 'syntax error' screen || fail 'the shell has read frames'
shell_down
