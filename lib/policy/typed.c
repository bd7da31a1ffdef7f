#include <arpa/inet.h>
#include <string.h>

#include "policy/typed.h"

enum { NUMBER_MAX = 40, ADDRESS_MAX = 45 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t digits(struct kms_str s)
{
    size_t n = 0;

    while (n < s.n && is_digit(s.p[n]))
        n++;
    return n;
}

bool kms_number_parse(struct kms_str text, struct kms_number *out)
{
    struct kms_number n = {0};
    struct kms_str s = text;

    if (text.n > NUMBER_MAX)
        return false;
    if (s.n > 0 && (s.p[0] == '-' || s.p[0] == '+')) {
        n.negative = s.p[0] == '-';
        s = kms_str_skip(s, 1);
    }
    n.whole = s.p;
    n.n_whole = (uint8_t)digits(s);
    s = kms_str_skip(s, n.n_whole);
    if (n.n_whole == 0)
        return false;
    if (s.n > 0) {
        if (s.p[0] != '.' || s.n == 1 || digits(kms_str_skip(s, 1)) != s.n - 1)
            return false;
        n.fraction = s.p + 1;
        n.n_fraction = (uint8_t)(s.n - 1);
    }
    for (; n.n_whole > 0 && n.whole[0] == '0'; n.n_whole--)
        n.whole++;
    while (n.n_fraction > 0 && n.fraction[n.n_fraction - 1] == '0')
        n.n_fraction--;
    n.negative = n.negative && n.n_whole + n.n_fraction > 0;
    *out = n;
    return true;
}

static int size_cmp(const struct kms_number *a, const struct kms_number *b)
{
    struct kms_str x = {a->fraction, a->n_fraction}, y = {b->fraction, b->n_fraction};
    int d = (a->n_whole > b->n_whole) - (a->n_whole < b->n_whole);

    if (d == 0 && a->n_whole > 0)
        d = memcmp(a->whole, b->whole, a->n_whole);
    return d != 0 ? d : kms_str_cmp(x, y);
}

int kms_number_cmp(const struct kms_number *a, const struct kms_number *b)
{
    if (a->negative != b->negative)
        return a->negative ? -1 : 1;
    return a->negative ? size_cmp(b, a) : size_cmp(a, b);
}

bool kms_truth_parse(struct kms_str text, bool *out)
{
    static const char words[2][6] = {"false", "true"};

    for (int i = 0; i < 2; i++) {
        size_t n = 0;

        while (n < text.n && n < 5 && (text.p[n] | 0x20) == words[i][n])
            n++;
        if (n == text.n && words[i][n] == '\0') {
            *out = i == 1;
            return true;
        }
    }
    return false;
}

/* The number behind '/', 0 to most, without zeros in front. */
static bool read_prefix(struct kms_str s, unsigned most, uint8_t *out)
{
    unsigned n = 0;

    if (s.n == 0 || s.n > 3 || digits(s) != s.n || (s.n > 1 && s.p[0] == '0'))
        return false;
    for (size_t i = 0; i < s.n; i++)
        n = n * 10 + (unsigned)(s.p[i] - '0');
    if (n > most)
        return false;
    *out = (uint8_t)n;
    return true;
}

static void mask(struct kms_network *net)
{
    for (unsigned i = 0; i < net->bits / 8u; i++) {
        unsigned keep = net->prefix > i * 8 ? net->prefix - i * 8 : 0;

        if (keep < 8)
            net->address[i] &= (uint8_t)(0xff00 >> keep);
    }
}

/* ::ffff:0:0/96 and what is inside becomes the IPv4 that it carries. */
static void unmap(struct kms_network *net)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

    if (net->bits != 128 || net->prefix < 96 || memcmp(net->address, mapped, 12) != 0)
        return;
    memmove(net->address, net->address + 12, 4);
    memset(net->address + 4, 0, 12);
    net->bits = 32;
    net->prefix = (uint8_t)(net->prefix - 96);
}

bool kms_network_parse(struct kms_str text, struct kms_network *out)
{
    const char *slash = text.n != 0 ? memchr(text.p, '/', text.n) : NULL;
    size_t n = slash != NULL ? (size_t)(slash - text.p) : text.n;
    struct kms_network net = {0};
    char address[ADDRESS_MAX + 1] = "";

    if (n > ADDRESS_MAX || (n != 0 && memchr(text.p, '\0', n) != NULL))
        return false;
    if (n != 0)
        memcpy(address, text.p, n);
    if (inet_pton(AF_INET, address, net.address) == 1)
        net.bits = 32;
    else if (inet_pton(AF_INET6, address, net.address) == 1)
        net.bits = 128;
    else
        return false;
    net.prefix = net.bits;
    if (slash != NULL && !read_prefix(kms_str_skip(text, n + 1), net.bits, &net.prefix))
        return false;
    mask(&net);
    unmap(&net);
    *out = net;
    return true;
}

bool kms_network_within(const struct kms_network *a, const struct kms_network *b)
{
    struct kms_network cut = *a;

    if (a->bits != b->bits || a->prefix < b->prefix)
        return false;
    cut.prefix = b->prefix;
    mask(&cut);
    return memcmp(cut.address, b->address, sizeof cut.address) == 0;
}
