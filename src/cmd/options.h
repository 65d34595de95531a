/*
 * Options: the values of the command line, parsed strictly. Every function takes the option's name
 * ("--mtu") and its text and either sets *out and returns true, or says what is wrong in one line
 * on stderr, leaves *out alone and returns false: exit with 2. No sign, no space, no hexadecimal,
 * nothing left over, no overflow.
 */
#ifndef CMD_OPTIONS_H
#define CMD_OPTIONS_H

#include "host/exit_code.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A whole number from min to max: "115200". */
bool option_number(const char *name, const char *text, uint64_t min, uint64_t max, uint64_t *out);

/*
 * Bytes a second from 0 to max: digits, perhaps a fraction, perhaps a unit: k, M, G (1000s; K is
 * k) or Ki, Mi, Gi (1024s), perhaps a B: "64k", "1.5M", "16KiB".
 */
bool option_rate(const char *name, const char *text, uint64_t max, uint64_t *out);

/* Bytes from min to max, written in the same way. */
bool option_bytes(const char *name, const char *text, uint64_t min, uint64_t max, uint64_t *out);

/* Seconds from 0 to max_s, perhaps with a fraction, in ns: "0.5". */
bool option_seconds(const char *name, const char *text, uint64_t max_s, uint64_t *out);

/* Milliseconds, perhaps with a fraction, in ns. */
bool option_ms(const char *name, const char *text, uint64_t max_ms, uint64_t *out);

/* A percentage from 0 to max, perhaps with a fraction and a % sign, in millionths: 25 -> 250000. */
bool option_percent(const char *name, const char *text, uint32_t max, uint32_t *out);

/* A number from min to max, perhaps with a fraction, an exponent, a unit: "2.5", "1e5", "10k". */
bool option_real(const char *name, const char *text, double min, double max, double *out);

/* A probability from 0 to 1: "0.01", "1e-5", "5%". */
bool option_probability(const char *name, const char *text, double *out);

/* One of count words; *out is its index. */
bool option_word(const char *name, const char *text, const char *const *words, size_t count,
                 size_t *out);

/*
 * The parts of "A,B": A is copied into first (size bytes), *second points at B in text, or is NULL
 * if there is no comma. False: A does not fit, or more than one comma.
 */
bool option_pair(const char *name, const char *text, char *first, size_t size, const char **second);

/*
 * Say what getopt_long did not like: result is the '?' or ':' it returned, letters its string of
 * short options, which begins with ':'. opterr is 0; values of long options without a letter are
 * above 255.
 */
void option_refuse(int result, char *const *argv, const char *letters);

/* After words that were asked for (--help) went to stdout: an exit code. EXIT_IO: it does not take
 * them, which has been said. */
int option_printed(void);

#endif
