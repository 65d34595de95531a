#!/bin/bash
# All values of bytes, both ways at once, without an echo, whatever stty has done to the port.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=line.sh
. "$(dirname "$0")/line.sh"

for i in $(seq 0 255); do
    # shellcheck disable=SC2059  # it is an escape
    printf "\\x$(printf %02x "$i")"
done >all
make_file 300000 there
make_file 200000 back 2

both_ways() # options
{
    line_up "$@"
    echo "$a and $b"
    for port in "$a" "$b"; do
        stty -F "$port" 9600
        [ "$(stty -F "$port" speed)" = 9600 ] || fail "stty does not set $port"
    done
    exec 5<>"$a" 6<>"$b" # else what comes before a reader is there goes to nobody
    cat all there >"$a" &
    cat all back >"$b" &
    take 300256 "$b" there.out
    local taking=$!
    take 200256 "$a" back.out
    wait $! || fail 'not all has come'
    wait $taking || fail 'not all has come'
    cat all there | cmp - there.out
    cat all back | cmp - back.out
    exec 5<&- 6<&-
    line_down TERM
    says ": .*300256 bytes in, 300256 out" line.err
    says ": .*200256 bytes in, 200256 out" line.err
}

both_ways
both_ways --baud 1000000
both_ways --baud 2000000,1000000 --latency 20,0

# Something else there and back, one after the other
line_up -q
exec 5<>"$a" 6<>"$b"
for i in 1 2 3 4 5; do
    echo "ping $i" >&5
    read -r -t 20 word <&6
    [ "$word" = "ping $i" ] || fail "$word"
    echo "pong $i" >&6
    read -r -t 20 word <&5
    [ "$word" = "pong $i" ] || fail "$word"
done
line_down TERM
[ ! -s line.err ] || fail 'it is not quiet'
