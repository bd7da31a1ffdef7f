"""Sign and Verify: message types, forms of signatures, refusals and their order."""

import hashlib

import pytest

from support import specs
from support.refusal import refused, shown

MESSAGE = b"a message of no importance"
DRY = "The request would have succeeded, but the DryRun option is set."
SIGNERS = [(spec, algorithm, kind) for spec, usage in specs.usable() if usage == specs.SIGN
           for algorithm in specs.SPECS[spec][usage]
           for kind in specs.message_types(algorithm)]
# Signatures that are the same every time.
DETERMINISTIC = ("RSASSA_PKCS1", "ED25519")
LENGTH = ("1 validation error detected: Value at 'message' failed to satisfy constraint: "
          "Member must have length {} than or equal to {}")


def content(algorithm, kind, message=MESSAGE):
    """What is sent as Message for a message of this type."""
    if kind == "RAW":
        return message
    if kind == "EXTERNAL_MU" or algorithm == "ED25519_PH_SHA_512":
        return hashlib.sha512(message).digest()
    return hashlib.new(f"sha{8 * specs.digest_len(algorithm)}", message).digest()


def request(key, algorithm, kind="RAW", message=MESSAGE, **more):
    return {"KeyId": key["KeyId"], "SigningAlgorithm": algorithm, "MessageType": kind,
            "Message": content(algorithm, kind, message), **more}


@pytest.mark.parametrize("spec, algorithm, kind", SIGNERS)
def test_what_is_signed_verifies_and_nothing_else_does(kms, made, spec, algorithm, kind):
    key = made(spec, specs.SIGN)
    ask = request(key, algorithm, kind)
    answer = shown(kms.sign(**ask))
    signature = answer.pop("Signature")
    assert answer == {"KeyId": key["Arn"], "SigningAlgorithm": algorithm}
    assert len(signature) == specs.SIGNATURE_LEN.get(spec, len(signature))
    assert shown(kms.verify(Signature=signature, **ask)) == {
        "KeyId": key["Arn"], "SignatureValid": True, "SigningAlgorithm": algorithm}

    flipped = signature[:-1] + bytes([signature[-1] ^ 1])
    other = dict(ask, Message=content(algorithm, kind, b"another message"))
    for wrong in (dict(ask, Signature=flipped), dict(ask, Signature=signature[:-1]),
                  dict(ask, Signature=signature + b"\0"), dict(ask, Signature=b"\0"),
                  dict(other, Signature=signature)):
        for more in ({}, {"DryRun": True}):
            with refused("KMSInvalidSignatureException", ""):
                kms.verify(**wrong, **more)


@pytest.mark.parametrize("spec, algorithm", [(s, a) for s, a, k in SIGNERS if k == "DIGEST"
                                             and "ED25519" not in a])
def test_a_message_and_its_digest_have_the_same_signatures(kms, made, spec, algorithm):
    key = made(spec, specs.SIGN)
    signed = {kind: kms.sign(**request(key, algorithm, kind))["Signature"]
              for kind in ("RAW", "DIGEST")}
    for kind, other in (("RAW", "DIGEST"), ("DIGEST", "RAW")):
        assert kms.verify(Signature=signed[other], **request(key, algorithm, kind))[
            "SignatureValid"] is True
    if algorithm.startswith(DETERMINISTIC):
        assert signed["RAW"] == signed["DIGEST"]


@pytest.mark.parametrize("spec, algorithm, kind", SIGNERS)
def test_signatures_are_randomised_where_they_should_be(kms, made, spec, algorithm, kind):
    ask = request(made(spec, specs.SIGN), algorithm, kind)
    signatures = {kms.sign(**ask)["Signature"] for _ in range(2)}
    assert len(signatures) == (1 if algorithm.startswith(DETERMINISTIC) else 2)


def test_the_message_type_is_raw_unless_it_is_said(kms, made):
    key = made("ECC_NIST_P256", specs.SIGN)
    signature = kms.sign(KeyId=key["KeyId"], Message=MESSAGE,
                         SigningAlgorithm="ECDSA_SHA_256")["Signature"]
    assert kms.verify(Signature=signature, **request(key, "ECDSA_SHA_256"))
    assert kms.verify(Signature=signature, **request(key, "ECDSA_SHA_256", "DIGEST"))


def test_another_algorithm_of_the_key_does_not_verify(kms, made):
    key = made("RSA_2048", specs.SIGN)
    signature = kms.sign(**request(key, "RSASSA_PSS_SHA_256"))["Signature"]
    for algorithm in specs.RSASSA:
        if algorithm != "RSASSA_PSS_SHA_256":
            with refused("KMSInvalidSignatureException", ""):
                kms.verify(Signature=signature, **request(key, algorithm))


def test_another_key_does_not_verify(kms, made):
    key = made("ECC_NIST_P256", specs.SIGN)
    other = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage=specs.SIGN)["KeyMetadata"]
    signature = kms.sign(**request(key, "ECDSA_SHA_256"))["Signature"]
    with refused("KMSInvalidSignatureException", ""):
        kms.verify(Signature=signature, **request(other, "ECDSA_SHA_256"))


@pytest.mark.parametrize("spec", [s for s, u in specs.usable() if u == specs.SIGN])
def test_messages_have_1_to_4096_bytes(kms, lenient, made, spec):
    key = made(spec, specs.SIGN)
    algorithm = specs.SPECS[spec][specs.SIGN][-1]
    for n in (1, 4096):
        ask = request(key, algorithm, message=b"m" * n)
        assert kms.verify(Signature=kms.sign(**ask)["Signature"], **ask)["SignatureValid"]
    for n, rule in ((0, LENGTH.format("greater", 1)), (4097, LENGTH.format("less", 4096))):
        ask = request(key, algorithm, message=b"m" * n)
        with refused("ValidationException", rule):
            lenient.sign(**ask)
        with refused("ValidationException", rule):
            lenient.verify(Signature=b"s", **ask)


@pytest.mark.parametrize("spec, algorithm", [(s, a) for s, a, k in SIGNERS
                                             if k == "DIGEST"])
def test_a_digest_has_the_length_of_its_algorithm(kms, made, spec, algorithm):
    key, n = made(spec, specs.SIGN), specs.digest_len(algorithm)
    for wrong in {1, n - 1, n + 1, 20, 32, 48, 64} - {n}:
        ask = dict(request(key, algorithm, "DIGEST"), Message=b"d" * wrong)
        for call in (lambda: kms.sign(**ask), lambda: kms.verify(Signature=b"s", **ask)):
            with refused("ValidationException",
                         f"Digest is invalid length for algorithm {algorithm}."):
                call()


@pytest.mark.parametrize("spec", specs.ML_DSA)
def test_a_mu_has_64_bytes(kms, made, spec):
    if specs.lacks(spec):
        pytest.skip(specs.lacks(spec))
    for wrong in (1, 63, 65):
        with refused("ValidationException",
                     "External Mu is invalid length for algorithm ML_DSA_SHAKE_256."):
            kms.sign(KeyId=made(spec, specs.SIGN)["KeyId"], Message=b"m" * wrong,
                     MessageType="EXTERNAL_MU", SigningAlgorithm="ML_DSA_SHAKE_256")


WRONG_TYPES = [
    ("RSA_2048", "RSASSA_PSS_SHA_512", "EXTERNAL_MU", "key spec RSA_2048"),
    ("ECC_NIST_P256", "ECDSA_SHA_256", "EXTERNAL_MU", "key spec ECC_NIST_P256"),
    (specs.SECG, "ECDSA_SHA_256", "EXTERNAL_MU", f"key spec {specs.SECG}"),
    (specs.EDWARDS, "ED25519_SHA_512", "EXTERNAL_MU", f"key spec {specs.EDWARDS}"),
    (specs.EDWARDS, "ED25519_PH_SHA_512", "EXTERNAL_MU", f"key spec {specs.EDWARDS}"),
    (specs.EDWARDS, "ED25519_SHA_512", "DIGEST", "algorithm ED25519_SHA_512"),
    (specs.EDWARDS, "ED25519_PH_SHA_512", "RAW", "algorithm ED25519_PH_SHA_512"),
    *[(spec, "ML_DSA_SHAKE_256", "DIGEST", f"key spec {spec}") for spec in specs.ML_DSA
      if not specs.lacks(spec)],
]


@pytest.mark.parametrize("spec, algorithm, kind, of", WRONG_TYPES)
def test_a_message_type_of_another_algorithm_is_refused(kms, made, spec, algorithm, kind,
                                                        of):
    ask = {"KeyId": made(spec, specs.SIGN)["KeyId"], "SigningAlgorithm": algorithm,
           "MessageType": kind, "Message": b"m" * 64}
    words = f"Message type {kind} is incompatible with {of}."
    for call in (lambda: kms.sign(**ask), lambda: kms.verify(Signature=b"s", **ask)):
        with refused("ValidationException", words):
            call()


@pytest.mark.parametrize("spec, algorithm", [
    ("RSA_2048", "ECDSA_SHA_256"), ("ECC_NIST_P256", "RSASSA_PSS_SHA_256"),
    ("ECC_NIST_P256", "ECDSA_SHA_384"), ("ECC_NIST_P384", "ECDSA_SHA_256"),
    ("ECC_NIST_P521", "ECDSA_SHA_384"), (specs.SECG, "ECDSA_SHA_512"),
    (specs.EDWARDS, "ECDSA_SHA_256"), ("ECC_NIST_P256", "ML_DSA_SHAKE_256"),
    ("ECC_NIST_P256", "SM2DSA"), ("ECC_NIST_P256", "ED25519_SHA_512")])
def test_an_algorithm_of_another_spec_is_refused(kms, made, spec, algorithm):
    words = f"Algorithm {algorithm} is incompatible with key spec {spec}."
    for more in ({}, {"MessageType": "EXTERNAL_MU"}, {"MessageType": "DIGEST"},
                 {"DryRun": True}):
        ask = {"KeyId": made(spec, specs.SIGN)["KeyId"], "Message": b"m",
               "SigningAlgorithm": algorithm, **more}
        for call in (lambda: kms.sign(**ask), lambda: kms.verify(Signature=b"s", **ask)):
            with refused("InvalidKeyUsageException", words):
                call()


@pytest.mark.parametrize("spec, usage", [
    ("SYMMETRIC_DEFAULT", specs.CRYPT), ("RSA_2048", specs.CRYPT),
    ("ECC_NIST_P256", specs.AGREE), ("HMAC_256", specs.MAC)])
def test_a_key_of_another_usage_is_refused_before_its_algorithm(kms, made, spec, usage):
    key = made(spec, usage)
    ask = {"KeyId": key["KeyId"], "Message": b"m", "MessageType": "DIGEST",
           "SigningAlgorithm": "RSASSA_PSS_SHA_256"}
    words = f"{key['Arn']} key usage is {usage} which is not valid for "
    with refused("InvalidKeyUsageException", words + "Sign."):
        kms.sign(**ask)
    with refused("InvalidKeyUsageException", words + "Verify."):
        kms.verify(Signature=b"s", **ask)


def test_the_state_comes_before_the_algorithm_and_the_signature(kms):
    key = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage=specs.SIGN)["KeyMetadata"]
    good = request(key, "ECDSA_SHA_256")
    signature = kms.sign(**good)["Signature"]
    kms.disable_key(KeyId=key["KeyId"])

    def calls():
        for ask in (good, request(key, "RSASSA_PSS_SHA_256"), dict(good, DryRun=True),
                    dict(good, MessageType="DIGEST"), dict(good, MessageType="EXTERNAL_MU")):
            yield lambda: kms.sign(**ask)
            yield lambda: kms.verify(Signature=signature, **ask)
            yield lambda: kms.verify(Signature=b"s", **ask)

    for call in calls():
        with refused("DisabledException", f"{key['Arn']} is disabled."):
            call()
    kms.enable_key(KeyId=key["KeyId"])
    assert kms.verify(Signature=signature, **good)["SignatureValid"] is True
    kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)
    for call in calls():
        with refused("KMSInvalidStateException", f"{key['Arn']} is pending deletion."):
            call()


@pytest.mark.parametrize("spec", ["RSA_2048", "ECC_NIST_P256", specs.EDWARDS])
def test_dry_runs_end_in_their_own_refusal(kms, made, spec):
    key = made(spec, specs.SIGN)
    ask = request(key, specs.SPECS[spec][specs.SIGN][-1])
    signature = kms.sign(**ask)["Signature"]
    with refused("DryRunOperationException", DRY) as caught:
        kms.sign(DryRun=True, **ask)
    assert "Signature" not in caught.value.response
    with refused("DryRunOperationException", DRY):
        kms.verify(DryRun=True, Signature=signature, **ask)


def test_required_members_are_missed_in_the_words_of_the_service(lenient, made):
    key = made("ECC_NIST_P256", specs.SIGN)
    full = request(key, "ECDSA_SHA_256", Signature=b"s")
    for member in ("KeyId", "Message", "SigningAlgorithm", "Signature"):
        ask = {k: v for k, v in full.items() if k != member}
        path = member[0].lower() + member[1:]
        with refused("ValidationException",
                     f"1 validation error detected: Value null at '{path}' failed to satisfy "
                     "constraint: Member must not be null"):
            lenient.verify(**ask)
