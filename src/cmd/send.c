#include "cmd/commands.h"
#include "cmd/options.h"
#include "cmd/words.h"
#include "core/frame.h"
#include "core/sender.h"
#include "host/diag.h"
#include "host/pacer.h"

#include <stdio.h>
#include <unistd.h>

#define REDUNDANCY_DEFAULT 250  /* per thousand */
#define REDUNDANCY_MAX     1000 /* percent */
#define REPEAT_MAX         UINT64_C(1000000000)

/* Values of options without a letter. */
enum {
    OPT_REPEAT = 256,
    OPT_LOOP,
    OPT_PPS,
    OPT_MTU,
    OPT_HELP,
};

static const char letters[] = ":1r:L:" WORDS_LETTERS;

static const struct option long_options[] = {
    {"one-way", no_argument, NULL, '1'},
    {"redundancy", required_argument, NULL, 'r'},
    {"repeat", required_argument, NULL, OPT_REPEAT},
    {"loop", no_argument, NULL, OPT_LOOP},
    {"limit-rate", required_argument, NULL, 'L'},
    {"pps", required_argument, NULL, OPT_PPS},
    {"mtu", required_argument, NULL, OPT_MTU},
    WORDS_LONG,
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

static const char usage[] =
    "usage: dttk send [options] [FILE...] > LINK\n"
    "Send files, or stdin, over the line that stdout is.\n"
    "  -1, --one-way             nobody answers (the default on a pipe)\n"
    "  -r, --redundancy PERCENT  repair symbols for each hundred (25)\n"
    "      --repeat N            N passes, from the second on fresh repairs only (1)\n"
    "      --loop                passes until the reader goes away\n"
    "  -L, --limit-rate RATE     bytes a second on the line: 12k, 1.5M; 0 is unlimited (0)\n"
    "      --pps N               packets a second; 0 is unlimited (0)\n"
    "      --mtu BYTES           bytes of a frame, 60 to 65536 (by size: 256 to "
    "16384)\n" WORDS_USAGE;

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
static bool parse_option(int option, char **argv, struct SendOptions *o)
{
    switch (option) {
    case '1':
        return true;
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
    default:
        if (words_option(option, &o->words))
            return true;
        words_refuse(option, argv, letters);
        return false;
    }
}

/* -1: send. Otherwise the exit code. */
static int parse(int argc, char **argv, struct SendOptions *o)
{
    int option;

    opterr = 0; /* option_refuse says it */
    while ((option = getopt_long(argc, argv, letters, long_options, NULL)) != -1) {
        if (option == OPT_HELP) {
            fputs(usage, stdout);
            return option_printed();
        }
        if (!parse_option(option, argv, o))
            return EXIT_USAGE;
    }
    o->files = (const char *const *)argv + optind;
    o->file_count = (size_t)(argc - optind);
    return -1;
}

int cmd_send(int argc, char **argv)
{
    struct SendOptions o = {
        .out = STDOUT_FILENO, .out_name = "stdout", .redundancy = REDUNDANCY_DEFAULT, .passes = 1};
    /* No bar unless asked for: the reader of the pipe may draw its own on the same terminal. */
    int code = parse(argc, argv, &o);

    if (code >= 0)
        return code;
    if (!words_json_ok(&o.words, true))
        return EXIT_USAGE;
    if (isatty(STDOUT_FILENO)) {
        diag("stdout is a terminal: pipe it, or redirect it to a file");
        return EXIT_USAGE;
    }
    if (o.file_count == 0 && isatty(STDIN_FILENO)) {
        diag("stdin is a terminal: name a FILE or redirect it");
        return EXIT_USAGE;
    }
    if (!words_json_opens(&o.words))
        return EXIT_IO;
    return transfer_send(&o);
}
