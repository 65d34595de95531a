#!/bin/bash
# --link names the ports; nothing is replaced but what leads nowhere; a signal leaves none behind.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=line.sh
. "$(dirname "$0")/line.sh"

leads() # NAME: to a port
{
    [ -c "$1" ] || fail "a link leads to no port: $1"
}

neither() # two names
{
    [ ! -L "$1" ] || fail "a link is left: $1"
    [ ! -L "$2" ] || fail "a link is left: $2"
}

for signal in INT TERM HUP; do
    ln -s /nowhere/at/all A # of a run that was killed
    line_up --link A --link "B port"
    [ "$(cat names)" = "A
B port" ] || fail "other names: $(cat names)"
    leads A
    leads 'B port'
    [ "$(readlink A)" != "$(readlink 'B port')" ] || fail 'they are one'
    exec 5<>"$a" 6<>"$b"
    echo word >&5
    read -r -t 20 word <&6
    [ "$word" = word ] || fail "$word"
    exec 5<&- 6<&-
    line_down $signal
    neither A 'B port'
    says '^dttk noise: A to B port: .*5 bytes in, 5 out$' line.err
    says '^dttk noise: B port to A: 0 bytes in, 0 out$' line.err
done

# What was killed leaves links, and the next run takes them over, also if the ptys' numbers have
# changed places. False: somebody else has one of the ptys by then, and a link to that stays.
taken_over()
{
    rm -f A B names
    line_up --link A --link B
    kill -KILL $line
    wait $line 2>wait.err || true
    [ -L A ] || fail 'SIGKILL can be caught'
    mv A C
    mv B A
    mv C B
    rm names
    env --default-signal=INT "$DTTK" noise --pty --link A --link B >names 2>line.err &
    line=$!
    wait_for 10 has_answered
    [ -s names ] || says 'in the way' line.err
    [ -s names ]
}

has_answered()
{
    [ -s names ] || [ -s line.err ]
}

tries=0
until taken_over; do
    tries=$((tries + 1))
    [ $tries -lt 20 ] || fail "$(cat line.err)"
done
leads A
leads B

# A second line with these names would take them away from the first.
expect 7 "$DTTK" noise --pty --link A --link X
one_line err
says 'dttk: A: in the way'
expect 7 "$DTTK" noise --pty --link X --link B
[ ! -L X ] || fail 'a link is left'

# A link that has become somebody else's stays.
rm A
ln -s /dev/null A
line_down TERM
[ "$(readlink A)" = /dev/null ] || fail 'somebody'\''s link was removed'

rm A
echo precious >A
mkdir folder
for name in A folder; do
    expect 7 "$DTTK" noise --pty --link $name --link X
    says "dttk: $name: in the way"
done
[ "$(cat A)" = precious ] || fail 'a file was replaced'
expect 7 "$DTTK" noise --pty --link X --link X
expect 1 "$DTTK" noise --pty --link X --link none/X
says 'dttk: none/X: cannot make a link: no such file'
[ ! -L X ] || fail 'a link is left'
