#!/bin/bash
# The ancestor's wire carries names, too: they are no paths, and put nothing on a terminal.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=ftag.sh
. "$(dirname "$0")/ftag.sh"

mkdir -p place/dir
names=(/etc/passwd ../../up ../down .. . .hidden -rf 'C:\up.bat' '~root' $'a\e[31mred' $'two\nlines'
    $'\377\376' 'x.part' '' ' ')
for i in "${!names[@]}"; do
    echo "file number $i" >"file.$i"
    ftag_run "${names[i]}" "file.$i"
done >line
echo 'file of a good name' >file.good
ftag_run plain.txt file.good >>line
cat file.* | sort >sent
cd place
expect 0 "$DTTK" recv -v -d dir <../line
printable err
[ "$(ls -A)" = "$(printf 'dir\nerr')" ] || fail "$(ls -A)"
cd ..
for name in up down place/up place/down; do
    [ ! -e $name ] || fail "a file is outside: $name"
done
[ "$(find place/dir -type f | wc -l)" -eq $((${#names[@]} + 1)) ] || fail "$(ls -la place/dir)"
shopt -s dotglob
for file in place/dir/*; do
    base=${file#place/dir/}
    case $base in
    .* | -* | '~'* | *.part | *.part.*) fail "bad name: $base" ;;
    esac
    printf '%s\n' "$base" >base
    printable base
done
cat place/dir/* | sort >got
cmp sent got
cmp file.good place/dir/plain.txt

# A long one loses its middle, so that packets stay as short as the boards want them.
long=$(printf '%080d' 7).jpeg
cp file.good "./$long"
"$DTTK" send -q --wire ftag "./$long" >line
"$DTTK" recv -d place/dir <line
cmp "./$long" place/dir/00000000000000.jpeg
"$DTTK" send -q --wire ftag --mtu 256 "./$long" | "$DTTK" recv -d place/dir
cmp "./$long" "place/dir/$long"
