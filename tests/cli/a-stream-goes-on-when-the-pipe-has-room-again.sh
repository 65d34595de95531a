#!/bin/bash
# What a stream brought while the pipe was full goes out as soon as there is room, and does not wait
# for the next OBJECT, 10 s later. The pipe is full with all that there was when more comes, and
# empty when send looks again.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

mkfifo in wire
exec 5<>in 6<>wire
"$DTTK" send -q --flush-ms 0 <in >wire &
sender=$!

all_out=0
# Several sizes, for nobody knows what the pipe holds: one is a bit more than that.
for kib in 48 60 72 900 940 960 980 1000; do
    timeout 1 head -c ${kib}K /dev/zero >&5 || true
    sleep 0.1
    kill -STOP $sender
    timeout 0.3 cat <&6 >drained || true
    echo 'one more line' >&5 & # that pipe may be full as well
    line=$!
    kill -CONT $sender
    timeout 1 cat <&6 >later || true
    wait $line || fail 'the line could not be written'
    grep -aq 'one more line' later || fail "$kib KiB: it waits, $(stat -c %s later) bytes came"
    all_out=$((all_out + 1))
done
[ $all_out -eq 8 ] || fail 'not all sizes were tried'
kill $sender
