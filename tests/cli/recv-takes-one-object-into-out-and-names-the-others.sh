#!/bin/bash
# The first is verified; the exit code says that there was more than OUT could take.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

make_file 40000 one 1
make_file 50000 two 2
"$DTTK" send -q one >one.cap
"$DTTK" send -q two >two.cap
cat one.cap two.cap >both.cap
for out in g -; do
    expect 7 "$DTTK" recv $out <both.cap >g.stdout
    [ $out = g ] || mv g.stdout g
    cmp one g
    says 'verified'
    says '^dttk: .*: takes one file, -d DIR takes all; refused: two$'
    rm -f g
done
[ ! -e two.part ] || fail 'two left something'

# The same from one sender, and from two with a pause between them: both end well.
one_then_two()
{
    if [ "$1" = at-once ]; then
        "$DTTK" send --pps 2000 one two
    else
        "$DTTK" send one
        sleep 0.3
        "$DTTK" send two
    fi
}
for pause in at-once later; do
    code=0
    one_then_two $pause | "$DTTK" recv g 2>err || code=$?
    cat err
    [ $code -eq 7 ] || fail "exit $code"
    cmp one g
    says 'two'
    rm g
done
