"""Multi-Region keys: replicas, what members share, changing the primary, deletion."""

from datetime import datetime, timezone

import pytest

from support import audit, clients, importing
from support.daemon import wait_for
from support.importing import bring, imported, parameters
from support.rawhttp import call
from support.refusal import refused, shown

DAY = 24 * 60 * 60
START = 1893456000
HERE, THERE, ELSEWHERE = "us-east-1", "eu-west-1", "ap-southeast-2"
A, B, C = b"\xaa" * 32, b"\xbb" * 32, b"\xcc" * 32


def date(seconds):
    return datetime.fromtimestamp(START + seconds, timezone.utc)


def arn_of(key, region=HERE):
    return f"arn:aws:kms:{region}:111122223333:key/{key}"


def member(key, region):
    return {"Arn": arn_of(key, region), "Region": region}


class World:
    """A daemon of its own, frozen at START, with a client in each of three Regions."""

    def __init__(self, daemon):
        self.daemon = daemon
        daemon.clock(freeze=True)
        daemon.clock(set=START)
        self.kms = {r: clients.plain(daemon, region=r) for r in (HERE, THERE, ELSEWHERE)}
        self.here, self.there, self.elsewhere = self.kms.values()

    def go(self, seconds):
        self.daemon.clock(set=START + seconds)

    def settle(self):
        self.daemon.clock(advance_s=0)

    def primary(self, **more):
        return self.here.create_key(MultiRegion=True, **more)["KeyMetadata"]["KeyId"]

    def replicate(self, key, *regions, source=HERE, **more):
        for region in regions or (THERE,):
            self.kms[source].replicate_key(KeyId=key, ReplicaRegion=region, **more)
        self.settle()
        return key

    def family(self, *regions, **more):
        return self.replicate(self.primary(**more), *regions)

    def metadata(self, key, region=HERE):
        return self.kms[region].describe_key(KeyId=key)["KeyMetadata"]

    def state(self, key, region=HERE):
        return self.metadata(key, region)["KeyState"]

    def status(self, key, region=HERE):
        return shown(self.kms[region].get_key_rotation_status(KeyId=key))

    def materials(self, key, region=HERE):
        entries = self.kms[region].list_key_rotations(
            KeyId=key, IncludeKeyMaterial="ALL_KEY_MATERIAL")["Rotations"]
        for entry in entries:
            assert entry.pop("KeyId") == arn_of(key, region)
        return entries

    def gone(self, key, region):
        with refused("NotFoundException", f"Key '{arn_of(key, region)}' does not exist"):
            self.kms[region].describe_key(KeyId=key)


@pytest.fixture
def world(kmsd_own):
    return World(kmsd_own)


# --- a primary and its replicas ----------------------------------------------------------

def test_a_new_multi_region_key_is_a_primary_without_replicas(kms):
    made = kms.create_key(MultiRegion=True)["KeyMetadata"]
    key = made["KeyId"]
    assert len(key) == 36 and key.startswith("mrk-")
    int(key[4:], 16)
    assert made["MultiRegion"] is True
    assert made["MultiRegionConfiguration"] == {
        "MultiRegionKeyType": "PRIMARY", "PrimaryKey": member(key, HERE),
        "ReplicaKeys": []}
    single = kms.create_key()["KeyMetadata"]
    assert single["MultiRegion"] is False
    assert "MultiRegionConfiguration" not in single


def test_a_replica_is_creating_at_first_and_enabled_by_itself(world):
    key = world.primary(Description="of the primary",
                        Tags=[{"TagKey": "a", "TagValue": "b"}])
    answer = shown(world.here.replicate_key(KeyId=key, ReplicaRegion=THERE))
    assert set(answer) == {"ReplicaKeyMetadata", "ReplicaPolicy"}
    made = answer["ReplicaKeyMetadata"]
    assert (made["KeyState"], made["Enabled"]) == ("Creating", False)
    assert "CurrentKeyMaterialId" not in made
    assert (made["KeyId"], made["Arn"], made["Description"]) == (
        key, arn_of(key, THERE), "")
    configuration = {"MultiRegionKeyType": "REPLICA", "PrimaryKey": member(key, HERE),
                     "ReplicaKeys": [member(key, THERE)]}
    assert made["MultiRegionConfiguration"] == configuration

    wait_for("the replica", lambda: world.state(key, THERE) == "Enabled")
    now = world.metadata(key, THERE)
    assert now["MultiRegionConfiguration"] == configuration
    assert now["CurrentKeyMaterialId"] == world.metadata(key)["CurrentKeyMaterialId"]
    assert world.metadata(key)["MultiRegionConfiguration"] == {
        **configuration, "MultiRegionKeyType": "PRIMARY"}
    assert world.there.list_resource_tags(KeyId=key)["Tags"] == []
    policy = world.there.get_key_policy(KeyId=key)["Policy"]
    assert policy == answer["ReplicaPolicy"]
    assert '"Sid" : "Enable IAM User Permissions"' in policy
    assert [k["KeyArn"] for k in world.there.list_keys()["Keys"]] == [arn_of(key, THERE)]


def test_description_policy_and_tags_of_a_replica_are_its_own(world):
    key = world.primary()
    policy = world.here.get_key_policy(KeyId=key)["Policy"].replace("Enable IAM", "My")
    tags = [{"TagKey": "team", "TagValue": "blue"}]
    answer = world.here.replicate_key(KeyId=key, ReplicaRegion=THERE, Description="there",
                                      Policy=policy, Tags=tags)
    assert answer["ReplicaTags"] == tags
    assert answer["ReplicaPolicy"] == policy
    assert answer["ReplicaKeyMetadata"]["Description"] == "there"
    assert world.there.list_resource_tags(KeyId=key)["Tags"] == tags
    assert world.here.list_resource_tags(KeyId=key)["Tags"] == []


def test_every_member_lists_all_of_them(world):
    key = world.family(THERE, ELSEWHERE)
    for region in world.kms:
        shown_there = world.metadata(key, region)["MultiRegionConfiguration"]
        assert shown_there["PrimaryKey"] == member(key, HERE)
        assert sorted(r["Region"] for r in shown_there["ReplicaKeys"]) == [ELSEWHERE,
                                                                           THERE]
        assert shown_there["MultiRegionKeyType"] == (
            "PRIMARY" if region == HERE else "REPLICA")


@pytest.mark.parametrize("spec", ["HMAC_256", "RSA_2048", "ECC_NIST_P256",
                                  "ECC_NIST_EDWARDS25519"])
def test_members_of_every_spec_are_the_same_key(world, spec):
    key = world.family(KeySpec=spec, KeyUsage=importing.USAGE[spec])
    if spec == "HMAC_256":
        request = {"KeyId": key, "Message": b"m", "MacAlgorithm": "HMAC_SHA_256"}
        mac = world.here.generate_mac(**request)["Mac"]
        answer = world.there.verify_mac(Mac=mac, **request)
    else:
        assert (world.here.get_public_key(KeyId=key)["PublicKey"]
                == world.there.get_public_key(KeyId=key)["PublicKey"])
        algorithm = world.metadata(key)["SigningAlgorithms"][-1]
        if "PH" in algorithm:
            algorithm = "ED25519_SHA_512"
        request = {"KeyId": key, "Message": b"m", "SigningAlgorithm": algorithm}
        signature = world.here.sign(**request)["Signature"]
        answer = world.there.verify(Signature=signature, **request)
    assert answer["KeyId"] == arn_of(key, THERE)


# --- ciphertexts -------------------------------------------------------------------------

def test_what_one_member_encrypts_every_other_decrypts_under_its_own_arn(world):
    key = world.family(THERE, ELSEWHERE)
    for source in world.kms:
        blob = world.kms[source].encrypt(KeyId=key, Plaintext=source.encode(),
                                         EncryptionContext={"a": "b"})["CiphertextBlob"]
        for region, kms in world.kms.items():
            for more in ({}, {"KeyId": key}, {"KeyId": arn_of(key, region)}):
                opened = kms.decrypt(CiphertextBlob=blob, EncryptionContext={"a": "b"},
                                     **more)
                assert opened["Plaintext"] == source.encode()
                assert opened["KeyId"] == arn_of(key, region)


def test_a_region_without_member_opens_nothing(world):
    key = world.family(THERE)
    blob = world.here.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    with refused("AccessDeniedException"):
        world.elsewhere.decrypt(CiphertextBlob=blob)
    world.gone(key, ELSEWHERE)


def test_members_are_switched_off_one_by_one(world):
    key = world.family(THERE)
    blob = world.here.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    world.here.disable_key(KeyId=key)
    with refused("DisabledException", f"{arn_of(key)} is disabled."):
        world.here.decrypt(CiphertextBlob=blob)
    assert world.there.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    world.here.enable_key(KeyId=key)
    world.there.disable_key(KeyId=key)
    with refused("DisabledException", f"{arn_of(key, THERE)} is disabled."):
        world.there.decrypt(CiphertextBlob=blob)
    world.here.decrypt(CiphertextBlob=blob)


def test_aliases_and_descriptions_are_independent(world):
    key = world.family()
    world.here.create_alias(AliasName="alias/here", TargetKeyId=key)
    world.there.update_key_description(KeyId=key, Description="there")
    assert world.metadata(key)["Description"] == ""
    assert world.there.list_aliases(KeyId=key)["Aliases"] == []


# --- refusals of ReplicateKey ------------------------------------------------------------

def test_where_a_replica_cannot_be(world):
    key = world.family()
    for region, code, text in [
            (HERE, "ValidationException",
             f"{HERE} cannot have a replica because it contains the primary."),
            ("cn-north-1", "ValidationException",
             "The replica key Region must be in the same AWS partition as the primary key "
             "Region."),
            ("us-gov-west-1", "ValidationException",
             "The replica key Region must be in the same AWS partition as the primary key "
             "Region."),
            ("us-north-9", "ValidationException",
             "Region us-north-9 is not a valid Region or multi-Region keys are not "
             "supported in Region us-north-9."),
            (THERE, "AlreadyExistsException",
             "You can create only one replica of each primary key in each AWS Region.")]:
        with refused(code, text):
            world.here.replicate_key(KeyId=key, ReplicaRegion=region)
    with refused("UnsupportedOperationException",
                 f"{arn_of(key, THERE)} is not a multi-region primary key."):
        world.there.replicate_key(KeyId=key, ReplicaRegion=ELSEWHERE)
    world.there.schedule_key_deletion(KeyId=key)
    with refused("AlreadyExistsException"):
        world.here.replicate_key(KeyId=key, ReplicaRegion=THERE)


def test_a_single_region_key_has_no_replicas(kms, key_id):
    text = f"{arn_of(key_id)} is not a multi-region primary key."
    with refused("UnsupportedOperationException", text):
        kms.replicate_key(KeyId=key_id, ReplicaRegion=THERE)
    with refused("UnsupportedOperationException", text):
        kms.update_primary_region(KeyId=key_id, PrimaryRegion=THERE)


def test_a_refused_replica_leaves_nothing(world):
    key = world.primary()
    with refused("TagException", "Duplicate tag keys"):
        world.here.replicate_key(KeyId=key, ReplicaRegion=THERE,
                                 Tags=[{"TagKey": "a", "TagValue": v} for v in "xy"])
    with refused("MalformedPolicyDocumentException"):
        world.here.replicate_key(KeyId=key, ReplicaRegion=THERE, Policy="{")
    answer = call(world.daemon.http_port, "ReplicateKey",
                  {"KeyId": key, "ReplicaRegion": "Europe"})
    assert (answer.status, answer.type) == (400, "ValidationException")
    assert "at 'replicaRegion'" in answer.message
    world.gone(key, THERE)
    assert world.metadata(key)["MultiRegionConfiguration"]["ReplicaKeys"] == []


@pytest.mark.parametrize("prepare, code, words", [
    (lambda kms, key: kms.disable_key(KeyId=key), "DisabledException", "is disabled."),
    (lambda kms, key: kms.schedule_key_deletion(KeyId=key), "KMSInvalidStateException",
     "is pending deletion.")])
def test_only_an_enabled_primary_is_replicated(world, prepare, code, words):
    key = world.primary()
    prepare(world.here, key)
    with refused(code, f"{arn_of(key)} {words}"):
        world.here.replicate_key(KeyId=key, ReplicaRegion=THERE)


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


# --- imported material -------------------------------------------------------------------

class Imported:
    """A family with imported material A in the primary; each member imports for itself."""

    def __init__(self, world, *regions):
        self.world = world
        self.key, params, _ = imported(world.here, A, MultiRegion=True)
        world.replicate(self.key, *regions)
        self.params = {HERE: params}

    def take(self, plain, region=HERE, **more):
        if region not in self.params:
            self.params[region] = parameters(self.world.kms[region], self.key)
        return bring(self.world.kms[region], self.key, plain, self.params[region],
                     **more)["KeyMaterialId"]

    def states(self, region=HERE):
        return [(e["KeyMaterialState"], e["ImportState"])
                for e in self.world.materials(self.key, region)]


@pytest.fixture
def family(world):
    return Imported(world, THERE)


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
    family = Imported(world, THERE, ELSEWHERE)
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


# --- the log -----------------------------------------------------------------------------

def events(world, key, after):
    """(name, Region) of what the log says about a key behind a sequence number."""
    return [(r["eventName"], r["awsRegion"]) for r in audit.records(world.daemon.data_dir,
                                                                    after + 1)
            if any(key in s["ARN"] for s in r["resources"])]


def test_what_happens_in_a_region_is_recorded_there(world):
    key = world.primary()
    data = world.daemon.data_dir
    seq = audit.last_seq(data)
    world.replicate(key, THERE)
    assert events(world, key, seq) == [
        ("ReplicateKey", HERE), ("CreateKey", THERE),
        ("SynchronizeMultiRegionKey", THERE)]
    world.replicate(key, ELSEWHERE)
    seq = audit.last_seq(data)
    world.here.enable_key_rotation(KeyId=key)
    assert events(world, key, seq) == [
        ("EnableKeyRotation", HERE), ("SynchronizeMultiRegionKey", ELSEWHERE),
        ("SynchronizeMultiRegionKey", THERE)]
    seq = audit.last_seq(data)
    world.here.update_primary_region(KeyId=key, PrimaryRegion=THERE)
    world.settle()
    # The two that were Updating have settled after that.
    assert events(world, key, seq)[:3] == [
        ("UpdatePrimaryRegion", HERE), ("UpdatePrimaryRegion", THERE),
        ("SynchronizeMultiRegionKey", ELSEWHERE)]
    seq = audit.last_seq(data)
    world.here.disable_key(KeyId=key)
    world.there.get_key_rotation_status(KeyId=key)
    assert events(world, key, seq) == [("DisableKey", HERE),
                                       ("GetKeyRotationStatus", THERE)]
    world.daemon.stop()
    audit.verify(data)
