#include "kmsctl/log_path.h"

enum kms_rc kms_log_path(const struct kms_opts *o, char *path, size_t max)
{
    const char *db = kms_opts_get(o, "db");
    const char *data;
    int n;

    if (db != NULL && kms_opts_get(o, "data") != NULL)
        return kms_err(KMS_E_USAGE, "either --data or --db, not both");
    if (db != NULL) {
        n = snprintf(path, max, "%s", db);
    } else {
        KMS_TRY(kms_cmd_data(o, &data));
        n = snprintf(path, max, "%s/kmsd.db", data);
    }
    if (n < 0 || (size_t)n >= max)
        return kms_err(KMS_E_USAGE, "the path of the database is too long");
    return KMS_OK;
}
