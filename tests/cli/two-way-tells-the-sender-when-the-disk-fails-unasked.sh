#!/bin/bash
# What arrived cannot be made safe, at a moment when no packet comes: recv exits 1, and send hears
# of it at once, not by its time-out.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=faults.sh
. "$(dirname "$0")/faults.sh"
# shellcheck source=line.sh
. "$(dirname "$0")/line.sh"
# shellcheck source=two-way.sh
. "$(dirname "$0")/two-way.sh"
preloaded "$fault"

make_file 20000 f
line_up --baud 115200 --link A --link B
for call in fdatasync pwrite; do
    rm -f g g.part* log
    at=1
    [ $call != pwrite ] || at=2 # the 1st is that of the journal's head
    begin recv env LD_PRELOAD="$fault" FAULT_LOG=log FAULT_CALLS=",$call," FAULT_AT=$at \
        FAULT_ERRNO=5 "$DTTK" recv -p B g
    sleep 0.1
    begin send "$DTTK" send -p A --mtu 300 -L 600 -t 60 f
    ends recv 1
    ends send 8
    says '^dttk: f: the receiver aborted: it cannot write on' send.err
    says '^dttk: g: cannot .*input/output error' recv.err
    [ ! -e g ] || fail 'there is a file'
    [ -s log ] || fail 'nothing has failed'
done
line_down TERM
