#include "cmd/commands.h"
#include "cmd/link_options.h"
#include "cmd/options.h"
#include "cmd/words.h"
#include "core/frame.h"
#include "core/sender.h"
#include "host/diag.h"
#include "host/pacer.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define REDUNDANCY_DEFAULT 250  /* per thousand */
#define REDUNDANCY_MAX     1000 /* percent */
#define REPEAT_MAX         UINT64_C(1000000000)
#define FLUSH_DEFAULT      (20 * CLOCK_MS)
#define FLUSH_MAX          60000 /* ms */

/* Values of options without a letter. */
enum {
    OPT_REPEAT = 256,
    OPT_LOOP,
    OPT_PPS,
    OPT_MTU,
    OPT_FLUSH,
    OPT_HELP,
};

static const char letters[] = ":r:L:" LINK_LETTERS WORDS_LETTERS;

static const struct option long_options[] = {
    {"redundancy", required_argument, NULL, 'r'},
    {"repeat", required_argument, NULL, OPT_REPEAT},
    {"loop", no_argument, NULL, OPT_LOOP},
    {"limit-rate", required_argument, NULL, 'L'},
    {"pps", required_argument, NULL, OPT_PPS},
    {"mtu", required_argument, NULL, OPT_MTU},
    {"flush-ms", required_argument, NULL, OPT_FLUSH},
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
    "      --loop                one-way: passes until the reader goes away\n"
    "  -L, --limit-rate RATE     bytes a second on the line: 12k, 1.5M; 0 is unlimited (0)\n"
    "      --pps N               packets a second; 0 is unlimited (0)\n"
    "      --mtu BYTES           bytes of a frame, 60 to 65536 (by size)\n"
    "      --flush-ms MS         what a stream brings waits no longer than this (20)\n" WORDS_USAGE;

static bool parse_redundancy(const char *text, struct SendOptions *o)
{
    uint32_t millionths;

    if (!option_percent("--redundancy", text, REDUNDANCY_MAX, &millionths))
        return false;
    o->redundancy = (millionths + 999) / 1000;
    return true;
}

static bool parse_mtu(const char *text, struct SendOptions *o)
{
    uint64_t mtu;

    if (!option_number("--mtu", text, SENDER_MTU_MIN, FRAME_MAX, &mtu))
        return false;
    o->mtu = (size_t)mtu;
    return true;
}

/* One option. False: it has been said what is wrong with it. */
static bool parse_option(int option, char **argv, struct SendOptions *o, struct LinkArguments *a)
{
    enum LinkOption link = link_option(option, optarg, a);

    if (link != LINK_OPTION_OTHER)
        return link == LINK_OPTION_TAKEN;
    switch (option) {
    case 'r':
        return parse_redundancy(optarg, o);
    case OPT_REPEAT:
        return option_number("--repeat", optarg, 1, REPEAT_MAX, &o->passes);
    case OPT_LOOP:
        o->passes = 0;
        return true;
    case 'L':
        return option_rate("--limit-rate", optarg, PACER_RATE_MAX, &o->rate);
    case OPT_PPS:
        return option_number("--pps", optarg, 0, PACER_RATE_MAX, &o->packet_rate);
    case OPT_MTU:
        return parse_mtu(optarg, o);
    case OPT_FLUSH:
        return option_ms("--flush-ms", optarg, FLUSH_MAX, &o->flush);
    default:
        if (words_option(option, &o->words))
            return true;
        words_refuse(option, argv, letters);
        return false;
    }
}

/* -1: send. Otherwise the exit code. */
static int parse(int argc, char **argv, struct SendOptions *o, struct LinkArguments *a)
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

/* True if some FILE, or none at all, stands for stdin. */
static bool reads_stdin(const struct SendOptions *o)
{
    for (size_t i = 0; i < o->file_count; i++) {
        if (strcmp(o->files[i], "-") == 0)
            return true;
    }
    return o->file_count == 0;
}

/* The link, and what does not go with it. False: it has been said. */
static bool settle(struct SendOptions *o, struct LinkArguments *a)
{
    if (!link_options_settle(a, LINK_OF_SEND, reads_stdin(o)))
        return false;
    o->line = link_options_line(a, o->words.quiet);
    if (!words_json_ok(&o->words, a->link.serial.path == NULL))
        return false;
    if (o->line.two_way && o->passes != 1) {
        diag("--repeat and --loop are for one-way transfers: with an answer nothing is sent twice");
        return false;
    }
    if (o->file_count == 0 && isatty(STDIN_FILENO)) {
        diag("stdin is a terminal: name a FILE or redirect it");
        return false;
    }
    /* On a pipe no bar, unless asked for: its reader may draw one on the same terminal. */
    if (!o->words.progress_given && !o->words.quiet && a->link.serial.path != NULL)
        o->words.progress = isatty(STDERR_FILENO);
    return true;
}

int cmd_send(int argc, char **argv)
{
    struct SendOptions o = {.redundancy = REDUNDANCY_DEFAULT, .passes = 1, .flush = FLUSH_DEFAULT};
    struct LinkArguments a;
    int code;

    link_options_init(&a);
    code = parse(argc, argv, &o, &a);
    if (code >= 0)
        return code;
    if (!settle(&o, &a))
        return EXIT_USAGE;
    if (!words_json_opens(&o.words))
        return EXIT_IO;
    return transfer_send(&o);
}
