/* main: a table of subcommands, from which usage prints itself. */
#include "cmd/commands.h"
#include "cmd/options.h"
#include "host/exit_code.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct Command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *description;
};

static const struct Command commands[] = {
    {"send", cmd_send, "send a file or a stream over a link"},
    {"recv", cmd_recv, "receive what was sent, verified or not at all"},
    {"noise", cmd_noise, "a bad line: stdin to stdout, damaged as asked"},
    {"ports", cmd_ports, "the serial ports of this machine"},
    {"bench", cmd_bench, "what this machine can do"},
};

#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

static void usage(FILE *out)
{
    fprintf(out, "usage: dttk COMMAND [options]\n\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(out, "  dttk %-6s  %s\n", commands[i].name, commands[i].description);
    fprintf(out, "\n  dttk COMMAND --help, man dttk: the options; dttk --version\n");
}

/*
 * A standard descriptor that is closed would be the number of the next file opened, and words for
 * stderr would go into what is being received. So something takes its place that cannot be used for
 * it: using it is the error that it was.
 */
static bool occupy_standard_descriptors(void)
{
    for (int fd = 0; fd <= 2; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
            open(fd == 0 ? "/dev/null" : "/", fd == 0 ? O_WRONLY : O_RDONLY) != fd)
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    if (!occupy_standard_descriptors()) {
        perror("dttk: a standard descriptor is closed, and nothing can take its place");
        return EXIT_IO;
    }
    if (argc < 2) {
        usage(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("dttk %s\n", DTTK_VERSION);
        return option_printed();
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        usage(stdout);
        return option_printed();
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    }
    fprintf(stderr, "dttk: no such command: %s\n", argv[1]);
    return EXIT_USAGE;
}
