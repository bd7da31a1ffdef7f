#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "wire/timestamp.h"

enum { MS_A_DAY = 86400000 };

struct civil {
    int year;
    unsigned month, day, hour, minute, second, ms; /* month and day from 1 */
};

/*
 * Days are counted from 0000-03-01, so that the leap day is the last of its year: the
 * proleptic Gregorian calendar in eras of 400 years (146097 days).
 */
static int64_t days_from(int year, unsigned month, unsigned day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    unsigned year_of_era = (unsigned)(y - era * 400);
    unsigned day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    unsigned day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * 146097 + day_of_era - 719468;
}

static struct civil civil_of(int64_t ms)
{
    int64_t days;
    int64_t era;
    unsigned day_of_era, year_of_era, day_of_year, month, in_day;

    if (ms < KMS_TIME_MIN_MS)
        ms = KMS_TIME_MIN_MS;
    if (ms > KMS_TIME_MAX_MS)
        ms = KMS_TIME_MAX_MS;
    days = (ms >= 0 ? ms : ms - (MS_A_DAY - 1)) / MS_A_DAY;
    in_day = (unsigned)(ms - days * MS_A_DAY);
    days += 719468;
    era = (days >= 0 ? days : days - 146096) / 146097;
    day_of_era = (unsigned)(days - era * 146097);
    year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    month = (5 * day_of_year + 2) / 153; /* from March */
    return (struct civil){
        .year = (int)(year_of_era + (unsigned)(era * 400)) + (month >= 10),
        .month = month < 10 ? month + 3 : month - 9,
        .day = day_of_year - (153 * month + 2) / 5 + 1,
        .hour = in_day / 3600000,
        .minute = in_day / 60000 % 60,
        .second = in_day / 1000 % 60,
        .ms = in_day % 1000,
    };
}

void kms_time_epoch(int64_t ms, char out[KMS_TIME_EPOCH_SIZE])
{
    uint64_t size = ms < 0 ? 0 - (uint64_t)ms : (uint64_t)ms;
    int n = snprintf(out, KMS_TIME_EPOCH_SIZE, "%s%" PRIu64 ".%03u", ms < 0 ? "-" : "",
                     size / 1000, (unsigned)(size % 1000));

    while (out[n - 1] == '0' && out[n - 2] != '.')
        out[--n] = '\0';
}

/* n decimal digits with leading zeros, then a mark when it is not NUL. */
static char *put_digits(char *out, unsigned value, size_t n, char then)
{
    for (size_t i = n; i > 0; i--, value /= 10)
        out[i - 1] = (char)('0' + value % 10);
    if (then != '\0')
        out[n++] = then;
    return out + n;
}

/* Every record has one, so these do without printf. */
static char *put_day(char *out, const struct civil *c, char mark)
{
    out = put_digits(out, (unsigned)c->year, 4, mark);
    out = put_digits(out, c->month, 2, mark);
    return put_digits(out, c->day, 2, 'T');
}

static char *put_time(char *out, const struct civil *c, char mark, char then)
{
    out = put_digits(out, c->hour, 2, mark);
    out = put_digits(out, c->minute, 2, mark);
    return put_digits(out, c->second, 2, then);
}

void kms_time_iso(int64_t ms, char out[KMS_TIME_ISO_SIZE])
{
    struct civil c = civil_of(ms);

    *put_time(put_day(out, &c, '-'), &c, ':', 'Z') = '\0';
}

void kms_time_iso_ms(int64_t ms, char out[KMS_TIME_ISO_SIZE])
{
    struct civil c = civil_of(ms);

    out = put_time(put_day(out, &c, '-'), &c, ':', '.');
    *put_digits(out, c.ms, 3, 'Z') = '\0';
}

void kms_time_basic(int64_t ms, char out[KMS_TIME_ISO_SIZE])
{
    struct civil c = civil_of(ms);

    *put_time(put_day(out, &c, '\0'), &c, '\0', 'Z') = '\0';
}

void kms_time_words(int64_t ms, char out[KMS_TIME_WORDS_SIZE])
{
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct civil c = civil_of(ms);

    snprintf(out, KMS_TIME_WORDS_SIZE, "%s %u, %d, %u:%02u:%02u %s", months[c.month - 1],
             c.day, c.year, c.hour % 12 != 0 ? c.hour % 12 : 12, c.minute, c.second,
             c.hour < 12 ? "AM" : "PM");
}

/* Exactly n digits off the front of text. */
static bool digits(struct kms_str *text, size_t n, unsigned *out)
{
    unsigned value = 0;

    if (text->n < n)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (text->p[i] < '0' || text->p[i] > '9')
            return false;
        value = value * 10 + (unsigned)(text->p[i] - '0');
    }
    *out = value;
    *text = kms_str_skip(*text, n);
    return true;
}

static bool mark(struct kms_str *text, char c)
{
    if (text->n == 0 || text->p[0] != c)
        return false;
    *text = kms_str_skip(*text, 1);
    return true;
}

static bool fraction(struct kms_str *text, unsigned *ms)
{
    unsigned digit, scale = 100;
    size_t n = 0;

    *ms = 0;
    if (!mark(text, '.'))
        return true;
    for (; digits(text, 1, &digit); n++, scale /= 10)
        *ms += digit * scale;
    return n >= 1 && n <= 9;
}

bool kms_time_parse(struct kms_str text, int64_t *ms)
{
    bool dashes = text.n > 4 && text.p[4] == '-';
    unsigned year, month, day, hour, minute, second, part;
    int64_t start;

    if (!digits(&text, 4, &year) || (dashes && !mark(&text, '-')) ||
        !digits(&text, 2, &month) || (dashes && !mark(&text, '-')) ||
        !digits(&text, 2, &day) || !mark(&text, 'T') || !digits(&text, 2, &hour) ||
        (dashes && !mark(&text, ':')) || !digits(&text, 2, &minute) ||
        (dashes && !mark(&text, ':')) || !digits(&text, 2, &second) ||
        !fraction(&text, &part) || !mark(&text, 'Z') || text.n != 0)
        return false;
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 ||
        minute > 59 || second > 59)
        return false;
    start = days_from((int)year, month, day) * MS_A_DAY;
    /* A day that does not exist, 31 February, comes back as another one. */
    if (civil_of(start).day != day)
        return false;
    *ms = start + (int64_t)hour * 3600000 + (int64_t)minute * 60000 +
          (int64_t)second * 1000 + part;
    return true;
}
