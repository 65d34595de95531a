#!/bin/bash
# With --wire ftag: what does not fit that wire is refused at once, with the reason and exit 2.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

refused() # the line, then the options and files
{
    local line=$1
    shift
    expect 2 "$DTTK" send --wire ftag "$@" </dev/null >out
    [ "$(cat err)" = "dttk: $line" ] || fail "other words than: $line"
    [ ! -s out ] || fail 'something was written'
}

echo x >f
refused 'ftag goes one way, nobody answers: -2' -2 f
refused 'ftag goes one way, nobody answers: -2' -2 -p /dev/null f
refused 'ftag goes one way, nobody answers: --window' --window 4k -p /dev/null f
refused 'ftag has no repairs; it sends all blocks again, as often as --repeat says: -r' -r 25 f
refused 'ftag has one pass, in which --repeat sends all blocks again: --loop' --loop f
refused 'ftag carries one file a run, this is one more: g' f g
refused 'ftag has bytes that XON/XOFF takes for itself; use --armor: --flow soft' \
    --flow soft -p /dev/null f
if "$DTTK" send -q -z f >/dev/null 2>&1; then
    refused 'ftag carries files as they are: -z' -z f
fi
for mtu in 44 257 0 x; do
    refused "--mtu: must be a whole number from 45 to 256: $mtu" --mtu $mtu f
done
refused '--repeat: must be a whole number from 0 to 1000000000: -1' --repeat -1 f
refused '--repeat: must be a whole number from 0 to 1000000000: x' --repeat x f
expect 2 "$DTTK" send --wire telex f
[ "$(cat err)" = 'dttk: --wire: must be dttk or ftag: telex' ]

# The last of --repeat and --loop is what counts, and our own wire is as it was.
"$DTTK" send -q --wire ftag --loop --repeat 1 f | "$DTTK" recv g
cmp f g
"$DTTK" send -q --wire ftag --wire dttk --repeat 2 --mtu 300 f | "$DTTK" recv g

# A stream has no size beforehand; it is refused although it never brings a byte.
mkfifo quiet
sleep 60 >quiet &
expect 2 "$DTTK" send --wire ftag <quiet >out
[ "$(cat err)" = 'dttk: stdin: is a stream, and ftag says the size beforehand: send a file' ]
expect 2 "$DTTK" send --wire ftag quiet >out
[ "$(cat err)" = 'dttk: quiet: is a stream, and ftag says the size beforehand: send a file' ]

# The largest objects, and one byte more.
limits() # BYTES LINE OPTIONS...
{
    local bytes=$1 line=$2
    shift 2
    rm -f large got
    make_file "$bytes" large
    "$DTTK" send -q --wire ftag --repeat 0 "$@" large | "$DTTK" recv got
    cmp large got
    echo >>large
    refused "$line: $((bytes + 1))" "$@" large
}
limits 3276799 'large: more than the 3276799 bytes that ftag carries in blocks of 50; --mtu 58 would do'
limits 3342335 'large: more than the 3342335 bytes that ftag carries in blocks of 51; --mtu 59 would do' \
    --mtu 58
limits 16318463 'large: more than the 16318463 bytes that ftag can carry' --mtu 256
