#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/secret.h"

static struct kms_secret *make(size_t n, int fill)
{
    struct kms_secret *s = NULL;

    ck_assert_int_eq(kms_secret_new(n, &s), KMS_OK);
    ck_assert_uint_eq(kms_secret_view(s).n, n);
    memset(kms_secret_fill(s), fill, n);
    return s;
}

/* The kernel's flags of the mapping that holds p: "VmFlags: rd wr ... lo ... dd wf". */
static void flags_of(const void *p, char *out, size_t cap)
{
    FILE *f = fopen("/proc/self/smaps", "re");
    unsigned long at = (unsigned long)p, from, to;
    char line[512];
    bool inside = false;

    ck_assert(f != NULL);
    out[0] = '\0';
    while (fgets(line, sizeof line, f) != NULL) {
        if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
            inside = from <= at && at < to;
        else if (inside && strncmp(line, "VmFlags:", 8) == 0)
            snprintf(out, cap, "%s", line + 8);
    }
    fclose(f);
}

/* The sanitizers turn mlock into nothing; then no flag can show. */
static bool locks_show(void)
{
    char flags[512];
    void *page =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    ck_assert(page != MAP_FAILED);
    ck_assert(mlock(page, 4096) == 0 || !kms_secret_locked());
    flags_of(page, flags, sizeof flags);
    munmap(page, 4096);
    return strstr(flags, " lo") != NULL;
}

static const size_t sizes[] = {1, 32, 64, 65, 256, 2400, 4096, 65536};

START_TEST(secrets_are_locked_kept_out_of_dumps_and_wiped_on_fork)
{
    KMS_AUTO(secret) s = make(sizes[_i], 0x5a);
    char flags[512];

    flags_of(kms_secret_view(s).p, flags, sizeof flags);
    ck_assert_msg(strstr(flags, " dd") != NULL, "core dumps would hold it:%s", flags);
    ck_assert_msg(strstr(flags, " wf") != NULL, "a child would hold it:%s", flags);
    /* Where the limit allows no lock, the library says so. */
    if (locks_show())
        ck_assert_int_eq(strstr(flags, " lo") != NULL, kms_secret_locked());
}
END_TEST

START_TEST(a_forked_child_reads_zeros)
{
    KMS_AUTO(secret) s = make(sizes[_i], 0x5a);
    struct kms_bytes b = kms_secret_view(s);
    int status;
    pid_t pid = fork();

    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        for (size_t i = 0; i < b.n; i++)
            if (b.p[i] != 0)
                _exit(1);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    ck_assert_uint_eq(b.p[b.n - 1], 0x5a);
}
END_TEST

START_TEST(without_permission_to_lock_secrets_still_work_and_it_shows)
{
    struct rlimit none = {0, 0};
    struct kms_secret *s;

    if (geteuid() == 0)
        return; /* root is not limited */
    ck_assert_int_eq(setrlimit(RLIMIT_MEMLOCK, &none), 0);
    s = make(32, 1);
    ck_assert(!kms_secret_locked());
    kms_secret_free(s);
}
END_TEST

/* The slot stays mapped; its first bytes hold the free list. */
START_TEST(freeing_wipes)
{
    struct kms_secret *s = make(256, 0x5a);
    const volatile uint8_t *p = kms_secret_view(s).p;

    kms_secret_free(s);
    for (size_t i = sizeof(void *); i < 256; i++)
        ck_assert_uint_eq(p[i], 0);
}
END_TEST

START_TEST(a_new_secret_is_zero_whatever_was_there_before)
{
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct kms_secret *s = make(sizes[i], 0xff);
        struct kms_bytes b;

        kms_secret_free(s);
        ck_assert_int_eq(kms_secret_new(sizes[i], &s), KMS_OK);
        b = kms_secret_view(s);
        for (size_t k = 0; k < b.n; k++)
            if (b.p[k] != 0)
                ck_abort_msg("byte %zu of %zu is not zero", k, b.n);
        kms_secret_free(s);
    }
}
END_TEST

START_TEST(many_secrets_keep_apart)
{
    enum { N = 5000 };
    static struct kms_secret *s[N];

    for (int i = 0; i < N; i++)
        s[i] = make(32, i & 0xff);
    for (int i = 0; i < N; i++) {
        struct kms_bytes b = kms_secret_view(s[i]);

        for (size_t k = 0; k < b.n; k++)
            if (b.p[k] != (i & 0xff))
                ck_abort_msg("secret %d was changed", i);
    }
    for (int i = 0; i < N; i++)
        kms_secret_free(s[i]);
}
END_TEST

START_TEST(comparison_sees_length_and_every_byte)
{
    KMS_AUTO(secret) a = make(32, 1);
    KMS_AUTO(secret) b = make(32, 1);
    KMS_AUTO(secret) shorter = make(31, 1);

    ck_assert(kms_secret_equal(a, b));
    ck_assert(!kms_secret_equal(a, shorter));
    for (size_t i = 0; i < 32; i++) {
        kms_secret_fill(b)[i] ^= 0x80;
        ck_assert(!kms_secret_equal(a, b));
        kms_secret_fill(b)[i] ^= 0x80;
    }
    ck_assert(kms_ct_equal("", "", 0));
}
END_TEST

START_TEST(a_size_that_cannot_be_held_is_refused)
{
    struct kms_secret *s = NULL;

    ck_assert_int_eq(kms_secret_new(0, &s), KMS_E_NOMEM);
    ck_assert_int_eq(kms_secret_new(65537, &s), KMS_E_NOMEM);
    ck_assert_ptr_null(s);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("secret");
    TCase *t = tcase_create("all");
    SRunner *r = srunner_create(s);
    int failed, n = sizeof sizes / sizeof sizes[0];

    suite_add_tcase(s, t);
    tcase_add_loop_test(t, secrets_are_locked_kept_out_of_dumps_and_wiped_on_fork, 0, n);
    tcase_add_loop_test(t, a_forked_child_reads_zeros, 0, n);
    tcase_add_test(t, without_permission_to_lock_secrets_still_work_and_it_shows);
    tcase_add_test(t, freeing_wipes);
    tcase_add_test(t, a_new_secret_is_zero_whatever_was_there_before);
    tcase_add_test(t, many_secrets_keep_apart);
    tcase_add_test(t, comparison_sees_length_and_every_byte);
    tcase_add_test(t, a_size_that_cannot_be_held_is_refused);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
