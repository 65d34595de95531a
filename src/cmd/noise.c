#include "cmd/commands.h"
#include "cmd/options.h"
#include "host/damage.h"
#include "host/delay.h"
#include "host/diag.h"
#include "host/exit_code.h"
#include "host/loop.h"
#include "host/pacer.h"
#include "host/port.h"
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PIECE       ((size_t)65536)     /* bytes read in one go */
#define QUEUE_MAX   ((size_t)256 << 10) /* waiting bytes that hold the writer back, */
#define LATENCY_MAX ((size_t)8 << 20)   /* and with a latency */
#define BAUD_MAX    UINT64_C(1000000000)
#define BYTE_BITS   10    /* a byte on the line: start bit, 8 bits, stop bit */
#define PIPE_UART   4096  /* what the driver of a UART buffers; */
#define PIPE_USUAL  65536 /* a pipe */

struct NoiseOptions {
    struct DamageConfig damage;
    uint64_t baud;    /* 0: as fast as it goes */
    uint64_t latency; /* ns */
    bool quiet;
    bool help;
};

struct Noise {
    struct Damage damage;
    struct Delay queue;
    struct Pacer pacer; /* in bits */
    struct Port port;
    struct Loop loop;
    size_t queue_max;
    size_t piece_min; /* bytes worth a wake-up at this baud rate */
    uint64_t now;
    bool refused;   /* stdout took less than it was offered: wait until it is writable */
    bool no_memory; /* the queue could not take what the damage made */
    uint8_t piece[PIECE];
};

/* Values of options without a letter. */
enum {
    OPT_BER = 256,
    OPT_DROP,
    OPT_INSERT,
    OPT_BURST,
    OPT_LOSS,
    OPT_DUP,
    OPT_REORDER,
    OPT_WIRE,
    OPT_BAUD,
    OPT_LATENCY,
    OPT_SEED,
    OPT_HELP,
};

static const char letters[] = ":q";

static const struct option long_options[] = {
    {"ber", required_argument, NULL, OPT_BER},
    {"drop", required_argument, NULL, OPT_DROP},
    {"insert", required_argument, NULL, OPT_INSERT},
    {"burst", required_argument, NULL, OPT_BURST},
    {"loss", required_argument, NULL, OPT_LOSS},
    {"dup", required_argument, NULL, OPT_DUP},
    {"reorder", required_argument, NULL, OPT_REORDER},
    {"wire", required_argument, NULL, OPT_WIRE},
    {"baud", required_argument, NULL, OPT_BAUD},
    {"latency", required_argument, NULL, OPT_LATENCY},
    {"seed", required_argument, NULL, OPT_SEED},
    {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

static const char usage[] =
    "usage: dttk noise [options] <CLEAN >DAMAGED\n"
    "Copy stdin to stdout like a bad line: the same seed damages the same bytes.\n"
    "  --ber P          flip each bit with probability P (0.01, 1e-5 or 1%)\n"
    "  --drop P         lose each byte with probability P\n"
    "  --insert P       put a random byte before a byte with probability P\n"
    "  --burst GAP,LEN  every GAP bytes replace LEN bytes by random ones (both on average)\n"
    "  --loss P[,L]     lose frames with probability P, L in a row on average\n"
    "  --dup P          double frames with probability P\n"
    "  --reorder N      delay frames by 0 to N frames\n"
    "  --wire WIRE      what a frame is: dttk (to 0x00), ftag (to 0xff) or lines\n"
    "  --baud N         pass N/10 bytes a second\n"
    "  --latency MS     pass every byte MS milliseconds later\n"
    "  --seed S         another damage; 1 if not given\n"
    "  -q, --quiet      no statistics on stderr at the end\n"
    "  --help           this text\n";

static bool parse_burst(const char *text, struct DamageConfig *c)
{
    char gap[32];
    const char *len = NULL;
    if (!option_pair("--burst", text, gap, sizeof gap, &len))
        return false;
    if (len == NULL) {
        diag("--burst: must be GAP,LEN: %s", text);
        return false;
    }
    return option_real("--burst", gap, 1, 1e12, &c->burst_gap) &&
           option_real("--burst", len, 1, 1e12, &c->burst_len);
}

static bool parse_loss(const char *text, struct DamageConfig *c)
{
    char loss[32];
    const char *run = NULL;
    return option_pair("--loss", text, loss, sizeof loss, &run) &&
           option_probability("--loss", loss, &c->loss) &&
           (run == NULL || option_real("--loss", run, 1, 1e6, &c->loss_run));
}

static bool parse_wire(const char *text, struct DamageConfig *c)
{
    static const char *const words[] = {
        [DAMAGE_DTTK] = "dttk", [DAMAGE_FTAG] = "ftag", [DAMAGE_LINES] = "lines"};
    size_t i = 0;
    if (!option_word("--wire", text, words, sizeof words / sizeof words[0], &i))
        return false;
    c->wire = (enum DamageWire)i;
    return true;
}

static bool parse_reorder(const char *text, struct DamageConfig *c)
{
    uint64_t frames = 0;
    if (!option_number("--reorder", text, 0, DAMAGE_REORDER_MAX, &frames))
        return false;
    c->reorder = (uint32_t)frames;
    return true;
}

/* One option that takes a value. */
static bool parse_value(int option, const char *text, struct NoiseOptions *o)
{
    switch (option) {
    case OPT_BER:
        return option_probability("--ber", text, &o->damage.ber);
    case OPT_DROP:
        return option_probability("--drop", text, &o->damage.drop);
    case OPT_INSERT:
        return option_probability("--insert", text, &o->damage.insert);
    case OPT_BURST:
        return parse_burst(text, &o->damage);
    case OPT_LOSS:
        return parse_loss(text, &o->damage);
    case OPT_DUP:
        return option_probability("--dup", text, &o->damage.dup);
    case OPT_REORDER:
        return parse_reorder(text, &o->damage);
    case OPT_WIRE:
        return parse_wire(text, &o->damage);
    case OPT_BAUD:
        return option_number("--baud", text, 1, BAUD_MAX, &o->baud);
    case OPT_LATENCY:
        return option_ms("--latency", text, DELAY_MAX / CLOCK_MS, &o->latency);
    case OPT_SEED:
        return option_number("--seed", text, 0, UINT64_MAX, &o->damage.seed);
    default:
        return false;
    }
}

static bool parse(int argc, char **argv, struct NoiseOptions *o)
{
    int c;
    opterr = 0;
    optind = 0;
    while ((c = getopt_long(argc, argv, letters, long_options, NULL)) != -1) {
        if (c == '?' || c == ':') {
            option_refuse(c, argv, letters);
            return false;
        }
        if (c == 'q')
            o->quiet = true;
        else if (c == OPT_HELP)
            o->help = true;
        else if (!parse_value(c, optarg, o))
            return false;
    }
    if (optind < argc) {
        diag("noise reads stdin and writes stdout, it takes no file: %s", argv[optind]);
        return false;
    }
    return true;
}

/* A DamageSink. */
static void take_damaged(void *ctx, const uint8_t *bytes, size_t len)
{
    struct Noise *n = ctx;
    if (!n->no_memory && !delay_append(&n->queue, n->now, bytes, len))
        n->no_memory = true;
}

static int failed(int error, const char *path, const char *what)
{
    diag_errno(error, path, what);
    return EXIT_IO;
}

/* Bytes that may be read now; 0: the queue is full, or the line's time has not come. */
static size_t readable(struct Noise *n)
{
    size_t bits = pacer_allowance(&n->pacer, n->now);
    if (n->port.eof || bits == 0 || delay_len(&n->queue) >= n->queue_max)
        return 0;
    size_t bytes = bits / BYTE_BITS;
    bytes = bytes > n->piece_min ? bytes : n->piece_min;
    return bytes < PIECE ? bytes : PIECE;
}

/* Read, damage, queue. */
static int feed(struct Noise *n)
{
    size_t most = readable(n);
    if (most == 0)
        return EXIT_DELIVERED;
    uint64_t before = n->damage.counters.bytes_out;
    ptrdiff_t len = port_read(&n->port, n->piece, most);
    if (len < 0)
        return failed(n->port.error, "stdin", "cannot read");
    bool fed = damage_feed(&n->damage, n->piece, (size_t)len);
    if (n->port.eof)
        damage_finish(&n->damage);
    if (!fed || n->no_memory)
        return failed(ENOMEM, "noise", NULL);
    /* Lost bytes take their time on the line too, and so do second copies. */
    uint64_t made = n->damage.counters.bytes_out - before;
    uint64_t spent = made > (uint64_t)len ? made : (uint64_t)len;
    pacer_spend(&n->pacer, n->now, spent * BYTE_BITS, 0);
    return EXIT_DELIVERED;
}

/* Write what has its time. */
static int drain(struct Noise *n)
{
    struct View ready = delay_ready(&n->queue, n->now);
    if (ready.len == 0 || n->refused)
        return EXIT_DELIVERED;
    ptrdiff_t len = port_write(&n->port, ready.data, ready.len);
    if (len < 0 && n->port.error == EPIPE) {
        diag("stdout: the reader went away");
        return EXIT_IO;
    }
    if (len < 0)
        return failed(n->port.error, "stdout", "cannot write");
    delay_take(&n->queue, (size_t)len);
    n->refused = (size_t)len < ready.len;
    return EXIT_DELIVERED;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Wait until something can be done. */
static void pause_until_ready(struct Noise *n)
{
    bool room = !n->port.eof && delay_len(&n->queue) < n->queue_max;
    bool in = readable(n) > 0;
    bool out = delay_ready(&n->queue, n->now).len > 0;
    port_watch(&n->port, &n->loop, in, out);
    uint64_t deadline = earlier(port_deadline(&n->port), delay_deadline(&n->queue));
    if (room && !in)
        deadline = earlier(deadline, pacer_deadline(&n->pacer));
    (void)loop_wait(&n->loop, deadline);
    n->now = clock_now();
}

static int copy(struct Noise *n)
{
    while (!n->port.eof || delay_len(&n->queue) > 0) {
        pause_until_ready(n);
        if (loop_signal(&n->loop) != 0)
            return EXIT_SIGNAL + loop_signal(&n->loop);
        int code = EXIT_DELIVERED;
        if (loop_ready(&n->loop, LOOP_LINK_OUT))
            n->refused = false;
        if (loop_ready(&n->loop, LOOP_LINK_IN))
            code = feed(n);
        if (code == EXIT_DELIVERED)
            code = drain(n);
        if (code != EXIT_DELIVERED)
            return code;
    }
    return EXIT_DELIVERED;
}

/* Append a count to line, which has room for it, unless it is 0. */
static void add_count(char *line, uint64_t count, const char *one, const char *more)
{
    if (count > 0)
        sprintf(strchr(line, '\0'), ", %" PRIu64 " %s", count, count == 1 ? one : more);
}

static void print_statistics(const struct DamageCounters *c)
{
    char frames[200] = "", bytes[200] = "";
    add_count(frames, c->frames_in, "frame in", "frames in");
    add_count(frames, c->lost, "lost", "lost");
    add_count(frames, c->duplicated, "duplicated", "duplicated");
    add_count(frames, c->reordered, "reordered", "reordered");
    add_count(bytes, c->bits_flipped, "bit flipped", "bits flipped");
    add_count(bytes, c->dropped, "byte dropped", "bytes dropped");
    add_count(bytes, c->inserted, "byte inserted", "bytes inserted");
    add_count(bytes, c->bursts, "burst", "bursts");
    diag_line("dttk noise: %s%s%" PRIu64 " byte%s in, %" PRIu64 " out%s",
              frames[0] != '\0' ? frames + 2 : "", frames[0] != '\0' ? "; " : "", c->bytes_in,
              c->bytes_in == 1 ? "" : "s", c->bytes_out, bytes);
}

/* A pipe as small as a UART's buffer, or as small as what it holds already lets it be. */
static void narrow(int pipe)
{
    for (int size = PIPE_UART; size <= PIPE_USUAL; size *= 2) {
        if (fcntl(pipe, F_SETPIPE_SZ, size) >= 0)
            break;
    }
}

static int open_port(struct Port *p, bool narrowed)
{
    static const char name[] = "stdin and stdout";
    if (narrowed) {
        narrow(STDIN_FILENO);
        narrow(STDOUT_FILENO);
    }
    return narrowed ? port_open_as_is(p, STDIN_FILENO, STDOUT_FILENO, name)
                    : port_open(p, STDIN_FILENO, STDOUT_FILENO, name);
}

static int noise_run(struct Noise *n, const struct NoiseOptions *o)
{
    if (open_port(&n->port, o->baud > 0) < 0)
        return failed(n->port.error, n->port.name, NULL);
    if (delay_open(&n->queue, o->latency) < 0) {
        port_close(&n->port);
        return failed(ENOMEM, "noise", NULL);
    }
    n->queue_max = o->latency > 0 ? LATENCY_MAX : QUEUE_MAX;
    n->piece_min = (size_t)(o->baud / BYTE_BITS / 100) + 1; /* 10 ms */
    n->now = clock_now();
    pacer_init(&n->pacer, o->baud, 0, n->now);
    damage_init(&n->damage, &o->damage, take_damaged, n);
    loop_open(&n->loop);
    int code = copy(n);
    loop_close(&n->loop);
    if (!o->quiet && code != EXIT_IO)
        print_statistics(&n->damage.counters);
    damage_reset(&n->damage);
    delay_close(&n->queue);
    port_close(&n->port);
    return code;
}

int cmd_noise(int argc, char **argv)
{
    static struct Noise noise;
    struct NoiseOptions options = {.damage = {.seed = 1}};
    if (!parse(argc, argv, &options))
        return EXIT_USAGE;
    if (options.help) {
        fputs(usage, stdout);
        return option_printed();
    }
    if (isatty(STDIN_FILENO) == 1 || isatty(STDOUT_FILENO) == 1) {
        diag("noise copies stdin to stdout: neither may be a terminal: redirect %s",
             isatty(STDIN_FILENO) == 1 ? "stdin" : "stdout");
        return EXIT_USAGE;
    }
    return noise_run(&noise, &options);
}
