#!/bin/bash
# Two files of one name from one line: the second does not replace the first.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

mkdir a b dir
make_file 30000 a/f 1
make_file 30000 b/f 2
expect 7 "$DTTK" recv -d dir < <("$DTTK" send -q a/f b/f)
says '^dttk: dir/f: verified'
says '^dttk: dir/f: exists, with other content; -f replaces it$'
cmp a/f dir/f

# By turns on one line: the same.
rm dir/f
"$DTTK" send -q a/f >a.cap
"$DTTK" send -q b/f >b.cap
{
    head -c 10000 a.cap
    printf '\0'
    head -c 10000 b.cap
    printf '\0'
    tail -c +10001 a.cap
    tail -c +10001 b.cap
} >line
expect 7 "$DTTK" recv -d dir <line
says '^dttk: dir/f: two files of this name at once: the second is refused$'
cmp a/f dir/f
