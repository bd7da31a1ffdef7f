/* kmsctl token ... - what the token must refuse, tried; and init's own helper. */
#include "common/home_token.h"
#include "kmsctl/site.h"

/* Opening an installation runs the test; what is left is to say so. */
static enum kms_rc selftest(const struct kms_opts *o)
{
    KMS_AUTO(arena) a = NULL;
    KMS_AUTO(site) site = NULL;
    KMS_AUTO(home) home = NULL;
    struct kms_str token;

    KMS_TRY(kms_arena_new(&a));
    KMS_TRY(kms_site_open(o, &site));
    KMS_TRY(kms_home_open(&site->home, &home));
    KMS_TRY(kms_token_describe(home->token, a, &token));
    printf("token: %.*s\n"
           "the sealing key cannot be read, wrapped, weakened or copied weaker\n"
           "the database opens with it, and every row is authentic\n",
           KMS_FMT(token));
    return KMS_OK;
}

static const struct kms_opt opts[] = {KMS_SITE_OPT};

const struct kms_cmd kms_cmd_token_selftest = {
    .name = "token selftest",
    .operands = "",
    .summary = "prove what the token refuses to do with the sealing key",
    .about =
        "Opens the installation as the daemon does: logs in to the token, finds the\n"
        "sealing key, tries to read, wrap, weaken and copy it, which the token has to\n"
        "refuse, then opens the database with it and checks every row. The daemon does\n"
        "the same at every start; this needs it stopped.",
    .opts = opts,
    .n_opts = sizeof opts / sizeof opts[0],
    .run = selftest,
};

/* kmsctl init starts itself this way; see home_token.h. Not for people, so not listed. */
const struct kms_cmd kms_cmd_token_canary = {
    .name = "token canary",
    .operands = "",
    .raw = kms_canary_main,
};
