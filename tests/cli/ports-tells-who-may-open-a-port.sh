#!/bin/bash
# Whoever is not in the group is told the command that mends it.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
if [ "$(id -u)" -ne 0 ] || ! getent group dialout >/dev/null; then
    echo "only root can give a port to the group dialout"
    exit 77
fi
# shellcheck source=machine.sh
. "$(dirname "$0")/machine.sh"

plug ttyUSB0 UART 1
chgrp dialout /dev/ttyUSB0
as_nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
"${as_nobody[@]}" test -x "$DTTK" || {
    echo "the program is in a folder that is closed to others"
    exit 77
}
expect 0 "${as_nobody[@]}" "$DTTK" ports >out
# shellcheck disable=SC2016  # $USER is for the user
says 'root, group dialout; you may not: sudo usermod -aG dialout \$USER$' out
chmod 666 /dev/ttyUSB0
expect 0 "${as_nobody[@]}" "$DTTK" ports >out
says 'root, group dialout, everybody; you may$' out
chmod 600 /dev/ttyUSB0
expect 0 "${as_nobody[@]}" "$DTTK" ports >out
says 'root; you may not$' out
