#!/bin/bash
# Two files over 64 MiB that look the same from outside, and a line that carries the head of one and
# the tail of the other: no file; and a whole pass afterwards is enough all the same.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

truncate -s 68M one two
echo 'that is the difference' | dd of=two bs=1M seek=30 conv=notrunc 2>/dev/null
touch -d '2020-02-02 02:02:02' one two
ln one f
"$DTTK" send -q -r 0 f >one.cap
ln -f two f
"$DTTK" send -q -r 0 f >two.cap
cmp -s one.cap two.cap && fail 'the captures are equal'

half=$((45 << 20))
mixed()
{
    head -c $half one.cap
    tail -c "+$((half + 1))" two.cap
}
expect 6 "$DTTK" recv g < <(mixed)
says '^dttk: g: what arrived is not what was sent (the digest differs); send it again'
[ ! -e g ] || fail 'g is there'
rm -f g.part*

expect 0 "$DTTK" recv g < <(mixed && cat two.cap)
cmp two g
