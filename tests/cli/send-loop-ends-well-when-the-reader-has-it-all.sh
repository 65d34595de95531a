#!/bin/bash
# In a later pass a reader that goes away is the normal end, for both; in the first it is not.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

make_file 3000000 big
for f in "$photo" big; do
    for passes in --loop '--repeat 3' '--repeat 1000000'; do
        began=$(now_ms)
        # shellcheck disable=SC2086  # two words
        "$DTTK" send $passes "$f" 2>send.err | "$DTTK" recv g 2>err
        echo "$passes: $(cat send.err err)"
        [ $(($(now_ms) - began)) -lt 1500 ] || sanitized || fail 'that took long'
        cmp "$f" g
        says ': sent: ' send.err
        rm g
    done
done

# Through 60 % loss some passes are needed.
"$DTTK" send --repeat 20 "$photo" | "$DTTK" noise -q --loss 0.6 >lossy.cap
"$DTTK" recv g <lossy.cap
cmp "$photo" g
