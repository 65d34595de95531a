#!/bin/bash
# What dttk's ancestor wrote becomes the file it was made of, without a word about the wire; and
# what send writes with --wire ftag is the same, byte for byte.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

captures=$DTTK_FIXTURES/ftag
mkdir dir
for capture in "$captures"/*.ftag; do
    name=$(basename "$capture" .ftag)
    file=$captures/$name
    echo "== $name"
    expect 0 "$DTTK" recv g <"$capture"
    one_line err
    says '^dttk: g: verified: '
    cmp "$file" g
    rm g
    "$DTTK" recv <"$capture" >g
    cmp "$file" g
    # shellcheck disable=SC2002  # a pipe is what is to be read
    cat "$capture" | "$DTTK" recv -d dir
    cmp "$file" "dir/$name"
    expect 0 "$DTTK" recv -d dir <"$capture"
    says "^dttk: dir/$name: already here"

    expect 0 "$DTTK" send --wire ftag "$file" >sent
    one_line err
    cmp "$capture" sent
    cp "$file" "$name"
    "$DTTK" send -q --wire=ftag --repeat 3 "./$name" | cmp "$capture" -
done

# Without a name it has none.
"$DTTK" send -q --wire ftag <"$captures/notes.txt" >sent
[ "$(wc -c <sent)" -lt "$(wc -c <"$captures/notes.txt.ftag")" ]
mkdir other
"$DTTK" recv -d other <sent
cmp "$captures/notes.txt" other/dttk-*.bin
