#!/bin/bash
# Joined late, cut off, put together from captures, completed by a second run, or by our own wire:
# an object is one whichever way its bytes come.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

file=$DTTK_FIXTURES/ftag/notes.txt
capture=$file.ftag
size=$(wc -c <"$capture")

echo '== joined late, and completed by a second run'
for head in 1 100 459 460 700 3000 9000 12000; do
    rm -f g g.part g.part.journal
    tail -c +$head "$capture" >late
    code=0
    "$DTTK" recv g <late 2>err || code=$?
    echo "from $head: exit $code: $(cat -v err)"
    case $code in
    0) ;;
    4 | 5) expect 0 "$DTTK" recv g <"$capture" ;;
    *) fail "exit $code" ;;
    esac
    cmp "$file" g
done

echo '== cut off'
rm -f g
head -c $((size / 2)) "$capture" >first
tail -c $((size / 2 + 300)) "$capture" >second
expect 5 "$DTTK" recv g <first
says ' of 51 blocks missing (2[0-9]-50); kept in g.part'
expect 0 "$DTTK" recv g <second
cmp "$file" g
rm g

echo '== two captures of which none suffices'
"$DTTK" noise -q --wire ftag --loss 0.5 --seed 1 <"$capture" >a.cap
"$DTTK" noise -q --wire ftag --loss 0.5 --seed 2 <"$capture" >b.cap
expect 5 "$DTTK" recv --no-resume g <a.cap
expect 5 "$DTTK" recv --no-resume g <b.cap
rm g.part g.part.journal
cat a.cap b.cap | "$DTTK" recv g
cmp "$file" g
rm g
cat first second | "$DTTK" recv g
cmp "$file" g

echo '== other blocks, other copies, our own wire'
make_file 30000 f
for first in '--wire ftag --repeat 0' '--wire ftag --mtu 256 --repeat 0' '-r 0'; do
    for second in '--wire ftag' '--wire ftag --mtu 100 --repeat 1' '-r 0' '--armor -r 0'; do
        wire=dttk
        [ "${first#--wire}" = "$first" ] || wire=ftag
        rm -f h
        # shellcheck disable=SC2086  # words
        "$DTTK" send -q $first f | "$DTTK" noise -q --wire $wire --loss 0.3 >bad
        expect 5 "$DTTK" recv h <bad
        # shellcheck disable=SC2086
        "$DTTK" send -q $second f | "$DTTK" recv h
        cmp f h
    done
done

echo '== several runs on one line'
mkdir dir
for name in empty.bin one.bin fifty.bin fifty1.bin notes.txt; do
    cat "$DTTK_FIXTURES/ftag/$name.ftag"
done >all.cap
expect 0 "$DTTK" recv -d dir <all.cap
[ "$(find dir -type f | wc -l)" -eq 5 ]
for name in dir/*; do
    cmp "$name" "$DTTK_FIXTURES/ftag/$(basename "$name")"
done
expect 7 "$DTTK" recv g <all.cap # one file is taken, the others are named
