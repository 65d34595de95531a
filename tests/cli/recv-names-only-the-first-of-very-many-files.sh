#!/bin/bash
# Who writes to the link can name a file in 40 bytes: neither words nor statistics grow with it.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

mkdir many
cp "$photo" many/0
for i in $(seq 1200); do echo "$i" >"many/$i"; done
(cd many && "$DTTK" send -q {0..1200}) >line

expect 7 "$DTTK" recv --json json g <line >out
cmp "$photo" g
[ "$(grep -c 'takes one file' err)" -eq 100 ] || fail "$(wc -l <err) lines"
[ "$(grep -c 'more than 100 files were refused: the others are not named' err)" -eq 1 ]
[ "$(grep -c '"path"' json)" -eq 1000 ]
grep -q '"objects_not_listed": *201,' json

# In a folder: all are taken, and said so once they are there.
mkdir dir
expect 0 "$DTTK" recv --json json -d dir <line
[ "$(grep -c 'verified' err)" -eq 1201 ]
expect 0 "$DTTK" recv --json json -d dir <line
[ "$(wc -l <err)" -eq 101 ]
says 'more than 100 files were here already: the others are not named'
