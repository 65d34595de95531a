#!/bin/bash
# Nothing tells, and no answer comes: after the time-out each side says what it knows.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=line.sh
. "$(dirname "$0")/line.sh"
# shellcheck source=two-way.sh
. "$(dirname "$0")/two-way.sh"

# alone DEAD LIVING CODE: how it goes on for the living one.
alone()
{
    local began took
    begin recv "$DTTK" recv -t 2 -p B out
    sleep 0.1
    begin send "$DTTK" send -t 2 -p A "$photo"
    wait_for 10 test -e out.part
    sleep 0.5
    kills "$1"
    began=$(now_ms)
    ends "$2" "$3"
    took=$(($(now_ms) - began))
    echo "$2 gave up after $took ms"
    [ $took -ge 1000 ] || fail 'too soon'
    one_line "$2.err"
    [ ! -e out ] || fail 'there is a file'
}

line_up --baud 115200 --link A --link B
alone recv send 4
says 'photo\.jpg: no answer for 2\.0 s; what the other side has it keeps: send it again$' send.err
rm -f out.part*
alone send recv 5
says '^dttk: out: incomplete: .* symbols missing' recv.err
says '; kept in out.part: receive it again to go on$' recv.err
! grep -q -e ' -r ' recv.err || fail 'two-way no repairs would have been enough'
[ -s out.part.journal ] || fail 'there is no journal'
line_down TERM

# A socket is closed by the system, and so both know at once.
make_file 3000000 f
for dead in send recv; do
    rm -f ./*.code out*
    # At its end socat terminates whom it has started: so that somebody else says how it went.
    run="sh -c 'echo \$\$ >%s.pid; exec \"$DTTK\" %s 2>%s.err'; echo \$? >%s.code"
    # shellcheck disable=SC2059  # the format is the script
    printf "( $run ) <&0 & wait\n" send 'send -2 -L 300k f' send send >s
    # shellcheck disable=SC2059
    printf "( $run ) <&0 & wait\n" recv 'recv -2 out' recv recv >r
    socat EXEC:'bash s' EXEC:'bash r' 2>/dev/null &
    wait_for 10 test -e out.part
    sleep 0.5
    kill -KILL "$(cat $dead.pid)"
    wait_for 20 test -s send.code -a -s recv.code
    echo "$dead was killed: send $(cat send.code): $(cat send.err)"
    echo "recv $(cat recv.code): $(cat recv.err)"
    case $dead in
    send)
        [ "$(cat recv.code)" = 5 ] || fail 'not 5'
        says '; kept in out.part: receive it again to go on$' recv.err
        ;;
    recv)
        [ "$(cat send.code)" = 4 ] || fail 'not 4'
        says ': the other side went away$' send.err
        ;;
    esac
done
