#include <stdlib.h>

#include "store/stmt.h"

/* How long to wait for another process that holds a lock, e.g. a backup tool. */
enum { BUSY_MS = 5000 };

/*
 * Settings of every connection. secure_delete overwrites what is deleted; a schema that
 * somebody else edited must not run functions (trusted_schema) and a damaged page must
 * not be followed (cell_size_check); REPLACE must not slip past the triggers that keep
 * the audit log append-only (recursive_triggers).
 */
static const char settings[] = "PRAGMA synchronous = FULL;"
                               "PRAGMA foreign_keys = ON;"
                               "PRAGMA trusted_schema = OFF;"
                               "PRAGMA cell_size_check = ON;"
                               "PRAGMA secure_delete = ON;"
                               "PRAGMA recursive_triggers = ON;"
                               "PRAGMA temp_store = MEMORY;"
                               "PRAGMA cache_size = -8192;";

static bool configure(sqlite3 *db)
{
    return sqlite3_extended_result_codes(db, 1) == SQLITE_OK &&
           sqlite3_busy_timeout(db, BUSY_MS) == SQLITE_OK &&
           sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL) == SQLITE_OK &&
           sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL) == SQLITE_OK &&
           sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, 0, NULL) == SQLITE_OK &&
           sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL) == SQLITE_OK &&
           sqlite3_wal_autocheckpoint(db, 0) == SQLITE_OK;
}

/* "file:PATH?immutable=1" with the bytes that mean something in a URI escaped. */
static KMS_RC still_uri(struct kms_buf *uri, const char *path)
{
    kms_buf_z(uri, "file:");
    for (const char *p = path; *p != '\0'; p++) {
        if (*p == '%' || *p == '?' || *p == '#')
            kms_buf_fmt(uri, "%%%02x", (unsigned)(unsigned char)*p);
        else
            kms_buf_byte(uri, (uint8_t)*p);
    }
    kms_buf_z(uri, "?immutable=1");
    kms_buf_byte(uri, '\0');
    return kms_buf_ok(uri);
}

static int open_db(const char *path, enum kms_conn_mode mode, const char *uri,
                   sqlite3 **db)
{
    switch (mode) {
    case KMS_CONN_WRITE:
        return sqlite3_open_v2(path, db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                               NULL);
    case KMS_CONN_READ:
        return sqlite3_open_v2(path, db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX,
                               NULL);
    case KMS_CONN_STILL:
        break;
    }
    return sqlite3_open_v2(
        uri, db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL);
}

enum kms_rc kms_conn_open(const char *path, enum kms_conn_mode mode,
                          struct kms_conn **out)
{
    KMS_AUTO(conn) c = calloc(1, sizeof *c);
    KMS_AUTO_BUF uri = {0};

    if (c == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for a database connection");
    KMS_TRY(still_uri(&uri, path));
    if (open_db(path, mode, (const char *)uri.p, &c->db) != SQLITE_OK ||
        !configure(c->db))
        return kms_err(KMS_E_STORE, "cannot open the database %s: %s", path,
                       sqlite3_errmsg(c->db));
    KMS_TRY(kms_conn_exec(c, settings));
    *out = KMS_TAKE(c);
    return KMS_OK;
}

void kms_conn_free(struct kms_conn *c)
{
    if (c == NULL)
        return;
    for (int i = 0; i < KMS_SQL_COUNT; i++)
        sqlite3_finalize(c->stmts[i].st);
    sqlite3_close(c->db);
    kms_buf_clear(&c->scratch);
    free(c);
}

void kms_conn_abandon(struct kms_conn *c)
{
    if (c != NULL)
        sqlite3_db_config(c->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
}

enum kms_rc kms_conn_err(struct kms_conn *c, const char *doing)
{
    return kms_err(KMS_E_STORE, "%s: %s (SQLite %d)", doing, sqlite3_errmsg(c->db),
                   sqlite3_extended_errcode(c->db));
}

enum kms_rc kms_conn_exec(struct kms_conn *c, const char *sql)
{
    if (sqlite3_exec(c->db, sql, NULL, NULL, NULL) != SQLITE_OK)
        return kms_conn_err(c, "the database refused its settings");
    return KMS_OK;
}

enum kms_rc kms_conn_number(struct kms_conn *c, const char *sql, int64_t *out)
{
    sqlite3_stmt *st = NULL;
    bool ok = sqlite3_prepare_v2(c->db, sql, -1, &st, NULL) == SQLITE_OK &&
              sqlite3_step(st) == SQLITE_ROW;
    enum kms_rc rc = ok ? KMS_OK : kms_conn_err(c, sql);

    if (ok)
        *out = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return rc;
}
