#!/bin/bash
# Nothing follows it and nobody is there to be told: on a port it need not wait for silence.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=line.sh
. "$(dirname "$0")/line.sh"
# shellcheck source=two-way.sh
. "$(dirname "$0")/two-way.sh"

# stopped 'OPTIONS of recv' 'OPTIONS of send' PART
stopped()
{
    local began took
    # shellcheck disable=SC2086  # words
    {
        begin recv "$DTTK" recv -p B $1
        sleep 0.2
        begin send "$DTTK" send -p A $2 f
    }
    wait_for 10 test -e "$3"
    sleep 0.3
    kill -TERM "${pids[send]}"
    ends send 143
    began=$(now_ms)
    ends recv 8
    took=$(($(now_ms) - began))
    echo "recv $1, send $2: after $took ms"
    [ $took -lt 1500 ] || sanitized || fail 'it took its time'
    says 'the sender aborted: cancelled' recv.err
    says '; kept in [a-z]*.part' recv.err
    [ -s "$3.journal" ] || fail "$3 has no journal"
}

make_file 300000 f
mkdir there
plug A B
stopped out '-L 20k' out.part
stopped '-d there' '-L 20k' there/f.part
stopped mute '-1 -L 20k' mute.part
unplug

# What waits to be written by then would keep its last word back: it is dropped.
line_up --baud 115200 --link A --link B
stopped far -1 far.part
line_down TERM
