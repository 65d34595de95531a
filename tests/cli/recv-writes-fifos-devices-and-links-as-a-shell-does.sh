#!/bin/bash
# An OUT that is a FIFO or a device is written in order; through a symbolic link the file it points
# to is replaced, or created.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

"$DTTK" send -q "$photo" >line
mkfifo fifo
cat fifo >got &
expect 0 "$DTTK" recv fifo <line
wait
cmp "$photo" got
expect 0 "$DTTK" recv /dev/null <line
expect 0 "$DTTK" recv /dev/stdout <line >got2
cmp "$photo" got2

mkdir dir
echo old >dir/file
ln -s dir/file link
expect 0 "$DTTK" recv link <line
[ -L link ] || fail 'the link was replaced'
cmp "$photo" dir/file
nothing_at link.part
nothing_at dir/file.part

# Of links, relative to where they are, the last of which points to nothing yet
ln -s dir/second first
ln -s third dir/second
expect 0 "$DTTK" recv -n first <line
[ "$(find . -type l | wc -l)" -eq 3 ] || fail 'a link was replaced'
cmp "$photo" dir/third
ln -s loop loop
expect 1 "$DTTK" recv loop <line
says '^dttk: loop: too many levels of symbolic links$'
