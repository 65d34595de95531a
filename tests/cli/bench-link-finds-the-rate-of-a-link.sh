#!/bin/bash
# The rate of a link that is known: a pipe, two ports, one port with a plug; and what is no link.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=bench.sh
. "$(dirname "$0")/bench.sh"

# rate FROM TO FILE: the last line of FILE ends with so many bytes a second.
rate()
{
    sed -n '$s/.*: \([0-9]*\) bytes a second of content$/\1/p' "$3" >number
    awk -v from="$1" -v to="$2" '$1 < from || $1 > to { exit 1 } END { exit NR != 1 }' number ||
        fail "not $1 to $2: $(cat "$3")"
}

# What holds back: 46080 bytes a second are on the line, of which headers take their part.
expect 0 "$DTTK" bench --link --quick --through "'$DTTK' noise -q --baud 460800" >out
says '^ *LIMIT B/S  *BYTES  *SECONDS  *CONTENT B/S  *LOSS %  *CPU NS/B$' out
says '^holds the sender back and loses nothing: ' out
rate 20000 46080 out

# Two ports, and one whose bytes come back.
"$DTTK" noise -q --pty --link A --link B --baud 460800 >/dev/null &
noise=$!
wait_for 10 test -e B
expect 0 "$DTTK" bench --link --quick -b 460800 --mtu 300 A B >out
rate 20000 46080 out
expect 0 "$DTTK" bench --link --quick --json B A >out
for key in '"trials":' '"best":' '"bytes_per_second":' '"cpu_ns_per_byte":' '"whole":true'; do
    says "$key" out
done
kill $noise
socat pty,raw,echo=0,link=plug exec:cat &
socat=$!
wait_for 10 test -e plug
expect 0 "$DTTK" bench --link --quick plug >out
rate 1000 1000000000 out
kill $socat

# What loses frames whatever the rate: some numbers, and exit 5.
expect 5 "$DTTK" bench --link --quick --mtu 256 --through "'$DTTK' noise -q --loss 0.4" >out
says '^loses something at every rate, down to [0-9]* bytes a second$' out
[ "$(awk '$1 ~ /^[0-9]+$/ && $5 > 10' out | wc -l)" -gt 3 ] || fail "$(cat out)"

expect 4 "$DTTK" bench --link --quick --through 'cat >/dev/null'
[ "$(cat err)" = 'dttk: nothing arrives' ] || fail 'other words'
expect 1 "$DTTK" bench --link --quick --through 'exit 3'
one_line err
says 'the command ended with exit code 3: exit 3$'
expect 3 "$DTTK" bench --link --quick nowhere
one_line err
expect 3 "$DTTK" bench --link --quick nowhere nothing
says '^dttk: nothing: there is no such port'
expect 0 "$DTTK" bench --link --help >out
says '^usage: dttk bench' out
for words in '' 'a b c' '--through cat a' '--through cat --flow soft' '-b 0 a' '--mtu 1 a' '--loss a'; do
    # shellcheck disable=SC2086
    expect 2 "$DTTK" bench --link $words >out
    one_line err
    [ ! -s out ] || fail 'a result'
done

# A signal ends all of it.
"$DTTK" bench --link --through "echo \$\$ >pid; exec '$DTTK' noise -q --baud 300" >out 2>&1 &
bench=$!
wait_for 20 test -s pid
sleep 0.2
kill -TERM $bench
code=0
wait $bench || code=$?
[ $code -eq 143 ] || fail "exit $code: $(cat out)"
wait_for 10 eval "! kill -0 $(cat pid) 2>/dev/null"
[ -z "$(folders_of $bench)" ] || fail "left: $(folders_of $bench)"
nothing_is_left
