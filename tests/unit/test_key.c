#include <check.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "key/key.h"
#include "key/spec.h"

static struct kms_key_version version(uint32_t number)
{
    struct kms_key_version v = {.number = number,
                                .sealed = KMS_BYTES("sealed"),
                                .created_ms = 1000 * (int64_t)number};

    memset(v.kmid, (int)number, sizeof v.kmid);
    return v;
}

/* A key with two versions; texts in buffers that are gone when it returns. */
static struct kms_key *make_key(void)
{
    struct kms_key *k = NULL;
    char text[] = "a text of the caller";
    char sealed[] = "sealed by the token";

    ck_assert_int_eq(kms_key_new(&k), KMS_OK);
    ck_assert_int_eq(kms_key_set_text(k, &k->id, kms_str_of(text)), KMS_OK);
    ck_assert_int_eq(kms_key_set_text(k, &k->account, KMS_LIT("111122223333")), KMS_OK);
    for (uint32_t number = 1; number <= 2; number++) {
        struct kms_key_version v = version(number);

        v.sealed = (struct kms_bytes){(const uint8_t *)sealed, sizeof sealed};
        ck_assert_int_eq(kms_key_add_version(k, &v), KMS_OK);
    }
    memset(text, 'x', sizeof text);
    memset(sealed, 'x', sizeof sealed);
    return k;
}

START_TEST(a_new_record_is_empty_and_has_its_texts)
{
    KMS_AUTO(key) k = NULL;

    ck_assert_int_eq(kms_key_new(&k), KMS_OK);
    ck_assert_ptr_nonnull(k->description.p);
    ck_assert_uint_eq(k->description.n, 0);
    ck_assert_ptr_nonnull(k->policy.p);
    ck_assert_uint_eq(k->n_versions, 0);
    ck_assert_ptr_null(kms_key_current(k));
    ck_assert_int_eq(k->row, 0);
}
END_TEST

START_TEST(texts_and_sealed_material_are_the_records_own)
{
    KMS_AUTO(key) k = make_key();

    ck_assert(kms_str_is(k->id, "a text of the caller"));
    ck_assert_str_eq((const char *)k->versions[0].sealed.p, "sealed by the token");
}
END_TEST

START_TEST(the_newest_version_is_the_current_one)
{
    KMS_AUTO(key) k = make_key();
    const struct kms_key_version *v = kms_key_current(k);

    ck_assert_uint_eq(k->n_versions, 2);
    ck_assert_uint_eq(k->versions[0].number, 1);
    ck_assert_ptr_nonnull(v);
    ck_assert_uint_eq(v->number, 2);
}
END_TEST

START_TEST(versions_are_found_by_key_material_id)
{
    KMS_AUTO(key) k = make_key();
    const struct kms_key_version one = version(1), three = version(3);
    const struct kms_key_version *found = kms_key_version_of(k, one.kmid);

    ck_assert_ptr_nonnull(found);
    ck_assert_uint_eq(found->number, 1);
    ck_assert_ptr_null(kms_key_version_of(k, three.kmid));
}
END_TEST

START_TEST(a_copy_is_equal_and_lives_on_its_own)
{
    struct kms_key *k = make_key();
    KMS_AUTO(key) copy = NULL;
    struct kms_key_version v = version(3);

    k->row = 7;
    k->state = KMS_KEY_STATE_ENABLED;
    k->next_rotation_ms = 42;
    ck_assert_int_eq(kms_key_copy(k, &copy), KMS_OK);
    ck_assert_int_eq(kms_key_add_version(copy, &v), KMS_OK);
    ck_assert_int_eq(kms_key_set_text(copy, &copy->id, KMS_LIT("other")), KMS_OK);
    copy->state = KMS_KEY_STATE_DISABLED;
    ck_assert(kms_str_is(k->id, "a text of the caller"));
    ck_assert_uint_eq(k->n_versions, 2);
    ck_assert_uint_eq(k->current_version, 2);
    ck_assert_int_eq(k->state, KMS_KEY_STATE_ENABLED);
    kms_key_free(k);

    ck_assert_int_eq(copy->row, 7);
    ck_assert_int_eq(copy->next_rotation_ms, 42);
    ck_assert_uint_eq(copy->n_versions, 3);
    ck_assert_uint_eq(kms_key_current(copy)->number, 3);
    ck_assert(kms_str_is(copy->account, "111122223333"));
    ck_assert_str_eq((const char *)copy->versions[1].sealed.p, "sealed by the token");
}
END_TEST

START_TEST(a_copy_has_one_reference_of_its_own)
{
    struct kms_key *k = make_key(), *copy = NULL;

    kms_key_ref(k);
    ck_assert_int_eq(kms_key_copy(k, &copy), KMS_OK);
    ck_assert_int_eq(copy->refs, 1);
    kms_key_free(copy);
    kms_key_free(k);
    kms_key_free(k);
}
END_TEST

START_TEST(a_record_lives_until_its_last_holder_gives_it_up)
{
    struct kms_key *k = make_key();
    const struct kms_key *shared = kms_key_ref(k);

    kms_key_free(k);
    ck_assert(kms_str_is(shared->id, "a text of the caller"));
    kms_key_unref(shared);
    kms_key_unref(NULL);
    kms_key_free(NULL);
    ck_assert_ptr_null(kms_key_ref(NULL));
}
END_TEST

enum { HOLDERS = 4, TURNS = 20000 };

static void *hold(void *arg)
{
    const struct kms_key *k = arg;

    for (int i = 0; i < TURNS; i++) {
        KMS_AUTO_KEY mine = kms_key_ref(k);

        ck_assert_uint_eq(mine->n_versions, 2);
    }
    kms_key_unref(k);
    return NULL;
}

START_TEST(threads_share_a_record)
{
    struct kms_key *k = make_key();
    pthread_t threads[HOLDERS];

    for (int i = 0; i < HOLDERS; i++) {
        kms_key_ref(k);
        ck_assert_int_eq(pthread_create(&threads[i], NULL, hold, k), 0);
    }
    for (int i = 0; i < HOLDERS; i++)
        pthread_join(threads[i], NULL);
    ck_assert_int_eq(k->refs, 1);
    kms_key_free(k);
}
END_TEST

START_TEST(each_spec_allows_exactly_its_usages)
{
    static const struct {
        enum kms_key_spec spec;
        bool encrypt, sign, mac, agree;
    } want[] = {
        {KMS_KEY_SPEC_SYMMETRIC_DEFAULT, true, false, false, false},
        {KMS_KEY_SPEC_RSA_2048, true, true, false, false},
        {KMS_KEY_SPEC_ECC_NIST_P384, false, true, false, true},
        {KMS_KEY_SPEC_ECC_SECG_P256K1, false, true, false, false},
        {KMS_KEY_SPEC_ECC_NIST_EDWARDS25519, false, true, false, false},
        {KMS_KEY_SPEC_HMAC_512, false, false, true, false},
        {KMS_KEY_SPEC_SM2, true, true, false, true},
        {KMS_KEY_SPEC_ML_DSA_65, false, true, false, false},
    };

    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        enum kms_key_spec s = want[i].spec;

        ck_assert(kms_spec_allows(s, KMS_KEY_USAGE_TYPE_ENCRYPT_DECRYPT) ==
                  want[i].encrypt);
        ck_assert(kms_spec_allows(s, KMS_KEY_USAGE_TYPE_SIGN_VERIFY) == want[i].sign);
        ck_assert(kms_spec_allows(s, KMS_KEY_USAGE_TYPE_GENERATE_VERIFY_MAC) ==
                  want[i].mac);
        ck_assert(kms_spec_allows(s, KMS_KEY_USAGE_TYPE_KEY_AGREEMENT) == want[i].agree);
    }
    for (int s = 1; s < KMS_KEY_SPEC_COUNT; s++)
        ck_assert(kms_spec_symmetric((enum kms_key_spec)s) ==
                  (s == KMS_KEY_SPEC_SYMMETRIC_DEFAULT));
}
END_TEST

START_TEST(an_algorithm_of_another_spec_is_refused_by_name)
{
    enum kms_rc rc = kms_spec_encrypts(KMS_KEY_SPEC_SYMMETRIC_DEFAULT,
                                       KMS_ENCRYPTION_ALGORITHM_SPEC_RSAES_OAEP_SHA_1);

    ck_assert_int_eq(rc, KMS_E_INVALID_KEY_USAGE);
    ck_assert_str_eq(
        kms_err_note(rc),
        "Algorithm RSAES_OAEP_SHA_1 is incompatible with key spec SYMMETRIC_DEFAULT.");
    ck_assert_int_eq(kms_spec_encrypts(KMS_KEY_SPEC_SYMMETRIC_DEFAULT,
                                       KMS_ENCRYPTION_ALGORITHM_SPEC_SYMMETRIC_DEFAULT),
                     KMS_OK);
    ck_assert_int_eq(kms_spec_encrypts(KMS_KEY_SPEC_RSA_4096,
                                       KMS_ENCRYPTION_ALGORITHM_SPEC_RSAES_OAEP_SHA_256),
                     KMS_OK);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("key");
    TCase *t = tcase_create("key");
    SRunner *r = srunner_create(s);
    int failed;

    suite_add_tcase(s, t);
    tcase_add_test(t, a_new_record_is_empty_and_has_its_texts);
    tcase_add_test(t, texts_and_sealed_material_are_the_records_own);
    tcase_add_test(t, the_newest_version_is_the_current_one);
    tcase_add_test(t, versions_are_found_by_key_material_id);
    tcase_add_test(t, a_copy_is_equal_and_lives_on_its_own);
    tcase_add_test(t, a_copy_has_one_reference_of_its_own);
    tcase_add_test(t, a_record_lives_until_its_last_holder_gives_it_up);
    tcase_add_test(t, threads_share_a_record);
    tcase_add_test(t, each_spec_allows_exactly_its_usages);
    tcase_add_test(t, an_algorithm_of_another_spec_is_refused_by_name);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
