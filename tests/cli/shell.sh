# shellcheck shell=bash
# A login on a serial console: a shell on a terminal that is the far end of a line, to be typed to.
# No test: sourced, after common.sh and line.sh.

# shell_up OPTIONS...: a line with these options of noise, and a shell behind it. Descriptor 4 is our
# end of it, the file `screen` what we have read there, `before` the terminal's settings. The shell finds no commands but its own, so
# that nothing happens if it takes for words what are none.
shell_up()
{
    line_up "$@"
    # shellcheck disable=SC2154  # line.sh sets it
    exec 4<>"$a"
    # shellcheck disable=SC2016,SC2094,SC2154  # the other shell's; a terminal is read and written
    env -i DTTK="$DTTK" STTY="$(command -v stty)" setsid --ctty bash -c \
        '$STTY sane -echoctl; PATH=/nothing PS1="ready> " exec $BASH --norc --noediting -i' \
        <"$b" >"$b" 2>&1 &
    shell=$!
    : >screen
    looked=0
    sees 'ready> '
    # shellcheck disable=SC2016  # the other shell's
    type_in '$STTY -a >before'
    sees 'ready> '
}

# press KEYS: typed, as printf writes them. The terminal is opened anew: a sender that was killed has
# left descriptor 4 so that writing to it does not wait.
press()
{
    # shellcheck disable=SC2059  # that is the point
    printf "$1" >"$a"
}

# type_in WORDS: a line, as if somebody typed it.
type_in()
{
    printf '%s\n' "$1" >"$a"
}

# started COMMAND: typed, for the other shell's dttk; it has the terminal when this returns.
started()
{
    # shellcheck disable=SC2016  # the other shell's
    type_in '$DTTK '"$1"'; echo "code $?"; $STTY -a >after'
    wait_for 10 is_raw
}

is_raw()
{
    stty -a <"$b" | grep -q -e '-icanon'
}

# over CODE: it has ended with that code, the shell reads again, and the terminal is as `before`.
over()
{
    sees "code $1"
    sees 'ready> '
    cmp before after
}

# sees TEXT: read until it is on the screen, behind all that was looked for before. The shell's own
# `read` would not do: it sets a terminal so that a 0x03 among the bytes that come throws away those
# that were written.
sees()
{
    local at
    until at=$(grep -a -b -o -F -m 1 -e "$1" <(tail -c +$((looked + 1)) screen)); do
        # shellcheck disable=SC2154  # line.sh sets it
        timeout 20 dd if="$a" bs=4096 count=1 status=none >>screen ||
            fail "never seen: $1: $(cat -v screen)"
    done
    at=${at%%:*}
    looked=$((looked + at + ${#1}))
}

# The shell goes, and the line with it.
shell_down()
{
    kill -HUP "$shell"
    wait "$shell" || true
    exec 4<&-
    line_down TERM
}
