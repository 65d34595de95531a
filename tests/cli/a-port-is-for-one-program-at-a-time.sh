#!/bin/bash
# Whoever comes second is told so, and the first is not disturbed.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=two-way.sh
. "$(dirname "$0")/two-way.sh"

plug A B
begin recv "$DTTK" recv -p B out
begin send "$DTTK" send -L 30k -p A "$photo"
wait_for 10 test -e out.part
for _ in 1 2; do
    expect 3 "$DTTK" recv -p B more
    one_line err
    says '^dttk: B: another program holds it$'
    expect 3 "$DTTK" send -p A "$photo"
    one_line err
    says '^dttk: A: another program holds it$'
done
nothing_at more
ends send 0
ends recv 0
cmp "$photo" out

# Afterwards it is free.
begin recv "$DTTK" recv -p A out
begin send "$DTTK" send -p B "$photo"
ends send 0
ends recv 0
unplug
