#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "wire/base64.h"
#include "wire/jw.h"
#include "wire/timestamp.h"
#include "wire/utf8.h"

struct kms_jw kms_jw_start(struct kms_buf *out)
{
    return (struct kms_jw){.out = out};
}

struct kms_jw kms_jw_start_members(struct kms_buf *out)
{
    return (struct kms_jw){.out = out, .depth = 1, .in_object = 1};
}

/* Whether a comma belongs before what comes next, a value or a key. */
static bool comma(struct kms_jw *w)
{
    uint32_t bit = 1u << (w->depth - 1);
    bool filled = (w->filled & bit) != 0;

    w->filled |= bit;
    return filled;
}

static void value(struct kms_jw *w)
{
    if (w->depth == 0)
        return;
    if (w->in_object & 1u << (w->depth - 1)) {
        assert(w->after_key);
        w->after_key = false;
    } else if (comma(w)) {
        kms_buf_byte(w->out, ',');
    }
}

static void open_container(struct kms_jw *w, char mark, bool object)
{
    uint32_t bit;

    value(w);
    assert(w->depth < KMS_JW_DEPTH);
    bit = 1u << w->depth++;
    w->filled &= ~bit;
    w->in_object = object ? w->in_object | bit : w->in_object & ~bit;
    kms_buf_byte(w->out, (uint8_t)mark);
}

void kms_jw_object(struct kms_jw *w)
{
    open_container(w, '{', true);
}

void kms_jw_array(struct kms_jw *w)
{
    open_container(w, '[', false);
}

void kms_jw_end(struct kms_jw *w)
{
    assert(w->depth > 0 && !w->after_key);
    w->depth--;
    kms_buf_byte(w->out, w->in_object & 1u << w->depth ? '}' : ']');
}

static bool plain(unsigned char c)
{
    return (c >= 0x20) & (c < 0x7f) & (c != '"') & (c != '\\');
}

/* How many bytes at the start stand for themselves; most texts do throughout. */
static size_t plain_run(struct kms_str text)
{
    enum { BLOCK = 16 }; /* without a branch inside, for the compiler's vectors */
    size_t n = 0;

    for (; text.n - n >= BLOCK; n += BLOCK) {
        unsigned char odd = 0;

        for (size_t i = 0; i < BLOCK; i++)
            odd |= !plain((unsigned char)text.p[n + i]);
        if (odd)
            break;
    }
    while (n < text.n && plain((unsigned char)text.p[n]))
        n++;
    return n;
}

static void escape(struct kms_buf *out, unsigned char c)
{
    static const char from[] = "\"\\\b\f\n\r\t";
    static const char to[] = "\"\\bfnrt";
    const char *at = c != 0 ? strchr(from, c) : NULL;

    if (at != NULL) {
        kms_buf_byte(out, '\\');
        kms_buf_byte(out, (uint8_t)to[at - from]);
    } else if (c < 0x20 || c == 0x7f) {
        kms_buf_fmt(out, "\\u%04x", c);
    } else {
        kms_buf_z(out, "\xef\xbf\xbd");
    }
}

/* What is not plain ASCII throughout, run by run. */
static void escaped(struct kms_buf *out, struct kms_str text)
{
    while (text.n != 0) {
        struct kms_str rest = text;
        uint32_t code;

        /* Runs that need no escape go out in one piece. */
        rest = kms_str_skip(rest, plain_run(rest));
        if (rest.n == text.n && (unsigned char)rest.p[0] >= 0x80)
            (void)kms_utf8_next(&rest, &code);
        if (rest.n != text.n) {
            kms_buf_add(out, text.p, text.n - rest.n);
            text = rest;
        } else {
            escape(out, (unsigned char)text.p[0]);
            text = kms_str_skip(text, 1);
        }
    }
}

/* The text between its marks, in one piece when nothing in it needs an escape. */
static void quoted(struct kms_buf *out, struct kms_str before, struct kms_str text,
                   struct kms_str after)
{
    uint8_t *p;

    if (plain_run(text) != text.n) {
        kms_buf_str(out, before);
        escaped(out, text);
        kms_buf_str(out, after);
        return;
    }
    p = kms_buf_room(out, before.n + text.n + after.n);
    if (p == NULL)
        return;
    memcpy(p, before.p, before.n);
    if (text.n != 0)
        memcpy(p + before.n, text.p, text.n);
    memcpy(p + before.n + text.n, after.p, after.n);
}

void kms_jw_key_str(struct kms_jw *w, struct kms_str name)
{
    assert(w->depth > 0 && !w->after_key && (w->in_object & 1u << (w->depth - 1)));
    quoted(w->out, comma(w) ? KMS_LIT(",\"") : KMS_LIT("\""), name, KMS_LIT("\":"));
    w->after_key = true;
}

void kms_jw_key(struct kms_jw *w, const char *name)
{
    kms_jw_key_str(w, kms_str_of(name));
}

void kms_jw_str(struct kms_jw *w, struct kms_str text)
{
    value(w);
    if (text.p == NULL)
        kms_buf_z(w->out, "null");
    else
        quoted(w->out, KMS_LIT("\""), text, KMS_LIT("\""));
}

void kms_jw_z(struct kms_jw *w, const char *text)
{
    kms_jw_str(w, kms_str_of(text));
}

void kms_jw_int(struct kms_jw *w, int64_t number)
{
    value(w);
    kms_buf_fmt(w->out, "%" PRId64, number);
}

void kms_jw_bool(struct kms_jw *w, bool flag)
{
    value(w);
    kms_buf_z(w->out, flag ? "true" : "false");
}

void kms_jw_null(struct kms_jw *w)
{
    value(w);
    kms_buf_z(w->out, "null");
}

void kms_jw_blob(struct kms_jw *w, struct kms_bytes bytes)
{
    value(w);
    kms_buf_byte(w->out, '"');
    kms_base64_encode(bytes, w->out);
    kms_buf_byte(w->out, '"');
}

void kms_jw_time(struct kms_jw *w, int64_t ms)
{
    char text[KMS_TIME_EPOCH_SIZE];

    value(w);
    kms_time_epoch(ms, text);
    kms_buf_z(w->out, text);
}

void kms_jw_raw(struct kms_jw *w, struct kms_str json)
{
    value(w);
    kms_buf_str(w->out, json);
}

void kms_jw_member(struct kms_jw *w, const char *name, struct kms_str text)
{
    if (text.p == NULL)
        return;
    kms_jw_key(w, name);
    kms_jw_str(w, text);
}
