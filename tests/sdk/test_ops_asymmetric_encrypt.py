"""Encrypt, Decrypt and ReEncrypt with RSA keys, alone and mixed with symmetric ones."""

import pytest

from support import specs
from support.refusal import refused, shown

RSA = [(spec, algorithm) for spec in specs.RSA for algorithm in specs.OAEP]
CONTEXT = ("EncryptionContext is not supported when encrypting/decrypting with asymmetric "
           "CMKs.")
WRONG_KEY = ("The key ID in the request does not identify a CMK that can perform this "
             "operation.")
DRY = "The request would have succeeded, but the DryRun option is set."


@pytest.fixture
def rsa(made):
    return made("RSA_2048", specs.CRYPT)


@pytest.mark.parametrize("spec, algorithm", RSA)
def test_what_is_encrypted_decrypts(kms, made, spec, algorithm):
    key, most = made(spec, specs.CRYPT), specs.PLAINTEXT_MAX[spec, algorithm]
    for plain in (b"\0", b"hello", b"x" * most):
        answer = shown(kms.encrypt(KeyId=key["KeyId"], Plaintext=plain,
                                   EncryptionAlgorithm=algorithm))
        blob = answer.pop("CiphertextBlob")
        assert answer == {"KeyId": key["Arn"], "EncryptionAlgorithm": algorithm}
        assert len(blob) == int(spec.split("_")[1]) // 8
        assert shown(kms.decrypt(KeyId=key["KeyId"], CiphertextBlob=blob,
                                 EncryptionAlgorithm=algorithm)) == {
            "KeyId": key["Arn"], "Plaintext": plain, "EncryptionAlgorithm": algorithm}


@pytest.mark.parametrize("spec, algorithm", RSA)
def test_one_byte_more_than_fits_is_refused_with_the_limit(kms, made, spec, algorithm):
    most = specs.PLAINTEXT_MAX[spec, algorithm]
    for n in (most + 1, 4096):
        with refused("ValidationException",
                     f"Algorithm {algorithm} and key spec {spec} cannot encrypt data larger "
                     f"than {most} bytes."):
            kms.encrypt(KeyId=made(spec, specs.CRYPT)["KeyId"], Plaintext=b"x" * n,
                        EncryptionAlgorithm=algorithm)


def test_encrypting_twice_gives_two_ciphertexts(kms, rsa):
    blobs = {kms.encrypt(KeyId=rsa["KeyId"], Plaintext=b"same",
                         EncryptionAlgorithm=specs.OAEP[0])["CiphertextBlob"]
             for _ in range(4)}
    assert len(blobs) == 4


@pytest.mark.parametrize("algorithm", specs.OAEP)
def test_whatever_is_wrong_with_a_ciphertext_looks_the_same(kms, rsa, made, algorithm):
    blob = kms.encrypt(KeyId=rsa["KeyId"], Plaintext=b"hello",
                       EncryptionAlgorithm=algorithm)["CiphertextBlob"]
    other = next(a for a in specs.OAEP if a != algorithm)
    flipped = bytes([blob[0] ^ 1]) + blob[1:]
    foreign = kms.encrypt(KeyId=made("RSA_3072", specs.CRYPT)["KeyId"], Plaintext=b"hello",
                          EncryptionAlgorithm=algorithm)["CiphertextBlob"]
    symmetric = kms.encrypt(KeyId=made("SYMMETRIC_DEFAULT", specs.CRYPT)["KeyId"],
                            Plaintext=b"hello")["CiphertextBlob"]
    for wrong in (flipped, blob[:-1], blob + b"\0", b"\0", b"\xff" * 256, b"\0" * 256,
                  foreign, symmetric):
        for more in ({}, {"DryRun": True}):
            with refused("InvalidCiphertextException", ""):
                kms.decrypt(KeyId=rsa["KeyId"], CiphertextBlob=wrong,
                            EncryptionAlgorithm=algorithm, **more)
    with refused("InvalidCiphertextException", ""):
        kms.decrypt(KeyId=rsa["KeyId"], CiphertextBlob=blob, EncryptionAlgorithm=other)


def test_an_asymmetric_ciphertext_names_no_key(kms, rsa, key_id):
    blob = kms.encrypt(KeyId=rsa["KeyId"], Plaintext=b"x",
                       EncryptionAlgorithm=specs.OAEP[1])["CiphertextBlob"]
    for algorithm in specs.OAEP:
        with refused("ValidationException", "KeyId must not be null"):
            kms.decrypt(CiphertextBlob=blob, EncryptionAlgorithm=algorithm)
        with refused("ValidationException", "SourceKeyId must not be null"):
            kms.re_encrypt(CiphertextBlob=blob, SourceEncryptionAlgorithm=algorithm,
                           DestinationKeyId=key_id)


def test_the_default_algorithm_is_not_that_of_an_rsa_key(kms, rsa, key_id):
    words = "Algorithm SYMMETRIC_DEFAULT is incompatible with key spec RSA_2048."
    with refused("InvalidKeyUsageException", words):
        kms.encrypt(KeyId=rsa["KeyId"], Plaintext=b"x")
    blob = kms.encrypt(KeyId=rsa["KeyId"], Plaintext=b"x",
                       EncryptionAlgorithm=specs.OAEP[1])["CiphertextBlob"]
    # The ciphertext is read first, and is none of a symmetric key.
    with refused("InvalidCiphertextException", ""):
        kms.decrypt(KeyId=rsa["KeyId"], CiphertextBlob=blob)
    with refused("InvalidCiphertextException", ""):
        kms.decrypt(CiphertextBlob=blob)
    with refused("InvalidCiphertextException", ""):
        kms.re_encrypt(CiphertextBlob=blob, SourceKeyId=rsa["KeyId"],
                       DestinationKeyId=key_id)
    symmetric = kms.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]
    with refused("IncorrectKeyException", WRONG_KEY):
        kms.decrypt(KeyId=rsa["KeyId"], CiphertextBlob=symmetric)
    with refused("InvalidKeyUsageException", words):
        kms.re_encrypt(CiphertextBlob=symmetric, DestinationKeyId=rsa["KeyId"])
    with refused("InvalidKeyUsageException", words):
        kms.decrypt(KeyId=rsa["KeyId"], DryRun=True,
                    DryRunModifiers=["IGNORE_CIPHERTEXT"])


def test_an_encryption_context_is_for_symmetric_keys(kms, rsa, key_id):
    ask = {"KeyId": rsa["KeyId"], "EncryptionAlgorithm": specs.OAEP[1]}
    blob = kms.encrypt(Plaintext=b"x", EncryptionContext={}, **ask)["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=blob, EncryptionContext={}, **ask)["Plaintext"] == b"x"
    source = {"SourceKeyId": rsa["KeyId"], "SourceEncryptionAlgorithm": specs.OAEP[1]}
    symmetric = kms.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]
    for call in (
            lambda: kms.encrypt(Plaintext=b"x", EncryptionContext={"a": "b"}, **ask),
            lambda: kms.decrypt(CiphertextBlob=blob, EncryptionContext={"a": "b"}, **ask),
            lambda: kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId=key_id,
                                   SourceEncryptionContext={"a": "b"}, **source),
            lambda: kms.re_encrypt(CiphertextBlob=symmetric, DestinationKeyId=rsa["KeyId"],
                                   DestinationEncryptionAlgorithm=specs.OAEP[1],
                                   DestinationEncryptionContext={"a": "b"})):
        with refused("ValidationException", CONTEXT):
            call()
    # The algorithm is looked at first.
    with refused("InvalidKeyUsageException"):
        kms.encrypt(KeyId=rsa["KeyId"], Plaintext=b"x", EncryptionContext={"a": "b"})


@pytest.mark.parametrize("source", ["RSA_2048", "RSA_4096", "SYMMETRIC_DEFAULT"])
@pytest.mark.parametrize("target", ["RSA_2048", "RSA_3072", "SYMMETRIC_DEFAULT"])
@pytest.mark.parametrize("algorithm", specs.OAEP)
def test_reencrypt_mixes_keys_of_all_kinds(kms, made, source, target, algorithm):
    def side(spec, context):
        symmetric = spec == "SYMMETRIC_DEFAULT"
        return (made(spec, specs.CRYPT), "SYMMETRIC_DEFAULT" if symmetric else algorithm,
                {"EncryptionContext": context} if symmetric else {})

    one, one_algorithm, one_context = side(source, {"a": "1"})
    two, two_algorithm, two_context = side(target, {"b": "2"})
    blob = kms.encrypt(KeyId=one["KeyId"], Plaintext=b"hello",
                       EncryptionAlgorithm=one_algorithm, **one_context)["CiphertextBlob"]
    answer = shown(kms.re_encrypt(
        CiphertextBlob=blob, SourceKeyId=one["KeyId"],
        SourceEncryptionAlgorithm=one_algorithm, DestinationKeyId=two["KeyId"],
        DestinationEncryptionAlgorithm=two_algorithm,
        **{f"Source{k}": v for k, v in one_context.items()},
        **{f"Destination{k}": v for k, v in two_context.items()}))
    moved = answer.pop("CiphertextBlob")
    expected = {"SourceKeyId": one["Arn"], "KeyId": two["Arn"],
                "SourceEncryptionAlgorithm": one_algorithm,
                "DestinationEncryptionAlgorithm": two_algorithm}
    if source == "SYMMETRIC_DEFAULT":
        expected["SourceKeyMaterialId"] = one["CurrentKeyMaterialId"]
    if target == "SYMMETRIC_DEFAULT":
        expected["DestinationKeyMaterialId"] = two["CurrentKeyMaterialId"]
    assert answer == expected
    assert kms.decrypt(KeyId=two["KeyId"], CiphertextBlob=moved,
                       EncryptionAlgorithm=two_algorithm, **two_context)[
        "Plaintext"] == b"hello"


def test_reencrypt_of_more_than_fits_is_refused_with_the_limit(kms, rsa, key_id):
    blob = kms.encrypt(KeyId=key_id, Plaintext=b"x" * 191)["CiphertextBlob"]
    with refused("ValidationException",
                 "Algorithm RSAES_OAEP_SHA_256 and key spec RSA_2048 cannot encrypt data "
                 "larger than 190 bytes."):
        kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId=rsa["KeyId"],
                       DestinationEncryptionAlgorithm="RSAES_OAEP_SHA_256")


def test_a_key_of_another_usage_or_state_is_refused_first(kms, made, key_id):
    signer = made("RSA_2048", specs.SIGN)
    words = f"{signer['Arn']} key usage is SIGN_VERIFY which is not valid for "
    with refused("InvalidKeyUsageException", words + "Encrypt."):
        kms.encrypt(KeyId=signer["KeyId"], Plaintext=b"x",
                    EncryptionAlgorithm=specs.OAEP[1])
    with refused("InvalidKeyUsageException", words + "Decrypt."):
        kms.decrypt(KeyId=signer["KeyId"], CiphertextBlob=b"x",
                    EncryptionAlgorithm=specs.OAEP[1], EncryptionContext={"a": "b"})
    key = kms.create_key(KeySpec="RSA_2048", KeyUsage=specs.CRYPT)["KeyMetadata"]
    kms.disable_key(KeyId=key["KeyId"])
    for more in ({"EncryptionAlgorithm": specs.OAEP[0]}, {},
                 {"EncryptionContext": {"a": "b"}}):
        with refused("DisabledException", f"{key['Arn']} is disabled."):
            kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x", **more)
        with refused("DisabledException", f"{key['Arn']} is disabled."):
            kms.decrypt(KeyId=key["KeyId"], CiphertextBlob=b"x" * 256, **more)


def test_dry_runs_end_in_their_own_refusal(kms, rsa, key_id):
    ask = {"KeyId": rsa["KeyId"], "EncryptionAlgorithm": specs.OAEP[0]}
    blob = kms.encrypt(Plaintext=b"x", **ask)["CiphertextBlob"]
    for call in (lambda: kms.encrypt(Plaintext=b"x", DryRun=True, **ask),
                 lambda: kms.decrypt(CiphertextBlob=blob, DryRun=True, **ask),
                 lambda: kms.decrypt(DryRun=True, DryRunModifiers=["IGNORE_CIPHERTEXT"],
                                     **ask),
                 lambda: kms.re_encrypt(CiphertextBlob=blob, SourceKeyId=rsa["KeyId"],
                                        SourceEncryptionAlgorithm=specs.OAEP[0],
                                        DestinationKeyId=key_id, DryRun=True)):
        with refused("DryRunOperationException", DRY):
            call()
