#!/bin/bash
# What waits is the writer, not the bytes: the line takes few ahead of their time.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=line.sh
. "$(dirname "$0")/line.sh"

make_file 500000 big
taken() # bytes that the line has taken from the first port
{
    sed -n "1s/.*[ ;] \([0-9]*\) bytes in, .*/\1/p" line.err
}

# A port that is open, but not read: the pty holds some 22,000 bytes, the line 288 (30 ms).
line_up --baud 96000
exec 5<>"$a" 6<>"$b"
cat big >"$a" &
writer=$!
sleep 4
kill -0 $writer || fail 'the writer was not held back'
line_down TERM
wait $writer || true
exec 5<&- 6<&-
[ "$(taken)" -gt 1000 ] || fail "only $(taken) taken"
[ "$(taken)" -lt 28000 ] || fail "$(taken) taken"

# One that is read: after a second it is a second's worth, and what the writer has got rid of is
# that and what the kernel holds, 22,000 at most.
line_up --baud 96000
exec 5<>"$a" 6<>"$b"
cat <"$b" >out &
reader=$!
began=$(now_ms)
head -c 38400 big >"$a"
written=$(($(now_ms) - began))
kill -TERM $line
wait $line || true
took=$(($(now_ms) - began))
exec 5<&- 6<&-
kill $reader || true
echo "written after $written ms; $(taken) taken in $took ms"
[ $written -ge 1600 ] || fail 'it was not held back'
[ "$(taken)" -le $((took * 9648 / 1000 + 350)) ] || fail 'too many taken'
cmp -n "$(wc -c <out)" big out

# What is travelling is not held back: all is taken long before it comes out.
line_up --latency 3000
exec 5<>"$a" 6<>"$b"
began=$(now_ms)
timeout 60 cat big >"$a" || fail 'the writer was held back'
[ $(($(now_ms) - began)) -lt 2500 ] || sanitized || fail 'the writer was held back'
timeout 60 head -c 500000 <"$b" | cmp - big
[ $(($(now_ms) - began)) -ge 2990 ] || fail 'it came early'
line_down TERM
