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

/* A comma where one belongs, before a value or before a key. */
static void separate(struct kms_jw *w)
{
    uint32_t bit = 1u << (w->depth - 1);

    if (w->filled & bit)
        kms_buf_byte(w->out, ',');
    w->filled |= bit;
}

static void value(struct kms_jw *w)
{
    if (w->depth == 0)
        return;
    if (w->in_object & 1u << (w->depth - 1)) {
        assert(w->after_key);
        w->after_key = false;
    } else {
        separate(w);
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
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
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

static void quoted(struct kms_buf *out, struct kms_str text)
{
    kms_buf_byte(out, '"');
    while (text.n != 0) {
        struct kms_str rest = text;
        uint32_t code;
        size_t run = 0;

        /* Runs that need no escape go out in one piece. */
        while (run < rest.n && plain((unsigned char)rest.p[run]))
            run++;
        rest = kms_str_skip(rest, run);
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
    kms_buf_byte(out, '"');
}

void kms_jw_key_str(struct kms_jw *w, struct kms_str name)
{
    assert(w->depth > 0 && !w->after_key && (w->in_object & 1u << (w->depth - 1)));
    separate(w);
    quoted(w->out, name);
    kms_buf_byte(w->out, ':');
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
        quoted(w->out, text);
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
