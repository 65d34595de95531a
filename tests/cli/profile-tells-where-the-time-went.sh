#!/bin/bash
# --profile of send and recv: lines for people, an array for programs, and the transfer as ever.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

make_file 3000000 f
"$DTTK" send -q --profile --json sent f 2>send.err | "$DTTK" recv -q --profile --json received g 2>recv.err
cmp f g
for side in send recv; do
    printable $side.err
    says '^dttk: profile: stage  *s  *share  *calls  *least us  *most us$' $side.err
    says '^dttk: profile: packets  *[0-9.]* *[0-9.]* % *[0-9]* *[0-9.]* *[0-9.]*$' $side.err
    says '^dttk: profile: all  *[0-9.]*$' $side.err
    [ "$(grep -vc '^dttk: profile: ' $side.err)" -eq 0 ] || fail 'something else was said'
done
for stage in 'link write' hash 'file read' code other; do
    says "^dttk: profile: $stage " send.err
done
for stage in 'link read' wait hash 'file write' 'file sync'; do
    says "^dttk: profile: $stage " recv.err
done
says '"stage": *"link write"' sent
says '"ns_most": *[1-9]' received

# Not asked for, not said.
"$DTTK" send -q --json sent f 2>send.err >line
[ ! -s send.err ] || fail 'words'
! grep -q profile sent || fail 'a profile that nobody wants'
