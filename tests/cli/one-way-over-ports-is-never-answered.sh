#!/bin/bash
# What comes from a sender that wants no answers gets none: the line counts what is said.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=line.sh
. "$(dirname "$0")/line.sh"
# shellcheck source=two-way.sh
. "$(dirname "$0")/two-way.sh"

line_up --baud 921600 --ber 1e-5 --link A --link B
begin recv "$DTTK" recv -p B out
sleep 0.1
begin send "$DTTK" send -1 -p A "$photo"
ends send 0
ends recv 0
cmp "$photo" out

# Too much is lost: it does not ask for it either.
begin recv "$DTTK" recv -t 1 -p B more
sleep 0.1
begin send "$DTTK" send -1 -r 0 -p A "$photo"
ends send 0
ends recv 5
line_down TERM
says 'B to A: 0 bytes in, 0 out' line.err
