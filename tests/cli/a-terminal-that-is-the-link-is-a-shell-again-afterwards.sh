#!/bin/bash
# Typed into a login: `dttk recv -2 out`; then `dttk send -2 f` here. Log lines between frames do no
# harm, the verdict is there to read, the terminal as before, and not a byte too much in the shell.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=line.sh
. "$(dirname "$0")/line.sh"
# shellcheck source=shell.sh
. "$(dirname "$0")/shell.sh"

shell_up --baud 19200
make_file 7000 f

# From here to there, over descriptors that are a terminal, or a port.
started 'recv -2 out'
(
    sleep 0.3
    printf '\n[  12.3] kernel: a line of the log\n' >"$b"
    sleep 0.3
    printf 'and [0m one\0more\n' >"$b"
) &
log=$!
timeout 60 "$DTTK" send -2 f <&4 >&4 2>err || fail "send: exit $?: $(cat err)"
wait $log
says '^dttk: f: delivered: 7\.00 kB'
sees 'dttk: out: verified: 7.00 kB'
over 0
cmp f out

# From there to here.
started 'send -2 f'
timeout 60 "$DTTK" recv -p "$a" -b 19200 here 2>err || fail "recv: exit $?: $(cat err)"
sees 'dttk: f: delivered: 7.00 kB'
over 0
cmp f here

# Refused before the link was anything's, and ended by signals that nobody foresees.
# shellcheck disable=SC2016  # the other shell's
type_in '$DTTK recv -2 none/out; echo "code $?"; $STTY -a >after'
over 1
# shellcheck disable=SC2016
type_in '$DTTK send -2 --progress f; echo "code $?"; $STTY -a >after'
sees 'dttk: stderr is the terminal that is the link: --progress'
over 2
for signal in ALRM USR1 ABRT; do
    started 'recv -2 out2'
    pkill -$signal -P "$shell" || fail 'it is not there'
    over $((128 + $(kill -l $signal)))
done

# What is typed is echoed and done, and nothing else has been.
type_in 'echo "a""live"'
sees 'alive'
sees 'ready> '
! grep -a -e 'not found' -e 'syntax error' screen || fail 'the shell has read frames'
shell_down
