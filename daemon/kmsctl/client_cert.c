/* kmsctl client-cert - one client more. */
#include <string.h>

#include "common/home_pki.h"
#include "kmsctl/site.h"

static enum kms_rc run(const struct kms_opts *o)
{
    KMS_AUTO(site) site = NULL;
    const char *name = kms_opts_operand(o, 0);
    const char *account = kms_opts_get(o, "account");

    KMS_TRY(kms_site_open(o, &site));
    if (account == NULL)
        account = site->config != NULL ? site->config->account : "111122223333";
    if (strlen(account) != 12 || strspn(account, "0123456789") != 12)
        return kms_err(KMS_E_USAGE, "--account: \"%s\" is not 12 digits", account);
    KMS_TRY(kms_home_issue_client(site->data, account, name));
    printf("made %s/pki/%s.pem and %s.key for arn:aws:iam::%s:user/%s\n"
           "valid for %d days; hand both files to the client, and pki/ca.pem\n",
           site->data, name, name, account, name, KMS_LEAF_DAYS);
    return KMS_OK;
}

static const struct kms_opt opts[] = {
    KMS_SITE_OPT,
    {"account", "ID", "the client's account; default: that of the installation",
     KMS_OPT_ONCE},
};

const struct kms_cmd kms_cmd_client_cert = {
    .name = "client-cert",
    .operands = "NAME",
    .summary = "issue a certificate for another client",
    .about = "Makes a key and a certificate for the user NAME, DIR/pki/NAME.pem and "
             "NAME.key,\n"
             "signed by the CA of the installation (DIR/pki/ca.key). A running daemon "
             "accepts\n"
             "it at once.",
    .opts = opts,
    .n_opts = sizeof opts / sizeof opts[0],
    .min_operands = 1,
    .max_operands = 1,
    .run = run,
};
