#!/bin/sh
# Every line is there, twice with --dup 1, and no more than N lines late.
set -eu

seq 1 5000 >in
"$DTTK" noise -q --wire lines --dup 1 <in >out
sed p in | cmp - out

"$DTTK" noise -q --wire lines --reorder 3 <in >out
if cmp -s in out; then
    echo 'nothing was reordered'
    exit 1
fi
sort -n out | cmp - in
awk '$1 > most { most = $1 } most - $1 > 3 { print $1 " is late"; exit 1 }' out
