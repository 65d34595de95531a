#!/bin/bash
# Two captures behind each other, or two files of one sender, or two senders taking turns.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

make_file 40000 one 1
make_file 50000 two 2
both()
{
    cmp one dir/one
    cmp two dir/two
    [ "$(ls -A dir)" = "$(printf 'one\ntwo')" ] || fail "$(ls -A dir)"
    rm -r dir
}

"$DTTK" send one >one.cap
"$DTTK" send two >two.cap
mkdir dir
cat one.cap two.cap | "$DTTK" recv -d dir 2>err
cat err
says '^dttk: dir/one: verified'
says '^dttk: dir/two: verified'
both

mkdir dir
"$DTTK" send one two | "$DTTK" noise --loss 0.1 | "$DTTK" recv -d dir
both

# In pieces of 5,000 bytes, by turns; only the frame at a cut is lost.
mkdir dir
for at in 0 1 2 3 4 5 6 7 8 9 10 11 12 13; do
    for capture in one.cap two.cap; do
        printf '\0'
        dd if=$capture bs=5000 skip=$at count=1 2>/dev/null
    done
done | "$DTTK" recv -d dir
both
