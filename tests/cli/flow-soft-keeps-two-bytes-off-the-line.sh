#!/bin/bash
# 0x11 and 0x13 would stop and start the line: in neither direction is there one, whatever the
# files contain.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=two-way.sh
. "$(dirname "$0")/two-way.sh"

# free_of_both FILE: what was recorded is something, without them.
free_of_both()
{
    [ -s "$1" ] || fail "$1: nothing was recorded"
    [ "$(tr -cd '\021\023' <"$1" | wc -c)" -eq 0 ] || fail "$1: there is 0x11 or 0x13 on the line"
}

make_file 60000 random
head -c 3000 /dev/zero | tr '\0' '\021' >xons
: >nothing
for i in 0 1 2 3 4 5 6 7; do
    for j in 0 1 2 3 4 5 6 7; do
        printf '%b' "\\00$i$j\\01$i$j\\02$i$j\\03$i$j"
    done
done >all
[ "$(wc -c <all)" -eq 256 ] || fail 'not 256'

socat -r there -R back PTY,link=A,rawer PTY,link=B,rawer &
plug=$!
wait_for 10 test -e A -a -e B
for file in random xons nothing all; do
    begin recv "$DTTK" recv --flow soft -p B out
    begin send "$DTTK" send --flow soft -p A $file
    ends send 0
    ends recv 0
    cmp $file out || fail "$file differs"
done
free_of_both there
free_of_both back
unplug
