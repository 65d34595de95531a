#include "host/serial_list.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libserialport.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BY_ID "/dev/serial/by-id"

static void copy_text(char *out, size_t size, const char *text)
{
    (void)snprintf(out, size, "%s", text != NULL ? text : "");
}

void serial_list_owner(const struct stat *st, char owner[SERIAL_NAME], char group[SERIAL_NAME])
{
    const struct passwd *user = getpwuid(st->st_uid);
    const struct group *members = getgrgid(st->st_gid);
    (void)snprintf(owner, SERIAL_NAME, "%u", (unsigned)st->st_uid);
    (void)snprintf(group, SERIAL_NAME, "%u", (unsigned)st->st_gid);
    if (user != NULL)
        copy_text(owner, SERIAL_NAME, user->pw_name);
    if (members != NULL)
        copy_text(group, SERIAL_NAME, members->gr_name);
}

void serial_list_by_id(const char *device, char *out, size_t size)
{
    DIR *dir = opendir(BY_ID);
    out[0] = '\0';
    if (dir == NULL)
        return;
    for (struct dirent *e; out[0] == '\0' && (e = readdir(dir)) != NULL;) {
        char path[sizeof BY_ID + 1 + sizeof e->d_name];
        char target[PATH_MAX];
        (void)snprintf(path, sizeof path, "%s/%s", BY_ID, e->d_name);
        if (realpath(path, target) != NULL && strcmp(target, device) == 0 && strlen(path) < size)
            copy_text(out, size, path);
    }
    (void)closedir(dir);
}

static void describe(struct SerialEntry *e, const struct sp_port *port)
{
    struct stat st;
    *e = (struct SerialEntry){.vendor = -1, .model = -1};
    copy_text(e->path, sizeof e->path, sp_get_port_name(port));
    copy_text(e->description, sizeof e->description, sp_get_port_description(port));
    e->usb = sp_get_port_transport(port) == SP_TRANSPORT_USB;
    if (e->usb) {
        copy_text(e->maker, sizeof e->maker, sp_get_port_usb_manufacturer(port));
        copy_text(e->product, sizeof e->product, sp_get_port_usb_product(port));
        copy_text(e->serial, sizeof e->serial, sp_get_port_usb_serial(port));
        if (sp_get_port_usb_vid_pid(port, &e->vendor, &e->model) != SP_OK)
            e->vendor = e->model = -1;
    }
    serial_list_by_id(e->path, e->by_id, sizeof e->by_id);
    if (stat(e->path, &st) == 0) {
        e->mode = st.st_mode & 07777;
        serial_list_owner(&st, e->owner, e->group);
    }
    e->may_open = faccessat(AT_FDCWD, e->path, R_OK | W_OK, AT_EACCESS) == 0;
}

static int by_path(const void *a, const void *b)
{
    const struct SerialEntry *x = a;
    const struct SerialEntry *y = b;
    return strverscmp(x->path, y->path);
}

int serial_list_open(struct SerialList *list)
{
    struct sp_port **ports = NULL;
    *list = (struct SerialList){0};
    errno = 0;
    if (sp_list_ports(&ports) != SP_OK) {
        /* No such folder: a system without any serial port. */
        if (errno == ENOENT)
            return 0;
        errno = errno != 0 ? errno : EIO;
        return -1;
    }
    size_t count = 0;
    while (ports[count] != NULL)
        count++;
    list->entries = calloc(count + 1, sizeof *list->entries);
    for (size_t i = 0; list->entries != NULL && i < count; i++)
        describe(&list->entries[list->count++], ports[i]);
    sp_free_port_list(ports);
    if (list->entries == NULL)
        return -1;
    qsort(list->entries, list->count, sizeof *list->entries, by_path);
    return 0;
}

void serial_list_close(struct SerialList *list)
{
    free(list->entries);
    *list = (struct SerialList){0};
}
