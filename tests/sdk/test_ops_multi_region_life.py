"""Multi-Region keys over time: rotation, the primary moves, deletion."""

import pytest

from support import audit
from support.clocked import DAY, arn_of, date
from support.refusal import refused, shown
from support.regions import ELSEWHERE, HERE, THERE, World, member


@pytest.fixture
def world(kmsd_own):
    return World(kmsd_own)


# --- rotation ----------------------------------------------------------------------------

def test_a_rotation_reaches_every_member_at_once(world):
    key = world.family(THERE, ELSEWHERE)
    old = world.there.encrypt(KeyId=key, Plaintext=b"old")["CiphertextBlob"]
    before = world.metadata(key)["CurrentKeyMaterialId"]
    world.here.rotate_key_on_demand(KeyId=key)
    world.settle()
    now = {world.metadata(key, r)["CurrentKeyMaterialId"] for r in world.kms}
    assert len(now) == 1 and before not in now
    assert world.materials(key) == world.materials(key, THERE) == world.materials(
        key, ELSEWHERE)
    young = world.elsewhere.encrypt(KeyId=key, Plaintext=b"young")["CiphertextBlob"]
    for kms in world.kms.values():
        assert kms.decrypt(CiphertextBlob=old)["Plaintext"] == b"old"
        opened = kms.decrypt(CiphertextBlob=young)
        assert (opened["Plaintext"], {opened["KeyMaterialId"]}) == (b"young", now)


def test_a_replica_made_later_has_the_whole_history(world):
    key = world.primary()
    old = world.here.encrypt(KeyId=key, Plaintext=b"old")["CiphertextBlob"]
    world.here.rotate_key_on_demand(KeyId=key)
    world.settle()
    world.replicate(key)
    assert world.materials(key, THERE) == world.materials(key)
    assert world.there.decrypt(CiphertextBlob=old)["Plaintext"] == b"old"


def test_automatic_rotation_is_set_on_the_primary_and_seen_everywhere(world):
    key = world.family(THERE)
    world.here.enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
    world.replicate(key, ELSEWHERE)
    for region in world.kms:
        assert world.status(key, region) == {
            "KeyId": arn_of(key, region), "KeyRotationEnabled": True,
            "RotationPeriodInDays": 90, "NextRotationDate": date(90 * DAY)}
    world.go(90 * DAY)
    for region in world.kms:
        assert world.status(key, region)["NextRotationDate"] == date(180 * DAY)
        (entry,) = world.kms[region].list_key_rotations(KeyId=key)["Rotations"]
        assert entry["RotationDate"] == date(90 * DAY)
        assert entry["RotationType"] == "AUTOMATIC"
    world.here.disable_key_rotation(KeyId=key)
    for region in world.kms:
        assert world.status(key, region) == {"KeyId": arn_of(key, region),
                                             "KeyRotationEnabled": False}


def test_a_replica_takes_no_orders_about_rotation(world):
    key = world.family()
    for operation, name in [(world.there.enable_key_rotation, "EnableKeyRotation"),
                            (world.there.disable_key_rotation, "DisableKeyRotation"),
                            (world.there.rotate_key_on_demand, "RotateKeyOnDemand")]:
        with refused("UnsupportedOperationException",
                     f"{arn_of(key, THERE)} is a multi-region replica key which is not "
                     f"valid for {name}."):
            operation(KeyId=key)


def test_a_disabled_replica_rotates_along_and_a_disabled_primary_stops_all(world):
    key = world.family()
    world.here.enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
    world.there.disable_key(KeyId=key)
    world.go(90 * DAY)
    assert len(world.materials(key, THERE)) == 2
    assert world.state(key, THERE) == "Disabled"
    world.there.enable_key(KeyId=key)
    world.here.disable_key(KeyId=key)
    world.go(200 * DAY)
    assert len(world.materials(key, THERE)) == len(world.materials(key)) == 2


# --- the primary moves -------------------------------------------------------------------

def test_the_primary_moves_and_everything_that_is_its_own_moves_with_it(world):
    key = world.family(THERE, ELSEWHERE)
    world.here.enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
    blob = world.here.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    assert shown(world.here.update_primary_region(KeyId=key, PrimaryRegion=THERE)) == {}
    world.settle()
    for region, kms in world.kms.items():
        now = world.metadata(key, region)
        assert (now["KeyState"], now["KeyId"]) == ("Enabled", key)
        configuration = now["MultiRegionConfiguration"]
        assert configuration["PrimaryKey"] == member(key, THERE)
        assert sorted(r["Region"] for r in configuration["ReplicaKeys"]) == [ELSEWHERE,
                                                                             HERE]
        assert configuration["MultiRegionKeyType"] == (
            "PRIMARY" if region == THERE else "REPLICA")
        assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    with refused("UnsupportedOperationException"):
        world.here.rotate_key_on_demand(KeyId=key)
    with refused("UnsupportedOperationException",
                 f"{arn_of(key)} is not a multi-region primary key."):
        world.here.update_primary_region(KeyId=key, PrimaryRegion=HERE)
    world.there.rotate_key_on_demand(KeyId=key)
    world.go(90 * DAY)      # and the schedule goes on where it was
    for region in world.kms:
        assert [e.get("RotationType") for e in world.materials(key, region)] == [
            None, "ON_DEMAND", "AUTOMATIC"]
    world.there.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert world.state(key, THERE) == "PendingReplicaDeletion"


def test_rotations_on_demand_are_counted_over_all_primaries(world):
    key = world.family()
    at, other = HERE, THERE
    for n in range(25):
        world.kms[at].rotate_key_on_demand(KeyId=key)
        world.settle()
        if n % 8 == 7:
            world.kms[at].update_primary_region(KeyId=key, PrimaryRegion=other)
            world.settle()
            at, other = other, at
    with refused("LimitExceededException"):
        world.kms[at].rotate_key_on_demand(KeyId=key)


def test_moving_to_where_the_primary_is_changes_nothing(world):
    key = world.family()
    before = world.metadata(key)
    world.here.update_primary_region(KeyId=key, PrimaryRegion=HERE)
    assert world.metadata(key) == before


def test_where_the_primary_cannot_move(world):
    key = world.family()
    with refused("NotFoundException", f"Key '{arn_of(key, ELSEWHERE)}' does not exist"):
        world.here.update_primary_region(KeyId=key, PrimaryRegion=ELSEWHERE)
    with refused("ValidationException",
                 "Region us-north-9 is not a valid Region or multi-Region keys are not "
                 "supported in Region us-north-9."):
        world.here.update_primary_region(KeyId=key, PrimaryRegion="us-north-9")
    world.there.disable_key(KeyId=key)
    with refused("DisabledException", f"{arn_of(key, THERE)} is disabled."):
        world.here.update_primary_region(KeyId=key, PrimaryRegion=THERE)
    world.there.schedule_key_deletion(KeyId=key)
    with refused("KMSInvalidStateException", f"{arn_of(key, THERE)} is pending deletion."):
        world.here.update_primary_region(KeyId=key, PrimaryRegion=THERE)
    world.here.disable_key(KeyId=key)
    with refused("DisabledException", f"{arn_of(key)} is disabled."):
        world.here.update_primary_region(KeyId=key, PrimaryRegion=THERE)


# --- deletion ----------------------------------------------------------------------------

def test_a_primary_waits_until_its_last_replica_is_gone(world):
    key = world.family(THERE, ELSEWHERE)
    world.here.enable_key_rotation(KeyId=key)
    answer = shown(world.here.schedule_key_deletion(KeyId=key, PendingWindowInDays=10))
    assert answer == {"KeyId": arn_of(key), "KeyState": "PendingReplicaDeletion",
                      "PendingWindowInDays": 10}
    now = world.metadata(key)
    assert (now["KeyState"], now["Enabled"]) == ("PendingReplicaDeletion", False)
    assert now["PendingDeletionWindowInDays"] == 10
    assert "DeletionDate" not in now
    text = f"{arn_of(key)} is pending replica deletion."
    for refused_call in (lambda: world.here.encrypt(KeyId=key, Plaintext=b"x"),
                         lambda: world.here.schedule_key_deletion(KeyId=key),
                         lambda: world.here.replicate_key(KeyId=key,
                                                          ReplicaRegion="eu-west-2")):
        with refused("KMSInvalidStateException", text):
            refused_call()
    assert world.status(key)["KeyRotationEnabled"] is True
    world.there.encrypt(KeyId=key, Plaintext=b"x")      # replicas are not affected

    world.go(400 * DAY)
    assert world.state(key) == "PendingReplicaDeletion"
    world.there.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    world.elsewhere.schedule_key_deletion(KeyId=key, PendingWindowInDays=9)
    world.go(408 * DAY)
    world.gone(key, THERE)
    assert world.state(key) == "PendingReplicaDeletion"
    assert [r["Region"] for r in world.metadata(key)["MultiRegionConfiguration"]
            ["ReplicaKeys"]] == [ELSEWHERE]
    world.go(409 * DAY)
    world.gone(key, ELSEWHERE)
    now = world.metadata(key)
    assert now["KeyState"] == "PendingDeletion"
    assert now["DeletionDate"] == date(419 * DAY)
    assert now["MultiRegionConfiguration"]["ReplicaKeys"] == []
    world.go(419 * DAY)
    world.gone(key, HERE)


def test_windows_that_pass_while_nothing_runs_still_follow_each_other(world):
    key = world.family(THERE)
    world.here.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    world.there.schedule_key_deletion(KeyId=key, PendingWindowInDays=8)
    world.go(30 * DAY)
    world.gone(key, THERE)
    world.gone(key, HERE)
    deleted = [(r["awsRegion"], r["serviceEventDetails"]["due"])
               for r in audit.named(world.daemon.data_dir, "DeleteKey")]
    assert deleted == [(THERE, "2030-01-09T00:00:00Z"), (HERE, "2030-01-16T00:00:00Z")]


def test_a_cancelled_deletion_leaves_a_disabled_member(world):
    key = world.family()
    world.here.schedule_key_deletion(KeyId=key)
    assert shown(world.here.cancel_key_deletion(KeyId=key)) == {"KeyId": arn_of(key)}
    now = world.metadata(key)
    assert now["KeyState"] == "Disabled"
    assert "PendingDeletionWindowInDays" not in now
    world.there.schedule_key_deletion(KeyId=key)
    assert world.state(key) == "Disabled"
    world.there.cancel_key_deletion(KeyId=key)
    assert world.state(key, THERE) == "Disabled"


def test_a_primary_whose_replicas_are_gone_is_deleted_like_any_key(world):
    key = world.family()
    world.there.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    world.go(7 * DAY)
    assert world.metadata(key)["MultiRegionConfiguration"]["ReplicaKeys"] == []
    answer = world.here.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert answer["KeyState"] == "PendingDeletion"
    assert answer["DeletionDate"] == date(14 * DAY)


def test_a_deleted_replica_can_be_made_again(world):
    key = world.family()
    blob = world.there.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    world.there.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    world.go(7 * DAY)
    with refused("AccessDeniedException"):
        world.there.decrypt(CiphertextBlob=blob)
    world.replicate(key)
    assert world.there.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
