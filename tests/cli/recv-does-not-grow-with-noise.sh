#!/bin/bash
# 100 MB of random bytes, and as many without a single delimiter: exit 4, no file, no growth.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

megabytes=100
if sanitized; then megabytes=5; fi

endure() # the line is stdin
{
    expect 4 "$DTTK" recv --json json g
    one_line err
    nothing_at g
    peak=$(sed -n 's/.*"peak_memory": *\([0-9]*\).*/\1/p' json)
    echo "peak memory: $peak bytes"
    [ "$peak" -lt 40000000 ] || sanitized || fail 'that is too much'
}

endure < <(head -c ${megabytes}000000 /dev/urandom)
endure < <(head -c ${megabytes}000000 /dev/zero | tr '\0' 'U')
# Among the noise a file is found all the same.
{
    head -c 3000000 /dev/urandom
    "$DTTK" send -q "$photo"
    head -c 3000000 /dev/urandom
} | "$DTTK" recv g
cmp "$photo" g
