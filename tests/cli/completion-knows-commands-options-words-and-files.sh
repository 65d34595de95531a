#!/bin/bash
# What bash offers after a piece of a line: by the functions that bash itself would call.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=../../scripts/completion.bash
. "$DTTK_FIXTURES/../scripts/completion.bash"

# complete_line WORD...: what is offered after this line, whose last word is being typed.
complete_line()
{
    COMP_WORDS=("$DTTK" "$@")
    COMP_CWORD=$#
    _dttk "$DTTK" || :
}

# offers WORD... -- LINE...: exactly these words, in any order.
offers()
{
    local wanted='' offered
    while [ "$1" != -- ]; do
        wanted+="$1"$'\n'
        shift
    done
    shift
    complete_line "$@"
    offered=$(printf '%s\n' "${COMPREPLY[@]}" | sort)
    [ "$offered" = "$(printf '%s' "$wanted" | sort)" ] || fail "after dttk $*: ${COMPREPLY[*]}"
}

offers send recv noise ports bench --help --version -- ''
offers send -- se
offers --version -- --v
offers -- nothing ''
offers -- nothing -

# Options are those that the command knows, all of them.
for command in send recv noise ports bench; do
    words=("$command")
    [ $command != bench ] || words+=(--link) # with it all are allowed
    complete_line $command --
    for option in "${COMPREPLY[@]}"; do
        case $option in --help | --pty) continue ;; esac
        timeout 10 "$DTTK" "${words[@]}" "$option" x --help >out 2>err </dev/null || :
        ! grep -q 'no such option' err || fail "$command has no $option"
    done
    [ ${#COMPREPLY[@]} -ge "$("$DTTK" $command --help | grep -c '^ *\(-., \)*--')" ] ||
        fail "$command: options are missing: ${COMPREPLY[*]}"
done
offers --progress --profile -- send --pro
offers --no-progress -- send --no-
offers --directory -- recv --dir
offers -- recv --redundancy

# Words that an option may have; and every one of them is taken.
offers none even odd mark space -- send --parity ''
offers hard -- recv --flow h
offers on off -- send --dtr ''
offers sha256 xxh128 -- send --digest ''
offers xxh128 -- send --digest = x
offers dttk ftag -- send --wire ''
offers dttk ftag lines -- noise --wire ''
offers 115200 -- send -b 11
for option in parity flow stopbits wire dtr rts digest; do
    complete_line send --$option ''
    for word in "${COMPREPLY[@]}"; do
        timeout 10 "$DTTK" send --$option "$word" --help >out 2>err || fail "--$option $word"
    done
done
offers -- send --mtu ''
offers -- send -L 1
offers stage -- bench st
offers auto -- bench --link au

# Names.
mkdir folder
touch 'a file' photo.jpg
offers 'a file' -- send a
offers photo.jpg -- send -r 5 p
offers photo.jpg -- recv --json p
offers folder -- recv -d ''
offers folder -- recv --directory = f
offers 'a file' -- send -- a
offers auto -- send -p au
offers photo.jpg -- send --port p
for port in $("$DTTK" ports | awk '/^\// { print $1 }'); do
    offers "$port" -- recv -p "$port"
done

# As bash sees it, in a new one.
bash -c '. "$0" && complete -p dttk' "$DTTK_FIXTURES/../scripts/completion.bash" >out
[ "$(cat out)" = 'complete -F _dttk dttk' ] || fail 'not registered'
