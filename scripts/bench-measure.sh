# shellcheck shell=bash
#
# What bench measures, by which it is sourced. It works in the folder it is in: dttk is ./dttk, what
# is sent large/file or small/file, what arrives there/file. Numbers go to samples/NAME, one a line.
#
# shellcheck disable=SC2154  # the variables are those of bench

calc() # FORMAT EXPRESSION
{
    awk "BEGIN { printf \"$1\", $2 }"
}

number() # FILE KEY: of dttk's statistics
{
    sed -n "s/^ *\"$2\": *\([0-9.e+-]*\).*/\1/p" "$1"
}

sample() # NAME NUMBER
{
    echo "$2" >>"samples/$1"
}

# pick NAME least|median|most; nothing if there is no such sample
pick()
{
    [ ! -e "samples/$1" ] || sort -g "samples/$1" | awk -v which="$2" '
        { v[NR] = $1 }
        END { print v[which == "least" ? 1 : which == "most" ? NR : int((NR + 1) / 2)] }'
}

say()
{
    printf 'bench: %4d s: %s\n' "$SECONDS" "$*" >&2
}

failed() # WHAT
{
    say "failed: $*"
    [ ! -s log ] || sed 's/^/    /' log >&2
    touch failures
}

# ---- Bytes through a pipe -----------------------------------------------------------------------

have() # CONTENDER
{
    case $1 in
    zmodem) command -v sz && command -v rz ;;
    kermit) command -v kermit ;;
    esac >/dev/null
}

folder_of() # CONTENDER: of what it sends; ftag carries 16 MB at most, kermit is slow
{
    case $1 in
    kermit | repeat) echo small ;;
    *) echo large ;;
    esac
}

run_cat()
{
    # shellcheck disable=SC2002  # it is the pipe that is wanted
    cat large/file | cat >there/file
}

run_zmodem()
{
    (cd there && exec timeout 300 rz -q -b -y <../up >../down) &
    timeout 300 sz -q -b large/file >up <down
    wait $!
}

# C-Kermit wants terminals: two pseudo-terminals, joined, as fast as they go.
run_kermit()
{
    local line receiver ends='set carrier-watch off, set speed 115200, set flow none,
        set parity none, fast, set file type binary'
    ./dttk noise --pty -q --link A --link B >names &
    line=$!
    until [ -s names ]; do
        sleep 0.01
    done
    setsid timeout 300 kermit -Y -H -C "set line B, $ends, receive there/file, exit" </dev/null &
    receiver=$!
    setsid timeout 300 kermit -Y -H -C "set line A, $ends, send /binary small/file, exit" </dev/null
    wait $receiver
    kill $line
    wait $line || true
    rm names
}

# Each block four times, as the ancestor of dttk sends it, but without its pauses.
run_repeat()
{
    ./dttk send -q --wire ftag --mtu 252 --repeat 3 small/file | ./dttk recv -q there/file
}

run_dttk() # OPTIONS of send
{
    ./dttk send -q --json send.json "$@" large/file | ./dttk recv -q --json recv.json there/file
}

run_sha() { run_dttk -r 0; }
run_xxh() { run_dttk -r 0 --digest xxh128; }
run_sha_repairs() { run_dttk; }
run_xxh_repairs() { run_dttk --digest xxh128; }

# What both ends of dttk used.
sample_usage() # CONTENDER BYTES [PEAK]
{
    local cpu end
    cpu="$(number send.json cpu_seconds) + $(number recv.json cpu_seconds)"
    sample "cpu-$1" "$(calc %.3f "($cpu) * 1e9 / $2")"
    for end in send recv; do
        sample "${3-peak}-$end" "$(calc %.1f "$(number $end.json peak_memory) / 1048576")"
    done
}

# One run of one contender, in MB/s; what arrives must be what was sent.
contend() # CONTENDER
{
    local name=$1 folder begin end
    folder=$(folder_of "$name")
    rm -rf there && mkdir there
    begin=$EPOCHREALTIME
    if ! "run_$name" >log 2>&1; then
        failed "$name"
        return
    fi
    end=$EPOCHREALTIME
    if ! cmp "$folder/file" there/file >log 2>&1; then
        failed "$name: what arrived is not what was sent"
        return
    fi
    sample "$name" "$(calc %.2f "$(stat -c %s "$folder/file") / 1e6 / ($end - $begin)")"
    case $name in
    sha | xxh | *_repairs) sample_usage "$name" "$size" ;;
    esac
}

# In turns, so that what else the machine does is shared by all.
measure_pipes()
{
    local run name
    mkdir -p large small
    head -c "$size" /dev/urandom >large/file
    head -c "$small" large/file >small/file
    mkfifo up down
    for ((run = 1; run <= runs; run++)); do
        say "pipes, run $run of $runs"
        for name in cat zmodem kermit repeat sha xxh sha_repairs xxh_repairs; do
            ! have $name || contend $name
        done
    done
    rm -rf there
}

# Memory, of a stream that is made while it is sent, and only its digest kept.
measure_memory()
{
    local begin=$EPOCHREALTIME
    say "memory, $huge bytes"
    while cat large/file; do :; done 2>/dev/null | head -c "$huge" |
        ./dttk send -q --json send.json | ./dttk recv -q --json recv.json | sha256sum >log || {
        failed memory
        return
    }
    sample memory-rate "$(calc %.0f "$huge / 1e6 / ($EPOCHREALTIME - $begin)")"
    sample_usage memory "$huge" memory
}

# ---- The core, messages, small files ------------------------------------------------------------

# dttk bench takes medians by itself.
measure_core()
{
    local quickly=()
    say 'the core'
    [ -z "$quick" ] || quickly=(--quick)
    ./dttk bench --json "${quickly[@]}" 'loop-back, 16' 'loop-back, 200' 'sender, 200' \
        'receiver, 200' 'code 1024 x 1024, 10 %' >core.json 2>log || failed 'dttk bench'
}

# core_number NAME KEY [DIVISOR]: nothing if the stage is not there
core_number()
{
    awk -v name="\"name\":\"$1\"" -v key="\"$2\":" -v by="${3:-1}" '
        index($0, "\"name\":") { here = index($0, name) }
        here && index($0, key) { sub(/.*:/, ""); printf "%.3g\n", $0 / by; exit }' core.json
}

# Samples NAME-median and NAME-p99, in microseconds, of what bench_latency calls otherwise.
sample_latency()
{
    local what median p99 name
    while IFS=$'\t' read -r what _ median p99 _; do
        case $what in
        '100 bytes, cat | cat') name=message-pipe ;;
        '100 bytes, send | recv') name=message ;;
        '100 bytes, 100/s, cat | cat') name=message-rare-pipe ;;
        '100 bytes, 100/s, send | recv') name=message-rare ;;
        '3 MB, cat | cat') name=block-pipe ;;
        '3 MB, send | recv') name=block ;;
        'first byte of a 1 kB file') name=first ;;
        '1 kB file, send | recv') name=whole ;;
        *) continue ;;
        esac
        sample "$name-median" "$median"
        sample "$name-p99" "$p99"
    done
}

measure_latency()
{
    local run quickly=()
    [ -z "$quick" ] || quickly=(--quick)
    for ((run = 1; run <= runs; run++)); do
        say "messages and starts, run $run of $runs"
        "$helpers/bench_latency" "${quickly[@]}" "$dttk" >latency.tsv 2>log || failed latency
        sample_latency <latency.tsv
    done
}

run_files() { ./dttk send -q -r 0 files/* | ./dttk recv -q --no-fsync -d there; }
run_tar() { tar -c -C files . | tar -x -C there; }

measure_files()
{
    local run name begin end
    mkdir files
    head -c $((files * 1000)) /dev/urandom | split -b 1000 -a 5 -d - files/
    for ((run = 1; run <= runs; run++)); do
        say "$files files, run $run of $runs"
        for name in files tar; do
            rm -rf there && mkdir there
            begin=$EPOCHREALTIME
            "run_$name" >log 2>&1 || failed "$name"
            end=$EPOCHREALTIME
            diff -r files there >log 2>&1 || failed "$name: not what was sent"
            sample "$name" "$(calc %.0f "$files / ($end - $begin)")"
        done
    done
    rm -rf files there
}

# ---- Bad lines ----------------------------------------------------------------------------------

measure_lines()
{
    say 'emulated lines'
    : >lines.md
    "$root/scripts/bench-line" "${line_options[@]}" --dttk "$dttk" --dir "$PWD" \
        --tsv "$out/lines.tsv" >lines.md 2>log || failed 'bench-line'
}

measure_losses()
{
    say "losses, $receivers receivers each"
    "$helpers/bench_erasure" --losses "$receivers" >"$out/packets.tsv" 2>log || failed bench_erasure
}
