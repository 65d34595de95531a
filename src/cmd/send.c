#include "cmd/commands.h"
#include "cmd/link_options.h"
#include "cmd/options.h"
#include "cmd/words.h"
#include "core/frame.h"
#include "core/ftag_sender.h"
#include "host/clock.h"
#include "host/diag.h"
#include "host/pacer.h"
#include "host/pack.h"
#include "host/profile.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define REDUNDANCY_DEFAULT 250  /* per thousand */
#define REDUNDANCY_MAX     1000 /* percent */
#define REPEAT_MAX         UINT64_C(1000000000)
#define FLUSH_DEFAULT      (20 * CLOCK_MS)
#define FLUSH_MAX          60000 /* ms */
#define STREAMS_MAX        4
#define FTAG_PPS           40 /* what the boards bear, which have 544 bytes for what comes */

/* Values of options without a letter. */
enum {
    OPT_REPEAT = 256,
    OPT_LOOP,
    OPT_PPS,
    OPT_MTU,
    OPT_FLUSH,
    OPT_STREAM,
    OPT_IN_ORDER,
    OPT_WIRE,
    OPT_ARMOR,
    OPT_DIGEST,
    OPT_HELP,
};

static const char letters[] = ":r:L:z" LINK_LETTERS WORDS_LETTERS;

static const struct option long_options[] = {
    {"redundancy", required_argument, NULL, 'r'},
    {"repeat", required_argument, NULL, OPT_REPEAT},
    {"loop", no_argument, NULL, OPT_LOOP},
    {"limit-rate", required_argument, NULL, 'L'},
    {"pps", required_argument, NULL, OPT_PPS},
    {"mtu", required_argument, NULL, OPT_MTU},
    {"flush-ms", required_argument, NULL, OPT_FLUSH},
    {"stream", required_argument, NULL, OPT_STREAM},
    {"in-order", no_argument, NULL, OPT_IN_ORDER},
    {"wire", required_argument, NULL, OPT_WIRE},
    {"armor", no_argument, NULL, OPT_ARMOR},
    {"digest", required_argument, NULL, OPT_DIGEST},
    {"compress", no_argument, NULL, 'z'},
    LINK_LONG,
    WORDS_LONG,
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

static const char usage[] =
    "usage: dttk send [options] [FILE...] > LINK\n"
    "       dttk send --port PORT [options] [FILE...]\n"
    "Send files, or stdin, over a serial port, or over the line that stdout is.\n" LINK_USAGE
    "  -r, --redundancy PERCENT  one-way: repair symbols for each hundred (25)\n"
    "      --repeat N            one-way: N passes, from the second on repairs only (1)\n"
    "                            ftag: every block N times more (3)\n"
    "      --loop                one-way: passes until the reader goes away\n"
    "  -L, --limit-rate RATE     bytes a second on the line: 12k, 1.5M; 0 is unlimited (0)\n"
    "      --pps N               packets a second; 0 is unlimited (0; of ftag on a port 40)\n"
    "      --mtu BYTES           bytes of a frame, 60 to 65536 (by size)\n"
    "                            ftag: of a packet before escaping, 45 to 256 (64)\n"
    "      --flush-ms MS         what a stream brings waits no longer than this (20)\n"
    "      --stream NAME=PATH    a FIFO or a device, ahead of the files\n"
    "      --in-order            files one after the other, not interleaved\n"
    "      --wire WIRE           dttk, or ftag as the boards of its ancestor speak (dttk)\n"
    "      --armor               frames as lines of printable text\n"
    "      --digest KIND         sha256, or xxh128, which is faster and finds accidents only\n"
    "                            (sha256)\n"
    "  -z, --compress            pack by zstd what becomes smaller by that\n" WORDS_USAGE;

/* What was given, before it is known what goes with what. */
struct SendArguments {
    struct LinkArguments link;
    struct SendStream streams[STREAMS_MAX];
    char names[STREAMS_MAX][PACKET_NAME_MAX + 1]; /* of those */
    enum Wire wire;
    bool loop;
    bool flush;
    const char *redundancy, *repeat, *pps, *mtu; /* texts; NULL: not given */
};

static bool parse_wire(const char *text, struct SendArguments *a)
{
    static const char *const words[] = {"dttk", "ftag"};
    static const enum Wire wires[] = {WIRE_DTTK, WIRE_FTAG};
    size_t i = 0;

    if (!option_word("--wire", text, words, 2, &i))
        return false;
    a->wire = wires[i];
    return true;
}

static bool parse_digest(const char *text, struct SendOptions *o)
{
    static const char *const words[] = {"sha256", "xxh128"};
    static const enum DigestKind kinds[] = {DIGEST_SHA256, DIGEST_XXH128};
    size_t i = 0;

    if (!option_word("--digest", text, words, 2, &i))
        return false;
    if (!digest_known(kinds[i])) {
        diag("this dttk is built without it: --digest %s", text);
        return false;
    }
    o->digest = kinds[i];
    return true;
}

static bool parse_compress(struct SendOptions *o)
{
    o->pack = pack_known();
    if (!o->pack)
        diag("this dttk is built without zstd: --compress");
    return o->pack;
}

static bool parse_redundancy(const char *text, struct SendOptions *o)
{
    uint32_t millionths;

    if (!option_percent("--redundancy", text, REDUNDANCY_MAX, &millionths))
        return false;
    o->redundancy = (millionths + 999) / 1000;
    return true;
}

/* NAME=PATH; the name cannot have a "=". */
static bool parse_stream(const char *text, struct SendOptions *o, struct SendArguments *a)
{
    size_t n = o->stream_count, len = strcspn(text, "=");

    if (len == 0 || text[len] != '=' || text[len + 1] == '\0' || len > PACKET_NAME_MAX) {
        diag("--stream: is to be NAME=PATH: %s", text);
        return false;
    }
    if (n == STREAMS_MAX) {
        diag("--stream: at most %d are possible, this is one more: %s", STREAMS_MAX, text);
        return false;
    }
    memcpy(a->names[n], text, len);
    a->names[n][len] = '\0';
    a->streams[n] = (struct SendStream){a->names[n], text + len + 1};
    o->streams = a->streams;
    o->stream_count++;
    return true;
}

/* Of --repeat and --loop the last counts. */
static bool repeat_option(int option, struct SendArguments *a)
{
    a->loop = option == OPT_LOOP;
    a->repeat = a->loop ? NULL : optarg;
    return true;
}

/* One option. False: it has been said what is wrong with it. */
static bool parse_option(int option, char **argv, struct SendOptions *o, struct SendArguments *a)
{
    enum LinkOption link = link_option(option, optarg, &a->link);

    if (link != LINK_OPTION_OTHER)
        return link == LINK_OPTION_TAKEN;
    switch (option) {
    case 'r':
        a->redundancy = optarg;
        return parse_redundancy(optarg, o);
    case OPT_REPEAT:
    case OPT_LOOP:
        return repeat_option(option, a);
    case 'L':
        return option_rate("--limit-rate", optarg, PACER_RATE_MAX, &o->rate);
    case OPT_PPS:
        a->pps = optarg;
        return option_number("--pps", optarg, 0, PACER_RATE_MAX, &o->packet_rate);
    case OPT_MTU:
        a->mtu = optarg;
        return true;
    case OPT_FLUSH:
        a->flush = true;
        return option_ms("--flush-ms", optarg, FLUSH_MAX, &o->flush);
    case OPT_STREAM:
        return parse_stream(optarg, o, a);
    case OPT_IN_ORDER:
        return o->in_order = true;
    case OPT_WIRE:
        return parse_wire(optarg, a);
    case OPT_DIGEST:
        return parse_digest(optarg, o);
    case 'z':
        return parse_compress(o);
    case OPT_ARMOR:
        return a->link.text = true;
    default:
        if (words_option(option, &o->words))
            return true;
        option_refuse(option, argv, letters);
        return false;
    }
}

/* -1: send. Otherwise the exit code. */
static int parse(int argc, char **argv, struct SendOptions *o, struct SendArguments *a)
{
    int option;

    opterr = 0; /* option_refuse says it */
    while ((option = getopt_long(argc, argv, letters, long_options, NULL)) != -1) {
        if (option == OPT_HELP) {
            fputs(usage, stdout);
            return option_printed();
        }
        if (!parse_option(option, argv, o, a))
            return EXIT_USAGE;
    }
    o->files = (const char *const *)argv + optind;
    o->file_count = (size_t)(argc - optind);
    return -1;
}

/* How many FILEs and streams stand for stdin, which is one if nothing is named. */
static size_t count_stdin(const struct SendOptions *o)
{
    size_t n = o->file_count + o->stream_count == 0;

    for (size_t i = 0; i < o->file_count; i++)
        n += strcmp(o->files[i], "-") == 0;
    for (size_t i = 0; i < o->stream_count; i++)
        n += strcmp(o->streams[i].path, "-") == 0;
    return n;
}

/* --repeat and --mtu, which mean something else on each wire. False: it has been said. */
static bool settle_numbers(struct SendOptions *o, const struct SendArguments *a)
{
    bool ftag = a->wire == WIRE_FTAG;
    uint64_t repeat = ftag ? FTAG_COPIES - 1 : 1, mtu = 0;

    if (a->repeat && !option_number("--repeat", a->repeat, ftag ? 0 : 1, REPEAT_MAX, &repeat))
        return false;
    if (a->mtu && !option_number("--mtu", a->mtu, ftag ? FTAG_META_MIN : SENDER_MTU_MIN,
                                 ftag ? FTAG_PACKET_MAX : FRAME_MAX, &mtu))
        return false;
    o->mtu = (size_t)mtu;
    o->passes = ftag ? 1 : a->loop ? 0 : repeat;
    o->copies = (unsigned)(repeat + 1);
    return true;
}

/* True if all that was given goes with --wire ftag; else it has been said. */
static bool suits_ftag(const struct SendOptions *o, const struct SendArguments *a)
{
    if (a->link.direction == LINK_TWO_WAY)
        diag("ftag goes one way, nobody answers: -2");
    else if (a->link.of_two_way)
        diag("ftag goes one way, nobody answers: %s", a->link.of_two_way);
    else if (a->redundancy)
        diag("ftag has no repairs; it sends all blocks again, as often as --repeat says: -r");
    else if (a->flush)
        diag("ftag carries no streams: --flush-ms");
    else if (a->loop)
        diag("ftag has one pass, in which --repeat sends all blocks again: --loop");
    else if (a->link.link.serial.line.flow == TTY_FLOW_SOFT && !a->link.text)
        diag("ftag has bytes that XON/XOFF takes for itself; use --armor: --flow soft");
    else if (o->digest != DIGEST_SHA256)
        diag("ftag has a digest of its own, SHA-256: --digest");
    else if (o->pack)
        diag("ftag carries files as they are: -z");
    else if (o->file_count > 1)
        diag("ftag carries one file a run, this is one more: %s", o->files[1]);
    else if (o->stream_count > 0)
        diag("ftag carries one file a run, and no streams: --stream");
    else
        return true;
    return false;
}

/* Which wire, and what goes with it. False: it has been said. */
static bool settle_wire(struct SendOptions *o, struct SendArguments *a)
{
    if (a->wire == WIRE_FTAG && !suits_ftag(o, a))
        return false;
    if (a->wire == WIRE_FTAG)
        a->link.direction = LINK_ONE_WAY;
    return settle_numbers(o, a);
}

/* The link, and what does not go with it. False: it has been said. */
static bool settle_link(struct SendOptions *o, struct SendArguments *a)
{
    if (!link_options_settle(&a->link, LINK_OF_SEND, count_stdin(o) > 0))
        return false;
    o->line = link_options_line(&a->link, o->words.quiet);
    o->line.form = (struct WireForm){a->wire, a->link.text};
    if (a->wire == WIRE_FTAG && !a->pps && a->link.link.serial.path)
        o->packet_rate = FTAG_PPS;
    return true;
}

/* What is to be sent. False: it has been said what is wrong with it. */
static bool settle_files(const struct SendOptions *o)
{
    if (o->file_count + o->stream_count == 0 && isatty(STDIN_FILENO))
        diag("stdin is a terminal: name a FILE or redirect it");
    else if (count_stdin(o) > 1)
        diag("stdin can be sent once: -");
    else if (o->stream_count > 0 && o->passes != 1)
        diag("a stream cannot be sent twice: --repeat and --loop do not go with --stream");
    else if (o->passes == 0 && o->file_count > SEND_AT_ONCE)
        diag("--loop: at most %d files are possible, this is one more: %s", SEND_AT_ONCE,
             o->files[SEND_AT_ONCE]);
    else
        return true;
    return false;
}

/* The statistics do not go over what is sent. False: it has been said. */
static bool settle_json(const struct SendOptions *o, bool port)
{
    bool ok = words_json_ok(&o->words, !port);

    for (size_t i = 0; ok && i < o->file_count; i++)
        ok = words_json_apart(&o->words, o->files[i], false);
    return ok;
}

/* True if all that was given goes with answers; else it has been said. */
static bool suits_two_way(const struct SendOptions *o, const struct SendArguments *a)
{
    if (!o->line.two_way)
        return true;
    if (o->passes != 1)
        diag("--repeat and --loop are for one-way transfers: with an answer nothing is sent twice");
    else if (a->redundancy)
        diag(
            "repairs are for one-way transfers, -1: with an answer what is lost is sent again: -r");
    else
        return true;
    return false;
}

/* False: it has been said what does not go together. */
static bool settle(struct SendOptions *o, struct SendArguments *a)
{
    bool port;

    if (!settle_wire(o, a) || !settle_link(o, a))
        return false;
    port = a->link.link.serial.path != NULL;
    if (!settle_json(o, port) || !words_progress_ok(&o->words, &o->line.link))
        return false;
    if (!suits_two_way(o, a) || !settle_files(o))
        return false;
    /* On a pipe no bar, unless asked for: its reader may draw one on the same terminal. */
    if (!o->words.progress_given && !o->words.quiet && port)
        o->words.progress = isatty(STDERR_FILENO);
    return true;
}

int cmd_send(int argc, char **argv)
{
    struct SendOptions o = {.redundancy = REDUNDANCY_DEFAULT, .flush = FLUSH_DEFAULT};
    struct SendArguments a = {.wire = WIRE_DTTK};
    int code;

    link_options_init(&a.link);
    code = parse(argc, argv, &o, &a);
    if (code >= 0)
        return code;
    if (!settle(&o, &a))
        return EXIT_USAGE;
    if (!words_json_opens(&o.words))
        return EXIT_IO;
    code = transfer_send(&o);
    profile_say();
    return code;
}
