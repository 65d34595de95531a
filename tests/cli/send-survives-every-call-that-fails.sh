#!/bin/bash
# The n-th of them, for every n: exit 1 with a reason, and what was sent until then is never taken
# for the whole file.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=faults.sh
. "$(dirname "$0")/faults.sh"

line=line
prepare() { rm -f line g g.part*; }
judge()
{
    if [ "$1" -eq 127 ] || [ "$1" -eq 126 ]; then
        return # the loader could not read a library
    fi
    if only_words; then
        [ "$1" -eq 0 ] || fail "exit $1"
    else
        [ "$1" -eq 1 ] || fail "exit $1"
        says '^dttk: '
    fi
    code=0
    "$DTTK" recv -q g <$line 2>/dev/null || code=$?
    if [ -e g ]; then
        cmp "$photo" g
    else
        [ $code -ne 0 ] || fail 'exit 0 of the receiver without a file'
    fi
}
for how in "'$DTTK' send '$photo'" "'$DTTK' send -" "cat 2>cat.err | '$DTTK' send -"; do
    # The sanitizers read files of their own.
    sanitized || sweep read,pread64,readv,preadv EIO "$photo" sh -c "exec >line; $how"
    sweep write,writev,pwrite64,pwritev EIO "$photo" sh -c "exec >line; $how"
done

# Of these not all matter: closing a file that was only read cannot lose anything.
if ! sanitized; then
    preloaded "$fault"
    line=out
    judge()
    {
        local code=0
        [ "$1" -eq 0 ] || [ "$1" -eq 1 ] || fail "exit $1"
        [ "$1" -eq 0 ] || says '^dttk: '
        "$DTTK" recv -q g <$line 2>/dev/null || code=$?
        [ "$1" -ne 0 ] || cmp "$photo" g
        [ ! -e g ] || cmp "$photo" g
        [ -e g ] || [ $code -ne 0 ] || fail 'exit 0 of the receiver without a file'
    }
    sweep_calls open,openat,close 24 /dev/null "$DTTK" send "$photo"
    sweep_calls read,pread,write 5 "$photo" "$DTTK" send --armor
fi
