# shellcheck shell=bash
# Making the n-th system call fail, for every n. No test: sourced, after common.sh.

# A tracer and LeakSanitizer do not go together; and what the sanitizers do themselves when their
# calls fail is not what is to be tested.
export ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0

# sweep CALLS ERROR INPUT COMMAND...: for each of these calls run it with the n-th one failing, for
# n = 1, 2, ... until none fails any more. (One call at a time: of several each has its own count.)
# Before each run `prepare` is called, after it `judge CODE` with the words in err and the call that
# failed in $failed. Undisturbed it ends with $undisturbed.
undisturbed=0
sweep()
{
    local call n code total=0
    for call in ${1//,/ }; do
        for n in $(seq 1 100); do
            prepare
            code=0
            timeout 10 strace -f -qq -o trace -e "trace=$call" \
                -e "inject=$call:error=$2:when=$n" "${@:4}" <"$3" 2>err || code=$?
            [ $code -ne 124 ] || fail "$call $n: it hangs"
            grep -q '(INJECTED)' trace || break
            total=$((total + 1))
            failed=$(grep -m 1 '(INJECTED)' trace | sed 's/^[0-9]* *//')
            echo "$n: ${failed:0:60}: exit $code: $(cat -v err | tail -n 2)" >&3
            judge $code
        done
        [ "$n" -lt 100 ] || fail "$call: there is no end"
        [ $code -eq $undisturbed ] || fail "$call: exit $code without a failure"
    done
    [ $total -gt 0 ] || fail "$1: nothing was made to fail"
    echo "$1: $total failures" >&3
}

fault=$(preload fault)

# sweep_calls CALLS ERRNO INPUT COMMAND...: as sweep, but with $fault, and of all these calls
# together the n-th one fails. Settings for it go into $settings, the standard output into `out`.
settings=()
total_calls=0
sweep_calls()
{
    local n code
    for n in $(seq 1 1000); do
        prepare
        rm -f log out
        code=0
        timeout 20 env "${settings[@]}" LD_PRELOAD="$fault" FAULT_LOG=log FAULT_CALLS=",$1," \
            FAULT_ERRNO="$2" FAULT_AT="$n" "${@:4}" <"$3" >out 2>err || code=$?
        [ $code -lt 124 ] || fail "$n: exit $code: $(cat -v err)"
        [ -s log ] || break
        failed=$(cat log)
        echo "$n: $failed: exit $code: $(tail -n 2 err | cat -v)" >&3
        judge $code
    done
    [ "$n" -gt 1 ] || fail "$1: nothing was made to fail"
    [ "$n" -lt 1000 ] || fail "$1: there is no end"
    [ $code -eq $undisturbed ] || fail "exit $code without a failure: $(cat -v err)"
    total_calls=$((total_calls + n - 1))
    echo "$1: $((n - 1)) failures" >&3
}

# True if what failed was only a line for stderr.
only_words()
{
    [[ $failed == write\(2,* ]]
}
