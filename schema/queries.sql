-- Every statement the store runs. "-- name: X" becomes KMS_SQL_X; "-- let: $X" names a
-- piece that several share.
--
-- For each table of authenticated rows (lib/store/row.c): ROW reads one row by its
-- primary key, SCAN all in order of it, both with the columns in the order of the
-- descriptor and the mac last; INSERT and UPDATE bind them in that order; DELETE binds
-- the primary key.

-- let: $KEY
k.row, k.account, k.region, k.id, k.uuid, k.arn, k.multi_region, k.primary_region,
k.spec, k.usage, k.origin, k.state, k.description, k.policy, k.created_ms, k.deletion_ms,
k.pending_window_days, k.rotation_period_days, k.next_rotation_ms,
k.on_demand_started_ms, k.on_demand_count, k.current_version, k.due_ms,
k.due_kind

-- The sealed bytes are the last authenticated column although another table holds them.
-- let: $VERSION
v.key_row, v.number, v.kmid, v.kek, v.material, v.created_ms, v.rotated_ms,
v.rotation_type, v.expiration, v.expires_ms, v.description, m.sealed
-- let: $VERSIONS
versions v LEFT JOIN material m ON m.row = v.material

-- let: $GRANT
g.id, g.key_row, g.region, g.name, g.grantee, g.retiring, g.issuer, g.operations,
g.context_rule, g.pairs, g.created_ms

-- let: $ACCESS
id, principal, kek, sealed, token_sha256, policy, created_ms, expires_ms

-- let: $ALIAS
a.account, a.region, a.name, a.key_row, a.created_ms, a.updated_ms

-- name: BEGIN_READ
BEGIN DEFERRED;
-- name: BEGIN_WRITE
BEGIN IMMEDIATE;
-- name: COMMIT
COMMIT;
-- name: ROLLBACK
ROLLBACK;
-- name: MARK
SAVEPOINT job;
-- name: MARK_UNDO
ROLLBACK TO job;
-- name: MARK_RELEASE
RELEASE job;

-- name: META_GET
SELECT value FROM meta WHERE name = ?1;
-- name: META_PUT
INSERT INTO meta (name, value) VALUES (?1, ?2)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value;
-- name: SCHEMA
SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name;
-- name: ROWS_EXIST
SELECT EXISTS (SELECT 1 FROM keys) OR EXISTS (SELECT 1 FROM versions)
    OR EXISTS (SELECT 1 FROM aliases) OR EXISTS (SELECT 1 FROM tags)
    OR EXISTS (SELECT 1 FROM access_keys) OR EXISTS (SELECT 1 FROM records);

-- name: KEYS_ROW
SELECT $KEY, k.mac FROM keys k WHERE row = ?1;
-- name: KEYS_SCAN
SELECT $KEY, k.mac FROM keys k ORDER BY row;
-- name: KEYS_BY_ID
SELECT $KEY, k.mac FROM keys k WHERE account = ?1 AND region = ?2 AND id = ?3;
-- name: KEYS_BY_UUID
SELECT $KEY, k.mac FROM keys k WHERE region = ?1 AND uuid = ?2;
-- name: KEYS_BY_KMID
SELECT $KEY, k.mac FROM versions v JOIN keys k ON k.row = v.key_row
WHERE v.kmid = ?2 AND k.region = ?1 ORDER BY k.row LIMIT 1;
-- name: KEYS_DUE
SELECT $KEY, k.mac FROM keys k WHERE due_ms <= ?1 ORDER BY due_ms, row LIMIT 1;
-- name: KEYS_NEXT_DUE
SELECT due_ms FROM keys WHERE due_ms IS NOT NULL ORDER BY due_ms LIMIT 1;
-- name: KEYS_INSERT
INSERT INTO keys (row, account, region, id, uuid, arn, multi_region, primary_region,
    spec, usage, origin,
    state, description, policy, created_ms, deletion_ms, pending_window_days,
    rotation_period_days, next_rotation_ms, on_demand_started_ms, on_demand_count,
    current_version, due_ms, due_kind, mac)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,
    ?19, ?20, ?21, ?22, ?23, ?24, ?25);
-- name: KEYS_UPDATE
UPDATE keys SET account = ?2, region = ?3, id = ?4, uuid = ?5, arn = ?6,
    multi_region = ?7, primary_region = ?8, spec = ?9, usage = ?10, origin = ?11,
    state = ?12, description = ?13, policy = ?14, created_ms = ?15, deletion_ms = ?16,
    pending_window_days = ?17, rotation_period_days = ?18, next_rotation_ms = ?19,
    on_demand_started_ms = ?20, on_demand_count = ?21,
    current_version = ?22, due_ms = ?23, due_kind = ?24, mac = ?25
WHERE row = ?1;
-- name: KEYS_DELETE
DELETE FROM keys WHERE row = ?1;
-- name: KEYS_LAST_ROW
SELECT max(ifnull((SELECT seq FROM sqlite_sequence WHERE name = 'keys'), 0),
    ifnull((SELECT max(row) FROM keys), 0));
-- name: KEYS_LIST
SELECT id FROM keys WHERE account = ?1 AND region = ?2 AND id > ?3
ORDER BY id LIMIT ?4;
-- name: KEYS_COUNT
SELECT count(*) FROM keys WHERE account = ?1 AND region = ?2;

-- name: MATERIAL_INSERT
INSERT INTO material (sealed) VALUES (?1) RETURNING row;

-- name: VERSIONS_ROW
SELECT $VERSION, v.mac FROM $VERSIONS
WHERE v.key_row = ?1 AND v.number = ?2;
-- name: VERSIONS_SCAN
SELECT $VERSION, v.mac FROM $VERSIONS
ORDER BY v.key_row, v.number;
-- name: VERSIONS_OF_KEY
SELECT $VERSION, v.mac FROM $VERSIONS
WHERE v.key_row = ?1 ORDER BY v.number;
-- name: VERSIONS_AFTER
SELECT number FROM versions WHERE key_row = ?1 AND number > ?2 ORDER BY number LIMIT 1;
-- name: VERSIONS_INSERT
INSERT INTO versions (key_row, number, kmid, kek, material, created_ms, rotated_ms,
    rotation_type, expiration, expires_ms, description, mac)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12);
-- name: VERSIONS_UPDATE
UPDATE versions SET kmid = ?3, kek = ?4, material = ?5, created_ms = ?6, rotated_ms = ?7,
    rotation_type = ?8, expiration = ?9, expires_ms = ?10, description = ?11, mac = ?12
WHERE key_row = ?1 AND number = ?2;
-- name: VERSIONS_DELETE
DELETE FROM versions WHERE key_row = ?1 AND number = ?2;

-- name: ALIASES_ROW
SELECT $ALIAS, a.mac FROM aliases a WHERE account = ?1 AND region = ?2 AND name = ?3;
-- name: ALIASES_SCAN
SELECT $ALIAS, a.mac FROM aliases a ORDER BY account, region, name;
-- name: ALIASES_GET
SELECT $ALIAS, a.mac, k.id
FROM aliases a JOIN keys k ON k.row = a.key_row
WHERE a.account = ?1 AND a.region = ?2 AND a.name = ?3;
-- name: ALIASES_LIST
SELECT $ALIAS, a.mac, k.id
FROM aliases a JOIN keys k ON k.row = a.key_row
WHERE a.account = ?1 AND a.region = ?2 AND a.name > ?3
ORDER BY a.name LIMIT ?4;
-- name: ALIASES_LIST_OF_KEY
SELECT $ALIAS, a.mac, k.id
FROM aliases a INDEXED BY aliases_by_key JOIN keys k ON k.row = a.key_row
WHERE a.key_row = ?5 AND a.account = ?1 AND a.region = ?2 AND a.name > ?3
ORDER BY a.name LIMIT ?4;
-- name: ALIASES_OF_KEY
SELECT account, region, name FROM aliases WHERE key_row = ?1 LIMIT 1;
-- name: ALIASES_COUNT
SELECT count(*) FROM aliases WHERE key_row = ?1;
-- name: ALIASES_INSERT
INSERT INTO aliases (account, region, name, key_row, created_ms, updated_ms, mac)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7);
-- name: ALIASES_UPDATE
UPDATE aliases SET key_row = ?4, created_ms = ?5, updated_ms = ?6, mac = ?7
WHERE account = ?1 AND region = ?2 AND name = ?3;
-- name: ALIASES_DELETE
DELETE FROM aliases WHERE account = ?1 AND region = ?2 AND name = ?3;

-- name: TAGS_ROW
SELECT key_row, key, value, mac FROM tags WHERE key_row = ?1 AND key = ?2;
-- name: TAGS_SCAN
SELECT key_row, key, value, mac FROM tags ORDER BY key_row, key;
-- name: TAGS_LIST
SELECT key_row, key, value, mac FROM tags WHERE key_row = ?1 AND key > ?2
ORDER BY key LIMIT ?3;
-- name: TAGS_OF_KEY
SELECT key_row, key FROM tags WHERE key_row = ?1 LIMIT 1;
-- name: TAGS_COUNT
SELECT count(*) FROM tags WHERE key_row = ?1;
-- name: TAGS_INSERT
INSERT INTO tags (key_row, key, value, mac) VALUES (?1, ?2, ?3, ?4);
-- name: TAGS_UPDATE
UPDATE tags SET value = ?3, mac = ?4 WHERE key_row = ?1 AND key = ?2;
-- name: TAGS_DELETE
DELETE FROM tags WHERE key_row = ?1 AND key = ?2;

-- name: KEYS_FAMILY
SELECT $KEY, k.mac FROM keys k INDEXED BY keys_by_family
WHERE multi_region = 1 AND account = ?1 AND uuid = ?2 AND region > ?3
ORDER BY region LIMIT 1;

-- name: GRANTS_ROW
SELECT $GRANT, g.mac FROM grants g WHERE id = ?1;
-- name: GRANTS_SCAN
SELECT $GRANT, g.mac FROM grants g ORDER BY id;
-- name: GRANTS_GET
SELECT $GRANT, g.mac, k.arn FROM grants g JOIN keys k ON k.row = g.key_row
WHERE g.id = ?1;
-- name: GRANTS_LIST
SELECT $GRANT, g.mac, k.arn FROM grants g INDEXED BY grants_by_key
JOIN keys k ON k.row = g.key_row
WHERE g.key_row = ?1 AND g.id > ?2
ORDER BY g.id LIMIT ?3;
-- name: GRANTS_LIST_GRANTEE
SELECT $GRANT, g.mac, k.arn FROM grants g INDEXED BY grants_by_grantee
JOIN keys k ON k.row = g.key_row
WHERE g.key_row = ?1 AND g.grantee = ?4 AND g.id > ?2
ORDER BY g.id LIMIT ?3;
-- name: GRANTS_LIST_RETIRABLE
SELECT $GRANT, g.mac, k.arn FROM grants g INDEXED BY grants_by_retiring
JOIN keys k ON k.row = g.key_row
WHERE g.region = ?1 AND g.retiring = ?4 AND g.id > ?2
ORDER BY g.id LIMIT ?3;
-- name: GRANTS_FIND
SELECT $GRANT, g.mac, k.arn FROM grants g INDEXED BY grants_by_name
JOIN keys k ON k.row = g.key_row
WHERE g.key_row = ?1 AND g.name = ?2 AND g.grantee = ?3 AND g.retiring IS ?4
    AND g.issuer = ?5 AND g.operations = ?6 AND g.context_rule IS ?7 AND g.pairs = ?8
LIMIT 1;
-- name: GRANTS_COUNT
SELECT count(*) FROM grants WHERE key_row = ?1;
-- name: GRANTS_OF_KEY
SELECT id FROM grants WHERE key_row = ?1 LIMIT 1;
-- name: GRANTS_INSERT
INSERT INTO grants (id, key_row, region, name, grantee, retiring, issuer, operations,
    context_rule, pairs, created_ms, mac)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12);
-- name: GRANTS_UPDATE
UPDATE grants SET key_row = ?2, region = ?3, name = ?4, grantee = ?5, retiring = ?6,
    issuer = ?7, operations = ?8, context_rule = ?9, pairs = ?10, created_ms = ?11,
    mac = ?12
WHERE id = ?1;
-- name: GRANTS_DELETE
DELETE FROM grants WHERE id = ?1;

-- name: ACCESS_ROW
SELECT $ACCESS, mac FROM access_keys WHERE id = ?1;
-- name: ACCESS_SCAN
SELECT $ACCESS, mac FROM access_keys ORDER BY id;
-- name: ACCESS_LIST
SELECT $ACCESS, mac FROM access_keys WHERE id > ?1 ORDER BY id LIMIT ?2;
-- name: ACCESS_EXPIRED
SELECT id FROM access_keys WHERE expires_ms > 0 AND expires_ms <= ?1 LIMIT ?2;
-- name: ACCESS_INSERT
INSERT INTO access_keys (id, principal, kek, sealed, token_sha256, policy, created_ms,
    expires_ms, mac)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9);
-- name: ACCESS_UPDATE
UPDATE access_keys SET principal = ?2, kek = ?3, sealed = ?4, token_sha256 = ?5,
    policy = ?6, created_ms = ?7, expires_ms = ?8, mac = ?9
WHERE id = ?1;
-- name: ACCESS_DELETE
DELETE FROM access_keys WHERE id = ?1;

-- name: USES_ROW
SELECT key_row, operation, request_id, at_ms, mac FROM uses WHERE key_row = ?1;
-- name: USES_PUT
INSERT INTO uses (key_row, operation, request_id, at_ms, mac) VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT (key_row) DO UPDATE SET operation = excluded.operation,
        request_id = excluded.request_id, at_ms = excluded.at_ms, mac = excluded.mac;
-- name: USES_DELETE
DELETE FROM uses WHERE key_row = ?1;

-- name: RECORDS_INSERT
INSERT INTO records (seq, change, record) VALUES (?1, ?2, ?3);
-- name: RECORDS_LAST
SELECT seq, record FROM records ORDER BY seq DESC LIMIT 1;
-- name: RECORDS_LAST_CHANGE
SELECT seq, record FROM records WHERE change = 1 ORDER BY seq DESC LIMIT 1;
-- name: RECORDS_FROM
SELECT seq, record FROM records WHERE seq >= ?1 ORDER BY seq LIMIT ?2;
