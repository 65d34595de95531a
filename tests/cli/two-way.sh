# shellcheck shell=bash
# Programs at both ends of a line. No test: sourced, after common.sh.

declare -A pids

# begin NAME COMMAND...: in the background; its words go to NAME.err.
begin()
{
    local name=$1
    shift
    "$@" <&0 2>"$name.err" &
    pids[$name]=$!
}

has_ended()
{
    ! kill -0 "${pids[$1]}" 2>/dev/null
}

# ends NAME CODE [SECONDS]: it does so by itself, with that code.
ends()
{
    local code=0
    wait_for "${3:-20}" has_ended "$1"
    wait "${pids[$1]}" || code=$?
    echo "$1 -> $code: $(cat -v "$1.err")" >&3
    [ $code -eq "$2" ] || fail "$1: expected exit $2"
}

# kills NAME: as a crash does.
kills()
{
    kill -KILL "${pids[$1]}"
    wait "${pids[$1]}" 2>/dev/null || true
}

# carries FROM TO FILE [send]: both say so, and the other side has it. recv begins, or send.
carries()
{
    local from=$1 to=$2 file=$3 first=${4:-recv} last=send one
    [ "$first" = recv ] || last=recv
    rm -f out
    for one in "$first" "$last"; do
        case $one in
        recv) begin recv "$DTTK" recv -p "$to" out ;;
        send) begin send "$DTTK" send -p "$from" "$file" ;;
        esac
        [ "$one" = "$last" ] || sleep 0.1
    done
    ends send 0
    ends recv 0
    cmp "$file" out || fail "$file from $from to $to: it differs"
}

# plug A B: two ports, joined; $plug is what joins them.
plug()
{
    socat "PTY,link=$1,rawer" "PTY,link=$2,rawer" &
    plug=$!
    wait_for 10 test -e "$1" -a -e "$2"
}

# unplug: both are gone.
unplug()
{
    kill "$plug"
    wait "$plug" || true
}

# number KEY: of the statistics of send.
number()
{
    sed -n "s/.*\"$1\": *\\([0-9]*\\).*/\\1/p" stats | head -n 1
}

# pair OPTIONS...: both sides are told so, and `file` arrives.
pair()
{
    rm -f out stats
    begin recv "$DTTK" recv -p B "$@" out
    sleep 0.1
    begin send "$DTTK" send -p A "$@" --json stats file
    ends send 0
    ends recv 0
    cmp file out || fail "$*: it differs"
    cat stats >&3
}
