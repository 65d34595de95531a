#!/bin/bash
# Both wait for the line to be quiet before they speak; also if some of it is lost.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=line.sh
. "$(dirname "$0")/line.sh"
# shellcheck source=two-way.sh
. "$(dirname "$0")/two-way.sh"

make_file 8000 file
for loss in 0 0.1; do
    line_up --link A --link B --baud 115200 --loss $loss
    pair --turnaround 20
    [ "$(number confirmed)" -eq 8000 ] || fail 'not all is confirmed'
    [ "$(number answers)" -gt 0 ] || fail 'no answers'
    line_down TERM
done
