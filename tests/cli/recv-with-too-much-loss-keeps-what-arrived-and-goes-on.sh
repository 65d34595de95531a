#!/bin/bash
# Exit 5, nothing under the final name, a verdict that says what is missing, what -r would have
# done, and that running again goes on; running again does.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

"$DTTK" send -q "$photo" | "$DTTK" noise -q --loss 0.4 --seed 1 >first.cap
"$DTTK" send -q "$photo" | "$DTTK" noise -q --loss 0.4 --seed 2 >second.cap

expect 5 "$DTTK" recv --json json g <first.cap
one_line err
says '^dttk: g: incomplete: [0-9]* of 302 symbols missing, loss [0-9.]* %'
says '; -r [0-9]* would have been enough this time; '
says '; kept in g.part: receive it again to go on$'
[ ! -e g ] || fail 'g is there'
[ "$(ls -- *.part*)" = "$(printf 'g.part\ng.part.journal')" ] || fail "$(ls)"
kept=$(grep -o '"bytes": *[0-9]*' json | head -n 1 | tr -dc 0-9)

# Nothing more is lost by a run in which nothing arrives.
expect 4 "$DTTK" recv g </dev/null
says '^dttk: stdin: nothing arrived$'
says '; kept in g.part: receive it again to go on$'
if grep -q 'would have been enough' err; then fail 'how could it know?'; fi

expect 0 "$DTTK" recv g <second.cap
says "^dttk: g: going on: $kept of 35925 bytes are here already"
says '^dttk: g: verified: '
cmp "$photo" g
rm g
nothing_at g

# Standard output keeps nothing, and says no such thing.
expect 5 "$DTTK" recv <first.cap >g
says "^dttk: stdout: incomplete: .*; its first $(wc -c <g) bytes were written$"
if grep -q 'again' err; then fail 'there is nothing to go on from'; fi
cmp -n "$(wc -c <g)" "$photo" g
