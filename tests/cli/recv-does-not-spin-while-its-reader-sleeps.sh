#!/bin/bash
# Waiting takes no processor time, neither for a reader nor for a writer.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

make_file 3000000 big
cpu_of() # the file of --json
{
    sed -n 's/.*"cpu_seconds": *\([0-9]*\)\.\([0-9][0-9]\).*/\1\2/p' "$1"
}

"$DTTK" send -q --json send.json big | "$DTTK" recv --json recv.json | {
    sleep 0.5
    cat >g
}
cmp big g
echo "$(cpu_of send.json) and $(cpu_of recv.json) hundredths of a second"
[ "$((10#$(cpu_of send.json)))" -lt 50 ] || sanitized || fail 'the sender was busy'
[ "$((10#$(cpu_of recv.json)))" -lt 50 ] || sanitized || fail 'the receiver was busy'

{
    sleep 0.5
    "$DTTK" send -q "$photo"
    sleep 0.5
} | "$DTTK" recv --json recv.json g
[ "$((10#$(cpu_of recv.json)))" -lt 20 ] || sanitized || fail 'the receiver was busy'
