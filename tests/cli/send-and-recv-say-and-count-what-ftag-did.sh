#!/bin/bash
# Verdicts, statistics and a bar of ftag are those of our own wire, with blocks instead of symbols;
# exit codes are the same.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

number() # KEY FILE
{
    sed -n "s/.*\"$1\":\([0-9.]*\).*/\1/p" "$2" | head -n 1
}

file=$DTTK_FIXTURES/ftag/notes.txt
expect 0 "$DTTK" send -v --wire ftag --json send.json "$file" >line
says ': 51 blocks of 50 bytes, 4 times each, 217 packets of ftag of up to 64$'
says ': sent: 2\.50 kB in .* 12\.6 kB on the line, 204 packets of data for 51 blocks$'
says '"wire":"ftag"' send.json
[ "$(number wire_bytes send.json)" -eq "$(wc -c <line)" ]
[ "$(number packets send.json)" -eq 217 ]
[ "$(number sources send.json)" -eq 204 ]
[ "$(number symbol_size send.json)" -eq 50 ]

expect 0 "$DTTK" recv -v --json recv.json g <line
says '^dttk: g: verified: 2\.50 kB in .*, loss 0\.0 %$'
says "^dttk: link: $(wc -c <line) bytes, 217 packets of ftag good, 0 bad (CRC 0, escape 0, length 0, short 0, long 0), 0 bytes dropped\$"
says '"wire":"ftag"' recv.json
says '"armor":false' recv.json
[ "$(number symbols recv.json)" -eq 51 ]
[ "$(number packets_lost recv.json)" -eq 0 ]

# A gap in seq is a loss; damage is counted by its cause.
"$DTTK" noise -q --wire ftag --loss 0.2 <line | sed 's/\xff\xff/\xff...\xff/g' |
    "$DTTK" noise -q --ber 1e-4 >bad
rm g
code=0
"$DTTK" recv -v --json recv.json g <bad 2>err || code=$?
[ $code -eq 0 ] || [ $code -eq 5 ] || fail "exit $code"
[ "$(number packets_lost recv.json)" -gt 20 ]
[ "$(number bad_crc recv.json)" -gt 0 ]
[ "$(number bad_short recv.json)" -gt 0 ]

# A bar, if asked for.
rm -f g
cp "$file" notes.txt
"$DTTK" send -q --progress --wire ftag -L 40k notes.txt 2>send.bar | "$DTTK" recv -q --progress g 2>recv.bar
says 'notes.txt' send.bar
says '%' recv.bar

# -q says nothing; a file that differs from its digest is exit 6; one that ends early exit 5.
rm g
expect 0 "$DTTK" recv -q g <line
[ ! -s err ]
# shellcheck source=ftag.sh
. "$(dirname "$0")/ftag.sh"
echo right >right
echo wrong >wrong
ftag_run name right >run
{
    head -c $((8 * (2 + 7 + 37 + 5))) run # META, with marks
    read -r -a content < <(bytes_of <wrong)
    ftag_packet 8 0 0 "${content[@]}"
    ftag_packet 9 128 0 255
} >differs
expect 6 "$DTTK" recv d <differs
[ ! -e d ] || fail 'd is there'

# A signal ends it, and what was received is kept.
mkfifo pipe
env --default-signal=INT "$DTTK" send --wire ftag --pps 40 "$file" >pipe 2>send.err &
sender=$!
"$DTTK" recv h <pipe 2>err &
receiver=$!
wait_for 20 test -e h.part
kill -INT $sender
code=0
wait $sender || code=$?
cat send.err >&3
[ $code -eq 130 ] || fail "exit $code"
says ': stopped by a signal: ' send.err
wait $receiver || code=$?
cat err >&3
[ $code -eq 5 ] || fail "exit $code"
says ' blocks missing ('
expect 0 "$DTTK" recv h <line
cmp "$file" h

# A file that changes while it is sent.
cp "$file" f
{
    wait_for 20 test -s out
    echo more >>f
} &
expect 1 "$DTTK" send --wire ftag --pps 100 f >out
says '^dttk: f: changed while it was being sent'
