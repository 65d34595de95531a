#!/bin/bash
# Killed at any moment, also before anything was saved, a recv of what is packed goes on the next time,
# whatever it has unpacked by then.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

seq 1 1000000 >text # 6.9 MB, of which zstd makes 0.4
"$DTTK" send -q -z text >line 2>err || exit 0 # built without zstd: told elsewhere

mkfifo there
for after in 0.02 0.1 0.2 0.4 0.9 1.4; do
    for way in resume anew; do
        "$DTTK" send -q -z -L 250k text >there 2>/dev/null &
        sender=$!
        "$DTTK" recv -q g <there &
        receiver=$!
        sleep $after
        kill -KILL $receiver 2>/dev/null || true
        wait $receiver || true
        : <>there # the sender waits for a reader if that had not opened it yet
        wait $sender || true
        if [ $way = anew ]; then
            "$DTTK" recv -q --no-resume g <line
        else
            "$DTTK" recv -q g <line
        fi
        cmp text g
        rm g
        nothing_at g
    done
done
