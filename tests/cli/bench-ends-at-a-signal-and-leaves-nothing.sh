#!/bin/bash
# What is in memory goes, and what it has started, whoever gets the signal.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

folders() { ls -d /dev/shm/dttk-bench.* "$TMP"/dttk-bench.* /tmp/dttk-bench.* 2>/dev/null || true; }
begun() { [ "$(folders)" != "$before" ]; }

before=$(folders)
"$DTTK" bench 'send -r 0' >out 2>err &
bench=$!
wait_for 60 begun
kill -TERM $bench
code=0
wait $bench || code=$?
[ $code -eq 143 ] || fail "exit $code: $(cat err)"
[ "$(folders)" = "$before" ] || fail "something is left: $(folders)"
