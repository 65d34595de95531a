#!/bin/sh
# Without options noise is a perfect line, for any bytes and for none.
set -eu

head -c 5000000 /dev/urandom >in
"$DTTK" noise -q <in >out 2>err
cmp in out
test ! -s err

"$DTTK" noise -q </dev/null >out
test ! -s out

# A reader and a writer that hand over a little at a time
dd bs=997 if=in count=200 2>/dev/null | "$DTTK" noise -q | dd bs=13 of=out 2>/dev/null
head -c 199400 in | cmp - out
