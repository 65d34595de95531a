# shellcheck shell=bash
# Packets of ftag, made by hand. No test: sourced, after common.sh.

# ftag_packet SEQ CHANNEL BLOCK BYTE...: numbers, as bytes on stdout, a mark on either side.
ftag_packet()
{
    local bytes=($(($# + 3)) "$1" "$2" $(($3 >> 8)) $(($3 & 255)) "${@:4}")
    local crc=$((0x1D0F)) byte bit out='\xff'
    for byte in "${bytes[@]}"; do
        crc=$((crc ^ byte << 8))
        for ((bit = 0; bit < 8; bit++)); do
            crc=$(((crc << 1 ^ (crc & 0x8000 ? 0x1021 : 0)) & 0xFFFF))
        done
    done
    for byte in "${bytes[@]}" $((crc >> 8)) $((crc & 255)); do
        case $((byte)) in
        255) out+='\xfe\xfd' ;;
        254) out+='\xfe\xfe' ;;
        *) out+=$(printf '\\x%02x' "$byte") ;;
        esac
    done
    printf '%b' "$out\\xff"
}

# bytes_of: stdin as numbers, on one line.
bytes_of()
{
    od -An -v -tu1 | tr -s ' \n' ' '
    echo
}

# ftag_run NAME FILE: a whole run of a file of 1 to 50 bytes that is called NAME.
ftag_run()
{
    local size digest content name slot
    size=$(wc -c <"$2")
    read -r -a content < <(bytes_of <"$2")
    read -r -a digest < <(sha256sum <"$2" | sed 's/ .*//; s/../0x& /g')
    read -r -a name < <(printf '%s' "$1" | bytes_of)
    for slot in 0 1 2 3 4 5 6 7; do
        ftag_packet $slot 128 0 1 0 0 50 "$size" "${digest[@]}" "${name[@]}" 0
    done
    ftag_packet 8 0 0 "${content[@]}"
    ftag_packet 9 128 0 255
}
