/*
 * The ports of a machine, and libserialport's way to open one: on a machine of our own, whose /dev
 * and /sys/class/tty are folders in memory, and whose USB ports are ptys.
 */
#include "host/serial_list.h"
#include "unit/serial_driver.h"
#include "unit/serial_pair.h"
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>

static void put(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    cr_assert_geq(fd, 0, "%s", path);
    cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    cr_assert_eq(close(fd), 0);
}

/* Criterion has threads: a user namespace, which anybody may have, is not for processes with such
 */
static bool leave_mounts(void)
{
    return unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

/* What is at /dev/NAME becomes DEV/NAME, too. */
static bool keep(const char *dev, const char *name, bool folder)
{
    char from[32], to[64];
    (void)snprintf(from, sizeof from, "/dev/%s", name);
    (void)snprintf(to, sizeof to, "%s/%s", dev, name);
    if (folder)
        cr_assert_eq(mkdir(to, 0755), 0);
    else
        put(to, "");
    return mount(from, to, NULL, MS_BIND | MS_REC, NULL) == 0;
}

/* An empty machine, on which no ptys can be made; or the test is skipped. */
static void machine_open(void)
{
    char dev[] = "/tmp/dttk-unit-XXXXXX";
    cr_assert_not_null(mkdtemp(dev));
    bool made = leave_mounts() && mount("none", "/sys/class/tty", "tmpfs", 0, NULL) == 0 &&
                mount("none", dev, "tmpfs", 0, NULL) == 0 && keep(dev, "pts", true) &&
                keep(dev, "null", false) && mount(dev, "/dev", NULL, MS_BIND | MS_REC, NULL) == 0 &&
                umount2(dev, MNT_DETACH) == 0;
    (void)rmdir(dev);
    if (!made)
        cr_skip_test("only root can make up a machine with USB ports: no mounts of its own");
}

/* A USB serial port /dev/NAME that is a pty. */
static void machine_plug(const char *name, const char *product, const struct Pair *p)
{
    static const char *const values[][2] = {{"busnum", "1\n"},        {"devnum", "2\n"},
                                            {"idVendor", "0403\n"},   {"idProduct", "6001\n"},
                                            {"manufacturer", "Us\n"}, {"serial", "A50285BI\n"}};
    char base[64], path[128], target[128];
    (void)snprintf(base, sizeof base, "/sys/class/tty/usb-%s", name);
    cr_assert_eq(mkdir(base, 0755), 0);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", base, values[i][0]);
        put(path, values[i][1]);
    }
    (void)snprintf(path, sizeof path, "%s/product", base);
    put(path, product);
    (void)snprintf(path, sizeof path, "%s/interface", base);
    cr_assert_eq(mkdir(path, 0755), 0);
    (void)snprintf(path, sizeof path, "%s/%s", base, name);
    cr_assert_eq(mkdir(path, 0755), 0);
    (void)snprintf(path, sizeof path, "%s/%s/device", base, name);
    cr_assert_eq(symlink("../interface", path), 0);
    (void)snprintf(path, sizeof path, "/sys/class/tty/%s", name);
    (void)snprintf(target, sizeof target, "usb-%s/%s", name, name);
    cr_assert_eq(symlink(target, path), 0);
    (void)snprintf(path, sizeof path, "/dev/%s", name);
    put(path, "");
    cr_assert_eq(mount(p->path, path, NULL, MS_BIND, NULL), 0);
}

/* An entry that is on no bus. */
static void machine_solder(const char *name)
{
    char path[64];
    (void)snprintf(path, sizeof path, "/sys/class/tty/%s", name);
    cr_assert_eq(symlink("../../devices/pnp0/00:00/tty", path), 0);
    (void)snprintf(path, sizeof path, "/dev/%s", name);
    put(path, "");
}

Test(serial_list, a_machine_may_have_none)
{
    struct SerialList list;
    machine_open();
    cr_assert_eq(serial_list_open(&list), 0);
    cr_assert_eq(list.count, 0);
    serial_list_close(&list);
    cr_assert_eq(umount("/sys/class/tty"), 0);
    cr_assert_eq(mount("none", "/sys", "tmpfs", 0, NULL), 0);
    cr_assert_eq(serial_list_open(&list), 0);
    cr_assert_eq(list.count, 0);
    serial_list_close(&list);
}

Test(serial_list, ports_are_listed_by_name_with_what_they_say_of_themselves)
{
    struct Pair one, two;
    struct SerialList list;
    pair_open(&one);
    pair_open(&two);
    machine_open();
    machine_plug("ttyUSB10", "UART\n", &one);
    machine_plug("ttyUSB9", "\033[31mred\n", &two);
    machine_solder("ttyS0");
    cr_assert_eq(mkdir("/dev/serial", 0755), 0);
    cr_assert_eq(mkdir("/dev/serial/by-id", 0755), 0);
    cr_assert_eq(symlink("../../ttyUSB9", "/dev/serial/by-id/usb-red-0"), 0);
    cr_assert_eq(fchmod(two.terminal, 0660), 0);
    cr_assert_eq(serial_list_open(&list), 0);
    cr_assert_eq(list.count, 3);
    const struct SerialEntry *e = list.entries;
    cr_assert_str_eq(e[0].path, "/dev/ttyS0");
    cr_assert(!e[0].usb);
    cr_assert_eq(e[0].vendor, -1);
    cr_assert_str_eq(e[1].path, "/dev/ttyUSB9");
    cr_assert(e[1].usb && e[1].may_open);
    cr_assert_eq(e[1].vendor, 0x0403);
    cr_assert_eq(e[1].model, 0x6001);
    cr_assert_str_eq(e[1].product, "\033[31mred");
    cr_assert_str_eq(e[1].maker, "Us");
    cr_assert_str_eq(e[1].serial, "A50285BI");
    cr_assert_str_eq(e[1].by_id, "/dev/serial/by-id/usb-red-0");
    cr_assert_eq(e[1].mode, 0660);
    cr_assert_str_eq(e[2].path, "/dev/ttyUSB10");
    cr_assert_str_eq(e[2].by_id, "");
    serial_list_close(&list);
}

Test(serial_list, auto_is_the_only_usb_port_or_names_what_is_there)
{
    struct Pair one, two;
    struct Serial s;
    struct SerialError e;
    pair_open(&one);
    pair_open(&two);
    machine_open();
    struct SerialOptions o = options_of(SERIAL_AUTO);
    refused(&o, "no USB serial port");
    machine_solder("ttyS0");
    refused(&o, "no USB serial port, only: /dev/ttyS0");
    cr_assert_eq(serial_open(&s, &o, &e), -1);
    cr_assert(e.absent);
    machine_plug("ttyUSB0", "UART\n", &one);
    opened(&s, &o);
    cr_assert_str_eq(s.path, "/dev/ttyUSB0");
    serial_close(&s);
    machine_plug("ttyACM0", "UART\n", &two);
    refused(&o, "2 USB serial ports, name one: /dev/ttyACM0, /dev/ttyUSB0");
}

Test(serial_list, what_libserialport_opens_is_as_it_should_be_and_given_back)
{
    struct Pair one;
    struct Serial s;
    pair_open(&one);
    machine_open();
    driver.has_signals = true;
    driver.signals = TIOCM_RTS;
    machine_plug("ttyUSB0", "UART\n", &one);
    cr_assert_eq(symlink("ttyUSB0", "/dev/by-id"), 0);
    struct TtySettings before = {0}, now;
    struct TtyLine odd = {.baud = 31250, .stop_bits = 2};
    cr_assert_eq(tty_configure(one.terminal, &odd, &before), TTY_OK);
    struct SerialOptions o = options_of("/dev/by-id");
    o.line.flow = TTY_FLOW_HARD;
    opened(&s, &o);
    cr_assert_not_null(s.port);
    cr_assert_neq(s.fd, s.lock);
    now = settings_of(s.fd);
    cr_assert_eq(now.input | now.output | now.local, 0);
    cr_assert_eq(now.control & (CSIZE | CSTOPB | HUPCL), CS8);
    cr_assert_neq(now.control & (uint32_t)CRTSCTS, 0);
    cr_assert_eq(now.chars[VMIN], 1);
    cr_assert_eq(now.out_speed, 115200);
    cr_assert_neq(fcntl(s.fd, F_GETFD) & FD_CLOEXEC, 0);
    cr_assert_neq(fcntl(s.fd, F_GETFL) & O_NONBLOCK, 0);
    refused(&o, "another program holds it");
    serial_close(&s);
    now = settings_of(one.terminal);
    cr_assert_arr_eq(&now, &before, sizeof now);
    cr_assert_eq(driver.changes, 0);
    o.line.baud = 1234567; /* of which it knows nothing */
    opened(&s, &o);
    cr_assert_eq(settings_of(s.fd).out_speed, 1234567);
    serial_close(&s);
}
