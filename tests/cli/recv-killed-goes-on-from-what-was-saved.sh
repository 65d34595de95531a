#!/bin/bash
# kill -9 at several moments, one-way and two-way, the sender with another mtu each time: the next
# run goes on from what had arrived up to about a second before, until the file is there and equal.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=line.sh
. "$(dirname "$0")/line.sh"
# shellcheck source=two-way.sh
. "$(dirname "$0")/two-way.sh"

make_file 120000 f

# here FILE: bytes that this run's words say were here at its beginning, or 0.
here()
{
    sed -n 's/^dttk: g: going on: \([0-9]*\) of .*/\1/p' "$1" | grep . || echo 0
}

# The journal has been written in place since it was made: the number of the first pair's writing.
generation()
{
    od -An -v -tu8 -j8192 -N8 g.part.journal 2>/dev/null || true
    od -An -v -tu8 -j12288 -N8 g.part.journal 2>/dev/null || true
}
is_saved()
{
    [ "$(generation)" != "$before" ]
}

# killed N: recv, begun already, at a moment that depends on N; what was here may only grow (but
# for symbols that are of no use in another grid).
last=0
killed()
{
    sleep "0.$(($1 * 3 % 10))"
    kills recv 2>/dev/null || true
    [ ! -e g ] || cmp f g
    echo "run $1: $(cat -v recv.err)"
    [ "$(here recv.err)" -ge $((last * 9 / 10)) ] || fail "run $1: less is here than before"
    last=$(here recv.err)
}

# whole: the last run has had something to go on with, and has completed it.
whole()
{
    [ "$(here recv.err)" -ge $((last * 9 / 10)) ] || fail 'less is here than before'
    [ "$(here recv.err)" -gt 20000 ] || fail 'nothing was saved'
    cmp f g
    [ -z "$(compgen -G 'g.part*')" ] || fail 'something is left'
    rm g
    last=0
}

echo '== one-way, a third lost, other packets each time'
mkfifo line
one_way()
{
    "$DTTK" send -q -1 -r 0 -L 30k --mtu "$((300 * $1))" f | "$DTTK" noise -q --loss 0.3 --seed "$1"
}
for n in 1 2 3 4; do
    one_way "$n" >line 2>/dev/null &
    sender=$!
    before=$(generation)
    begin recv "$DTTK" recv g <line
    # The first moment is before anything was saved.
    [ "$n" -eq 1 ] || wait_for 10 is_saved
    killed "$n"
    wait $sender || true
done
"$DTTK" send -q -1 f >line &
begin recv "$DTTK" recv g <line
ends recv 0
whole

echo '== two-way: now the receiver alone is another one, now the sender too'
line_up --baud 230400 --link A --link B
begin send "$DTTK" send -p A --mtu 100 f
for n in 1 2 3; do
    before=$(generation)
    begin recv "$DTTK" recv -p B g
    [ "$n" -eq 1 ] || wait_for 10 is_saved
    killed "$n"
    [ ! -e g ] || fail 'too late'
    if [ "$n" -eq 2 ]; then
        kills send
        begin send "$DTTK" send -p A --mtu 900 f
    fi
done
begin recv "$DTTK" recv -p B g
ends send 0
ends recv 0
whole
line_down TERM
