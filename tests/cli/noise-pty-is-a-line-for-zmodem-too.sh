#!/bin/bash
# Programs made for serial ports work over it, flipped bits or not.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=line.sh
. "$(dirname "$0")/line.sh"

mkdir there
for damage in --ber=0 --ber=1e-5; do
    line_up --baud 230400 $damage
    exec 5<>"$a" 6<>"$b"
    (cd there && exec rz -q -b -y <&6 >&6) &
    rz=$!
    timeout 60 sz -q -b "$photo" <&5 >&5 || fail "sz: exit $?"
    # Its last two bytes sz may throw away itself, as a pty has no drain; then rz waits long.
    wait_for 10 cmp -s "$photo" there/photo.jpg
    kill $rz || true
    wait $rz || true
    exec 5<&- 6<&-
    rm there/photo.jpg
    line_down TERM
done
