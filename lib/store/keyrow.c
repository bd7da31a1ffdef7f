#include <string.h>

#include "key/state.h"
#include "store/keyrow.h"

/* In the order of the table (schema/0001_initial.sql). */
enum {
    ROW,
    ACCOUNT,
    REGION,
    ID,
    UUID,
    ARN,
    MULTI_REGION,
    PRIMARY_REGION,
    SPEC,
    USAGE,
    ORIGIN,
    STATE,
    DESCRIPTION,
    POLICY,
    CREATED_MS,
    DELETION_MS,
    PENDING_WINDOW_DAYS,
    ROTATION_PERIOD_DAYS,
    NEXT_ROTATION_MS,
    ON_DEMAND_STARTED_MS,
    ON_DEMAND_COUNT,
    CURRENT_VERSION,
    DUE_MS,
    DUE_KIND
};

static struct kms_cell word(const char *name)
{
    return kms_cell_text(kms_str_of(name));
}

/* What falls due next is kept with the row, so that finding it is an index lookup. */
static void due_cells(const struct kms_key *k, struct kms_cell cells[KMS_KEYROW_COLS])
{
    static const char *const kinds[] = {
        [KMS_DUE_SETTLE] = "settle",     [KMS_DUE_ON_DEMAND] = "on_demand",
        [KMS_DUE_ROTATION] = "rotation", [KMS_DUE_EXPIRY] = "expiry",
        [KMS_DUE_DELETION] = "deletion",
    };
    int64_t at_ms = 0;
    enum kms_due_kind kind = kms_state_due(k, &at_ms);

    cells[DUE_MS] = cells[DUE_KIND] = (struct kms_cell){.type = KMS_CELL_NULL};
    if (kind == KMS_DUE_NONE)
        return;
    cells[DUE_MS] = kms_cell_int(at_ms);
    cells[DUE_KIND] = word(kinds[kind]);
}

void kms_keyrow_cells(const struct kms_key *k, int64_t row,
                      struct kms_cell cells[KMS_KEYROW_COLS])
{
    cells[ROW] = kms_cell_int(row);
    cells[ACCOUNT] = kms_cell_text(k->account);
    cells[REGION] = kms_cell_text(k->region);
    cells[ID] = kms_cell_text(k->id);
    cells[UUID] = kms_cell_bytes(KMS_BYTES(k->uuid));
    cells[ARN] = kms_cell_text(k->arn);
    cells[MULTI_REGION] = kms_cell_int(k->multi_region);
    cells[PRIMARY_REGION] = kms_cell_text(k->primary_region);
    cells[SPEC] = word(kms_key_spec_name(k->spec));
    cells[USAGE] = word(kms_key_usage_type_name(k->usage));
    cells[ORIGIN] = word(kms_origin_type_name(k->origin));
    cells[STATE] = word(kms_key_state_name(k->state));
    cells[DESCRIPTION] = kms_cell_text(k->description);
    cells[POLICY] = kms_cell_text(k->policy);
    cells[CREATED_MS] = kms_cell_int(k->created_ms);
    cells[DELETION_MS] = kms_cell_int(k->deletion_ms);
    cells[PENDING_WINDOW_DAYS] = kms_cell_int(k->pending_window_days);
    cells[ROTATION_PERIOD_DAYS] = kms_cell_int(k->rotation_period_days);
    cells[NEXT_ROTATION_MS] = kms_cell_int(k->next_rotation_ms);
    cells[ON_DEMAND_STARTED_MS] = kms_cell_int(k->on_demand_started_ms);
    cells[ON_DEMAND_COUNT] = kms_cell_int(k->on_demand_count);
    cells[CURRENT_VERSION] = kms_cell_int(k->current_version);
    due_cells(k, cells);
}

static KMS_RC read_texts(struct kms_stmt *s, struct kms_key *k)
{
    struct kms_arena *a = k->arena;

    KMS_TRY(kms_arena_str(a, kms_stmt_col_text(s, ACCOUNT), &k->account));
    KMS_TRY(kms_arena_str(a, kms_stmt_col_text(s, REGION), &k->region));
    KMS_TRY(kms_arena_str(a, kms_stmt_col_text(s, ID), &k->id));
    KMS_TRY(kms_arena_str(a, kms_stmt_col_text(s, PRIMARY_REGION), &k->primary_region));
    KMS_TRY(kms_arena_str(a, kms_stmt_col_text(s, ARN), &k->arn));
    KMS_TRY(kms_arena_str(a, kms_stmt_col_text(s, DESCRIPTION), &k->description));
    return kms_arena_str(a, kms_stmt_col_text(s, POLICY), &k->policy);
}

enum kms_rc kms_keyrow_read(struct kms_stmt *s, struct kms_key *k)
{
    struct kms_bytes uuid = kms_stmt_col_bytes(s, UUID);

    k->row = kms_stmt_col_int(s, ROW);
    if (uuid.n != sizeof k->uuid ||
        !kms_key_spec_parse(kms_stmt_col_text(s, SPEC), &k->spec) ||
        !kms_key_usage_type_parse(kms_stmt_col_text(s, USAGE), &k->usage) ||
        !kms_origin_type_parse(kms_stmt_col_text(s, ORIGIN), &k->origin) ||
        !kms_key_state_parse(kms_stmt_col_text(s, STATE), &k->state))
        return kms_err(KMS_E_STORE, "table keys, row %lld: cannot be read",
                       (long long)k->row);
    memcpy(k->uuid, uuid.p, sizeof k->uuid);
    k->multi_region = kms_stmt_col_int(s, MULTI_REGION) != 0;
    k->created_ms = kms_stmt_col_int(s, CREATED_MS);
    k->deletion_ms = kms_stmt_col_int(s, DELETION_MS);
    k->pending_window_days = (int32_t)kms_stmt_col_int(s, PENDING_WINDOW_DAYS);
    k->rotation_period_days = (int32_t)kms_stmt_col_int(s, ROTATION_PERIOD_DAYS);
    k->next_rotation_ms = kms_stmt_col_int(s, NEXT_ROTATION_MS);
    k->on_demand_started_ms = kms_stmt_col_int(s, ON_DEMAND_STARTED_MS);
    k->on_demand_count = (int32_t)kms_stmt_col_int(s, ON_DEMAND_COUNT);
    k->current_version = (uint32_t)kms_stmt_col_int(s, CURRENT_VERSION);
    return read_texts(s, k);
}
