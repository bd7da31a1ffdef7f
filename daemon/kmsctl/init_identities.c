#include <limits.h>
#include <stdio.h>

#include "base/buf.h"
#include "common/disk.h"
#include "kmsctl/init_identities.h"

enum kms_rc kms_init_identities(const char *data, const char *account, const char *client)
{
    KMS_AUTO_BUF b = {0};
    char path[PATH_MAX + 32];

    snprintf(path, sizeof path, "%s/identities.yaml", data);
    if (kms_disk_exists(path))
        return KMS_OK;
    kms_buf_fmt(
        &b,
        "# Who may do what; identities.yaml(5) has every key. kmsd reads it again\n"
        "# on SIGHUP; kmsctl identities check FILE says what is wrong with it.\n"
        "policies:\n"
        "  - name: administrator\n"
        "    document: |\n"
        "      {\"Version\": \"2012-10-17\", \"Statement\": [\n"
        "        {\"Effect\": \"Allow\", \"Action\": \"kms:*\", \"Resource\": "
        "\"*\"}]}\n"
        "users:\n"
        "  - arn: 'arn:aws:iam::%s:user/%s'\n"
        "    policies: [administrator]\n",
        account, client);
    KMS_TRY(kms_buf_ok(&b));
    return kms_disk_make(path, kms_buf_view(&b), 0600);
}
