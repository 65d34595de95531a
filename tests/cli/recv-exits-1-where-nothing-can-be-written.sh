#!/bin/bash
# A folder that is missing, or that takes no files, and a device that is full.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

"$DTTK" send -q "$photo" >line
expect 1 "$DTTK" recv missing/g <line
one_line err
says '^dttk: missing/g: no such folder: missing$'
expect 1 "$DTTK" recv -d missing <line
one_line err
says '^dttk: missing: no such folder; create it first$'
expect 1 "$DTTK" recv line/g <line
says '^dttk: line/g: not a folder: line$'

# /proc takes no files, not even of root.
expect 1 "$DTTK" recv /proc/g <line
one_line err
says '^dttk: /proc/g: '
expect 1 "$DTTK" recv -d /proc <line
one_line err
says '^dttk: /proc/photo.jpg: '
if [ "$(id -u)" -ne 0 ]; then
    mkdir -m 500 dir
    expect 1 "$DTTK" recv dir/g <line
    one_line err
    says '^dttk: dir/g: .*permission denied'
fi

expect 1 "$DTTK" recv >/dev/full <line
one_line err
says '^dttk: stdout: cannot write: no space left on device$'
expect 1 "$DTTK" recv /dev/full <line
one_line err
says '^dttk: /dev/full: cannot write: no space left on device$'
expect 1 "$DTTK" recv <line >&-
says '^dttk: stdout: .*bad file descriptor'
expect 1 "$DTTK" recv g <&-
says '^dttk: stdin: bad file descriptor'
nothing_at g

# The reader of its output goes away.
code=0
{ sleep 0.2 && "$DTTK" recv <line 2>err; } | true || code=$?
cat err
[ $code -eq 1 ]
says '^dttk: stdout: the reader went away$'
