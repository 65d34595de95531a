#!/bin/bash
# Statistics never take the place of what is sent, received or read, by whatever name it goes.
# shellcheck disable=SC2094 # that is what is to be refused
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

cp "$photo" f
"$DTTK" send -q f >cap
cp cap cap.copy
ln -s f link
mkdir dir
for json in f ./f link "$PWD/f" dir/../f; do
    expect 2 "$DTTK" send --json "$json" f >line
    one_line err
    cmp "$photo" f
done
expect 2 "$DTTK" send --json f <f >line
expect 2 "$DTTK" send --json line f >line
cmp "$photo" f

for json in g ./g dir/../g "$PWD/g"; do
    expect 2 "$DTTK" recv --json "$json" g <cap
    one_line err
    nothing_at g
done
expect 2 "$DTTK" recv --json cap g <cap
cmp cap cap.copy
expect 2 "$DTTK" recv --json g <cap >g
expect 2 "$DTTK" recv --json dir/f -d dir <cap
says 'files are received into that folder'
[ -z "$(ls dir)" ] || fail 'something was written'

# What is no data of this run may be written as ever; a device may be both.
expect 0 "$DTTK" recv --json f.json -d dir <cap
expect 0 "$DTTK" recv --json f.json h <cap
cmp f h
expect 0 "$DTTK" recv --json /dev/null /dev/null <cap
says '"verified"' f.json
