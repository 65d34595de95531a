/* ports: the serial ports of this machine, and who may open them. */
#include "cmd/commands.h"
#include "cmd/options.h"
#include "host/diag.h"
#include "host/serial_list.h"
#include "host/transfer.h"

#include <errno.h>
#include <getopt.h>
#include <json-c/json_object.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS 5
#define CELL    (4 * SERIAL_TEXT + DIAG_ESCAPE_MIN) /* every byte escaped */

enum { OPT_JSON = 256, OPT_HELP };

static const char letters[] = ":";

static const struct option long_options[] = {
    {"json", no_argument, NULL, OPT_JSON},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

static const char usage[] = "usage: dttk ports [--json]\n"
                            "List the serial ports of this machine. Nothing is written to them.\n"
                            "      --json                the same, and more, as one JSON object\n"
                            "      --help                this text\n";

struct Row {
    char cells[COLUMNS][CELL];
};

/* Devices name themselves: their texts may hold anything. */
static void put_text(char cell[CELL], const char *text)
{
    if (text[0] == '\0')
        text = "-";
    (void)diag_escape(cell, CELL, view_of(text, strlen(text)));
}

static void put_ids(char cell[CELL], const struct SerialEntry *e)
{
    if (e->vendor >= 0)
        (void)snprintf(cell, CELL, "%04x:%04x", (unsigned)e->vendor, (unsigned)e->model);
    else
        put_text(cell, "");
}

static bool both(mode_t mode, mode_t bits)
{
    return (mode & bits) == bits;
}

static bool group_helps(const struct SerialEntry *e)
{
    return both(e->mode, 060) && strcmp(e->group, "root") != 0;
}

static void put_who(char cell[CELL], const struct SerialEntry *e)
{
    char mend[2 * SERIAL_NAME + 32] = "";
    if (e->owner[0] == '\0') {
        put_text(cell, "");
        return;
    }
    if (!e->may_open && group_helps(e))
        (void)snprintf(mend, sizeof mend, ": sudo usermod -aG %s $USER", e->group);
    (void)snprintf(cell, CELL, "%s%s%s%s; %s%s", e->owner, both(e->mode, 060) ? ", group " : "",
                   both(e->mode, 060) ? e->group : "", both(e->mode, 06) ? ", everybody" : "",
                   e->may_open ? "you may" : "you may not", mend);
}

static void print_rows(struct Row *rows, size_t count)
{
    for (size_t row = 0; row < count; row++) {
        for (size_t c = 0; c < COLUMNS; c++) {
            size_t width = 0;
            for (size_t i = 0; c + 1 < COLUMNS && i < count; i++) {
                size_t len = strlen(rows[i].cells[c]);
                width = len > width ? len : width;
            }
            printf("%-*s%s", (int)width, rows[row].cells[c], c + 1 < COLUMNS ? "  " : "\n");
        }
    }
}

static int print_table(const struct SerialList *list)
{
    static const char *const heads[COLUMNS] = {"PORT", "USB ID", "PRODUCT", "SERIAL NUMBER",
                                               "WHO MAY OPEN IT"};
    if (list->count == 0) {
        puts("no serial port is here");
        return 0;
    }
    struct Row *rows = calloc(list->count + 1, sizeof *rows);
    if (rows == NULL)
        return -1;
    for (size_t c = 0; c < COLUMNS; c++)
        put_text(rows[0].cells[c], heads[c]);
    for (size_t i = 0; i < list->count; i++) {
        const struct SerialEntry *e = &list->entries[i];
        struct Row *row = &rows[i + 1];
        put_text(row->cells[0], e->path);
        put_ids(row->cells[1], e);
        put_text(row->cells[2], e->product[0] != '\0' ? e->product : e->description);
        put_text(row->cells[3], e->serial);
        put_who(row->cells[4], e);
    }
    print_rows(rows, list->count + 1);
    free(rows);
    return 0;
}

/* Escaped here too: JSON is UTF-8, and what a device says may not be. Not known: left out. */
static void add_text(json_object *o, const char *key, const char *text)
{
    char cell[CELL];
    if (text[0] == '\0')
        return;
    put_text(cell, text);
    json_object_object_add(o, key, json_object_new_string(cell));
}

static json_object *port_of(const struct SerialEntry *e)
{
    json_object *o = json_object_new_object();
    char text[CELL];
    add_text(o, "port", e->path);
    add_text(o, "by_id", e->by_id);
    add_text(o, "description", e->description);
    json_object_object_add(o, "usb", json_object_new_boolean(e->usb));
    if (e->vendor >= 0) {
        put_ids(text, e);
        add_text(o, "usb_id", text);
    }
    add_text(o, "maker", e->maker);
    add_text(o, "product", e->product);
    add_text(o, "serial_number", e->serial);
    add_text(o, "owner", e->owner);
    add_text(o, "group", e->group);
    (void)snprintf(text, sizeof text, "%04o", (unsigned)e->mode);
    add_text(o, "mode", text);
    json_object_object_add(o, "may_open", json_object_new_boolean(e->may_open));
    return o;
}

static int print_json(const struct SerialList *list)
{
    json_object *root = json_object_new_object();
    json_object *ports = json_object_new_array();
    json_object_object_add(root, "ports", ports);
    for (size_t i = 0; i < list->count; i++)
        json_object_array_add(ports, port_of(&list->entries[i]));
    int flags = JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE;
    puts(json_object_to_json_string_ext(root, flags));
    json_object_put(root);
    return 0;
}

/* -1: list them. Otherwise the exit code. */
static int parse(int argc, char **argv, bool *json)
{
    int option;
    opterr = 0; /* option_refuse says it */
    while ((option = getopt_long(argc, argv, letters, long_options, NULL)) != -1) {
        if (option == OPT_HELP) {
            fputs(usage, stdout);
            return EXIT_DELIVERED;
        }
        if (option != OPT_JSON) {
            option_refuse(option, argv, letters);
            return EXIT_USAGE;
        }
        *json = true;
    }
    if (optind == argc)
        return -1;
    diag("ports takes no argument: %s", argv[optind]);
    return EXIT_USAGE;
}

int cmd_ports(int argc, char **argv)
{
    struct SerialList list;
    bool json = false;
    int code = parse(argc, argv, &json);
    if (code >= 0)
        return code;
    if (serial_list_open(&list) < 0) {
        diag_errno(errno, "ports", "cannot list them");
        return EXIT_IO;
    }
    int result = json ? print_json(&list) : print_table(&list);
    serial_list_close(&list);
    if (result == 0 && fflush(stdout) == 0)
        return EXIT_DELIVERED;
    diag_errno(errno, "stdout", "cannot write");
    return EXIT_IO;
}
