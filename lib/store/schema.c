#include <stdio.h>
#include <string.h>

#include "store/schema.h"

/* Each step is whole or not there: user_version is part of the transaction. */
static KMS_RC apply(struct kms_conn *c, int64_t version)
{
    const struct kms_migration *m = &kms_migrations[version];
    char done[64];

    snprintf(done, sizeof done, "PRAGMA user_version = %lld; COMMIT;",
             (long long)version + 1);
    if (sqlite3_exec(c->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_exec(c->db, m->sql, NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_exec(c->db, done, NULL, NULL, NULL) != SQLITE_OK) {
        enum kms_rc rc = kms_conn_err(c, m->name);

        sqlite3_exec(c->db, "ROLLBACK", NULL, NULL, NULL);
        return rc;
    }
    return KMS_OK;
}

static KMS_RC apply_from(struct kms_conn *c, int64_t version)
{
    for (; version < KMS_SCHEMA_VERSION; version++)
        KMS_TRY(apply(c, version));
    return KMS_OK;
}

enum kms_rc kms_schema_create(struct kms_conn *c)
{
    char mark[64];

    snprintf(mark, sizeof mark, "PRAGMA application_id = %d", KMS_APPLICATION_ID);
    KMS_TRY(kms_conn_exec(c, mark));
    return apply_from(c, 0);
}

enum kms_rc kms_schema_version(struct kms_conn *c, int64_t *out)
{
    int64_t id = 0, version = 0;

    KMS_TRY(kms_conn_number(c, "PRAGMA application_id", &id));
    KMS_TRY(kms_conn_number(c, "PRAGMA user_version", &version));
    if (id != KMS_APPLICATION_ID || version < 1)
        return kms_err(KMS_E_CONFIG, "the file is not a database of kmsd");
    if (version > KMS_SCHEMA_VERSION)
        return kms_err(KMS_E_CONFIG,
                       "the database was written by a newer kmsd (its schema is version "
                       "%lld, this kmsd knows up to %d): install that version again, or "
                       "restore a backup made before the upgrade",
                       (long long)version, KMS_SCHEMA_VERSION);
    *out = version;
    return KMS_OK;
}

enum kms_rc kms_schema_migrate(struct kms_conn *c)
{
    int64_t version = 0;

    KMS_TRY(kms_schema_version(c, &version));
    return apply_from(c, version);
}

/* The same tables made afresh in memory: what the schema has to look like. */
static KMS_RC make_model(struct kms_conn **out)
{
    KMS_AUTO(conn) model = NULL;

    KMS_TRY(kms_conn_open(":memory:", KMS_CONN_WRITE, &model));
    KMS_TRY(apply_from(model, 0));
    *out = KMS_TAKE(model);
    return KMS_OK;
}

static KMS_RC differs(struct kms_stmt *s, const char *how)
{
    struct kms_str type = kms_stmt_col_text(s, 0), name = kms_stmt_col_text(s, 1);

    return kms_err(KMS_E_TAMPERED, "the schema of the database was changed: %.*s %.*s %s",
                   KMS_FMT(type), KMS_FMT(name), how);
}

/* Both lists are sorted by type and name, so one pass finds the first difference. */
static KMS_RC compare_schema(struct kms_conn *c, struct kms_conn *model)
{
    KMS_AUTO(stmt) is = NULL;
    KMS_AUTO(stmt) ought = NULL;

    KMS_TRY(kms_stmt_get(c, KMS_SQL_SCHEMA, &is));
    KMS_TRY(kms_stmt_get(model, KMS_SQL_SCHEMA, &ought));
    for (;;) {
        bool have = false, want = false;
        int order;

        KMS_TRY(kms_stmt_step(is, &have));
        KMS_TRY(kms_stmt_step(ought, &want));
        if (!have && !want)
            return KMS_OK;
        if (!want)
            return differs(is, "was added");
        if (!have)
            return differs(ought, "is missing");
        order = kms_str_cmp(kms_stmt_col_text(is, 0), kms_stmt_col_text(ought, 0));
        if (order == 0)
            order = kms_str_cmp(kms_stmt_col_text(is, 1), kms_stmt_col_text(ought, 1));
        if (order != 0)
            return order < 0 ? differs(is, "was added") : differs(ought, "is missing");
        for (int i = 2; i < 4; i++)
            if (!kms_str_eq(kms_stmt_col_text(is, i), kms_stmt_col_text(ought, i)))
                return differs(is, "is not what it was");
    }
}

static KMS_RC check_pages(struct kms_conn *c, const char *pragma)
{
    sqlite3_stmt *st = NULL;
    const char *said = NULL;
    enum kms_rc rc = KMS_OK;

    if (sqlite3_prepare_v2(c->db, pragma, -1, &st, NULL) == SQLITE_OK &&
        sqlite3_step(st) == SQLITE_ROW)
        said = (const char *)sqlite3_column_text(st, 0);
    if (said == NULL)
        rc = kms_conn_err(c, "cannot check the database");
    else if (strcmp(said, "ok") != 0)
        rc = kms_err(KMS_E_STORE, "the database is damaged: %s", said);
    sqlite3_finalize(st);
    return rc;
}

enum kms_rc kms_schema_check(struct kms_conn *c)
{
    static const char *const pragmas[] = {
        "PRAGMA integrity_check(sqlite_schema)", "PRAGMA integrity_check(meta)",
        "PRAGMA integrity_check(keys)",          "PRAGMA integrity_check(versions)",
        "PRAGMA integrity_check(material)",      "PRAGMA integrity_check(aliases)",
        "PRAGMA integrity_check(tags)"};
    KMS_AUTO(conn) model = NULL;

    KMS_TRY(make_model(&model));
    KMS_TRY(compare_schema(c, model));
    for (size_t i = 0; i < sizeof pragmas / sizeof pragmas[0]; i++)
        KMS_TRY(check_pages(c, pragmas[i]));
    return KMS_OK;
}
