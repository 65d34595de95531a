#include "cmd/commands.h"
#include "cmd/options.h"
#include "cmd/words.h"
#include "host/diag.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Values of options without a letter. */
enum { OPT_NO_RESUME = 256, OPT_HELP };

static const char letters[] = ":d:fn" WORDS_LETTERS;

static const struct option long_options[] = {
    {"directory", required_argument, NULL, 'd'},
    {"force", no_argument, NULL, 'f'},
    {"no-clobber", no_argument, NULL, 'n'},
    {"no-resume", no_argument, NULL, OPT_NO_RESUME},
    WORDS_LONG,
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

static const char usage[] =
    "usage: dttk recv [options] [OUT] < LINK\n"
    "Receive a file from the line that stdin is: verified, or not under its name.\n"
    "  -d, --directory DIR       all files, under the sender's names made safe\n"
    "  -f, --force               with -d: replace files that exist\n"
    "  -n, --no-clobber          never replace OUT\n"
    "      --no-resume           throw away what an earlier run left\n" WORDS_USAGE;

/* -1: receive. Otherwise the exit code. */
static int parse(int argc, char **argv, struct RecvOptions *o)
{
    int option;

    opterr = 0; /* option_refuse says it */
    while ((option = getopt_long(argc, argv, letters, long_options, NULL)) != -1) {
        switch (option) {
        case 'd':
            o->target = optarg;
            o->folder = true;
            break;
        case 'f':
            o->force = true;
            break;
        case 'n':
            o->no_clobber = true;
            break;
        case OPT_NO_RESUME:
            o->no_resume = true;
            break;
        case OPT_HELP:
            fputs(usage, stdout);
            return option_printed();
        default:
            if (!words_option(option, &o->words)) {
                words_refuse(option, argv, letters);
                return EXIT_USAGE;
            }
        }
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

int cmd_recv(int argc, char **argv)
{
    struct RecvOptions o = {.in = STDIN_FILENO, .in_name = "stdin", .out = STDOUT_FILENO};
    int code;

    o.words.progress = isatty(STDERR_FILENO);
    code = parse(argc, argv, &o);
    if (code >= 0)
        return code;
    if (!parse_target(argc, argv, &o) || !words_json_ok(&o.words, !o.target))
        return EXIT_USAGE;
    if (isatty(STDIN_FILENO)) {
        diag("stdin is a terminal: pipe a link into it "
             "(a serial port: socat -u DEVICE,raw,echo=0 - | dttk recv ...)");
        return EXIT_USAGE;
    }
    if (!o.target && argc == optind && isatty(STDOUT_FILENO)) {
        diag("stdout is a terminal: name an OUT or redirect it");
        return EXIT_USAGE;
    }
    if (!words_json_opens(&o.words))
        return EXIT_IO;
    return transfer_recv(&o);
}
