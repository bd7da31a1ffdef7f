"""Imported material over time: deleted, expired, brought back."""

import sqlite3
from contextlib import closing

import pytest

from support import audit, clients, importing
from support.clocked import DAY, START, Clocked, arn_of, date
from support.importing import bring, external, imported, parameters
from support.refusal import refused, shown

A = b"\xaa" * 32


@pytest.fixture
def clocked(kmsd_own):
    return Clocked(kmsd_own)


# --- the same bytes come back ------------------------------------------------------------

def test_deleted_material_comes_back_with_the_same_bytes_only(clocked):
    kms = clocked.kms
    key, params, plain = imported(kms)
    kmid = clocked.metadata(key)["CurrentKeyMaterialId"]
    blob = kms.encrypt(KeyId=key, Plaintext=b"kept")["CiphertextBlob"]
    assert shown(kms.delete_imported_key_material(KeyId=key)) == {
        "KeyId": arn_of(key), "KeyMaterialId": kmid}
    clocked.pending_import(key)
    with refused("KMSInvalidStateException", f"{arn_of(key)} is pending import."):
        kms.decrypt(CiphertextBlob=blob)
    now = clocked.metadata(key)
    assert now["CurrentKeyMaterialId"] == kmid
    assert "ExpirationModel" not in now and "ValidTo" not in now

    expected = f"Imported key material does not have the expected identifier ({kmid})."
    with refused("IncorrectKeyMaterialException", expected):
        bring(kms, key, A, params)
    with refused("IncorrectKeyMaterialException", expected):
        bring(kms, key, A, params, KeyMaterialId=kmid)
    wrong = "0" * 64
    with refused("IncorrectKeyMaterialException",
                 f"Imported key material does not have the expected identifier ({wrong})."):
        bring(kms, key, plain, params, KeyMaterialId=wrong)
    assert bring(kms, key, plain, params, KeyMaterialId=kmid)["KeyMaterialId"] == kmid
    assert clocked.state(key) == "Enabled"
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"kept"


@pytest.mark.parametrize("spec", ["HMAC_256", "RSA_2048", "ECC_NIST_P256",
                                  "ECC_NIST_EDWARDS25519"])
def test_keys_of_other_specs_never_change_their_material(clocked, spec):
    kms = clocked.kms
    key, params, plain = imported(kms, spec=spec)
    for _ in range(2):
        with refused("IncorrectKeyMaterialException") as caught:
            bring(kms, key, importing.material(spec), params)
        assert caught.value.response["Error"]["Message"].startswith(
            "Imported key material does not have the expected identifier (")
        kms.delete_imported_key_material(KeyId=key)
        assert clocked.state(key) == "PendingImport"
    bring(kms, key, plain, params)
    assert clocked.state(key) == "Enabled"


def test_deleting_is_idempotent_and_an_empty_key_names_nothing(clocked):
    kms = clocked.kms
    empty = external(kms)
    assert shown(kms.delete_imported_key_material(KeyId=empty)) == {"KeyId": arn_of(empty)}
    assert clocked.state(empty) == "PendingImport"
    key, _, _ = imported(kms)
    kmid = clocked.metadata(key)["CurrentKeyMaterialId"]
    kms.delete_imported_key_material(KeyId=key)
    assert shown(kms.delete_imported_key_material(KeyId=key)) == {"KeyId": arn_of(key)}
    assert shown(kms.delete_imported_key_material(KeyId=key, KeyMaterialId=kmid)) == {
        "KeyId": arn_of(key), "KeyMaterialId": kmid}
    with refused("NotFoundException"):
        kms.delete_imported_key_material(KeyId=key, KeyMaterialId="0" * 64)


def test_an_import_enables_a_disabled_key(clocked):
    kms = clocked.kms
    key, params, plain = imported(kms)
    kms.disable_key(KeyId=key)
    kms.delete_imported_key_material(KeyId=key)
    assert clocked.state(key) == "PendingImport"
    bring(kms, key, plain, params)
    assert clocked.state(key) == "Enabled"
    kms.disable_key(KeyId=key)
    bring(kms, key, plain, params)
    assert clocked.state(key) == "Enabled"


def test_a_scheduled_deletion_goes_on_whatever_happens_to_the_material(clocked):
    kms = clocked.kms
    key, params, plain = imported(kms)
    kms.schedule_key_deletion(KeyId=key)
    with refused("KMSInvalidStateException", f"{arn_of(key)} is pending deletion."):
        bring(kms, key, plain, params)
    with refused("KMSInvalidStateException", f"{arn_of(key)} is pending deletion."):
        parameters(kms, key)
    kms.delete_imported_key_material(KeyId=key)
    assert clocked.state(key) == "PendingDeletion"
    kms.cancel_key_deletion(KeyId=key)
    clocked.pending_import(key)
    bring(kms, key, plain, params)
    kms.schedule_key_deletion(KeyId=key)
    kms.cancel_key_deletion(KeyId=key)
    assert clocked.state(key) == "Disabled"


def test_descriptions_are_kept_until_another_is_given(clocked):
    kms = clocked.kms
    key = external(kms)
    params = parameters(kms, key)

    def described():
        (entry,) = clocked.materials(key)
        return entry.get("KeyMaterialDescription")
    bring(kms, key, A, params)
    assert described() is None
    bring(kms, key, A, params, KeyMaterialDescription="one")
    assert described() == "one"
    bring(kms, key, A, params)
    assert described() == "one"
    kms.delete_imported_key_material(KeyId=key)
    assert described() == "one"
    bring(kms, key, A, params, KeyMaterialDescription="two")
    assert described() == "two"


def test_destroyed_material_leaves_the_disk(kmsd_own):
    """What the token sealed is overwritten in the table and gone from the log."""
    kms = clients.plain(kmsd_own)
    key, _, _ = imported(kms)
    path = kmsd_own.data_dir / "kmsd.db"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        ((sealed,),) = db.execute(
            "SELECT m.sealed FROM versions v JOIN material m ON m.row = v.material "
            "JOIN keys k ON k.row = v.key_row WHERE k.id = ?", (key,)).fetchall()
    kms.delete_imported_key_material(KeyId=key)
    kmsd_own.clock(advance_s=0)     # due work, which folds the log in, has run
    for file in path.parent.glob("kmsd.db*"):
        assert sealed not in file.read_bytes(), file
    kmsd_own.restart()
    assert clients.plain(kmsd_own).describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == \
        "PendingImport"


# --- expiry ------------------------------------------------------------------------------

def test_material_expires_at_its_time_to_the_second_and_not_before(clocked):
    kms = clocked.kms
    key, params, plain = imported(kms)
    bring(kms, key, plain, params, ValidTo=date(1000))
    kmid = clocked.metadata(key)["CurrentKeyMaterialId"]
    clocked.go(999)
    assert clocked.state(key) == "Enabled"
    assert clocked.materials(key) == [{
        "KeyMaterialId": kmid, "ImportState": "IMPORTED", "KeyMaterialState": "CURRENT",
        "ExpirationModel": "KEY_MATERIAL_EXPIRES", "ValidTo": date(1000)}]
    clocked.go(1000)
    clocked.pending_import(key)
    assert clocked.materials(key) == [{
        "KeyMaterialId": kmid, "ImportState": "PENDING_IMPORT",
        "KeyMaterialState": "CURRENT"}]
    now = clocked.metadata(key)
    assert now["CurrentKeyMaterialId"] == kmid
    assert "ExpirationModel" not in now and "ValidTo" not in now
    (record,) = audit.named(clocked.daemon.data_dir, "DeleteExpiredKeyMaterial")
    assert record["eventType"] == "AwsServiceEvent"
    assert record["userIdentity"]["invokedBy"] == "AWS Internal"
    assert record["serviceEventDetails"]["keyId"] == key
    assert [r["ARN"] for r in record["resources"]] == [arn_of(key)]
    bring(kms, key, plain, params)
    assert clocked.state(key) == "Enabled"
    assert clocked.metadata(key)["ExpirationModel"] == "KEY_MATERIAL_DOES_NOT_EXPIRE"


def test_importing_again_moves_or_ends_the_expiry(clocked):
    kms = clocked.kms
    key, params, plain = imported(kms)
    bring(kms, key, plain, params, ValidTo=date(100))
    bring(kms, key, plain, params, ValidTo=date(200))
    clocked.go(150)
    assert clocked.state(key) == "Enabled"
    assert clocked.metadata(key)["ValidTo"] == date(200)
    bring(kms, key, plain, params)
    clocked.go(10 * DAY)
    assert clocked.state(key) == "Enabled"
    assert "ValidTo" not in clocked.metadata(key)


def test_what_expired_while_nothing_ran_is_caught_up(clocked):
    kms = clocked.kms
    key, params, plain = imported(kms)
    bring(kms, key, plain, params, ValidTo=date(100))
    clocked.daemon.restart()
    clocked.daemon.clock(set=START + 101)
    clocked.kms = clients.plain(clocked.daemon)
    assert clocked.state(key) == "PendingImport"
    assert len(audit.named(clocked.daemon.data_dir, "DeleteExpiredKeyMaterial")) == 1


@pytest.mark.parametrize("prepare, state", [
    (lambda kms, key: kms.disable_key(KeyId=key), "PendingImport"),
    (lambda kms, key: kms.schedule_key_deletion(KeyId=key), "PendingDeletion")])
def test_material_expires_in_other_states_too(clocked, prepare, state):
    key, params, plain = imported(clocked.kms)
    bring(clocked.kms, key, plain, params, ValidTo=date(100))
    prepare(clocked.kms, key)
    clocked.go(100)
    assert clocked.state(key) == state
    assert clocked.materials(key)[0]["ImportState"] == "PENDING_IMPORT"
