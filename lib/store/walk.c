#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "store/records.h"
#include "store/schema.h"
#include "store/stmt.h"

/* Records read under one snapshot: a long one would keep the log from folding. */
enum { BATCH = 512 };

/*
 * A copy on a medium that cannot be written, or in a folder of somebody else: SQLite
 * cannot make the shared memory beside the file. Without a log beside it the file is
 * complete, nobody is writing, and it can be read as it lies there.
 */
static bool lies_still(const char *path)
{
    char wal[PATH_MAX];
    struct stat st;

    return snprintf(wal, sizeof wal, "%s-wal", path) < (int)sizeof wal &&
           (stat(wal, &st) != 0 || st.st_size == 0);
}

static KMS_RC open_file(const char *path, struct kms_conn **out)
{
    KMS_AUTO(conn) c = NULL;
    int64_t version = 0;
    enum kms_rc rc;

    KMS_TRY(kms_conn_open(path, KMS_CONN_READ, &c));
    rc = kms_schema_version(c, &version);
    if (rc == KMS_E_STORE && (sqlite3_errcode(c->db) & 0xff) == SQLITE_CANTOPEN &&
        lies_still(path)) {
        kms_conn_free(KMS_TAKE(c));
        KMS_TRY(kms_conn_open(path, KMS_CONN_STILL, &c));
        rc = kms_schema_version(c, &version);
    }
    KMS_TRY(rc);
    *out = KMS_TAKE(c);
    return KMS_OK;
}

/* *from moves past the last record read; *more tells that the batch was full. */
static KMS_RC walk_batch(struct kms_conn *c, uint64_t *from, bool *more,
                         KMS_RC (*each)(void *arg, uint64_t seq, struct kms_bytes record),
                         void *arg)
{
    KMS_AUTO(stmt) s = NULL;
    int n = 0;

    KMS_TRY(kms_stmt_get(c, KMS_SQL_RECORDS_FROM, &s));
    kms_stmt_int(s, 1, (int64_t)*from);
    kms_stmt_int(s, 2, BATCH);
    for (;; n++) {
        uint64_t seq;
        bool row = false;

        KMS_TRY(kms_stmt_step(s, &row));
        if (!row)
            break;
        seq = (uint64_t)kms_stmt_col_int(s, 0);
        KMS_TRY(each(arg, seq, kms_stmt_col_bytes(s, 1)));
        *from = seq + 1;
    }
    *more = n == BATCH;
    return KMS_OK;
}

enum kms_rc kms_records_walk_file(const char *path, uint64_t from_seq,
                                  KMS_RC (*each)(void *arg, uint64_t seq,
                                                 struct kms_bytes record),
                                  void *arg)
{
    KMS_AUTO(conn) c = NULL;
    bool more = true;

    KMS_TRY(open_file(path, &c));
    while (more && from_seq <= INT64_MAX)
        KMS_TRY(walk_batch(c, &from_seq, &more, each, arg));
    return KMS_OK;
}
