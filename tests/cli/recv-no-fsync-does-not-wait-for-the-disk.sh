#!/bin/bash
# --no-fsync: no call that waits for the disk, whether it completes the file, or not, or goes on.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=faults.sh
. "$(dirname "$0")/faults.sh"

"$DTTK" send -q "$photo" >line
head -c 20000 line >half

# waits FILE OPTIONS...: how often it waits.
waits()
{
    strace -f -qq -o trace -e trace=fsync,fdatasync,sync,syncfs,sync_file_range,msync \
        "$DTTK" recv -q "${@:2}" <"$1" 2>/dev/null || true
    grep -c 'sync' trace || true
}

mkdir dir
for out in '-d dir' g; do
    # shellcheck disable=SC2086  # words
    for file in half line; do
        count=$(waits $file --no-fsync $out)
        [ "$count" -eq 0 ] || fail "$file: $(cat trace)"
    done
done
cmp "$photo" g
cmp "$photo" dir/photo.jpg
strace -f -qq -o trace -e trace=fsync,fdatasync "$DTTK" recv -q --no-fsync <line >g
cmp "$photo" g
[ ! -s trace ] || fail "standard output: $(cat trace)"
rm g

# That is not because nothing is seen of it.
for file in half line; do
    [ "$(waits $file g)" -gt 0 ] || fail "$file: no wait at all"
done
cmp "$photo" g
