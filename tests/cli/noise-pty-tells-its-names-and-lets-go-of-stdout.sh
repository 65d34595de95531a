#!/bin/bash
# Who asks for the names has them, and the end of file, while the line is there.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

names=$("$DTTK" noise -q --pty & echo $! >pid)
echo "$names"
[ "$(echo "$names" | wc -l)" -eq 2 ] || fail 'not two names'
for name in $names; do
    [ -c "$name" ] || fail "no port: $name"
done
kill -0 "$(cat pid)" || fail 'it is not there any more'
kill "$(cat pid)"
for name in $names; do
    wait_for 10 [ ! -e "$name" ]
done
