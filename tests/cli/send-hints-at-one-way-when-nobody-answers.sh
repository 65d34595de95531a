#!/bin/bash
# The hint comes after 5 s, once, and the end when it was asked for; not much is sent until then.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=two-way.sh
. "$(dirname "$0")/two-way.sh"

plug S T
cat <T >heard &
begin send "$DTTK" send -t 6 -p S "$photo"
sleep 4
[ ! -s send.err ] || fail "said too early: $(cat send.err)"
wait_for 10 grep -q 'no answer yet: nothing arrived; if nobody there can answer, use --one-way' send.err
ends send 4
[ "$(wc -l <send.err)" -eq 2 ] || fail 'not two lines'
says 'no answer for 6' send.err
size=$(wc -c <heard)
echo "$size bytes were sent to nobody"
[ "$size" -le 12000 ] || fail 'that is much'
unplug
