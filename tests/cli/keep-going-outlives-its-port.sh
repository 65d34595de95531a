#!/bin/bash
# The port may come late, go away in the middle and come back: it is waited for without --wait and
# --reconnect. Another program's port is exit 3, and so is nothing else about ports.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=two-way.sh
. "$(dirname "$0")/two-way.sh"
# shellcheck source=keep.sh
. "$(dirname "$0")/keep.sh"

keep_up -t 60
told 'B: not there yet; waiting for it'
plug A B
sends 0 "$photo"
cmp "$photo" in/photo.jpg
rm in/photo.jpg

expect 3 "$DTTK" recv --keep-going -p B -d in
says '^dttk: B: another program holds it$'

begin send "$DTTK" send --reconnect -L 20k -p A "$photo"
wait_for 10 test -e in/photo.jpg.part
sleep 0.5
unplug
sleep 0.3
plug A B
ends send 0
cmp "$photo" in/photo.jpg
told 'B: the port is gone; waiting for it to return'
told 'B: the port is back'
! grep -q incomplete recv.err || fail 'a port that is away is no silence'
unplug
told 'B: the port is gone; waiting for it to return' 2
keep_down TERM

# While it waits it is stopped just so.
keep_up
told 'B: not there yet; waiting for it'
keep_down TERM
