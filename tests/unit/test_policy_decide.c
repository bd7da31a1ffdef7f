/* Decisions: what decided, in which words, and that nothing gets wider by an error. */
#include "test_policy_ask.h"

#define STATEMENT(effect, who, action)                                                   \
    "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"S1\",\"Effect\":\"" effect    \
    "\"," who "\"Action\":\"" action "\",\"Resource\":\"*\"}]}"
#define BY_AWS(who) "\"Principal\":{\"AWS\":\"" who "\"},"
#define ALL STATEMENT("Allow", "", "*")
#define NOTHING STATEMENT("Allow", "", "s3:*")
#define DEFAULT STATEMENT("Allow", BY_AWS("arn:aws:iam::" ACCOUNT ":root"), "kms:*")

enum { POLICIES = 5 };

/* One request; every policy is a text, NULL for none. */
struct scene {
    const struct kms_policy *held[POLICIES];
    struct kms_named_policy identity, boundary, session;
    struct kms_decide in;
};

struct texts {
    const char *key, *identity, *boundary, *session;
};

static const struct kms_policy *hold(struct scene *s, const char *text,
                                     enum kms_policy_kind kind)
{
    for (size_t i = 0; text != NULL; i++) {
        if (s->held[i] == NULL)
            return s->held[i] = compiled(text, kind);
    }
    return NULL;
}

static void open_scene(struct scene *s, const struct kms_principal *who, struct texts t)
{
    *s = (struct scene){.in = {
                            .request = {.principal = who,
                                        .action = KMS_LIT("kms:Encrypt"),
                                        .resource = KMS_LIT(KEY_ARN)},
                            .key_account = {ACCOUNT, 12},
                        }};
    s->in.key_policy = hold(s, t.key, KMS_POLICY_KEY);
    s->identity.name = KMS_LIT("dev");
    s->identity.policy = hold(s, t.identity, KMS_POLICY_IDENTITY);
    s->in.identity = (struct kms_named_policies){&s->identity, t.identity != NULL};
    s->boundary.name = KMS_LIT("limit");
    s->boundary.policy = hold(s, t.boundary, KMS_POLICY_IDENTITY);
    s->in.boundary = t.boundary != NULL ? &s->boundary : NULL;
    s->session.name = KMS_LIT("session 0");
    s->session.policy = hold(s, t.session, KMS_POLICY_SESSION);
    s->in.session = (struct kms_named_policies){&s->session, t.session != NULL};
}

static void close_scene(struct scene *s)
{
    for (size_t i = 0; i < POLICIES; i++)
        kms_policy_unref(s->held[i]);
}

/* The whole text of a refusal, "" when allowed, and what decided. */
static void check_words(struct scene *s, const char *words, const char *basis)
{
    KMS_AUTO(arena) arena = NULL;
    struct kms_decision d;
    enum kms_rc rc;

    ck_assert_int_eq(kms_arena_new(&arena), KMS_OK);
    kms_err_clear();
    kms_decide(&s->in, &d);
    rc = kms_decision_rc(&d, &s->in);
    ck_assert_int_eq(rc, words[0] == '\0' ? KMS_OK : KMS_E_ACCESS_DENIED);
    ck_assert_str_eq(kms_err_note(rc), words);
    ck_assert_str_eq(kms_decision_basis(arena, &d, &s->in).p, basis);
}

#define USER "User: arn:aws:iam::" ACCOUNT ":user/alice"
#define SESSION "User: arn:aws:sts::" ACCOUNT ":assumed-role/app/web"
#define REFUSAL(who, reason)                                                             \
    who " is not authorized to perform: kms:Encrypt on resource: " KEY_ARN " " reason
#define LACKS(what) "because no " what " allows the kms:Encrypt action"
#define ROLE_KEY                                                                         \
    STATEMENT("Allow", BY_AWS("arn:aws:iam::" ACCOUNT ":role/svc/app"), "kms:*")

START_TEST(refusals_have_the_services_words)
{
    static const struct {
        const struct kms_principal *who;
        struct texts texts;
        const char *words, *basis;
    } rows[] = {
        {&alice,
         {DEFAULT, NULL, NULL, NULL},
         REFUSAL(USER, LACKS("identity-based policy")),
         ""},
        {&alice,
         {ROLE_KEY, ALL, NULL, NULL},
         REFUSAL(USER, LACKS("resource-based policy")),
         ""},
        {&alice,
         {DEFAULT, ALL, NOTHING, NULL},
         REFUSAL(USER, LACKS("permissions boundary")),
         ""},
        {&app,
         {ROLE_KEY, NULL, NULL, NOTHING},
         REFUSAL(SESSION, LACKS("session policy")),
         ""},
        {&alice,
         {STATEMENT("Deny", BY_AWS("*"), "kms:*"), ALL, NULL, NULL},
         REFUSAL(USER, "with an explicit deny in a resource-based policy"),
         "key policy statement 0 \"S1\""},
        {&alice,
         {DEFAULT, STATEMENT("Deny", "", "*"), NULL, NULL},
         REFUSAL(USER, "with an explicit deny in an identity-based policy"),
         "identity policy dev statement 0 \"S1\""},
        {&alice,
         {DEFAULT, ALL, STATEMENT("Deny", "", "*"), NULL},
         REFUSAL(USER, "with an explicit deny in a permissions boundary"),
         "permissions boundary limit statement 0 \"S1\""},
        {&app,
         {ROLE_KEY, NULL, NULL, STATEMENT("Deny", "", "*")},
         REFUSAL(SESSION, "with an explicit deny in a session policy"),
         "session policy session 0 statement 0 \"S1\""},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct scene s;

        open_scene(&s, rows[i].who, rows[i].texts);
        check_words(&s, rows[i].words, rows[i].basis);
        close_scene(&s);
    }
}
END_TEST

START_TEST(permissions_say_what_gave_them)
{
    struct scene s;

    open_scene(&s, &alice, (struct texts){DEFAULT, ALL, NULL, NULL});
    check_words(&s, "",
                "key policy statement 0 \"S1\", identity policy dev statement 0 \"S1\"");
    close_scene(&s);
    open_scene(&s, &app, (struct texts){ROLE_KEY, ALL, NULL, NULL});
    check_words(&s, "", "key policy statement 0 \"S1\"");
    close_scene(&s);
    open_scene(&s, &alice, (struct texts){NULL, ALL, NULL, NULL});
    s.in.key_account = (struct kms_str){NULL, 0};
    check_words(&s, "", "identity policy dev statement 0 \"S1\"");
    close_scene(&s);
}
END_TEST

START_TEST(a_key_policy_that_cannot_be_read_denies_everybody)
{
    struct kms_principal root = {.kind = KMS_PRINCIPAL_ROOT,
                                 .account = KMS_LIT(ACCOUNT),
                                 .arn = KMS_LIT("arn:aws:iam::" ACCOUNT ":root")};
    struct kms_grant_facts grant = {
        .grantee = {KMS_WHO_ACCOUNT, {ACCOUNT, 12}, {NULL, 0}},
        .issuing_account = {ACCOUNT, 12},
        .operations = ~UINT32_C(0)};
    struct scene s;
    struct kms_decision d;

    open_scene(&s, &root, (struct texts){NULL, ALL, NULL, NULL});
    s.in.grants = &grant;
    s.in.n_grants = 1;
    kms_decide(&s.in, &d);
    ck_assert(!d.allowed);
    ck_assert_int_eq(d.why, KMS_WHY_UNFINISHED);
    kms_decide_retire(&s.in, &d);
    ck_assert(!d.allowed);
    close_scene(&s);
}
END_TEST

START_TEST(an_action_that_is_too_long_is_denied)
{
    static char action[300] = "kms:";
    struct scene s;
    struct kms_decision d;

    memset(action + 4, 'a', sizeof action - 5);
    open_scene(&s, &alice,
               (struct texts){STATEMENT("Allow", BY_AWS("*"), "*"), ALL, NULL, NULL});
    s.in.request.action = kms_str_of(action);
    kms_decide(&s.in, &d);
    ck_assert(!d.allowed);
    ck_assert_int_eq(d.why, KMS_WHY_UNFINISHED);
    close_scene(&s);
}
END_TEST

START_TEST(the_lockout_check_asks_the_new_policy)
{
    KMS_AUTO_POLICY mine = compiled(
        STATEMENT("Allow", BY_AWS("arn:aws:iam::" ACCOUNT ":user/alice"), "kms:Put*"),
        KMS_POLICY_KEY);
    KMS_AUTO_POLICY foreign =
        compiled(STATEMENT("Allow", BY_AWS(OTHER), "kms:*"), KMS_POLICY_KEY);
    KMS_AUTO_POLICY delegated = compiled(DEFAULT, KMS_POLICY_KEY);
    struct scene s;
    enum kms_rc rc;

    open_scene(&s, &alice, (struct texts){DEFAULT, NULL, NULL, NULL});
    ck_assert_int_eq(kms_decide_lockout(&s.in, mine), KMS_OK);
    rc = kms_decide_lockout(&s.in, foreign);
    ck_assert_int_eq(rc, KMS_E_MALFORMED_POLICY_DOCUMENT);
    ck_assert_str_eq(kms_err_note(rc),
                     "The new key policy will not allow you to update the "
                     "key policy in the future.");
    ck_assert_int_eq(kms_decide_lockout(&s.in, delegated),
                     KMS_E_MALFORMED_POLICY_DOCUMENT);
    close_scene(&s);
    open_scene(&s, &alice, (struct texts){DEFAULT, ALL, NULL, NULL});
    ck_assert_int_eq(kms_decide_lockout(&s.in, delegated), KMS_OK);
    close_scene(&s);
}
END_TEST

static void add_line(void *arg, unsigned depth, const char *text)
{
    char *out = arg;

    snprintf(out + strlen(out), 600, "%u %s\n", depth, text);
}

START_TEST(the_trace_tells_every_step)
{
    char lines[8000] = "";
    struct kms_policy_trace trace = {add_line, lines};
    struct scene s;
    struct kms_decision d;

    open_scene(&s, &alice, (struct texts){DEFAULT, NOTHING, ALL, NULL});
    s.in.request.trace = &trace;
    kms_decide(&s.in, &d);
    ck_assert_str_eq(lines,
                     "0 key policy of " KEY_ARN "\n"
                     "1 statement 0 \"S1\" Allow: applies (by its account)\n"
                     "0 identity policy dev\n"
                     "1 statement 0 \"S1\" Allow: action does not match\n"
                     "0 permissions boundary limit\n"
                     "1 statement 0 \"S1\" Allow: applies\n"
                     "0 denied because no identity-based policy allows the kms:Encrypt "
                     "action\n");
    close_scene(&s);
}
END_TEST

START_TEST(whoever_listens_hears_the_same_decision)
{
    char lines[8000] = "";
    struct kms_policy_trace trace = {add_line, lines};
    struct texts t = {STATEMENT("Deny", BY_AWS("*"), "kms:Enc*"), ALL, ALL, NULL};
    struct scene s;
    struct kms_decision quiet, loud;

    open_scene(&s, &alice, t);
    kms_decide(&s.in, &quiet);
    s.in.request.trace = &trace;
    kms_decide(&s.in, &loud);
    ck_assert_int_eq(quiet.why, loud.why);
    ck_assert_int_eq(quiet.by, loud.by);
    ck_assert_int_eq(quiet.statement, loud.statement);
    ck_assert_ptr_nonnull(strstr(lines, "denied with an explicit deny"));
    close_scene(&s);
}
END_TEST

RUN("policy_decide", refusals_have_the_services_words, permissions_say_what_gave_them,
    a_key_policy_that_cannot_be_read_denies_everybody,
    an_action_that_is_too_long_is_denied, the_lockout_check_asks_the_new_policy,
    the_trace_tells_every_step, whoever_listens_hears_the_same_decision)
