# shellcheck shell=bash
#
# Completion of dttk for bash: commands, options, their words, ports, files. Installed as
# share/bash-completion/completions/dttk; `. scripts/completion.bash` does for a trial.
#
# Options are read from `dttk COMMAND --help`, so they are those of the dttk that is typed.

# Set COMPREPLY to those of the words that go on with what is typed.
_dttk_words()
{
    local IFS=$' \t\n'
    # shellcheck disable=SC2207  # words have no blanks
    COMPREPLY=($(compgen -W "$*" -- "$cur"))
}

# The same with names of files, or with -d of folders.
_dttk_files()
{
    local IFS=$'\n'
    compopt -o filenames 2>/dev/null
    # shellcheck disable=SC2207  # lines are names
    COMPREPLY=($(compgen "${1--f}" -- "$cur"))
}

# Serial ports that are here; or what else is typed as a path.
_dttk_ports()
{
    _dttk_words auto "$("$dttk" ports 2>/dev/null | sed -n 's|^\(/[^ ]*\) .*|\1|p')"
    [ ${#COMPREPLY[@]} -gt 0 ] || _dttk_files
}

# The options of a help text on stdin.
_dttk_options()
{
    sed -n -e 's/^ \{2,6\}\(-[A-Za-z0-9], \)\{0,1\}\(--[^ ]*\).*/\2/p' |
        sed -e 's/^--\[no-]\(.*\)/--\1 --no-\1/'
}

# What the help text on stdin calls the value of option $1: FILE, on|off; nothing if it has none.
_dttk_value()
{
    sed -n -e "s/^ \{2,6\}\(-[A-Za-z0-9], \)\{0,1\}$1 \([^ ][^ ]*\)\( .*\)\{0,1\}\$/\2/p" \
        -e "s/^ \{2,6\}$1, --[a-z-]* \([^ ][^ ]*\)\( .*\)\{0,1\}\$/\1/p"
}

# The value of option $1, which is called $2.
_dttk_complete_value()
{
    case $command:$1 in
    *:--parity) _dttk_words none even odd mark space ;;
    *:--stopbits) _dttk_words 1 2 ;;
    *:--flow) _dttk_words none hard soft ;;
    *:--baud | *:-b) _dttk_words 9600 19200 38400 57600 115200 230400 460800 921600 ;;
    *:--digest) _dttk_words sha256 xxh128 ;;
    noise:--wire) _dttk_words dttk ftag lines ;;
    *:--wire) _dttk_words dttk ftag ;;
    *)
        case $2 in
        PATH) _dttk_ports ;;
        FILE) _dttk_files ;;
        DIR) _dttk_files -d ;;
        *'|'*) _dttk_words "${2//|/ }" ;;
        esac
        ;;
    esac
}

_dttk()
{
    local dttk=$1 cur=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD - 1]}
    local command=${COMP_WORDS[1]} help value i
    COMPREPLY=()
    # --option=value comes as three words.
    if [ "$cur" = = ]; then
        cur=
    elif [ "$option" = = ] && [ "$COMP_CWORD" -ge 3 ]; then
        option=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    if [ "$COMP_CWORD" -le 1 ]; then
        _dttk_words "$("$dttk" --help 2>/dev/null | sed -n 's/^  dttk \([a-z]*\) .*/\1/p')" \
            --help --version
        return
    fi
    help=$("$dttk" "$command" --help 2>/dev/null) || return 0
    for ((i = 2; i < COMP_CWORD; i++)); do
        if [ "${COMP_WORDS[i]}" = -- ]; then # only files follow
            _dttk_files
            return
        fi
    done
    if [[ $option =~ ^(--[a-z0-9-]+|-[A-Za-z0-9])$ ]]; then
        value=$(_dttk_value "$option" <<<"$help")
        if [ -n "$value" ]; then
            _dttk_complete_value "$option" "$value"
            return
        fi
    fi
    case $command:$cur in
    *:-*) _dttk_words "$(_dttk_options <<<"$help")" ;;
    send:* | recv:*) _dttk_files ;;
    bench:*)
        case " ${COMP_WORDS[*]} " in
        *' --link '*) _dttk_ports ;;
        *) _dttk_words stage code loop-back pipe ;;
        esac
        ;;
    esac
}

complete -F _dttk dttk
