"""CreateKey, DescribeKey, ListKeys, the states of a key, and its description."""

import re
from datetime import datetime, timedelta, timezone

import pytest

from support import clients
from support.denial import veiled
from support.refusal import refused, shown

# Exactly what the service shows of a symmetric key with its own material.
SYMMETRIC = {
    "AWSAccountId", "Arn", "CreationDate", "CurrentKeyMaterialId", "CustomerMasterKeySpec",
    "Description", "Enabled", "EncryptionAlgorithms", "KeyId", "KeyManager", "KeySpec",
    "KeyState", "KeyUsage", "MultiRegion", "Origin"}
MISSING = "01234567-89ab-cdef-0123-456789abcdef"


def describe(kms, key):
    return kms.describe_key(KeyId=key)["KeyMetadata"]


def test_a_new_key_shows_exactly_these_members(kms):
    made = kms.create_key()["KeyMetadata"]
    assert set(made) == SYMMETRIC
    assert re.fullmatch(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", made["KeyId"])
    assert made["Arn"] == f"arn:aws:kms:us-east-1:111122223333:key/{made['KeyId']}"
    assert re.fullmatch(r"[0-9a-f]{64}", made["CurrentKeyMaterialId"])
    assert abs(made["CreationDate"] - datetime.now(timezone.utc)) < timedelta(days=1)
    fixed = {k: made[k] for k in SYMMETRIC - {"Arn", "KeyId", "CurrentKeyMaterialId",
                                              "CreationDate"}}
    assert fixed == {
        "AWSAccountId": "111122223333", "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
        "Description": "", "Enabled": True, "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
        "KeyManager": "CUSTOMER", "KeySpec": "SYMMETRIC_DEFAULT", "KeyState": "Enabled",
        "KeyUsage": "ENCRYPT_DECRYPT", "MultiRegion": False, "Origin": "AWS_KMS"}


def test_describe_shows_what_create_showed(kms):
    made = kms.create_key(Description="words", KeySpec="SYMMETRIC_DEFAULT",
                          KeyUsage="ENCRYPT_DECRYPT", Origin="AWS_KMS")["KeyMetadata"]
    assert made["Description"] == "words"
    assert describe(kms, made["KeyId"]) == made
    assert describe(kms, made["Arn"]) == made


def test_the_old_name_of_the_spec_is_understood_alone_but_not_together(kms):
    made = kms.create_key(CustomerMasterKeySpec="SYMMETRIC_DEFAULT")["KeyMetadata"]
    assert made["KeySpec"] == "SYMMETRIC_DEFAULT"
    with refused("ValidationException",
                 "You cannot specify KeySpec and CustomerMasterKeySpec in the same request. "
                 "CustomerMasterKeySpec is deprecated."):
        kms.create_key(CustomerMasterKeySpec="SYMMETRIC_DEFAULT",
                       KeySpec="SYMMETRIC_DEFAULT")


def test_every_key_has_an_id_and_material_of_its_own(kms):
    made = [kms.create_key()["KeyMetadata"] for _ in range(5)]
    assert len({m["KeyId"] for m in made}) == 5
    assert len({m["CurrentKeyMaterialId"] for m in made}) == 5


def test_a_multi_region_key_is_a_primary_without_replicas(kms):
    made = kms.create_key(MultiRegion=True)["KeyMetadata"]
    assert set(made) == SYMMETRIC | {"MultiRegionConfiguration"}
    assert re.fullmatch(r"mrk-[0-9a-f]{32}", made["KeyId"])
    assert made["MultiRegion"] is True
    assert made["MultiRegionConfiguration"] == {
        "MultiRegionKeyType": "PRIMARY",
        "PrimaryKey": {"Arn": made["Arn"], "Region": "us-east-1"}, "ReplicaKeys": []}
    blob = kms.encrypt(KeyId=made["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=blob)["KeyId"] == made["Arn"]


@pytest.mark.parametrize("spec", ["RSA_2048", "ECC_NIST_P256", "HMAC_256", "ML_DSA_44"])
def test_a_usage_has_to_be_stated_for_every_other_spec(kms, spec):
    with refused("ValidationException", "You must specify a KeyUsage value for all KMS keys "
                                        "except for symmetric encryption keys."):
        kms.create_key(KeySpec=spec)


@pytest.mark.parametrize("spec, usage", [
    ("SYMMETRIC_DEFAULT", "SIGN_VERIFY"), ("SYMMETRIC_DEFAULT", "GENERATE_VERIFY_MAC"),
    ("RSA_2048", "KEY_AGREEMENT"), ("ECC_NIST_P256", "ENCRYPT_DECRYPT"),
    ("ECC_SECG_P256K1", "KEY_AGREEMENT"), ("HMAC_256", "SIGN_VERIFY"),
    ("ML_DSA_65", "ENCRYPT_DECRYPT")])
def test_a_usage_that_the_spec_does_not_have_is_refused(kms, spec, usage):
    with refused("ValidationException",
                 f"KeyUsage {usage} is not compatible with KeySpec {spec}"):
        kms.create_key(KeySpec=spec, KeyUsage=usage)


@pytest.mark.parametrize("request_, words", [
    ({"Origin": "AWS_CLOUDHSM", "CustomKeyStoreId": "cks-1"}, "custom key stores")])
def test_what_is_valid_but_not_there_yet_is_said_so(kms, request_, words):
    with refused("UnsupportedOperationException") as caught:
        kms.create_key(**request_)
    message = caught.value.response["Error"]["Message"]
    assert message.startswith("kmsd does not support") and message.endswith("yet.")
    assert words in message


def test_a_refused_create_makes_no_key(kms_as):
    kms = kms_as(account="400040004000")
    with refused("TagException"):
        kms.create_key(Tags=[{"TagKey": "aws:x", "TagValue": "y"}])
    with refused("MalformedPolicyDocumentException"):
        kms.create_key(Policy="nonsense")
    assert kms.list_keys()["Keys"] == []


def test_disable_and_enable_are_idempotent(kms, key_id):
    for _ in range(2):
        answer = kms.disable_key(KeyId=key_id)
        assert shown(answer) == {}
        now = describe(kms, key_id)
        assert (now["KeyState"], now["Enabled"]) == ("Disabled", False)
    for _ in range(2):
        kms.enable_key(KeyId=key_id)
        now = describe(kms, key_id)
        assert (now["KeyState"], now["Enabled"]) == ("Enabled", True)


def test_the_description_is_replaced_and_may_be_empty(kms, key_id):
    kms.update_key_description(KeyId=key_id, Description="é" * 8192)
    assert describe(kms, key_id)["Description"] == "é" * 8192
    kms.update_key_description(KeyId=key_id, Description="")
    assert describe(kms, key_id)["Description"] == ""
    kms.disable_key(KeyId=key_id)
    kms.update_key_description(KeyId=key_id, Description="while disabled")
    assert describe(kms, key_id)["Description"] == "while disabled"


def test_a_description_of_8193_characters_is_too_long(kms):
    with refused("ValidationException") as caught:
        kms.create_key(Description="x" * 8193)
    assert caught.value.response["Error"]["Message"].endswith(
        "at 'description' failed to satisfy constraint: Member must have length less than "
        "or equal to 8192")


def test_list_keys_pages_through_the_account_and_region(kms_as):
    kms = kms_as(account="555566667777")
    made = {kms.create_key()["KeyMetadata"]["KeyId"] for _ in range(5)}
    kms.schedule_key_deletion(KeyId=next(iter(made)))
    seen, marker, pages = [], {}, 0
    while True:
        page = kms.list_keys(Limit=2, **marker)
        pages += 1
        assert set(shown(page)) == {"Keys", "Truncated"} | (
            {"NextMarker"} if page["Truncated"] else set())
        seen += page["Keys"]
        if not page["Truncated"]:
            break
        assert len(page["Keys"]) == 2
        marker = {"Marker": page["NextMarker"]}
    assert pages == 3
    assert len(seen) == 5 and {k["KeyId"] for k in seen} == made
    for key in seen:
        assert set(key) == {"KeyId", "KeyArn"}
        assert key["KeyArn"] == f"arn:aws:kms:us-east-1:555566667777:key/{key['KeyId']}"
    assert kms_as(account="555566667777", region="eu-west-1").list_keys()["Keys"] == []
    # An exact page is not truncated.
    assert kms.list_keys(Limit=5)["Truncated"] is False


def test_accounts_and_regions_do_not_see_each_others_keys(kms, kms_as, key_id):
    arn = describe(kms, key_id)["Arn"]
    other = kms_as(account="888899990000")
    with refused("NotFoundException",
                 f"Key 'arn:aws:kms:us-east-1:888899990000:key/{key_id}' does not exist"):
        other.describe_key(KeyId=key_id)
    with refused("AccessDeniedException",
                 veiled("arn:aws:iam::888899990000:user/888899990000", "DescribeKey")):
        other.describe_key(KeyId=arn)
    away = kms_as(region="eu-west-1")
    with refused("NotFoundException",
                 f"Key 'arn:aws:kms:eu-west-1:111122223333:key/{key_id}' does not exist"):
        away.describe_key(KeyId=key_id)
    with refused("NotFoundException", "Invalid arn us-east-1"):
        away.describe_key(KeyId=arn)


def test_the_four_forms_of_identifier_name_the_key(kms, key_id):
    made = describe(kms, key_id)
    name = f"alias/forms/{key_id}"
    kms.create_alias(AliasName=name, TargetKeyId=key_id)
    for ident in (key_id, made["Arn"], name, f"arn:aws:kms:us-east-1:111122223333:{name}"):
        assert describe(kms, ident) == made
        blob = kms.encrypt(KeyId=ident, Plaintext=b"x")
        assert blob["KeyId"] == made["Arn"]
        assert kms.decrypt(KeyId=ident, CiphertextBlob=blob["CiphertextBlob"])[
            "Plaintext"] == b"x"


@pytest.mark.parametrize("ident, code, message", [
    (MISSING, "NotFoundException",
     f"Key 'arn:aws:kms:us-east-1:111122223333:key/{MISSING}' does not exist"),
    ("mrk-0123456789abcdef0123456789abcdef", "NotFoundException",
     "Key 'arn:aws:kms:us-east-1:111122223333:key/mrk-0123456789abcdef0123456789abcdef' "
     "does not exist"),
    (f"arn:aws:kms:us-east-1:111122223333:key/{MISSING}", "NotFoundException",
     f"Key 'arn:aws:kms:us-east-1:111122223333:key/{MISSING}' does not exist"),
    ("fake-key-id", "NotFoundException", "Invalid keyId 'fake-key-id'"),
    ("0123456789abcdef0123456789abcdef", "NotFoundException",
     "Invalid keyId '0123456789abcdef0123456789abcdef'"),
    ("mrk-fake-key-id", "NotFoundException", "Invalid keyId 'mrk-fake-key-id'"),
    ("key_id", "NotFoundException", "Invalid keyId 'key_id'"),
    (f"arn:aws:kms:eu-central-1:111122223333:key/{MISSING}", "NotFoundException",
     "Invalid arn eu-central-1"),
    ("alias/nobody", "NotFoundException",
     "Alias arn:aws:kms:us-east-1:111122223333:alias/nobody is not found."),
    ("arn:aws:kms:us-east-1:111122223333:alias/nobody", "NotFoundException",
     "Alias arn:aws:kms:us-east-1:111122223333:alias/nobody is not found."),
    ("arn:aws:s3:::bucket/with/a/long/name", "InvalidArnException", None),
])
def test_what_names_no_key_is_told_in_the_words_of_the_service(kms, ident, code, message):
    for call in (lambda: kms.describe_key(KeyId=ident),
                 lambda: kms.encrypt(KeyId=ident, Plaintext=b"x")):
        with refused(code, message):
            call()


ONLY_KEYS = [
    ("EnableKey", {}), ("DisableKey", {}), ("UpdateKeyDescription", {"Description": "x"}),
    ("ScheduleKeyDeletion", {}), ("CancelKeyDeletion", {}),
    ("TagResource", {"Tags": [{"TagKey": "a", "TagValue": "b"}]}),
    ("UntagResource", {"TagKeys": ["a"]}), ("ListResourceTags", {}), ("GetKeyPolicy", {}),
    ("PutKeyPolicy", {"Policy": '{"Statement":{"Effect":"Allow","Principal":"*"}}'}),
    ("ListKeyPolicies", {}), ("EnableKeyRotation", {}), ("DisableKeyRotation", {}),
    ("GetKeyRotationStatus", {}), ("RotateKeyOnDemand", {}), ("ListKeyRotations", {}),
    ("ListAliases", {})]


@pytest.mark.parametrize("operation, more", ONLY_KEYS, ids=[o for o, _ in ONLY_KEYS])
def test_these_operations_take_no_alias(kms, key_id, operation, more):
    from botocore import xform_name
    name = f"alias/only/{operation}/{key_id}"
    kms.create_alias(AliasName=name, TargetKeyId=key_id)
    for ident in (name, f"arn:aws:kms:us-east-1:111122223333:{name}"):
        with refused("InvalidArnException",
                     "Key Aliases are not supported for this operation."):
            getattr(kms, xform_name(operation))(KeyId=ident, **more)


def test_an_upper_case_key_id_is_another_key(kms, key_id):
    upper = key_id.upper()
    if upper != key_id:
        with refused("NotFoundException"):
            kms.describe_key(KeyId=upper)


def test_a_grant_token_cannot_be_valid_without_grants(kms, key_id):
    with refused("InvalidGrantTokenException"):
        kms.describe_key(KeyId=key_id, GrantTokens=["abc"])
    assert kms.describe_key(KeyId=key_id, GrantTokens=[])


def test_default_account_and_region_come_from_the_credential(kmsd_dev):
    made = clients.plain(kmsd_dev, "999900001111", "ap-southeast-2").create_key()
    assert made["KeyMetadata"]["Arn"].startswith(
        "arn:aws:kms:ap-southeast-2:999900001111:key/")
