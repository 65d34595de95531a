#!/bin/bash
# For every mtu, files and streams, first and later passes: no frame is longer, its 0x00 included,
# and the largest come near it.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

longest() # of the frames on stdin
{
    od -An -v -t x1 -w1 | awk '{ n++ } $1 == "00" { if (n > most) most = n; n = 0 } END { print most + 0 }'
}

make_file 100000 f
cp f "$(printf '%0200d' 1).txt"
for mtu in 60 64 100 128 255 256 257 1000 4096 65536; do
    "$DTTK" send -q --mtu $mtu --repeat 3 f >line
    "$DTTK" send -q --mtu $mtu -r 100 <f >stream
    "$DTTK" send -q --mtu $mtu "$(printf '%0200d' 1).txt" >named
    for capture in line stream named; do
        most=$(longest <$capture)
        [ "$most" -le $mtu ] || fail "--mtu $mtu: a $capture frame of $most"
        [ $mtu -gt 4096 ] || [ "$most" -ge $((mtu * 3 / 4)) ] || fail "--mtu $mtu: no more than $most"
        "$DTTK" recv -q g <$capture
        cmp f g
        rm g
    done
done

# By default: 256 bytes up to 512 kB, then size / 2048, 16 KiB at most.
for size in 1000 3000000; do
    make_file $size f
    most=$("$DTTK" send -q f | longest)
    echo "$size bytes: frames of up to $most"
    [ "$most" -le $((size / 2048 > 256 ? size / 2048 : 256)) ]
done
