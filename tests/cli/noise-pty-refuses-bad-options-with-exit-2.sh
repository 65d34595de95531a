#!/bin/bash
# One line that names the option and ends with the value; no names on stdout, no links.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

no_links()
{
    [ ! -L A ] || fail 'there is a link'
    [ ! -L B ] || fail 'there is a link'
}

refused() # the end of the message, then the options
{
    expect 2 "$DTTK" noise "${@:2}" >out
    one_line err
    says ": $1\$"
    [ ! -s out ] || fail 'something on stdout'
    no_links
}

refused A --pty --link A
refused C --pty --link A --link B --link C
refused '' --pty --link A --link ''
refused --link --pty --link A --link
refused A --link A --link B
refused --pty=1 --pty=1
refused file --pty file
refused 1,2,3 --pty --baud 1,2,3
refused 0 --pty --baud 9600,0
refused '' --pty --baud 9600,
refused 60001 --pty --latency 0,60001
refused 1000000001 --pty --baud 1000000001
refused --baud --baud 9600,9600
refused --latency --latency 1,2
refused 2 --pty --ber 2

# Names that nobody can read
expect 1 "$DTTK" noise --pty --link A --link B >/dev/full
says 'dttk: stdout: cannot write'
no_links
