#!/bin/bash
# Our own echo, a prompt, another rate: send gives up in time, recv if asked to; each says what it
# heard.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=two-way.sh
. "$(dirname "$0")/two-way.sh"

# with COMMAND: a port S, and what a shell command makes of what comes from it.
with()
{
    echo "$1" >other # socat has quotes of its own
    socat PTY,link=S,rawer EXEC:'bash ./other' &
    plug=$!
    wait_for 10 test -e S
}

without()
{
    kill "$plug" 2>/dev/null || true
    wait "$plug" || true
    rm -f S
}

with cat
expect 4 "$DTTK" send -t 1 -p S "$photo"
one_line err
says 'a loop-back plug?'
without

# A board at its prompt, as it starts and later.
cat >banner <<'END'
MicroPython v1.22.0 on 2023-12-27; Raspberry Pi Pico with RP2040
Type "help()" for more information.
>>> 
END
with 'cat banner; exec cat >/dev/null'
expect 4 "$DTTK" send -t 1 -p S "$photo"
one_line err
says 'nothing there speaks dttk: it says "MicroPython v1.22.0 on 2023-12-27; '
without
with 'while sleep 0.1 && printf ">>> \r\n"; do :; done'
expect 4 "$DTTK" send -t 1 -p S "$photo"
one_line err
says 'nothing there speaks dttk: it says ">>> ", a Python prompt'
without

# recv waits as long as it takes, unless told otherwise; then it tells the same.
with 'exec cat >said'
expect 4 "$DTTK" recv -t 1 -p S out
one_line err
says '^dttk: S: nothing arrived'
[ ! -s said ] || fail 'it said something'
without
with 'while sleep 0.1 && echo "[   12.345678] usb 1-1: new device"; do :; done & exec cat >said'
expect 4 "$DTTK" recv -t 1 -p S out
one_line err
says 'nothing there speaks dttk: it says "\[   12.345678\] usb 1-1: new device"'
[ ! -s said ] || fail 'it said something'
without
make_file 3000 garbage
with 'cat garbage; exec cat >said'
expect 4 "$DTTK" recv -t 1 -p S out
one_line err
says 'wrong baud rate?'
without
nothing_at out
