#!/bin/bash
# make install, and uninstall, which leaves nothing; the examples are inactive where they are, and
# the unit is one that systemd takes. (What udev makes of the rule only newer ones can check.)
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

root=$(dirname "$DTTK_FIXTURES")
variant=$(basename "$(dirname "$DTTK")")
variant=${variant#build} variant=${variant#-}

# What is built already is what is installed.
install_to() { make -s -C "$root" -o all BUILD="$variant" DESTDIR="$TMP/dest" PREFIX="$1" "$2"; }

install_to /opt/dttk install
(cd dest/opt/dttk && find . -type f | sort) >list
cat >wanted <<'END'
./bin/dttk
./share/bash-completion/completions/dttk
./share/doc/dttk/examples/60-dttk.rules
./share/doc/dttk/examples/dttk-recv@.service
./share/man/man1/dttk.1
./share/man/man5/dttk.5
END
diff wanted list
cmp "$DTTK" dest/opt/dttk/bin/dttk
examples=dest/opt/dttk/share/doc/dttk/examples
grep -q '^ExecStart=/opt/dttk/bin/dttk recv --keep-going ' $examples/dttk-recv@.service
[ -z "$(find $examples -type f -perm /133)" ] || fail 'other permissions'

# Each option that it uses is one.
for option in $(sed -n 's/^ExecStart=[^ ]* recv//p' $examples/dttk-recv@.service | tr ' ' '\n' | grep '^-'); do
    "$DTTK" recv --help | grep -q -e " ${option}[, ]" || fail "no such option: $option"
done
grep -q 'ENV{ID_MM_DEVICE_IGNORE}="1"' $examples/60-dttk.rules
if udevadm verify --version >/dev/null 2>&1; then udevadm verify $examples/60-dttk.rules; fi

# systemd looks for the program, and complains of whatever it does not know.
mkdir units
sed "s|/opt/dttk/bin/dttk|$DTTK|" $examples/dttk-recv@.service >units/dttk-recv@ttyACM0.service
SYSTEMD_LOG_LEVEL=warning systemd-analyze verify --man=no "$TMP/units/dttk-recv@ttyACM0.service" >words 2>&1 ||
    fail "$(cat words)"
if grep -e dttk words; then fail 'systemd complains'; fi
sed 's/^ProtectSystem=/ProtectSytem=/' units/dttk-recv@ttyACM0.service >units/dttk-recv@ttyACM1.service
systemd-analyze verify --man=no "$TMP/units/dttk-recv@ttyACM1.service" >words 2>&1 || true
says ProtectSytem words # it does look

install_to /opt/dttk uninstall
[ -z "$(find dest -type f)" ] || fail "$(find dest -type f)"
