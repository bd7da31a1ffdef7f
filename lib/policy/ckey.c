#include <string.h>

#include "policy/ckey.h"

static const struct {
    enum kms_ckey_id id;
    struct kms_str name;
} known[] = {
#define KMS_CKEY_ENTRY(id, name) {KMS_CKEY_##id, {(name), sizeof(name) - 1}},
    KMS_CKEYS(KMS_CKEY_ENTRY)
#undef KMS_CKEY_ENTRY
};

static bool is_family(struct kms_str name)
{
    return name.p[name.n - 1] == '/' || name.p[name.n - 1] == ':';
}

struct kms_ckey kms_ckey_of(struct kms_str name)
{
    struct kms_ckey key = {.id = KMS_CKEY_OTHER, .name = name};

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        bool family = is_family(known[i].name);

        if (family && name.n > known[i].name.n &&
            memcmp(name.p, known[i].name.p, known[i].name.n) == 0) {
            key.id = known[i].id;
            key.suffix = kms_str_skip(name, known[i].name.n);
        } else if (!family && kms_str_eq(name, known[i].name)) {
            key.id = known[i].id;
        }
    }
    return key;
}

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

void kms_ckey_lower(char *to, const char *from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = lower(from[i]);
}

bool kms_ckey_same(struct kms_str lowered, struct kms_str text)
{
    if (lowered.n != text.n)
        return false;
    for (size_t i = 0; i < text.n; i++) {
        if (lowered.p[i] != lower(text.p[i]))
            return false;
    }
    return true;
}
