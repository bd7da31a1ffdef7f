#include <stdlib.h>
#include <string.h>

#include "policy/compile.h"
#include "policy/document.h"

/*
 * What a byte of text can become at most: "a", in a list of condition values is four
 * bytes, and a value with a token and its text are under eighty.
 */
enum { SCRATCH_PER_BYTE = 24, SCRATCH_MORE = 4096 };

static const char *const words_of_principals =
    "Policy contains a statement with one or more invalid principals.";
static const char *const words_of_overly_permissive =
    "OverlyPermissiveCondition: Using the ForAllValues set operator with a single-valued "
    "condition key matches requests without the specified [encryption context or tag] or "
    "with an unspecified [encryption context or tag]. To fix, remove ForAllValues.";

static bool is_text(const json_t *v, const char *text)
{
    return json_is_string(v) && kms_str_is(kms_json_text(v), text);
}

/* Version, Id and whether there is nothing else than those and Statement. */
static bool read_head(struct kms_policy_reader *r, json_t *doc)
{
    const char *name;
    json_t *part;

    json_object_foreach(doc, name, part)
    {
        if (strcmp(name, "Version") == 0) {
            r->variables = is_text(part, "2012-10-17");
            if (!r->variables && !is_text(part, "2008-10-17"))
                return false;
        } else if (strcmp(name, "Id") == 0) {
            if (!json_is_string(part) || r->kind != KMS_POLICY_KEY)
                return false;
        } else if (strcmp(name, "Statement") != 0) {
            return false;
        }
    }
    return true;
}

static int by_text(const void *a, const void *b)
{
    return kms_str_cmp(*(const struct kms_str *)a, *(const struct kms_str *)b);
}

/* No Sid twice: RULES.md 1.2. Asked of a finished policy alone. */
static KMS_RC check_sids(const struct kms_statement *v, uint32_t n)
{
    struct kms_str *sids = calloc((size_t)n + 1, sizeof *sids);
    enum kms_rc rc = KMS_OK;
    uint32_t used = 0;

    if (sids == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a policy");
    for (uint32_t i = 0; i < n; i++) {
        if (v[i].sid.p != NULL)
            sids[used++] = v[i].sid;
    }
    qsort(sids, used, sizeof *sids, by_text);
    for (uint32_t i = 1; i < used; i++) {
        if (kms_str_eq(sids[i - 1], sids[i]))
            rc = KMS_E_MALFORMED_POLICY_DOCUMENT;
    }
    free(sids);
    return rc;
}

static bool read_document(struct kms_policy_reader *r, json_t *doc,
                          struct kms_policy *out)
{
    json_t *statements = json_object_get(doc, "Statement");
    size_t n = json_is_array(statements) ? json_array_size(statements) : 1;
    struct kms_statement *v;

    if (!read_head(r, doc) || statements == NULL || n == 0)
        return false;
    v = kms_pool_alloc(r->pool, n, sizeof *v);
    for (size_t i = 0; i < n && v != NULL; i++) {
        json_t *one =
            json_is_array(statements) ? json_array_get(statements, i) : statements;

        if (!kms_policy_read_statement(r, one, &v[i]))
            return false;
    }
    out->v = v;
    out->n = (uint32_t)n;
    out->kind = r->kind;
    return true;
}

static KMS_RC refusal(const struct kms_policy_faults *faults)
{
    if (faults->principals)
        return kms_err(KMS_E_MALFORMED_POLICY_DOCUMENT, "%s", words_of_principals);
    if (faults->overly_permissive)
        return kms_err(KMS_E_MALFORMED_POLICY_DOCUMENT, "%s", words_of_overly_permissive);
    return KMS_OK;
}

/* The first run, in scratch memory: is it a policy, and how large? */
static KMS_RC measure(json_t *doc, size_t length, enum kms_policy_kind kind, size_t *out)
{
    struct kms_pool pool = {.cap = length * SCRATCH_PER_BYTE + SCRATCH_MORE};
    struct kms_policy_faults faults = {0};
    struct kms_policy_reader r = {&pool, kind, false, &faults};
    struct kms_policy policy = {0};
    enum kms_rc rc;
    bool good;

    pool.base = malloc(pool.cap);
    if (pool.base == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a policy");
    good = read_document(&r, doc, &policy);
    if (pool.full)
        rc = kms_err(KMS_E_NOMEM, "a policy of %zu bytes takes too much memory", length);
    else if (!good)
        rc = KMS_E_MALFORMED_POLICY_DOCUMENT;
    else
        rc = refusal(&faults);
    if (rc == KMS_OK && kind != KMS_POLICY_KEY)
        rc = check_sids(policy.v, policy.n);
    *out = pool.used;
    free(pool.base);
    return rc;
}

/* The second run, into a block of the size that the first one took. */
static KMS_RC build(json_t *doc, size_t size, enum kms_policy_kind kind,
                    struct kms_policy **out)
{
    struct kms_policy *p = malloc(sizeof *p + size);
    struct kms_pool pool = {.cap = size};
    struct kms_policy_faults faults = {0};
    struct kms_policy_reader r = {&pool, kind, false, &faults};

    if (p == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a policy");
    memset(p, 0, sizeof *p);
    pool.base = (char *)p->block;
    p->refs = 1;
    p->size = sizeof *p + size;
    if (!read_document(&r, doc, p) || pool.full) {
        free(p);
        return kms_err(KMS_E_INTERNAL, "a policy read differently the second time");
    }
    *out = p;
    return KMS_OK;
}

enum kms_rc kms_policy_compile(struct kms_str text, enum kms_policy_kind kind,
                               const struct kms_policy **out)
{
    KMS_AUTO_JSON doc = NULL;
    struct kms_policy *p = NULL;
    enum kms_rc rc = KMS_E_SERIALIZATION;
    size_t size = 0;

    if (text.n <= KMS_POLICY_MAX)
        rc = kms_json_parse(kms_bytes_of_str(text), &doc, NULL);
    if (rc == KMS_E_SERIALIZATION || (rc == KMS_OK && !json_is_object(doc)))
        return KMS_E_MALFORMED_POLICY_DOCUMENT;
    KMS_TRY(rc);
    KMS_TRY(measure(doc, text.n, kind, &size));
    KMS_TRY(build(doc, size, kind, &p));
    *out = p;
    return KMS_OK;
}
