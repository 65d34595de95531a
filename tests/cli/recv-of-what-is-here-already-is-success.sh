#!/bin/bash
# The same bytes under the name already: exit 0, nothing is written, and nothing changes.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

"$DTTK" send -q "$photo" >line
cp "$photo" g
touch -d '2020-02-02 02:02:02' g
ln g other
expect 0 "$DTTK" recv g <line
[ "$(cat err)" = 'dttk: g: already here' ]
[ g -ef other ] || fail 'it was replaced'
[ "$(date -r g +%Y)" = 2020 ] || fail 'its time has changed'

mkdir dir
mv g dir/photo.jpg
for option in -v -f -n; do
    expect 0 "$DTTK" recv $option -d dir <line
    says '^dttk: dir/photo.jpg: already here$'
    [ dir/photo.jpg -ef other ] || fail 'it was replaced'
done
