#!/bin/bash
# Two captures of one file, each with half of it lost, are enough together; so are a capture
# without its end and one without its head.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

alone_too_little()
{
    expect 5 "$DTTK" recv --no-resume g <"$1"
    [ ! -e g ] || fail 'g is there'
    rm g.part g.part.journal
}

"$DTTK" send -q "$photo" | "$DTTK" noise -q --loss 0.4 --seed 1 >first.cap
"$DTTK" send -q "$photo" | "$DTTK" noise -q --loss 0.4 --seed 2 >second.cap
alone_too_little first.cap
alone_too_little second.cap
cat first.cap second.cap | "$DTTK" recv g
cmp "$photo" g
rm g

# Another station with other frames and symbols helps too.
"$DTTK" send -q --mtu 128 -r 50 "$photo" | "$DTTK" noise -q --loss 0.4 --seed 3 >other.cap
alone_too_little other.cap
cat first.cap second.cap other.cap | "$DTTK" recv g
cmp "$photo" g
rm g

"$DTTK" send -q "$photo" >whole.cap
head -c 20000 whole.cap >head.cap
tail -c 25000 whole.cap >tail.cap
alone_too_little head.cap
alone_too_little tail.cap
cat head.cap tail.cap | "$DTTK" recv g
cmp "$photo" g
