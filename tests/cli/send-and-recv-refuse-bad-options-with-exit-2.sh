#!/bin/bash
# One line that ends with the offending value; nothing is written, not even to the line.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

refused() # the end of the line, then the command's words
{
    local end=$1
    shift
    expect 2 "$DTTK" "$@" <"$photo" >out
    one_line err
    says ": $end\$"
    [ ! -s out ] || fail 'something was written'
    nothing_at g
}

for value in x -1 '' 25x 0x10 nan 1001 1e9 '25 '; do
    refused "$value" send -r "$value" "$photo"
done
for option in --repeat --pps --mtu; do
    for value in x -1 '' 1.5 0x10 18446744073709551616 5k; do
        refused "$value" send $option "$value" "$photo"
    done
done
refused 0 send --repeat 0 "$photo"
for value in 59 65537 0; do
    refused $value send --mtu $value "$photo"
done
for value in x -1 0.5 '' 1.x 5kk 10b 5q 99999999999999999999; do
    refused "$value" send -L "$value" "$photo"
done
for option in -r -L --repeat --pps --mtu --json; do
    refused $option send $option
done
for option in -d --json; do
    refused $option recv $option
done
for command in send recv; do
    refused --nothing $command --nothing
    refused -x $command -x
    refused --quiet=1 $command --quiet=1
    refused - $command --json -
done
refused -z recv -z
# Which wire it is recv finds out by itself.
refused --wire=ftag recv --wire=ftag g
refused --armor recv --armor g
refused --loop=1 send --loop=1
refused two recv g two
refused g recv -d . g
refused nothing nothing
expect 2 "$DTTK" send ''
says '^dttk: FILE is empty$'
expect 2 "$DTTK" recv ''
says '^dttk: OUT is empty$'
expect 2 "$DTTK" recv -d ''
says '^dttk: DIR is empty$'
refused - recv --json - -

# What is sent, or received into
mkdir dir
expect 2 "$DTTK" send dir >out
[ "$(cat err)" = 'dttk: dir: is a folder; use tar' ] || fail 'other words'
[ ! -s out ] || fail 'something was written'
refused 'is a folder; use -d' recv dir
refused 'names no file; use -d for a folder' recv missing/
touch file
refused 'not a folder' recv -d file
for passes in --loop '--repeat 2'; do
    # shellcheck disable=SC2086  # two words
    expect 2 "$DTTK" send $passes - < <(cat "$photo") >out
    [ "$(cat err)" = 'dttk: stdin: is a stream and cannot be sent twice: --repeat and --loop need a file' ]
    [ ! -s out ] || fail 'something was written'
done

expect 2 "$DTTK"
says '^usage: dttk COMMAND'
