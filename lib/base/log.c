#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"

static const char *const level_names[] = {"debug", "info", "warn", "error"};
static atomic_int threshold = KMS_LOG_INFO;

void kms_log_level_set(enum kms_log_level level)
{
    atomic_store(&threshold, level);
}

bool kms_log_level_parse(struct kms_str name, enum kms_log_level *out)
{
    for (int i = KMS_LOG_DEBUG; i <= KMS_LOG_ERROR; i++) {
        if (kms_str_is(name, level_names[i])) {
            *out = (enum kms_log_level)i;
            return true;
        }
    }
    return false;
}

bool kms_log_wanted(enum kms_log_level level)
{
    return (int)level >= atomic_load(&threshold);
}

/* Escapes what JSON requires; bytes that are not ASCII pass as they came. */
static void put_string(struct kms_buf *b, struct kms_str s)
{
    size_t from = 0;

    kms_buf_byte(b, '"');
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];

        if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7f)
            continue;
        kms_buf_add(b, s.p + from, i - from);
        from = i + 1;
        if (c == '"' || c == '\\')
            kms_buf_fmt(b, "\\%c", c);
        else
            kms_buf_fmt(b, "\\u%04x", c);
    }
    kms_buf_add(b, s.p + from, s.n - from);
    kms_buf_byte(b, '"');
}

void kms_log(enum kms_log_level level, const char *event,
             const struct kms_log_field *fields, size_t n)
{
    KMS_AUTO_BUF b = {.max = 64 * 1024};
    int64_t now_ms = kms_clock_now_ms();
    time_t s = (time_t)(now_ms / 1000);
    struct tm tm;
    char stamp[32];

    if (!kms_log_wanted(level))
        return;
    gmtime_r(&s, &tm);
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &tm);
    kms_buf_fmt(&b, "{\"time\":\"%s.%03dZ\",\"level\":\"%s\",\"event\":\"%s\"", stamp,
                (int)(now_ms % 1000), level_names[level], event);
    for (size_t i = 0; i < n; i++) {
        kms_buf_str(&b, KMS_LIT(",\""));
        kms_buf_z(&b, fields[i].name);
        kms_buf_str(&b, KMS_LIT("\":"));
        if (fields[i].text.p != NULL)
            put_string(&b, fields[i].text);
        else
            kms_buf_fmt(&b, "%lld", (long long)fields[i].number);
    }
    kms_buf_z(&b, "}\n");
    /* A log that cannot be written must not stop the daemon: audit is not kept here. */
    if (!b.bad && write(STDERR_FILENO, b.p, b.n) < 0)
        return;
}

void kms_log_say(enum kms_log_level level, const char *event, const char *fmt, ...)
{
    char text[2048];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    kms_log(level, event,
            &(struct kms_log_field)KMS_LOG_TEXT("message", kms_str_of(text)), 1);
}
