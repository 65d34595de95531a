#!/bin/bash
# One line for each port, in order, with what it says of itself made printable, and who may open it.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=machine.sh
. "$(dirname "$0")/machine.sh"

expect 0 "$DTTK" ports >out
[ "$(cat out)" = 'no serial port is here' ]
expect 0 "$DTTK" ports --json >out
[ "$(tr -d ' \n' <out)" = '{"ports":[]}' ]

plug ttyUSB10 'FT232R USB UART' A50285BI
plug ttyUSB9 'Evil\033[31m\377' ''
ln -s ../../ttyUSB10 /dev/serial/by-id/usb-FT232R-0
expect 0 "$DTTK" ports >out
cat out
[ "$(wc -l <out)" -eq 3 ]
printable out
says '^PORT  *USB ID  *PRODUCT  *SERIAL NUMBER  *WHO MAY OPEN IT$' out
says '^/dev/ttyUSB10  0403:6001  FT232R USB UART  *A50285BI  *root, group root; you may$' out
sed -n 2p out | grep -q '^/dev/ttyUSB9   0403:6001  Evil\\x1b\[31m\\xff  *-  '

expect 0 "$DTTK" ports --json >out
cat out
printable out
for part in '"port":"/dev/ttyUSB10"' '"by_id":"/dev/serial/by-id/usb-FT232R-0"' \
    '"usb":true' '"usb_id":"0403:6001"' '"maker":"The maker"' '"product":"FT232R USB UART"' \
    '"serial_number":"A50285BI"' '"group":"root"' '"mode":"0660"' '"may_open":true'; do
    says "$part" out
done
