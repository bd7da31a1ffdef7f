"""Imported material over time: brought back, expired, deleted, rotated."""

import sqlite3
from contextlib import closing
from datetime import datetime, timezone

import pytest

from support import audit, clients, importing
from support.importing import bring, external, imported, parameters
from support.refusal import refused, shown

DAY = 24 * 60 * 60
START = 1893456000
A, B, C = b"\xaa" * 32, b"\xbb" * 32, b"\xcc" * 32


def arn_of(key):
    return f"arn:aws:kms:us-east-1:111122223333:key/{key}"


def date(seconds):
    return datetime.fromtimestamp(START + seconds, timezone.utc)


class Clocked:
    """A daemon of its own whose clock stands at START and moves when it is told to."""

    def __init__(self, daemon):
        self.daemon = daemon
        daemon.clock(freeze=True)
        daemon.clock(set=START)
        self.kms = clients.plain(daemon)

    def go(self, seconds):
        self.daemon.clock(set=START + seconds)

    def settle(self):
        """Whatever is due at this moment has been done."""
        self.daemon.clock(advance_s=0)

    def metadata(self, key):
        return self.kms.describe_key(KeyId=key)["KeyMetadata"]

    def state(self, key):
        return self.metadata(key)["KeyState"]

    def materials(self, key):
        """Every material as ListKeyRotations shows it, without the key."""
        entries = self.kms.list_key_rotations(
            KeyId=key, IncludeKeyMaterial="ALL_KEY_MATERIAL")["Rotations"]
        for entry in entries:
            assert entry.pop("KeyId") == arn_of(key)
        return entries

    def rotate(self, key):
        assert shown(self.kms.rotate_key_on_demand(KeyId=key)) == {"KeyId": arn_of(key)}
        self.settle()


@pytest.fixture
def clocked(kmsd_own):
    return Clocked(kmsd_own)


def pending_import(clocked, key):
    """Nothing cryptographic works, in the service's words."""
    text = f"{arn_of(key)} is pending import."
    assert clocked.state(key) == "PendingImport"
    assert clocked.metadata(key)["Enabled"] is False
    with refused("KMSInvalidStateException", text):
        clocked.kms.encrypt(KeyId=key, Plaintext=b"x")
    with refused("KMSInvalidStateException", text):
        clocked.kms.rotate_key_on_demand(KeyId=key)


# --- the same bytes come back ------------------------------------------------------------

def test_deleted_material_comes_back_with_the_same_bytes_only(clocked):
    kms = clocked.kms
    key, params, plain = imported(kms)
    kmid = clocked.metadata(key)["CurrentKeyMaterialId"]
    blob = kms.encrypt(KeyId=key, Plaintext=b"kept")["CiphertextBlob"]
    assert shown(kms.delete_imported_key_material(KeyId=key)) == {
        "KeyId": arn_of(key), "KeyMaterialId": kmid}
    pending_import(clocked, key)
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
    pending_import(clocked, key)
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
    pending_import(clocked, key)
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


# --- rotation ----------------------------------------------------------------------------

@pytest.fixture
def rotating(clocked):
    """A key with material A, and what to import the next ones with."""
    clocked.key = external(clocked.kms)
    clocked.params = parameters(clocked.kms, clocked.key)

    def take(plain, **more):
        return bring(clocked.kms, clocked.key, plain, clocked.params, **more)
    clocked.take = take
    clocked.ids = {A: take(A, KeyMaterialDescription="a")["KeyMaterialId"]}
    return clocked


def new(rotating, plain, **more):
    rotating.ids[plain] = rotating.take(plain, ImportType="NEW_KEY_MATERIAL",
                                        **more)["KeyMaterialId"]


def test_new_material_waits_for_a_rotation_and_changes_nothing_until_then(rotating):
    kms, key = rotating.kms, rotating.key
    before = rotating.metadata(key)
    new(rotating, B, ValidTo=date(500), KeyMaterialDescription="b")
    assert rotating.metadata(key) == before
    assert rotating.materials(key) == [
        {"KeyMaterialId": rotating.ids[A], "KeyMaterialDescription": "a",
         "ImportState": "IMPORTED", "KeyMaterialState": "CURRENT",
         "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"},
        {"KeyMaterialId": rotating.ids[B], "KeyMaterialDescription": "b",
         "ImportState": "IMPORTED", "KeyMaterialState": "PENDING_ROTATION",
         "ExpirationModel": "KEY_MATERIAL_EXPIRES", "ValidTo": date(500)}]
    assert kms.list_key_rotations(KeyId=key)["Rotations"] == []
    old = kms.encrypt(KeyId=key, Plaintext=b"old")["CiphertextBlob"]
    rotating.go(10)
    rotating.rotate(key)
    now = rotating.metadata(key)
    assert now["CurrentKeyMaterialId"] == rotating.ids[B]
    assert (now["ExpirationModel"], now["ValidTo"]) == ("KEY_MATERIAL_EXPIRES", date(500))
    assert rotating.materials(key) == [
        {"KeyMaterialId": rotating.ids[A], "KeyMaterialDescription": "a",
         "ImportState": "IMPORTED", "KeyMaterialState": "NON_CURRENT",
         "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"},
        {"KeyMaterialId": rotating.ids[B], "KeyMaterialDescription": "b",
         "ImportState": "IMPORTED", "KeyMaterialState": "CURRENT",
         "ExpirationModel": "KEY_MATERIAL_EXPIRES", "ValidTo": date(500),
         "RotationDate": date(10), "RotationType": "ON_DEMAND"}]
    (done,) = kms.list_key_rotations(KeyId=key)["Rotations"]
    assert done["KeyMaterialId"] == rotating.ids[B]
    fresh = kms.decrypt(CiphertextBlob=kms.encrypt(
        KeyId=key, Plaintext=b"new")["CiphertextBlob"])
    assert (fresh["Plaintext"], fresh["KeyMaterialId"]) == (b"new", rotating.ids[B])
    opened = kms.decrypt(CiphertextBlob=old)
    assert (opened["Plaintext"], opened["KeyMaterialId"]) == (b"old", rotating.ids[A])
    assert shown(kms.get_key_rotation_status(KeyId=key)) == {
        "KeyId": arn_of(key), "KeyRotationEnabled": False}
    (record,) = audit.named(rotating.daemon.data_dir, "RotateKey")
    assert record["serviceEventDetails"]["keyId"] == key


def test_there_has_to_be_new_material_to_rotate_to(rotating):
    with refused("KMSInvalidStateException",
                 "No available key material pending rotation for the key: "
                 f"{arn_of(rotating.key)}."):
        rotating.kms.rotate_key_on_demand(KeyId=rotating.key)


def test_only_one_material_waits_and_only_unknown_bytes_are_new(rotating):
    key = rotating.key
    known = ("Key material (id: {}) being imported as NEW_KEY_MATERIAL is already "
             f"associated with KMS key {arn_of(key)}.")
    with refused("IncorrectKeyMaterialException", known.format(rotating.ids[A])):
        rotating.take(A, ImportType="NEW_KEY_MATERIAL")
    new(rotating, B)
    with refused("IncorrectKeyMaterialException", known.format(rotating.ids[B])):
        rotating.take(B, ImportType="NEW_KEY_MATERIAL")
    with refused("KMSInvalidStateException") as caught:
        rotating.take(C, ImportType="NEW_KEY_MATERIAL")
    text = caught.value.response["Error"]["Message"]
    other = text.split("(id: ")[1][:64]
    assert text == (f"New key material (id: {other}) cannot be imported into KMS key "
                    f"{arn_of(key)}, because another key material (id: "
                    f"{rotating.ids[B]}) is pending rotation.")
    with refused("IncorrectKeyMaterialException",
                 "Imported key material does not have the expected identifier "
                 f"({rotating.ids[A]})."):
        rotating.take(C)
    rotating.rotate(key)
    new(rotating, C)
    assert rotating.ids[C] == other


def test_pending_material_is_forgotten_when_it_is_deleted(rotating):
    kms, key = rotating.kms, rotating.key
    new(rotating, B, KeyMaterialDescription="b")
    assert shown(kms.delete_imported_key_material(
        KeyId=key, KeyMaterialId=rotating.ids[B])) == {
        "KeyId": arn_of(key), "KeyMaterialId": rotating.ids[B]}
    assert [e["KeyMaterialId"] for e in rotating.materials(key)] == [rotating.ids[A]]
    assert rotating.state(key) == "Enabled"
    with refused("NotFoundException"):
        kms.delete_imported_key_material(KeyId=key, KeyMaterialId=rotating.ids[B])
    new(rotating, C)
    kms.delete_imported_key_material(KeyId=key, KeyMaterialId=rotating.ids[C])
    new(rotating, B)    # without its description: it is new again
    assert "KeyMaterialDescription" not in rotating.materials(key)[1]
    rotating.rotate(key)
    assert rotating.metadata(key)["CurrentKeyMaterialId"] == rotating.ids[B]


def test_a_key_needs_all_material_that_was_ever_current(rotating):
    kms, key = rotating.kms, rotating.key
    old = kms.encrypt(KeyId=key, Plaintext=b"old")["CiphertextBlob"]
    new(rotating, B)
    rotating.rotate(key)
    young = kms.encrypt(KeyId=key, Plaintext=b"young")["CiphertextBlob"]
    kms.delete_imported_key_material(KeyId=key, KeyMaterialId=rotating.ids[A])
    pending_import(rotating, key)
    for blob in (old, young):
        with refused("KMSInvalidStateException", f"{arn_of(key)} is pending import."):
            kms.decrypt(CiphertextBlob=blob)
    assert "ExpirationModel" not in rotating.metadata(key)
    kms.delete_imported_key_material(KeyId=key)     # the current one
    rotating.take(B)
    pending_import(rotating, key)
    rotating.take(A)
    assert rotating.state(key) == "Enabled"
    assert rotating.metadata(key)["CurrentKeyMaterialId"] == rotating.ids[B]
    assert [kms.decrypt(CiphertextBlob=b)["Plaintext"] for b in (old, young)] == [
        b"old", b"young"]


def test_the_key_tells_of_the_earliest_expiry(rotating):
    key = rotating.key
    new(rotating, B, ValidTo=date(300))
    rotating.rotate(key)
    rotating.take(A, ValidTo=date(200))
    assert rotating.metadata(key)["ValidTo"] == date(200)
    rotating.take(A)
    assert rotating.metadata(key)["ValidTo"] == date(300)
    rotating.go(300)
    pending_import(rotating, key)
    assert [e["ImportState"] for e in rotating.materials(key)] == ["IMPORTED",
                                                                  "PENDING_IMPORT"]


def test_pending_material_that_expired_still_rotates_in_and_is_then_missed(rotating):
    kms, key = rotating.kms, rotating.key
    new(rotating, B, ValidTo=date(50))
    rotating.go(51)
    assert rotating.state(key) == "Enabled"
    assert rotating.materials(key)[1] == {
        "KeyMaterialId": rotating.ids[B], "ImportState": "PENDING_IMPORT",
        "KeyMaterialState": "PENDING_ROTATION"}
    with refused("KMSInvalidStateException"):   # it waits still
        rotating.take(C, ImportType="NEW_KEY_MATERIAL")
    rotating.rotate(key)
    assert rotating.metadata(key)["CurrentKeyMaterialId"] == rotating.ids[B]
    pending_import(rotating, key)
    rotating.take(B)
    assert rotating.state(key) == "Enabled"
    kms.encrypt(KeyId=key, Plaintext=b"x")


def test_pending_material_is_brought_back_as_existing_material(rotating):
    key = rotating.key
    new(rotating, B, ValidTo=date(50))
    rotating.take(B, ValidTo=date(500))
    assert rotating.materials(key)[1]["ValidTo"] == date(500)
    rotating.go(501)
    rotating.take(B, ImportType="EXISTING_KEY_MATERIAL", KeyMaterialId=rotating.ids[B])
    assert rotating.materials(key)[1]["ImportState"] == "IMPORTED"
    assert rotating.metadata(key)["CurrentKeyMaterialId"] == rotating.ids[A]


def test_imported_keys_have_no_automatic_rotation(rotating):
    for operation in (rotating.kms.enable_key_rotation, rotating.kms.disable_key_rotation):
        with refused("UnsupportedOperationException",
                     f"{arn_of(rotating.key)} origin is EXTERNAL which is not valid for "
                     "this operation."):
            operation(KeyId=rotating.key)
    waiting = external(rotating.kms)    # the origin is looked at before the state
    with refused("UnsupportedOperationException"):
        rotating.kms.enable_key_rotation(KeyId=waiting)
    with refused("KMSInvalidStateException", f"{arn_of(waiting)} is pending import."):
        rotating.kms.rotate_key_on_demand(KeyId=waiting)
    assert rotating.materials(waiting) == []


@pytest.mark.parametrize("spec", ["HMAC_256", "ECC_NIST_P256"])
def test_keys_that_cannot_rotate_list_none(clocked, spec):
    key, _, _ = imported(clocked.kms, spec=spec)
    assert clocked.kms.list_key_rotations(KeyId=key)["Rotations"] == []
    with refused("UnsupportedOperationException", ""):
        clocked.materials(key)
    with refused("UnsupportedOperationException", ""):
        clocked.kms.rotate_key_on_demand(KeyId=key)


def test_a_key_rotates_25_times(rotating):
    key = rotating.key
    for i in range(25):
        new(rotating, bytes([i + 1]) * 32)
        rotating.rotate(key)
    new(rotating, b"\xff" * 32)
    with refused("LimitExceededException",
                 "The on-demand rotations limit has been reached for the given keyId. No "
                 f"more on-demand rotations can be performed for this key: {arn_of(key)}"):
        rotating.kms.rotate_key_on_demand(KeyId=key)
    pages = rotating.kms.get_paginator("list_key_rotations").paginate(
        KeyId=key, IncludeKeyMaterial="ALL_KEY_MATERIAL", PaginationConfig={"PageSize": 4})
    shown_ids = [e["KeyMaterialId"] for page in pages for e in page["Rotations"]]
    assert shown_ids == list(rotating.ids.values())
