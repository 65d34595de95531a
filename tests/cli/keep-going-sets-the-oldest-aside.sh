#!/bin/bash
# --max-objects 2 and three captures interleaved, none whole: the oldest gives way and is said to, with
# its journal on disk; a later capture completes it. So does silence (-t); and what has been completed
# after all does not count as failed.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=two-way.sh
. "$(dirname "$0")/two-way.sh"

mkdir in
for name in a b c; do
    make_file 30000 $name "$(printf '%d' "'$name")"
    # Frames end with a zero byte: a line each, and the middle of them missing.
    "$DTTK" send -q -r 0 --mtu 128 $name | tr '\0\n' '\n\0' >$name.frames
    sed '100,200d' $name.frames >$name.cut
    tr '\0\n' '\n\0' <$name.cut >$name.cap
done

# turns FILE...: a hundred frames of each, in turn, to their end.
turns()
{
    local i file
    for i in 1 101 201 301; do
        for file in "$@"; do
            sed -n "$i,$((i + 99))p" "$file" | tr '\0\n' '\n\0'
        done
    done
}
{ turns a.cut b.cut c.cut; "$DTTK" send -q -r 0 a; "$DTTK" send -q b c; } >line

expect 0 "$DTTK" recv --keep-going --max-objects 2 -d in --json json <line
for name in a b c; do
    cmp $name in/$name
    [ "$(grep -c "in/$name: verified" err)" -eq 1 ] || fail "$name: how often?"
    [ "$(grep -c "in/$name: incomplete: .* symbols missing.*; kept in $name.part: " err)" -ge 1 ] ||
        fail "$name never gave way"
    grep -q '^{"path":"in\\/'$name'","result":"incomplete"' json
done
[ "$(find in -type f | wc -l)" -eq 3 ] || fail "$(ls in)"
for name in a b c; do
    [ "$(grep "in/$name: " err | tail -n 1 | grep -c verified)" -eq 1 ] || fail "$name: the last word"
done

# Without room for more it is the same for one at a time; what stays incomplete is exit 5, and there.
rm -r in && mkdir in
expect 5 "$DTTK" recv --keep-going --max-objects 1 -d in < <(cat ./*.cap)
for name in a b c; do
    says "^dttk: in/$name: incomplete: .*; kept in $name.part"
    [ -e in/$name.part ] && [ -e in/$name.part.journal ]
done
expect 0 "$DTTK" recv --keep-going -d in < <("$DTTK" send -q -r 0 a b c)
[ "$(grep -c 'going on: ' err)" -eq 3 ]

# Silence about one ends that alone; of another, later, and of the first, all comes.
rm -r in && mkdir in
begin recv "$DTTK" recv --keep-going -t 0.5 -d in < <(
    cat a.cap
    wait_for 10 grep -q 'in/a: incomplete' recv.err
    "$DTTK" send -q b a
    sleep 1
)
ends recv 0
[ "$(wc -l <recv.err)" -eq 4 ] || fail 'other lines'
for name in a b; do cmp $name in/$name; done
