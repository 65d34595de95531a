#!/bin/bash
# One line that names the option or the stage, and no result; a stdout that takes nothing is exit 1.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

for words in -x --quick=1 --nothing; do
    expect 2 "$DTTK" bench "$words" >out
    [ ! -s out ]
    one_line err
    says ": $words\$"
done
expect 2 "$DTTK" bench CRC no-such-stage >out
one_line err
says 'no such stage: no-such-stage$'
expect 0 "$DTTK" bench --help >out
says '^usage: dttk bench' out
for option in quick json help; do
    says "  *--$option " out
done
expect 1 "$DTTK" bench --help >/dev/full
expect 1 "$DTTK" bench --quick CRC-32C >/dev/full
one_line err
says 'stdout: cannot write: '
