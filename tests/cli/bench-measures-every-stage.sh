#!/bin/bash
# A line for each stage, its numbers in order; or the same as JSON. Nothing is left behind.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=bench.sh
. "$(dirname "$0")/bench.sh"

# Under sanitizers the code and the transfers take minutes: some stages of each kind must do.
stages=()
sanitized && stages=(COBS frame 'encode  128 x 1024, 10 %' 'loop-back, 200' 'send -r 0')

timeout 110 "$DTTK" bench --quick "${stages[@]}" >out 2>err || fail "exit $?: $(cat err)"
cat out
[ ! -s err ] || fail "words on stderr: $(cat err)"
printable out
says '^dttk [^ ]*, kernels [^ ]*, [0-9]* processors' out
says '^STAGE  *MB/S  *LEAST  *MOST  *NS/BYTE  *PACKETS/S  *CPU NS/B$' out
for stage in 'COBS encode, random bytes' 'frame read, 200 bytes' 'encode  128 x 1024, 10 %' \
    'loop-back, 200-byte packets' 'send -r 0 | recv out'; do
    says "^$stage  *[0-9]*  *[0-9]*  *[0-9]*  *[0-9.]*" out
done
if ! sanitized; then
    for stage in 'memory copy' CRC-32C SHA-256 'decode 1024 x 1024, 10 %' \
        'loop-back, 25 % repairs, 10 % lost' 'cat | cat > out'; do
        says "^$stage  *[0-9]*  *[0-9]*  *[0-9]*  *[0-9.]*" out
    done
fi

# MB/s: the median lies between least and most, and ns/byte is its reciprocal.
sed 1,3d out | sed -n 's/^.\{36\}//p' | awk '
    NF > 0 {
        lines++
        if ($1 < $2 || $1 > $3 || $1 * $4 < 990 - $4 || $1 * $4 > 1010 + $4) {
            print "these do not go together: " $0
            bad = 1
        }
    }
    END { exit bad || lines < 5 }'

expect 0 "$DTTK" bench --quick --json CRC-32C >out
printable out
for key in '"version"' '"kernels"' '"processors"' '"name":"CRC-32C"' '"seconds_least"' \
    '"seconds_median"' '"seconds_most"' '"mb_per_second"' '"ns_per_byte"' '"packets_per_second"'; do
    says "$key" out
done
nothing_is_left
