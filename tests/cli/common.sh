# shellcheck shell=bash
# What the tests of send and recv share. No test: it is sourced by them, in a fresh folder.
set -eu -o pipefail

# shellcheck disable=SC2034  # it is used by those that source this
photo=$DTTK_FIXTURES/photo.jpg # 35 kB
exec 3>&1 # for words of the test itself, whatever stdout is

fail()
{
    printf "%s\n" "$*" >&3
    exit 1
}

sanitized()
{
    [ -n "${DTTK_BUILD_SANITIZED-}" ]
}

# make_file BYTES NAME [SEED]: the same random bytes every time.
make_file()
{
    head -c "$1" /dev/zero | "$DTTK" noise -q --ber 0.5 --seed "${3:-1}" >"$2"
}

# expect CODE COMMAND...: run it, its words in err; it must end within 20 s with that code.
expect()
{
    local want=$1 code=0
    shift
    timeout 20 "$@" 2>err || code=$?
    echo "${*/#$DTTK/dttk} -> $code: $(cat -v err)" >&3
    [ "$code" -eq "$want" ] || fail "expected exit $want"
}

# says PATTERN [FILE]: err (or FILE) has a line like that.
says()
{
    grep -q -e "$1" "${2:-err}" || fail "${2:-err} does not say: $1: $(cat -v "${2:-err}")"
}

# one_line FILE: it is one, of dttk's kind, without control bytes.
one_line()
{
    [ "$(wc -l <"$1")" -eq 1 ] || fail "not one line: $(cat -v "$1")"
    says '^dttk: ' "$1"
    printable "$1"
}

printable()
{
    [ "$(tr -d '\012\040-\176\200-\377' <"$1" | wc -c)" -eq 0 ] ||
        fail "control bytes: $(cat -v "$1")"
}

# Nothing of that name, nor anything unfinished beside it.
nothing_at()
{
    local name
    for name in "$1" "$1".part "$1".part.*; do
        [ ! -e "$name" ] || fail "there is $name"
    done
}

# wait_for SECONDS COMMAND...: until the command succeeds.
wait_for()
{
    local tries=$(($1 * 50))
    shift
    until "$@"; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || fail "never came true: $*"
        sleep 0.02
    done
}

# Milliseconds of a clock that is good for differences.
now_ms()
{
    echo $(($(date +%s%N) / 1000000))
}

# preload NAME: the path of what LD_PRELOAD is to be, made of NAME.c, which see.
preload()
{
    printf '%s\n' "$(dirname "$DTTK")/tests/cli/$1.so"
}

# preloaded FILE: or the test is skipped.
preloaded()
{
    if sanitized; then
        echo 'with sanitizers nothing is preloaded but theirs'
        exit 77
    fi
    [ -e "$1" ] || fail "there is no $1: make it"
}
