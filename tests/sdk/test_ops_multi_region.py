"""Multi-Region keys: a primary and its replicas, and what is recorded of them."""

import boto3
import pytest

from support import audit, importing
from support.clocked import arn_of
from support.daemon import wait_for
from support.rawhttp import call
from support.refusal import refused, shown
from support.regions import ELSEWHERE, HERE, THERE, World, member


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


def test_a_replica_can_be_in_every_region_of_the_partition(world):
    key = world.primary()
    others = [r for r in boto3.session.Session().get_available_regions("kms")
              if r != HERE]
    for region in others:
        world.here.replicate_key(KeyId=key, ReplicaRegion=region)
    world.settle()
    configuration = world.metadata(key)["MultiRegionConfiguration"]
    assert sorted(r["Region"] for r in configuration["ReplicaKeys"]) == sorted(others)
    world.here.rotate_key_on_demand(KeyId=key)
    world.settle()
    assert world.materials(key, THERE) == world.materials(key)


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


def test_a_member_is_not_addressed_by_the_arn_of_a_relative(world):
    key = world.family(THERE)
    blob = world.here.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    wrong = ("The key ID in the request does not identify a CMK that can perform this "
             "operation.")
    with refused("IncorrectKeyException", wrong):
        world.there.decrypt(KeyId=arn_of(key), CiphertextBlob=blob)
    with refused("IncorrectKeyException", wrong):
        world.there.re_encrypt(SourceKeyId=arn_of(key), CiphertextBlob=blob,
                               DestinationKeyId=key)
    for ask in (lambda: world.elsewhere.decrypt(KeyId=arn_of(key), CiphertextBlob=blob),
                lambda: world.there.encrypt(KeyId=arn_of(key), Plaintext=b"x"),
                lambda: world.there.describe_key(KeyId=arn_of(key))):
        with refused("NotFoundException", f"Invalid arn {HERE}"):
            ask()


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
    for record in audit.named(data, "SynchronizeMultiRegionKey"):
        assert record["eventType"] == "AwsApiCall"
        assert record["userIdentity"]["invokedBy"] == "AWS Internal"
        assert record["serviceEventDetails"]["keyId"] == key
    world.daemon.stop()
    audit.verify(data)
