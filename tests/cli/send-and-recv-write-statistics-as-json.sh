#!/bin/bash
# --json FILE: one object with numbers by layer that agree with what happened; - is stdout when that
# carries no data.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

number() # key, file
{
    sed -n "s/^ *\"$1\": *\\([0-9.]*\\),*\$/\\1/p" "$2" | head -n 1
}

# Brackets and braces that match, and none left over: all there is to say without a parser.
balanced()
{
    local text
    text=$(tr -d ' \n' <"$1" | sed 's/"[^"]*"//g')
    [ "$(printf '%s' "$text" | tr -dc '{' | wc -c)" -eq "$(printf '%s' "$text" | tr -dc '}' | wc -c)" ]
    [ "$(printf '%s' "$text" | tr -dc '[' | wc -c)" -eq "$(printf '%s' "$text" | tr -dc ']' | wc -c)" ]
    [ "${text:0:1}${text: -1}" = '{}' ] || fail "$(cat "$1")"
    if command -v jq >/dev/null; then jq -e . "$1" >/dev/null; fi
}

"$DTTK" send --json send.json "$photo" | "$DTTK" noise --loss 0.1 | "$DTTK" recv --json recv.json g
balanced send.json
balanced recv.json
cat send.json recv.json
[ "$(number exit send.json)" -eq 0 ]
[ "$(number size send.json)" -eq 35925 ]
[ "$(number sources send.json)" -eq 302 ]
[ "$(number repairs send.json)" -eq 76 ]
[ "$(number mtu send.json)" -eq 256 ]
grep -q '"command": *"send"' send.json
grep -q '"command": *"recv"' recv.json
grep -q '"result": *"verified"' recv.json
[ "$(number good_bytes recv.json)" -gt 35925 ]
[ "$(tail -c 1 recv.json | od -An -c | tr -d ' ')" = '\n' ] || fail 'the last line has no end'
[ "$(number packets_lost recv.json)" -gt 0 ]
[ $(($(number sources recv.json) + $(number symbols_repaired recv.json))) -eq 302 ]
[ "$(number symbols_missing recv.json)" -eq 0 ]
[ "$(number wire_bytes send.json)" -eq "$("$DTTK" send -q "$photo" | wc -c)" ]

expect 0 "$DTTK" recv --json - h < <("$DTTK" send -q "$photo") >json
balanced json
expect 5 "$DTTK" recv --json json i < <("$DTTK" send -q "$photo" | head -c 9000)
balanced json
[ "$(number exit json)" -eq 5 ]
grep -q '"result": *"incomplete"' json
grep -q '"exit": *5' json
expect 4 "$DTTK" recv --json json i </dev/null
balanced json
expect 1 "$DTTK" send --json json missing >/dev/null
balanced json

# Of what is refused there are no counters.
mkdir dir2
cp "$photo" one.jpg
"$DTTK" send -q one.jpg >line
echo mine >dir2/photo.jpg
expect 7 "$DTTK" recv --json json -d dir2 < <("$DTTK" send -q one.jpg "$photo")
balanced json
[ "$(grep -c '"result": *"refused"' json)" -eq 1 ]
[ "$(grep -c '"symbols_missing"' json)" -eq 1 ]

# A name with quotes and controls is still JSON.
cp "$photo" $'a"b\\c\n\033'
mkdir dir
"$DTTK" send -q --json json $'a"b\\c\n\033' | "$DTTK" recv -q --json json2 -d dir
if command -v jq >/dev/null; then jq -e . json json2 >/dev/null; fi
printable json

# Where it cannot be written is said before anything is done, and nobody waits for a FIFO's reader.
mkfifo fifo
for place in missing/json fifo dir; do
    expect 1 "$DTTK" recv --json $place k < <("$DTTK" send -q "$photo")
    one_line err
    says "^dttk: $place: "
    nothing_at k
    expect 1 "$DTTK" send --json $place "$photo" >line
    [ ! -s line ] || fail 'it has sent'
done

# What is there stays until there is something better; and a FIFO's reader sees all of it.
echo old >json
{ sleep 0.2; cp json seen; "$DTTK" send -q "$photo"; } | "$DTTK" recv -q --json json l
[ "$(cat seen)" = old ]
balanced json
cat fifo >json &
send_once_read() { "$DTTK" send -q --json fifo "$photo" >/dev/null 2>err; }
wait_for 5 send_once_read
wait $!
balanced json

# Where it can no longer be written: exit 1, the file is there all the same.
mkdir gone
expect 1 "$DTTK" recv --json gone/json m < <(
    wait_for 5 [ -e gone/json ]
    rm -r gone
    "$DTTK" send -q "$photo"
)
says '^dttk: gone/json: no such file or directory$'
cmp "$photo" m
