"""CreateKey, DescribeKey and GetPublicKey for every key spec, and what else such keys do:
aliases, rotation, states, restarts, the audit log."""

import re

import pytest
from cryptography.hazmat.primitives.serialization import load_der_public_key

from support import audit, clients, specs
from support.refusal import refused, shown

COMMON = {"AWSAccountId", "Arn", "CreationDate", "CustomerMasterKeySpec", "Description",
          "Enabled", "KeyId", "KeyManager", "KeySpec", "KeyState", "KeyUsage", "MultiRegion",
          "Origin"}
KEYS = [(spec, usage) for spec, usage in specs.usable() if spec != "SYMMETRIC_DEFAULT"]
PAIRED = [(spec, usage) for spec, usage in KEYS if spec not in specs.HMAC]
# One key of each kind, for what does not depend on the spec.
KINDS = [("RSA_2048", specs.CRYPT), ("RSA_2048", specs.SIGN), ("ECC_NIST_P256", specs.AGREE),
         (specs.EDWARDS, specs.SIGN), ("HMAC_256", specs.MAC)]



@pytest.mark.parametrize("spec, usage", KEYS)
def test_a_key_shows_the_algorithms_of_its_usage_and_no_others(kms, made, spec, usage):
    key = made(spec, usage)
    assert set(key) == COMMON | {specs.MEMBER[usage]}
    assert key[specs.MEMBER[usage]] == specs.SPECS[spec][usage]
    assert (key["KeySpec"], key["CustomerMasterKeySpec"], key["KeyUsage"]) == (spec, spec,
                                                                              usage)
    assert (key["KeyState"], key["Enabled"], key["Origin"]) == ("Enabled", True, "AWS_KMS")
    assert re.fullmatch(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", key["KeyId"])
    assert kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"] == key


@pytest.mark.parametrize("spec", [spec for spec in specs.SPECS if spec not in specs.CHINA])
def test_a_usage_that_a_spec_does_not_have_is_refused(kms, spec):
    for usage in specs.MEMBER:
        if usage in specs.SPECS[spec]:
            continue
        with refused("ValidationException",
                     f"KeyUsage {usage} is not compatible with KeySpec {spec}"):
            kms.create_key(KeySpec=spec, KeyUsage=usage)


@pytest.mark.parametrize("spec", [spec for spec in specs.SPECS
                                  if spec != "SYMMETRIC_DEFAULT"])
def test_a_usage_has_to_be_stated(kms, spec):
    with refused("ValidationException", "You must specify a KeyUsage value for all KMS keys "
                                        "except for symmetric encryption keys."):
        kms.create_key(KeySpec=spec)


def test_what_cannot_be_made_here_says_why(kms):
    with refused("UnsupportedOperationException",
                 "Key spec SM2 is available in China Regions (partition aws-cn) only."):
        kms.create_key(KeySpec="SM2", KeyUsage="SIGN_VERIFY")
    for spec in specs.ML_DSA:
        if not specs.lacks(spec):
            continue
        with refused("UnsupportedOperationException") as caught:
            kms.create_key(KeySpec=spec, KeyUsage="SIGN_VERIFY")
        assert re.fullmatch(
            rf"Key spec {spec} needs OpenSSL 3\.5 or newer; this server runs with "
            r"[0-9.]+\.", caught.value.response["Error"]["Message"])


def test_the_old_name_of_the_spec_makes_other_keys_too(kms):
    key = kms.create_key(CustomerMasterKeySpec="ECC_NIST_P256",
                         KeyUsage="SIGN_VERIFY")["KeyMetadata"]
    assert (key["KeySpec"], key["SigningAlgorithms"]) == ("ECC_NIST_P256",
                                                          ["ECDSA_SHA_256"])


@pytest.mark.parametrize("spec, usage", KINDS)
def test_a_multi_region_key_of_another_spec_is_a_primary_as_well(kms, spec, usage):
    key = kms.create_key(KeySpec=spec, KeyUsage=usage, MultiRegion=True)["KeyMetadata"]
    assert re.fullmatch(r"mrk-[0-9a-f]{32}", key["KeyId"])
    assert key["MultiRegionConfiguration"]["PrimaryKey"]["Arn"] == key["Arn"]


@pytest.mark.parametrize("spec, usage", PAIRED)
def test_get_public_key_answers_with_these_members(kms, made, spec, usage):
    key = made(spec, usage)
    answer = shown(kms.get_public_key(KeyId=key["KeyId"]))
    der = answer.pop("PublicKey")
    assert answer == {"KeyId": key["Arn"], "KeySpec": spec, "CustomerMasterKeySpec": spec,
                      "KeyUsage": usage,
                      specs.MEMBER[usage]: specs.SPECS[spec][usage]}
    load_der_public_key(der)
    assert kms.get_public_key(KeyId=key["Arn"])["PublicKey"] == der


@pytest.mark.parametrize("spec, usage", [("SYMMETRIC_DEFAULT", specs.CRYPT),
                                         ("HMAC_256", specs.MAC)])
def test_a_key_without_a_public_half_has_none_to_show(kms, made, spec, usage):
    with refused("UnsupportedOperationException", ""):
        kms.get_public_key(KeyId=made(spec, usage)["KeyId"])


def test_every_pair_is_another_one(kms):
    keys = [kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]
            for _ in range(4)]
    assert len({kms.get_public_key(KeyId=k["KeyId"])["PublicKey"] for k in keys}) == 4


def test_a_public_key_is_shown_while_disabled_and_not_once_it_is_to_be_deleted(kms):
    key = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]
    der = kms.get_public_key(KeyId=key["KeyId"])["PublicKey"]
    kms.disable_key(KeyId=key["KeyId"])
    for _ in range(2):
        assert kms.get_public_key(KeyId=key["KeyId"])["PublicKey"] == der
    kms.enable_key(KeyId=key["KeyId"])
    assert kms.get_public_key(KeyId=key["KeyId"])["PublicKey"] == der
    kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)
    with refused("KMSInvalidStateException", f"{key['Arn']} is pending deletion."):
        kms.get_public_key(KeyId=key["KeyId"])
    # The state comes before the question whether there is a public half.
    mac = kms.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]
    kms.schedule_key_deletion(KeyId=mac["KeyId"], PendingWindowInDays=7)
    with refused("KMSInvalidStateException", f"{mac['Arn']} is pending deletion."):
        kms.get_public_key(KeyId=mac["KeyId"])


# --- aliases ----------------------------------------------------------------------------

def test_an_alias_moves_within_its_class_only(kms, made):
    rsa, pair = made("RSA_2048", specs.CRYPT), made("RSA_2048", specs.SIGN)
    symmetric = made("SYMMETRIC_DEFAULT", specs.CRYPT)
    curve, mac = made("ECC_NIST_P256", specs.SIGN), made("HMAC_256", specs.MAC)
    name = f"alias/class/{rsa['KeyId']}"
    words = f"Alias {name} cannot be changed from a CMK with key "
    kms.create_alias(AliasName=name, TargetKeyId=rsa["KeyId"])
    for target, usage in ((pair, specs.SIGN), (curve, specs.SIGN), (mac, specs.MAC)):
        with refused("ValidationException", words + "usage ENCRYPT_DECRYPT to a CMK with "
                                                    f"key usage {usage}"):
            kms.update_alias(AliasName=name, TargetKeyId=target["KeyId"])
    with refused("ValidationException", words + "spec RSA_2048 to a CMK with key spec "
                                                "SYMMETRIC_DEFAULT"):
        kms.update_alias(AliasName=name, TargetKeyId=symmetric["KeyId"])
    other = kms.create_key(KeySpec="RSA_2048", KeyUsage=specs.CRYPT)["KeyMetadata"]
    kms.update_alias(AliasName=name, TargetKeyId=other["KeyId"])
    kms.delete_alias(AliasName=name)


def test_an_alias_of_a_signing_key_moves_to_another_spec(kms, made):
    rsa, curve = made("RSA_2048", specs.SIGN), made("ECC_NIST_P256", specs.SIGN)
    name = f"alias/signing/{rsa['KeyId']}"
    kms.create_alias(AliasName=name, TargetKeyId=rsa["KeyId"])
    kms.update_alias(AliasName=name, TargetKeyId=curve["KeyId"])
    answer = kms.sign(KeyId=name, Message=b"x", SigningAlgorithm="ECDSA_SHA_256")
    assert answer["KeyId"] == curve["Arn"]
    kms.delete_alias(AliasName=name)


# --- rotation ---------------------------------------------------------------------------

@pytest.mark.parametrize("spec, usage", KINDS)
def test_only_symmetric_keys_rotate(kms, spec, usage):
    key = kms.create_key(KeySpec=spec, KeyUsage=usage)["KeyMetadata"]
    for call in (kms.enable_key_rotation, kms.rotate_key_on_demand):
        with refused("UnsupportedOperationException", ""):
            call(KeyId=key["KeyId"])
    assert shown(kms.disable_key_rotation(KeyId=key["KeyId"])) == {}
    assert shown(kms.get_key_rotation_status(KeyId=key["KeyId"])) == {
        "KeyId": key["Arn"], "KeyRotationEnabled": False}
    assert kms.list_key_rotations(KeyId=key["KeyId"])["Rotations"] == []
    kms.disable_key(KeyId=key["KeyId"])
    for call in (kms.enable_key_rotation, kms.rotate_key_on_demand):
        with refused("DisabledException", f"{key['Arn']} is disabled."):
            call(KeyId=key["KeyId"])


# --- lives ------------------------------------------------------------------------------

def test_keys_of_every_kind_survive_a_restart(kmsd_own):
    kms = clients.plain(kmsd_own)
    mac = kms.create_key(KeySpec="HMAC_512", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]
    code = kms.generate_mac(KeyId=mac["KeyId"], Message=b"x", MacAlgorithm="HMAC_SHA_512")
    before = {}
    for spec, usage in specs.usable():
        if spec in ("RSA_3072", "RSA_4096") or usage != specs.SIGN:
            continue
        key = kms.create_key(KeySpec=spec, KeyUsage=usage)["KeyMetadata"]
        algorithm = key["SigningAlgorithms"][-1]
        before[key["KeyId"]] = (
            algorithm, kms.get_public_key(KeyId=key["KeyId"])["PublicKey"],
            kms.sign(KeyId=key["KeyId"], Message=b"x", SigningAlgorithm=algorithm)["Signature"])
    kmsd_own.restart()
    kms = clients.plain(kmsd_own)
    for key, (algorithm, der, signature) in before.items():
        assert kms.verify(KeyId=key, Message=b"x", SigningAlgorithm=algorithm,
                          Signature=signature)["SignatureValid"] is True
        assert kms.get_public_key(KeyId=key)["PublicKey"] == der
    assert kms.verify_mac(KeyId=mac["KeyId"], Message=b"x", MacAlgorithm="HMAC_SHA_512",
                          Mac=code["Mac"])["MacValid"] is True


def test_the_record_of_a_signature_says_how_and_not_what(kmsd_dev, kms, made):
    key, message = made("ECC_NIST_P256", specs.SIGN), b"canary-message-0d1e2f3a"
    answer = kms.sign(KeyId=key["KeyId"], Message=message, SigningAlgorithm="ECDSA_SHA_256")
    seen = audit.by_request(kmsd_dev.data_dir, answer["ResponseMetadata"]["RequestId"])
    assert seen["eventName"] == "Sign"
    assert seen["requestParameters"] == {
        "keyId": key["KeyId"], "messageType": "RAW", "signingAlgorithm": "ECDSA_SHA_256"}
    assert seen["responseElements"] is None
    assert seen["readOnly"] is True
    assert seen["resources"] == [{"ARN": key["Arn"], "accountId": clients.ACCOUNT,
                                  "type": "AWS::KMS::Key"}]


def test_the_record_of_a_new_pair_names_its_spec(kmsd_dev, kms):
    answer = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="KEY_AGREEMENT")
    seen = audit.by_request(kmsd_dev.data_dir, answer["ResponseMetadata"]["RequestId"])
    assert seen["requestParameters"]["keySpec"] == "ECC_NIST_P256"
    assert seen["requestParameters"]["keyUsage"] == "KEY_AGREEMENT"
    told = seen["responseElements"]["keyMetadata"]
    assert told["arn"] == answer["KeyMetadata"]["Arn"]
