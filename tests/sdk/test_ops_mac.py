"""GenerateMac and VerifyMac."""

import pytest

from support import specs
from support.refusal import refused, shown

MACS = [(spec, specs.SPECS[spec][specs.MAC][0]) for spec in specs.HMAC]
DRY = "The request would have succeeded, but the DryRun option is set."
LENGTH = ("1 validation error detected: Value at '{}' failed to satisfy constraint: "
          "Member must have length {} than or equal to {}")


@pytest.mark.parametrize("spec, algorithm", MACS)
def test_a_code_verifies_and_is_the_same_every_time(kms, made, spec, algorithm):
    key = made(spec, specs.MAC)
    for message in (b"\0", b"hello", b"m" * 4096):
        ask = {"KeyId": key["KeyId"], "Message": message, "MacAlgorithm": algorithm}
        answer = shown(kms.generate_mac(**ask))
        assert answer == {"KeyId": key["Arn"], "MacAlgorithm": algorithm,
                          "Mac": kms.generate_mac(**ask)["Mac"]}
        assert len(answer["Mac"]) == specs.MAC_LEN[spec]
        assert shown(kms.verify_mac(Mac=answer["Mac"], **ask)) == {
            "KeyId": key["Arn"], "MacAlgorithm": algorithm, "MacValid": True}


@pytest.mark.parametrize("spec, algorithm", MACS)
def test_nothing_but_the_code_verifies(kms, made, spec, algorithm):
    ask = {"KeyId": made(spec, specs.MAC)["KeyId"], "Message": b"hello",
           "MacAlgorithm": algorithm}
    code = kms.generate_mac(**ask)["Mac"]
    for wrong in (code[:-1], code + b"\0", b"\0", code[:-1] + bytes([code[-1] ^ 1]),
                  bytes(len(code)), b"m" * 6144):
        for more in ({}, {"DryRun": True}):
            with refused("KMSInvalidMacException", ""):
                kms.verify_mac(Mac=wrong, **ask, **more)
    with refused("KMSInvalidMacException", ""):
        kms.verify_mac(Mac=code, **dict(ask, Message=b"hellp"))


def test_another_key_makes_another_code(kms, made):
    ask = {"Message": b"hello", "MacAlgorithm": "HMAC_SHA_256"}
    other = kms.create_key(KeySpec="HMAC_256", KeyUsage=specs.MAC)["KeyMetadata"]
    code = kms.generate_mac(KeyId=made("HMAC_256", specs.MAC)["KeyId"], **ask)["Mac"]
    assert kms.generate_mac(KeyId=other["KeyId"], **ask)["Mac"] != code
    with refused("KMSInvalidMacException", ""):
        kms.verify_mac(KeyId=other["KeyId"], Mac=code, **ask)


@pytest.mark.parametrize("spec, algorithm", MACS)
def test_the_algorithm_is_the_one_of_the_spec(kms, made, spec, algorithm):
    key = made(spec, specs.MAC)
    for _, other in MACS:
        if other == algorithm:
            continue
        ask = {"KeyId": key["KeyId"], "Message": b"m", "MacAlgorithm": other}
        words = f"Algorithm {other} is incompatible with key spec {spec}."
        for call in (lambda: kms.generate_mac(**ask), lambda: kms.generate_mac(
                DryRun=True, **ask), lambda: kms.verify_mac(Mac=b"m", **ask)):
            with refused("InvalidKeyUsageException", words):
                call()


def test_an_unknown_algorithm_is_refused_with_the_known_ones(lenient, made):
    with refused("ValidationException") as caught:
        lenient.generate_mac(KeyId=made("HMAC_256", specs.MAC)["KeyId"], Message=b"m",
                             MacAlgorithm="HMAC_SHA_1")
    words = caught.value.response["Error"]["Message"]
    start = ("1 validation error detected: Value 'HMAC_SHA_1' at 'macAlgorithm' failed to "
             "satisfy constraint: Member must satisfy enum value set: [")
    assert words.startswith(start) and words.endswith("]")
    assert set(words[len(start):-1].split(", ")) == {a for _, a in MACS}


def test_messages_and_codes_have_bounds(lenient, made):
    ask = {"KeyId": made("HMAC_256", specs.MAC)["KeyId"], "MacAlgorithm": "HMAC_SHA_256"}
    for call in (lenient.generate_mac, lambda **m: lenient.verify_mac(Mac=b"m", **m)):
        for n, rule in ((0, LENGTH.format("message", "greater", 1)),
                        (4097, LENGTH.format("message", "less", 4096))):
            with refused("ValidationException", rule):
                call(Message=b"m" * n, **ask)
    for n, rule in ((0, LENGTH.format("mac", "greater", 1)),
                    (6145, LENGTH.format("mac", "less", 6144))):
        with refused("ValidationException", rule):
            lenient.verify_mac(Message=b"m", Mac=b"m" * n, **ask)


@pytest.mark.parametrize("spec, usage", [("SYMMETRIC_DEFAULT", specs.CRYPT),
                                         ("RSA_2048", specs.SIGN),
                                         ("ECC_NIST_P256", specs.AGREE)])
def test_a_key_of_another_usage_is_refused_before_its_algorithm(kms, made, spec, usage):
    key = made(spec, usage)
    ask = {"KeyId": key["KeyId"], "Message": b"m", "MacAlgorithm": "HMAC_SHA_256"}
    words = f"{key['Arn']} key usage is {usage} which is not valid for "
    with refused("InvalidKeyUsageException", words + "GenerateMac."):
        kms.generate_mac(**ask)
    with refused("InvalidKeyUsageException", words + "VerifyMac."):
        kms.verify_mac(Mac=b"m", **ask)


def test_a_mac_key_encrypts_nothing_and_signs_nothing(kms, made):
    key = made("HMAC_256", specs.MAC)
    words = f"{key['Arn']} key usage is GENERATE_VERIFY_MAC which is not valid for "
    with refused("InvalidKeyUsageException", words + "Encrypt."):
        kms.encrypt(KeyId=key["KeyId"], Plaintext=b"x")
    with refused("InvalidKeyUsageException", words + "GenerateDataKey."):
        kms.generate_data_key(KeyId=key["KeyId"], KeySpec="AES_256")
    with refused("InvalidKeyUsageException", words + "Sign."):
        kms.sign(KeyId=key["KeyId"], Message=b"x", SigningAlgorithm="ECDSA_SHA_256")


def test_the_state_comes_before_the_algorithm_and_the_code(kms):
    key = kms.create_key(KeySpec="HMAC_384", KeyUsage=specs.MAC)["KeyMetadata"]
    asks = [{"KeyId": key["KeyId"], "Message": b"m", "MacAlgorithm": algorithm, **more}
            for algorithm in ("HMAC_SHA_384", "HMAC_SHA_512") for more in ({},
                                                                          {"DryRun": True})]
    kms.disable_key(KeyId=key["KeyId"])
    for ask in asks:
        for call in (lambda: kms.generate_mac(**ask),
                     lambda: kms.verify_mac(Mac=b"m", **ask)):
            with refused("DisabledException", f"{key['Arn']} is disabled."):
                call()
    kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)
    for ask in asks:
        with refused("KMSInvalidStateException", f"{key['Arn']} is pending deletion."):
            kms.generate_mac(**ask)


def test_dry_runs_end_in_their_own_refusal(kms, made):
    ask = {"KeyId": made("HMAC_224", specs.MAC)["KeyId"], "Message": b"m",
           "MacAlgorithm": "HMAC_SHA_224"}
    code = kms.generate_mac(**ask)["Mac"]
    with refused("DryRunOperationException", DRY) as caught:
        kms.generate_mac(DryRun=True, **ask)
    assert "Mac" not in caught.value.response
    with refused("DryRunOperationException", DRY):
        kms.verify_mac(DryRun=True, Mac=code, **ask)
