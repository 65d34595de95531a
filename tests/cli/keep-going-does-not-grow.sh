#!/bin/bash
# Many objects, of which each is told of and none is kept: memory stays what it was.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=two-way.sh
. "$(dirname "$0")/two-way.sh"

objects=300
if sanitized; then objects=60; fi
mkdir many in
for i in $(seq $objects); do
    # shellcheck disable=SC2030
    seq "$i" $((i + 500)) >many/"$i"
done

# memory NUMBER: of kB, as it is when so many are there.
resident()
{
    wait_for 20 all_told "$1"
    sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/${pids[recv]}/status"
}
all_told() { [ "$(wc -l <json)" -ge "$1" ]; }

mkfifo line
exec 4<>line
begin recv "$DTTK" recv --keep-going -q -d in --json - <line >json 4>&-
(cd many && "$DTTK" send -q -r 0 $(seq 50) >&4)
before=$(resident 50)
(cd many && "$DTTK" send -q -r 0 $(seq 51 $objects) >&4)
# Refused, here already, incomplete, and garbage: each of them some hundred times.
rm in/1 && echo other >in/1
for _ in 1 2 3; do (cd many && "$DTTK" send -q -r 0 $(seq $objects) >&4); done
for i in $(seq 100); do
    seq "$i" 900 >new"$i"
    "$DTTK" send -q -r 0 new"$i" | head -c 1500 >&4
done
head -c 3000000 /dev/urandom >&4
after=$(resident $((4 * objects)))
echo "$before kB of memory, and $after kB in the end"
sanitized || [ "$after" -le $((before + 12000)) ] || fail 'it grows'
exec 4>&-
ends recv 5
[ "$(grep -c '"result":"verified"' json)" -eq $objects ]
[ "$(grep -c '"result":"refused"' json)" -eq 3 ]
[ "$(grep -c '"result":"already here"' json)" -eq $((3 * objects - 3)) ]
[ "$(grep -c '"result":"incomplete"' json)" -eq 100 ]
