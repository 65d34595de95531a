#!/bin/bash
# Either side in the middle of it: 128 and the signal's number, the other side's exit is 8 and both
# say why; the port is as it was, what arrived is kept, and the next run goes on from it.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=line.sh
. "$(dirname "$0")/line.sh"
# shellcheck source=two-way.sh
. "$(dirname "$0")/two-way.sh"

# begin_both: of a process in the background the shell has SIGINT ignored; env gives it back.
begin_both()
{
    begin recv env --default-signal=INT "$DTTK" recv -p B out
    sleep 0.1
    begin send env --default-signal=INT "$DTTK" send --json stats -p A "$photo"
}

settings()
{
    stty -a -F A
    stty -a -F B
}

line_up --baud 115200 --link A --link B
stty -F A sane 9600
stty -F B sane 4800 -echo
settings >before
for signal in INT TERM; do
    for side in send recv; do
        begin_both
        wait_for 10 test -e out.part
        sleep 0.8
        kill -$signal "${pids[$side]}"
        ends $side $((128 + $(kill -l $signal)))
        case $side in
        send)
            ends recv 8
            says 'photo\.jpg: stopped by a signal: ' send.err
            says '^dttk: out: incomplete: the sender aborted: cancelled; ' recv.err
            ;;
        recv)
            ends send 8
            says 'photo\.jpg: the receiver aborted: cancelled$' send.err
            ;;
        esac
        one_line send.err
        one_line recv.err
        says '; kept in out.part: receive it again to go on$' recv.err
        [ ! -e out ] || fail 'there is a file'
        [ -s out.part.journal ] || fail 'there is no journal'
        settings | diff before -

        begin_both
        ends send 0
        ends recv 0
        says 'going on: [1-9][0-9]* of 35925 bytes are here' recv.err
        cmp "$photo" out
        [ "$(number wire_bytes)" -lt 36000 ] || fail 'everything was sent again'
        settings | diff before -
        rm out
        nothing_at out
    done
done
line_down TERM
