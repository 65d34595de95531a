#!/bin/bash
# 150 MB from a file, and from a stream: less than 64 MiB at both ends.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

if sanitized; then
    echo 'there is no bound on memory with sanitizers'
    exit 77
fi

bounded() # the file of --json
{
    local peak
    peak=$(sed -n 's/.*"peak_memory": *\([0-9]*\).*/\1/p' "$1")
    echo "$1: $((peak / 1024)) KiB"
    [ "$peak" -lt $((64 << 20)) ] || fail 'that is too much'
}
both()
{
    bounded send.json
    bounded recv.json
}

head -c 1000000 /dev/urandom >piece
for _ in $(seq 150); do cat piece; done >f
sum=$(sha256sum <f)

"$DTTK" send --json send.json f | "$DTTK" noise -q --loss 0.02 | "$DTTK" recv --json recv.json g
both
cmp f g
rm g
"$DTTK" send --json send.json f | "$DTTK" recv --json recv.json >g
both
cmp f g
rm g
for _ in $(seq 150); do cat piece; done | "$DTTK" send --json send.json |
    "$DTTK" recv --json recv.json | sha256sum >got
both
[ "$(cat got)" = "$sum" ] || fail 'something else came out'

# A reader that is slow, and one that comes late
"$DTTK" send -q --json send.json f | "$DTTK" recv -q --json recv.json | {
    sleep 1
    sha256sum >got
}
both
[ "$(cat got)" = "$sum" ] || fail 'something else came out'
