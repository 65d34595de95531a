#!/bin/bash
# What is in memory goes, and what it has started, whoever gets the signal.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=bench.sh
. "$(dirname "$0")/bench.sh"

begun() { [ -n "$(folders_of $bench)" ]; }

"$DTTK" bench 'send -r 0' >out 2>err &
bench=$!
wait_for 60 begun
kill -TERM $bench
code=0
wait $bench || code=$?
[ $code -eq 143 ] || fail "exit $code: $(cat err)"
[ -z "$(folders_of $bench)" ] || fail "left: $(folders_of $bench)"
