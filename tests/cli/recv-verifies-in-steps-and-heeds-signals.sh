#!/bin/bash
# What takes long to unpack or to hash is done in steps: meanwhile a signal is heeded, the sender is
# answered, and the end of the link, or of its port, cuts nothing short.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

truncate -s 200M zeros
"$DTTK" send -q -z zeros >line 2>err || exit 0 # built without zstd: told elsewhere

mkfifo there
"$DTTK" recv g <there 2>err &
receiver=$!
cat line >there
wait_for 10 test -e g.part.unpacked
began=$(now_ms)
kill -TERM $receiver
code=0
wait $receiver || code=$?
[ $(($(now_ms) - began)) -lt 1000 ] || sanitized || fail 'it took its time'
if [ $code -eq 143 ]; then # else it was faster
    says '^dttk: g: incomplete: all of it is here, but not verified yet; kept in g.part: receive'
    nothing_at g.part.unpacked
    expect 0 "$DTTK" recv g <line
    says '^dttk: g: going on: \([0-9]*\) of \1 bytes are here already$'
fi
cmp zeros g
rm g
nothing_at g

# The port has gone by then.
socat PTY,link=port,raw,echo=0 SYSTEM:'sleep 0.5; cat line; sleep 0.1' &
wait_for 10 test -e port
expect 0 "$DTTK" recv -1 -q -p port g
cmp zeros g
rm g

socat EXEC:"$DTTK send -2 -z zeros" EXEC:"$DTTK recv -q -2 g" 2>err
says '^dttk: zeros: delivered: 210 MB packed to '
cmp zeros g
