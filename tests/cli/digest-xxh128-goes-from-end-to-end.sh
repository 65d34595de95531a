#!/bin/bash
# --digest xxh128: files small and large, streams, stdout, a folder, two-way; with the checks that
# SHA-256 has.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

if "$DTTK" send -q --digest xxh128 "$photo" >line 2>err; then :; else
    one_line err
    says '^dttk: this dttk is built without it: --digest xxh128'
    exit 0
fi

"$DTTK" send -q "$photo" >sha256
[ "$(wc -c <line)" -lt "$(wc -c <sha256)" ] || fail 'END is no shorter'

expect 0 "$DTTK" recv a <line
cmp "$photo" a
expect 0 "$DTTK" recv a <line
says '^dttk: a: already here$'
"$DTTK" recv <line >b
cmp "$photo" b
mkdir dir
expect 0 "$DTTK" recv -d dir <line
expect 0 "$DTTK" recv -d dir <sha256
says '^dttk: dir/photo.jpg: already here$'

: >empty
truncate -s 70M big
for file in empty big; do
    "$DTTK" send -q -r 0 --digest xxh128 $file | "$DTTK" recv -q c
    cmp $file c
done
"$DTTK" send -q --digest xxh128 <"$photo" | "$DTTK" recv -q >d
cmp "$photo" d
tail -c +1 "$photo" | "$DTTK" send -q --digest xxh128 | "$DTTK" recv -q -f e
cmp "$photo" e

# Interrupted and gone on with.
head -c 20000 line >begin
expect 5 "$DTTK" recv f <begin
expect 0 "$DTTK" recv f <line
cmp "$photo" f

# The head of one and the tail of another: not what was sent.
truncate -s 68M one two
echo 'that is the difference' | dd of=two bs=1M seek=30 conv=notrunc 2>/dev/null
touch -d '2020-02-02 02:02:02' one two
ln one g
"$DTTK" send -q -r 0 --digest xxh128 g >one.cap
ln -f two g
"$DTTK" send -q -r 0 --digest xxh128 g >two.cap
half=$((45 << 20))
expect 6 "$DTTK" recv h < <(head -c $half one.cap && tail -c "+$((half + 1))" two.cap)
says '^dttk: h: what arrived is not what was sent (the digest differs)'
[ ! -e h ] || fail 'h is there'
