/* Links for tests: ports that are ptys, and the words that are said of them. */
#ifndef TESTS_UNIT_LINK_KIT_H
#define TESTS_UNIT_LINK_KIT_H

#include "host/link.h"
#include "unit/serial_pair.h"

static uint8_t memory[1 << 15];

static inline struct LinkOptions port_options(const char *path)
{
    return (struct LinkOptions){
        .in = -1, .out = -1, .serial = options_of(path), .patience = CLOCK_NEVER};
}

/* As unplugging does. */
static inline void pair_close(struct Pair *p)
{
    close(p->terminal);
    close(p->master);
}

/* What is said on stderr from words_begin to words_end. */
struct Words {
    int pipe;
    int saved;
};

static inline struct Words words_begin(void)
{
    struct Words w;
    int fds[2];
    cr_assert_eq(pipe(fds), 0);
    w.pipe = fds[0];
    w.saved = dup(STDERR_FILENO);
    cr_assert_eq(dup2(fds[1], STDERR_FILENO), STDERR_FILENO);
    close(fds[1]);
    return w;
}

/* Until the next call. */
static inline const char *words_end(struct Words w)
{
    static char words[2048];
    size_t len = 0;
    cr_assert_eq(dup2(w.saved, STDERR_FILENO), STDERR_FILENO);
    close(w.saved);
    for (ssize_t n; (n = read(w.pipe, words + len, sizeof words - 1 - len)) > 0;)
        len += (size_t)n;
    close(w.pipe);
    words[len] = '\0';
    return words;
}

static inline size_t lines_of(const char *words)
{
    size_t lines = 0;
    for (; *words != '\0'; words++)
        lines += *words == '\n';
    return lines;
}

#endif
