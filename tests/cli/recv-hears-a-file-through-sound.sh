#!/bin/bash
# One-way over an audio tape: minimodem writes a WAV file, and listens to it.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

through_sound() # file, baud
{
    "$DTTK" send -1 -r 30 "$1" | minimodem --tx "$2" -f x.wav
    minimodem --rx "$2" -q -f x.wav | "$DTTK" recv g
    cmp "$1" g
    rm g
}

through_sound "$photo" 1200
