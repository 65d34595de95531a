#include "cmd/words.h"

#include "host/diag.h"

#include <string.h>

bool words_option(int option, struct TransferWords *words)
{
    switch (option) {
    case 'q':
        words->quiet = true;
        words->progress = false; /* the bar of a terminal, unless asked for after this */
        return true;
    case 'v':
        words->verbose = true;
        return true;
    case WORDS_PROGRESS:
        words->progress = true;
        return true;
    case WORDS_NO_PROGRESS:
        words->progress = false;
        return true;
    case WORDS_JSON:
        words->json = optarg;
        return true;
    default:
        return false;
    }
}

bool words_json_ok(const struct TransferWords *words, bool stdout_taken)
{
    if (!stdout_taken || !words->json || strcmp(words->json, "-") != 0)
        return true;
    diag("--json: stdout carries data, name a file: -");
    return false;
}
