#!/bin/bash
# A small file has no name before it is complete or saved. The n-th call of the disk fails, for every
# n, also while it gets its name: no wrong file, what is said to be kept is, nothing is left beside
# it, and the next run completes it. Where such files cannot be, or not be named, it works as well.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=faults.sh
. "$(dirname "$0")/faults.sh"
preloaded "$fault"

make_file 9000 small
"$DTTK" send -q -r 0 --mtu 300 small >line
head -c 6000 line >half

# It does get its name as it is; and is made safe, named, and the folder made safe.
strace -f -qq -o trace -e trace=openat,linkat,fsync,rename,renameat,renameat2 "$DTTK" recv -q g <line
order=$(sed -n 's/.*O_TMPFILE.*/open/p; s/^[0-9]* *fsync(.*/sync/p; s/.* linkat(.*"g".* = 0$/name/p
                s/.* rename.*/rename/p' trace)
[ "$order" = "$(printf 'open\nsync\nname\nsync')" ] || fail "$(cat trace)"

prepare()
{
    rm -f g g.part*
    [ -z "$old" ] || echo "$old" >g
}
judge()
{
    if [ "$1" -eq 0 ]; then
        cmp small g
        nothing_at g.part
    fi
    if [ -e g ] && ! cmp -s small g; then
        [ "$(cat g)" = "${old:-none}" ] || fail 'there is a wrong file'
    fi
    [ "$1" -eq 0 ] || says '^dttk: '
    [ "$1" -le 1 ] || [ "$1" -eq 5 ] || fail "exit $1"
    "$DTTK" recv g <line 2>again || fail "the next run: $(cat again)"
    cmp small g
    if grep -q ' kept in g.part' err; then says '^dttk: g: going on: ' again; fi
    nothing_at g.part
}
# The clock: with it the file is saved on the way, without it is not.
for clock in 0 100; do
    settings=(FAULT_CLOCK="$clock" FAULT_READ=1000)
    for old in '' 'an old file'; do
        undisturbed=0
        for file in line half; do
            sweep_calls pwrite,ftruncate,posix_fallocate 5 $file "$DTTK" recv g
            sweep_calls fsync,fdatasync 5 $file "$DTTK" recv g
            sweep_calls openat,close,flock,fchmod,futimens,renameat,renameat2,linkat,unlinkat 5 \
                $file "$DTTK" recv g
            undisturbed=5
        done
    done
done
echo "$total_calls failures"

# With a kind of file system that has no such files, and with a system that gives them no name.
first=$(grep -n O_TMPFILE <(grep openat trace) | cut -d: -f1)
for inject in openat:error=EOPNOTSUPP:when="$first" linkat:error=EACCES; do
    for old in '' 'an old file'; do
        prepare
        expect 0 strace -f -qq -o trace -e trace="${inject%%:*}" -e inject="$inject" \
            "$DTTK" recv g <line
        grep -q INJECTED trace || fail 'nothing was made to fail'
        cmp small g
        nothing_at g.part
        prepare
        expect 5 strace -f -qq -o trace -e trace="${inject%%:*}" -e inject="$inject" \
            "$DTTK" recv g <half
        says 'kept in g.part'
        expect 0 "$DTTK" recv g <line
        says 'going on: [1-9]'
        cmp small g
    done
done
