-- 0001_initial: keys, their versions and material, aliases, tags, the audit log, meta.
--
-- Migrations are append-only: a database remembers in user_version how many it has had.
-- Enumerations are stored by their names on the wire, times in milliseconds since 1970.
-- A mac column is the row's HMAC (lib/store/integrity.h).

CREATE TABLE meta (
    name TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- AUTOINCREMENT: the number of a deleted key never comes back for another one.
CREATE TABLE keys (
    row INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL,
    region TEXT NOT NULL,
    id TEXT NOT NULL,
    uuid BLOB NOT NULL,
    arn TEXT NOT NULL,
    multi_region INTEGER NOT NULL,
    primary_region TEXT NOT NULL,
    spec TEXT NOT NULL,
    usage TEXT NOT NULL,
    origin TEXT NOT NULL,
    state TEXT NOT NULL,
    description TEXT NOT NULL,
    policy TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    deletion_ms INTEGER NOT NULL,
    pending_window_days INTEGER NOT NULL,
    rotation_period_days INTEGER NOT NULL,
    next_rotation_ms INTEGER NOT NULL,
    on_demand_started_ms INTEGER NOT NULL,
    on_demand_count INTEGER NOT NULL,
    current_version INTEGER NOT NULL,
    due_ms INTEGER,
    due_kind TEXT,
    mac BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX keys_by_id ON keys (account, region, id);
-- What a ciphertext names. The replicas of a multi-Region key share the uuid.
CREATE UNIQUE INDEX keys_by_uuid ON keys (region, uuid);
CREATE INDEX keys_by_family ON keys (account, uuid) WHERE multi_region = 1;
CREATE INDEX keys_by_due ON keys (due_ms) WHERE due_ms IS NOT NULL;

-- Sealed bytes, apart from the rows that name them: rows are only ever added at the end
-- and overwritten in place with zeros of the same length, so SQLite never moves one to
-- another page and no forgotten copy of destroyed material stays behind. (secure_delete
-- alone does not promise that: rebalancing leaves stale copies in free space.)
CREATE TABLE material (
    row INTEGER PRIMARY KEY,
    sealed BLOB NOT NULL
) STRICT;

CREATE TABLE versions (
    key_row INTEGER NOT NULL REFERENCES keys (row),
    number INTEGER NOT NULL,
    kmid BLOB NOT NULL,
    kek BLOB NOT NULL,
    material INTEGER REFERENCES material (row),
    created_ms INTEGER NOT NULL,
    rotated_ms INTEGER NOT NULL,
    rotation_type TEXT,
    expiration TEXT,
    expires_ms INTEGER NOT NULL,
    description TEXT,
    mac BLOB NOT NULL,
    PRIMARY KEY (key_row, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX versions_by_kmid ON versions (kmid);

CREATE TABLE aliases (
    account TEXT NOT NULL,
    region TEXT NOT NULL,
    name TEXT NOT NULL,
    key_row INTEGER NOT NULL REFERENCES keys (row),
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    mac BLOB NOT NULL,
    PRIMARY KEY (account, region, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX aliases_by_key ON aliases (key_row, name);

CREATE TABLE tags (
    key_row INTEGER NOT NULL REFERENCES keys (row),
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    mac BLOB NOT NULL,
    PRIMARY KEY (key_row, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE grants (
    id TEXT NOT NULL PRIMARY KEY,
    key_row INTEGER NOT NULL REFERENCES keys (row),
    region TEXT NOT NULL,
    name TEXT,
    grantee TEXT NOT NULL,
    retiring TEXT,
    issuer TEXT NOT NULL,
    operations TEXT NOT NULL,
    context_rule TEXT,
    pairs BLOB NOT NULL,
    created_ms INTEGER NOT NULL,
    mac BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX grants_by_key ON grants (key_row, id);
CREATE INDEX grants_by_grantee ON grants (key_row, grantee, id);
CREATE INDEX grants_by_name ON grants (key_row, name, grantee) WHERE name IS NOT NULL;
CREATE INDEX grants_by_retiring ON grants (region, retiring, id) WHERE retiring IS NOT NULL;

-- Access keys. The secret is sealed like key material; of a session token only the digest
-- is kept.
CREATE TABLE access_keys (
    id TEXT NOT NULL PRIMARY KEY,
    principal TEXT NOT NULL,
    kek BLOB NOT NULL,
    sealed BLOB NOT NULL,
    token_sha256 BLOB,
    policy TEXT,
    created_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    mac BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- The last use of each key. A use is no change: these rows have a mac but are not part of
-- the state root, and are written once a group of requests and key.
CREATE TABLE uses (
    key_row INTEGER PRIMARY KEY REFERENCES keys (row),
    operation TEXT NOT NULL,
    request_id TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    mac BLOB NOT NULL
) STRICT;

-- The audit log. The hash chain inside the records proves what these triggers prevent.
CREATE TABLE records (
    seq INTEGER PRIMARY KEY,
    change INTEGER NOT NULL,
    record BLOB NOT NULL
) STRICT;
CREATE INDEX records_of_changes ON records (change, seq) WHERE change = 1;
CREATE TRIGGER records_no_update BEFORE UPDATE ON records
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
CREATE TRIGGER records_no_delete BEFORE DELETE ON records
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
CREATE TRIGGER records_only_append BEFORE INSERT ON records
WHEN NEW.seq <= (SELECT max(seq) FROM records)
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
