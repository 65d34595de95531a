#!/bin/bash
# The journal is written on the way, by a clock that goes fast; the n-th call of the disk fails, for
# every n: no wrong file, nothing is taken for more than it is, and the next run completes it.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=faults.sh
. "$(dirname "$0")/faults.sh"
preloaded "$fault"

settings=(FAULT_CLOCK=100 FAULT_READ=1000)
"$DTTK" send -q -r 40 "$photo" | "$DTTK" noise -q --loss 0.1 --seed 2 >line
head -c 30000 line >half
head -c 9000 line >quarter

# It does save on the way, each field in place: or there is nothing to be seen here.
strace -f -qq -o trace -e trace=pwrite64,fdatasync \
    env "${settings[@]}" LD_PRELOAD="$fault" "$DTTK" recv -q g <half 2>/dev/null || true
[ "$(grep -c fdatasync trace)" -ge 6 ] || fail "$(cat trace)"

prepare()
{
    rm -f g g.part*
    if [ -n "$begun" ]; then "$DTTK" recv -q g <quarter 2>/dev/null || true; fi
}
judge()
{
    if grep -q 'damaged' err; then fail 'nothing is damaged'; fi
    if [ "$1" -eq 0 ] || [ -e g ]; then
        cmp "$photo" g
    fi
    [ "$1" -eq 0 ] || says '^dttk: '
    [ "$1" -le 1 ] || [ "$1" -eq 5 ] || fail "exit $1"
    if [ -e g ]; then return; fi
    "$DTTK" recv g <line 2>again || fail "the next run: $(cat again)"
    cmp "$photo" g
    if grep -q ' kept in g.part' err; then says '^dttk: g: going on: ' again; fi
}
for begun in '' 1; do
    undisturbed=0
    for file in line half; do
        sweep_calls pwrite 28 $file "$DTTK" recv g
        sweep_calls pwrite,ftruncate,posix_fallocate 5 $file "$DTTK" recv g
        sweep_calls pread 5 $file "$DTTK" recv g
        sweep_calls fsync,fdatasync 5 $file "$DTTK" recv g
        sweep_calls openat,close,flock,fchmod,futimens,renameat,renameat2,linkat,unlinkat 5 \
            $file "$DTTK" recv g
        undisturbed=5
    done
done
echo "$total_calls failures"
