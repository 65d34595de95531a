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
    sees 'ready> '
    # shellcheck disable=SC2016  # the other shell's
    type_in '$STTY -a >before'
    sees 'ready> '
}

# type_in WORDS: a line, as if somebody typed it.
type_in()
{
    printf '%s\n' "$1" >&4
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

# sees TEXT: read until it is on the screen, behind all that was looked for before. Sets $seen, what
# was read.
sees()
{
    local byte
    seen=
    until [[ $seen == *"$1"* ]]; do
        IFS= read -r -t 20 -u 4 -n 1 -d '' byte || fail "never seen: $1: $(cat -v screen)"
        seen+=$byte
        printf '%s' "$byte" >>screen
    done
}

# The shell goes, and the line with it.
shell_down()
{
    kill -HUP "$shell"
    wait "$shell" || true
    exec 4<&-
    line_down TERM
}
