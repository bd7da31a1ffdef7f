#include <string.h>

#include "policy/who.h"

enum { ACCOUNT_LEN = 12, UNIQUE_MIN = 12, UNIQUE_MAX = 124 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_letter(char c)
{
    return is_upper(c) || (c >= 'a' && c <= 'z');
}

/* What names have besides letters and digits. */
static bool is_mark(char c)
{
    return c == '_' || c == '+' || c == '=' || c == ',' || c == '.' || c == '@' ||
           c == '-';
}

static bool is_account(struct kms_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (!is_digit(s.p[i]))
            return false;
    }
    return s.n == ACCOUNT_LEN;
}

/* AIDA (user) or AROA (role), and capitals or digits. */
static bool is_unique_id(struct kms_str s)
{
    if (!kms_str_starts(s, "AIDA") && !kms_str_starts(s, "AROA"))
        return false;
    for (size_t i = 4; i < s.n; i++) {
        if (!is_upper(s.p[i]) && !is_digit(s.p[i]))
            return false;
    }
    return s.n >= 4 + UNIQUE_MIN && s.n <= 4 + UNIQUE_MAX;
}

/* Names of at least least and at most most parts between slashes, none empty. */
static bool is_names(struct kms_str s, size_t least, size_t most)
{
    size_t parts = 1, in_part = 0;

    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];

        if (c == '/') {
            if (in_part == 0)
                return false;
            parts++;
            in_part = 0;
        } else if (is_letter(c) || is_digit(c) || is_mark(c)) {
            in_part++;
        } else {
            return false;
        }
    }
    return in_part > 0 && parts >= least && parts <= most;
}

/* The next field of an ARN, without its colon. */
static bool take_field(struct kms_str *s, struct kms_str *out)
{
    const char *end = s->n != 0 ? memchr(s->p, ':', s->n) : NULL;

    if (end == NULL)
        return false;
    *out = (struct kms_str){s->p, (size_t)(end - s->p)};
    *s = kms_str_skip(*s, out->n + 1);
    return true;
}

static bool is_partition(struct kms_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (!is_letter(s.p[i]) && !is_digit(s.p[i]) && s.p[i] != '-')
            return false;
    }
    return s.n > 0;
}

static bool is_resource(struct kms_str service, struct kms_str s)
{
    static const struct {
        const char *service, *prefix;
        size_t least, most;
    } kinds[] = {
        {"iam", "user/", 1, SIZE_MAX},
        {"iam", "role/", 1, SIZE_MAX},
        {"sts", "assumed-role/", 2, 2},
        {"sts", "federated-user/", 1, 1},
    };

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (kms_str_is(service, kinds[i].service) && kms_str_starts(s, kinds[i].prefix))
            return is_names(kms_str_skip(s, strlen(kinds[i].prefix)), kinds[i].least,
                            kinds[i].most);
    }
    return false;
}

static bool parse_arn(struct kms_str text, struct kms_who *out)
{
    struct kms_str s = text, scheme, partition, service, region, account;

    if (!take_field(&s, &scheme) || !take_field(&s, &partition) ||
        !take_field(&s, &service) || !take_field(&s, &region) ||
        !take_field(&s, &account))
        return false;
    if (!kms_str_is(scheme, "arn") || !is_partition(partition) || region.n != 0 ||
        !is_account(account))
        return false;
    if (kms_str_is(service, "iam") && kms_str_is(s, "root")) {
        *out = (struct kms_who){KMS_WHO_ROOT, account, partition};
        return true;
    }
    if (!is_resource(service, s))
        return false;
    *out = (struct kms_who){KMS_WHO_ARN, text, {NULL, 0}};
    return true;
}

bool kms_who_parse(struct kms_str text, struct kms_who *out)
{
    struct kms_who who = {.text = text};

    if (kms_str_is(text, "*"))
        who.form = KMS_WHO_EVERYBODY;
    else if (is_account(text))
        who.form = KMS_WHO_ACCOUNT;
    else if (is_unique_id(text))
        who.form = KMS_WHO_UNIQUE_ID;
    else
        return parse_arn(text, out);
    *out = who;
    return true;
}

bool kms_who_parse_other(struct kms_str text, enum kms_who_form form, struct kms_who *out)
{
    if (text.n == 0 || memchr(text.p, '*', text.n) != NULL ||
        memchr(text.p, '?', text.n) != NULL)
        return false;
    *out = (struct kms_who){form, text, {NULL, 0}};
    return true;
}

/* The partition of an ARN; empty if it is none. */
static struct kms_str partition_of(struct kms_str arn)
{
    struct kms_str scheme, partition;

    if (take_field(&arn, &scheme) && take_field(&arn, &partition))
        return partition;
    return KMS_LIT("");
}

/* Absent is nobody: not even equal to an empty text. */
static bool same(struct kms_str text, struct kms_str held)
{
    return held.p != NULL && held.n != 0 && kms_str_eq(text, held);
}

static enum kms_grade grade_of_text(const struct kms_who *who,
                                    const struct kms_principal *caller)
{
    bool id = who->form == KMS_WHO_UNIQUE_ID;

    switch (caller->kind) {
    case KMS_PRINCIPAL_USER:
        return same(who->text, id ? caller->unique_id : caller->arn) ? KMS_GRADE_SELF
                                                                     : KMS_GRADE_NONE;
    case KMS_PRINCIPAL_ROLE:
    case KMS_PRINCIPAL_FEDERATED:
        if (!id && same(who->text, caller->arn))
            return KMS_GRADE_SELF;
        return same(who->text, id ? caller->unique_id : caller->parent_arn)
                   ? KMS_GRADE_ROLE
                   : KMS_GRADE_NONE;
    case KMS_PRINCIPAL_ROOT:
    case KMS_PRINCIPAL_SERVICE:
        break;
    }
    return KMS_GRADE_NONE;
}

enum kms_grade kms_who_grade(const struct kms_who *who,
                             const struct kms_principal *caller)
{
    bool service = caller->kind == KMS_PRINCIPAL_SERVICE;
    bool is = false;

    switch (who->form) {
    case KMS_WHO_EVERYBODY:
        return KMS_GRADE_SELF;
    case KMS_WHO_SERVICE:
        return service && same(who->text, caller->arn) ? KMS_GRADE_SELF : KMS_GRADE_NONE;
    case KMS_WHO_PROVIDER:
        is = caller->kind == KMS_PRINCIPAL_ROLE && same(who->text, caller->provider);
        return is ? KMS_GRADE_ROLE : KMS_GRADE_NONE;
    case KMS_WHO_ACCOUNT:
    case KMS_WHO_ROOT:
        is = !service && same(who->text, caller->account);
        if (is && who->form == KMS_WHO_ROOT)
            is = kms_str_eq(who->partition, partition_of(caller->arn));
        return is ? KMS_GRADE_ACCOUNT : KMS_GRADE_NONE;
    case KMS_WHO_ARN:
    case KMS_WHO_UNIQUE_ID:
        break;
    }
    return grade_of_text(who, caller);
}

bool kms_who_spares(const struct kms_who *v, size_t n, const struct kms_principal *caller,
                    bool bounded)
{
    static const struct {
        bool grades[KMS_GRADES];
    } chains[] = {
        [KMS_PRINCIPAL_USER] = {{true, false, true}},
        [KMS_PRINCIPAL_ROLE] = {{true, true, true}},
        [KMS_PRINCIPAL_FEDERATED] = {{true, false, true}},
        [KMS_PRINCIPAL_ROOT] = {{false, false, true}},
        [KMS_PRINCIPAL_SERVICE] = {{true, false, false}},
    };
    bool listed[KMS_GRADES + 1] = {false}, everybody = false, whole = true;

    for (size_t i = 0; i < n; i++) {
        everybody = everybody || v[i].form == KMS_WHO_EVERYBODY;
        if (v[i].form != KMS_WHO_PROVIDER)
            listed[kms_who_grade(&v[i], caller)] = true;
    }
    for (int g = 0; g < KMS_GRADES; g++)
        whole = whole && (listed[g] || !chains[caller->kind].grades[g]);
    return !bounded && (everybody || whole);
}
