#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "key/context.h"

static struct kms_arena *arena;

static void setup(void)
{
    ck_assert_int_eq(kms_arena_new(&arena), KMS_OK);
}

static void teardown(void)
{
    kms_arena_free(arena);
}

static struct kms_str_map map_of(const struct kms_str_pair *v, size_t n)
{
    return (struct kms_str_map){v, n, true};
}

/* The canonical bytes as hex, in the arena. */
static const char *canon(const struct kms_str_pair *v, size_t n)
{
    const struct kms_str_map map = map_of(v, n);
    struct kms_bytes form;
    char *hex;

    ck_assert_int_eq(kms_context_canon(arena, &map, &form), KMS_OK);
    hex = kms_arena_alloc(arena, 2 * form.n + 1);
    ck_assert_ptr_nonnull(hex);
    kms_hex_encode(form.p, form.n, hex);
    return hex;
}

START_TEST(the_known_answer_of_ciphertext_version_1)
{
    const struct kms_str_pair pairs[] = {{KMS_LIT("tenant"), KMS_LIT("42")},
                                         {KMS_LIT("app"), KMS_LIT("\xc3\xa9")}};

    ck_assert_str_eq(canon(pairs, 2), "000200036170700002c3a9000674656e616e7400023432");
}
END_TEST

START_TEST(absent_and_empty_maps_are_no_bytes)
{
    const struct kms_str_map absent = {0};
    struct kms_bytes form = {0};

    ck_assert_int_eq(kms_context_canon(arena, &absent, &form), KMS_OK);
    ck_assert_uint_eq(form.n, 0);
    ck_assert_ptr_nonnull(form.p);
    ck_assert_str_eq(canon(NULL, 0), "");
}
END_TEST

START_TEST(the_order_of_pairs_does_not_matter)
{
    const struct kms_str_pair ab[] = {{KMS_LIT("a"), KMS_LIT("1")},
                                      {KMS_LIT("b"), KMS_LIT("2")},
                                      {KMS_LIT("aa"), KMS_LIT("3")}};
    const struct kms_str_pair ba[] = {ab[2], ab[1], ab[0]};

    ck_assert_str_eq(canon(ab, 3), canon(ba, 3));
}
END_TEST

START_TEST(keys_sort_by_their_utf8_bytes_and_not_by_utf16_units)
{
    /* U+FFFF is EF BF BF, U+10000 is F0 90 80 80; as UTF-16, FFFF and D800 DC00. */
    const struct kms_str_pair pairs[] = {{KMS_LIT("\xf0\x90\x80\x80"), KMS_LIT("2")},
                                         {KMS_LIT("\xef\xbf\xbf"), KMS_LIT("1")}};

    ck_assert_str_eq(canon(pairs, 2), "0002"
                                      "0003efbfbf000131"
                                      "0004f0908080000132");
}
END_TEST

START_TEST(texts_that_read_the_same_together_stay_apart)
{
    const struct kms_str_pair a[] = {{KMS_LIT("ab"), KMS_LIT("c")}};
    const struct kms_str_pair b[] = {{KMS_LIT("a"), KMS_LIT("bc")}};
    const struct kms_str_pair c[] = {{KMS_LIT("abc"), KMS_LIT("")}};
    const struct kms_str_pair d[] = {{KMS_LIT(""), KMS_LIT("abc")}};
    const struct kms_str_pair e[] = {{KMS_LIT("a"), KMS_LIT("b")},
                                     {KMS_LIT("c"), KMS_LIT("")}};
    const char *forms[] = {canon(a, 1), canon(b, 1), canon(c, 1), canon(d, 1),
                           canon(e, 2)};

    for (size_t i = 0; i < 5; i++)
        for (size_t j = 0; j < i; j++)
            ck_assert_str_ne(forms[i], forms[j]);
}
END_TEST

START_TEST(nothing_is_normalised)
{
    /* e with acute accent, composed and decomposed; case; NUL inside. */
    const struct kms_str_pair composed[] = {{KMS_LIT("\xc3\xa9"), KMS_LIT("")}};
    const struct kms_str_pair decomposed[] = {{KMS_LIT("e\xcc\x81"), KMS_LIT("")}};
    const struct kms_str_pair lower[] = {{KMS_LIT("k"), KMS_LIT("v")}};
    const struct kms_str_pair upper[] = {{KMS_LIT("K"), KMS_LIT("v")}};
    const struct kms_str_pair nul[] = {{KMS_LIT("k\0x"), KMS_LIT("v")}};

    ck_assert_str_ne(canon(composed, 1), canon(decomposed, 1));
    ck_assert_str_ne(canon(lower, 1), canon(upper, 1));
    ck_assert_str_eq(canon(nul, 1), "000100036b0078000176");
}
END_TEST

START_TEST(a_form_of_the_maximum_passes_and_one_byte_more_does_not)
{
    enum { OVERHEAD = 2 + 2 + 1 + 2 };
    char *value = kms_arena_alloc(arena, KMS_CONTEXT_MAX);
    struct kms_str_pair pair = {KMS_LIT("k"), {value, KMS_CONTEXT_MAX - OVERHEAD}};
    struct kms_str_map map = map_of(&pair, 1);
    struct kms_bytes form = {0};

    ck_assert_int_eq(kms_context_canon(arena, &map, &form), KMS_OK);
    ck_assert_uint_eq(form.n, KMS_CONTEXT_MAX);
    pair.value.n++;
    form = (struct kms_bytes){0};
    ck_assert_int_eq(kms_context_canon(arena, &map, &form), KMS_E_VALIDATION);
    ck_assert_ptr_null(form.p);
}
END_TEST

START_TEST(lengths_that_would_wrap_are_refused)
{
    struct kms_str_pair pairs[3] = {{{"", SIZE_MAX - 1}, KMS_LIT("")},
                                    {KMS_LIT("a"), {"", SIZE_MAX}},
                                    {KMS_LIT("b"), {"", 0x10000}}};
    struct kms_bytes form;

    for (size_t i = 0; i < 3; i++) {
        const struct kms_str_map map = map_of(&pairs[i], 1);

        ck_assert_int_eq(kms_context_canon(arena, &map, &form), KMS_E_VALIDATION);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("context");
    TCase *t = tcase_create("context");
    SRunner *r = srunner_create(s);
    int failed;

    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, the_known_answer_of_ciphertext_version_1);
    tcase_add_test(t, absent_and_empty_maps_are_no_bytes);
    tcase_add_test(t, the_order_of_pairs_does_not_matter);
    tcase_add_test(t, keys_sort_by_their_utf8_bytes_and_not_by_utf16_units);
    tcase_add_test(t, texts_that_read_the_same_together_stay_apart);
    tcase_add_test(t, nothing_is_normalised);
    tcase_add_test(t, a_form_of_the_maximum_passes_and_one_byte_more_does_not);
    tcase_add_test(t, lengths_that_would_wrap_are_refused);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
