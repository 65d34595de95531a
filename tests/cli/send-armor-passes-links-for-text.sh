#!/bin/bash
# With --armor only printable text travels, and what a console does to it does no harm: carriage
# returns, prompts and logs in between, lines that are wrapped or lost.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

only_text() # FILE
{
    [ "$(tr -d '\n\040-\176' <"$1" | wc -c)" -eq 0 ] || fail "$1 is no text"
    if grep -vqE '^~[A-Za-z0-9+/]+=*~$' "$1"; then fail "$1 has other lines"; fi
}

for size in 0 1 2 3 1000 300000; do
    make_file $size f
    for wire in dttk ftag; do
        "$DTTK" send -q --armor --wire $wire f >text
        only_text text
        "$DTTK" recv g <text
        cmp f g
        rm g
        sed 's/$/\r/' text | "$DTTK" recv -q g
        cmp f g
        rm g
    done
done
# A terminal that takes text in lines has room for these.
[ "$(awk '{ if (length > n) n = length } END { print n }' text)" -lt 4096 ]
"$DTTK" send -q --armor --mtu 65536 f | "$DTTK" recv -q g
cmp f g

"$DTTK" send --armor "$photo" | sed 's/$/\r/' | "$DTTK" recv g
cmp "$photo" g
rm g

echo '== a console'
for wire in dttk ftag; do
    "$DTTK" send -q --armor --wire $wire "$photo" >text
    {
        printf 'board login: root\r\n# cat /dev/ttyS1\r\n'
        sed -e 's/$/\r/' -e '3s/^/[   12.5] eth0: link ~ is up\r\n/' -e '5s/^/~# ls ~\r\n/' \
            -e '7s/^/$ /' text | fold -w 80
        printf '# '
    } >console
    expect 0 "$DTTK" recv -v g <console
    says '^dttk: armor: [0-9]* lines good, '
    cmp "$photo" g
    rm g
done

echo '== lines lost, characters lost, joined late'
"$DTTK" send -q --armor --mtu 128 -r 60 "$photo" |
    "$DTTK" noise -q --wire lines --loss 0.1 --drop 1e-4 | tail -n +10 | "$DTTK" recv g
cmp "$photo" g
rm g
"$DTTK" send -q --armor -r 0 "$photo" | head -n 80 | "$DTTK" recv g 2>err && fail 'it was cut'
says '^dttk: g: incomplete: '
"$DTTK" send -q "$photo" | "$DTTK" recv g # on another wire
cmp "$photo" g
rm g

echo '== a stream, as it comes'
{ echo one; sleep 0.3; echo two; } | "$DTTK" send -q --armor | sed 's/$/\r/' | "$DTTK" recv -q >g
[ "$(cat g)" = "$(printf 'one\ntwo')" ]

echo '== two-way: the answers are text, too'
mkfifo forth back
"$DTTK" recv -2 -v g <forth 2>recv.err | tee text.back | sed -u 's/$/\r/' >back &
receiver=$!
"$DTTK" send -2 --armor "$photo" <back | tee text.forth |
    "$DTTK" noise -q --wire lines --loss 0.1 >forth
wait $receiver || fail "recv: $(cat recv.err)"
cat recv.err >&3
cmp "$photo" g
only_text text.forth
only_text text.back
[ -s text.back ]

echo '== between ports that have XON/XOFF'
# shellcheck source=line.sh
. "$(dirname "$0")/line.sh"
line_up --baud 115200
rm g
"$DTTK" recv -p "$b" --flow soft g 2>recv.err &
receiver=$!
"$DTTK" send -p "$a" --flow soft --armor "$photo"
wait $receiver || fail "recv: $(cat recv.err)"
cmp "$photo" g
line_down TERM
