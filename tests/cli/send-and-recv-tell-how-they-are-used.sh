#!/bin/bash
# --help and --version are data on stdout, exit 0; every option of the command is in its help.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

for words in --help help 'send --help' 'recv --help' --version; do
    # shellcheck disable=SC2086  # two words
    expect 0 "$DTTK" $words >out
    [ ! -s err ] || fail 'words on stderr'
    [ -s out ] || fail 'nothing on stdout'
    says 'dttk' out
    [ "$(awk '{ if (length > most) most = length } END { print most }' out)" -le 100 ]
done
"$DTTK" send --help >out
for option in one-way redundancy repeat loop limit-rate pps mtu quiet verbose progress json; do
    says "  *\(-., \)*--\(\[no-]\)*$option " out
done
"$DTTK" recv --help >out
for option in directory force no-clobber no-resume no-fsync quiet verbose progress json; do
    says "  *\(-., \)*--\(\[no-]\)*$option " out
done

# Where they cannot be written it has not been said.
for words in --help help --version 'send --help' 'recv --help' 'noise --help'; do
    # shellcheck disable=SC2086  # two words
    expect 1 "$DTTK" $words >/dev/full
    one_line err
    says 'stdout: cannot write: no space left on device'
done

# Options may stand behind files, and -- ends them.
cp "$photo" ./-r
"$DTTK" send -q -r 0 -- -r | "$DTTK" recv -- -g
cmp "$photo" ./-g
"$DTTK" send "$photo" -q | "$DTTK" recv h -q 2>err
cmp "$photo" h
[ ! -s err ]
