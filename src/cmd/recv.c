#include "cmd/commands.h"
#include "cmd/link_options.h"
#include "cmd/options.h"
#include "cmd/words.h"
#include "host/diag.h"
#include "host/profile.h"
#include "host/store.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Values of options without a letter. */
enum {
    OPT_NO_RESUME = 256,
    OPT_NO_FSYNC,
    OPT_LOSSY,
    OPT_KEEP_GOING,
    OPT_MAX_SIZE,
    OPT_MAX_OBJECTS,
    OPT_HELP
};

#define SIZE_MOST INT64_MAX /* bytes of any object */

static const char letters[] = ":d:fn" LINK_LETTERS WORDS_LETTERS;

static const struct option long_options[] = {
    {"directory", required_argument, NULL, 'd'},
    {"force", no_argument, NULL, 'f'},
    {"no-clobber", no_argument, NULL, 'n'},
    {"no-resume", no_argument, NULL, OPT_NO_RESUME},
    {"no-fsync", no_argument, NULL, OPT_NO_FSYNC},
    {"lossy", no_argument, NULL, OPT_LOSSY},
    {"keep-going", no_argument, NULL, OPT_KEEP_GOING},
    {"max-size", required_argument, NULL, OPT_MAX_SIZE},
    {"max-objects", required_argument, NULL, OPT_MAX_OBJECTS},
    LINK_LONG,
    WORDS_LONG,
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

static const char usage[] =
    "usage: dttk recv [options] [OUT] < LINK\n"
    "       dttk recv --port PORT [options] [OUT]\n"
    "Receive a file from a serial port, or from the line that stdin is: verified, or not under "
    "its\n"
    "name.\n" LINK_USAGE
    "  -d, --directory DIR       all files, under the sender's names made safe\n"
    "  -f, --force               with -d: replace files that exist\n"
    "      --keep-going          with -d: until a signal, or the end of the pipe, whatever comes\n"
    "      --max-objects N       with -d: so many files at a time at most (64)\n"
    "      --max-size BYTES      refuse what is larger\n"
    "  -n, --no-clobber          never replace OUT\n"
    "      --no-resume           throw away what an earlier run left\n"
    "      --no-fsync            do not wait for the disk: a power cut may take what was received\n"
    "      --lossy               leave out what a stream has lost for good, and go "
    "on\n" WORDS_USAGE;

/* The options that bound what is taken. */
static bool parse_bound(int option, struct RecvOptions *o)
{
    uint64_t objects = 0;

    if (option == OPT_MAX_SIZE)
        return option_bytes("--max-size", optarg, 1, SIZE_MOST, &o->max_size);
    if (!option_number("--max-objects", optarg, 1, STORE_SLOTS_MAX, &objects))
        return false;
    o->max_objects = (unsigned)objects;
    return true;
}

/* One option. False: it has been said what is wrong with it. */
static bool parse_option(int option, char **argv, struct RecvOptions *o, struct LinkArguments *a)
{
    enum LinkOption link = link_option(option, optarg, a);

    if (link != LINK_OPTION_OTHER)
        return link == LINK_OPTION_TAKEN;
    switch (option) {
    case 'd':
        o->target = optarg;
        o->folder = true;
        return true;
    case 'f':
        return o->force = true;
    case 'n':
        return o->no_clobber = true;
    case OPT_NO_RESUME:
        return o->no_resume = true;
    case OPT_NO_FSYNC:
        return o->no_sync = true;
    case OPT_LOSSY:
        return o->lossy = true;
    case OPT_KEEP_GOING:
        return o->keep_going = a->keep_going = true;
    case OPT_MAX_SIZE:
    case OPT_MAX_OBJECTS:
        return parse_bound(option, o);
    default:
        if (words_option(option, &o->words))
            return true;
        option_refuse(option, argv, letters);
        return false;
    }
}

/* -1: receive. Otherwise the exit code. */
static int parse(int argc, char **argv, struct RecvOptions *o, struct LinkArguments *a)
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
    return -1;
}

/* The target from what is left of the command line. False: it has been said what is wrong. */
static bool parse_target(int argc, char **argv, struct RecvOptions *o)
{
    if (argc - optind > 1) {
        diag("one OUT at most, this is one more: %s", argv[optind + 1]);
        return false;
    }
    if (o->folder && o->target[0] == '\0') {
        diag("DIR is empty");
        return false;
    }
    if (argc == optind)
        return true;
    if (o->folder) {
        diag("-d takes the sender's names, it does not go with an OUT: %s", argv[optind]);
        return false;
    }
    if (argv[optind][0] == '\0') {
        diag("OUT is empty");
        return false;
    }
    if (strcmp(argv[optind], "-") != 0)
        o->target = argv[optind];
    return true;
}

/* What only a folder has. False: it has been said. */
static bool settle_folder(struct RecvOptions *o)
{
    const char *option = o->keep_going        ? "--keep-going"
                         : o->max_objects > 0 ? "--max-objects"
                                              : NULL;

    if (option && !o->folder) {
        diag("this option needs a -d DIR: %s", option);
        return false;
    }
    o->max_objects = o->max_objects > 0 ? o->max_objects : STORE_SLOTS_MAX;
    return true;
}

/* The target and the link, and what does not go together. False: it has been said. */
static bool settle(int argc, char **argv, struct RecvOptions *o, struct LinkArguments *a)
{
    if (!parse_target(argc, argv, o) || !settle_folder(o) ||
        !link_options_settle(a, LINK_OF_RECV, !o->target))
        return false;
    o->line = link_options_line(a, o->words.quiet);
    if (!words_json_ok(&o->words, !o->target || a->link.out == STDOUT_FILENO) ||
        (o->target && !words_json_apart(&o->words, o->target, o->folder)) ||
        !words_progress_ok(&o->words, &a->link))
        return false;
    if (!o->target && argc == optind && isatty(STDOUT_FILENO)) {
        diag("stdout is a terminal: name an OUT or redirect it");
        return false;
    }
    /* On a terminal that is the link words and a bar would be noise on the line. */
    if (!o->words.progress_given && !o->words.quiet && !a->link.terminal)
        o->words.progress = isatty(STDERR_FILENO);
    return true;
}

int cmd_recv(int argc, char **argv)
{
    struct RecvOptions o = {.out = STDOUT_FILENO};
    struct LinkArguments a;
    int code;

    link_options_init(&a);
    code = parse(argc, argv, &o, &a);
    if (code >= 0)
        return code;
    if (!settle(argc, argv, &o, &a))
        return EXIT_USAGE;
    if (!words_json_opens(&o.words))
        return EXIT_IO;
    code = transfer_recv(&o);
    profile_say();
    return code;
}
