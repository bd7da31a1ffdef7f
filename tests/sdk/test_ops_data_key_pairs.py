"""GenerateDataKeyPair and GenerateDataKeyPairWithoutPlaintext."""

import pytest
from cryptography.hazmat.primitives import serialization

from support import specs
from support.refusal import refused, shown

DRY = "The request would have succeeded, but the DryRun option is set."


@pytest.fixture
def key(made):
    return made("SYMMETRIC_DEFAULT", specs.CRYPT)


def public_half(pkcs8):
    return serialization.load_der_private_key(pkcs8, None).public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize("spec", specs.PAIRS)
def test_the_halves_of_a_pair_belong_together(kms, key, spec):
    context = {"tenant": "42"}
    answer = shown(kms.generate_data_key_pair(KeyId=key["KeyId"], KeyPairSpec=spec,
                                              EncryptionContext=context))
    blob, private, public = (answer.pop(name) for name in (
        "PrivateKeyCiphertextBlob", "PrivateKeyPlaintext", "PublicKey"))
    assert answer == {"KeyId": key["Arn"], "KeyPairSpec": spec,
                      "KeyMaterialId": key["CurrentKeyMaterialId"]}
    assert public_half(private) == public
    opened = kms.decrypt(CiphertextBlob=blob, EncryptionContext=context)
    assert opened["Plaintext"] == private
    assert opened["KeyId"] == key["Arn"]
    with refused("InvalidCiphertextException", ""):
        kms.decrypt(CiphertextBlob=blob)


@pytest.mark.parametrize("spec", specs.PAIRS)
def test_without_plaintext_the_private_half_is_only_encrypted(kms, key, spec):
    answer = shown(kms.generate_data_key_pair_without_plaintext(KeyId=key["KeyId"],
                                                                KeyPairSpec=spec))
    blob, public = answer.pop("PrivateKeyCiphertextBlob"), answer.pop("PublicKey")
    assert answer == {"KeyId": key["Arn"], "KeyPairSpec": spec,
                      "KeyMaterialId": key["CurrentKeyMaterialId"]}
    assert public_half(kms.decrypt(CiphertextBlob=blob)["Plaintext"]) == public


def calls(kms):
    return (kms.generate_data_key_pair, kms.generate_data_key_pair_without_plaintext)


def test_every_pair_is_another_one(kms, key):
    pairs = {call(KeyId=key["KeyId"], KeyPairSpec="ECC_NIST_P256")["PublicKey"]
             for call in calls(kms) for _ in range(3)}
    assert len(pairs) == 6


def test_a_pair_is_no_key_of_the_service(kms_as):
    kms = kms_as(account="121212121212")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    for call in calls(kms):
        call(KeyId=key, KeyPairSpec="ECC_NIST_P256")
    assert [k["KeyId"] for k in kms.list_keys()["Keys"]] == [key]


def test_the_private_half_moves_to_another_key(kms, key):
    other = kms.create_key()["KeyMetadata"]
    pair = kms.generate_data_key_pair(KeyId=key["KeyId"], KeyPairSpec="ECC_NIST_P384")
    moved = kms.re_encrypt(CiphertextBlob=pair["PrivateKeyCiphertextBlob"],
                           DestinationKeyId=other["KeyId"])["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=moved)["Plaintext"] == pair["PrivateKeyPlaintext"]


def test_only_symmetric_keys_encrypt_a_pair(kms, made):
    rsa = made("RSA_2048", specs.CRYPT)
    for call in calls(kms):
        for more in ({}, {"DryRun": True}):
            with refused("InvalidKeyUsageException",
                         "You cannot generate a data key pair with an asymmetric CMK"):
                call(KeyId=rsa["KeyId"], KeyPairSpec="ECC_NIST_P256", **more)
    for call in (kms.generate_data_key, kms.generate_data_key_without_plaintext):
        with refused("InvalidKeyUsageException",
                     "You cannot generate a data key with an asymmetric CMK"):
            call(KeyId=rsa["KeyId"], KeySpec="AES_256")
    mac = made("HMAC_256", specs.MAC)
    with refused("InvalidKeyUsageException",
                 f"{mac['Arn']} key usage is GENERATE_VERIFY_MAC which is not valid for "
                 "GenerateDataKeyPair."):
        kms.generate_data_key_pair(KeyId=mac["KeyId"], KeyPairSpec="RSA_2048")


def test_sm2_pairs_are_for_china_regions(kms, key):
    for call in calls(kms):
        for more in ({}, {"DryRun": True}):
            with refused("UnsupportedOperationException",
                         "Key spec SM2 is available in China Regions (partition aws-cn) "
                         "only."):
                call(KeyId=key["KeyId"], KeyPairSpec="SM2", **more)


@pytest.mark.parametrize("spec", ["ML_DSA_44", "SYMMETRIC_DEFAULT", "HMAC_256", "RSA_1024"])
def test_other_specs_are_no_pairs(lenient, key, spec):
    with refused("ValidationException") as caught:
        lenient.generate_data_key_pair(KeyId=key["KeyId"], KeyPairSpec=spec)
    assert caught.value.response["Error"]["Message"].startswith(
        f"1 validation error detected: Value '{spec}' at 'keyPairSpec' failed to satisfy "
        "constraint: Member must satisfy enum value set: [")


def test_the_state_comes_first(kms):
    key = kms.create_key()["KeyMetadata"]
    kms.disable_key(KeyId=key["KeyId"])
    for call in calls(kms):
        for spec in ("RSA_4096", "ECC_NIST_P256", "SM2"):
            with refused("DisabledException", f"{key['Arn']} is disabled."):
                call(KeyId=key["KeyId"], KeyPairSpec=spec)


def test_dry_runs_end_in_their_own_refusal_and_make_no_pair(kms, key):
    for call in calls(kms):
        for spec in specs.PAIRS:
            with refused("DryRunOperationException", DRY) as caught:
                call(KeyId=key["KeyId"], KeyPairSpec=spec, DryRun=True)
            assert "PublicKey" not in caught.value.response


def test_the_context_has_its_limit_here_too(kms, key):
    for call in calls(kms):
        with refused("ValidationException"):
            call(KeyId=key["KeyId"], KeyPairSpec="ECC_NIST_P256",
                 EncryptionContext={"k": "v" * 8192})
