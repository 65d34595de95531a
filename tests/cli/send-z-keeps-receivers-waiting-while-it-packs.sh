#!/bin/bash
# What is packed behind another file takes a while in which there is nothing to send: the receiver
# does not take that for the end.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

echo hello >small
"$DTTK" send -q -z small >/dev/null 2>err || exit 0 # built without zstd: told elsewhere

truncate -s 2G large
mkdir dir
socat EXEC:"$DTTK send -q -2 -z small large" EXEC:"$DTTK recv -q -2 -d dir" &
pair=$!
wait_for 10 test -e dir/small
cmp small dir/small
wait_for 60 test -e dir/large.part # how it goes on is not asked here
kill $pair
wait $pair || true
