#!/bin/bash
# Whatever a file is called at the sender: a name inside of DIR, no hidden file, no option, no
# control bytes on the terminal, nothing elsewhere.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

mkdir -p place/dir source
long=$(printf '%0255d' 7)
names=(
    '-rf'
    '.hidden'
    '..hidden'
    '~root'
    $'a\033[31mred'
    $'bell\a\b\r'
    $'two\nlines'
    $'turned\xe2\x80\xaetxt.exe'
    $'\xe2\x80\xa8line'
    $'invisible\xe2\x80\x8bspace'
    $'not \xff\xfe UTF-8'
    '..\..\up'
    'C:\autoexec.bat'
    "$long"
    "$(printf '%0250d' 8).jpg"
    'x.part'
    'x.part.journal'
    'x.part.1'
    ' '
    "quote'\"\$(touch run)\`touch run\`"
    'plain.txt'
    $'gr\xc3\xbc\xc3\x9fe.txt'
)
for i in "${!names[@]}"; do
    echo "file number $i" >"source/${names[i]}"
done
(cd source && "$DTTK" send -v -- "${names[@]}") 2>send.err >line
printable send.err

cd place
expect 0 "$DTTK" recv -v -d dir <../line
printable err
[ "$(wc -l <err)" -ge ${#names[@]} ]
[ "$(ls -A . ..)" = "$(printf '.:\ndir\nerr\n\n..:\nline\nplace\nsend.err\nsource')" ] || fail "$(ls -A . ..)"
mv dir ..
cd ..

# Each of them is there once, as a regular file with a name that is good for everybody.
[ "$(find dir -type f | wc -l)" -eq ${#names[@]} ] || fail "$(ls -la dir)"
[ "$(find dir ! -type d ! -type f | wc -l)" -eq 0 ]
find dir -type f -exec cat {} + | sort >got
find source -type f -exec cat {} + | sort >sent
cmp sent got
shopt -s dotglob
for file in dir/*; do
    name=${file#dir/}
    case $name in
    .* | -* | '~'* | *.part | *.part.*) fail "bad name: $name" ;;
    esac
    [ ${#name} -le 200 ] || fail "long name: $name"
    printf '%s\n' "$name" >name
    printable name
done
cmp source/plain.txt dir/plain.txt
cmp "source/${names[-1]}" "dir/${names[-1]}"
[ -f "dir/$(printf '%0196d' 8).jpg" ] || [ "$(find dir -name '0*.jpg' | wc -l)" -eq 1 ]

# An OUT of our own is called as we like; the sender's name does not matter, and is printable.
for name in "${names[@]:0:6}"; do
    (cd source && "$DTTK" send -q -- "$name") >line
    expect 0 "$DTTK" recv --progress g <line
    cmp "source/$name" g
done

# Refused, or incomplete, it is named without doing harm, too.
(cd source && "$DTTK" send -q -- plain.txt $'a\033[31mred') >line
expect 7 "$DTTK" recv g <line
printable err
