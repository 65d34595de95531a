#!/bin/bash
# What arrived is kept, and the next run goes on from it.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=two-way.sh
. "$(dirname "$0")/two-way.sh"

plug A B
begin recv "$DTTK" recv -p B out
begin send "$DTTK" send -L 20k -p A "$photo"
wait_for 10 test -e out.part
sleep 1
unplug
ends send 3 5
ends recv 3 5
one_line send.err
says '^dttk: A: the port is gone' send.err
says '^dttk: B: the port is gone' recv.err
says 'kept in out.part' recv.err
[ ! -e out ] || fail 'there is a file'

plug A B
begin recv "$DTTK" recv -p B out
begin send "$DTTK" send --json stats -p A "$photo"
ends send 0
ends recv 0
cmp "$photo" out
wire=$(sed -n 's/.*"wire_bytes": *\([0-9]*\).*/\1/p' stats)
echo "the second time $wire bytes"
[ "$wire" -lt 30000 ] || fail 'it did not go on from what was kept'

# Idle ones tell, too.
begin recv "$DTTK" recv -p B more
begin send "$DTTK" send -p A - < <(sleep 60)
sleep 0.5
unplug
ends send 3 5
ends recv 3 5

plug A B
begin recv "$DTTK" recv -p B more
sleep 0.2
unplug
ends recv 3 5
one_line recv.err

# Into a folder: with a file unfinished it is exit 3, too. With none what came is there and verified,
# and that is the exit status; the port is named all the same.
mkdir in
for way in -2 -1; do
    rm -f in/*
    plug A B
    begin recv "$DTTK" recv -p B -d in
    begin send "$DTTK" send $way -p A "$photo"
    ends send 0
    wait_for 10 test -e in/photo.jpg
    sleep 0.1
    unplug
    ends recv 0 1
    cmp "$photo" in/photo.jpg
    says '^dttk: B: the port is gone; no file was unfinished$' recv.err

    plug A B
    make_file 100000 large
    begin recv "$DTTK" recv -q -p B -d in
    begin send "$DTTK" send $way -q -L 20k -p A "$photo" large
    wait_for 10 test -e in/large.part
    sleep 0.3 # for something to be kept
    unplug
    ends send 3 5
    ends recv 3 5
    says '^dttk: B: the port is gone$' recv.err
    says 'kept in large.part' recv.err
done
