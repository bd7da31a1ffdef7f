#include <pthread.h>
#include <time.h>

#include "base/clock.h"

static struct {
    pthread_mutex_t lock;
    int64_t offset_ms; /* under lock: added to the system's time while not frozen */
    int64_t frozen_ms; /* under lock: the time while frozen */
    bool frozen;       /* under lock */
} test_clock = {.lock = PTHREAD_MUTEX_INITIALIZER};

static int64_t read_ns(clockid_t id)
{
    struct timespec t;

    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int64_t now_locked(void)
{
    return test_clock.frozen ? test_clock.frozen_ms
                             : read_ns(CLOCK_REALTIME) / 1000000 + test_clock.offset_ms;
}

int64_t kms_clock_now_ms(void)
{
    int64_t now;

    pthread_mutex_lock(&test_clock.lock);
    now = now_locked();
    pthread_mutex_unlock(&test_clock.lock);
    return now;
}

int64_t kms_clock_mono_us(void)
{
    return read_ns(CLOCK_MONOTONIC) / 1000;
}

int64_t kms_clock_set_ms(int64_t now_ms)
{
    pthread_mutex_lock(&test_clock.lock);
    test_clock.frozen_ms = now_ms;
    test_clock.offset_ms = now_ms - read_ns(CLOCK_REALTIME) / 1000000;
    pthread_mutex_unlock(&test_clock.lock);
    return now_ms;
}

int64_t kms_clock_advance_ms(int64_t by_ms)
{
    int64_t now;

    pthread_mutex_lock(&test_clock.lock);
    test_clock.frozen_ms += by_ms;
    test_clock.offset_ms += by_ms;
    now = now_locked();
    pthread_mutex_unlock(&test_clock.lock);
    return now;
}

int64_t kms_clock_freeze(bool frozen)
{
    int64_t now;

    pthread_mutex_lock(&test_clock.lock);
    now = now_locked();
    test_clock.frozen_ms = now;
    test_clock.offset_ms = now - read_ns(CLOCK_REALTIME) / 1000000;
    test_clock.frozen = frozen;
    pthread_mutex_unlock(&test_clock.lock);
    return now;
}

bool kms_clock_frozen(void)
{
    bool frozen;

    pthread_mutex_lock(&test_clock.lock);
    frozen = test_clock.frozen;
    pthread_mutex_unlock(&test_clock.lock);
    return frozen;
}
