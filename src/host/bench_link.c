/* Bench of a link: one trial after the other, with dttk send and recv as processes. */
#include "host/bench_link.h"

#include "host/bench.h"
#include "host/bench_child.h"
#include "host/clock.h"
#include "host/diag.h"
#include "host/disk.h"
#include "host/serial.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <json-c/json_object.h>
#include <json-c/json_util.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BYTES_MOST ((uint64_t)128 << 20)
#define PIECE      ((size_t)1 << 20)
#define WORDS      32
#define TEXTS      4 /* numbers among them */
#define TEXT       24
#define RELAY      4096
#define COARSE     0.2  /* seconds of which some ms are few */
#define OPENING    200  /* ms that a receiver may need for that */
#define SAID_MOST  2000 /* bytes of what they say that are passed on */

static const struct LinkSearch thorough = {2, 2, 2048, BYTES_MOST, 100};
static const struct LinkSearch quick = {0.5, 1, 1024, BYTES_MOST, 500};

struct Trials {
    const struct BenchLink *link;
    struct BenchFolder folder;
    struct Serial plug; /* the port, if it is one with a plug */
    int content;        /* memory that objects are the end of */
    int said;           /* what send and recv say */
    uint64_t filled;    /* bytes of content */
    uint64_t count;     /* of trials */
};

/* The words of a command, and the numbers among them. */
struct Line {
    const char *words[WORDS];
    size_t count, texts;
    char text[TEXTS][TEXT];
    char json[96];
};

static void add(struct Line *l, const char *word)
{
    CORE_ASSERT(l->count + 1 < WORDS);
    l->words[l->count++] = word;
}

static void add_number(struct Line *l, const char *option, uint64_t value)
{
    char *text = l->text[l->texts++];
    CORE_ASSERT(l->texts <= TEXTS);
    snprintf(text, TEXT, "%" PRIu64, value);
    add(l, option);
    add(l, text);
}

/* What both have in common; port: NULL if the link is stdin or stdout. */
static void begin_line(struct Line *l, const struct Trials *t, const char *command,
                       const char *port, const char *json)
{
    static const char *const parities[] = {"none", "even", "odd", "mark", "space"};
    static const char *const flows[] = {"none", "hard", "soft"};
    const struct TtyLine *line = &t->link->line;
    *l = (struct Line){.count = 0};
    snprintf(l->json, sizeof l->json, "%s%s", t->folder.out, json);
    add(l, "dttk");
    add(l, command);
    add(l, "-q1");
    add(l, "--json");
    add(l, l->json);
    if (port == NULL)
        return;
    add(l, "--port");
    add(l, port);
    add_number(l, "--baud", line->baud);
    add_number(l, "--stopbits", line->stop_bits);
    add(l, "--parity");
    add(l, parities[line->parity]);
    add(l, "--flow");
    add(l, flows[line->flow]);
}

static pid_t start_sender(const struct Trials *t, const struct LinkTrial *trial, int out)
{
    struct Line l;
    begin_line(&l, t, "send", t->link->to != NULL ? t->link->from : NULL, ".sent");
    add(&l, "-r0");
    add_number(&l, "-L", trial->rate);
    if (t->link->mtu > 0)
        add_number(&l, "--mtu", t->link->mtu);
    add(&l, "-");
    return bench_child_start(t->link->self, l.words, t->content, out, t->said, false);
}

static pid_t start_receiver(const struct Trials *t, int in)
{
    struct Line l;
    begin_line(&l, t, "recv", t->link->to, ".received");
    add(&l, "-t");
    add(&l, t->link->from == NULL ? "10" : t->link->quick ? "2" : "3");
    add(&l, t->folder.out);
    return bench_child_start(t->link->self, l.words, in, t->said, t->said, false);
}

/* ---- A plug ---------------------------------------------------------------------------------- */

/* A terminal may refuse bytes although poll says that it takes them: 1 ms later, then. */
static void await_descriptor(int fd, short events)
{
    struct pollfd p = {.fd = fd, .events = events};
    (void)poll(&p, 1, -1);
    if (events == POLLOUT)
        (void)poll(NULL, 0, 1);
}

/* In a child: everything from one descriptor to the other, to the end. */
static void relay(int from, int to)
{
    uint8_t piece[RELAY];
    for (;;) {
        ssize_t n = read(from, piece, sizeof piece), done = 0;
        if (n < 0 && errno == EAGAIN)
            await_descriptor(from, POLLIN);
        else if (n <= 0)
            _exit(0);
        while (done < n) {
            ssize_t m = write(to, piece + done, (size_t)(n - done));
            if (m < 0 && errno == EAGAIN)
                await_descriptor(to, POLLOUT);
            else if (m <= 0)
                _exit(0);
            else
                done += m;
        }
    }
}

static pid_t start_relay(int from, int to, int other)
{
    pid_t pid = fork();
    if (pid == 0) {
        for (int i = 0; i < 3; i++)
            (void)signal((int[]){SIGINT, SIGTERM, SIGHUP}[i], SIG_DFL);
        close(other);
        relay(from, to);
    }
    return pid;
}

/* ---- A trial --------------------------------------------------------------------------------- */

/* The processes of a trial, and what is between them. */
struct Running {
    pid_t send, recv;
    pid_t between[2];       /* -1: none */
    int into[2], out_of[2]; /* pipes towards and from what is between; -1: none */
    struct BenchUsage usage[2];
    uint64_t begin; /* ns */
};

static void close_all(struct Running *r)
{
    for (int i = 0; i < 2; i++) {
        if (r->into[i] >= 0)
            close(r->into[i]);
        if (r->out_of[i] >= 0)
            close(r->out_of[i]);
        r->into[i] = r->out_of[i] = -1;
    }
}

static void start_between(const struct Trials *t, struct Running *r)
{
    const char *const shell[] = {"sh", "-c", t->link->command, NULL};
    if (t->link->from == NULL) {
        r->between[0] =
            bench_child_start(NULL, shell, r->into[0], r->out_of[1], STDERR_FILENO, true);
        return;
    }
    r->between[0] = start_relay(r->into[0], t->plug.fd, r->into[1]);
    r->between[1] = start_relay(t->plug.fd, r->out_of[1], r->into[1]);
}

/* The receiver first, so that it is there when the first byte comes. False: errno. */
static bool start_all(const struct Trials *t, const struct LinkTrial *trial, struct Running *r)
{
    *r = (struct Running){-1, -1, {-1, -1}, {-1, -1}, {-1, -1}, {{0, 0}, {0, 0}}, 0};
    bool ports = t->link->to != NULL;
    if (!ports && (pipe2(r->into, O_CLOEXEC) != 0 || pipe2(r->out_of, O_CLOEXEC) != 0)) {
        close_all(r);
        return false;
    }
    r->recv = start_receiver(t, ports ? t->said : r->out_of[0]);
    if (ports) /* nobody tells when it has opened its port */
        (void)poll(NULL, 0, OPENING);
    else
        start_between(t, r);
    r->begin = clock_now();
    r->send = start_sender(t, trial, ports ? t->said : r->into[1]);
    close_all(r);
    return true;
}

/* Wait for the receiver, and end what is left then. codes: of send, recv and what is between. */
static void await_all(struct Running *r, int codes[3])
{
    codes[1] = bench_child_await(r->recv, &r->usage[1]);
    if (r->send > 0)
        (void)kill(r->send, SIGTERM);
    codes[0] = bench_child_await(r->send, &r->usage[0]);
    codes[2] = 0;
    for (int i = 0; i < 2; i++) {
        int code;
        if (r->between[i] <= 0)
            continue;
        (void)kill(i == 0 && r->between[1] < 0 ? -r->between[i] : r->between[i], SIGTERM);
        code = bench_child_await(r->between[i], NULL);
        codes[2] = code > 0 && code < 128 ? code : codes[2];
    }
}

static double number_of(json_object *o, const char *key)
{
    json_object *value = NULL;
    return json_object_object_get_ex(o, key, &value) ? json_object_get_double(value) : 0;
}

/* What send and recv have counted. */
static void read_statistics(const struct Trials *t, struct LinkTrial *trial)
{
    char path[96];
    json_object *list = NULL, *first = NULL, *all;
    snprintf(path, sizeof path, "%s.sent", t->folder.out);
    all = json_object_from_file(path);
    trial->sent = number_of(all, "elapsed");
    json_object_put(all);
    snprintf(path, sizeof path, "%s.received", t->folder.out);
    all = json_object_from_file(path);
    if (json_object_object_get_ex(all, "objects", &list) && json_object_array_length(list) > 0)
        first = json_object_array_get_idx(list, 0);
    double packets = number_of(first, "packets"), lost = number_of(first, "packets_lost");
    trial->arrived = (uint64_t)number_of(first, "bytes");
    trial->loss = packets > 0 ? lost / (packets + lost) : 1;
    json_object_put(all);
}

/*
 * A receiver on a port stays for a while when it has its file, in case another comes. What counts
 * is when the file had its name, which is when its ctime was set, by a clock that goes in some ms.
 */
static double seconds_until_named(const struct Trials *t, const struct Running *r)
{
    double all = (double)(clock_now() - r->begin) / 1e9, named;
    struct timespec now;
    struct stat st;
    if (all < COARSE || stat(t->folder.out, &st) != 0 || clock_gettime(CLOCK_REALTIME, &now) != 0)
        return all;
    named = all - (double)(disk_time(now) - disk_time(st.st_ctim)) / 1e9;
    return named > 0 && named < all ? named : all;
}

/* Make the end of content an object of that size that was not there before. False: errno. */
static bool prepare(struct Trials *t, uint64_t bytes)
{
    static uint8_t piece[PIECE];
    for (; t->filled < bytes; t->filled += PIECE) {
        bench_fill(piece, PIECE);
        memcpy(piece, &t->filled, sizeof t->filled);
        if (pwrite(t->content, piece, PIECE, (off_t)t->filled) != (ssize_t)PIECE)
            return false;
    }
    off_t start = (off_t)(t->filled - bytes);
    t->count++;
    bench_folder_clear(&t->folder);
    return pwrite(t->content, &t->count, sizeof t->count, start) == sizeof t->count &&
           lseek(t->content, start, SEEK_SET) == start && ftruncate(t->said, 0) == 0 &&
           lseek(t->said, 0, SEEK_SET) == 0;
}

/* Pass on what they said. An exit code. */
static int pass_on(const struct Trials *t, int code)
{
    char text[SAID_MOST];
    ssize_t n = pread(t->said, text, sizeof text, 0);
    if (n > 0)
        (void)!write(STDERR_FILENO, text, (size_t)n);
    return code;
}

/* 0: the trial says something about the link; else an exit code, and why was said. */
static int judge(const struct Trials *t, const int codes[3])
{
    if (bench_stopped())
        return EXIT_SIGNAL;
    if (codes[2] != 0 && codes[1] != 0) {
        diag("the command ended with exit code %d: %s", codes[2], t->link->command);
        return EXIT_IO;
    }
    if (codes[0] == EXIT_USAGE || codes[0] == EXIT_PORT)
        return pass_on(t, codes[0]);
    if (codes[1] == EXIT_SILENCE && t->count == 1) {
        diag("nothing arrives");
        return EXIT_SILENCE;
    }
    if (codes[1] == 0 || (codes[1] >= EXIT_SILENCE && codes[1] <= EXIT_INTEGRITY))
        return 0;
    return pass_on(t, codes[1] > 0 && codes[1] < EXIT_SIGNAL ? codes[1] : EXIT_IO);
}

static int try_once(void *ctx, struct LinkTrial *trial)
{
    struct Trials *t = ctx;
    struct Running r;
    int codes[3];
    if (!prepare(t, trial->bytes) || !start_all(t, trial, &r)) {
        diag_errno(errno, "bench --link", NULL);
        return EXIT_IO;
    }
    await_all(&r, codes);
    trial->seconds = seconds_until_named(t, &r);
    trial->cpu = (double)(r.usage[0].cpu + r.usage[1].cpu) / 1e9;
    trial->whole = codes[1] == 0;
    read_statistics(t, trial);
    int code = judge(t, codes);
    if (code == 0)
        t->link->take(t->link->ctx, trial);
    return code;
}

/* ---- All of it --------------------------------------------------------------------------------
 */

static int open_plug(struct Trials *t)
{
    struct SerialOptions o = {.path = t->link->from, .line = t->link->line};
    struct SerialError e;
    if (t->link->from == NULL || t->link->to != NULL || serial_open(&t->plug, &o, &e) == 0)
        return 0;
    diag("%s: %s", t->link->from, e.reason);
    return e.code;
}

static int open_trials(struct Trials *t)
{
    t->content = memfd_create("dttk bench", MFD_CLOEXEC);
    t->said = memfd_create("dttk bench said", MFD_CLOEXEC);
    if (t->content >= 0 && t->said >= 0 && bench_folder_make(&t->folder))
        return open_plug(t);
    diag_errno(errno, "bench --link", NULL);
    return EXIT_IO;
}

static void close_trials(struct Trials *t)
{
    if (t->plug.fd >= 0)
        serial_close(&t->plug);
    if (t->content >= 0)
        close(t->content);
    if (t->said >= 0)
        close(t->said);
    bench_folder_remove(&t->folder);
}

int bench_link(const struct BenchLink *link, struct LinkTrial *best)
{
    struct Trials t = {.link = link, .plug = {.fd = -1, .lock = -1}, .content = -1, .said = -1};
    const struct LinkSearch *search = link->quick ? &quick : &thorough;
    bench_signals_begin();
    int code = open_trials(&t);
    if (code == 0)
        code = bench_link_search(search, try_once, &t, best);
    close_trials(&t);
    bench_signals_end();
    return code;
}
