#!/bin/bash
# It sleeps until a byte comes. Each time it goes to sleep the kernel counts.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=two-way.sh
. "$(dirname "$0")/two-way.sh"

naps()
{
    sed -n 's/^voluntary_ctxt_switches:[^0-9]*//p' "/proc/${pids[recv]}/status"
}

plug A B
for options in '-d .' '-t 20'; do
    # shellcheck disable=SC2086  # words
    begin recv "$DTTK" recv -p B $options
    sleep 0.3
    before=$(naps)
    sleep 2
    after=$(naps)
    echo "recv $options: $((after - before)) wake-ups"
    [ "$before" -gt 0 ] || fail 'the kernel does not count'
    [ "$after" -eq "$before" ] || fail 'it does not sleep'
    kill -TERM "${pids[recv]}"
    ends recv 143
done
unplug
