#!/bin/bash
# Another file put in place of g.part while it is received is not what arrived.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

mkfifo line
"$DTTK" send -q "$photo" >whole
for way in replaced removed; do
    (
        head -c 20000 whole
        wait_for 10 test -e changed
        tail -c +20001 whole
    ) >line &
    "$DTTK" recv g <line 2>err &
    receiver=$!
    wait_for 10 test -e g.part
    rm g.part
    [ $way = removed ] || echo 'not the photo' >g.part
    touch changed
    code=0
    wait $receiver || code=$?
    wait
    cat err
    [ $code -eq 1 ] || fail "exit $code"
    says '^dttk: g: cannot give it its name: another process removed or replaced g.part$'
    says '^dttk: g: what arrived is lost: '
    [ ! -e g ] || fail 'there is a file'
    [ $way = removed ] || [ "$(cat g.part)" = 'not the photo' ] || fail 'g.part was touched'
    rm -f g.part changed
    [ ! -e g.part.journal ] || fail 'its journal tells lies of another file'
done
