#include "cmd/words.h"

#include "cmd/options.h"
#include "host/diag.h"
#include "host/link.h"
#include "host/profile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

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
    case WORDS_PROFILE:
        profile_open();
        return true;
    case WORDS_JSON:
        words->json = optarg;
        return true;
    default:
        return false;
    }
}

void words_refuse(int result, char *const *argv, const char *letters)
{
    if (result == '?' && optopt == 'z')
        diag("not in this version: -z");
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

bool words_progress_ok(const struct TransferWords *words, const struct LinkOptions *link)
{
    if (!words->progress || !link->terminal || !link_is_one_terminal(link->in, STDERR_FILENO))
        return true;
    diag("stderr is the terminal that is the link: --progress");
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
