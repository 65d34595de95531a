/*
 * The subcommands: argv[0] is the subcommand's name. Each returns the exit code of dttk(1); all has
 * been said by then.
 */
#ifndef CMD_COMMANDS_H
#define CMD_COMMANDS_H

int cmd_send(int argc, char **argv);
int cmd_recv(int argc, char **argv);
int cmd_noise(int argc, char **argv);
int cmd_ports(int argc, char **argv);
int cmd_bench(int argc, char **argv);

#endif
