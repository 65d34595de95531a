#!/bin/bash
# Stopped, or with a disk that fails, while it is the other side's turn: it waits for its own, says
# so, and the other side ends at once. To one that never gives a turn it says so all the same.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=faults.sh
. "$(dirname "$0")/faults.sh"
# shellcheck source=line.sh
. "$(dirname "$0")/line.sh"
# shellcheck source=two-way.sh
. "$(dirname "$0")/two-way.sh"

# begin_both MS: with so long a turnaround; of a process in the background the shell has SIGINT
# ignored, env gives it back.
begin_both()
{
    rm -f out out.part*
    begin recv env --default-signal=INT "$DTTK" recv --turnaround "$1" -p B out
    sleep 0.1
    begin send env --default-signal=INT "$DTTK" send --turnaround "$1" -t 60 -p A file
    wait_for 10 test -e out.part
}

make_file 200000 file
line_up --link A --link B --baud 38400
for turnaround in 20 400 5000; do
    begin_both $turnaround
    kill -INT "${pids[recv]}"
    ends recv 130 4
    ends send 8 2
    says 'the receiver aborted: cancelled' send.err
    begin_both $turnaround
    kill -INT "${pids[send]}"
    ends send 130 4
    ends recv 8 8
    says 'the sender aborted: cancelled' recv.err
done

preloaded "$fault"
rm -f out out.part*
begin recv env LD_PRELOAD="$fault" FAULT_LOG=log FAULT_CALLS=",fdatasync," FAULT_AT=1 \
    FAULT_ERRNO=5 "$DTTK" recv --turnaround 300 -p B out
sleep 0.1
begin send "$DTTK" send --turnaround 300 -t 60 -p A file
ends recv 1
ends send 8 2
says 'the receiver aborted: it cannot write on' send.err
line_down TERM
