#!/bin/bash
# An ext4 is shut down just before the n-th call that concerns the disk, for every n, and mounted
# again: what was called verified is there and equal, nothing wrong ever is, what was saved is gone
# on with, and the next run completes it. (Shut down is ext4 alone: a disk that lies about what it
# has written is another matter.)
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=faults.sh
. "$(dirname "$0")/faults.sh"
preloaded "$fault"

for tool in mkfs.ext4 mount losetup; do
    type -P $tool >/dev/null || PATH=$PATH:/sbin:/usr/sbin
    type -P $tool >/dev/null || { echo "no $tool" && exit 77; }
done
truncate -s 16M image
mkdir disk
mkfs.ext4 -q -F image >/dev/null 2>&1 || { echo 'no ext4 can be made' && exit 77; }
if ! mount -o loop image disk 2>/dev/null; then
    echo 'nothing can be mounted here; it takes root'
    exit 77
fi
trap 'umount -l disk 2>/dev/null' EXIT

# A clock by which there is a second between two saves of the journal.
clock=(FAULT_CLOCK=100 FAULT_READ=2000)
calls=,write,pwrite,fsync,fdatasync,ftruncate,posix_fallocate,fchmod,futimens,
calls+=openat,close,renameat,renameat2,linkat,unlinkat,

# cut N INPUT COMMAND...: the power fails before call N; its code in $code, its words in err.
cut()
{
    code=0
    rm -f log
    env "${clock[@]}" LD_PRELOAD="$fault" FAULT_LOG=log FAULT_CALLS="$calls" FAULT_AT="$1" \
        FAULT_POWER=disk FAULT_FLUSH="$flush" "${@:3}" <"$2" 2>err || code=$?
}

# power_returns: what ext4 has in memory is gone, and it is mounted anew.
power_returns()
{
    umount disk || { sleep 1 && umount disk; }
    mount -o "loop,$options" image disk
}

power_fails_now()
{
    code=0
    env LD_PRELOAD="$fault" FAULT_CALLS=,open, FAULT_AT=1 FAULT_POWER=disk FAULT_FLUSH="$flush" \
        "$DTTK" recv -q -d disk </dev/null || code=$?
    [ $code -eq 99 ] || fail "exit $code: the disk cannot be shut down"
}

make_file 5000 other

# sends FILE: that is what is received, all of it, half of it, or a third.
sends()
{
    sent=$1
    size=$(stat -c %s "$1")
    "$DTTK" send -q -r 40 --mtu 300 "$1" | "$DTTK" noise -q --loss 0.1 --seed 2 >line
    head -c $((size * 5 / 6)) line >half
    head -c $((size * 2 / 5)) line >third
}

# check N: after the power returned.
check()
{
    local verified=''
    here=
    if grep -q ': verified' err || [ "$code" -eq 0 ]; then verified=1; fi
    if [ -e disk/g ] && ! cmp -s "$sent" disk/g; then
        [ -n "$old" ] || fail "$1: a wrong file"
        cmp other disk/g || fail "$1: neither the old file nor the new one"
        [ -z "$verified" ] || fail "$1: verified, and the old one is there"
    fi
    [ -z "$verified" ] || [ -e disk/g ] || fail "$1: verified, and it is not there"
    if [ -z "$old" ] && [ -e disk/g ]; then return; fi
    "$DTTK" recv disk/g <line 2>again || fail "$1: the next run: $(cat again)"
    cmp "$sent" disk/g || fail "$1: the next run"
    # What is here only grows from call to call, until the file itself is.
    if grep -q 'already here' again; then return; fi
    here=$(sed -n 's/.*going on: \([0-9]*\) of .*/\1/p' again)
    [ "${here:-0}" -ge "$last" ] || fail "$1: $last bytes were here before: $(cat again)"
    last=${here:-0}
}

# trials INPUT: with the settings $flush, $options, $old (a file is replaced), $begun.
total=0
trials()
{
    local n
    last=0
    for n in $(seq 1 300); do
        rm -rf disk/g*
        [ -z "$old" ] || cp other disk/g
        if [ -n "$begun" ]; then "$DTTK" recv -q disk/g <third 2>/dev/null || true; fi
        sync -f disk
        cut "$n" "$1" "$DTTK" recv disk/g
        [ -s log ] || break
        [ $code -eq 99 ] || fail "$n: exit $code: $(cat err)"
        power_returns
        check "$n $(cat log)"
        echo "$n $(cat log): ${here:-0} bytes to go on with" >&3
        total=$((total + 1))
    done
    [ "$n" -lt 300 ] || fail 'there is no end'
    # And when it has ended.
    ended=$code
    power_fails_now
    power_returns
    code=$ended
    check 'at the end'
    [ "$last" -gt $((size / 3)) ] || fail "only $last bytes were ever gone on with"
    echo "$1, $options, flush $flush, old '$old', begun '$begun': $((n - 1)) power cuts" >&3
}

# Without a word from the disk there is nothing to be kept: so these trials can fail.
sends "$photo"
flush=2
"$DTTK" recv -q --no-fsync disk/g <line
power_fails_now
options=noauto_da_alloc
power_returns
if cmp "$sent" disk/g; then fail 'nothing is ever lost here'; fi

for options in noauto_da_alloc data=writeback,noauto_da_alloc; do
    umount disk
    mkfs.ext4 -q -F image
    mount -o "loop,$options" image disk
    for flush in 1 2; do
        old='' begun='' && trials line
        old=1 begun='' && trials line
        old='' begun=1 && trials half
    done
done

# A small file, which has no name at first.
make_file 12000 small
sends small
for flush in 1 2; do
    old='' begun='' && trials line
    old=1 begun='' && trials line
    old='' begun='' && trials half
done
echo "$total power cuts"
