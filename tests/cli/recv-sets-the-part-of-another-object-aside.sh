#!/bin/bash
# What arrived of one object stays when another one comes to the same target.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

make_file 40000 other
"$DTTK" send -q "$photo" | "$DTTK" noise -q --loss 0.4 --seed 1 >first.cap
"$DTTK" send -q "$photo" | "$DTTK" noise -q --loss 0.4 --seed 2 >second.cap
expect 5 "$DTTK" recv g <first.cap
expect 0 "$DTTK" recv g < <("$DTTK" send -q other)
says 'set aside as g.part.1'
cmp other g
[ -e g.part.1 ] || fail 'nothing was set aside'

# Put back it is gone on with.
mv g.part.1 g.part
mv g.part.1.journal g.part.journal
expect 0 "$DTTK" recv g <second.cap
says 'going on'
cmp "$photo" g
