#include "wire/utf8.h"

bool kms_utf8_next(struct kms_str *text, uint32_t *code)
{
    const unsigned char *p = (const unsigned char *)text->p;
    uint32_t value = p[0];
    uint32_t least; /* smaller values in this many bytes are overlong */
    size_t n;

    if (value < 0x80) {
        n = 1;
        least = 0;
    } else if (value >> 5 == 0x06) {
        n = 2;
        least = 0x80;
        value &= 0x1f;
    } else if (value >> 4 == 0x0e) {
        n = 3;
        least = 0x800;
        value &= 0x0f;
    } else if (value >> 3 == 0x1e) {
        n = 4;
        least = 0x10000;
        value &= 0x07;
    } else {
        return false;
    }
    if (n > text->n)
        return false;
    for (size_t i = 1; i < n; i++) {
        if (p[i] >> 6 != 0x02)
            return false;
        value = value << 6 | (p[i] & 0x3f);
    }
    if (value < least || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
        return false;
    *code = value;
    *text = kms_str_skip(*text, n);
    return true;
}

size_t kms_utf8_count(struct kms_str text)
{
    size_t n = 0;
    uint32_t code;

    for (; text.n != 0; n++)
        if (!kms_utf8_next(&text, &code))
            text = kms_str_skip(text, 1);
    return n;
}

struct kms_str kms_utf8_cut(struct kms_str text, size_t max)
{
    if (text.n <= max)
        return text;
    while (max > 0 && ((unsigned char)text.p[max] & 0xc0) == 0x80)
        max--;
    return (struct kms_str){text.p, max};
}
