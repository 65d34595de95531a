# shellcheck shell=bash
#
# The columns of bench-line, by which it is sourced: what the line does, what the column is called,
# and what is wanted of dttk there.

options_of() # COLUMN: those of noise
{
    case $1 in
    clean) ;;
    [1-9]e-[1-9]) echo "--ber $1" ;;
    bursts) echo '--burst 20k,16' ;;
    drops) echo '--drop 1e-4' ;;
    far) echo '--latency 250' ;;
    far-1e-5) echo '--latency 250 --ber 1e-5' ;;
    *) refuse "no such column: $1" ;;
    esac
}

heading_of() # COLUMN
{
    case $1 in
    [1-9]e-[1-9]) echo "BER $1" ;;
    bursts) echo '~16 bytes every 20 kB' ;;
    drops) echo 'byte drops 1e-4' ;;
    far) echo '250 ms each way' ;;
    far-1e-5) echo '250 ms and 1e-5' ;;
    *) echo "$1" ;;
    esac
}

# What is wanted, and in brackets the best of ZMODEM, C-Kermit and UUCP measured before.
goal_of() # TABLE COLUMN
{
    case $1/$2 in
    *@921600/*far*) ;;
    1M@*/clean) echo '.98 (.972)' ;;
    1M@*/1e-6) echo '.965 (.957)' ;;
    1M@*/1e-5) echo '.925 (.890)' ;;
    1M@*/1e-4) echo '.80 (none)' ;;
    1M@*/bursts) echo '.93 (.913)' ;;
    1M@*/drops) echo '.91 (.793)' ;;
    1M@*/far) echo '.97 (.952)' ;;
    1M@*/far-1e-5) echo '.905 (.762)' ;;
    35k@115200/clean) echo '.96 (.967)' ;;
    35k@115200/far) echo '.82 (.589)' ;;
    small@115200/*) echo 60 ;;
    esac
}
