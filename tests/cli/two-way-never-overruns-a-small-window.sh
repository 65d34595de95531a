#!/bin/bash
# A receiver that says 512 bytes gets no more at a time. --json tells what the answers were good for.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=line.sh
. "$(dirname "$0")/line.sh"
# shellcheck source=two-way.sh
. "$(dirname "$0")/two-way.sh"

make_file 8000 file
make_file 20000 more

line_up --link A --link B --latency 20 --loss 0.05
pair --window 512
[ "$(number confirmed)" -eq 8000 ] || fail 'not all is confirmed'
[ "$(number resent)" -gt 0 ] || fail 'nothing was sent again'
[ "$(number answers)" -ge 12 ] || fail 'too few answers for such a window'
line_down TERM

# It says so itself, and falls silent in the middle: no more than the window goes out.
socat -r there PTY,link=A,rawer PTY,link=B,rawer &
plug=$!
wait_for 10 test -e A -a -e B
begin recv "$DTTK" recv --window 512 -p B out
begin send "$DTTK" send -L 10k -p A more
wait_for 10 test -e out.part
sleep 0.5
kill -STOP "${pids[recv]}"
before=$(wc -c <there)
sleep 1
after=$(wc -c <there)
echo "$before bytes, and $((after - before)) more"
[ "$after" -gt 0 ] || fail 'nothing was recorded'
[ $((after - before)) -le 700 ] || fail 'it was overrun'
kill -CONT "${pids[recv]}"
ends send 0
ends recv 0
cmp more out || fail 'it differs'
unplug
