#!/bin/bash
# What is missing at the head comes with the repairs, with the next pass, or in the next run.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

# A little of the head: the repairs make up for it.
"$DTTK" send "$photo" | tail -c +5001 | "$DTTK" recv g
cmp "$photo" g
rm g

# Nearly all of a pass: the second one does. (Then recv goes, and tail may die of that.)
"$DTTK" send --repeat 5 "$photo" | { tail -c +40001 || true; } | "$DTTK" recv g
cmp "$photo" g
rm g

# A frame cut in two spoils itself only, wherever the cut is.
"$DTTK" send -q "$photo" >whole.cap
for cut in 1 2 5 17 255 256 257; do
    tail -c "+$cut" whole.cap | "$DTTK" recv -q g
    cmp "$photo" g
    rm g
done
