#!/bin/bash
# Before the first pass is over, and whatever was still to come.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

make_file 3000000 big

gone() # what is done before, options...
{
    local code=0
    { $1 && "$DTTK" send "${@:2}" 2>err; } | true || code=$?
    echo "${*:2}: $code: $(cat err)"
    [ $code -eq 1 ] || fail "exit $code"
    [ "$(cat err)" = 'dttk: stdout: the reader went away' ]
}

gone true big
gone true - <big
gone 'sleep 0.3' "$photo"
gone 'sleep 0.3' --loop "$photo"
gone 'sleep 0.3' --repeat 3 "$photo"
gone 'sleep 0.3' -L 100k "$photo"

# In the middle
code=0
"$DTTK" send -r 0 big 2>err | head -c 100000 >/dev/null || code=$?
[ $code -eq 1 ] || fail "exit $code"
says '^dttk: stdout: the reader went away$'
