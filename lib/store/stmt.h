/*
 * stmt.h - a connection and its prepared statements.
 *
 * Every statement of schema/queries.sql is prepared once per connection and reused.
 * Binds remember the first error and step reports it, so a row of binds needs one
 * check. A connection is used by one thread at a time.
 */
#ifndef KMS_STORE_STMT_H
#define KMS_STORE_STMT_H

#include <sqlite3.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/own.h"
#include "store/sql.gen.h"

struct kms_conn;

struct kms_stmt {
    sqlite3_stmt *st;
    struct kms_conn *conn;
    int err; /* of the first bind that failed */
    bool in_use;
};
KMS_OWNED(stmt); /* reset, binds cleared, back to the connection */

struct kms_conn {
    sqlite3 *db;
    struct kms_stmt stmts[KMS_SQL_COUNT];
    struct kms_buf scratch; /* for canonical rows */
    /*
     * A statement failed for another reason than a constraint: SQLite may have rolled
     * the transaction back, so nothing more is run on this connection.
     */
    bool broken;
};
KMS_OWNED(conn); /* finalizes the statements, closes */

enum kms_conn_mode {
    KMS_CONN_WRITE,
    KMS_CONN_READ,
    KMS_CONN_STILL /* read, trusting that the file does not change: no locks, no log */
};

/*
 * Open the existing file at path with the settings of the store (defensive, untrusted
 * schema, foreign keys, secure_delete, synchronous FULL). Does not touch the file.
 */
KMS_RC kms_conn_open(const char *path, enum kms_conn_mode mode, struct kms_conn **out);
/* Run constant SQL without parameters: pragmas and migrations. */
KMS_RC kms_conn_exec(struct kms_conn *c, const char *sql);
/* The first column of the first row of a constant pragma or query. */
KMS_RC kms_conn_number(struct kms_conn *c, const char *sql, int64_t *out);
/* KMS_E_STORE with what doing failed at and SQLite's words. */
KMS_RC kms_conn_err(struct kms_conn *c, const char *doing);
/* Leave the log as it is on closing: the file is not to be touched any more. */
void kms_conn_abandon(struct kms_conn *c);

/* The statement, ready for binding. Not while it is in use. */
KMS_RC kms_stmt_get(struct kms_conn *c, enum kms_sql id, struct kms_stmt **out);

/* Positions count from 1. Texts and bytes are borrowed until the statement is freed. */
void kms_stmt_int(struct kms_stmt *s, int at, int64_t v);
void kms_stmt_text(struct kms_stmt *s, int at, struct kms_str v);    /* absent: NULL */
void kms_stmt_bytes(struct kms_stmt *s, int at, struct kms_bytes v); /* absent: NULL */

/*
 * Run to the next row; *row tells whether there is one. KMS_E_ALREADY_EXISTS, without
 * words, when a key is not unique; the transaction is as it was before the statement.
 */
KMS_RC kms_stmt_step(struct kms_stmt *s, bool *row);
/* Run a statement that returns no row. */
KMS_RC kms_stmt_run(struct kms_stmt *s);

/* Columns count from 0. Borrowed until the next step. NULL is absent. */
int64_t kms_stmt_col_int(struct kms_stmt *s, int at);
struct kms_str kms_stmt_col_text(struct kms_stmt *s, int at);
struct kms_bytes kms_stmt_col_bytes(struct kms_stmt *s, int at);

#endif
