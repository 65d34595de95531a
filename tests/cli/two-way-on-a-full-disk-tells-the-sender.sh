#!/bin/bash
# Beforehand or in the middle of it: recv says what is missing and exits 1, send says that the
# receiver cannot; neither waits for a time-out, and with room again the next run goes on.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=line.sh
. "$(dirname "$0")/line.sh"
# shellcheck source=two-way.sh
. "$(dirname "$0")/two-way.sh"

mkdir disk
if ! mount -t tmpfs -o size=1M tmpfs disk 2>/dev/null; then
    echo 'no tmpfs can be mounted here'
    exit 77
fi
trap 'umount -l disk' EXIT
line_up --baud 4000000 --link A --link B # socat waits for a reader: it would hear no ABORT

# both FILE: from A to B.
both()
{
    begin recv "$DTTK" recv -p B disk/g
    sleep 0.1
    begin send "$DTTK" send -p A "$1"
}

make_file 3000000 big
both big
ends recv 1
ends send 7
says '^dttk: disk/g: no space: 30[0-9]* bytes are needed, [0-9]* are free$' recv.err
says '^dttk: big: the receiver refused it' send.err
nothing_at disk/g

# A stream, whose size is not known beforehand.
begin recv "$DTTK" recv -p B disk/g
sleep 0.1
# shellcheck disable=SC2002
begin send "$DTTK" send -p A - < <(cat big)
ends recv 1
ends send 8
says '^dttk: disk/g: cannot write: no space left on device' recv.err
says 'the receiver aborted: it cannot write on' send.err
[ ! -e disk/g ] || fail 'there is a file'
rm -f disk/g.part*

# Somebody else takes the room meanwhile.
make_file 900000 f
begin recv "$DTTK" recv -p B disk/g
sleep 0.1
begin send "$DTTK" send -L 400k -p A f
begun() { [ "$(stat -c %s disk/g.part 2>/dev/null)" -ge 250000 ]; } 2>/dev/null
wait_for 20 begun
head -c 900000 /dev/zero >disk/other || true
ends recv 1
ends send 8
says '^dttk: disk/g: .*no space left on device' recv.err
says '^dttk: disk/g: what arrived is kept in g.part' recv.err
says '^dttk: f: the receiver aborted: it cannot write on' send.err
[ ! -e disk/g ] || fail 'there is a file'

rm disk/other
both f
ends recv 0
ends send 0
says '^dttk: disk/g: going on: ' recv.err
cmp f disk/g
line_down TERM
