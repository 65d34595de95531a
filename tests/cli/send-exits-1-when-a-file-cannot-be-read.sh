#!/bin/bash
# One line with the path and the reason; a file more beside it is sent all the same.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

refused() # reason, FILE
{
    expect 1 "$DTTK" send "$2" >line
    one_line err
    [ "$(cat err)" = "dttk: $2: $1" ] || fail 'other words'
    expect 4 "$DTTK" recv g <line
    nothing_at g
}

refused 'no such file or directory' missing
refused 'no such file or directory' missing/missing
touch f
refused 'not a directory' f/f
ln -s loop loop
refused 'too many levels of symbolic links' loop
if [ "$(id -u)" -ne 0 ]; then
    chmod 000 f
    refused 'permission denied' f
fi

mkdir dir
expect 1 "$DTTK" send --json send.json missing "$photo" >line
says '^dttk: missing: no such file or directory'
tr -d ' \n' <send.json | grep -q '{"path":"missing","exit":1}' || fail "$(cat send.json)"
expect 0 "$DTTK" recv g <line
cmp "$photo" g

# A descriptor that is not there
expect 1 "$DTTK" send - <&- >line
says '^dttk: stdin: .*bad file descriptor$'
expect 1 "$DTTK" send "$photo" >&-
says '^dttk: stdout: bad file descriptor$'
expect 1 "$DTTK" send "$photo" >/dev/full
says '^dttk: stdout: cannot write: no space left on device$'
