#!/bin/bash
# What a stream brings is on the other side soon, not when it ends: a log can be followed.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

mkfifo in
"$DTTK" send -q <in | "$DTTK" recv -q >out &
exec 4>in
for i in 1 2 3 4 5; do
    echo "line $i" >&4
    wait_for 5 grep -q "^line $i\$" out
done
exec 4>&-
wait $!
[ "$(wc -l <out)" -eq 5 ]

# A file comes out in order and as it arrives, too.
make_file 300000 f
"$DTTK" send -q -L 300k f | "$DTTK" recv -q >out &
wait_for 5 test -s out
size=$(wc -c <out)
[ "$size" -lt 300000 ] || sanitized || fail 'all at once'
cmp -n "$size" f out
wait $!
cmp f out
