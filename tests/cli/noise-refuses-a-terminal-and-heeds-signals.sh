#!/bin/bash
# A person at a terminal gets a hint, a signal its exit code, both without waiting.
set -eu -o pipefail

if command -v script >/dev/null; then
    script -qec "'$DTTK' noise; echo exit \$?" typescript </dev/null >out
    cat out
    grep -q 'dttk: .*terminal' out
    grep -q 'exit 2' out
fi

mkfifo line
for signal in INT TERM HUP; do
    # Of a process in the background the shell has SIGINT ignored; env gives it back.
    env --default-signal=INT "$DTTK" noise <line >out 2>err &
    noise=$!
    exec 3>line
    printf 'before' >&3
    for _ in $(seq 100); do
        test -s out && break
        sleep 0.05
    done
    kill -$signal $noise
    code=0
    wait $noise || code=$?
    exec 3>&-
    echo "SIG$signal: exit $code: $(cat err)"
    test $code -eq $((128 + $(kill -l $signal)))
    test "$(cat out)" = before
    grep -q '6 bytes in, 6 out' err
done
