#!/bin/bash
# A full disk costs one object, the next that fits is taken; a folder that is gone, or JSON that
# nobody takes, ends the run with exit 1; options that do not go together are exit 2.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=two-way.sh
. "$(dirname "$0")/two-way.sh"

refused() # the end of the line, then the options
{
    local end=$1
    shift
    expect 2 "$DTTK" recv "$@" </dev/null
    one_line err
    says ": $end\$"
}
mkdir in
refused --keep-going --keep-going
refused --keep-going --keep-going out
refused --max-objects --max-objects 3 out
for value in 0 65 x -1 ''; do refused "$value" --max-objects "$value" -d in; done
for value in 0 x -1 '' 5q; do refused "$value" --max-size "$value" -d in; done
refused 'stdout carries data; name a file of its own instead of: -' --keep-going -2 --json - -d in
expect 1 "$DTTK" recv --keep-going -d missing </dev/null
says '^dttk: missing: no such folder; create it first$'
expect 4 "$DTTK" recv --keep-going -d in </dev/null
one_line err

# --max-size is for any target.
expect 7 "$DTTK" recv --max-size 35924 g < <("$DTTK" send -q "$photo")
one_line err
says '^dttk: g: too large: 35925 bytes, and --max-size is 35924$'
nothing_at g
expect 0 "$DTTK" recv --max-size 35925 g < <("$DTTK" send -q "$photo")
"$DTTK" send -q "$photo" | { "$DTTK" recv --max-size 1k || echo $?; } >out 2>err
[ "$(cat out)" = 7 ] || fail 'something was written'

# Gone, or replaced.
cp "$photo" a
for act in 'rm -r in' 'mv in away' 'eval mv in away2; mkdir in'; do
    mkdir -p in
    begin recv "$DTTK" recv --keep-going -d in < <(
        "$DTTK" send -q "$photo"
        wait_for 10 grep -q 'photo.jpg: verified' recv.err
        $act
        trap '' PIPE
        "$DTTK" send -q a 2>/dev/null || true
        sleep 5
    )
    ends recv 1 4
    says '^dttk: in: the folder is gone, or another one bears its name$' recv.err
done

mkdir -p in
expect 1 "$DTTK" recv --keep-going -d in --json - < <("$DTTK" send -q a 2>/dev/null) >/dev/full
says '^dttk: stdout: no space left on device$'
cmp a in/a

# What is there already stays before the lines of JSON.
echo '{"old":1}' >json
expect 0 "$DTTK" recv --keep-going -d in --json json < <("$DTTK" send -q a)
[ "$(wc -l <json)" -eq 3 ] || fail "$(cat json)"
[ "$(head -n 1 json)" = '{"old":1}' ]

mkdir disk
if ! mount -t tmpfs -o size=300k tmpfs disk 2>/dev/null; then
    echo 'no tmpfs can be mounted here: the rest was not tried'
    exit 0
fi
trap 'umount -l disk' EXIT
make_file 900000 big
expect 1 "$DTTK" recv --keep-going -d disk < <(
    "$DTTK" send -q big
    # shellcheck disable=SC2002
    cat big | "$DTTK" send -q
    "$DTTK" send -q a
)
says '^dttk: disk/big: no space: '
says ': cannot write: no space left on device$'
[ ! -e disk/a ] || fail 'there was room?'
rm -f disk/*
expect 0 "$DTTK" recv --keep-going -d disk < <("$DTTK" send -q a)
cmp a disk/a
