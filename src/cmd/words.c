#include "cmd/words.h"

#include "cmd/options.h"
#include "host/diag.h"

#include <errno.h>
#include <fcntl.h>
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
        words->progress = words->progress_given = true;
        return true;
    case WORDS_NO_PROGRESS:
        words->progress = false;
        words->progress_given = true;
        return true;
    case WORDS_JSON:
        words->json = optarg;
        return true;
    default:
        return false;
    }
}

/* True if the option that getopt_long does not know, letter or (0) the word, is to come. */
static bool is_later(int letter, const char *word)
{
    static const char *const words[] = {"--wire", "--armor"};
    size_t len = strcspn(word, "=");

    if (letter != 0)
        return strchr("z", letter) != NULL;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strncmp(word, words[i], len) == 0 && words[i][len] == '\0')
            return true;
    }
    return false;
}

void words_refuse(int result, char *const *argv, const char *letters)
{
    const char letter[] = {'-', (char)optopt, '\0'};
    const char *word = argv[optind - 1];

    if (result == '?' && optopt <= UINT8_MAX && is_later(optopt, word))
        diag("not in this version: %s", optopt != 0 ? letter : word);
    else
        option_refuse(result, argv, letters);
}

bool words_json_ok(const struct TransferWords *words, bool stdout_taken)
{
    if (!stdout_taken || !words->json || strcmp(words->json, "-") != 0)
        return true;
    diag("--json: stdout carries data; name a file instead of: -");
    return false;
}

bool words_json_opens(const struct TransferWords *words)
{
    if (!words->json || strcmp(words->json, "-") == 0)
        return true;
    /* It stays open until the process ends: the reader of a FIFO must not see an end before. */
    if (open(words->json, O_WRONLY | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0666) >= 0)
        return true;
    diag_errno(errno, words->json, NULL);
    return false;
}
