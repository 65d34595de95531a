#!/bin/bash
# Several runs of send, one after the other, at one receiver: what is refused, too large or here
# already is one line and one line of JSON each, and ends nothing; SIGTERM does, with exit 143.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=line.sh
. "$(dirname "$0")/line.sh"
# shellcheck source=two-way.sh
. "$(dirname "$0")/two-way.sh"
# shellcheck source=keep.sh
. "$(dirname "$0")/keep.sh"

line_up --baud 4000000 --link A --link B
cp "$photo" a
make_file 5000 b
make_file 70000 large
echo 'not mine' >other
mkdir in
echo mine >in/other

keep_up --json - --max-size 50k --max-objects 3
sends 0 a
cmp a in/a
sends 7 large
says 'large: the receiver refused it'
sends 7 other
sends 0 b
cmp b in/b
told '^dttk: in/a: verified'
told '^dttk: in/large: too large: 70000 bytes, and --max-size is 50000$'
told '^dttk: in/other: exists, with other content'
[ "$(cat in/other)" = mine ] || fail 'it was replaced'

# A stream is too large only when it has become so, and its sender hears that nobody wants it.
# shellcheck disable=SC2002  # a pipe, not a file
cat large >pipe.in
mkfifo pipe
cat pipe.in >pipe &
sends 8 --stream log=pipe
says 'the receiver aborted: it does not want it'
told '^dttk: in/log: too large: [0-9]* bytes so far'

# What is sent again is looked at again: it may have been taken away meanwhile.
sends 0 a
told '^dttk: in/a: already here$'
rm in/a
sends 0 a
cmp a in/a
told '^dttk: in/a: verified' 2
# Nor does a refusal outlive its cause.
rm in/other
sends 0 other
cmp other in/other

# A line for each, as soon as it is known; the last one comes at the end.
[ "$(wc -l <out)" -eq 8 ] || fail "$(cat out)"
keep_down TERM
[ "$(wc -l <out)" -eq 9 ] || fail "$(cat out)"
[ "$(grep -c '^{"path":"in.*}$' out)" -eq 8 ]
[ "$(grep -c '"result":"verified"' out)" -eq 4 ]
tail -n 1 out | grep -q '^{"command":"recv".*"verdicts":{"verified":4,"already here":1,"refused":2,"failed":1,.*"exit":143'
if command -v jq >/dev/null; then
    jq -es 'length == 9 and ([.[].exit] == [0, 7, 7, 0, 7, 0, 0, 0, 143])' out >/dev/null
fi
printable recv.err

# The bar is for terminals only, and -q is for errors.
[ "$(wc -l <recv.err)" -eq 9 ] || fail 'lines that are about no object'
keep_up -q
sends 0 -q b
sends 0 -q a
sends 0 -q other
keep_down INT
[ ! -s recv.err ] || fail 'that is not quiet'
line_down TERM
