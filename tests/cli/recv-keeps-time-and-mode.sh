#!/bin/bash
# As the sender's, the umask taken off, never set-uid; of a stream neither is known.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

cp "$photo" f
touch -d '2001-02-03 04:05:06.789' f
for mode in 644 600 755 444 4755 666; do
    chmod $mode f
    (umask 022 && "$DTTK" send -q f | "$DTTK" recv -q g)
    want=$(printf %o $((0$mode & 0755)))
    [ "$(stat -c %a g)" = "$want" ] || fail "$mode -> $(stat -c %a g)"
    [ "$(stat -c %y g)" = "$(stat -c %y f)" ] || fail "$(stat -c %y g)"
    rm -f g
done
(umask 077 && "$DTTK" send -q f | "$DTTK" recv -q g)
[ "$(stat -c %a g)" = 600 ]

# shellcheck disable=SC2002  # a stream is what is to be sent
(umask 027 && cat f | "$DTTK" send -q | "$DTTK" recv -q h)
[ "$(stat -c %a h)" = 640 ] || fail "$(stat -c %a h)"
