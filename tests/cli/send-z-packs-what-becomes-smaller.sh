#!/bin/bash
# send -z: files and streams become smaller on the line, and are what they were at the other side; of
# what does not become smaller nothing is packed.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

seq 1 100000 >text # 589 kB, of which zstd makes 74
make_file 50000 random
: >empty

if "$DTTK" send -q -z text >line 2>err; then :; else
    one_line err
    says '^dttk: this dttk is built without zstd: --compress$'
    exit 0
fi
"$DTTK" send -q text >plain
[ "$(wc -c <line)" -lt $(($(wc -c <plain) / 2)) ] || fail 'it is not smaller'

# To a file, to stdout, into a folder (twice), from stdin as a file and as a stream.
expect 0 "$DTTK" recv a <line
says '^dttk: a: verified: 589 kB packed to [0-9.]* kB in '
"$DTTK" recv -q <line | cmp - text
mkdir dir
expect 0 "$DTTK" recv -d dir <line
expect 0 "$DTTK" recv -d dir <line
says '^dttk: dir/text: already here$'
expect 0 "$DTTK" recv -d dir <plain
says '^dttk: dir/text: already here$'
"$DTTK" send -q --compress <text | "$DTTK" recv -q b
tail -c +1 text | "$DTTK" send -q -z | "$DTTK" recv -q c
tail -c +1 text | "$DTTK" send -q -z | "$DTTK" recv -q >d
for file in a b c d dir/text; do
    cmp text $file
done
[ "$(stat -c %Y.%a a)" = "$(stat -c %Y.%a text)" ] || fail 'time or mode'
nothing_at a.part

# The head of a line, then the whole: gone on with; and through loss, with what -z saves.
head -c $(($(wc -c <line) / 2)) line >begin
expect 5 "$DTTK" recv e <begin
expect 0 "$DTTK" recv e <line
says '^dttk: e: going on: '
cmp text e
"$DTTK" send -q -z -r 60 text | "$DTTK" noise -q --loss 0.2 --seed 3 | "$DTTK" recv -q f
cmp text f
rm -f text.out
socat EXEC:"$DTTK send -q -2 -z text" EXEC:"$DTTK recv -q -2 text.out"
cmp text text.out

# --max-size is for what it unpacks to, also where that is passed on.
expect 7 "$DTTK" recv --max-size 588894 >out <line
says '^dttk: stdout: too large when it is unpacked: --max-size is 588894$'
expect 7 "$DTTK" recv --max-size 588894 i <line
[ ! -e i ] || fail 'i is there'
expect 0 "$DTTK" recv --max-size 588895 i <line
tail -c +1 text | "$DTTK" send -q -z | { "$DTTK" recv --max-size 400k || echo $?; } >out 2>err
[ "$(tail -n 1 out)" = 7 ] || fail "no exit 7: $(cat err)"
says 'too large when it is unpacked: --max-size is 400000$'

# Several at once, with what has nothing to gain; and what does not go together.
expect 0 "$DTTK" send -v -z random empty text >line
says '^dttk: random: sent as it is, for packing does not make it smaller$'
says '^dttk: empty: sent as it is, for packing does not make it smaller$'
says '^dttk: text: sent: 589 kB packed to '
mkdir all
"$DTTK" recv -q -d all <line
for file in random empty text; do
    cmp $file all/$file
done

# No room for what is packed: sent as it is, and said.
(ulimit -f 16 && exec "$DTTK" send -z text 2>err) | cat >line
says '^dttk: text: sent as it is, for it cannot be packed: '
"$DTTK" recv -q g <line
cmp text g

# Statistics tell both sizes.
"$DTTK" send -q -z --json sent text | "$DTTK" recv -q --json received h
says '"size_unpacked": *588895' sent
says '"size_unpacked": *588895' received
