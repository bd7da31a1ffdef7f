/* schema.h - the tables: made, migrated, and found to be what they should be. */
#ifndef KMS_STORE_SCHEMA_H
#define KMS_STORE_SCHEMA_H

#include "store/stmt.h"

enum { KMS_APPLICATION_ID = 0x6b6d7364 }; /* "kmsd" in the file's header */

/* Make the tables in an empty database and mark it as kmsd's. */
KMS_RC kms_schema_create(struct kms_conn *c);
/*
 * How many migrations the database has had. KMS_E_CONFIG when the file is no database of
 * kmsd, or one of a newer kmsd.
 */
KMS_RC kms_schema_version(struct kms_conn *c, int64_t *out);
/* Bring it to KMS_SCHEMA_VERSION. What kms_schema_version refuses is not touched. */
KMS_RC kms_schema_migrate(struct kms_conn *c);
/*
 * KMS_E_TAMPERED, naming it, when a table, index or trigger is missing, changed or one
 * too many: a trigger that somebody adds would rewrite rows with the daemon's hand.
 * KMS_E_STORE when SQLite finds a table or index damaged. The audit log's pages are
 * left to the verification of its chain.
 */
KMS_RC kms_schema_check(struct kms_conn *c);

#endif
