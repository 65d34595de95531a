/* Emulated serial ports: what the programs that use them find, and what is known of them. */
#include "host/pty.h"
#include "unit/check.h"
#include "unit/folder.h"
#include "unit/random.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <termios.h>

static uint8_t memory[1 << 16];

/* A program opens it. */
static int use(const struct Pty *p)
{
    int fd = open(p->path, O_RDWR | O_NOCTTY | O_NONBLOCK);
    cr_assert_geq(fd, 0, "%s: %s", p->path, strerror(errno));
    return fd;
}

static bool readable(int fd)
{
    struct pollfd look = {.fd = fd, .events = POLLIN};
    return poll(&look, 1, 0) == 1 && (look.revents & POLLIN) != 0;
}

/* Bytes until there are none; the kernel hands them on with a delay. */
static size_t read_all(int fd, size_t expected)
{
    size_t sum = 0;
    for (unsigned tries = 0; tries < 500 && (expected == 0 ? tries < 10 : sum < expected);
         tries++) {
        ssize_t n = read(fd, memory + sum, sizeof memory - sum);
        sum += n > 0 ? (size_t)n : 0;
        if (n <= 0)
            (void)usleep(2000);
    }
    return sum;
}

Test(pty, carries_all_values_of_bytes_both_ways_from_the_beginning_and_no_echo)
{
    struct Pty p;
    uint8_t all[256];
    for (unsigned i = 0; i < 256; i++)
        all[i] = (uint8_t)i;
    cr_assert_eq(pty_open(&p), 0);
    int program = use(&p);
    cr_assert_eq(write(program, all, 256), 256);
    cr_assert_eq(read_all(p.master, 256), 256);
    cr_assert_arr_eq(memory, all, 256);
    cr_assert_eq(write(p.master, all, 256), 256);
    cr_assert_eq(read_all(program, 256), 256);
    cr_assert_arr_eq(memory, all, 256);
    cr_assert_eq(read_all(p.master, 0), 0);
    close(program);
    pty_close(&p);
}

Test(pty, tells_whether_a_program_has_it_open_and_when_one_comes)
{
    struct Pty p;
    cr_assert_eq(pty_open(&p), 0);
    cr_assert(!pty_in_use(&p));
    cr_assert(!readable(p.opened));
    for (unsigned i = 0; i < 3; i++) {
        int program = use(&p);
        int other = use(&p);
        cr_assert(pty_in_use(&p));
        cr_assert(readable(p.opened));
        pty_heed(&p);
        cr_assert(!readable(p.opened));
        close(program);
        cr_assert(pty_in_use(&p));
        close(other);
        cr_assert(!pty_in_use(&p));
        cr_assert(!readable(p.opened));
    }
    pty_close(&p);
    pty_close(&p);
}

Test(pty, has_all_that_a_program_wrote_before_it_closed_and_then_the_end)
{
    struct Pty p;
    struct TestRandom random = {test_random_seed()};
    static uint8_t sent[4000];
    cr_assert_eq(pty_open(&p), 0);
    for (unsigned i = 0; i < 1000; i++) {
        size_t len = 1 + test_random_below(&random, sizeof sent);
        test_random_fill(&random, sent, len);
        int program = use(&p);
        CHECK(write(program, sent, len) == (ssize_t)len, "a short write");
        close(program);
        size_t got = 0;
        ssize_t n;
        while ((n = read(p.master, memory + got, 1 + test_random_below(&random, 2000))) > 0)
            got += (size_t)n;
        CHECK(n < 0 && errno == EIO, "%s", strerror(errno));
        CHECK(got == len && memcmp(memory, sent, len) == 0, "%zu of %zu bytes", got, len);
    }
    pty_close(&p);
}

Test(pty, flushed_has_nothing_of_an_earlier_program_for_the_next_one)
{
    struct Pty p;
    cr_assert_eq(pty_open(&p), 0);
    static const size_t sizes[] = {1, 4095, 20000};
    for (size_t i = 0; i < 30; i++) {
        int program = use(&p);
        cr_assert_gt(write(p.master, memory, sizes[i % 3]), 0);
        p.dirty = true;
        if (i % 2 == 0)
            (void)usleep(2000);
        close(program);
        pty_flush(&p);
        cr_assert(!p.dirty && !pty_in_use(&p));
        program = use(&p);
        cr_assert_eq(read_all(program, 0), 0);
        cr_assert_eq(write(p.master, "new", 3), 3);
        cr_assert_eq(read_all(program, 3), 3);
        close(program);
    }
    pty_heed(&p);
    pty_flush(&p); /* clean: it does not even look like an opening */
    cr_assert(!readable(p.opened));
    pty_close(&p);
}

Test(pty, keeps_the_settings_that_programs_give_it)
{
    struct Pty p;
    struct termios t;
    cr_assert_eq(pty_open(&p), 0);
    int program = use(&p);
    cr_assert_eq(tcgetattr(program, &t), 0);
    cr_assert_eq(t.c_lflag & (tcflag_t)(ICANON | ECHO | ISIG), 0);
    cr_assert_eq(cfsetspeed(&t, B19200), 0);
    cr_assert_eq(tcsetattr(program, TCSANOW, &t), 0);
    close(program);
    p.dirty = true;
    pty_flush(&p);
    program = use(&p);
    cr_assert_eq(tcgetattr(program, &t), 0);
    cr_assert_eq(cfgetospeed(&t), B19200);
    cr_assert_eq(t.c_lflag & (tcflag_t)(ICANON | ECHO | ISIG), 0);
    close(program);
    pty_close(&p);
}

static bool leads_to(const char *link, const char *target)
{
    char text[200] = "";
    return readlink(link, text, sizeof text - 1) > 0 && strcmp(text, target) == 0;
}

Test(pty, makes_a_link_and_removes_it_unless_it_has_become_another)
{
    struct Pty p;
    struct Folder f;
    folder_open(&f);
    cr_assert_eq(chdir(f.path), 0);
    cr_assert_eq(pty_open(&p), 0);
    cr_assert_str_eq(pty_name(&p), p.path);
    cr_assert_eq(pty_link(&p, "A"), 0);
    cr_assert_str_eq(pty_name(&p), "A");
    cr_assert(leads_to("A", p.path));
    pty_close(&p);
    cr_assert_eq(access("A", F_OK), -1);
    cr_assert(!leads_to("A", p.path));

    cr_assert_eq(pty_open(&p), 0);
    cr_assert_eq(pty_link(&p, "A"), 0);
    cr_assert(unlink("A") == 0 && symlink("/dev/null", "A") == 0);
    pty_close(&p);
    cr_assert(leads_to("A", "/dev/null"));
    folder_close(&f);
}

Test(pty, replaces_no_more_than_links_that_lead_nowhere_or_to_itself)
{
    struct Pty p;
    struct Folder f;
    folder_open(&f);
    cr_assert_eq(chdir(f.path), 0);
    cr_assert_eq(pty_open(&p), 0);
    cr_assert(symlink("/dev/pts/gone", "dangling") == 0 && symlink(p.path, "mine") == 0);
    pty_clear(&p, "dangling");
    pty_clear(&p, "mine");
    pty_clear(&p, "none");
    cr_assert_eq(pty_link(&p, "dangling"), 0);
    cr_assert_eq(pty_link(&p, "mine"), 0);

    cr_assert(mkdir("folder", 0755) == 0 && symlink("folder", "other") == 0);
    cr_assert(symlink("loop", "loop") == 0);
    int fd = open("file", O_CREAT | O_WRONLY, 0644);
    close(fd);
    static const char *const names[] = {"folder", "other", "loop", "file"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        pty_clear(&p, names[i]);
        cr_assert_eq(pty_link(&p, names[i]), -1);
        cr_assert_eq(errno, EEXIST, "%s", names[i]);
    }
    cr_assert(leads_to("other", "folder"));
    cr_assert_eq(pty_link(&p, "nowhere/A"), -1);
    cr_assert_eq(errno, ENOENT);
    pty_close(&p);
    folder_close(&f);
}
