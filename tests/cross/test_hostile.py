"""Nothing but the one right form passes: hostile signatures, ciphertexts and public keys,
through the API."""

import pytest

from support import specs
from support.daemon import ROOT
from support.refusal import refused

from cross import hostile

MESSAGE = b"a message of no importance"
ORDERS = {
    "ECC_NIST_P256": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "ECC_NIST_P384": int("ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf"
                         "581a0db248b0a77aecec196accc52973", 16),
    "ECC_NIST_P521": int("1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
                         "fa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409",
                         16),
    specs.SECG: 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141,
}


def check_all(key, algorithm, forged, message=MESSAGE):
    """Every forged signature is refused, without a word more or less."""
    ask = {"KeyId": key.id, "Message": message, "SigningAlgorithm": algorithm,
           "MessageType": "DIGEST" if algorithm == "ED25519_PH_SHA_512" else "RAW"}
    n = 0
    for what, signature in forged:
        with refused("KMSInvalidSignatureException", "") as caught:
            key.kms.verify(Signature=signature, **ask)
        assert "SignatureValid" not in caught.value.response, what
        n += 1
    assert n > 5


@pytest.mark.parametrize("spec", ORDERS)
def test_ecdsa_signatures_of_another_form_are_refused(key_of, spec):
    key = key_of(spec, specs.SIGN, "made")
    algorithm = specs.SPECS[spec][specs.SIGN][0]
    signature = key.kms.sign(KeyId=key.id, Message=MESSAGE, SigningAlgorithm=algorithm)[
        "Signature"]
    # A BER length is the DER one when the sequence is that long.
    forged = ((what, s) for what, s in hostile.ecdsa(signature, ORDERS[spec])
              if s != signature)
    check_all(key, algorithm, forged)


def test_the_other_half_of_an_ecdsa_signature_is_as_good(key_of):
    """(r, n - s) verifies, as FIPS 186-5 has it: the service normalises nothing either."""
    key = key_of("ECC_NIST_P256", specs.SIGN, "made")
    ask = {"KeyId": key.id, "Message": MESSAGE, "SigningAlgorithm": "ECDSA_SHA_256"}
    r, s = hostile.take_pair(key.kms.sign(**ask)["Signature"])
    other = hostile.sm2.der(0x30, hostile.integer(r) +
                            hostile.integer(ORDERS["ECC_NIST_P256"] - s))
    assert key.kms.verify(Signature=other, **ask)["SignatureValid"] is True


@pytest.mark.parametrize("algorithm", specs.SPECS[specs.EDWARDS][specs.SIGN])
def test_ed25519_signatures_of_another_form_are_refused(key_of, algorithm):
    key = key_of(specs.EDWARDS, specs.SIGN, "made")
    message = b"m" * 64
    kind = "DIGEST" if algorithm == "ED25519_PH_SHA_512" else "RAW"
    signature = key.kms.sign(KeyId=key.id, Message=message, MessageType=kind,
                             SigningAlgorithm=algorithm)["Signature"]
    check_all(key, algorithm, hostile.ed25519(signature), message)


def test_the_two_algorithms_of_ed25519_do_not_verify_each_other(key_of):
    key = key_of(specs.EDWARDS, specs.SIGN, "made")
    ways = {"ED25519_SHA_512": "RAW", "ED25519_PH_SHA_512": "DIGEST"}
    for algorithm, kind in ways.items():
        signature = key.kms.sign(KeyId=key.id, Message=b"m" * 64, MessageType=kind,
                                 SigningAlgorithm=algorithm)["Signature"]
        other = next(a for a in ways if a != algorithm)
        with refused("KMSInvalidSignatureException", ""):
            key.kms.verify(KeyId=key.id, Message=b"m" * 64, MessageType=ways[other],
                           SigningAlgorithm=other, Signature=signature)


@pytest.mark.parametrize("algorithm", specs.RSASSA)
@pytest.mark.parametrize("spec", specs.RSA)
def test_rsa_signatures_over_other_encodings_are_refused(key_of, spec, algorithm):
    key = key_of(spec, specs.SIGN, "brought")
    name = "sha" + algorithm.rsplit("_", 1)[1]
    rsa = hostile.Rsa(key.private)
    make = hostile.pss if "PSS" in algorithm else hostile.pkcs1
    if "PSS" in algorithm:
        good = rsa.private(hostile.pss_encode(rsa, name, MESSAGE))
        assert key.kms.verify(KeyId=key.id, Message=MESSAGE, SigningAlgorithm=algorithm,
                              Signature=good)["SignatureValid"] is True
    check_all(key, algorithm, make(rsa, name, MESSAGE))


@pytest.mark.parametrize("algorithm", specs.OAEP)
@pytest.mark.parametrize("spec", specs.RSA)
def test_rsa_ciphertexts_over_other_encodings_are_refused(key_of, spec, algorithm):
    key = key_of(spec, specs.CRYPT, "brought")
    name = "sha1" if algorithm.endswith("SHA_1") else "sha256"
    rsa = hostile.Rsa(key.private)
    how = {"KeyId": key.id, "EncryptionAlgorithm": algorithm}
    good = rsa.public(hostile.oaep_encode(rsa, name, b"hello"))
    assert key.kms.decrypt(CiphertextBlob=good, **how)["Plaintext"] == b"hello"
    for what, cipher in hostile.oaep(rsa, name, b"hello"):
        with refused("InvalidCiphertextException", "") as caught:
            key.kms.decrypt(CiphertextBlob=cipher, **how)
        assert "Plaintext" not in caught.value.response, what


def peers(name):
    """(public key, whether it is to be accepted) of Wycheproof's ECDH tests."""
    fields = {}
    for line in (ROOT / f"tests/vectors/wycheproof_ecdh_{name}.txt").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        field, value = line.split(" ", 1)
        fields[field] = value
        if field == "ok":
            yield bytes.fromhex(fields["public"].replace("-", "")), value == "01"


@pytest.mark.parametrize("spec", specs.NIST)
def test_the_peers_of_wycheproof_are_taken_or_refused_as_it_says(key_of, lenient, spec):
    key = key_of(spec, specs.AGREE, "made")
    taken = {True: 0, False: 0}
    for peer, good in peers(spec.replace("ECC_NIST_", "").lower()):
        ask = {"KeyId": key.id, "KeyAgreementAlgorithm": "ECDH", "PublicKey": peer}
        taken[good] += 1
        if good:
            assert len(lenient.derive_shared_secret(**ask)["SharedSecret"]) == \
                specs.SECRET_LEN[spec]
        else:
            # The model itself refuses a key of no bytes, in its own words.
            with refused("ValidationException", None if peer == b"" else ""):
                lenient.derive_shared_secret(**ask)
    assert taken[True] > 50 and taken[False] > 50
