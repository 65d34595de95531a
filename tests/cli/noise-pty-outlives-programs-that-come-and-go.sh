#!/bin/bash
# A port is opened and closed as often as one likes. Nothing that was written is lost when its
# writer closes; nothing that was not read waits for the next reader; nobody there, nothing kept.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=line.sh
. "$(dirname "$0")/line.sh"

line_up --baud 1000000
make_file 5000 in
for i in $(seq 40); do
    cat in # opened, and closed right behind the last byte
done >expected
take 200000 "$b" out
reader=$!
exec 6<"$b"
for i in $(seq 40); do
    cat in >"$a"
done
wait $reader || fail 'not all has come'
cmp expected out

# The reader comes and goes, too. What is written while none is there goes to nobody.
exec 6<&-
for i in 1 2 3; do
    echo "lost $i" >"$a"
    sleep 0.3
    exec 6<"$b"
    echo "found $i" >"$a"
    read -r -t 20 word <&6
    [ "$word" = "found $i" ] || fail "$word"
    echo "unread $i" >"$a"
    sleep 0.3
    exec 6<&-
    sleep 0.3
done

# Somebody who answers; each side opens its port for every word.
for i in $(seq 10); do
    { read -r -t 20 word <"$b" && echo "$word back" >"$b"; } &
    answer=$!
    exec 5<>"$a"
    # It may take a while until the other side is there.
    for _ in $(seq 100); do
        echo "there $i" >&5
        ! read -r -t 0.2 word <&5 || break
    done
    wait $answer
    exec 5<&-
    [ "$word" = "there $i back" ] || fail "$word"
done
line_down TERM
says ' to nobody$' line.err

# A program that is killed in the middle; read leaves its zeros out.
line_up -q --baud 100000
exec 6<"$b"
{ read -r -t 40 word <&6 && echo "$word" >got; } 2>read.err &
reader=$!
for i in $(seq 5); do
    cat /dev/zero >"$a" &
    sleep 0.1
    kill -KILL $!
    wait $! 2>wait.err || true
done
echo alive >"$a"
wait $reader || fail 'the line is dead'
[ "$(cat got)" = alive ] || fail "$(cat got)"
line_down TERM
