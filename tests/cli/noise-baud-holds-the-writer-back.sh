#!/bin/sh
# 5,760 bytes at 57,600 baud take a second; never less, but for the last piece of 10 ms.
set -eu

now() { date +%s%N; }

head -c 5760 /dev/urandom >in
begin=$(now)
"$DTTK" noise -q --baud 57600 <in >out
took=$((($(now) - begin) / 1000000))
cmp in out
echo "$took ms"
test $took -ge 950

# A writer waits for what exceeds the pipe: of 300,000 bytes at 500,000 a second most.
begin=$(now)
{
    head -c 300000 /dev/zero
    echo $((($(now) - begin) / 1000000)) >written
} | "$DTTK" noise -q --baud 5000000 >out
test "$(wc -c <out)" -eq 300000
echo "written in $(cat written) ms"
test "$(cat written)" -ge 350
