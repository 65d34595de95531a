#!/bin/bash
# What is sent before anybody listens is lost; the sender says it again.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=line.sh
. "$(dirname "$0")/line.sh"
# shellcheck source=two-way.sh
. "$(dirname "$0")/two-way.sh"

: >nothing
printf 'x' >byte
line_up --ber 1e-5 --baud 921600 --link A --link B
carries A B nothing send
carries B A byte send
carries A B "$photo" send
line_down TERM
