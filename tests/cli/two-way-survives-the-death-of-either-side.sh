#!/bin/bash
# Killed in the middle, and another in its place: the side that lives goes on with it.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=line.sh
. "$(dirname "$0")/line.sh"
# shellcheck source=two-way.sh
. "$(dirname "$0")/two-way.sh"

line_up --baud 230400 --ber 1e-5 --link A --link B
for dead in recv send; do
    rm -f out
    begin recv "$DTTK" recv -p B out
    sleep 0.1
    begin send "$DTTK" send -p A "$photo"
    wait_for 10 test -e out.part
    sleep 0.3
    kills $dead
    [ ! -e out ] || fail 'too late'
    case $dead in
    recv) begin recv "$DTTK" recv -p B out ;;
    send) begin send "$DTTK" send -p A "$photo" ;;
    esac
    ends send 0
    ends recv 0
    cmp "$photo" out || fail "$dead was killed: it differs"
    nothing_at out.part
done
line_down TERM
