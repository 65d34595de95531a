#!/bin/bash
# --wait is patient, -t says how long; without it a port that is not there is one line and exit 3.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=two-way.sh
. "$(dirname "$0")/two-way.sh"

begin recv "$DTTK" recv --wait -p B out
begin send "$DTTK" send --wait -p A "$photo"
wait_for 10 grep -q 'B: not there yet; waiting for it' recv.err
wait_for 10 grep -q 'A: not there yet; waiting for it' send.err
plug A B
ends send 0
ends recv 0
cmp "$photo" out
unplug

expect 3 "$DTTK" send -p A "$photo"
one_line err
says '^dttk: A: there is no'
expect 3 "$DTTK" recv -p B more
one_line err
expect 3 "$DTTK" recv --wait -t 0.5 -p B more
says '^dttk: B: there is no'
nothing_at more
