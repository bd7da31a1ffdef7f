"""DryRun and DryRunModifiers on every operation that has them.

A dry run goes through every check, ends in DryRunOperationException, changes nothing and is
no use of a key.
"""

import botocore.session
import pytest
from botocore import xform_name
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from support import audit
from support.grants import ALICE, grant, grants_of
from support.refusal import refused, shown

SUCCEEDED = "The request would have succeeded, but the DryRun option is set."
# Operations of the model that kmsd does not know: there are no keys for them.
UNKNOWN = {"Encapsulate", "Decapsulate"}

PEER = ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(
    serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def with_dry_run():
    """The operations that have DryRun, as botocore's model says."""
    model = botocore.session.get_session().get_service_model("kms")
    return {name for name in model.operation_names
            if "DryRun" in model.operation_model(name).input_shape.members} - UNKNOWN


class Keys:
    """A key of each usage, and what was made with them."""

    def __init__(self, kms):
        def make(**kind):
            return kms.create_key(**kind)["KeyMetadata"]["Arn"]
        self.kms = kms
        self.aes, self.other = make(), make()
        self.rsa = make(KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")
        self.sign = make(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
        self.agree = make(KeySpec="ECC_NIST_P256", KeyUsage="KEY_AGREEMENT")
        self.hmac = make(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")
        self.all = (self.aes, self.other, self.rsa, self.sign, self.agree, self.hmac)
        self.blob = kms.encrypt(KeyId=self.aes, Plaintext=b"x",
                                EncryptionContext={"a": "b"})["CiphertextBlob"]
        self.by_rsa = kms.encrypt(KeyId=self.rsa, Plaintext=b"x",
                                  EncryptionAlgorithm="RSAES_OAEP_SHA_256")["CiphertextBlob"]
        self.signature = kms.sign(KeyId=self.sign, Message=b"m",
                                  SigningAlgorithm="ECDSA_SHA_256")["Signature"]
        self.mac = kms.generate_mac(KeyId=self.hmac, Message=b"m",
                                    MacAlgorithm="HMAC_SHA_256")["Mac"]
        self.grant = grant(kms, self.aes, RetiringPrincipal=ALICE)


@pytest.fixture(scope="module")
def keys(kms):
    return Keys(kms)


def requests(k):
    """name of a case -> (operation, a request that would succeed)."""
    aes, context = {"KeyId": k.aes}, {"EncryptionContext": {"a": "b"}}
    oaep = {"EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}
    signed = {"KeyId": k.sign, "Message": b"m", "SigningAlgorithm": "ECDSA_SHA_256"}
    mac = {"KeyId": k.hmac, "Message": b"m", "MacAlgorithm": "HMAC_SHA_256"}
    from_aes = {"CiphertextBlob": k.blob, "SourceEncryptionContext": {"a": "b"}}
    return {
        "CreateGrant": ("CreateGrant", {**aes, "GranteePrincipal": ALICE,
                                        "Operations": ["Encrypt"]}),
        "CreateGrant named": ("CreateGrant", {**aes, "GranteePrincipal": ALICE, "Name": "n",
                                              "Operations": ["Encrypt"]}),
        "RetireGrant by token": ("RetireGrant", {"GrantToken": k.grant["GrantToken"]}),
        "RetireGrant by id": ("RetireGrant", {**aes, "GrantId": k.grant["GrantId"]}),
        "RevokeGrant": ("RevokeGrant", {**aes, "GrantId": k.grant["GrantId"]}),
        "Encrypt": ("Encrypt", {**aes, **context, "Plaintext": b"x"}),
        "Encrypt by RSA": ("Encrypt", {"KeyId": k.rsa, "Plaintext": b"x", **oaep}),
        "Decrypt": ("Decrypt", {"CiphertextBlob": k.blob, **context}),
        "Decrypt by RSA": ("Decrypt", {"KeyId": k.rsa, "CiphertextBlob": k.by_rsa, **oaep}),
        "ReEncrypt": ("ReEncrypt", {**from_aes, "DestinationKeyId": k.other}),
        "ReEncrypt to RSA": ("ReEncrypt", {
            **from_aes, "DestinationKeyId": k.rsa,
            "DestinationEncryptionAlgorithm": "RSAES_OAEP_SHA_1"}),
        "GenerateDataKey": ("GenerateDataKey", {**aes, "KeySpec": "AES_256"}),
        "GenerateDataKeyWithoutPlaintext": ("GenerateDataKeyWithoutPlaintext",
                                            {**aes, "NumberOfBytes": 7}),
        "GenerateDataKeyPair": ("GenerateDataKeyPair", {**aes, "KeyPairSpec": "RSA_4096"}),
        "GenerateDataKeyPairWithoutPlaintext": (
            "GenerateDataKeyPairWithoutPlaintext", {**aes, "KeyPairSpec": "ECC_NIST_P384"}),
        "Sign": ("Sign", signed),
        "Verify": ("Verify", {**signed, "Signature": k.signature}),
        "GenerateMac": ("GenerateMac", mac),
        "VerifyMac": ("VerifyMac", {**mac, "Mac": k.mac}),
        "DeriveSharedSecret": ("DeriveSharedSecret", {
            "KeyId": k.agree, "KeyAgreementAlgorithm": "ECDH", "PublicKey": PEER}),
    }


def call(kms, operation, request, **more):
    return getattr(kms, xform_name(operation))(**{**request, **more})


def state_of(k):
    """All that could have changed."""
    return {key: (k.kms.get_key_last_usage(KeyId=key)["KeyLastUsage"],
                  k.kms.describe_key(KeyId=key)["KeyMetadata"], grants_of(k.kms, key))
            for key in k.all}


def test_every_operation_with_dry_run_is_here(keys):
    assert {operation for operation, _ in requests(keys).values()} == with_dry_run()


def test_a_dry_run_changes_nothing_and_is_no_use(kms, keys):
    before = state_of(keys)
    for case, (operation, request) in requests(keys).items():
        with refused("DryRunOperationException", SUCCEEDED):
            call(kms, operation, request, DryRun=True)
        assert state_of(keys) == before, case


def test_a_false_dry_run_is_none(kms, keys):
    answer = kms.encrypt(KeyId=keys.aes, Plaintext=b"x", DryRun=False)
    assert shown(answer)["CiphertextBlob"]


def test_a_dry_run_has_a_record_that_says_so(kms, kmsd_dev, keys):
    for operation, request in requests(keys).values():
        with refused("DryRunOperationException") as caught:
            call(kms, operation, request, DryRun=True)
        record = audit.by_request(
            kmsd_dev.data, caught.value.response["ResponseMetadata"]["RequestId"])
        assert record["eventName"] == operation
        assert record["errorCode"] == "DryRunOperationException"
        assert record["requestParameters"]["dryRun"] is True
        assert record["responseElements"] is None


def failures(k):
    """(what is wrong, operation, request, code, words)."""
    good = {operation: request
            for operation, request in reversed(requests(k).values())}
    absent = k.aes[:-12] + "0" * 12

    def but(operation, **changes):
        return operation, {**good[operation], **changes}

    yield "wrong context", *but("Decrypt", EncryptionContext={}), \
        "InvalidCiphertextException", ""
    yield "wrong key", *but("Decrypt", KeyId=k.other, CiphertextBlob=k.blob,
                            EncryptionAlgorithm="SYMMETRIC_DEFAULT"), \
        "IncorrectKeyException", None
    yield "wrong signature", *but("Verify", Message=b"n"), "KMSInvalidSignatureException", ""
    yield "wrong MAC", *but("VerifyMac", Message=b"n"), "KMSInvalidMacException", ""
    yield "wrong peer", *but("DeriveSharedSecret", PublicKey=b"x"), "ValidationException", ""
    yield "wrong algorithm", *but("Sign", SigningAlgorithm="ECDSA_SHA_384"), \
        "InvalidKeyUsageException", None
    yield "wrong usage", *but("GenerateDataKey", KeyId=k.sign), \
        "InvalidKeyUsageException", None
    yield "too long", *but("Encrypt", KeyId=k.rsa, Plaintext=b"x" * 191,
                           EncryptionContext={},
                           EncryptionAlgorithm="RSAES_OAEP_SHA_256"), \
        "ValidationException", None
    yield "no such key", *but("GenerateMac", KeyId=absent), "NotFoundException", \
        f"Key '{absent}' does not exist"
    yield "no such grant", *but("RevokeGrant", GrantId="0" * 64), "NotFoundException", None
    yield "no such token", *but("RetireGrant", GrantToken="x"), \
        "InvalidGrantTokenException", ""
    yield "not for this key", *but("CreateGrant", Operations=["Sign"]), \
        "ValidationException", None
    yield "garbled token", *but("Encrypt", GrantTokens=["x"]), \
        "InvalidGrantTokenException", ""


def test_what_would_fail_fails_as_itself(kms, keys):
    for _, operation, request, code, words in failures(keys):
        with refused(code, words):
            call(kms, operation, request, DryRun=True)


def test_the_state_of_the_key_is_looked_at(kms):
    own = Keys(kms)
    for key in own.all:
        kms.disable_key(KeyId=key)
    for case, (operation, request) in requests(own).items():
        if operation in ("RetireGrant", "RevokeGrant"):
            with refused("DryRunOperationException", SUCCEEDED):
                call(kms, operation, request, DryRun=True)
        else:
            with refused("DisabledException"):
                call(kms, operation, request, DryRun=True)


# --- DryRunModifiers ---------------------------------------------------------------------

IGNORE = {"DryRun": True, "DryRunModifiers": ["IGNORE_CIPHERTEXT"]}


def modified(k):
    """Requests that would succeed with IGNORE_CIPHERTEXT."""
    to = {"DestinationKeyId": k.other}
    return [
        ("Decrypt", {"KeyId": k.aes}),
        ("Decrypt", {"KeyId": k.aes, "CiphertextBlob": b"garbage"}),
        ("Decrypt", {"KeyId": k.other, "CiphertextBlob": k.blob}),
        ("Decrypt", {"KeyId": k.rsa, "EncryptionAlgorithm": "RSAES_OAEP_SHA_1"}),
        ("ReEncrypt", {"SourceKeyId": k.aes, **to}),
        ("ReEncrypt", {"SourceKeyId": k.aes, "CiphertextBlob": b"garbage", **to}),
        ("ReEncrypt", {"SourceKeyId": k.other, "CiphertextBlob": k.blob, **to}),
        ("ReEncrypt", {"SourceKeyId": k.rsa, "DestinationKeyId": k.aes,
                       "SourceEncryptionAlgorithm": "RSAES_OAEP_SHA_1"}),
    ]


def test_a_modified_dry_run_needs_no_ciphertext(kms, keys):
    before = state_of(keys)
    for operation, request in modified(keys):
        with refused("DryRunOperationException", SUCCEEDED):
            call(kms, operation, request, **IGNORE)
    assert state_of(keys) == before


def test_a_modified_dry_run_names_its_key(kms, keys):
    null = ("1 validation error detected: Value null at '{}' failed to satisfy constraint: "
            "Member must not be null")
    with refused("ValidationException", null.format("keyId")):
        kms.decrypt(CiphertextBlob=keys.blob, **IGNORE)
    with refused("ValidationException", null.format("sourceKeyId")):
        kms.re_encrypt(CiphertextBlob=keys.blob, DestinationKeyId=keys.other, **IGNORE)


def test_modifiers_are_for_dry_runs(kms, keys):
    words = "DryRunModifiers can only be used when DryRun is true."
    for off in ({}, {"DryRun": False}):
        with refused("ValidationException", words):
            kms.decrypt(KeyId=keys.aes, DryRunModifiers=["IGNORE_CIPHERTEXT"], **off)
        with refused("ValidationException", words):
            kms.re_encrypt(SourceKeyId=keys.aes, DestinationKeyId=keys.other,
                           DryRunModifiers=["IGNORE_CIPHERTEXT"], **off)
    with refused("ValidationException"):
        kms.decrypt(KeyId=keys.aes, DryRun=True, DryRunModifiers=["IGNORE_EVERYTHING"])


def test_without_modifiers_a_ciphertext_is_needed(kms, keys):
    null = ("1 validation error detected: Value null at 'ciphertextBlob' failed to satisfy "
            "constraint: Member must not be null")
    for modifiers in ({}, {"DryRunModifiers": []}):
        with refused("ValidationException", null):
            kms.decrypt(KeyId=keys.aes, DryRun=True, **modifiers)
        with refused("ValidationException", null):
            kms.re_encrypt(SourceKeyId=keys.aes, DestinationKeyId=keys.other, DryRun=True,
                           **modifiers)


def test_a_modified_dry_run_still_looks_at_the_key(kms, keys):
    off = kms.create_key()["KeyMetadata"]["Arn"]
    kms.disable_key(KeyId=off)
    with refused("DisabledException", f"{off} is disabled."):
        kms.decrypt(KeyId=off, **IGNORE)
    with refused("DisabledException", f"{off} is disabled."):
        kms.re_encrypt(SourceKeyId=off, DestinationKeyId=keys.other, **IGNORE)
    with refused("DisabledException", f"{off} is disabled."):
        kms.re_encrypt(SourceKeyId=keys.aes, DestinationKeyId=off, **IGNORE)
    with refused("InvalidKeyUsageException"):
        kms.decrypt(KeyId=keys.sign, **IGNORE)
    absent = off[:-12] + "0" * 12
    with refused("NotFoundException", f"Key '{absent}' does not exist"):
        kms.decrypt(KeyId=absent, **IGNORE)
