#!/bin/bash
# kill -9: what bears the final name is equal, always; and the next run completes it.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

make_file 200000 f
make_file 1000 old
mkfifo line
trials=20
finished=0
for i in $(seq $trials); do
    # Every third time there is an old file that is to be replaced.
    rm -f g
    [ $((i % 3)) -ne 0 ] || cp old g
    "$DTTK" send -q -L 2M f >line 2>/dev/null &
    sender=$!
    "$DTTK" recv -q g <line &
    receiver=$!
    # The pass takes 130 ms.
    sleep "0.$(printf %03d $((i * 8)))"
    kill -KILL $receiver 2>/dev/null || true
    wait $receiver 2>/dev/null && finished=$((finished + 1))
    : <>line # the sender waits for a reader if that had not opened it yet
    wait $sender || true
    if [ -e g ] && ! cmp -s f g; then
        [ $((i % 3)) -eq 0 ] || fail "trial $i: a wrong file"
        cmp old g
    fi
    # The second time with another old run's leftovers, killed as well
    expect 0 "$DTTK" recv g < <("$DTTK" send -q f)
    cmp f g
    nothing_at g.part
    [ ! -e g.part ] || fail "trial $i: $(ls)"
done
echo "$finished of $trials were finished before they were killed"
[ $finished -lt $trials ]
