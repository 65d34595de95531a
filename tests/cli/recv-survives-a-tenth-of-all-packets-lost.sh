#!/bin/bash
# With the redundancy there is by default, for files and for streams; -r 40 bears a fifth.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

make_file 3000000 big
for seed in 1 2 3; do
    for f in "$photo" big; do
        "$DTTK" send "$f" | "$DTTK" noise --loss 0.1 --seed $seed | "$DTTK" recv g
        cmp "$f" g
        "$DTTK" send <"$f" | "$DTTK" noise --loss 0.1 --seed $seed | "$DTTK" recv >g
        cmp "$f" g
        rm g
        "$DTTK" send -r 40 "$f" | "$DTTK" noise --loss 0.2 --seed $seed | "$DTTK" recv g
        cmp "$f" g
        rm g
    done
done
