#!/bin/bash
# The n-th fsync or rename, for every n: not exit 0, and nothing wrong under the final name.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=faults.sh
. "$(dirname "$0")/faults.sh"

"$DTTK" send -q "$photo" >line
"$DTTK" send -q "$photo" | head -c 20000 >half

# Undisturbed: the file is made safe, then named, then the folder made safe.
strace -f -qq -o trace -e trace=fsync,fdatasync,rename,renameat,renameat2 "$DTTK" recv -q g <line
order=$(sed -n 's/^[0-9]* *\(fsync\|fdatasync\)(.*/sync/p; s/.*"g.part",.* "g".*/name/p' trace)
[ "$order" = "$(printf 'sync\nname\nsync')" ] || fail "$(cat trace)"

# The next run goes on if what arrived is said to be kept, and completes it in any case.
believe_what_was_said()
{
    "$DTTK" recv g <line 2>again
    cmp "$photo" g
    if grep -q ' kept in ' err; then says '^dttk: g: going on: ' again; fi
}

prepare()
{
    rm -f g g.part*
    [ -z "$old" ] || echo "$old" >g
}
judge()
{
    [ "$1" -eq 1 ] || fail "exit $1"
    says '^dttk: g: .*\(input/output error\|cross-device\)'
    # Replaced, but perhaps not for good: then it is the new one.
    if [ -e g ] && ! cmp -s "$photo" g; then
        [ "$(cat g)" = "${old:-none}" ] || fail 'there is a wrong file'
    fi
    [ -n "$old" ] || [ ! -e g ] || fail 'there is a file'
    believe_what_was_said
}
for old in '' 'an old file'; do
    sweep fsync,fdatasync EIO line "$DTTK" recv g
    sweep rename,renameat,renameat2,link,linkat EXDEV line "$DTTK" recv g
done

# Of a run that does not complete it: what arrived may be lost, but is never taken for more.
old=''
judge()
{
    [ "$1" -eq 1 ] || fail "exit $1"
    [ ! -e g ] || fail 'there is a file'
    believe_what_was_said
}
undisturbed=5
sweep fsync,fdatasync EIO half "$DTTK" recv g
sweep rename,renameat,renameat2,link,linkat EIO half "$DTTK" recv g

# A regular file as standard output is made safe before it is called verified.
judge() { [ "$1" -eq 1 ] || fail "exit $1"; says '^dttk: stdout: cannot make it safe: '; }
prepare() { rm -f g; }
undisturbed=0
sweep fsync,fdatasync EIO line sh -c "exec '$DTTK' recv >g"
