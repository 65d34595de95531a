#!/bin/bash
# What is inside a file decides nothing about the wire it comes by; which of two wires on one line
# counts is the first that is recognised, however the bytes are read.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

echo inner >inner
echo other >other
for inner in '--wire dttk' '--wire ftag' '--armor' '--wire ftag --armor'; do
    # shellcheck disable=SC2086  # words
    "$DTTK" send -q $inner inner >capture
    head -c 3000 /dev/zero >>capture
    # shellcheck disable=SC2086
    "$DTTK" send -q $inner other >>capture
    for outer in '--wire dttk' '--wire ftag --mtu 256' '--wire ftag' '--armor' '--armor --wire ftag'; do
        rm -rf dir
        mkdir dir
        # shellcheck disable=SC2086
        "$DTTK" send -q $outer capture | "$DTTK" recv -q -d dir
        cmp capture dir/capture
        [ "$(ls dir)" = capture ] || fail "$inner in $outer: $(ls dir)"
        # shellcheck disable=SC2086  # one byte at a time
        "$DTTK" send -q $outer inner | dd bs=1 status=none | "$DTTK" recv -q -d dir
        cmp inner dir/inner
    done
done

"$DTTK" send -q inner >own.cap
"$DTTK" send -q --wire ftag other >ftag.cap
for bs in 1 7 4096; do
    rm -rf dir
    mkdir dir
    cat own.cap ftag.cap own.cap | dd bs=$bs status=none | "$DTTK" recv -q -d dir
    [ "$(ls dir)" = inner ]
    rm dir/inner
    cat ftag.cap own.cap ftag.cap | dd bs=$bs status=none | "$DTTK" recv -q -d dir
    [ "$(ls dir)" = other ]
done

# Noise of any kind before it, and a boot log; a prompt with tildes.
{
    head -c 300000 /dev/zero | "$DTTK" noise -q --ber 0.5
    printf 'U-Boot 2023.07\r\nboard:~/bin$ ls ~\r\n~a~b~\r\n\0\377'
} >before
for options in '' '--wire ftag' '--armor' '--wire ftag --armor'; do
    # shellcheck disable=SC2086
    "$DTTK" send -q $options "$photo" >capture
    cat before capture | "$DTTK" recv g
    cmp "$photo" g
    rm g
done

# One packet by chance is none: garbage is silence, whatever it looks like.
printf '\377\7\0\0\0\0x\0\0\377' >one
expect 4 "$DTTK" recv g <one
# shellcheck source=ftag.sh
. "$(dirname "$0")/ftag.sh"
{ ftag_packet 1 0 3 1 2 3; printf 'noise\377'; ftag_packet 2 0 4 1 2 3; } >two
expect 4 "$DTTK" recv g <two
says '^dttk: stdin: .* bytes, but '
{ ftag_packet 1 0 3 1 2 3; ftag_packet 2 0 4 1 2 3; ftag_packet 3 0 4 1 2 3; } >three
expect 4 "$DTTK" recv g <three
says '^dttk: stdin: packets arrived, but not the one that names their file: send it again$'
"$DTTK" send -q --wire ftag "$photo" | sed 's/./x/40' | "$DTTK" noise -q --ber 0.01 >damaged
expect 4 "$DTTK" recv g <damaged
says ' packets of ftag, every one damaged: noise, or bytes are lost$'
"$DTTK" send -q --armor "$photo" | sed 's/^~....../~AAAAAA/' >damaged
expect 4 "$DTTK" recv g <damaged
says ' armoured lines, every one damaged: noise, or bytes are lost$'
nothing_at g
