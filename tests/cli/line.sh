# shellcheck shell=bash
# A line with a serial port at either end. No test: sourced, after common.sh.

# shellcheck disable=SC2034  # the names are for those that source this
# line_up OPTIONS...: $a and $b are the ports then, $line is the process. Its words go to line.err.
line_up()
{
    rm -f names
    # Of a process in the background the shell has SIGINT ignored; env gives it back.
    env --default-signal=INT "$DTTK" noise --pty "$@" >names 2>line.err &
    line=$!
    wait_for 10 test -s names
    {
        read -r a
        read -r b
    } <names
}

# line_down SIGNAL: it ends as it should.
line_down()
{
    local code=0
    kill -"$1" "$line"
    wait "$line" || code=$?
    echo "exit $code: $(cat line.err)" >&3
    [ $code -eq $((128 + $(kill -l "$1"))) ] || fail "exit $code"
}

# take BYTES PORT FILE: in the background; $! has ended when they are there.
take()
{
    timeout 60 head -c "$1" <"$2" >"$3" &
}
