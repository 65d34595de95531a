#!/bin/bash
# An implicit stdin or stdout that is a terminal gets a hint and exit 2; the bytes never reach it.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

refused() # the hint, the command
{
    script -qec "$2; echo exit \$?" typescript </dev/null >out
    cat -v out
    says "^dttk: $1" out
    says '^exit 2' out
    [ "$(wc -c <out)" -lt 200 ]
}

"$DTTK" send -q "$photo" >line
refused 'stdout is a terminal: pipe it' "'$DTTK' send '$photo'"
refused 'stdout is a terminal: pipe it' "'$DTTK' send <'$photo'"
refused 'stdin is a terminal: name a FILE or redirect it' "'$DTTK' send >/dev/null"
refused 'stdin is a terminal: pipe a link into it, or name a --port' "'$DTTK' recv g"
refused 'stdin is a terminal: pipe a link into it, or name a --port' "'$DTTK' recv -d ."
refused 'stdout is a terminal: name an OUT or redirect it' "'$DTTK' recv <line"
nothing_at g

# Explicitly it may be one: a text for people to read.
echo 'a text' >text
"$DTTK" send -q text >line
script -qec "'$DTTK' recv -q - <line" typescript </dev/null >out
says '^a text' out

# So are armoured lines: of a session that was recorded the file can be had.
script -qec "'$DTTK' send --armor '$photo'" typescript </dev/null >out
says ': sent: ' out
"$DTTK" recv g <out
cmp "$photo" g
