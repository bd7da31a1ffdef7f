"""Multi-Region keys with imported material: each member imports for itself."""

import pytest

from support.clocked import arn_of, date
from support.importing import bring, imported
from support.refusal import refused
from support.regions import ELSEWHERE, HERE, THERE, Imported, World

A, B, C = b"\xaa" * 32, b"\xbb" * 32, b"\xcc" * 32


@pytest.fixture
def world(kmsd_own):
    return World(kmsd_own)


@pytest.fixture
def family(world):
    return Imported(world, A, THERE)


WAITS = "PENDING_MULTI_REGION_IMPORT_AND_ROTATION"


def test_a_replica_of_an_imported_key_waits_for_the_same_bytes(world, family):
    key = family.key
    kmid = world.metadata(key)["CurrentKeyMaterialId"]
    now = world.metadata(key, THERE)
    assert now["KeyState"] == "PendingImport"
    assert now["CurrentKeyMaterialId"] == kmid
    assert "ExpirationModel" not in now
    assert family.states(THERE) == [("CURRENT", "PENDING_IMPORT")]
    blob = world.here.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    with refused("KMSInvalidStateException", f"{arn_of(key, THERE)} is pending import."):
        world.there.decrypt(CiphertextBlob=blob)
    with refused("IncorrectKeyMaterialException",
                 f"Imported key material does not have the expected identifier ({kmid})."):
        family.take(B, THERE)
    with refused("UnsupportedOperationException"):
        family.take(B, THERE, ImportType="NEW_KEY_MATERIAL")
    with refused("ValidationException"):
        family.take(A, THERE, KeyMaterialDescription="words")
    assert family.take(A, THERE, ValidTo=date(100)) == kmid
    assert world.metadata(key, THERE)["ValidTo"] == date(100)
    assert "ValidTo" not in world.metadata(key)
    assert world.there.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    world.go(100)
    assert (world.state(key), world.state(key, THERE)) == ("Enabled", "PendingImport")
    world.here.delete_imported_key_material(KeyId=key)
    family.take(A, THERE)
    assert (world.state(key), world.state(key, THERE)) == ("PendingImport", "Enabled")
    assert world.there.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


def test_new_material_is_rotated_in_when_every_replica_has_it(world):
    family = Imported(world, A, THERE, ELSEWHERE)
    key = family.key
    for region in (THERE, ELSEWHERE):
        family.take(A, region)
    old = world.there.encrypt(KeyId=key, Plaintext=b"old")["CiphertextBlob"]
    fresh = family.take(B, ImportType="NEW_KEY_MATERIAL", KeyMaterialDescription="b")
    none = f"No available key material pending rotation for the key: {arn_of(key)}."
    assert family.states() == [("CURRENT", "IMPORTED"), (WAITS, "IMPORTED")]
    assert family.states(THERE) == [("CURRENT", "IMPORTED"), (WAITS, "PENDING_IMPORT")]
    assert world.materials(key, THERE)[1]["KeyMaterialDescription"] == "b"
    assert world.state(key, THERE) == "Enabled"     # what waits is not missed
    with refused("KMSInvalidStateException", none):
        world.here.rotate_key_on_demand(KeyId=key)
    assert family.take(B, THERE) == fresh
    assert family.states()[1] == (WAITS, "IMPORTED")
    with refused("KMSInvalidStateException", none):
        world.here.rotate_key_on_demand(KeyId=key)
    family.take(B, ELSEWHERE)
    for region in world.kms:
        assert family.states(region)[1] == ("PENDING_ROTATION", "IMPORTED")
    world.here.rotate_key_on_demand(KeyId=key)
    world.settle()
    for region, kms in world.kms.items():
        assert world.state(key, region) == "Enabled"
        assert world.metadata(key, region)["CurrentKeyMaterialId"] == fresh
        assert family.states(region) == [("NON_CURRENT", "IMPORTED"),
                                         ("CURRENT", "IMPORTED")]
        assert kms.decrypt(CiphertextBlob=old)["Plaintext"] == b"old"


def test_a_primary_without_replicas_rotates_without_more_ado(world):
    key, params, _ = imported(world.here, A, MultiRegion=True)
    bring(world.here, key, B, params, ImportType="NEW_KEY_MATERIAL")
    assert world.materials(key)[1]["KeyMaterialState"] == "PENDING_ROTATION"
    world.here.rotate_key_on_demand(KeyId=key)
    world.settle()
    assert world.materials(key)[1]["KeyMaterialState"] == "CURRENT"


def test_deleting_what_waits_in_the_primary_deletes_it_everywhere(world, family):
    key = family.key
    family.take(A, THERE)
    fresh = family.take(B, ImportType="NEW_KEY_MATERIAL")
    family.take(B, THERE)
    world.there.delete_imported_key_material(KeyId=key, KeyMaterialId=fresh)
    assert family.states() == [("CURRENT", "IMPORTED"), (WAITS, "IMPORTED")]
    assert family.states(THERE)[1] == (WAITS, "PENDING_IMPORT")
    assert world.state(key, THERE) == "Enabled"
    family.take(B, THERE)
    world.here.delete_imported_key_material(KeyId=key, KeyMaterialId=fresh)
    for region in (HERE, THERE):
        assert family.states(region) == [("CURRENT", "IMPORTED")]
    family.take(C, ImportType="NEW_KEY_MATERIAL")
    assert family.states(THERE)[1] == (WAITS, "PENDING_IMPORT")


def test_a_replica_made_while_material_waits_has_it_to_import_too(world):
    key, params, _ = imported(world.here, A, MultiRegion=True)
    bring(world.here, key, B, params, ImportType="NEW_KEY_MATERIAL")
    world.replicate(key)
    assert [(e["KeyMaterialState"], e["ImportState"])
            for e in world.materials(key, THERE)] == [
        ("CURRENT", "PENDING_IMPORT"), (WAITS, "PENDING_IMPORT")]
    assert world.materials(key)[1]["KeyMaterialState"] == WAITS
