#!/bin/bash
# What was read of it is not the file any more: exit 1, and the receiver does not take it for one.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

changed() # how to change f, and how the receiver ends
{
    make_file 100000 f
    mkfifo line
    "$DTTK" send -L 200k f >line 2>send.err &
    sender=$!
    "$DTTK" recv g <line 2>err &
    receiver=$!
    wait_for 10 test -e g.part
    sleep 0.1
    $1
    code=0
    wait $sender || code=$?
    cat send.err
    [ $code -eq 1 ] || fail "the sender's exit code is $code"
    one_line send.err
    says '^dttk: f: changed while it was being sent; ' send.err
    code=0
    wait $receiver || code=$?
    cat err
    [ $code -eq "$2" ] || fail "the receiver's exit code is $code"
    says "$3"
    [ ! -e g ] || fail 'g is there'
    rm -f g.part* line
}

shorten() { truncate -s 30000 f; }
rewrite() { dd if=other of=f conv=notrunc 2>/dev/null; }
make_file 100000 other 2
changed shorten 8 'the sender aborted: its file changed meanwhile'
changed rewrite 6 'the digest differs'
