#!/bin/sh
# Nothing arrives early, all arrives, and what is on its way is flushed at the end of input.
set -eu

now() { date +%s%N; }

begin=$(now)
echo late | "$DTTK" noise -q --latency 300 | {
    read -r word
    test "$word" = late
    echo $((($(now) - begin) / 1000000)) >took
}
echo "$(cat took) ms"
test "$(cat took)" -ge 300

head -c 20000000 /dev/urandom >in
"$DTTK" noise -q --latency 30 <in >out
cmp in out
