#!/bin/bash
# One line of verdict; -q nothing but errors; -v what is to come beforehand, and what the line did.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

"$DTTK" send "$photo" 2>send.err >line
one_line send.err
says ': sent: 35.9 kB .* 76 repairs for 302 symbols$' send.err
expect 0 "$DTTK" recv g <line
one_line err
says '^dttk: g: verified: 35.9 kB .*, loss 0.0 %, no repairs needed$'
rm g

for option in -q --quiet; do
    "$DTTK" send $option "$photo" 2>send.err >line
    [ ! -s send.err ] || fail "$(cat send.err)"
    expect 0 "$DTTK" recv $option g <line
    [ ! -s err ] || fail "$(cat err)"
    rm g
done
expect 5 "$DTTK" recv -q g < <(head -c 9000 line)
one_line err
expect 1 "$DTTK" send -q missing >/dev/null
one_line err
rm g.part*

for option in -v --verbose; do
    "$DTTK" send $option -L 100k "$photo" 2>send.err >line
    head -n 1 send.err >first
    says ': 302 symbols of 119 bytes, 1[0-9]* packets in frames of 256, about 0.[45][0-9]* s' first
    says ': sent: ' send.err
    expect 0 "$DTTK" recv $option g <line
    says '^dttk: link: [0-9]* bytes, [0-9]* frames good, 0 bad'
    rm g
done
"$DTTK" send -v --pps 1000 "$photo" 2>send.err >line
says 'about 0.[12][0-9]* s' send.err
"$DTTK" send -v <line 2>send.err >/dev/null
says '^dttk: stdin: ' send.err
