#!/bin/bash
# Nothing, a byte and a photo, in either direction, over a good line and bad ones.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=line.sh
. "$(dirname "$0")/line.sh"
# shellcheck source=two-way.sh
. "$(dirname "$0")/two-way.sh"

: >nothing
printf 'x' >byte
for damage in '--baud=921600' '--ber=1e-5' '--loss=0.1'; do
    line_up "$damage" --link A --link B
    for file in nothing byte "$photo"; do
        carries A B "$file"
        carries B A "$file"
    done
    line_down TERM
done
