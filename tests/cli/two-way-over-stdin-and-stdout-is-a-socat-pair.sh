#!/bin/bash
# Files of every size arrive equal, both ends exit 0, and the last line of each says so.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

# over OPTIONS: $f arrives as out. socat's own exit code says nothing of theirs.
over()
{
    rm -f out ./*.code
    echo "'$DTTK' send -2 $1 f 2>send.err; echo \$? >send.code" >s
    echo "'$DTTK' recv -2 $1 out 2>recv.err; echo \$? >recv.code" >r
    timeout 60 socat EXEC:'sh s' EXEC:'sh r'
    wait_for 5 test -s send.code
    wait_for 5 test -s recv.code
    echo "send $(cat send.code): $(cat send.err), recv $(cat recv.code): $(cat recv.err)"
    [ "$(cat send.code) $(cat recv.code)" = '0 0' ] || fail 'not both 0'
    cmp f out
}

for size in 0 1 1023 1025 20000000; do
    make_file $size f
    over ''
    one_line send.err
    one_line recv.err
    says '^dttk: f: delivered: .* loss 0\.0 %, 0 symbols sent again$' send.err
    says '^dttk: out: verified: .* loss 0\.0 %, no repairs needed$' recv.err
    nothing_at out.part
done
over -q
if [ -s send.err ] || [ -s recv.err ]; then fail 'not quiet'; fi

# Beforehand send says what it is going to do, recv afterwards what the line did.
make_file 35000 f
over -v
head -n 1 send.err >plan
says '^dttk: f: 274 symbols of 128 bytes, frames of up to 16384$' plan
says '^dttk: link: [0-9]* bytes, [0-9]* frames good, 0 bad' recv.err

# Into a folder, and several of them.
mkdir there
make_file 5000 second 2
echo "'$DTTK' send -2 f second 2>send.err; echo \$? >send.code" >s
echo "'$DTTK' recv -2 -d there 2>recv.err; echo \$? >recv.code" >r
rm ./*.code
timeout 60 socat EXEC:'sh s' EXEC:'sh r'
wait_for 5 test -s recv.code
[ "$(cat send.code) $(cat recv.code)" = '0 0' ] || fail "$(cat send.err recv.err)"
cmp f there/f
cmp second there/second
