#!/bin/bash
# On a small tmpfs: refused when there is no room beforehand, or failed when it fills up meanwhile.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

mkdir disk
if ! mount -t tmpfs -o size=1M tmpfs disk 2>/dev/null; then
    echo 'no tmpfs can be mounted here'
    exit 77
fi
trap 'umount disk' EXIT

make_file 3000000 big
expect 1 "$DTTK" recv disk/g < <("$DTTK" send -q big)
one_line err
says '^dttk: disk/g: no space: 30[0-9]* bytes are needed, [0-9]* are free$'
nothing_at disk/g

# shellcheck disable=SC2002  # a stream, whose size is not known beforehand
expect 1 "$DTTK" recv disk/g < <(cat big | "$DTTK" send -q)
says '^dttk: disk/g: cannot write: no space left on device'
[ ! -e disk/g ] || fail 'there is a file'
rm -f disk/g.part*

# Somebody else takes the room meanwhile.
make_file 900000 f
mkfifo line
"$DTTK" send -q -L 1M f >line &
"$DTTK" recv disk/g <line 2>err &
receiver=$!
begun() { [ "$(stat -c %s disk/g.part 2>/dev/null)" -ge 250000 ]; } 2>/dev/null
wait_for 10 begun
head -c 900000 /dev/zero >disk/other || true
code=0
wait $receiver || code=$?
cat err
[ $code -eq 1 ] || fail "exit $code"
says '^dttk: disk/g: .*no space left on device'
says '^dttk: disk/g: what arrived is kept in g.part'
[ ! -e disk/g ] || fail 'there is a file'

# With room again the next run completes it.
rm disk/other
expect 0 "$DTTK" recv disk/g < <("$DTTK" send -q f)
says '^dttk: disk/g: going on: '
cmp f disk/g

# What another file that is under way has still to take is no room for the next.
rm disk/*
make_file 600000 one
make_file 600000 two 2
"$DTTK" send -q -r 0 one >one.cap
head -c 50000 one.cap >line.cap
"$DTTK" send -q -r 0 two >>line.cap
expect 1 "$DTTK" recv -d disk <line.cap
says '^dttk: disk/two: no space: 6[0-9]* bytes are needed, [0-9]* are free beside what is under way$'
says '^dttk: disk/one: incomplete: .*kept in one.part'
nothing_at disk/two
expect 0 "$DTTK" recv -d disk < <("$DTTK" send -q one)
says '^dttk: disk/one: going on: '
cmp one disk/one
