#!/bin/bash
# On a terminal, or with --progress; never with --no-progress or -q; five times a second at most;
# and gone before any word.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

"$DTTK" send -q "$photo" >whole.cap
frames() # in FILE
{
    tr '\r' '\n' <"$1" | grep -c '[[][#.]*[]] ' || true
}

slowly() { "$DTTK" send -q -L 60k "$photo"; } # 0.8 s

# Not a terminal: none, unless asked for.
slowly | "$DTTK" recv g 2>err
one_line err
slowly | "$DTTK" recv --progress h 2>err
cat -v err
[ "$(frames err)" -ge 2 ]
[ "$(frames err)" -le 6 ]
tail -n 1 err | tr '\r' '\n' | tail -n 1 | grep -q 'dttk: h: verified'
"$DTTK" send --progress -L 60k "$photo" 2>err >/dev/null
cat -v err
[ "$(frames err)" -ge 2 ]
[ "$(frames err)" -le 6 ]

# A terminal of 80 columns
on_terminal() # options of recv, bytes a second
{
    script -qec "stty cols 80; '$DTTK' send -q -L $2 '$photo' | '$DTTK' recv $1 i" typescript \
        </dev/null >out
    rm i
    echo "recv $1: $(frames out) frames"
}
on_terminal '' 60k
[ "$(frames out)" -ge 2 ]
[ "$(frames out)" -le 6 ]
# 79 columns, and the three bytes that wipe the rest
tr '\r' '\n' <out | awk '/[[][#.]*[]]/ && length > 82 { print length ": " $0; exit 1 }'
for option in --no-progress -q '--progress --no-progress'; do
    on_terminal "$option" 100k
    [ "$(frames out)" -eq 0 ] || fail "$option: a bar"
done
