#!/bin/bash
# Not a file but a descriptor is what recv cannot write to, and it may find out at the very end: the
# sender is told then, too, and waits for no time-out.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=line.sh
. "$(dirname "$0")/line.sh"
# shellcheck source=two-way.sh
. "$(dirname "$0")/two-way.sh"

line_up --baud 921600 --link A --link B

begin recv "$DTTK" recv -p B /dev/full
begin send "$DTTK" send -p A "$photo"
ends recv 1
ends send 8
says '^dttk: /dev/full: cannot write: no space left on device$' recv.err
says 'photo\.jpg: the receiver aborted: it cannot write on' send.err

mkfifo out
head -c 100 <out >first &
begin recv "$DTTK" recv -p B - >out
begin send "$DTTK" send -p A "$photo"
ends recv 1
ends send 8
says '^dttk: stdout: the reader went away$' recv.err
says 'photo\.jpg: the receiver aborted: it cannot write on' send.err

# All has come, but the last bytes wait for a reader who then goes away: that is not delivered. So
# fast a line that they come with one read.
make_file 75000 f
sleep 2 <out &
echo "'$DTTK' send -2 f 2>send.err; echo \$? >send.code" >s
echo "'$DTTK' recv -2 out 2>recv.err; echo \$? >recv.code" >r
socat EXEC:'bash s' EXEC:'bash r'
says '^dttk: out: the reader went away$' recv.err
says 'f: the receiver aborted: it cannot write on' send.err
[ "$(cat send.code) $(cat recv.code)" = '8 1' ] || fail "send $(cat send.code), recv $(cat recv.code)"

# A reader who only takes its time gets all, and the sender hears of it then.
{ sleep 2 && cat; } <out >late &
begin recv "$DTTK" recv -p B - >out
begin send "$DTTK" send -p A f
ends send 0
ends recv 0
wait_for 10 cmp -s f late
line_down TERM
