#!/bin/bash
# With --wire ftag files of every size arrive through a pipe, a line that loses packets, and between
# ports, where the sender keeps to what the boards bear and nobody answers.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=line.sh
. "$(dirname "$0")/line.sh"

echo '== sizes and blocks'
for size in 0 1 49 50 51 747 30000; do
    make_file $size f
    for options in '' '--mtu 45' '--mtu 57' '--mtu 64' '--mtu 256' '--repeat 0' '--repeat 9' '--armor'; do
        # shellcheck disable=SC2086  # words
        "$DTTK" send -q --wire ftag $options f | "$DTTK" recv -q g
        cmp f g
        rm g
    done
done

echo '== a line that loses a fifth'
"$DTTK" send --wire ftag --repeat 9 "$photo" | "$DTTK" noise --wire ftag --loss 0.2 | "$DTTK" recv g
cmp "$photo" g
rm g
for seed in 1 2 3; do
    "$DTTK" send -q --wire ftag "$DTTK_FIXTURES/ftag/notes.txt" |
        "$DTTK" noise -q --wire ftag --loss 0.2 --seed $seed | "$DTTK" recv g
    cmp "$DTTK_FIXTURES/ftag/notes.txt" g
    rm g
done

echo '== ports on both sides'
line_up --baud 115200 --loss 0.1 --wire ftag
head -c 3000 "$photo" >f
code=0
# At 40 packets a second: 8 META, 240 of data, END.
"$DTTK" recv -v -p "$b" g 2>recv.err &
receiver=$!
"$DTTK" send -v -p "$a" --wire ftag --json send.json f 2>send.err || code=$?
cat send.err >&3
[ $code -eq 0 ]
says '60 blocks of 50 bytes, 4 times each, 25[0-9] packets of ftag of up to 64, about 6\.[0-9] s' send.err
seconds=$(sed -n 's/.*"seconds":\([0-9]*\).*/\1/p' send.json)
[ "$seconds" -ge 6 ] || fail 'too fast for the boards'
wait $receiver || code=$?
cat recv.err >&3
[ $code -eq 0 ]
says '^dttk: g: verified: ' recv.err
cmp f g

echo '== faster, if asked to'
rm g
"$DTTK" recv -p "$b" g 2>recv.err &
receiver=$!
"$DTTK" send -p "$a" --wire ftag --pps 400 --repeat 9 f
wait $receiver || fail "recv: $(cat recv.err)"
cmp f g

echo '== armoured, over the same line'
rm g
"$DTTK" recv -p "$b" g 2>recv.err &
receiver=$!
"$DTTK" send -p "$a" --wire ftag --armor --pps 400 f
wait $receiver || fail "recv: $(cat recv.err)"
cmp f g
line_down TERM
says "^dttk noise: $b to $a: .*0 bytes in, 0 out" line.err # nobody has answered
