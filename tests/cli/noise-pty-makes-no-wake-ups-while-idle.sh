#!/bin/bash
# A line on which nothing happens sleeps, whoever has its ports open. Each time it goes to sleep
# the kernel counts.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=line.sh
. "$(dirname "$0")/line.sh"

naps()
{
    sed -n 's/^voluntary_ctxt_switches:[^0-9]*//p' "/proc/$line/status"
}

sleeps() # while...
{
    local before after
    sleep 0.3
    before=$(naps)
    sleep 1.2
    after=$(naps)
    echo "$1: $((after - before)) wake-ups"
    [ "$before" -gt 0 ] || fail 'the kernel does not count'
    [ "$after" -eq "$before" ] || fail "$1: it does not sleep"
}

line_up --baud 115200 --latency 10
sleeps 'nobody there'
exec 5<>"$a"
sleeps 'one port open'
exec 6<>"$b"
sleeps 'both open'
echo word >&5
read -r -t 20 _ <&6
sleeps 'after a word'
echo unread >&5
sleeps 'bytes wait for their reader'
exec 6<&-
sleeps 'the reader has gone'
echo lost >&5
sleeps 'after bytes for nobody'
exec 5<&-
sleeps 'everybody has gone'
line_down TERM

# A line that waits for a reader who takes nothing looks a few times a second.
line_up --baud 1000000
exec 5<>"$a" 6<>"$b"
cat /dev/zero >&5 &
sleep 2
before=$(naps)
sleep 1
after=$(naps)
echo "full: $((after - before)) wake-ups"
[ $((after - before)) -le 60 ] || fail 'it is busy with a full port'
line_down TERM
