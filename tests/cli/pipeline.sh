#!/bin/bash
# Files of every size arrive equal through every shape of clean pipe, and both ends exit 0.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

# Under pipefail with set -e every exit code but 0, of whichever part, ends this test.
shapes()
{
    local f=$1
    rm -f out g a b ./*.code
    "$DTTK" send "$f" | "$DTTK" recv out
    cmp "$f" out
    "$DTTK" send <"$f" | "$DTTK" recv >g
    cmp "$f" g
    # shellcheck disable=SC2002  # a stream is what is to be sent
    cat "$f" | "$DTTK" send -1 | "$DTTK" recv >g
    cmp "$f" g
    # shellcheck disable=SC2002
    cat "$f" | "$DTTK" send - | "$DTTK" recv g
    cmp "$f" g
    "$DTTK" send "$f" | tee >("$DTTK" recv a; echo $? >a.code) | "$DTTK" recv b
    cmp "$f" b
    wait_for 10 test -s a.code
    [ "$(cat a.code)" -eq 0 ]
    cmp "$f" a
}

for size in 0 1 127 128 129 3000000; do
    echo "== $size bytes"
    make_file $size f
    shapes f
done
echo "== a photograph"
shapes "$photo"
