#include <string.h>

#include "common/disk.h"
#include "common/identities.h"
#include "common/identities_yaml.h"
#include "common/yaml_file.h"
#include "crypto/digest.h"

enum { FILE_MAX = 16 * 1024 * 1024, DOCUMENT_MAX = 65536, SPECS = 3 };

/* What a file is made into. */
struct build {
    const char *path;
    bool dev;
    const struct kms_yaml_identities *raw;
    struct kms_arena *arena;
    struct kms_policy_spec *policies;
    struct kms_identity_spec *identities;
    struct kms_identity_rule *rules;
    struct kms_dev_credential *credentials;
};

/* The note, with file and line of a place before it. */
static enum kms_rc at(const struct build *b, const char *list, size_t i,
                      const char *member, size_t item)
{
    KMS_AUTO(arena) a = NULL;
    const struct kms_yaml_place place = {list, i, member, item};
    struct kms_str words;

    KMS_TRY(kms_arena_new(&a));
    KMS_TRY(kms_arena_fmt(a, &words, "%s", kms_err_note(KMS_E_CONFIG)));
    return kms_err(KMS_E_CONFIG, "%s:%u: %.*s", b->path, kms_yaml_line(b->path, &place),
                   KMS_FMT(words));
}

static void *room(struct build *b, size_t n, size_t size)
{
    return kms_arena_alloc(b->arena, n * size);
}

/* A file beside this one, unless its path is absolute. */
static enum kms_rc read_document(struct build *b, const char *file, struct kms_str *out)
{
    KMS_AUTO_BUF text = {0};
    const char *slash = strrchr(b->path, '/');
    struct kms_str path;

    if (file[0] == '/' || slash == NULL)
        KMS_TRY(kms_arena_fmt(b->arena, &path, "%s", file));
    else
        KMS_TRY(kms_arena_fmt(b->arena, &path, "%.*s/%s", (int)(slash - b->path), b->path,
                              file));
    if (kms_disk_read(path.p, DOCUMENT_MAX, &text) != KMS_OK ||
        kms_buf_ok(&text) != KMS_OK || text.n == 0)
        return kms_err(KMS_E_CONFIG, "%.*s cannot be read", KMS_FMT(path));
    return kms_arena_str(b->arena, kms_buf_text(&text), out);
}

static enum kms_rc take_policies(struct build *b)
{
    b->policies = room(b, b->raw->policies_count, sizeof *b->policies);
    if (b->policies == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for identities");
    for (size_t i = 0; i < b->raw->policies_count; i++) {
        const struct kms_yaml_policy *p = &b->raw->policies[i];

        if ((p->document == NULL) == (p->file == NULL)) {
            (void)kms_err(KMS_E_CONFIG, "a policy needs one of document and file");
            return at(b, "policies", i, NULL, 0);
        }
        b->policies[i].name = p->name != NULL ? kms_str_of(p->name) : KMS_LIT("");
        b->policies[i].document = kms_str_of(p->document);
        if (p->file != NULL &&
            read_document(b, p->file, &b->policies[i].document) != KMS_OK)
            return at(b, "policies", i, "file", 0);
    }
    return KMS_OK;
}

static enum kms_rc take_principal(struct build *b, const struct kms_yaml_principal *from,
                                  struct kms_identity_spec *out)
{
    struct kms_str *policies = room(b, from->policies_count, sizeof *policies);
    struct kms_identity_tag *tags = room(b, from->tags_count, sizeof *tags);

    if (policies == NULL || tags == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for identities");
    for (size_t i = 0; i < from->policies_count; i++)
        policies[i] = kms_str_of(from->policies[i]);
    for (size_t i = 0; i < from->tags_count; i++)
        tags[i] = (struct kms_identity_tag){
            kms_str_of(from->tags[i].key != NULL ? from->tags[i].key : ""),
            kms_str_of(from->tags[i].value != NULL ? from->tags[i].value : "")};
    *out = (struct kms_identity_spec){
        .arn = from->arn != NULL ? kms_str_of(from->arn) : KMS_LIT(""),
        .id = kms_str_of(from->id),
        .policies = policies,
        .n_policies = from->policies_count,
        .boundary = kms_str_of(from->boundary),
        .tags = tags,
        .n_tags = from->tags_count,
    };
    return KMS_OK;
}

/* The lists of principals, in the order in which their specs follow each other. */
static void lists_of(const struct kms_yaml_identities *raw, const char *names[SPECS],
                     const struct kms_yaml_principal *v[SPECS], size_t n[SPECS])
{
    names[0] = "accounts", v[0] = raw->accounts, n[0] = raw->accounts_count;
    names[1] = "users", v[1] = raw->users, n[1] = raw->users_count;
    names[2] = "roles", v[2] = raw->roles, n[2] = raw->roles_count;
}

static enum kms_rc check_kind(struct build *b, const char *list, size_t i,
                              struct kms_str arn)
{
    const char *mark = strcmp(list, "users") == 0   ? ":user/"
                       : strcmp(list, "roles") == 0 ? ":role/"
                                                    : ":root";

    if (memmem(arn.p, arn.n, mark, strlen(mark)) != NULL)
        return KMS_OK;
    (void)kms_err(KMS_E_CONFIG,
                  "\"%.*s\" is not an ARN with \"%s\", as an entry of %s has",
                  KMS_FMT(arn), mark, list);
    return at(b, list, i, "arn", 0);
}

static enum kms_rc take_principals(struct build *b)
{
    const struct kms_yaml_principal *v[SPECS];
    const char *names[SPECS];
    size_t n[SPECS], k = 0;

    lists_of(b->raw, names, v, n);
    b->identities = room(b, n[0] + n[1] + n[2], sizeof *b->identities);
    if (b->identities == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for identities");
    for (size_t l = 0; l < SPECS; l++)
        for (size_t i = 0; i < n[l]; i++, k++) {
            KMS_TRY(take_principal(b, &v[l][i], &b->identities[k]));
            KMS_TRY(check_kind(b, names[l], i, b->identities[k].arn));
        }
    return KMS_OK;
}

static enum kms_rc take_certificate(const struct kms_yaml_certificate *from,
                                    struct kms_identity_rule *out)
{
    const struct {
        const char *value;
        enum kms_identity_match match;
    } ways[] = {{from->uri, KMS_MATCH_URI},
                {from->uri_prefix, KMS_MATCH_URI_PREFIX},
                {from->spiffe, KMS_MATCH_SPIFFE},
                {from->subject, KMS_MATCH_SUBJECT},
                {from->spki, KMS_MATCH_SPKI}};
    struct kms_identity_rule r = {
        .issuer = kms_str_of(from->issuer),
        .listener = kms_str_of(from->listener),
        .principal = from->principal != NULL ? kms_str_of(from->principal) : KMS_LIT(""),
        .signs_for = kms_str_of(from->signs_for)};
    size_t given = 0;

    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
        if (ways[i].value != NULL) {
            r.match = ways[i].match;
            r.value = kms_str_of(ways[i].value);
            given++;
        }
    if (given != 1)
        return kms_err(KMS_E_CONFIG,
                       "a certificate needs one of uri, uri_prefix, spiffe, "
                       "subject and spki");
    KMS_TRY(kms_identity_rule_check(&r));
    *out = r;
    return KMS_OK;
}

static enum kms_rc take_certificates(struct build *b)
{
    b->rules = room(b, b->raw->certificates_count, sizeof *b->rules);
    if (b->rules == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for identities");
    for (size_t i = 0; i < b->raw->certificates_count; i++) {
        enum kms_rc rc = take_certificate(&b->raw->certificates[i], &b->rules[i]);

        if (rc == KMS_E_CONFIG)
            return at(b, "certificates", i, NULL, 0);
        KMS_TRY(rc);
    }
    return KMS_OK;
}

static enum kms_rc take_credentials(struct build *b)
{
    b->credentials = room(b, b->raw->credentials_count, sizeof *b->credentials);
    if (b->credentials == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for identities");
    for (size_t i = 0; i < b->raw->credentials_count; i++) {
        const struct kms_yaml_credential *from = &b->raw->credentials[i];
        struct kms_str account;

        if (!b->dev) {
            (void)kms_err(KMS_E_CONFIG, "credentials without a secret are for the dev "
                                        "profile; kmsctl identities access-key create "
                                        "makes real ones");
            return at(b, "credentials", i, NULL, 0);
        }
        if (from->access_key_id == NULL || from->principal == NULL ||
            !kms_principal_account(kms_str_of(from->principal), &account)) {
            (void)kms_err(KMS_E_CONFIG,
                          "a credential needs access_key_id and a principal "
                          "like arn:aws:iam::111122223333:user/alice");
            return at(b, "credentials", i, NULL, 0);
        }
        b->credentials[i] = (struct kms_dev_credential){kms_str_of(from->access_key_id),
                                                        kms_str_of(from->principal)};
    }
    return KMS_OK;
}

static enum kms_rc translate(const struct build *b,
                             const struct kms_identities_fault *fault)
{
    const struct kms_yaml_principal *v[SPECS];
    const char *names[SPECS];
    size_t n[SPECS], k = fault->at;

    if (fault->list == KMS_FAULT_POLICY)
        return at(b, "policies", fault->at, fault->member, fault->item);
    lists_of(b->raw, names, v, n);
    for (size_t l = 0; l < SPECS; l++) {
        if (k < n[l])
            return at(b, names[l], k, fault->member, fault->item);
        k -= n[l];
    }
    return KMS_E_CONFIG;
}

/* Of the file and of every document that it names. */
static enum kms_rc digest_of(struct build *b, struct kms_str *out)
{
    KMS_AUTO_BUF text = {0};
    uint8_t digest[KMS_SHA256_LEN];
    char *hex = room(b, 1, 2 * KMS_SHA256_LEN + 1);

    if (hex == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for identities");
    KMS_TRY(kms_disk_read(b->path, FILE_MAX, &text));
    for (size_t i = 0; i < b->raw->policies_count; i++)
        if (b->raw->policies[i].file != NULL)
            kms_buf_str(&text, b->policies[i].document);
    KMS_TRY(kms_buf_ok(&text));
    KMS_TRY(kms_sha256(kms_buf_view(&text), digest));
    kms_hex_encode(digest, sizeof digest, hex);
    *out = (struct kms_str){hex, 2 * KMS_SHA256_LEN};
    return KMS_OK;
}

/* Everything together; what does not fit is told by its place. */
static enum kms_rc finish(struct build *b, struct kms_directory **out)
{
    struct kms_identities_spec spec = {.open = b->dev};
    struct kms_directory_opts opts = {0};
    struct kms_identities_fault fault = {0};
    enum kms_rc rc;

    if (b->raw != NULL) {
        spec.policies = b->policies;
        spec.n_policies = b->raw->policies_count;
        spec.identities = b->identities;
        spec.n_identities =
            b->raw->accounts_count + b->raw->users_count + b->raw->roles_count;
        opts.rules = b->rules;
        opts.n_rules = b->raw->certificates_count;
        opts.credentials = b->credentials;
        opts.n_credentials = b->raw->credentials_count;
        KMS_TRY(digest_of(b, &opts.digest));
    }
    rc = kms_identities_new(&spec, &fault, &opts.identities);
    if (rc == KMS_E_CONFIG)
        return translate(b, &fault);
    KMS_TRY(rc);
    return kms_directory_new(&opts, out);
}

enum kms_rc kms_identities_load(const char *path, bool dev, struct kms_directory **out)
{
    KMS_AUTO(yaml_identities) raw = NULL;
    KMS_AUTO(arena) arena = NULL;
    struct build b = {.path = path, .dev = dev};

    KMS_TRY(kms_arena_new(&arena));
    b.arena = arena;
    if (path == NULL)
        return finish(&b, out);
    KMS_TRY(kms_yaml_identities_load(path, &raw));
    b.raw = raw;
    KMS_TRY(take_policies(&b));
    KMS_TRY(take_principals(&b));
    KMS_TRY(take_certificates(&b));
    KMS_TRY(take_credentials(&b));
    return finish(&b, out);
}
