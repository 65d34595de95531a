#!/bin/bash
# -L and --pps take at least the time they must; 0 is no limit.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

takes_at_least() # ms, options...
{
    local began took
    began=$(now_ms)
    "$DTTK" send -q "${@:2}" "$photo" | "$DTTK" recv -q g
    took=$(($(now_ms) - began))
    echo "${*:2}: $took ms"
    [ $took -ge "$1" ] || fail "less than $1 ms"
    [ $took -lt $(($1 + 2000)) ] || sanitized || fail 'it took too long'
    cmp "$photo" g
    rm g
}

# 47.8 kB on the line, 199 packets; bursts of 5 ms are allowed, and catching up 5 % faster.
takes_at_least 440 -L 100k
takes_at_least 440 --limit-rate 0.1M
takes_at_least 370 --pps 500
takes_at_least 440 -L 100k --pps 5000
takes_at_least 0 -L 0 --pps 0

# With no burst at the beginning that a slow line would have to hold: within the first 100 ms there
# are no more than 150 ms' worth.
mkfifo line
"$DTTK" send -q -L 20k "$photo" >line 2>/dev/null &
{
    sleep 0.1
    dd bs=65536 count=1 iflag=nonblock of=first 2>/dev/null
} <line || true
wait || true
echo "$(wc -c <first) bytes at first"
[ "$(wc -c <first)" -le 3500 ] || sanitized || fail 'that is a burst'
