"""GetKeyLastUsage: what counts as a use, and when."""

from datetime import timedelta

import botocore.session
from botocore import xform_name
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from support import audit, clients
from support.daemon import wait_for
from support.refusal import refused, shown

DAY_S = 86400
PEER = ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(
    serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def last(kms, key):
    return kms.get_key_last_usage(KeyId=key)["KeyLastUsage"]


def key_of(kms, spec="SYMMETRIC_DEFAULT", usage="ENCRYPT_DECRYPT"):
    return kms.create_key(KeySpec=spec, KeyUsage=usage)["KeyMetadata"]["Arn"]


def test_a_key_that_was_never_used_says_so(kms):
    made = kms.create_key()["KeyMetadata"]
    answer = shown(kms.get_key_last_usage(KeyId=made["KeyId"]))
    assert answer == {"KeyId": made["Arn"], "KeyLastUsage": {},
                      "KeyCreationDate": made["CreationDate"],
                      "TrackingStartDate": made["CreationDate"]}


def uses(kms):
    """operation -> (key, request)."""
    aes, sign = key_of(kms), key_of(kms, "ECC_NIST_P256", "SIGN_VERIFY")
    mac, agree = (key_of(kms, "HMAC_256", "GENERATE_VERIFY_MAC"),
                  key_of(kms, "ECC_NIST_P256", "KEY_AGREEMENT"))
    blob = kms.encrypt(KeyId=aes, Plaintext=b"x")["CiphertextBlob"]
    signed = {"Message": b"m", "SigningAlgorithm": "ECDSA_SHA_256"}
    maced = {"Message": b"m", "MacAlgorithm": "HMAC_SHA_256"}
    return {
        "Encrypt": (aes, {"KeyId": aes, "Plaintext": b"x"}),
        "Decrypt": (aes, {"CiphertextBlob": blob}),
        "ReEncrypt": (aes, {"CiphertextBlob": blob, "DestinationKeyId": aes}),
        "GenerateDataKey": (aes, {"KeyId": aes, "KeySpec": "AES_256"}),
        "GenerateDataKeyWithoutPlaintext": (aes, {"KeyId": aes, "KeySpec": "AES_256"}),
        "GenerateDataKeyPair": (aes, {"KeyId": aes, "KeyPairSpec": "ECC_NIST_P256"}),
        "GenerateDataKeyPairWithoutPlaintext": (
            aes, {"KeyId": aes, "KeyPairSpec": "ECC_NIST_P256"}),
        "Sign": (sign, {"KeyId": sign, **signed}),
        "Verify": (sign, {"KeyId": sign, **signed, "Signature": kms.sign(
            KeyId=sign, **signed)["Signature"]}),
        "GenerateMac": (mac, {"KeyId": mac, **maced}),
        "VerifyMac": (mac, {"KeyId": mac, **maced, "Mac": kms.generate_mac(
            KeyId=mac, **maced)["Mac"]}),
        "DeriveSharedSecret": (agree, {"KeyId": agree, "KeyAgreementAlgorithm": "ECDH",
                                       "PublicKey": PEER}),
    }


def test_every_tracked_operation_is_a_use(kms, kmsd_dev):
    model = botocore.session.get_session().get_service_model("kms")
    tracked = set(model.shape_for("KeyLastUsageTrackingOperation").enum)
    cases = uses(kms)
    assert set(cases) == tracked - {"Encapsulate", "Decapsulate"}
    for operation, (key, request) in cases.items():
        answer = getattr(kms, xform_name(operation))(**request)
        use = last(kms, key)
        assert set(use) == {"Operation", "Timestamp", "CloudTrailEventId", "KmsRequestId"}
        assert use["Operation"] == operation
        assert use["KmsRequestId"] == answer["ResponseMetadata"]["RequestId"]
        record = audit.by_request(kmsd_dev.data, use["KmsRequestId"])
        assert record["eventID"] == use["CloudTrailEventId"]
        assert record["eventName"] == operation


def test_re_encrypt_is_a_use_of_both_keys(kms):
    source, destination = key_of(kms), key_of(kms)
    blob = kms.encrypt(KeyId=source, Plaintext=b"x")["CiphertextBlob"]
    assert last(kms, destination) == {}
    answer = kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId=destination)
    for key in (source, destination):
        assert last(kms, key)["Operation"] == "ReEncrypt"
        assert last(kms, key)["KmsRequestId"] == answer["ResponseMetadata"]["RequestId"]


def test_looking_at_a_key_is_no_use(kms):
    key = key_of(kms, "RSA_2048", "ENCRYPT_DECRYPT")
    kms.get_public_key(KeyId=key)
    kms.describe_key(KeyId=key)
    kms.get_key_policy(KeyId=key)
    kms.list_grants(KeyId=key)
    kms.update_key_description(KeyId=key, Description="not a use")
    kms.tag_resource(KeyId=key, Tags=[{"TagKey": "a", "TagValue": "b"}])
    kms.disable_key(KeyId=key)
    kms.get_key_last_usage(KeyId=key)
    assert last(kms, key) == {}


def test_what_fails_is_no_use(kms):
    key, other = key_of(kms), key_of(kms)
    foreign = kms.encrypt(KeyId=other, Plaintext=b"x")["CiphertextBlob"]
    blob = kms.encrypt(KeyId=other, Plaintext=b"x",
                       EncryptionContext={"a": "b"})["CiphertextBlob"]
    before = last(kms, other)
    with refused("IncorrectKeyException"):
        kms.decrypt(KeyId=key, CiphertextBlob=foreign)
    with refused("InvalidCiphertextException"):
        kms.decrypt(CiphertextBlob=blob)
    with refused("InvalidCiphertextException"):
        kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId=key)
    with refused("DryRunOperationException"):
        kms.encrypt(KeyId=key, Plaintext=b"x", DryRun=True)
    kms.disable_key(KeyId=key)
    with refused("DisabledException"):
        kms.encrypt(KeyId=key, Plaintext=b"x")
    assert last(kms, key) == {} and last(kms, other) == before


def test_a_use_by_alias_is_a_use_of_its_key(kms):
    key = key_of(kms)
    alias = f"alias/used-{key[-12:]}"
    kms.create_alias(AliasName=alias, TargetKeyId=key)
    kms.encrypt(KeyId=alias, Plaintext=b"x")
    assert last(kms, key)["Operation"] == "Encrypt"


def test_a_key_is_asked_by_id_or_arn_in_any_state_by_its_account(kms, kms_as):
    key = key_of(kms)
    use = kms.encrypt(KeyId=key, Plaintext=b"x")["ResponseMetadata"]["RequestId"]
    assert last(kms, key.split("/")[1])["KmsRequestId"] == use
    kms.disable_key(KeyId=key)
    assert last(kms, key)["KmsRequestId"] == use
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert last(kms, key)["KmsRequestId"] == use
    with refused("InvalidArnException", "Key Aliases are not supported for this operation."):
        kms.get_key_last_usage(KeyId="alias/any")
    absent = key[:-12] + "0" * 12
    with refused("NotFoundException", f"Key '{absent}' does not exist"):
        kms.get_key_last_usage(KeyId=absent)
    with refused("AccessDeniedException"):
        kms_as(account="444455556666").get_key_last_usage(KeyId=key)


def test_relatives_in_other_regions_are_tracked_apart(kms, kms_as):
    primary = kms.create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
    there = kms_as(region="eu-west-1")
    kms.replicate_key(KeyId=primary, ReplicaRegion="eu-west-1")
    wait_for("the replica", lambda: there.describe_key(
        KeyId=primary)["KeyMetadata"]["KeyState"] == "Enabled")
    there.encrypt(KeyId=primary, Plaintext=b"x")
    assert last(kms, primary) == {}
    assert last(there, primary)["Operation"] == "Encrypt"


def test_times_follow_the_clock_and_outlive_a_restart(kmsd_own):
    kms = clients.plain(kmsd_own)
    key = key_of(kms)
    first = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    before = last(kms, key)["Timestamp"]
    kmsd_own.clock(advance_s=100 * DAY_S)
    kms.decrypt(CiphertextBlob=first)
    use = last(kms, key)
    assert timedelta(days=99) < use["Timestamp"] - before < timedelta(days=101)
    kmsd_own.restart()
    kms = clients.plain(kmsd_own)
    answer = kms.get_key_last_usage(KeyId=key)
    assert answer["KeyLastUsage"] == use
    assert answer["KeyCreationDate"] == answer["TrackingStartDate"]


def test_a_deleted_key_leaves_no_trace(kmsd_own):
    kms = clients.plain(kmsd_own)
    key = key_of(kms)
    kms.encrypt(KeyId=key, Plaintext=b"x")
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    kmsd_own.clock(advance_s=8 * DAY_S)
    with refused("NotFoundException", f"Key '{key}' does not exist"):
        kms.get_key_last_usage(KeyId=key)


def test_the_newest_of_many_uses_is_kept(kms):
    key = key_of(kms)
    for _ in range(50):
        answer = kms.generate_data_key(KeyId=key, KeySpec="AES_128")
    assert last(kms, key)["KmsRequestId"] == answer["ResponseMetadata"]["RequestId"]
