#!/bin/bash
# A signal in the middle of a transfer: the journal is written, the sender is told, exit 128+n; the
# next run goes on from there.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=line.sh
. "$(dirname "$0")/line.sh"
# shellcheck source=two-way.sh
. "$(dirname "$0")/two-way.sh"
# shellcheck source=keep.sh
. "$(dirname "$0")/keep.sh"

line_up --baud 4000000 --link A --link B
make_file 100000 f
holds() { [ "$(stat -c %s in/f.part 2>/dev/null || echo 0)" -ge "$1" ]; }

for signal in TERM HUP INT; do
    rm -rf in
    keep_up -v
    begin send "$DTTK" send -L 60k -p A f
    wait_for 10 holds 30000
    keep_down $signal
    ends send 8
    says 'the receiver aborted: cancelled' send.err
    told '^dttk: in/f: incomplete: .*; kept in f.part: receive it again to go on$'
    [ ! -e in/f ] || fail 'it bears its name'
    [ -e in/f.part.journal ] || fail 'there is no journal'

    keep_up -v
    sends 0 f
    cmp f in/f
    told '^dttk: in/f: going on: [0-9]* of 100000 bytes are here already$'
    # A sender that is stopped has its line, and what it comes back with is gone on with.
    make_file 100000 g 2
    begin send env --default-signal=TERM "$DTTK" send -L 60k -p A g
    wait_for 10 test -e in/g.part
    sleep 0.3
    kill -TERM "${pids[send]}"
    ends send 143
    told '^dttk: in/g: incomplete: the sender aborted: cancelled; .*; kept in g.part'
    sends 0 g
    cmp g in/g
    told '^dttk: in/g: going on: '
    keep_down $signal
    [ "$(find in -type f | wc -l)" -eq 2 ] || fail "$(ls in)"
    rm -f g
done
line_down TERM
