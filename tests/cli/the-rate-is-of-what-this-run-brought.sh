#!/bin/bash
# Not of what was there from an earlier run, nor since a recv that waited for its sender began.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=line.sh
. "$(dirname "$0")/line.sh"
# shellcheck source=two-way.sh
. "$(dirname "$0")/two-way.sh"

# rate_of WORD FILE: B/s, of the verdict with this word.
rate_of()
{
    sed -n "s/.*$1: .* (\\([0-9.]*\\) \\(k\\{0,1\\}\\)B\\/s, .*/\\1 \\2/p" "$2" |
        awk '{ printf "%d\n", $1 * ($2 == "k" ? 1000 : 1) }'
}

# plausible WORD FILE: the line takes 11.5 kB/s, and it was slower for a moment only.
plausible()
{
    local rate
    rate=$(rate_of "$1" "$2")
    echo "$(cat "$2"): $rate B/s"
    [ "$rate" -le 11600 ] || fail 'faster than the line'
    [ "$rate" -ge 3000 ] || sanitized || fail 'it counts a time in which nothing came'
    says "$1: 90\\.0 kB, [1-5][0-9]\\.[0-9] kB of it in " "$2"
}

line_up --baud 115200 --link A --link B
make_file 90000 f
mkdir there
for target in out '-d there'; do
    # shellcheck disable=SC2086  # words
    begin recv "$DTTK" recv -p B $target
    sleep 0.1
    begin send "$DTTK" send -p A f
    sleep 4
    kill -TERM "${pids[send]}"
    ends send 143
    ends recv 8
    # shellcheck disable=SC2086
    begin recv "$DTTK" recv -p B $target
    sleep 4
    begin send "$DTTK" send -p A f
    ends recv 0
    ends send 0
    plausible verified recv.err
    plausible delivered send.err
done
cmp f out
cmp f there/f
line_down TERM
