#!/bin/bash
# The receiver has said that it has all, and goes before the sender's last word can reach it: the
# file is there, so that is no failure.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

printf 'a short file\n' >f
mkfifo answers

# What goes out until the receiver has it all: its length.
# shellcheck disable=SC2094  # a FIFO is read and written
"$DTTK" send -2 -q f <answers | tee sent | "$DTTK" recv -2 -q out >answers
cmp f out
last=$(("$(wc -c <sent)"))
# shellcheck disable=SC2094
for words in 1 2 3; do # of the last words, that many are missing
    rm -f out
    # The last words are of one length, and short: DONE, three times.
    "$DTTK" send -2 f <answers 2>send.err |
        head -c $((last - 12 * words)) | (
        "$DTTK" recv -2 -q out
        sleep 0.3
    ) >answers || fail "$words missing: $(cat send.err)"
    cmp f out
    says '^dttk: f: delivered' send.err
    one_line send.err
done
