#!/bin/bash
# recv ends by itself soon after the last; what is here already, or in the way, keeps no other back.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=line.sh
. "$(dirname "$0")/line.sh"
# shellcheck source=two-way.sh
. "$(dirname "$0")/two-way.sh"

make_file 3000 one 1
make_file 40000 two 2
: >three
make_file 10000 four 4

# sends NAME CODE: all four into the folder, and both sides end with that code.
sends()
{
    local begin
    begin recv "$DTTK" recv -p B -d "$1"
    sleep 0.1
    begin send "$DTTK" send -p A one two three four
    ends send "$2"
    begin=$(now_ms)
    ends recv "$2" 10
    echo "recv ended after $(($(now_ms) - begin)) ms"
}

line_up --ber 1e-5 --link A --link B
mkdir there
sends there 0
for file in one two three four; do
    cmp $file there/$file || fail "$file differs"
done

# All are here already.
touch -d @1000000000 there/*
sends there 0
says 'already here' recv.err
for file in one two three four; do
    cmp $file there/$file || fail "$file differs"
done

# One is here already, another has taken the name of the second.
rm there/three there/four
make_file 40000 there/two 22
cp there/two other
sends there 7
says '^dttk: two: the receiver refused it' send.err
says 'there/two' recv.err
cmp there/two other || fail 'what was there was replaced'
for file in one three four; do
    cmp $file there/$file || fail "$file differs"
done
nothing_at there/two.
line_down TERM
