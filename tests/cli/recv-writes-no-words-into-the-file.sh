#!/bin/bash
# With standard descriptors closed the next file opened would bear their number: words would end up
# in what is received, and the digest was taken before.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

"$DTTK" send -q "$photo" | "$DTTK" noise -q --loss 0.4 --seed 1 >first.cap
"$DTTK" send -q "$photo" | "$DTTK" noise -q --loss 0.4 --seed 2 >second.cap
"$DTTK" recv g <first.cap 2>&- >&- || [ $? -eq 5 ]
"$DTTK" recv -v g <second.cap 2>&- >&-
cmp "$photo" g
rm g

mkdir dir
"$DTTK" send -v "$photo" 2>&- | "$DTTK" recv -v --progress -d dir 2>&- >&-
cmp "$photo" dir/photo.jpg
"$DTTK" send -v - <"$photo" 2>&- | "$DTTK" recv -v 2>&- >g
cmp "$photo" g
