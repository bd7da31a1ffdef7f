"""Imported keys rotate to material that was imported before."""

import pytest

from support import audit
from support.clocked import Clocked, arn_of, date
from support.importing import bring, external, imported, parameters
from support.refusal import refused, shown

A, B, C = b"\xaa" * 32, b"\xbb" * 32, b"\xcc" * 32


@pytest.fixture
def clocked(kmsd_own):
    return Clocked(kmsd_own)


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
    rotating.pending_import(key)
    for blob in (old, young):
        with refused("KMSInvalidStateException", f"{arn_of(key)} is pending import."):
            kms.decrypt(CiphertextBlob=blob)
    assert "ExpirationModel" not in rotating.metadata(key)
    kms.delete_imported_key_material(KeyId=key)     # the current one
    rotating.take(B)
    rotating.pending_import(key)
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
    rotating.pending_import(key)
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
    rotating.pending_import(key)
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
