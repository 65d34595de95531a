#!/bin/bash
# Nothing, noise, text, frames of nothing: one line that says what was heard, and no file.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

silent() # what is said
{
    for target in g - '-d .'; do
        # shellcheck disable=SC2086  # two words
        expect 4 "$DTTK" recv $target <line >out
        one_line err
        says "^dttk: stdin: $1"
        [ ! -s out ] || fail 'something was written'
        [ "$(ls)" = "$(printf 'err\nline\nout')" ] || fail "$(ls)"
    done
}

: >line
silent 'nothing arrived$'
make_file 1000000 line
silent '1000000 bytes, but not one whole frame: only noise, or not from dttk$'
head -c 100000 /dev/zero >line
silent '100000 bytes, but no frame: not from dttk$'
head -c 100000 < <(yes) >line
silent 'nothing there speaks dttk: it says "y"$'
cat "$DTTK_FIXTURES"/frames/*.bin >line
silent ''
# Packets from the middle, where no OBJECT is near
tail -c 6000 < <("$DTTK" send -q "$photo") >late
head -c 2000 late >line
rm late
silent 'packets arrived, but not the one that names their file'
