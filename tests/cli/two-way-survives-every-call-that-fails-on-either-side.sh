#!/bin/bash
# Two-way, the n-th call of one side fails, for every n: memory, then all that files and pipes take.
# Neither side hangs or crashes, exit 0 of either means that the file is there and equal, and the
# next run completes it.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=faults.sh
. "$(dirname "$0")/faults.sh"
preloaded "$fault"

make_file 3000 f
mkfifo there back
total=0

# trial VICTIM CALLS ERRNO N: codes in $sent and $received.
trial()
{
    local send=() recv=()
    local make=(env LD_PRELOAD="$fault" FAULT_LOG=log FAULT_CALLS=",$2," FAULT_ERRNO="$3")
    make+=(FAULT_AT="$4")
    case $1 in
    send) send=("${make[@]}") ;;
    recv) recv=("${make[@]}") ;;
    esac
    rm -rf log g g.part*
    timeout 20 "${send[@]}" "$DTTK" send -2 -t 1 f <back >there 2>send.err &
    sender=$!
    received=0 sent=0
    timeout 20 "${recv[@]}" "$DTTK" recv -2 -t 1 g >back <there 2>recv.err || received=$?
    wait $sender || sent=$?
}

judge()
{
    echo "$1 $2: $(cat log): $sent $received: $(tail -qn 1 send.err recv.err | tr '\n' ' ')" >&3
    if [ "$sent" -ge 124 ] || [ "$received" -ge 124 ]; then
        fail "exit $sent, $received: $(cat send.err recv.err)"
    fi
    [ ! -e g ] || cmp f g
    if [ "$sent" -eq 0 ] || [ "$received" -eq 0 ]; then
        [ -e g ] || fail 'exit 0, and there is no file'
    else
        says '^dttk: ' "$1.err"
    fi
    [ -e g ] || "$DTTK" send -q f | "$DTTK" recv -q g || fail "$(ls)"
    cmp f g
}

sweep_side()
{
    local n
    for n in $(seq 1 500); do
        trial "$1" "$2" "$3" "$n"
        [ -s log ] || break
        judge "$1" "$n"
    done
    [ "$n" -gt 1 ] || fail "$1, $2: nothing was made to fail"
    [ "$sent $received" = '0 0' ] || fail "without a failure: exit $sent, $received"
    echo "$1, $2: $((n - 1)) failures" >&3
    total=$((total + n - 1))
}

for side in send recv; do
    sweep_side $side malloc,calloc,realloc,mmap 12
    sweep_side $side read,write,pread,pwrite 5
    sweep_side $side open,openat,close 24
done
sweep_side recv fsync,fdatasync,ftruncate,posix_fallocate,fchmod,futimens,flock 5
sweep_side recv renameat,renameat2,linkat,unlinkat 5
echo "$total failures"
