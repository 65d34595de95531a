#!/bin/bash
# However few descriptors a process may have: a file that is right, or one line, and never a loop.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

"$DTTK" send -q "$photo" >line
"$DTTK" send -q "$photo" "$DTTK_FIXTURES/README.md" >two
mkdir dir
right=0
# limited N COMMAND...: within 10 s, with exit status 0 or a line of words and one that is documented.
limited()
{
    local n=$1 code=0
    shift
    (ulimit -n "$n" && exec timeout 10 "$@") 2>err || code=$?
    if [ "$code" -eq 127 ] || grep -q 'error while loading shared libraries' err; then
        return 0 # too few to be run at all
    fi
    [ "$code" -lt 8 ] || fail "with $n descriptors: exit $code: $(cat -v err)"
    [ "$code" -eq 0 ] || says '^dttk: '
    [ "$code" -ne 0 ] || right=$((right + 1))
}
for n in 3 4 5 6 7 8 9 10 11 12 13 14; do
    rm -rf out* dir/*
    limited $n "$DTTK" recv out <line
    [ ! -e out ] || cmp "$photo" out
    limited $n "$DTTK" recv -d dir <two
    [ ! -e dir/photo.jpg ] || cmp "$photo" dir/photo.jpg
    limited $n "$DTTK" send "$photo" >again
    limited $n "$DTTK" recv <line >out.2
done
[ $right -gt 20 ] || fail "only $right went well"
