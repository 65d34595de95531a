#!/bin/bash
# The line is cut twice, and made again under the same names; both sides go on where they were.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=two-way.sh
. "$(dirname "$0")/two-way.sh"

plug A B
begin recv "$DTTK" recv --reconnect -p B out
begin send "$DTTK" send --reconnect -L 20k -p A "$photo"
wait_for 10 test -e out.part
for _ in 1 2; do
    sleep 0.5
    unplug
    sleep 0.3
    [ ! -e out ] || fail 'too late'
    plug A B
done
ends send 0
ends recv 0
cmp "$photo" out
for side in send recv; do
    [ "$(grep -c 'the port is gone; waiting' $side.err)" -eq 2 ] || fail 'how often did it go?'
    [ "$(grep -c 'the port is back' $side.err)" -eq 2 ] || fail 'how often did it return?'
done
unplug
