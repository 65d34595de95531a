/* Fixture: the bytes of a file in fixtures/. */
#ifndef TESTS_UNIT_FIXTURE_H
#define TESTS_UNIT_FIXTURE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "unit/check.h"

struct Fixture {
    uint8_t *bytes;
    size_t len;
};

/* The file of that name, below fixtures/; the caller frees its bytes. */
static inline struct Fixture fixture_read(const char *name)
{
    const char *folder = getenv("DTTK_FIXTURES");
    struct Fixture f = {.bytes = malloc(1 << 20)};
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder != NULL ? folder : "fixtures", name);
    FILE *file = fopen(path, "rb");
    CHECK(file != NULL, "%s is not there", path);
    f.len = fread(f.bytes, 1, 1 << 20, file);
    CHECK(feof(file), "%s is too large", path);
    fclose(file);
    return f;
}

#endif
