# shellcheck shell=bash
#
# The tables of bench, by which it is sourced: the rows, their goals, and whether those are met.
#
# shellcheck disable=SC2154,SC2016  # the variables are those of bench; Markdown has backquotes

row() # CELL...
{
    local cells
    cells=$(printf ' %s |' "$@")
    echo "|$cells"
}

# verdict GOAL VALUE...: all of them; GOAL is ">= N" or "<= N". Empty if there is no goal.
verdict()
{
    local goal=$1 value
    shift
    [ -n "$goal" ] || return 0
    for value in "$@"; do
        if [ -z "$value" ] || [ "$value" = none ]; then
            echo 'not measured'
            return
        fi
        [ "$(calc %d "($value $goal)")" = 1 ] || { echo missed && return; }
    done
    echo met
}

# "376 MB/s (350 to 390)"; with one run without the brackets
spread() # SAMPLES FORMAT UNIT
{
    local least median most
    median=$(pick "$1" median)
    if [ -z "$median" ]; then
        echo 'not measured'
        return
    fi
    least=$(calc "$2" "$(pick "$1" least)") most=$(calc "$2" "$(pick "$1" most)")
    printf "$2 %s" "$median" "$3"
    [ "$runs" -eq 1 ] || echo " ($least to $most)"
}

precision() # SAMPLES: the format that is fit for them
{
    calc "%%.%df" "$(pick "$1" median) < 10 ? 1 : 0"
}

# ratio A B [FORMAT]: of two medians; nothing if one is not there
ratio()
{
    local a b
    a=$(pick "$1" median) b=$(pick "$2" median)
    [ -z "$a" ] || [ -z "$b" ] || calc "${3:-%.2f}" "$a / $b"
}

# A row of those through the pipe, beside cat.
pipe_row() # NAME CONTENDER [GOAL]
{
    local by
    if ! have "$2"; then
        row "$1" 'not installed' '' "${3-}" ''
        return
    fi
    by=$(ratio "$2" cat %.3f)
    row "$1" "$(spread "$2" "$(precision "$2")" MB/s)" "${by:+$by of cat}" "${3:+$3 of cat}" \
        "$(verdict "${3-}" "$by")"
}

pipe_rows()
{
    local by goal='>= 4.5'
    pipe_row "\`cat \\| cat > out\`, $(numfmt --to=iec-i "$size")B" cat
    pipe_row '`send -r 0 \| recv out`, SHA-256' sha '>= 0.27'
    by=$(ratio sha zmodem)
    if have zmodem; then
        row 'the same, beside `sz \| rz`' "$(spread zmodem %.0f MB/s)" \
            "${by:+$by x sz, rz}" "$goal x sz, rz" "$(verdict "$goal" "$by")"
    else
        row 'the same, beside `sz \| rz`' 'not installed' '' "$goal x sz, rz" ''
    fi
    pipe_row 'the same, `--digest xxh128`' xxh '>= 0.50'
    pipe_row '`send \| recv out` (25 % repairs), `--digest xxh128`' xxh_repairs '>= 0.25'
    pipe_row '`send \| recv out` (25 % repairs), SHA-256' sha_repairs
    pipe_row "each block 4 times (\`--wire ftag --repeat 3\`), $(numfmt --to=si "$small")B" repeat
    pipe_row "kermit, pseudo-terminals, $(numfmt --to=si "$small")B" kermit
}

cpu_rows()
{
    local goal='<= 3.2'
    row 'CPU of both ends, SHA-256, `-r 0`' "$(spread cpu-sha %.2f ns/byte)" '' "$goal ns/byte" \
        "$(verdict "$goal" "$(pick cpu-sha median)")"
    row 'the same, `--digest xxh128`' "$(spread cpu-xxh %.2f ns/byte)" '' '' ''
    row 'the same, 25 % repairs, SHA-256' "$(spread cpu-sha_repairs %.2f ns/byte)" '' '' ''
}

# core_row WHAT STAGE KEY DIVISOR UNIT GOAL
core_row()
{
    local value
    value=$(core_number "$2" "$3" "$4")
    row "$1" "${value:-not measured} $5" '' "$6 $5" "$(verdict "$6" "$value")"
}

core_rows()
{
    local name mb=mb_per_second pps=packets_per_second
    core_row 'core, sender and receiver in one thread, 16 KiB packets' \
        'loop-back, 16 KiB packets' $mb 1000 GB/s '>= 3'
    core_row 'core, 200-byte packets, the sender' 'of that the sender, 200' $pps 1e6 \
        'M packets/s' '>= 2'
    core_row 'core, 200-byte packets, the receiver' 'of that the receiver, 200' $pps 1e6 \
        'M packets/s' '>= 2'
    core_row 'core, 200-byte packets, both in one thread' 'loop-back, 200-byte packets' $pps 1e6 \
        'M packets/s' '>= 2'
    for name in encode decode; do
        core_row "$name, blocks of 1024 symbols, 10 % lost, $kernels" \
            "$name 1024 x 1024, 10 %" $mb 1 MB/s '>= 400'
        core_row "$name, the same, portable" "$name 1024 x 1024, 10 %, portable" $mb 1 MB/s '>= 8'
    done
}

# "median 19, p99 32 µs"; nothing if there are no such samples
times() # SAMPLES DIVISOR UNIT
{
    local median p99
    median=$(pick "$1-median" median) p99=$(pick "$1-p99" median)
    [ -z "$median" ] || calc "median %.3g, p99 %.3g $3" "$median / $2, $p99 / $2"
}

# times_row WHAT SAMPLES DIVISOR UNIT [GOAL-MEDIAN GOAL-P99]; beside bare pipes, if they are there
times_row()
{
    local measured other goal='' bare='`cat \| cat`'
    measured=$(times "$2" "$3" "$4") other=$(times "$2-pipe" "$3" "$4")
    [ -z "${5-}" ] || goal="median <= $5${6:+, p99 <= $6} $4"
    row "$1" "${measured:-not measured}" "${other:+$bare: $other}" "$goal" \
        "$(time_verdict "$2" "$3" "${5-}" "${6-}")"
}

time_verdict() # SAMPLES DIVISOR GOAL GOAL: the latter may be empty
{
    local first second=met
    [ -n "$3" ] || return 0
    first=$(verdict "<= $3 * $2" "$(pick "$1-median" median)")
    [ -z "$4" ] || second=$(verdict "<= $4 * $2" "$(pick "$1-p99" median)")
    case "$first $second" in
    'met met') echo met ;;
    *not*) echo 'not measured' ;;
    *) echo missed ;;
    esac
}

times_rows()
{
    times_row '100-byte messages, `send --flush-ms 0 \| recv`, one after the other' \
        message 1 µs 40 120
    times_row 'the same, 100 a second' message-rare 1 µs
    times_row '3 MB messages, one after the other' block 1000 ms
    times_row '`send`: start to first byte of a 1 kB file' first 1000 ms 3
    times_row 'a 1 kB file through `send \| recv out`' whole 1000 ms 10
}

files_row()
{
    local by goal='>= 20000'
    by=$(ratio files tar)
    row "$files files of 1 kB, \`send -r 0 \\| recv --no-fsync -d\`" \
        "$(spread files %.0f files/s)" "${by:+$by of tar, tar}" "$goal files/s" \
        "$(verdict "$goal" "$(pick files median)")"
}

# Of both ends, each: with a stream, and the most that any run with a file took.
memory_rows()
{
    local s r goal='<= 48'
    s=$(pick memory-send most) r=$(pick memory-recv most)
    row "peak memory, a stream of $(numfmt --to=iec-i "$huge")B, 25 % repairs, send and recv" \
        "$s and $r MiB" "at $(pick memory-rate median) MB/s, $(pick cpu-memory median) ns/byte" \
        "$goal MiB each" "$(verdict "$goal" "$s" "$r")"
    s=$(pick peak-send most) r=$(pick peak-recv most)
    row "peak memory, a file of $(numfmt --to=iec-i "$size")B, the most of all runs" \
        "$s and $r MiB" '' "$goal MiB each" "$(verdict "$goal" "$s" "$r")"
}

machine()
{
    local model
    model=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | sed 1q)
    echo "$(nproc) cores of ${model:-$(uname -m)}, Linux $(uname -r), $(date -u +%F)," \
        "load $load before; $("$dttk" --version | sed 1q), kernels $kernels;" \
        "medians of $runs, in brackets least and most."
}

print_all()
{
    local kernels
    kernels=$(sed -n 's/^ *"kernels":"\(.*\)",$/\1/p' core.json)
    machine
    echo
    row what measured ratio goal ''
    echo '|---|---|---|---|---|'
    pipe_rows
    cpu_rows
    core_rows
    times_rows
    files_row
    memory_rows
    echo
    cat lines.md
}

# For the picture; who is not here is left out.
tabulate_throughput()
{
    local name
    printf 'what\tMB/s\tleast\tmost\n'
    while read -r name what; do
        [ ! -e "samples/$name" ] || printf '%s\t%s\t%s\t%s\n' "$what" "$(pick "$name" median)" \
            "$(pick "$name" least)" "$(pick "$name" most)"
    done <<LIST
cat cat | cat
xxh dttk -r 0, xxh128
sha dttk -r 0, SHA-256
xxh_repairs dttk, xxh128
sha_repairs dttk, SHA-256
zmodem sz | rz
repeat each block 4 times
kermit kermit
LIST
}

tabulate_samples()
{
    printf 'what\tnumber\n'
    for name in samples/*; do
        sed "s|^|${name#samples/}\t|" "$name"
    done
}

put_into() # FILE
{
    awk -v table="$out/table.md" '
        /bench: end/ { within = 0 }
        !within { print }
        /bench: begin/ { within = 1; while ((getline line <table) > 0) print line }' "$1" >readme
    cat readme >"$1"
}
