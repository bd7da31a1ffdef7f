#include <assert.h>

#include "store/stmt.h"

enum kms_rc kms_stmt_get(struct kms_conn *c, enum kms_sql id, struct kms_stmt **out)
{
    struct kms_stmt *s = &c->stmts[id];

    if (c->broken)
        return kms_err(KMS_E_STORE, "the database failed earlier in this transaction");
    assert(!s->in_use);
    if (s->st == NULL &&
        sqlite3_prepare_v3(c->db, kms_sql_text[id], -1, SQLITE_PREPARE_PERSISTENT, &s->st,
                           NULL) != SQLITE_OK)
        return kms_conn_err(c, "cannot prepare a statement");
    s->conn = c;
    s->err = SQLITE_OK;
    s->in_use = true;
    *out = s;
    return KMS_OK;
}

void kms_stmt_free(struct kms_stmt *s)
{
    if (s == NULL)
        return;
    sqlite3_reset(s->st);
    sqlite3_clear_bindings(s->st);
    s->in_use = false;
}

static void note(struct kms_stmt *s, int r)
{
    if (s->err == SQLITE_OK)
        s->err = r;
}

void kms_stmt_int(struct kms_stmt *s, int at, int64_t v)
{
    note(s, sqlite3_bind_int64(s->st, at, v));
}

void kms_stmt_text(struct kms_stmt *s, int at, struct kms_str v)
{
    note(s, v.p == NULL
                ? sqlite3_bind_null(s->st, at)
                : sqlite3_bind_text64(s->st, at, v.p, v.n, SQLITE_STATIC, SQLITE_UTF8));
}

void kms_stmt_bytes(struct kms_stmt *s, int at, struct kms_bytes v)
{
    note(s, v.p == NULL ? sqlite3_bind_null(s->st, at)
                        : sqlite3_bind_blob64(s->st, at, v.p, v.n, SQLITE_STATIC));
}

enum kms_rc kms_stmt_step(struct kms_stmt *s, bool *row)
{
    int r = s->err == SQLITE_OK ? sqlite3_step(s->st) : s->err;

    if (r == SQLITE_CONSTRAINT_UNIQUE || r == SQLITE_CONSTRAINT_PRIMARYKEY ||
        r == SQLITE_CONSTRAINT_ROWID)
        return KMS_E_ALREADY_EXISTS;
    if (r != SQLITE_ROW && r != SQLITE_DONE) {
        if ((r & 0xff) != SQLITE_CONSTRAINT)
            s->conn->broken = true;
        return s->err == SQLITE_OK
                   ? kms_conn_err(s->conn, "the database failed")
                   : kms_err(KMS_E_STORE, "cannot bind: %s", sqlite3_errstr(s->err));
    }
    *row = r == SQLITE_ROW;
    return KMS_OK;
}

enum kms_rc kms_stmt_run(struct kms_stmt *s)
{
    bool row = false;

    KMS_TRY(kms_stmt_step(s, &row));
    assert(!row);
    return KMS_OK;
}

int64_t kms_stmt_col_int(struct kms_stmt *s, int at)
{
    return sqlite3_column_int64(s->st, at);
}

/* SQLite gives NULL for an empty blob; absent and empty are different things here. */
static const void *present(struct kms_stmt *s, int at, const void *p)
{
    return p == NULL && sqlite3_column_type(s->st, at) != SQLITE_NULL ? "" : p;
}

struct kms_str kms_stmt_col_text(struct kms_stmt *s, int at)
{
    const void *p = present(s, at, sqlite3_column_text(s->st, at));

    return (struct kms_str){p, (size_t)sqlite3_column_bytes(s->st, at)};
}

struct kms_bytes kms_stmt_col_bytes(struct kms_stmt *s, int at)
{
    const void *p = present(s, at, sqlite3_column_blob(s->st, at));

    return (struct kms_bytes){p, (size_t)sqlite3_column_bytes(s->st, at)};
}
