/* The store before a descriptor: in order, without waiting, and true to the end. */
#include "unit/bench.h"

#include "core/slot.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

static struct Bench b;
static struct Sample s;
static int ends[2]; /* read, write */
static uint8_t *got;
static size_t got_len;

#define LEN 300000

static void set_up(size_t len)
{
    signal(SIGPIPE, SIG_IGN);
    bench_init(&b, NULL);
    b.config.target = STORE_DESCRIPTOR;
    b.config.path = "stdout";
    b.config.fd = ends[1];
    sample_init(&s, "name", len, 1);
    got = malloc(len + 1);
    got_len = 0;
}

static void tear_down(void)
{
    close(ends[0]);
    close(ends[1]);
    free(got);
    sample_free(&s);
    b.config.target = STORE_FOLDER;
    bench_done(&b);
}

/* Take at most `most` bytes of what waits in the pipe. */
static void take(size_t most)
{
    struct pollfd p = {.fd = ends[0], .events = POLLIN};
    while (most > 0 && poll(&p, 1, 0) > 0) {
        size_t room = s.len + 1 - got_len;
        ssize_t n = read(ends[0], got + got_len, most < room ? most : room);
        if (n <= 0)
            return;
        cr_assert_eq(memcmp(got + got_len, s.data + got_len, (size_t)n), 0);
        got_len += (size_t)n;
        most -= (size_t)n;
    }
}

static void drain(void)
{
    while (store_pending(&b.store) > 0) {
        cr_assert_geq(store_pump_fd(&b.store), 0);
        cr_assert_eq(store_pump(&b.store), 0);
        take(SIZE_MAX);
    }
    cr_assert_eq(store_pump_fd(&b.store), -1);
    take(SIZE_MAX);
}

static void make_ends(int kind)
{
    if (kind == 0)
        cr_assert_eq(pipe(ends), 0);
    else
        cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
}

Test(store_pipe, bytes_are_released_in_order_as_soon_as_there_is_no_gap)
{
    for (int kind = 0; kind < 2; kind++) {
        make_ends(kind);
        set_up(LEN);
        cr_assert_eq(bench_start(&b), 0);
        bench_object(&b, &s);
        bench_source(&b, &s, 1, 100);
        cr_assert_eq(store_pending(&b.store), 0);
        bench_source(&b, &s, 0, 1);
        cr_assert_eq(store_pending(&b.store), 10100);
        drain();
        cr_assert_eq(got_len, 10100);
        for (uint64_t n = 2990; n >= 110; n -= 10)
            bench_source(&b, &s, n, 10);
        cr_assert_eq(store_pending(&b.store), 0);
        bench_source(&b, &s, 101, 9);
        cr_assert_eq(b.result_count, 0, "verified, but not written yet");
        drain();
        bench_expect(&b, STORE_VERIFIED, 0);
        cr_assert_eq(got_len, LEN);
        bench_stop(&b);
        cr_assert_eq(b.result_count, 1);
        cr_assert_eq(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0, "others may share it");
        tear_down();
    }
}

Test(store_pipe, a_slow_reader_holds_nobody_up)
{
    make_ends(0);
    set_up((size_t)60 << 20);
    s.object.symbol_size = 4096;
    s.object.block = 7;
    sample_make_identity(&s);
    cr_assert_eq(bench_start(&b), 0);
    bench_object(&b, &s);
    for (uint64_t n = 0; n < 15360; n += 15) {
        bench_source(&b, &s, n, 15);
        cr_assert_eq(store_pump(&b.store), 0);
        take(30000);
    }
    bench_end(&b, &s);
    cr_assert_gt(store_pending(&b.store), (uint64_t)20 << 20);
    drain();
    bench_expect(&b, STORE_VERIFIED, 0);
    cr_assert_eq(got_len, s.len);
    bench_stop(&b);
    tear_down();
}

Test(store_pipe, what_is_released_leaves_the_disk)
{
    char name[64];
    struct stat st;
    uint64_t most = 0;
    make_ends(0);
    set_up((size_t)100 << 20);
    s.object.symbol_size = 8192;
    sample_make_identity(&s);
    cr_assert_eq(bench_start(&b), 0);
    bench_object(&b, &s);
    for (uint64_t n = 0; n < 12800; n += 7) {
        bench_source(&b, &s, n, 7);
        drain();
        if (n % 700 != 0)
            continue;
        for (int fd = 3; fd < 30; fd++) {
            snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
            if (stat(name, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 0 &&
                (uint64_t)st.st_blocks * 512 > most)
                most = (uint64_t)st.st_blocks * 512;
        }
    }
    bench_end(&b, &s);
    drain();
    bench_expect(&b, STORE_VERIFIED, 0);
    cr_assert(most > (8 << 20) && most < (50 << 20), "%d", (int)most);
    bench_stop(&b);
    tear_down();
}

Test(store_pipe, lost_symbols_are_solved_though_what_was_before_is_out)
{
    make_ends(0);
    set_up(LEN);
    cr_assert_eq(bench_start(&b), 0);
    bench_object(&b, &s);
    struct ObjectLayout l = sample_layout(&s);
    for (uint64_t n = 0; n < 3000; n++) {
        if (n != 1500)
            bench_source(&b, &s, n, 1);
        drain();
    }
    cr_assert_eq(got_len, 150000);
    bench_repair(&b, &s, object_window_of(&l, 1500), 3);
    drain();
    cr_assert_eq(got_len, LEN);
    bench_expect(&b, STORE_VERIFIED, 0);
    bench_stop(&b);
    tear_down();
}

Test(store_pipe, a_wrong_digest_is_told_though_bytes_are_out)
{
    make_ends(0);
    set_up(LEN);
    sample_make_identity(&s);
    s.digest[31] ^= 1;
    cr_assert_eq(bench_start(&b), 0);
    bench_object(&b, &s);
    for (uint64_t n = 0; n < 3000; n += 30) {
        bench_source(&b, &s, n, 30);
        drain();
    }
    bench_end(&b, &s);
    bench_expect(&b, STORE_MISMATCH, 6);
    cr_assert_eq(b.slots[0].state, SLOT_FAILED);
    bench_stop(&b);
    cr_assert_eq(b.result_count, 1);
    tear_down();
}

Test(store_pipe, a_wrong_digest_before_any_byte_is_out_is_another_chance)
{
    make_ends(0);
    set_up(1000);
    sample_make_identity(&s);
    s.data[500] ^= 1;
    cr_assert_eq(bench_start(&b), 0);
    bench_send(&b, &s);
    cr_assert_eq(b.slots[0].counters.mismatches, 1);
    cr_assert_eq(store_pending(&b.store), 0);
    s.data[500] ^= 1;
    bench_send(&b, &s);
    drain();
    bench_expect(&b, STORE_VERIFIED, 0);
    cr_assert_eq(got_len, 1000);
    bench_stop(&b);
    tear_down();
}

Test(store_pipe, a_reader_that_goes_away_is_a_failure)
{
    for (int stream = 0; stream < 2; stream++) {
        for (int late = 0; late < 2; late++) {
            make_ends(0);
            set_up(stream ? 200000 : LEN);
            if (stream)
                sample_make_stream(&s);
            cr_assert_eq(bench_start(&b), 0);
            bench_object(&b, &s);
            if (stream && late) {
                bench_stream(&b, &s, 0, s.len);
                bench_stream_end(&b, &s);
            } else if (stream) {
                bench_stream(&b, &s, 0, 100000);
            } else {
                for (uint64_t n = 0; n < (late ? 3000 : 1500); n += 30)
                    bench_source(&b, &s, n, 30);
            }
            cr_assert_eq(store_pump(&b.store), 0);
            take(1000);
            cr_assert_gt(store_pending(&b.store), 0);
            close(ends[0]);
            cr_assert_eq(store_pump(&b.store), -1);
            cr_assert_eq(errno, EPIPE);
            const struct BenchResult *r = bench_expect(&b, STORE_FAILED, 1);
            cr_assert_not_null(strstr(r->reason, "the reader went away"));
            cr_assert_eq(store_pending(&b.store), 0);
            cr_assert_eq(store_pump(&b.store), 0);
            if (!late && !stream)
                bench_source(&b, &s, 1500, 1);
            bench_stop(&b);
            cr_assert_eq(b.result_count, 1);
            tear_down();
        }
    }
}

Test(store_pipe, a_stream_flows_through)
{
    for (int kind = 0; kind < 2; kind++) {
        make_ends(kind);
        set_up(400000);
        sample_make_stream(&s);
        cr_assert_eq(bench_start(&b), 0);
        bench_object(&b, &s);
        bench_stream(&b, &s, 0, 100);
        take(SIZE_MAX);
        cr_assert_eq(got_len, 100, "at once");
        bench_stream(&b, &s, 100, s.len);
        bench_stream_end(&b, &s);
        cr_assert_gt(store_pending(&b.store), 1000);
        drain();
        bench_expect(&b, STORE_VERIFIED, 0);
        cr_assert_eq(b.results[0].is.size, s.len);
        cr_assert_eq(got_len, s.len);
        bench_stop(&b);
        tear_down();
    }
}

Test(store_pipe, what_is_incomplete_or_not_taken_at_the_end_is_told)
{
    make_ends(0);
    set_up(LEN);
    cr_assert_eq(bench_start(&b), 0);
    bench_object(&b, &s);
    bench_source(&b, &s, 0, 30);
    bench_stop(&b);
    bench_expect(&b, STORE_INCOMPLETE, 5);
    cr_assert_eq(bench_start(&b), 0);
    bench_send(&b, &s);
    bench_stop(&b);
    bench_expect(&b, STORE_INCOMPLETE, 5);
    tear_down();
}

Test(store_pipe, an_out_that_is_a_fifo_is_written_like_stdout)
{
    make_ends(0);
    set_up(LEN);
    close(ends[0]);
    close(ends[1]);
    mkfifoat(b.folder.dir, "fifo", 0600);
    ends[0] = openat(b.folder.dir, "fifo", O_RDONLY | O_NONBLOCK);
    ends[1] = -1;
    b.config.target = STORE_FILE;
    b.config.path = folder_path(&b.folder, "fifo");
    b.config.no_clobber = true;
    cr_assert_eq(bench_start(&b), 0);
    cr_assert_eq(b.store.config.target, STORE_DESCRIPTOR);
    bench_send(&b, &s);
    drain();
    bench_expect(&b, STORE_VERIFIED, 0);
    cr_assert_eq(got_len, LEN);
    bench_stop(&b);
    cr_assert_eq(folder_count(&b.folder), 1);
    tear_down();
}

Test(store_pipe, a_full_device_is_an_error)
{
    make_ends(0);
    set_up(LEN);
    b.config.target = STORE_FILE;
    b.config.path = "/dev/full";
    cr_assert_eq(bench_start(&b), 0);
    bench_send(&b, &s);
    cr_assert_eq(store_pump(&b.store), -1);
    const struct BenchResult *r = bench_expect(&b, STORE_FAILED, 1);
    cr_assert_not_null(strstr(r->reason, "no space left"));
    bench_stop(&b);
    tear_down();
}
