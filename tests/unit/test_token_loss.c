#include <check.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/p11.h"
#include "support/token.h"

static struct spare_token spare;

static void setup(void)
{
    spare_token_make(&spare);
}

static void teardown(void)
{
    spare_token_free(&spare);
}

/* Whatever takes the session away: it is opened again, and the caller sees nothing. */
enum loss { CLOSED, LOGGED_OUT, FINALIZED, LOSSES };

static void lose(enum loss how)
{
    CK_FUNCTION_LIST *fn = raw_module();
    CK_SLOT_ID slot;
    CK_SESSION_HANDLE s = raw_session(fn, &slot);

    if (how == CLOSED)
        ck_assert_int_eq(fn->C_CloseAllSessions(slot), CKR_OK);
    else if (how == LOGGED_OUT)
        ck_assert_int_eq(fn->C_Logout(s), CKR_OK);
    else
        ck_assert_int_eq(fn->C_Finalize(NULL), CKR_OK);
}

START_TEST(a_lost_session_is_mended)
{
    KMS_AUTO(secret) s = spare_secret(32);
    KMS_AUTO_BUF sealed = {0};

    spare_seal(&spare, s, &sealed);
    for (int i = 0; i < 3; i++) {
        lose((enum loss)_i);
        ck_assert_msg(spare_opens(&spare, spare_aad, kms_buf_view(&sealed)) == KMS_OK,
                      "%s", kms_err_note(KMS_E_TOKEN));
        lose((enum loss)_i);
        kms_buf_reset(&sealed);
        spare_seal(&spare, s, &sealed);
        ck_assert(kms_token_healthy(spare.token));
    }
    ck_assert_int_eq(kms_token_selftest(spare.token), KMS_OK);
}
END_TEST

static void move_away(const char *dir, bool back)
{
    char from[96], to[96];

    snprintf(from, sizeof from, "%s/token", dir);
    snprintf(to, sizeof to, "%s/elsewhere", dir);
    ck_assert_int_eq(back ? rename(to, from) : rename(from, to), 0);
}

START_TEST(a_token_that_is_gone_turns_health_red_until_it_is_back)
{
    KMS_AUTO(secret) s = spare_secret(32);
    KMS_AUTO_BUF sealed = {0};
    int tries = 0;

    spare_seal(&spare, s, &sealed);
    move_away(spare.dir, false);
    ck_assert_int_eq(spare_opens(&spare, spare_aad, kms_buf_view(&sealed)), KMS_E_TOKEN);
    ck_assert(!kms_token_healthy(spare.token));
    ck_assert_int_eq(kms_token_seal(spare.token, spare_aad, s, &sealed), KMS_E_TOKEN);
    move_away(spare.dir, true);
    /* It is asked again from time to time, and not at every call. */
    while (spare_opens(&spare, spare_aad, kms_buf_view(&sealed)) != KMS_OK) {
        (void)poll(NULL, 0, 20);
        ck_assert_int_lt(tries++, 500);
    }
    ck_assert(kms_token_healthy(spare.token));
}
END_TEST

struct thread {
    pthread_t id;
    struct kms_bytes sealed;
    const struct kms_secret *want;
    int bad;
};

static void *unseal_often(void *arg)
{
    struct thread *t = arg;

    for (int i = 0; i < 100; i++) {
        KMS_AUTO(secret) back = NULL;

        if (kms_token_unseal(spare.token, spare_aad, t->sealed, &back) != KMS_OK ||
            !kms_secret_equal(back, t->want))
            t->bad++;
    }
    return NULL;
}

START_TEST(threads_share_the_token)
{
    KMS_AUTO(secret) s = spare_secret(48);
    KMS_AUTO_BUF sealed = {0};
    struct thread t[4];

    spare_seal(&spare, s, &sealed);
    for (int i = 0; i < 4; i++) {
        t[i] = (struct thread){.sealed = kms_buf_view(&sealed), .want = s};
        ck_assert_int_eq(pthread_create(&t[i].id, NULL, unseal_often, &t[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(t[i].id, NULL);
        ck_assert_int_eq(t[i].bad, 0);
    }
}
END_TEST

/* A process of its own, started before this one loaded the module. */
struct helper {
    pid_t pid;
    int to, from;
};

static void helper_start(struct helper *h, int (*run)(int in, int out))
{
    int to[2], from[2];

    ck_assert_int_eq(pipe(to), 0);
    ck_assert_int_eq(pipe(from), 0);
    h->pid = fork();
    ck_assert_int_ge(h->pid, 0);
    if (h->pid == 0) {
        close(to[1]);
        close(from[0]);
        _exit(run(to[0], from[1]));
    }
    close(to[0]);
    close(from[1]);
    h->to = to[1];
    h->from = from[0];
}

static int helper_end(struct helper *h)
{
    int status;

    close(h->to);
    close(h->from);
    ck_assert_int_eq(waitpid(h->pid, &status, 0), h->pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

struct order {
    struct spare_token spare; /* directory and ids; pointers mean nothing there */
    uint8_t sealed[60];
};

/* Open the token from nothing, unseal what came, and say what it was. */
static int unseal_afresh(int in, int out)
{
    KMS_AUTO(secret) pin = NULL;
    KMS_AUTO(secret) back = NULL;
    struct kms_token *t;
    struct order o;
    char dir[80];

    if (read(in, &o, sizeof o) != (ssize_t)sizeof o)
        return 2;
    snprintf(dir, sizeof dir, "%s/token", o.spare.dir);
    if (kms_secret_copy(kms_bytes_of_str(KMS_LIT("correct horse battery staple")),
                        &pin) != KMS_OK ||
        kms_token_softhsm_dir(dir) != KMS_OK)
        return 3;
    if (kms_token_open(&(struct kms_token_opts){kms_token_default_module(), "kmsd", pin},
                       &t) != KMS_OK ||
        kms_token_kek_use(t, o.spare.kek_id) != KMS_OK)
        return 4;
    for (int i = 0; i < 50; i++) {
        kms_secret_free(KMS_TAKE(back));
        if (kms_token_unseal(t, spare_aad, KMS_BYTES(o.sealed), &back) != KMS_OK)
            return 5;
    }
    kms_token_free(t);
    return write(out, kms_secret_view(back).p, 32) == 32 ? 0 : 6;
}

START_TEST(a_fresh_process_opens_what_this_one_sealed)
{
    KMS_AUTO(secret) s = NULL;
    KMS_AUTO_BUF sealed = {0};
    struct spare_token mine;
    struct helper h;
    struct order o;
    uint8_t back[32];

    memset(&o, 0, sizeof o);
    helper_start(&h, unseal_afresh);
    spare_token_make(&mine);
    s = spare_secret(32);
    spare_seal(&mine, s, &sealed);
    ck_assert_uint_eq(sealed.n, sizeof o.sealed);
    o.spare = mine;
    memcpy(o.sealed, sealed.p, sizeof o.sealed);
    ck_assert_int_eq(write(h.to, &o, sizeof o), (ssize_t)sizeof o);
    /* Both use the token at the same time. */
    for (int i = 0; i < 50; i++)
        ck_assert_int_eq(spare_opens(&mine, spare_aad, kms_buf_view(&sealed)), KMS_OK);
    ck_assert_int_eq(read(h.from, back, sizeof back), (ssize_t)sizeof back);
    ck_assert_mem_eq(back, kms_secret_view(s).p, sizeof back);
    ck_assert_int_eq(helper_end(&h), 0);
    spare_token_free(&mine);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("token loss");
    TCase *t = tcase_create("with a token"), *alone = tcase_create("alone");
    SRunner *r = srunner_create(s);
    int failed;

    if (!spare_token_possible()) {
        puts("SoftHSM2 is not installed");
        return 77;
    }
    suite_add_tcase(s, t);
    suite_add_tcase(s, alone);
    tcase_set_timeout(t, 60);
    tcase_set_timeout(alone, 60);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, a_lost_session_is_mended, 0, LOSSES);
    tcase_add_test(t, a_token_that_is_gone_turns_health_red_until_it_is_back);
    tcase_add_test(t, threads_share_the_token);
    tcase_add_test(alone, a_fresh_process_opens_what_this_one_sealed);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
