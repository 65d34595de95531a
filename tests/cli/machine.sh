# shellcheck shell=bash
# A machine of our own: /sys/class/tty and /dev/serial as they are where USB serial ports are
# plugged in. No test: sourced, after common.sh; it runs the test again with mounts of its own, or
# skips it.

if [ -z "${DTTK_MACHINE-}" ]; then
    export DTTK_MACHINE=1
    own=(unshare --mount)
    "${own[@]}" true 2>/dev/null || own=(unshare --mount --map-root-user)
    "${own[@]}" true 2>/dev/null || {
        echo "no mounts of its own allowed: a machine with USB ports cannot be made up"
        exit 77
    }
    exec "${own[@]}" "$0"
fi

mkdir dev
mount -t tmpfs none /sys/class/tty
mount -t tmpfs none dev
mkdir dev/pts dev/serial dev/serial/by-id
mount --rbind /dev/pts dev/pts
for name in null zero urandom; do
    touch dev/$name
    mount --bind /dev/$name dev/$name
done
mount --rbind dev /dev

# plug NAME PRODUCT SERIAL: a USB serial port, with a file for a device.
plug()
{
    local base=/sys/class/tty/usb-$1
    mkdir -p "$base/interface" "$base/$1"
    echo 1 >"$base/busnum"
    echo 2 >"$base/devnum"
    echo 0403 >"$base/idVendor"
    echo 6001 >"$base/idProduct"
    echo 'The maker' >"$base/manufacturer"
    printf '%b\n' "$2" >"$base/product"
    echo "$3" >"$base/serial"
    ln -s ../interface "$base/$1/device"
    ln -s "usb-$1/$1" "/sys/class/tty/$1"
    touch "/dev/$1"
    chmod 660 "/dev/$1"
}
