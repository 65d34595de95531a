# shellcheck shell=bash
# A receiver that keeps going, at port B of a line with ports A and B. No test: sourced, after
# common.sh, line.sh and two-way.sh.

# keep_up OPTIONS...: it runs, into the folder `in`; its words go to recv.err, what it prints to out.
keep_up()
{
    mkdir -p in
    begin recv env --default-signal=INT,TERM "$DTTK" recv --keep-going -p B -d in "$@" >out
}

# keep_down SIGNAL: it ends at that signal, with its exit status.
keep_down()
{
    # shellcheck disable=SC2154  # two-way.sh sets it
    kill -"$1" "${pids[recv]}"
    ends recv $((128 + $(kill -l "$1")))
}

# sends CODE ARGUMENTS...: a run of send at port A, its words in err.
sends()
{
    local code=$1
    shift
    expect "$code" "$DTTK" send -p A "$@"
}

# told PATTERN [TIMES]: recv says so, so many times and no more.
told()
{
    wait_for 10 grep -q -e "$1" recv.err
    [ "$(grep -c -e "$1" recv.err)" -eq "${2:-1}" ] ||
        fail "recv does not say ${2:-1} times: $1: $(cat -v recv.err)"
}
