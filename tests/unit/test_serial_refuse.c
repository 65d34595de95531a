/* Serial ports that are not to be had, and why. */
#include "unit/folder.h"
#include "unit/serial_pair.h"
#include <grp.h>
#include <sys/ioctl.h>

Test(serial_refuse, a_second_one_is_refused_and_changes_nothing)
{
    struct Pair p;
    struct Serial s;
    struct Folder f;
    pair_open(&p);
    folder_open(&f);
    const char *link = folder_path(&f, "link");
    cr_assert_eq(symlink(p.path, link), 0);
    struct SerialOptions o = options_of(p.path);
    opened(&s, &o);
    o.line.baud = 9600;
    refused(&o, "another program holds it");
    o.path = link;
    refused(&o, "another program holds it");
    cr_assert_eq(settings_of(s.fd).out_speed, 115200);
    serial_close(&s);
    opened(&s, &o);
    cr_assert_str_eq(s.path, link);
    serial_close(&s);
    cr_assert_eq(ioctl(p.terminal, TIOCEXCL), 0); /* the custom of others */
    refused(&o, "another program holds it");
    cr_assert_eq(ioctl(p.terminal, TIOCNXCL), 0);
    opened(&s, &o);
    serial_close(&s);
    folder_close(&f);
}

Test(serial_refuse, what_is_missing_or_no_serial_port_is_refused)
{
    struct Serial s;
    struct SerialError e;
    struct Folder f;
    folder_open(&f);
    folder_put(&f, "file", "x", 1);
    cr_assert_eq(mkfifo(folder_path(&f, "fifo"), 0600), 0);
    const char *const others[] = {folder_path(&f, "file"), folder_path(&f, "fifo"), "/dev/null",
                                  "/"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct SerialOptions o = options_of(others[i]);
        refused(&o, "not a serial port");
    }
    const char *const missing[] = {folder_path(&f, "none"), folder_path(&f, "file/none"), ""};
    for (size_t i = 0; i < sizeof missing / sizeof missing[0]; i++) {
        struct SerialOptions o = options_of(missing[i]);
        refused(&o, "there is no such port");
        cr_assert_eq(serial_open(&s, &o, &e), -1);
        cr_assert(e.absent);
    }
    folder_close(&f);
}

/* As root: be somebody else from now on. */
static void be_nobody(void)
{
    if (geteuid() != 0)
        return;
    cr_assert_eq(setgroups(0, NULL), 0);
    cr_assert_eq(setresgid(65534, 65534, 65534), 0);
    cr_assert_eq(setresuid(65534, 65534, 65534), 0);
}

Test(serial_refuse, permission_denied_names_the_group_and_the_command_that_mends_it)
{
    struct Pair p;
    pair_open(&p);
    const struct group *dialout = getgrnam("dialout");
    if (geteuid() != 0 || dialout == NULL)
        cr_skip_test("only root can give a port to the group dialout");
    cr_assert_eq(fchown(p.terminal, 0, dialout->gr_gid), 0);
    cr_assert_eq(fchmod(p.terminal, 0660), 0);
    be_nobody();
    struct SerialOptions o = options_of(p.path);
    refused(&o, "it belongs to group dialout: sudo usermod -aG dialout $USER, then log in again");
}

Test(serial_refuse, permission_denied_to_any_group_says_whose_it_is)
{
    struct Pair p;
    pair_open(&p);
    cr_assert_eq(fchmod(p.terminal, 0), 0);
    be_nobody();
    struct SerialOptions o = options_of(p.path);
    refused(&o, "permission denied, it is open to ");
}
