/* Clock: the monotonic time that everything in host and core counts in. */
#ifndef HOST_CLOCK_H
#define HOST_CLOCK_H

#include <stdint.h>

#define CLOCK_SECOND UINT64_C(1000000000)
#define CLOCK_MS     UINT64_C(1000000)
#define CLOCK_NEVER  UINT64_MAX /* a deadline that does not come */

/* Nanoseconds since some moment before the process began; never goes back. */
uint64_t clock_now(void);

/* Of two times or deadlines the earlier. */
static inline uint64_t clock_earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

#endif
