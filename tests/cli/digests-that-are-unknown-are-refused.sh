#!/bin/bash
# A digest that is not known is refused in one line: by send as a word, by recv as a flag of OBJECT.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

echo x >f
expect 2 "$DTTK" send --digest md5 f >out
[ "$(cat err)" = 'dttk: --digest: must be sha256 or xxh128: md5' ] || fail 'other words'
[ ! -s out ] || fail 'something was written'
expect 2 "$DTTK" send --wire ftag --digest xxh128 f >out
one_line err
[ ! -s out ] || fail 'something was written'

# OBJECT with flag 0x20, which nobody has given a meaning yet.
xxd -r -p >later <<END
00024104327220190c8001050102030405060708090a0b0c0d0e0f1001783412053223be9d00
END
expect 7 "$DTTK" recv out.d <later
one_line err
says '^dttk: stdin: sent in a way this version does not know: get a newer dttk$'
nothing_at out.d
"$DTTK" recv -q --json stats out.d <later 2>err && fail 'a success'
says '"bad_flags": *1' stats

# A file of one byte with XXH128: who was built without it says so.
xxd -r -p >xxh128 <<END
00024104ef9d081a0c01015c7401c0ec22eeeeeaf06c6480b2cd11027866f9ca06010d64a7b3b6e0
0da401c7982d8400054201ef9d0678dbbfde7800064102ef9d081a0c01015c7401c0ec22eeeeeaf0
6c6480b2cd11027866f9ca06010d64a7b3b6e00da40160c4413a001c4403ef9d0101045c7401c0ec
22eeeeeaf06c6480b2cd111e62731500074404ef9d0101155c7401c0ec22eeeeeaf06c6480b2cd11
6e9a89fe00
END
if "$DTTK" send -q --digest xxh128 f >/dev/null 2>&1; then
    expect 0 "$DTTK" recv g <xxh128
    [ "$(cat g)" = x ] || fail 'another byte'
else
    expect 7 "$DTTK" recv g <xxh128
    one_line err
    says '^dttk: g: its digest is XXH128, which this dttk is built without; '
    nothing_at g
fi
