#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "box.h"

static sqlite3 *raw(struct box *b)
{
    sqlite3 *db = NULL;

    ck_assert_int_eq(sqlite3_open(b->path, &db), SQLITE_OK);
    sqlite3_busy_timeout(db, 5000);
    return db;
}

void box_sql(struct box *b, const char *sql, ...)
{
    sqlite3 *db = raw(b);
    va_list ap;
    char *text;
    int r;

    va_start(ap, sql);
    text = sqlite3_vmprintf(sql, ap);
    va_end(ap);
    r = sqlite3_exec(db, text, NULL, NULL, NULL);
    ck_assert_msg(r == SQLITE_OK, "%s: %s", text, sqlite3_errmsg(db));
    sqlite3_free(text);
    sqlite3_close(db);
}

char *box_ask(struct box *b, const char *sql)
{
    sqlite3 *db = raw(b);
    sqlite3_stmt *st = NULL;
    char *out = NULL;

    ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
    if (sqlite3_step(st) == SQLITE_ROW && sqlite3_column_text(st, 0) != NULL)
        out = strdup((const char *)sqlite3_column_text(st, 0));
    sqlite3_finalize(st);
    sqlite3_close(db);
    return out;
}

static uint8_t *slurp(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");
    uint8_t *p;
    long size;

    *n = 0;
    if (f == NULL)
        return NULL;
    fseek(f, 0, SEEK_END);
    size = ftell(f);
    rewind(f);
    p = malloc((size_t)size + 1);
    ck_assert_uint_eq(fread(p, 1, (size_t)size, f), (size_t)size);
    fclose(f);
    *n = (size_t)size;
    return p;
}

void box_copy(struct box *b, const char *from, const char *to)
{
    char src[128], dst[128];
    uint8_t *p;
    size_t n;
    FILE *f;

    snprintf(src, sizeof src, "%s%s", b->path, from);
    snprintf(dst, sizeof dst, "%s%s", b->path, to);
    p = slurp(src, &n);
    ck_assert_ptr_nonnull(p);
    f = fopen(dst, "wb");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(p, 1, n, f), n);
    fclose(f);
    free(p);
}

bool box_holds(struct box *b, const char *suffix, const void *what, size_t len)
{
    char path[128];
    uint8_t *p;
    size_t n;
    bool found;

    snprintf(path, sizeof path, "%s%s", b->path, suffix);
    p = slurp(path, &n);
    found = p != NULL && memmem(p, n, what, len) != NULL;
    free(p);
    return found;
}

long box_size(struct box *b, const char *suffix)
{
    char path[128];
    struct stat st;

    snprintf(path, sizeof path, "%s%s", b->path, suffix);
    return stat(path, &st) == 0 ? (long)st.st_size : -1;
}
