#!/bin/bash
# EPIPE is one line and exit 1, not a death by SIGPIPE.
set -eu -o pipefail

{
    code=0
    yes | "$DTTK" noise 2>err || code=${PIPESTATUS[1]}
    echo "$code" >code
} | head -n 1 >out
test "$(cat out)" = y
cat code err
test "$(cat code)" -eq 1
test "$(cat err)" = 'dttk: stdout: the reader went away'
