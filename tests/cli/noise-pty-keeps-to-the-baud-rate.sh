#!/bin/bash
# Never faster than it must be, in either direction, while both are busy; and not much slower.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=line.sh
. "$(dirname "$0")/line.sh"

ends() # FILE: when that much was there
{
    now_ms >"$1"
}

# 23,040 bytes: 2 s at 115,200 baud, 1 s at 230,400
make_file 23040 in
timed() # options, then ms there, ms back
{
    local there=${*: -2:1} back=${*: -1} began
    line_up "${@:1:$#-2}"
    exec 5<>"$a" 6<>"$b"
    began=$(now_ms)
    { head -c 23040 <"$b" >there.out && ends there.end; } &
    local taking=$!
    { head -c 23040 <"$a" >back.out && ends back.end; } &
    taking="$taking $!"
    cat in >"$a" &
    cat in >"$b" &
    # shellcheck disable=SC2086  # two of them
    wait $taking
    cmp in there.out
    cmp in back.out
    exec 5<&- 6<&-
    line_down TERM
    within "$there" $(($(cat there.end) - began))
    within "$back" $(($(cat back.end) - began))
}

within() # expected, measured ms; a few of them may go ahead of their time
{
    echo "$2 ms instead of $1"
    [ "$2" -ge $(($1 * 995 / 1000 - 6)) ] || fail 'too fast'
    [ "$2" -le $(($1 * 1005 / 1000 + 500)) ] || sanitized || fail 'too slow'
}

timed --baud 115200 2000 2000
timed --baud 115200,230400 2000 1000
timed --baud 115200 --latency 300,0 2300 2000
