#!/bin/bash
# Several files share the line, fair by bytes: small ones are through first, whatever their order;
# --in-order keeps it. A stream goes ahead of them. The same content twice is no trouble.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

# in_the_end ORDER...: the verdicts of recv, in this order.
in_the_end()
{
    sed -n 's/^dttk: out\/\(.*\): verified: .*/\1/p' recv.err | tr '\n' ' ' >order
    [ "$(cat order)" = "$* " ] || fail "not in the order of $*: $(cat order)"
}

# carry OPTIONS-AND-FILES...: from send to recv, and all is there.
carry()
{
    rm -rf out
    mkdir out
    "$DTTK" send "$@" 2>send.err >line || fail "send: $(cat send.err)"
    "$DTTK" recv -d out <line 2>recv.err || fail "recv: $(cat recv.err)"
}

make_file 900000 large 1
make_file 30000 middle 2
make_file 100 small 3
cp middle twin
carry large middle small twin
in_the_end small middle twin large
for file in large middle small twin; do
    cmp $file out/$file
done
carry --in-order large middle small
in_the_end large middle small

# As much of each went out until the smaller was through.
carry -r 0 large middle
"$DTTK" send -r 0 middle 2>/dev/null >alone
head -c $(($(wc -c <alone) * 19 / 10)) line >front
rm -rf out && mkdir out
expect 5 "$DTTK" recv -d out <front
[ ! -e out/middle ] || fail 'it had more than its half'
head -c $(($(wc -c <alone) * 24 / 10)) line >front
rm -rf out && mkdir out
"$DTTK" recv -d out <front 2>recv.err || true
cmp middle out/middle || fail 'it had less than its half'

# Twenty at once, with losses; a name twice is refused, and keeps no other back.
names=()
for i in {1..20}; do
    make_file $((i * 1000)) "f$i" "$i"
    names+=("f$i")
done
rm -rf out && mkdir out
"$DTTK" send -q "${names[@]}" | "$DTTK" noise -q --loss 0.08 --seed 5 | "$DTTK" recv -q -d out
for file in "${names[@]}"; do
    cmp "$file" "out/$file"
done
mkdir other
make_file 5000 other/f3 77
expect 0 "$DTTK" send -q f1 f3 other/f3 f2 >line
expect 7 "$DTTK" recv -d out <line
says '^dttk: out/f3: exists, with other content; -f replaces it$'
rm -rf out && mkdir out
expect 7 "$DTTK" recv -d out <line
cmp f3 out/f3
cmp f2 out/f2

# One that cannot be read keeps no other back; the code says that it was so.
rm -rf out && mkdir out
expect 1 "$DTTK" send f1 missing f2 >line
says '^dttk: missing: no such file'
expect 0 "$DTTK" recv -q -d out <line
cmp f1 out/f1
cmp f2 out/f2
