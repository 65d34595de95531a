#!/bin/bash
# 128 and the signal's number, at once, also if the line takes nothing.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

mkfifo line
exec 4<>line
for signal in INT TERM HUP; do
    for options in '-L 20k' '-r 1000 --loop'; do
        # shellcheck disable=SC2086  # two words
        env --default-signal=INT "$DTTK" send $options "$photo" >line 2>err &
        sender=$!
        sleep 0.2
        began=$(now_ms)
        kill -$signal $sender
        code=0
        wait $sender || code=$?
        took=$(($(now_ms) - began))
        echo "SIG$signal $options: exit $code after $took ms: $(cat err)"
        one_line err
        says "photo.jpg: stopped by a signal: .* on the line, .* symbol"
        [ $code -eq $((128 + $(kill -l $signal))) ] || fail "exit $code"
        [ $took -lt 1500 ] || sanitized || fail 'it took its time'
    done
done

env --default-signal=INT "$DTTK" send -q -L 20k "$photo" >line 2>err &
sleep 0.2
kill -INT $!
wait $! || true
[ ! -s err ] || fail "-q: $(cat err)"
