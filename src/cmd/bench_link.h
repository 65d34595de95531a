/* bench --link: the highest rate at which a link loses nothing. */
#ifndef CMD_BENCH_LINK_H
#define CMD_BENCH_LINK_H

/* Behind the help text of bench. */
#define BENCH_LINK_USAGE                                                                           \
    "      --link                find the highest rate at which a link loses nothing: from one\n"  \
    "                            port to another; of one port, with a plug that leads back\n"      \
    "      --through COMMAND     the link is a pipe through a command of the shell\n"              \
    "  -b, --baud N              speed of the ports (115200); also --parity, --stopbits, --flow\n" \
    "      --mtu BYTES           bytes of a frame, as for send\n"

/* self: path of dttk; usage: for --help. An exit code. */
int bench_link_command(int argc, char **argv, const char *self, const char *usage);

#endif
