/* A folder of its own for a test, and the few things tests do with files in it. */
#ifndef TESTS_UNIT_FOLDER_H
#define TESTS_UNIT_FOLDER_H

#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct Folder {
    char path[64];
    int dir;
};

static inline void folder_open(struct Folder *f)
{
    strcpy(f->path, "/tmp/dttk-unit-XXXXXX");
    cr_assert_not_null(mkdtemp(f->path));
    f->dir = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cr_assert_geq(f->dir, 0);
}

/* Names in it, . and .. not counted. */
static inline size_t folder_count(const struct Folder *f)
{
    size_t n = 0;
    DIR *d = opendir(f->path);
    while (readdir(d) != NULL)
        n++;
    closedir(d);
    return n - 2;
}

/* Remove what is in it. */
static inline void folder_empty(const struct Folder *f)
{
    DIR *d = opendir(f->path);
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
            unlinkat(f->dir, e->d_name, 0) != 0)
            unlinkat(f->dir, e->d_name, AT_REMOVEDIR);
    }
    closedir(d);
}

static inline void folder_close(struct Folder *f)
{
    folder_empty(f);
    close(f->dir);
    rmdir(f->path);
}

/* "FOLDER/name"; good until the next but three calls. */
static inline const char *folder_path(const struct Folder *f, const char *name)
{
    static char path[4][400];
    static unsigned next;
    char *p = path[next++ % 4];
    snprintf(p, sizeof path[0], "%s/%s", f->path, name);
    return p;
}

static inline bool folder_has(const struct Folder *f, const char *name)
{
    struct stat st;
    return fstatat(f->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static inline void folder_put(const struct Folder *f, const char *name, const void *data,
                              size_t len)
{
    int fd = openat(f->dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    cr_assert_geq(fd, 0);
    cr_assert_eq(write(fd, data, len), (ssize_t)len);
    close(fd);
}

/* The file's bytes, *len of them, to be freed. */
static inline uint8_t *folder_get(const struct Folder *f, const char *name, size_t *len)
{
    struct stat st;
    int fd = openat(f->dir, name, O_RDONLY);
    cr_assert_geq(fd, 0, "%s", name);
    fstat(fd, &st);
    uint8_t *data = malloc((size_t)st.st_size + 1);
    *len = (size_t)st.st_size;
    cr_assert_eq(read(fd, data, *len), st.st_size);
    close(fd);
    return data;
}

static inline bool folder_equal(const struct Folder *f, const char *name, const void *data,
                                size_t len)
{
    size_t n;
    uint8_t *there = folder_get(f, name, &n);
    bool equal = n == len && memcmp(there, data, len) == 0;
    free(there);
    return equal;
}

#endif
