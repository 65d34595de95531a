#!/bin/bash
# The n-th open, close, read, truncation or chmod, for every n: no hang, no crash, nothing wrong
# under the final name; and exit 0 only if it is there.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=faults.sh
. "$(dirname "$0")/faults.sh"

if sanitized; then
    echo 'the sanitizers open files of their own'
    exit 77
fi

make_file 4000 f
"$DTTK" send -q f | "$DTTK" noise -q --loss 0.1 --seed 2 >line
"$DTTK" send -q f | head -c 2000 >half

prepare()
{
    rm -f g g.part*
    "$DTTK" recv -q g <half 2>/dev/null || true
}
judge()
{
    if grep -q 'damaged' err; then fail 'nothing is damaged, so it is not to be thrown away'; fi
    [ "$1" -lt 124 ] || [ "$1" -eq 127 ] || fail "exit $1"
    if [ "$1" -eq 0 ] || [ -e g ]; then
        cmp f g
    fi
}
sweep openat EMFILE line "$DTTK" recv g
sweep close EIO line "$DTTK" recv g
sweep read,pread64 EIO line "$DTTK" recv g
sweep ftruncate,fchmod,utimensat,flock,fstatfs,unlinkat,newfstatat,fcntl,ppoll EIO line "$DTTK" recv g
