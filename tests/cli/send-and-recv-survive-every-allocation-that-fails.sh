#!/bin/bash
# The n-th malloc, calloc, realloc or mmap, for every n, on either side: it ends in order, with a
# reason, and nothing wrong gets the final name; the next run completes it.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=faults.sh
. "$(dirname "$0")/faults.sh"
preloaded "$fault"

memory=malloc,calloc,realloc,mmap
"$DTTK" send -q "$photo" | "$DTTK" noise -q --loss 0.1 --seed 2 >line
"$DTTK" send -q "$photo" | head -c 20000 >half
"$DTTK" send -q --wire ftag "$photo" >blocks
mkdir dir

# recv: what was made safe before is not lost, and nothing is taken for more than it is.
prepare()
{
    rm -rf g g.part* dir/*
    if [ -n "${begun-}" ]; then "$DTTK" recv -q g <half 2>/dev/null || true; fi
}
judge()
{
    local there
    for there in g dir/photo.jpg; do
        [ ! -e $there ] || cmp "$photo" $there
    done
    if [ "$1" -eq 0 ]; then
        [ -e g ] || [ -e dir/photo.jpg ] || fail 'exit 0, and there is no file'
    else
        [ "$1" -eq 1 ] || [ "$1" -eq 5 ] || fail "exit $1"
        says '^dttk: '
    fi
    if [ -z "${begun-}" ] || [ -e g ]; then return; fi
    "$DTTK" recv g <line 2>again
    says '^dttk: g: going on: ' again
    cmp "$photo" g
}
sweep_calls $memory 12 line "$DTTK" recv g
sweep_calls $memory 12 line "$DTTK" recv -d dir
sweep_calls $memory 12 blocks "$DTTK" recv g
sweep_calls $memory 12 line "$DTTK" recv --json stats g
begun=1
sweep_calls $memory 12 line "$DTTK" recv g
begun=
# With a clock by which the journal is written on the way.
settings=(FAULT_CLOCK=100 FAULT_READ=700)
sweep_calls $memory 12 line "$DTTK" recv g
undisturbed=5
sweep_calls $memory 12 half "$DTTK" recv g
undisturbed=0
settings=()

# Standard output: right as far as it goes.
prepare() { :; }
judge()
{
    cmp -n "$(wc -c <out)" "$photo" out
    [ "$1" -ne 0 ] || cmp "$photo" out
    [ "$1" -eq 0 ] || says '^dttk: '
}
sweep_calls $memory 12 line "$DTTK" recv
# shellcheck disable=SC2002  # a stream
cat "$photo" | "$DTTK" send -q - >stream
sweep_calls $memory 12 stream "$DTTK" recv

# send: never taken for the whole file.
judge()
{
    local code=0
    [ "$1" -eq 0 ] || [ "$1" -eq 1 ] || fail "exit $1"
    [ "$1" -eq 0 ] || says '^dttk: '
    [ "$1" -ne 0 ] || [ ! -e stats ] || [ "$(sed 's/:[^[].*//' stats)" = "$(cat keys)" ] ||
        fail "$(cat stats)"
    rm -f g g.part* stats
    "$DTTK" recv -q g <out 2>/dev/null || code=$?
    [ ! -e g ] || cmp "$photo" g
    [ "$1" -ne 0 ] || [ $code -eq 0 ] || fail "exit 0, and the receiver has $code"
}
"$DTTK" send -q -v -r 30 --json stats "$photo" >/dev/null
sed 's/:[^[].*//' stats >keys
sweep_calls $memory 12 /dev/null "$DTTK" send "$photo"
sweep_calls $memory 12 /dev/null "$DTTK" send -v -r 30 --json stats "$photo"
sweep_calls $memory 12 "$photo" "$DTTK" send -
sweep_calls $memory 12 /dev/null "$DTTK" send --armor "$photo"
sweep_calls $memory 12 /dev/null "$DTTK" send --wire ftag "$photo"
echo "$total_calls failures"
