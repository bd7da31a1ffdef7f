"""Published vectors through the API, by way of imported keys.

Project Wycheproof's vectors as tests/vectors/make_wycheproof.py trimmed them, which also
pins what kmsd does in the cases they leave open; RFC 8032's of Ed25519.

Wycheproof's signatures come with public keys alone. No operation verifies with a key that
somebody else holds, so the valid ones are tested in tests/unit/test_pkey_vectors.c. Here
every one of them has to be refused by a key that did not make it, and the ways in which
the invalid ones are bent are tried on signatures of our own.
"""

import hmac

import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (decode_dss_signature,
                                                             encode_dss_signature)

from support import importing, vectors
from support.importing import external, parameters, pkcs8
from support.rawhttp import call
from support.refusal import refused

RSA_AES = "RSA_AES_KEY_WRAP_SHA_256"


def with_key(kms, spec, usage, plain):
    """A key with this material; its id."""
    key = external(kms, spec, usage)
    algorithm = RSA_AES if plain[:1] == b"\x30" else "RSAES_OAEP_SHA_256"
    importing.bring(kms, key, plain, parameters(kms, key, algorithm))
    return key


def outcome(act):
    """What a call gives: its answer, or the code and words of its refusal."""
    try:
        return act()
    except ClientError as refusal:
        answer = refusal.response["Error"]
        return answer["Code"], answer.get("Message", "")


def empty(member):
    """How an empty value is refused before anything else is looked at."""
    return ("ValidationException",
            f"1 validation error detected: Value at '{member}' failed to satisfy "
            "constraint: Member must have length greater than or equal to 1")


# --- DeriveSharedSecret ------------------------------------------------------------------

@pytest.mark.slow
@pytest.mark.parametrize("spec, file", [
    ("ECC_NIST_P256", "ecdh_p256"), ("ECC_NIST_P384", "ecdh_p384"),
    ("ECC_NIST_P521", "ecdh_p521")])
def test_ecdh(kms, spec, file):
    curve, counted = importing.CURVES[spec](), {True: 0, False: 0}
    for private, tests in vectors.by("private", f"wycheproof_{file}").items():
        own = ec.derive_private_key(int.from_bytes(private, "big"), curve)
        key = with_key(kms, spec, "KEY_AGREEMENT", pkcs8(own))
        for test in tests:
            got = outcome(lambda: kms.derive_shared_secret(
                KeyId=key, KeyAgreementAlgorithm="ECDH",
                PublicKey=test["public"])["SharedSecret"])
            if not test["public"]:
                wanted = empty("publicKey")
            else:
                wanted = test["shared"] if test["ok"] else ("ValidationException", "")
            assert got == wanted, test["tc"]
            counted[test["ok"]] += 1
    assert min(counted.values()) > 20


# --- Decrypt -----------------------------------------------------------------------------

@pytest.mark.parametrize("spec, digest, file", [
    ("RSA_2048", "1", "rsa_oaep_2048_1"), ("RSA_2048", "256", "rsa_oaep_2048_256"),
    ("RSA_3072", "256", "rsa_oaep_3072_256"), ("RSA_4096", "256", "rsa_oaep_4096_256")])
def test_rsa_oaep(kms, spec, digest, file):
    for private, tests in vectors.by("pkcs8", f"wycheproof_{file}").items():
        key = with_key(kms, spec, "ENCRYPT_DECRYPT", private)
        for test in tests:
            got = outcome(lambda: kms.decrypt(
                KeyId=key, CiphertextBlob=test["ct"],
                EncryptionAlgorithm=f"RSAES_OAEP_SHA_{digest}")["Plaintext"])
            if not test["ct"]:
                wanted = empty("ciphertextBlob")
            else:
                wanted = test["msg"] if test["ok"] else ("InvalidCiphertextException", "")
            assert got == wanted, test["tc"]


# --- VerifyMac ---------------------------------------------------------------------------

@pytest.mark.slow
@pytest.mark.parametrize("n, length", [(224, 28), (256, 32), (384, 48), (512, 64)])
def test_hmac(kms, kmsd_dev, n, length):
    counted = {True: 0, False: 0}
    for plain, tests in vectors.by("key", f"wycheproof_hmac_{n}").items():
        if len(plain) < length:     # shorter than the service takes
            key = external(kms, f"HMAC_{n}")
            params = parameters(kms, key)
            with refused("InvalidCiphertextException", ""):
                importing.bring(kms, key, plain, params)
            continue
        key = with_key(kms, f"HMAC_{n}", "GENERATE_VERIFY_MAC", plain)
        for test in tests:
            request = {"KeyId": key, "Message": test["msg"],
                       "MacAlgorithm": f"HMAC_SHA_{n}"}
            if not test["msg"]:
                assert refuses_empty(kmsd_dev, "VerifyMac", key, f"HMAC_SHA_{n}")
                continue
            got = outcome(lambda: kms.verify_mac(Mac=test["tag"], **request)["MacValid"])
            assert got == (True if test["ok"] else ("KMSInvalidMacException", "")), \
                test["tc"]
            assert kms.generate_mac(**request)["Mac"] == hmac.digest(
                plain, test["msg"], f"sha{n}")
            counted[test["ok"]] += 1
    assert min(counted.values()) > 20


def refuses_empty(daemon, operation, key, algorithm):
    """The service takes no empty message, whatever a vector has."""
    answer = call(daemon.http_port, operation, {
        "KeyId": key, "Message": "", "Mac": "eA==", "MacAlgorithm": algorithm})
    return answer.type == "ValidationException"


# --- Verify ------------------------------------------------------------------------------

STRANGERS = [
    ("ECC_NIST_P256", "ECDSA_SHA_256", ("ecdsa_p256",)),
    ("ECC_NIST_P384", "ECDSA_SHA_384", ("ecdsa_p384",)),
    ("ECC_NIST_P521", "ECDSA_SHA_512", ("ecdsa_p521",)),
    ("ECC_SECG_P256K1", "ECDSA_SHA_256", ("ecdsa_secp256k1",)),
    ("ECC_NIST_EDWARDS25519", "ED25519_SHA_512", ("ed25519",)),
    ("RSA_2048", "RSASSA_PKCS1_V1_5_SHA_256", ("rsa_pkcs1_2048",)),
    ("RSA_3072", "RSASSA_PKCS1_V1_5_SHA_256", ("rsa_pkcs1_3072",)),
    ("RSA_4096", "RSASSA_PKCS1_V1_5_SHA_256", ("rsa_pkcs1_4096",)),
    ("RSA_2048", "RSASSA_PSS_SHA_256", ("rsa_pss_2048_256_0", "rsa_pss_2048_256_32")),
    ("RSA_2048", "RSASSA_PSS_SHA_384", ("rsa_pss_2048_384_48",)),
    ("RSA_4096", "RSASSA_PSS_SHA_512", ("rsa_pss_4096_512_32", "rsa_pss_4096_512_64")),
]


@pytest.mark.parametrize("spec, algorithm, files", STRANGERS)
def test_nobody_elses_signature_verifies(kms, spec, algorithm, files):
    key = with_key(kms, spec, "SIGN_VERIFY", importing.material(spec))
    for file in files:
        for test in vectors.tests(f"wycheproof_{file}"):
            if not test["sig"] or not test["msg"]:
                continue    # the service takes neither
            got = outcome(lambda: kms.verify(KeyId=key, Message=test["msg"],
                                             Signature=test["sig"],
                                             SigningAlgorithm=algorithm))
            assert got == ("KMSInvalidSignatureException", ""), (file, test["tc"])


# The order of each curve's group.
ORDERS = {
    "ECC_NIST_P256": 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551,
    "ECC_NIST_P384": int("ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf"
                         "581a0db248b0a77aecec196accc52973", 16),
    "ECC_NIST_P521": int("01f" + "f" * 64 + "a51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c"
                         "47aebb6fb71e91386409", 16),
    "ECC_SECG_P256K1": 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141,
}


def der(tag, content, length=None):
    n = len(content) if length is None else length
    head = bytes([n]) if n < 128 else bytes([0x81, n])
    return bytes([tag]) + head + content


def integer(value):
    return der(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def bent(signature, order):
    """(what is wrong, signature): Wycheproof's kinds of damage, on a good one."""
    r, s = decode_dss_signature(signature)
    one, other = integer(r), integer(s)
    body = one + other
    good = der(0x30, body)
    assert good == signature
    long_form = bytes([0x30, 0x82]) + len(body).to_bytes(2, "big") + body
    wide = der(2, b"\0" + r.to_bytes(r.bit_length() // 8 + 1, "big"))
    yield from {
        "length in two bytes": long_form,
        "length without end": b"\x30\x80" + body + b"\0\0",
        "one byte less": signature[:-1],
        "one byte more": signature + b"\0",
        "a byte inside the sequence": der(0x30, body + b"\0"),
        "a null inside the sequence": der(0x30, body + b"\x05\0"),
        "a set": b"\x31" + signature[1:],
        "a leading zero": der(0x30, wide + other),
        "no s": der(0x30, one),
        "three integers": der(0x30, body + integer(1)),
        "r and s in turn": der(0x30, other + one),
        "r is 0": encode_dss_signature(0, s), "s is 0": encode_dss_signature(r, 0),
        "r is 1": encode_dss_signature(1, s), "s is 1": encode_dss_signature(r, 1),
        "r beyond the order": encode_dss_signature(r + order, s),
        "s beyond the order": encode_dss_signature(r, s + order),
        "r is the order": encode_dss_signature(order, s),
        "s is the order": encode_dss_signature(r, order),
        "r is negative": der(0x30, der(2, (r - 2**(8 * len(one))).to_bytes(
            len(one) + 1, "big", signed=True)) + other),
        "r and s side by side": r.to_bytes(66, "big") + s.to_bytes(66, "big"),
        "an empty integer": der(0x30, b"\x02\0" + other),
        "nothing in it": b"\x30\0",
        "other bits": signature[:10] + bytes([signature[10] ^ 4]) + signature[11:],
    }.items()


@pytest.mark.parametrize("spec", ORDERS)
def test_a_bent_ecdsa_signature_does_not_verify(kms, spec):
    bits = {"ECC_NIST_P384": 384, "ECC_NIST_P521": 512}.get(spec, 256)
    key = with_key(kms, spec, "SIGN_VERIFY", importing.material(spec))
    request = {"KeyId": key, "Message": b"m", "SigningAlgorithm": f"ECDSA_SHA_{bits}"}
    signature = kms.sign(**request)["Signature"]
    assert kms.verify(Signature=signature, **request)["SignatureValid"] is True
    r, s = decode_dss_signature(signature)
    # The one other signature of the same message that ECDSA has.
    assert kms.verify(Signature=encode_dss_signature(r, ORDERS[spec] - s),
                      **request)["SignatureValid"] is True
    for what, bad in bent(signature, ORDERS[spec]):
        got = outcome(lambda: kms.verify(Signature=bad, **request))
        assert got == ("KMSInvalidSignatureException", ""), what


# --- Sign --------------------------------------------------------------------------------

def test_ed25519_of_rfc_8032(kms):
    signed = 0
    for vector in vectors.groups("ed25519"):
        if not vector["msg"]:
            continue    # the service takes no empty message
        own = ed25519.Ed25519PrivateKey.from_private_bytes(vector["seed"])
        key = external(kms, "ECC_NIST_EDWARDS25519")
        importing.bring(kms, key, pkcs8(own), parameters(kms, key, RSA_AES))
        if "sig" in vector:
            request = {"KeyId": key, "Message": vector["msg"],
                       "SigningAlgorithm": "ED25519_SHA_512"}
            assert kms.sign(**request)["Signature"] == vector["sig"]
            assert kms.verify(Signature=vector["sig"], **request)["SignatureValid"]
            signed += 1
        if "ph" in vector and len(vector["msg"]) == 64:
            request = {"KeyId": key, "Message": vector["msg"], "MessageType": "DIGEST",
                       "SigningAlgorithm": "ED25519_PH_SHA_512"}
            assert kms.sign(**request)["Signature"] == vector["ph"]
            assert kms.verify(Signature=vector["ph"], **request)["SignatureValid"]
            signed += 1
    assert signed > 6


@pytest.mark.parametrize("spec, file", [
    ("RSA_2048", "rsa_oaep_2048_256"), ("RSA_3072", "rsa_oaep_3072_256"),
    ("RSA_4096", "rsa_oaep_4096_256")])
def test_a_published_rsa_key_signs_the_same_here_and_elsewhere(kms, spec, file):
    (private,) = vectors.by("pkcs8", f"wycheproof_{file}")
    outside = serialization.load_der_private_key(private, None)
    assert isinstance(outside, rsa.RSAPrivateKey)
    key = with_key(kms, spec, "SIGN_VERIFY", private)
    for bits, digest in ((256, hashes.SHA256), (384, hashes.SHA384), (512, hashes.SHA512)):
        request = {"KeyId": key, "Message": b"m",
                   "SigningAlgorithm": f"RSASSA_PKCS1_V1_5_SHA_{bits}"}
        assert kms.sign(**request)["Signature"] == outside.sign(
            b"m", padding.PKCS1v15(), digest())
        request["SigningAlgorithm"] = f"RSASSA_PSS_SHA_{bits}"
        for salt, good in ((digest.digest_size, True), (0, False),
                           (digest.digest_size - 1, False)):
            signature = outside.sign(b"m", padding.PSS(padding.MGF1(digest()), salt),
                                     digest())
            got = outcome(lambda: kms.verify(Signature=signature,
                                             **request)["SignatureValid"])
            assert got == (True if good else ("KMSInvalidSignatureException", ""))


# --- ImportKeyMaterial -------------------------------------------------------------------

def test_key_wrap_with_padding_unwraps_to_no_private_key(kms):
    """RFC 5649 by Wycheproof: none of it is PKCS#8, so none may come in; the good ones
    are unwrapped in tests/unit/test_pkey_unwrap.c."""
    key = external(kms, "RSA_2048", "SIGN_VERIFY")
    params = parameters(kms, key, RSA_AES)
    public = serialization.load_der_public_key(params.public_key)
    oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
    for test in vectors.tests("wycheproof_kwp"):
        with refused("InvalidCiphertextException", ""):
            kms.import_key_material(
                KeyId=key, ImportToken=params.token,
                EncryptedKeyMaterial=public.encrypt(test["key"], oaep) + test["ct"],
                ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE")
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingImport"
