#!/bin/bash
# What a program writes at one end another reads at the other, in order and all of it.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=line.sh
. "$(dirname "$0")/line.sh"
# shellcheck source=two-way.sh
. "$(dirname "$0")/two-way.sh"

seq 20000 >numbers
for damage in --ber=0 --ber=1e-5 --loss=0.1; do
    line_up "$damage" --link A --link B
    begin recv "$DTTK" recv -p B - >out
    begin send "$DTTK" send -p A < <(seq 20000)
    ends send 0
    ends recv 0
    cmp numbers out || fail "$damage: it differs"
    line_down TERM
done

# What comes now and then is passed on now, not at the end.
line_up --link A --link B
mkfifo words
begin recv "$DTTK" recv -p B - >out
exec 5<>words
begin send "$DTTK" send -p A <words 5>&-
for word in one two three; do
    echo $word >&5
    wait_for 10 grep -q $word out
done
exec 5>&-
ends send 0
ends recv 0
[ "$(cat out)" = "$(printf 'one\ntwo\nthree')" ] || fail "it differs: $(cat out)"
line_down TERM
