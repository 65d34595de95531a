#!/bin/bash
# Flipped bits, dropped and inserted bytes, bursts, doubled and reordered frames, and all of them.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

through()
{
    "$DTTK" send "$photo" | "$DTTK" noise --seed 1 "$@" | "$DTTK" recv g
    cmp "$photo" g
    rm g
    # A stream gives up on what stays lost too long: a tenth of its packets, and not much more.
    "$DTTK" send <"$photo" | "$DTTK" noise --seed 2 "$@" | "$DTTK" recv >g
    cmp "$photo" g
    rm g
}

through --ber 2e-5
through --drop 5e-5 --insert 5e-5
through --burst 10000,30
through --dup 0.3
through --reorder 20
through --loss 5%,3 --ber 1e-5 --drop 1e-5 --insert 1e-5 --burst 30000,40 --dup 0.1 --reorder 5
