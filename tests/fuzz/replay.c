/*
 * Replay: stands in for libFuzzer where there is none. Feeds every file named, and every file in
 * and below every directory named, to the fuzz target it is linked with, and says how many. Each
 * input lies in an allocation of exactly its size, so that a sanitizer sees a read beyond it.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void die(const char *path)
{
    fprintf(stderr, "replay: %s: %s\n", path, strerror(errno));
    exit(1);
}

static void replay_file(const char *path, size_t size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = malloc(size > 0 ? size : 1);
    if (file == NULL || data == NULL)
        die(path);
    size_t got = fread(data, 1, size, file);
    if (ferror(file))
        die(path);
    fclose(file);
    if (LLVMFuzzerTestOneInput(data, got) != 0) {
        fprintf(stderr, "replay: %s: the target refused it\n", path);
        exit(1);
    }
    free(data);
}

static size_t replay(const char *path);

static size_t replay_directory(const char *path)
{
    struct dirent **entries;
    int count = scandir(path, &entries, NULL, alphasort);
    if (count < 0)
        die(path);
    size_t inputs = 0;
    for (int i = 0; i < count; i++) {
        char inner[4096];
        snprintf(inner, sizeof(inner), "%s/%s", path, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.')
            inputs += replay(inner);
        free(entries[i]);
    }
    free(entries);
    return inputs;
}

/* Returns how many inputs it fed. */
static size_t replay(const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0)
        die(path);
    if (S_ISDIR(st.st_mode))
        return replay_directory(path);
    replay_file(path, (size_t)st.st_size);
    return 1;
}

int main(int argc, char **argv)
{
    static const uint8_t nothing[1];
    size_t inputs = 0;
    for (int i = 1; i < argc; i++)
        inputs += replay(argv[i]);
    LLVMFuzzerTestOneInput(nothing, 0);
    printf("%zu inputs\n", inputs);
    return inputs > 0 ? 0 : 1;
}
