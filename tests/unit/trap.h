/* Trap: Test(suite, name, .signal = SIGNAL_OF_TRAP) passes if CORE_ASSERT stops it. */
#ifndef TESTS_UNIT_TRAP_H
#define TESTS_UNIT_TRAP_H

#include <signal.h>

/* What __builtin_trap raises. */
#ifdef __aarch64__
#define SIGNAL_OF_TRAP SIGTRAP
#else
#define SIGNAL_OF_TRAP SIGILL
#endif

#endif
