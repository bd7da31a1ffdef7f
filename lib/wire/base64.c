#include "wire/base64.h"

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static size_t padding(struct kms_str text)
{
    size_t n = 0;

    while (n < 2 && n < text.n && text.p[text.n - 1 - n] == '=')
        n++;
    return n;
}

size_t kms_base64_size(struct kms_str text)
{
    return text.n < 4 ? 0 : text.n / 4 * 3 - padding(text);
}

static int digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+')
        return 62;
    return c == '/' ? 63 : -1;
}

bool kms_base64_decode(struct kms_str text, uint8_t *out)
{
    size_t digits = text.n - padding(text);
    uint32_t bits = 0;
    unsigned n_bits = 0;

    if (text.n % 4 != 0)
        return false;
    for (size_t i = 0; i < digits; i++) {
        int value = digit(text.p[i]);

        if (value < 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
        n_bits += 6;
        if (n_bits >= 8) {
            n_bits -= 8;
            *out++ = (uint8_t)(bits >> n_bits);
            bits &= (1u << n_bits) - 1;
        }
    }
    return bits == 0;
}

void kms_base64_encode(struct kms_bytes bytes, struct kms_buf *out)
{
    char *to = (char *)kms_buf_room(out, (bytes.n + 2) / 3 * 4);

    if (to == NULL)
        return;
    for (size_t i = 0; i < bytes.n; i += 3) {
        size_t left = bytes.n - i;
        uint32_t bits = (uint32_t)bytes.p[i] << 16;

        if (left > 1)
            bits |= (uint32_t)bytes.p[i + 1] << 8;
        if (left > 2)
            bits |= bytes.p[i + 2];
        *to++ = alphabet[bits >> 18];
        *to++ = alphabet[bits >> 12 & 63];
        *to++ = left > 1 ? alphabet[bits >> 6 & 63] : '=';
        *to++ = left > 2 ? alphabet[bits & 63] : '=';
    }
}
