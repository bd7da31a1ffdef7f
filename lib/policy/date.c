#include <string.h>

#include "policy/typed.h"

/* 9999-12-31T23:59:59.999Z */
#define LAST_MS INT64_C(253402300799999)

static bool take(struct kms_str *s, char c)
{
    if (s->n == 0 || s->p[0] != c)
        return false;
    *s = kms_str_skip(*s, 1);
    return true;
}

/* Just n digits. */
static bool take_number(struct kms_str *s, size_t n, int *out)
{
    int value = 0;

    if (s->n < n)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (s->p[i] < '0' || s->p[i] > '9')
            return false;
        value = value * 10 + (s->p[i] - '0');
    }
    *s = kms_str_skip(*s, n);
    *out = value;
    return true;
}

static size_t digits(struct kms_str s)
{
    size_t n = 0;

    while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9')
        n++;
    return n;
}

/* Nothing, or a point and one to three digits: thousandths. */
static bool take_fraction(struct kms_str *s, int *out)
{
    static const int scale[4] = {0, 100, 10, 1};
    size_t n;

    if (!take(s, '.'))
        return true;
    n = digits(*s);
    if (n < 1 || n > 3 || !take_number(s, n, out))
        return false;
    *out *= scale[n];
    return true;
}

static int days_of_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

/* Days since 1970-01-01 in the Gregorian calendar. */
static int64_t days_since_1970(int year, int month, int day)
{
    int64_t y = year - 1, days = 365 * y + y / 4 - y / 100 + y / 400 - 719162;

    for (int m = 1; m < month; m++)
        days += days_of_month(year, m);
    return days + day - 1;
}

/* "Z" or an offset; *out_min is how far the clock there is ahead. */
static bool take_zone(struct kms_str *s, int *out_min)
{
    bool ahead = s->n > 0 && s->p[0] == '+';
    int hours, minutes;

    if (take(s, 'Z'))
        return true;
    if (!take(s, '+') && !take(s, '-'))
        return false;
    if (!take_number(s, 2, &hours) || !take(s, ':') || !take_number(s, 2, &minutes) ||
        hours > 23 || minutes > 59)
        return false;
    *out_min = (hours * 60 + minutes) * (ahead ? 1 : -1);
    return true;
}

static bool take_time(struct kms_str *s, int64_t *out_ms)
{
    int hour, minute, second = 0, thousandths = 0, zone_min = 0;

    if (!take_number(s, 2, &hour) || !take(s, ':') || !take_number(s, 2, &minute))
        return false;
    if (take(s, ':') && (!take_number(s, 2, &second) || !take_fraction(s, &thousandths)))
        return false;
    if (!take_zone(s, &zone_min) || hour > 23 || minute > 59 || second > 59)
        return false;
    *out_ms =
        ((hour * 60 + minute - zone_min) * INT64_C(60) + second) * 1000 + thousandths;
    return true;
}

static bool parse_iso(struct kms_str s, int64_t *out_ms)
{
    int year, month = 1, day = 1;
    int64_t time_ms = 0;
    bool good = take_number(&s, 4, &year);

    if (good && take(&s, '-')) {
        good = take_number(&s, 2, &month);
        if (good && take(&s, '-')) {
            good = take_number(&s, 2, &day);
            if (good && take(&s, 'T'))
                good = take_time(&s, &time_ms);
        }
    }
    if (!good || s.n != 0 || year < 1 || month < 1 || month > 12 || day < 1 ||
        day > days_of_month(year, month))
        return false;
    *out_ms = days_since_1970(year, month, day) * INT64_C(86400000) + time_ms;
    return true;
}

static bool parse_epoch(struct kms_str s, int64_t *out_ms)
{
    size_t n = digits(s);
    int64_t seconds = 0;
    int thousandths = 0;

    if (n < 1 || n > 15)
        return false;
    for (size_t i = 0; i < n; i++)
        seconds = seconds * 10 + (s.p[i] - '0');
    s = kms_str_skip(s, n);
    if (!take_fraction(&s, &thousandths) || s.n != 0 ||
        seconds * 1000 + thousandths > LAST_MS)
        return false;
    *out_ms = seconds * 1000 + thousandths;
    return true;
}

bool kms_date_parse(struct kms_str text, int64_t *out_ms)
{
    size_t n = digits(text);

    /* Four digits are a year; as seconds they would be an hour of 1970. */
    if (n == text.n && n == 4)
        return parse_iso(text, out_ms);
    if (n == text.n || (n > 0 && text.p[n] == '.'))
        return parse_epoch(text, out_ms);
    return parse_iso(text, out_ms);
}
