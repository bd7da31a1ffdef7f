#include <string.h>

#include "key/context.h"
#include "store/grants.h"
#include "store/list.h"
#include "store/row.h"

enum {
    ID,
    KEY_ROW,
    REGION,
    NAME,
    GRANTEE,
    RETIRING,
    ISSUER,
    OPERATIONS,
    CONTEXT_RULE,
    PAIRS,
    CREATED_MS,
    COLS
};
enum { KEY_ARN = COLS + 1 }; /* after the mac; from the joined key */

static const char *const rules[] = {
    [KMS_GRANT_CONTEXT_EQUALS] = "EncryptionContextEquals",
    [KMS_GRANT_CONTEXT_SUBSET] = "EncryptionContextSubset"};

static KMS_RC unreadable(struct kms_stmt *s)
{
    return kms_err(KMS_E_STORE, "table grants, row %.*s: cannot be read",
                   KMS_FMT(kms_stmt_col_text(s, ID)));
}

/* "Decrypt,Encrypt" */
static bool read_operations(struct kms_str text, uint32_t *out)
{
    uint32_t mask = 0;

    while (text.n != 0) {
        const char *comma = memchr(text.p, ',', text.n);
        struct kms_str word = {text.p, comma != NULL ? (size_t)(comma - text.p) : text.n};
        enum kms_grant_operation op;

        if (!kms_grant_operation_parse(word, &op))
            return false;
        mask |= 1u << op;
        text = kms_str_skip(text, comma != NULL ? word.n + 1 : word.n);
    }
    *out = mask;
    return true;
}

static KMS_RC write_operations(uint32_t mask, struct kms_buf *out)
{
    for (unsigned op = 1; op < KMS_GRANT_OPERATION_COUNT; op++) {
        if ((mask & 1u << op) == 0)
            continue;
        if (out->n != 0)
            kms_buf_byte(out, ',');
        kms_buf_z(out, kms_grant_operation_name((enum kms_grant_operation)op));
    }
    return kms_buf_ok(out);
}

static bool read_rule(struct kms_str text, enum kms_grant_constraint *out)
{
    *out = KMS_GRANT_UNCONSTRAINED;
    if (text.p == NULL)
        return true;
    for (int i = KMS_GRANT_CONTEXT_EQUALS; i <= KMS_GRANT_CONTEXT_SUBSET; i++) {
        if (kms_str_is(text, rules[i])) {
            *out = (enum kms_grant_constraint)i;
            return true;
        }
    }
    return false;
}

static KMS_RC read_texts(struct kms_stmt *s, struct kms_arena *a, struct kms_grant *g)
{
    KMS_TRY(kms_arena_str(a, kms_stmt_col_text(s, ID), &g->id));
    KMS_TRY(kms_arena_str(a, kms_stmt_col_text(s, REGION), &g->region));
    KMS_TRY(kms_arena_str(a, kms_stmt_col_text(s, NAME), &g->name));
    KMS_TRY(kms_arena_str(a, kms_stmt_col_text(s, GRANTEE), &g->grantee));
    KMS_TRY(kms_arena_str(a, kms_stmt_col_text(s, RETIRING), &g->retiring));
    KMS_TRY(kms_arena_str(a, kms_stmt_col_text(s, ISSUER), &g->issuer));
    return kms_arena_str(a, kms_stmt_col_text(s, KEY_ARN), &g->key_arn);
}

/* Out of the statement's memory first: the pairs point into what they are read from. */
static bool read_pairs(struct kms_stmt *s, struct kms_arena *a, struct kms_str_map *out)
{
    struct kms_bytes canon;

    return kms_arena_bytes(a, kms_stmt_col_bytes(s, PAIRS), &canon) == KMS_OK &&
           kms_context_parse(a, canon, out) == KMS_OK;
}

static KMS_RC from_row(struct kms_tx *tx, struct kms_stmt *s, struct kms_arena *a,
                       void *out)
{
    struct kms_grant g = {.key_row = kms_stmt_col_int(s, KEY_ROW),
                          .created_ms = kms_stmt_col_int(s, CREATED_MS)};

    KMS_TRY(kms_row_verify(tx, &kms_table_grants, s, NULL));
    if (!read_operations(kms_stmt_col_text(s, OPERATIONS), &g.operations) ||
        !read_rule(kms_stmt_col_text(s, CONTEXT_RULE), &g.constraint) ||
        !read_pairs(s, a, &g.pairs))
        return unreadable(s);
    KMS_TRY(read_texts(s, a, &g));
    *(struct kms_grant *)out = g;
    return KMS_OK;
}

enum kms_rc kms_grants_get(struct kms_tx *tx, struct kms_str id, struct kms_arena *a,
                           struct kms_grant *out)
{
    KMS_AUTO(stmt) s = NULL;
    bool row = false;

    KMS_TRY(kms_tx_stmt(tx, KMS_SQL_GRANTS_GET, &s));
    kms_stmt_text(s, 1, id);
    KMS_TRY(kms_stmt_step(s, &row));
    return row ? from_row(tx, s, a, out) : KMS_E_NOT_FOUND;
}

/* A row without its mac; texts that are not g's own are in the arena. */
static KMS_RC to_cells(const struct kms_grant *g, struct kms_arena *a,
                       struct kms_cell cells[COLS])
{
    KMS_AUTO_BUF operations = {0};
    struct kms_str list;
    struct kms_bytes pairs;

    KMS_TRY(write_operations(g->operations, &operations));
    KMS_TRY(kms_arena_str(a, kms_buf_text(&operations), &list));
    KMS_TRY(kms_context_canon(a, &g->pairs, &pairs));
    cells[ID] = kms_cell_text(g->id);
    cells[KEY_ROW] = kms_cell_int(g->key_row);
    cells[REGION] = kms_cell_text(g->region);
    cells[NAME] = kms_cell_text(g->name);
    cells[GRANTEE] = kms_cell_text(g->grantee);
    cells[RETIRING] = kms_cell_text(g->retiring);
    cells[ISSUER] = kms_cell_text(g->issuer);
    cells[OPERATIONS] = kms_cell_text(list);
    cells[CONTEXT_RULE] = g->constraint == KMS_GRANT_UNCONSTRAINED
                              ? (struct kms_cell){.type = KMS_CELL_NULL}
                              : kms_cell_text(kms_str_of(rules[g->constraint]));
    cells[PAIRS] = kms_cell_bytes(pairs);
    cells[CREATED_MS] = kms_cell_int(g->created_ms);
    return KMS_OK;
}

enum kms_rc kms_grants_find(struct kms_tx *tx, const struct kms_grant *like,
                            struct kms_arena *a, struct kms_grant *out)
{
    static const int wanted[] = {KEY_ROW, NAME,       GRANTEE,      RETIRING,
                                 ISSUER,  OPERATIONS, CONTEXT_RULE, PAIRS};
    KMS_AUTO(stmt) s = NULL;
    struct kms_cell cells[COLS];
    bool row = false;

    KMS_TRY(to_cells(like, a, cells));
    KMS_TRY(kms_tx_stmt(tx, KMS_SQL_GRANTS_FIND, &s));
    for (int i = 0; i < (int)(sizeof wanted / sizeof wanted[0]); i++)
        kms_row_bind(s, i + 1, &cells[wanted[i]]);
    KMS_TRY(kms_stmt_step(s, &row));
    return row ? from_row(tx, s, a, out) : KMS_E_NOT_FOUND;
}

enum kms_rc kms_grants_insert(struct kms_tx *tx, const struct kms_grant *g)
{
    KMS_AUTO(arena) a = NULL;
    struct kms_cell cells[COLS];

    KMS_TRY(kms_arena_new(&a));
    KMS_TRY(to_cells(g, a, cells));
    return kms_row_insert(tx, &kms_table_grants, cells);
}

enum kms_rc kms_grants_delete(struct kms_tx *tx, struct kms_str id)
{
    const struct kms_cell pk = kms_cell_text(id);

    return kms_row_delete(tx, &kms_table_grants, &pk);
}

/* Read at most limit rows of a bound statement. */
static KMS_RC read_page(struct kms_tx *tx, struct kms_stmt *s, size_t limit,
                        struct kms_arena *a, const struct kms_grant **out, size_t *n,
                        bool *more)
{
    const struct kms_list_of of = {sizeof(struct kms_grant), from_row, limit};
    const void *v;

    KMS_TRY(kms_list_page(tx, s, &of, a, &v, n, more));
    *out = v;
    return KMS_OK;
}

enum kms_rc kms_grants_list(struct kms_tx *tx, int64_t key_row, struct kms_str grantee,
                            struct kms_str after, size_t limit, struct kms_arena *a,
                            const struct kms_grant **out, size_t *n, bool *more)
{
    KMS_AUTO(stmt) s = NULL;

    KMS_TRY(kms_tx_stmt(
        tx, grantee.p != NULL ? KMS_SQL_GRANTS_LIST_GRANTEE : KMS_SQL_GRANTS_LIST, &s));
    kms_stmt_int(s, 1, key_row);
    kms_stmt_text(s, 2, after.p != NULL ? after : KMS_LIT(""));
    kms_stmt_int(s, 3, (int64_t)limit + 1);
    if (grantee.p != NULL)
        kms_stmt_text(s, 4, grantee);
    return read_page(tx, s, limit, a, out, n, more);
}

enum kms_rc kms_grants_list_retirable(struct kms_tx *tx, struct kms_str region,
                                      struct kms_str retiring, struct kms_str after,
                                      size_t limit, struct kms_arena *a,
                                      const struct kms_grant **out, size_t *n, bool *more)
{
    KMS_AUTO(stmt) s = NULL;

    KMS_TRY(kms_tx_stmt(tx, KMS_SQL_GRANTS_LIST_RETIRABLE, &s));
    kms_stmt_text(s, 1, region);
    kms_stmt_text(s, 2, after.p != NULL ? after : KMS_LIT(""));
    kms_stmt_int(s, 3, (int64_t)limit + 1);
    kms_stmt_text(s, 4, retiring);
    return read_page(tx, s, limit, a, out, n, more);
}

enum kms_rc kms_grants_count(struct kms_tx *tx, int64_t key_row, int64_t *out)
{
    return kms_list_count(tx, KMS_SQL_GRANTS_COUNT, key_row, out);
}
