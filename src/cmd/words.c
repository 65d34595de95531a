#include "cmd/words.h"

#include "cmd/options.h"
#include "host/diag.h"
#include "host/link.h"
#include "host/profile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

/* What --json names is in the way of data. */
static bool refuse_json(const struct TransferWords *words, const char *why)
{
    diag("--json: %s; name a file of its own instead of: %s", why, words->json);
    return false;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* True if the regular file of --json is that which fd is. */
static bool json_is_descriptor(const struct TransferWords *words, int fd)
{
    struct stat json, there;

    return stat(words->json, &json) == 0 && S_ISREG(json.st_mode) && fstat(fd, &there) == 0 &&
           is_same(&json, &there);
}

bool words_json_ok(const struct TransferWords *words, bool stdout_taken)
{
    if (!words->json)
        return true;
    if (stdout_taken && (strcmp(words->json, "-") == 0 || json_is_descriptor(words, STDOUT_FILENO)))
        return refuse_json(words, "stdout carries data");
    if (strcmp(words->json, "-") != 0 && json_is_descriptor(words, STDIN_FILENO))
        return refuse_json(words, "stdin is read from there");
    return true;
}

/* The folder of path, and the name in it. False: it is not there. */
static bool look_at_folder(const char *path, struct stat *folder, const char **name)
{
    const char *slash = strrchr(path, '/');
    char *up = slash ? strndup(path, (size_t)(slash - path) + 1) : NULL;
    bool there = stat(up ? up : ".", folder) == 0;

    *name = slash ? slash + 1 : path;
    free(up);
    return there;
}

bool words_json_apart(const struct TransferWords *words, const char *path, bool folder)
{
    struct stat json, there, json_folder;
    const char *json_name, *name;

    if (!words->json || strcmp(words->json, "-") == 0)
        return true;
    if (stat(words->json, &json) == 0 && !S_ISREG(json.st_mode))
        return true;
    if (!folder && stat(words->json, &json) == 0 && stat(path, &there) == 0)
        return !is_same(&json, &there) || refuse_json(words, "that file is data");
    if (!look_at_folder(words->json, &json_folder, &json_name))
        return true;
    if (folder)
        return stat(path, &there) != 0 || !is_same(&json_folder, &there) ||
               refuse_json(words, "files are received into that folder");
    if (!look_at_folder(path, &there, &name) || !is_same(&json_folder, &there))
        return true;
    return strcmp(json_name, name) != 0 || refuse_json(words, "that file is data");
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
