#!/usr/bin/env bash
# A stream that lost more than its repairs can mend ends at the gap; with --lossy the lines behind
# it come, too, none twice and in their order, and the exit status says that some are missing.
. "$(dirname "$0")/common.sh"

seq 1 100000 >lines
seq 1 100000 | "$DTTK" send -q -r 5 | "$DTTK" noise -q --loss 0.1 >line

expect 5 "$DTTK" recv <line >part
[ "$(wc -c <part)" -lt 500000 ] || fail 'it went on behind a gap'
cmp -n "$(wc -c <part)" part lines || fail 'before the gap something is wrong'

expect 5 "$DTTK" recv --lossy <line >rest
says 'symbols left out in '
[ "$(wc -c <rest)" -gt 450000 ] || fail 'much more is missing than was lost'
tail -n 1 rest | grep -qx 100000 || fail 'the end is missing'
# Where a symbol was left out two halves of lines meet: all others are lines that were sent.
grep -xE '[0-9]{5}' rest | sort -c -n || fail 'not in order'

expect 0 "$DTTK" recv --lossy < <(seq 1 100000 | "$DTTK" send -q -r 40 | "$DTTK" noise -q --loss 0.1) >all
cmp all lines
says ': verified: '

# A short one: its end came, and there is the gap.
seq 1 20000 | "$DTTK" send -q -r 0 | "$DTTK" noise -q --loss 0.05 --seed 3 >line
expect 5 "$DTTK" recv <line >part
says 'stdout: incomplete: a gap that repairs could not close; its first '
head -c 20000 line >beginning
expect 5 "$DTTK" recv <beginning >part
says 'stdout: incomplete: the end did not come; its first '
