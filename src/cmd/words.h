/* Words: the options about what a transfer says, the same for send and recv. */
#ifndef CMD_WORDS_H
#define CMD_WORDS_H

#include "host/transfer.h"

#include <getopt.h>

enum { WORDS_PROGRESS = 1000, WORDS_NO_PROGRESS, WORDS_JSON, WORDS_PROFILE };

#define WORDS_LETTERS "qv"
#define WORDS_LONG                                                                                 \
    {"quiet", no_argument, NULL, 'q'}, {"verbose", no_argument, NULL, 'v'},                        \
        {"progress", no_argument, NULL, WORDS_PROGRESS},                                           \
        {"no-progress", no_argument, NULL, WORDS_NO_PROGRESS},                                     \
        {"profile", no_argument, NULL, WORDS_PROFILE},                                             \
    {                                                                                              \
        "json", required_argument, NULL, WORDS_JSON                                                \
    }
#define WORDS_USAGE                                                                                \
    "  -q, --quiet               errors only\n"                                                    \
    "  -v, --verbose             more: what will be sent, what the line did\n"                     \
    "      --[no-]progress       show a bar on stderr, or never\n"                                 \
    "      --json FILE           statistics to FILE\n"                                             \
    "      --profile             where the time went, stage by stage\n"                            \
    "      --help                this text\n"

/* Take an option that getopt_long returned. False: it is none of these, nothing changed. */
bool words_option(int option, struct TransferWords *words);

/* True if the statistics may go where --json says; else it has been said: stdout carries data, or
 * the line is read from there. */
bool words_json_ok(const struct TransferWords *words, bool stdout_taken);

/* True if --json names another file than path; or, folder, none in that; else it has been said. A
 * device may be both. */
bool words_json_apart(const struct TransferWords *words, const char *path, bool folder);

/* False: a bar would be drawn on the link; it has been said. */
bool words_progress_ok(const struct TransferWords *words, const struct LinkOptions *link);

/*
 * True if the file of --json, if any, can be opened for writing: to be asked before the transfer.
 * It is created, and what it holds stays for now; a FIFO must have its reader. Else it has been
 * said. Never waits.
 */
bool words_json_opens(const struct TransferWords *words);

#endif
