#include "host/hasher.h"

#include "host/profile.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>

#define STACK ((size_t)128 << 10) /* bytes of the helper's */

/* With two, as many as a pipe has ends, helpers get in the way: measured, 10 % slower. */
int hasher_processors = 3;

static struct {
    pthread_once_t once;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool running; /* written under `once` */
    /* Under `lock`: what is handed over; digest NULL: nothing. */
    struct Digest *digest;
    const uint8_t *data;
    size_t len;
} helper = {
    PTHREAD_ONCE_INIT, PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, NULL, NULL, 0};

static void *help(void *unused)
{
    (void)unused;
    (void)pthread_mutex_lock(&helper.lock);
    for (;;) {
        while (helper.digest == NULL)
            (void)pthread_cond_wait(&helper.changed, &helper.lock);
        struct Digest *d = helper.digest;
        (void)pthread_mutex_unlock(&helper.lock);
        digest_update(d, helper.data, helper.len); /* nobody else touches them now */
        (void)pthread_mutex_lock(&helper.lock);
        helper.digest = NULL;
        (void)pthread_cond_signal(&helper.changed);
    }
    return NULL;
}

static bool has_processors(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    return sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) >= hasher_processors;
}

static void start(void)
{
    pthread_t thread;
    pthread_attr_t attributes;
    sigset_t all, before;
    if (!has_processors() || pthread_attr_init(&attributes) != 0)
        return;
    (void)pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    (void)pthread_attr_setstacksize(&attributes, STACK);
    (void)sigfillset(&all); /* signals are for those who wait for them */
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    helper.running = pthread_create(&thread, &attributes, help, NULL) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)pthread_attr_destroy(&attributes);
}

/* True if it is worth it, and there is a helper. */
static bool helps(enum DigestKind kind, size_t len)
{
    if (kind != DIGEST_SHA256 || len < HASHER_LEAST) /* XXH128 is faster than the handing over */
        return false;
    (void)pthread_once(&helper.once, start);
    return helper.running;
}

void hasher_now(struct Digest *d, const uint8_t *data, size_t len)
{
    struct ProfileMark mark = profile_enter(PROFILE_HASH);
    digest_update(d, data, len);
    profile_leave(mark);
}

void hasher_wait(void)
{
    if (!helper.running)
        return;
    struct ProfileMark mark = profile_enter(PROFILE_HASH);
    (void)pthread_mutex_lock(&helper.lock);
    while (helper.digest != NULL)
        (void)pthread_cond_wait(&helper.changed, &helper.lock);
    (void)pthread_mutex_unlock(&helper.lock);
    profile_leave(mark);
}

bool hasher_update(struct Digest *d, const uint8_t *data, size_t len)
{
    hasher_wait();
    if (!helps(d->kind, len)) {
        hasher_now(d, data, len);
        return false;
    }
    (void)pthread_mutex_lock(&helper.lock);
    helper.digest = d;
    helper.data = data;
    helper.len = len;
    (void)pthread_cond_signal(&helper.changed);
    (void)pthread_mutex_unlock(&helper.lock);
    return true;
}
