#!/bin/bash
# One line that names the option, and nothing on stdout; a stdout that takes nothing is exit 1.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

for words in file -x --json=1 --nothing; do
    expect 2 "$DTTK" ports "$words" >out
    [ ! -s out ]
    one_line err
    says ": $words\$"
done
expect 0 "$DTTK" ports --help >out
says '^usage: dttk ports' out
expect 1 "$DTTK" ports >/dev/full
says 'stdout: cannot write: no space left on device'
