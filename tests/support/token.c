#include <check.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/token.h"

bool spare_token_possible(void)
{
    return kms_token_default_module() != NULL;
}

struct kms_token_opts spare_token_opts(const struct spare_token *s)
{
    return (struct kms_token_opts){
        .module = kms_token_default_module(), .label = "kmsd", .pin = s->pin};
}

static void open_it(struct spare_token *s)
{
    const struct kms_token_opts opts = spare_token_opts(s);

    ck_assert_int_eq(kms_token_open(&opts, &s->token), KMS_OK);
    ck_assert_int_eq(kms_token_kek_use(s->token, s->kek_id), KMS_OK);
}

void spare_token_make(struct spare_token *s)
{
    struct kms_token_opts opts;
    struct kms_token *maker;
    char dir[80];

    *s = (struct spare_token){0};
    snprintf(s->dir, sizeof s->dir, "/tmp/kmsd-token-XXXXXX");
    ck_assert(mkdtemp(s->dir) != NULL);
    ck_assert_int_eq(
        kms_secret_copy(kms_bytes_of_str(KMS_LIT("correct horse battery staple")),
                        &s->pin),
        KMS_OK);
    opts = spare_token_opts(s);
    snprintf(dir, sizeof dir, "%s/token", s->dir);
    ck_assert_int_eq(kms_token_softhsm_dir(dir), KMS_OK);
    ck_assert_int_eq(kms_token_init(&opts), KMS_OK);
    ck_assert_int_eq(kms_token_open(&opts, &maker), KMS_OK);
    ck_assert_int_eq(kms_token_kek_new(maker, s->kek_id), KMS_OK);
    kms_token_free(maker);
    open_it(s);
}

void spare_token_reopen(struct spare_token *s)
{
    kms_token_free(s->token);
    open_it(s);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void spare_token_free(struct spare_token *s)
{
    kms_token_free(s->token);
    kms_secret_free(s->pin);
    nftw(s->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const struct kms_bytes spare_aad = {(const uint8_t *)"whose it is", 11};

struct kms_secret *spare_secret(size_t n)
{
    struct kms_secret *s = NULL;

    ck_assert_int_eq(kms_secret_new(n, &s), KMS_OK);
    for (size_t i = 0; i < n; i++)
        kms_secret_fill(s)[i] = (uint8_t)(i * 7 + n);
    return s;
}

void spare_seal(struct spare_token *s, const struct kms_secret *secret,
                struct kms_buf *out)
{
    ck_assert_int_eq(kms_token_seal(s->token, spare_aad, secret, out), KMS_OK);
}

enum kms_rc spare_opens(struct spare_token *s, struct kms_bytes aad,
                        struct kms_bytes sealed)
{
    KMS_AUTO(secret) out = NULL;

    return kms_token_unseal(s->token, aad, sealed, &out);
}
