#!/bin/bash
# A port whose queue can be seen is written to when there is room again, also one-way, where nothing
# else wakes who waits: all goes out, in about the time it takes on the line.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=line.sh
. "$(dirname "$0")/line.sh"

uart=$(preload uart)
preloaded "$uart"
line_up -q
make_file 40000 f

# once MTU: 0, it arrived. A receiver that is kept from running for long on a busy machine loses some.
once()
{
    rm -f "out$1"*
    "$DTTK" recv -1 -p "$b" "out$1" 2>recv.err &
    receiver=$!
    began=$(now_ms)
    expect 0 env UART_RATE=40000 LD_PRELOAD="$uart" "$DTTK" send -1 -r 0 -p "$a" --mtu "$1" f
    took=$(($(now_ms) - began))
    wait $receiver
}

for mtu in 64 256 4096; do
    once $mtu || once $mtu || once $mtu || fail "recv: $(cat recv.err)"
    cmp f "out$mtu"
    echo "mtu $mtu: $took ms"
    [ $took -ge 800 ] || fail 'the queue was overrun'
    [ $took -le 5000 ] || fail 'it slept where it had to write'
done
line_down TERM
