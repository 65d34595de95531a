#!/bin/bash
# Telemetry and files share the line: --stream NAME=PATH goes ahead of a file, one-way and two-way.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

make_file 300000 picture
make_file 200 note 2

# lines: of telemetry, one every 100 ms for a second.
lines()
{
    local i
    for i in {1..10}; do
        echo "line $i"
        sleep 0.1
    done
}

# The line takes 3 s for the picture; telemetry is not kept waiting for it.
mkfifo telemetry
mkdir out
lines | tee said >telemetry &
"$DTTK" send -L 120k --stream log.txt=telemetry picture note 2>send.err |
    "$DTTK" recv -d out 2>recv.err &
wait_for 20 test -e out/log.txt
[ ! -e out/picture ] || fail 'the telemetry was kept waiting'
wait $! || fail "$(cat send.err recv.err)"
cmp said out/log.txt
cmp picture out/picture
cmp note out/note
says '^dttk: log.txt: sent: ' send.err

# Two-way.
rm -rf out
mkdir out
lines | tee said >telemetry &
expect 0 socat EXEC:"$DTTK send -2 --stream log.txt=telemetry picture note" \
    EXEC:"$DTTK recv -2 -d out"
says '^dttk: log.txt: delivered: '
cmp said out/log.txt
cmp picture out/picture
cmp note out/note

# What makes no sense is said at once.
expect 2 "$DTTK" send --stream log.txt=note picture >/dev/null
says '^dttk: log.txt: is a file and no stream: note$'
for bad in nameless =path name=; do
    expect 2 "$DTTK" send --stream "$bad" picture >/dev/null
    says "^dttk: --stream: is to be NAME=PATH: $bad"
done
expect 2 "$DTTK" send --stream a=1 --stream b=2 --stream c=3 --stream d=4 --stream e=5 >/dev/null
says '^dttk: --stream: at most 4'
expect 2 "$DTTK" send --stream a=- - <note >/dev/null
says '^dttk: stdin can be sent once: -$'
expect 2 "$DTTK" send --loop --stream a=- picture >/dev/null
says '^dttk: a stream cannot be sent twice'
expect 2 "$DTTK" send --loop note note note note note note note note note >/dev/null
says '^dttk: --loop: at most 8 files'
expect 2 "$DTTK" send --wire ftag --stream a=- note >/dev/null
says 'no streams: --stream$'

# Who joins late, when the first of seven is through, has no advantage over those who are at it,
# though the stream had little so far.
names=()
for i in {4..10}; do
    make_file "${i}00000" "f$i" "$i"
    names+=("f$i")
done
make_file 150000 late 30
rm -rf out
mkdir out
(
    echo hello
    sleep 1
) >telemetry &
"$DTTK" send -r 0 --stream log.txt=telemetry "${names[@]}" late 2>/dev/null >line
"$DTTK" recv -d out <line 2>recv.err || fail "$(cat recv.err)"
order=$(sed -n 's/^dttk: out\/\(f[0-9]*\|late\): verified.*/\1/p' recv.err | tr '\n' ' ')
[ "$order" = 'f4 f5 late f6 f7 f8 f9 f10 ' ] || fail "not in turn: $order"
