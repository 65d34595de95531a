#!/bin/bash
# scripts/bench in its tiniest form: every row, every file; and the table goes into a page.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

if sanitized; then
    echo 'with sanitizers it takes minutes'
    exit 77
fi

scripts=$DTTK_FIXTURES/../scripts
printf 'before\n<!-- bench: begin -->\nold\n<!-- bench: end -->\nafter\n' >page.md
"$scripts/bench" --tiny --dttk "$DTTK" --dir . --out out --readme page.md >table 2>log || {
    cat table log
    fail 'it failed'
}
cat table log

# shellcheck disable=SC2016  # Markdown has backquotes
for row in 'cat \\| cat > out' 'send -r 0 \\| recv out' 'the same, beside `sz \\| rz`' \
    'the same, `--digest xxh128`' 'send \\| recv out` (25 % repairs), `--digest xxh128`' \
    'each block 4 times' 'kermit' 'CPU of both ends' 'core, .* 16 KiB packets' \
    'core, 200-byte packets' 'encode' 'decode' '100-byte messages' '3 MB messages' \
    'start to first byte' 'a 1 kB file through' 'files of 1 kB' 'peak memory, a stream' \
    '2k@921600' 'dttk'; do
    says "^| .*$row" table
done

# What dttk was to do it did: a row of its own says a number, and whether that is good.
[ "$(grep -c '| met |$\|| missed |$' table)" -ge 18 ] || fail 'goals without a verdict'
says '^| `send -r 0 .*[0-9] MB/s | [0-9.]* of cat | >= 0.27 of cat | [a-z]* |$' table

cmp table out/table.md
for name in throughput.tsv lines.tsv packets.tsv samples.tsv; do
    [ "$(wc -l <"out/$name")" -ge 2 ] || fail "too little in $name"
done
if command -v gnuplot >/dev/null; then
    for name in throughput goodput packets; do
        says '</svg>' "out/$name.svg"
    done
fi

{ echo before; echo '<!-- bench: begin -->'; cat table; echo '<!-- bench: end -->'; echo after; } |
    cmp - page.md
[ "$(find . -name 'dttk-*' | wc -l)" -eq 0 ] || fail 'it left its folder'

expect 2 "$scripts/bench" --nonsense
says 'bench: .*: --nonsense'
expect 2 "$scripts/bench" --dttk ./not-there
says 'not-there'
