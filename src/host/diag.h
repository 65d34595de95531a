/*
 * Diag: words for people, one line each, on stderr. Whatever is printed here is made printable
 * first (see diag_escape), so a name from the line cannot put control bytes on a terminal. errno
 * is left as it was. A line is written with one write(2) and cut at about 8,000 bytes.
 */
#ifndef HOST_DIAG_H
#define HOST_DIAG_H

#include "core/bytes.h"

/*
 * One line "dttk: " + format, the newline added: `dttk: PATH: reason`, lower case, the offending
 * value last.
 */
void diag(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * One line "dttk: PATH: what: reason", reason being strerror(error) with a small first letter.
 * what may be NULL: "dttk: PATH: reason".
 */
void diag_errno(int error, const char *path, const char *what);

/* One line as it is, without "dttk: " before it: the verdict, statistics, notes of -v. */
void diag_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Call before() ahead of every line, so that a progress bar can clear the line it stands on.
 * NULL: nothing more. The hook itself writes with write(2), not with the functions above.
 */
void diag_before(void (*before)(void));

/*
 * Keep lines back from now on, the last 8 KiB of them, and say them at diag_release: while stderr
 * is a terminal that is the link. Fine to repeat.
 */
void diag_hold(void);
void diag_release(void);

/*
 * Write len bytes of terminal output (a bar) to stderr as they are. They are lost if stderr does
 * not take them; a stderr that is non-blocking is waited for, 1 s at most.
 */
void diag_raw(const char *bytes, size_t len);

#define DIAG_ESCAPE_MIN 8 /* least size of out below */

/*
 * Untrusted text, printable, into out (size bytes, 0-terminated; at least DIAG_ESCAPE_MIN):
 * bytes of control characters (C0, DEL, C1, line and paragraph separators), of invalid UTF-8 and
 * of invisible or direction-changing characters become \xNN; other UTF-8 and the backslash stay.
 * What does not fit is replaced by "...", never cutting a character or an escape. Returns out.
 */
char *diag_escape(char *out, size_t size, struct View text);

#endif
