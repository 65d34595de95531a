#!/bin/bash
# The n-th write, for every n, as on a disk that is full: exit 1, and no wrong file under the final
# name; if only words were lost, the file is there and equal.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=faults.sh
. "$(dirname "$0")/faults.sh"

"$DTTK" send -q "$photo" | "$DTTK" noise -q --loss 0.03 >line
mkdir dir

prepare()
{
    rm -rf g g.* dir
    mkdir dir
    [ -z "${old-}" ] || echo "$old" >g
}

judge() # exit code
{
    if only_words; then
        [ "$1" -eq 0 ] || fail "exit $1"
        cmp "$photo" $target
        return
    fi
    [ "$1" -eq 1 ] || fail "exit $1"
    says '^dttk: '
    if [ -n "${old-}" ]; then
        [ "$(cat g)" = "$old" ] || fail 'the old file is not what it was'
    else
        [ ! -e $target ] || fail 'there is a file'
    fi
    # What is kept, is kept rightly.
    "$DTTK" send -q "$photo" | "$DTTK" recv "${out[@]}" 2>again
    cmp "$photo" $target
    if grep -q ' kept in ' err; then says ': going on: ' again; fi
}

writes=write,writev,pwrite64,pwritev
target=g out=(g)
sweep $writes ENOSPC line "$DTTK" recv g
old='an old file'
sweep $writes EIO line "$DTTK" recv g
old=''
target=dir/photo.jpg out=(-d dir)
sweep $writes EDQUOT line "$DTTK" recv -d dir

# Standard output: what came out is right as far as it goes.
prepare() { rm -f g; }
judge()
{
    if only_words; then
        [ "$1" -eq 0 ] || fail "exit $1"
        cmp "$photo" g
    else
        [ "$1" -eq 1 ] || fail "exit $1"
        cmp -n "$(wc -c <g)" "$photo" g
    fi
}
sweep $writes ENOSPC line sh -c "exec '$DTTK' recv >g"
