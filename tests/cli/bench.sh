# shellcheck shell=bash
# What the tests of bench share. No test.

# Folders that a bench with this process id has made.
folders_of()
{
    ls -d /dev/shm/dttk-bench."$1".* "${TMP:-/tmp}"/dttk-bench."$1".* /tmp/dttk-bench."$1".* \
        2>/dev/null || true
}

# No folder is left by a bench that is gone; others may be at work.
nothing_is_left()
{
    local folder pid
    for folder in /dev/shm/dttk-bench.* "${TMP:-/tmp}"/dttk-bench.* /tmp/dttk-bench.*; do
        pid=${folder#*dttk-bench.}
        pid=${pid%.*}
        case $pid in
        *[!0-9]* | '') ;;
        *) [ -d /proc/"$pid" ] || [ ! -d "$folder" ] || fail "left: $folder" ;;
        esac
    done
}
