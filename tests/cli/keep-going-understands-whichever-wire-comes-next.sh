#!/bin/bash
# Senders that follow each other may speak other wires: after a silence with nothing under way it is
# found out anew.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=two-way.sh
. "$(dirname "$0")/two-way.sh"

mkdir in
make_file 3000 plain 1
make_file 3000 text 2
make_file 3000 ancestor 3
make_file 3000 again 4
mkfifo line
exec 4<>line
begin recv "$DTTK" recv --keep-going -d in <line 4>&-
# next FILE OPTIONS...: it comes, behind some garbage, and is taken.
next()
{
    local file=$1
    shift
    "$DTTK" send -q "$@" "$file" >&4
    wait_for 10 grep -q "in/$file: verified" recv.err
    cmp "$file" "in/$file"
    sleep 2.2
    printf 'login: ~~ \377\000' >&4
}
next plain
next text --armor
next ancestor --wire ftag
next again
exec 4>&-
ends recv 0
