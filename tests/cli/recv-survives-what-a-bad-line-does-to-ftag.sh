#!/bin/bash
# A fifth of the packets lost, bits flipped, garbage between packets, the head cut off: the file is
# there, or exit 5 names the blocks that are missing, and another capture completes it.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

make_file 18000 f 7

damaged() # SEED FIRST-BYTE
{
    "$DTTK" send -q --wire ftag f |
        "$DTTK" noise -q --wire ftag --loss 0.2 --seed "$1" |
        sed "s/\xff\xff/\xffgarbage \x7e $1\xff/g" |
        "$DTTK" noise -q --ber 2e-5 --seed "$1" |
        tail -c "+$2"
}

# named: how many blocks err names, and its "and N more"; that is what it says are missing.
named()
{
    local list missing part sum=0
    missing=$(sed -n 's/.* incomplete: \([0-9]*\) of 360 blocks missing (.*/\1/p' err)
    list=$(sed -n 's/.* blocks missing (\([^)]*\)), loss .*/\1/p' err)
    while read -r part; do
        case $part in
        *more) sum=$((sum + $(tr -dc '0-9' <<<"$part"))) ;;
        *-*) sum=$((sum + ${part#*-} - ${part%-*} + 1)) ;;
        *) sum=$((sum + 1)) ;;
        esac
    done < <(tr ',' '\n' <<<"$list")
    [ "$sum" -eq "$missing" ] || fail "$missing missing, $sum named: $list"
}

whole=0 completed=0
for seed in 1 2 3 4 5 6 7 8; do
    damaged $seed $((100 * seed)) >"$seed.cap"
    code=0
    "$DTTK" recv g <"$seed.cap" 2>err || code=$?
    echo "seed $seed: exit $code: $(cat -v err)"
    one_line err
    case $code in
    0) whole=$((whole + 1)) ;;
    5)
        named
        if grep -q -e ' -r ' err; then fail 'there are no repairs'; fi
        [ ! -e g ] || fail 'g is there'
        damaged $((seed + 20)) 1 >more.cap
        expect 0 "$DTTK" recv g <more.cap
        completed=$((completed + 1))
        ;;
    *) fail "exit $code" ;;
    esac
    cmp f g
    nothing_at g.part
    rm g
done
echo "$whole at once, $completed completed"
[ $whole -gt 0 ] || fail 'the damage is worse than it was meant to be'
[ $completed -gt 0 ] || fail 'there is hardly any damage'

# Nearly everything lost: the list is bounded.
"$DTTK" send -q --wire ftag f | "$DTTK" noise -q --wire ftag --loss 0.9 >bad.cap
expect 5 "$DTTK" recv g <bad.cap
one_line err
says ', and [0-9]* more), loss '
named
# Of our own wire symbols are not named: any repair would do for each.
rm g.part g.part.journal
"$DTTK" send -q f | "$DTTK" noise -q --loss 0.5 >own.cap
expect 5 "$DTTK" recv g <own.cap
says ' symbols missing, loss '
