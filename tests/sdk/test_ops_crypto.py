"""Encrypt, Decrypt, ReEncrypt, the data keys and GenerateRandom."""

import pytest

from support.denial import user, veiled_ciphertext
from support.refusal import refused, shown

WRONG_KEY = ("The key ID in the request does not identify a CMK that can perform this "
             "operation.")
DRY = "The request would have succeeded, but the DryRun option is set."


def new_key(kms):
    return kms.create_key()["KeyMetadata"]


def test_encrypt_answers_with_these_members(kms, key_id):
    answer = kms.encrypt(KeyId=key_id, Plaintext=b"hello")
    assert set(shown(answer)) == {"CiphertextBlob", "EncryptionAlgorithm", "KeyId"}
    assert answer["EncryptionAlgorithm"] == "SYMMETRIC_DEFAULT"
    assert answer["KeyId"].endswith(":key/" + key_id)
    assert b"hello" not in answer["CiphertextBlob"]


def test_decrypt_answers_with_these_members(kms):
    key = new_key(kms)
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"hello")["CiphertextBlob"]
    assert shown(kms.decrypt(CiphertextBlob=blob)) == {
        "Plaintext": b"hello", "EncryptionAlgorithm": "SYMMETRIC_DEFAULT",
        "KeyId": key["Arn"], "KeyMaterialId": key["CurrentKeyMaterialId"]}


@pytest.mark.parametrize("plain", [b"\0", bytes(range(256)), b"x" * 4096],
                         ids=["one byte", "all bytes", "4096 bytes"])
def test_what_goes_in_comes_out(kms, key_id, plain):
    blob = kms.encrypt(KeyId=key_id, Plaintext=plain)["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == plain
    assert len(blob) <= 6144


def test_encrypting_twice_gives_two_ciphertexts(kms, key_id):
    blobs = {kms.encrypt(KeyId=key_id, Plaintext=b"same")["CiphertextBlob"]
             for _ in range(8)}
    assert len(blobs) == 8


def test_4097_bytes_are_too_many_and_are_not_repeated(kms, key_id):
    with refused("ValidationException",
                 "1 validation error detected: Value at 'plaintext' failed to satisfy "
                 "constraint: Member must have length less than or equal to 4096"):
        kms.encrypt(KeyId=key_id, Plaintext=b"x" * 4097)


def test_an_algorithm_of_another_spec_is_refused(kms, key_id):
    words = "Algorithm RSAES_OAEP_SHA_256 is incompatible with key spec SYMMETRIC_DEFAULT."
    blob = kms.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]
    calls = [
        lambda **more: kms.encrypt(KeyId=key_id, Plaintext=b"x",
                                   EncryptionAlgorithm="RSAES_OAEP_SHA_256", **more),
        lambda **more: kms.decrypt(KeyId=key_id, CiphertextBlob=blob,
                                   EncryptionAlgorithm="RSAES_OAEP_SHA_256", **more),
        lambda **more: kms.re_encrypt(CiphertextBlob=blob, SourceKeyId=key_id,
                                      SourceEncryptionAlgorithm="RSAES_OAEP_SHA_256",
                                      DestinationKeyId=key_id, **more),
        lambda **more: kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId=key_id,
                                      DestinationEncryptionAlgorithm="RSAES_OAEP_SHA_256",
                                      **more)]
    for call in calls:
        for more in ({}, {"DryRun": True}):
            with refused("InvalidKeyUsageException", words):
                call(**more)


def test_a_disabled_key_says_so_before_anything_else(kms, key_id):
    blob = kms.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]
    other = new_key(kms)["KeyId"]
    kms.disable_key(KeyId=key_id)
    words = f"arn:aws:kms:us-east-1:111122223333:key/{key_id} is disabled."
    for call in (
            lambda: kms.encrypt(KeyId=key_id, Plaintext=b"x"),
            lambda: kms.encrypt(KeyId=key_id, Plaintext=b"x", DryRun=True),
            lambda: kms.encrypt(KeyId=key_id, Plaintext=b"x",
                                EncryptionAlgorithm="RSAES_OAEP_SHA_1"),
            lambda: kms.decrypt(CiphertextBlob=blob),
            lambda: kms.decrypt(CiphertextBlob=blob, EncryptionContext={"a": "b"}),
            lambda: kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId=other),
            lambda: kms.generate_data_key(KeyId=key_id, KeySpec="AES_256"),
            lambda: kms.generate_data_key_without_plaintext(KeyId=key_id,
                                                            KeySpec="AES_256")):
        with refused("DisabledException", words):
            call()
    good = kms.encrypt(KeyId=other, Plaintext=b"x")["CiphertextBlob"]
    with refused("DisabledException", words):
        kms.re_encrypt(CiphertextBlob=good, DestinationKeyId=key_id)
    kms.enable_key(KeyId=key_id)
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


def test_the_key_of_a_ciphertext_may_be_named_but_no_other(kms):
    key, other = new_key(kms), new_key(kms)
    blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    for name in (key["KeyId"], key["Arn"]):
        assert kms.decrypt(CiphertextBlob=blob, KeyId=name)["Plaintext"] == b"x"
    for name in (other["KeyId"], other["Arn"]):
        with refused("IncorrectKeyException", WRONG_KEY):
            kms.decrypt(CiphertextBlob=blob, KeyId=name)
        with refused("IncorrectKeyException", WRONG_KEY):
            kms.re_encrypt(CiphertextBlob=blob, SourceKeyId=name,
                           DestinationKeyId=key["KeyId"])


def test_a_ciphertext_of_another_account_or_region_names_no_key(kms, kms_as, key_id):
    blob = kms.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]
    for account, region in (("777766665555", "us-east-1"), ("111122223333", "eu-west-1")):
        stranger, caller = kms_as(account=account, region=region), user(account)
        own = new_key(stranger)["KeyId"]
        with refused("AccessDeniedException", veiled_ciphertext(caller)):
            stranger.decrypt(CiphertextBlob=blob)
        with refused("AccessDeniedException", veiled_ciphertext(caller, "ReEncryptFrom")):
            stranger.re_encrypt(CiphertextBlob=blob, DestinationKeyId=own)
        with refused("IncorrectKeyException", WRONG_KEY):
            stranger.decrypt(CiphertextBlob=blob, KeyId=own)


def test_a_context_of_8192_bytes_passes_and_a_larger_one_does_not(kms, key_id):
    overhead = 2 + 2 + len("k") + 2
    largest = {"k": "v" * (8192 - overhead)}
    blob = kms.encrypt(KeyId=key_id, Plaintext=b"x",
                       EncryptionContext=largest)["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=blob, EncryptionContext=largest)["Plaintext"] == b"x"
    with refused("ValidationException"):
        kms.encrypt(KeyId=key_id, Plaintext=b"x",
                    EncryptionContext={"k": largest["k"] + "v"})


def test_reencrypt_answers_with_these_members_and_keeps_the_plaintext(kms):
    source, target = new_key(kms), new_key(kms)
    blob = kms.encrypt(KeyId=source["KeyId"], Plaintext=b"hello",
                       EncryptionContext={"a": "1"})["CiphertextBlob"]
    answer = shown(kms.re_encrypt(
        CiphertextBlob=blob, SourceEncryptionContext={"a": "1"}, SourceKeyId=source["Arn"],
        DestinationKeyId=target["KeyId"], DestinationEncryptionContext={"b": "2"}))
    moved = answer.pop("CiphertextBlob")
    assert answer == {
        "SourceKeyId": source["Arn"], "KeyId": target["Arn"],
        "SourceEncryptionAlgorithm": "SYMMETRIC_DEFAULT",
        "DestinationEncryptionAlgorithm": "SYMMETRIC_DEFAULT",
        "SourceKeyMaterialId": source["CurrentKeyMaterialId"],
        "DestinationKeyMaterialId": target["CurrentKeyMaterialId"]}
    opened = kms.decrypt(CiphertextBlob=moved, EncryptionContext={"b": "2"})
    assert (opened["Plaintext"], opened["KeyId"]) == (b"hello", target["Arn"])
    with refused("InvalidCiphertextException", ""):
        kms.decrypt(CiphertextBlob=moved, EncryptionContext={"a": "1"})


def test_reencrypt_to_the_same_key_is_fine(kms, key_id):
    blob = kms.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]
    again = kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId=key_id)["CiphertextBlob"]
    assert again != blob
    assert kms.decrypt(CiphertextBlob=again)["Plaintext"] == b"x"


@pytest.mark.parametrize("how, length", [
    ({"KeySpec": "AES_128"}, 16), ({"KeySpec": "AES_256"}, 32), ({"NumberOfBytes": 1}, 1),
    ({"NumberOfBytes": 1024}, 1024)], ids=str)
def test_a_data_key_decrypts_to_itself(kms, how, length):
    key = new_key(kms)
    answer = kms.generate_data_key(KeyId=key["KeyId"], EncryptionContext={"a": "b"}, **how)
    assert set(shown(answer)) == {"CiphertextBlob", "Plaintext", "KeyId", "KeyMaterialId"}
    assert len(answer["Plaintext"]) == length
    assert answer["KeyId"] == key["Arn"]
    assert answer["KeyMaterialId"] == key["CurrentKeyMaterialId"]
    opened = kms.decrypt(CiphertextBlob=answer["CiphertextBlob"],
                         EncryptionContext={"a": "b"})
    assert opened["Plaintext"] == answer["Plaintext"]

    hidden = kms.generate_data_key_without_plaintext(
        KeyId=key["KeyId"], EncryptionContext={"a": "b"}, **how)
    assert set(shown(hidden)) == {"CiphertextBlob", "KeyId", "KeyMaterialId"}
    assert hidden["KeyMaterialId"] == key["CurrentKeyMaterialId"]
    opened = kms.decrypt(CiphertextBlob=hidden["CiphertextBlob"],
                         EncryptionContext={"a": "b"})
    assert len(opened["Plaintext"]) == length


def test_data_keys_differ(kms, key_id):
    keys = {kms.generate_data_key(KeyId=key_id, KeySpec="AES_256")["Plaintext"]
            for _ in range(16)}
    assert len(keys) == 16


@pytest.mark.parametrize("how", [{}, {"KeySpec": "AES_256", "NumberOfBytes": 32}], ids=str)
def test_a_data_key_has_exactly_one_length_whatever_the_key(kms, key_id, how):
    for call in (kms.generate_data_key, kms.generate_data_key_without_plaintext):
        for key in (key_id, "01234567-89ab-cdef-0123-456789abcdef"):
            with refused("ValidationException",
                         "Please specify either number of bytes or key spec."):
                call(KeyId=key, **how)


@pytest.mark.parametrize("n", [0, 1025])
def test_the_length_of_random_bytes_has_bounds(kms, key_id, n):
    rule = ("greater than or equal to 1" if n == 0 else "less than or equal to 1024")
    words = (f"1 validation error detected: Value '{n}' at 'numberOfBytes' failed to satisfy "
             f"constraint: Member must have value {rule}")
    lenient = _lenient(kms)
    with refused("ValidationException", words):
        lenient.generate_random(NumberOfBytes=n)
    with refused("ValidationException", words):
        lenient.generate_data_key(KeyId=key_id, NumberOfBytes=n)


def _lenient(kms):
    """The same client without botocore's own checks."""
    import boto3
    from botocore.config import Config
    return boto3.session.Session().client(
        "kms", region_name="us-east-1", endpoint_url=kms.meta.endpoint_url,
        aws_access_key_id="111122223333", aws_secret_access_key="anything",
        config=Config(parameter_validation=False, retries={"max_attempts": 0}))


def test_random_bytes_are_as_many_as_asked_and_differ(kms):
    for n in (1, 32, 1024):
        answer = kms.generate_random(NumberOfBytes=n)
        assert set(shown(answer)) == {"Plaintext"}
        assert len(answer["Plaintext"]) == n
    assert len({kms.generate_random(NumberOfBytes=16)["Plaintext"] for _ in range(32)}) == 32
    with refused("ValidationException", "NumberOfBytes is required."):
        kms.generate_random()


def test_dry_runs_end_in_their_own_refusal_and_leave_nothing(kms, key_id):
    blob = kms.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]
    calls = (
        lambda: kms.encrypt(KeyId=key_id, Plaintext=b"x", DryRun=True),
        lambda: kms.decrypt(CiphertextBlob=blob, DryRun=True),
        lambda: kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId=key_id, DryRun=True),
        lambda: kms.generate_data_key(KeyId=key_id, KeySpec="AES_256", DryRun=True),
        lambda: kms.generate_data_key_without_plaintext(KeyId=key_id, KeySpec="AES_256",
                                                        DryRun=True))
    for call in calls:
        with refused("DryRunOperationException", DRY) as caught:
            call()
        assert set(caught.value.response) <= {"Error", "ResponseMetadata", "message"}
    assert kms.encrypt(KeyId=key_id, Plaintext=b"x", DryRun=False)
    # What would have failed fails as itself.
    with refused("InvalidCiphertextException", ""):
        kms.decrypt(CiphertextBlob=blob[:-1], DryRun=True)
    with refused("NotFoundException"):
        kms.encrypt(KeyId="alias/nobody", Plaintext=b"x", DryRun=True)


def test_a_dry_run_may_ignore_the_ciphertext_when_it_names_the_key(kms, key_id):
    ignore = {"DryRun": True, "DryRunModifiers": ["IGNORE_CIPHERTEXT"]}
    with refused("DryRunOperationException", DRY):
        kms.decrypt(KeyId=key_id, **ignore)
    with refused("DryRunOperationException", DRY):
        kms.re_encrypt(SourceKeyId=key_id, DestinationKeyId=key_id, **ignore)
    null = ("1 validation error detected: Value null at '{}' failed to satisfy constraint: "
            "Member must not be null")
    with refused("ValidationException", null.format("keyId")):
        kms.decrypt(**ignore)
    with refused("ValidationException", null.format("sourceKeyId")):
        kms.re_encrypt(DestinationKeyId=key_id, **ignore)
    with refused("ValidationException", null.format("ciphertextBlob")):
        kms.decrypt(KeyId=key_id, DryRun=True)
    with refused("ValidationException"):
        kms.decrypt(KeyId=key_id, DryRunModifiers=["IGNORE_CIPHERTEXT"])


def test_without_an_attestation_root_no_recipient_is_answered(kms, key_id):
    blob = kms.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]
    recipient = {"KeyEncryptionAlgorithm": "RSAES_OAEP_SHA_256",
                 "AttestationDocument": b"document"}
    for call in (lambda: kms.decrypt(CiphertextBlob=blob, Recipient=recipient),
                 lambda: kms.generate_data_key(KeyId=key_id, KeySpec="AES_256",
                                               Recipient=recipient),
                 lambda: kms.generate_random(NumberOfBytes=8, Recipient=recipient)):
        with refused("ValidationException", (
                "No attestation document can be verified: this kmsd has no attestation root "
                "(attestation_roots in its configuration).")):
            call()


def test_a_grant_token_is_refused_by_every_operation_that_takes_one(kms, key_id):
    blob = kms.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]
    tokens = {"GrantTokens": ["not-a-token"]}
    for call in (lambda: kms.encrypt(KeyId=key_id, Plaintext=b"x", **tokens),
                 lambda: kms.decrypt(CiphertextBlob=blob, **tokens),
                 lambda: kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId=key_id,
                                        **tokens),
                 lambda: kms.generate_data_key(KeyId=key_id, KeySpec="AES_256", **tokens),
                 lambda: kms.generate_data_key_without_plaintext(
                     KeyId=key_id, KeySpec="AES_256", **tokens)):
        with refused("InvalidGrantTokenException"):
            call()
