#!/bin/bash
# One line each, and not a byte on the link.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

refused() # the line, then the command's words
{
    local line=$1
    shift
    expect 2 "$DTTK" "$@" </dev/null >out
    one_line err
    [ "$(cat err)" = "dttk: $line" ] || fail 'other words'
    [ ! -s out ] || fail 'something was written'
    nothing_at g
}

# The link is stdin and stdout: neither carries anything else.
for file in '' -; do
    refused 'with -2 stdin is the link: name a FILE, or a --port' send -2 $file
    refused 'with -2 stdout is the link: name an OUT, or a --port' recv -2 $file
done
refused 'with -2 stdin is the link: name a FILE, or a --port' send -2 "$photo" -
for words in "send $photo" 'recv g' 'recv -d .'; do
    # shellcheck disable=SC2086  # some words
    refused '--json: stdout carries data; name a file of its own instead of: -' $words -2 --json -
    # shellcheck disable=SC2086
    refused '-1 and -2: only one of them' $words -1 -2
    # shellcheck disable=SC2086
    refused '-1 and -2: only one of them' $words --two-way --one-way
done
refused 'with -2 stdout is the link: name an OUT, or a --port' recv -2 --json -

# What has a meaning only in one direction, or in two, or on a port.
for passes in '--repeat 2' --loop; do
    # shellcheck disable=SC2086
    refused '--repeat and --loop are for one-way transfers: with an answer nothing is sent twice' \
        send $passes -2 "$photo"
done
refused 'repairs are for one-way transfers, -1: with an answer what is lost is sent again: -r' \
    send -r 30 -2 "$photo"
for words in "send $photo" "send -1 -p /dev/null $photo" "send -1 -p /dev/null --reconnect $photo"; do
    # shellcheck disable=SC2086
    refused 'one-way nobody is waited for, but a port with --wait: -t' $words -t 5
done
for words in "send $photo" "send -1 $photo" 'recv g' 'recv -1 g' "send -1 -p /dev/null $photo"; do
    # shellcheck disable=SC2086
    refused 'this option needs a way back, -2 or a --port: --window' $words --window 1k
    # shellcheck disable=SC2086
    refused 'this option needs a way back, -2 or a --port: --turnaround' $words --turnaround 5
done
for words in "send $photo" "send -2 $photo" 'recv g' 'recv -2 g'; do
    # shellcheck disable=SC2086
    refused 'this option needs a --port: --baud' $words -b 9600
    # shellcheck disable=SC2086
    refused 'this option needs a --port: --flow' $words --flow soft
    # shellcheck disable=SC2086
    refused 'this option needs a --port: --reconnect' $words --reconnect
done
