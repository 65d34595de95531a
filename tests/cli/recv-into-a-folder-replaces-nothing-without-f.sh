#!/bin/bash
# A name from the sender is that of a file that is there: exit 7 and one line, and -f replaces it;
# but what is no regular file stays whatever is asked for.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

"$DTTK" send -q "$photo" >line
mkdir dir
echo mine >dir/photo.jpg
refused() # the reason, the options
{
    expect 7 "$DTTK" recv "${@:2}" -d dir <line
    one_line err
    says "^dttk: dir/photo.jpg: exists, with other content$1\$"
    [ "$(cat dir/photo.jpg)" = mine ] || fail 'it was replaced'
    nothing_at dir/photo.jpg.part
}
refused '; -f replaces it'
refused ', and -n forbids to replace it' -n
refused ', and -n forbids to replace it' -f -n
for option in -f --force; do
    echo mine >dir/photo.jpg
    expect 0 "$DTTK" recv $option --directory dir <line
    cmp "$photo" dir/photo.jpg
done

stays()
{
    expect 7 "$DTTK" recv -f -d dir <line
    one_line err
    says '^dttk: dir/photo.jpg: exists and is no regular file, never replaced$'
    nothing_at dir/photo.jpg.part
}
echo mine >mine
ln -sf ../mine dir/photo.jpg
stays
[ "$(cat mine)" = mine ] || fail 'it was written through the link'
rm dir/photo.jpg
mkdir dir/photo.jpg
stays
rmdir dir/photo.jpg
mkfifo dir/photo.jpg
stays

# Others of the same line are taken, and the exit code says that one was not.
cp "$photo" other.jpg
expect 7 "$DTTK" recv -d dir < <("$DTTK" send -q "$photo" other.jpg)
cmp "$photo" dir/other.jpg
