#!/bin/bash
# The same options and seed do the same to the same bytes; the way back has the complement's seed.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=line.sh
. "$(dirname "$0")/line.sh"

make_file 100000 in
damage=(--ber 1e-3 --drop 0.001 --insert 0.001 --burst '5000,20' --loss '10%,3' --dup 0.05)

compare() # SEED ITS-COMPLEMENT more options
{
    "$DTTK" noise -q "${damage[@]}" --seed "$1" <in >there
    "$DTTK" noise -q "${damage[@]}" --seed "$2" <in >back
    line_up "${damage[@]}" --seed "$1" "${@:3}"
    exec 5<>"$a" 6<>"$b"
    cat in >"$a" &
    cat in >"$b" &
    take "$(wc -c <there)" "$b" there.out
    local taking=$!
    take "$(wc -c <back)" "$a" back.out
    wait $! $taking || fail 'not all has come'
    cmp there there.out
    cmp back back.out
    ! cmp -s there back || fail 'both directions have the same damage'
    exec 5<&- 6<&-
    line_down TERM
    [ "$(wc -l <line.err)" -eq 2 ] || fail 'not a line for each direction'
    says "^dttk noise: $a to $b: .*100000 bytes in, $(wc -c <there) out, .*flipped" line.err
    says "^dttk noise: $b to $a: .*100000 bytes in, $(wc -c <back) out, .*flipped" line.err
}

compare 1 18446744073709551614
compare 18446744073709551615 0 --baud 2000000 --latency 30
