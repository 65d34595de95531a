/*
 * Serial list: the serial ports of this machine, by what the system knows of them. No USB port is
 * opened for it, and nothing is written to any.
 */
#ifndef HOST_SERIAL_LIST_H
#define HOST_SERIAL_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#define SERIAL_NAME 64 /* bytes of a user's or group's name, with its end */
#define SERIAL_TEXT 256

/* Texts are the device's own, so nobody's word: diag_escape them. Empty: not known. */
struct SerialEntry {
    char path[SERIAL_TEXT];
    char by_id[SERIAL_TEXT]; /* the name that stays when it is plugged elsewhere */
    char description[SERIAL_TEXT];
    char maker[SERIAL_TEXT];
    char product[SERIAL_TEXT];
    char serial[SERIAL_TEXT]; /* serial number */
    char owner[SERIAL_NAME];
    char group[SERIAL_NAME];
    mode_t mode;
    bool usb;
    bool may_open; /* by this process, as far as permissions go */
    int vendor;    /* of USB, -1: not known */
    int model;
};

struct SerialList {
    struct SerialEntry *entries; /* by path, digits by value */
    size_t count;
};

/* What is here now. -1 and errno: it cannot be told; nothing to close. */
int serial_list_open(struct SerialList *list);
void serial_list_close(struct SerialList *list);

/* The names of a file's owner and group, digits if they have none. */
void serial_list_owner(const struct stat *st, char owner[SERIAL_NAME], char group[SERIAL_NAME]);

/* The link in /dev/serial/by-id that leads to device, into out; empty if there is none. */
void serial_list_by_id(const char *device, char *out, size_t size);

#endif
