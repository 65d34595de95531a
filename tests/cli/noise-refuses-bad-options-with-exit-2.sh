#!/bin/sh
# One line that names the option and ends with the value; nothing on stdout.
set -eu

refused() { # the end of the message, then the options
    end=$1
    shift
    code=0
    echo data | "$DTTK" noise "$@" >out 2>err || code=$?
    echo "$* -> $code: $(cat err)"
    test "$code" -eq 2
    test ! -s out
    test "$(wc -l <err)" -eq 1
    grep -q '^dttk: ' err
    grep -q -e ": $end\$" err
}

for option in --ber --drop --insert --dup --loss; do
    for value in 1.1 -0.1 x nan 0x1 101% '' 1e-3x; do
        refused "$value" $option "$value"
    done
done
refused 0 --loss 0.1,0
refused 0.1,2,3 --loss 0.1,2,3
refused 100 --burst 100
refused 0 --burst 0,10
refused 1001 --reorder 1001
refused -1 --reorder -1
refused telex --wire telex
refused 0 --baud 0
refused 115200x --baud 115200x
refused 60001 --latency 60001
refused 18446744073709551616 --seed 18446744073709551616
refused --seed --seed
refused --nothing --nothing
refused -x -x
refused --quiet=1 --quiet=1
refused file file
