"""Every wrapping, of every length of wrapping key, for material of every spec."""

import hashlib
import hmac

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding

from support import importing
from support.importing import OAEP, RSA_AES, WRAPPING
from support.refusal import refused

MESSAGE = b"made outside, used inside"
# What each spec can come wrapped in, as the service documents it.
SMALL = ("SYMMETRIC_DEFAULT", *importing.HMAC_BYTES)
CURVES = ("ECC_NIST_P256", "ECC_NIST_P384", "ECC_SECG_P256K1")
LONG = ("ECC_NIST_P521", "ECC_NIST_EDWARDS25519")   # OAEP only by longer wrapping keys


def allowed(spec, algorithm, wrapping):
    if algorithm in OAEP:
        return spec in SMALL + CURVES or (spec in LONG and wrapping != "RSA_2048")
    return algorithm in RSA_AES and spec not in SMALL


def sign_and_check(kms, key, private, algorithm, check):
    answer = kms.sign(KeyId=key, Message=MESSAGE, SigningAlgorithm=algorithm)
    public = kms.get_public_key(KeyId=key)["PublicKey"]
    assert public == importing.spki(private.public_key())
    check(serialization.load_der_public_key(public), answer["Signature"])


def prove(kms, key, spec, plain):
    """What the key does is what the material does outside."""
    if spec == "SYMMETRIC_DEFAULT":
        blob = kms.encrypt(KeyId=key, Plaintext=MESSAGE)["CiphertextBlob"]
        assert open_envelope(plain, blob) == MESSAGE
    elif spec in importing.HMAC_BYTES:
        bits = spec[5:]
        mac = kms.generate_mac(KeyId=key, Message=MESSAGE,
                               MacAlgorithm=f"HMAC_SHA_{bits}")["Mac"]
        assert mac == hmac.digest(plain, MESSAGE, f"sha{bits}")
    else:
        prove_signature(kms, key, spec, serialization.load_der_private_key(plain, None))


def prove_signature(kms, key, spec, private):
    if spec.startswith("RSA_"):
        sign_and_check(kms, key, private, "RSASSA_PKCS1_V1_5_SHA_256",
                       lambda public, signature: public.verify(
                           signature, MESSAGE, padding.PKCS1v15(), hashes.SHA256()))
    elif spec == "ECC_NIST_EDWARDS25519":
        sign_and_check(kms, key, private, "ED25519_SHA_512",
                       lambda public, signature: public.verify(signature, MESSAGE))
    else:
        name = {"ECC_NIST_P384": "384", "ECC_NIST_P521": "512"}.get(spec, "256")
        digest = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}[name]
        sign_and_check(kms, key, private, f"ECDSA_SHA_{name}",
                       lambda public, signature: public.verify(
                           signature, MESSAGE, ec.ECDSA(digest())))


def kbkdf(key, label, context):
    return hmac.digest(key, b"\0\0\0\1" + label + b"\0" + context + b"\0\0\1\0", "sha256")


def open_envelope(material, blob):
    """Ciphertext format 1 without a context, read by somebody who has the material."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    header, n, iv = blob[:50], blob[50:66], blob[66:78]
    context = n + hashlib.sha256(header).digest()
    assert blob[78:110] == kbkdf(material, b"kmsd-commit-v1", context)
    return AESGCM(kbkdf(material, b"kmsd-enc-v1", context)).decrypt(iv, blob[110:], header)


@pytest.mark.slow
@pytest.mark.parametrize("spec", importing.SPECS)
def test_material_comes_in_by_every_wrapping_that_suits_it(kms, spec):
    key, plain, done = importing.external(kms, spec), importing.material(spec), 0
    for wrapping in WRAPPING:
        for algorithm in OAEP + RSA_AES:
            if not allowed(spec, algorithm, wrapping):
                continue
            params = importing.parameters(kms, key, algorithm, wrapping)
            public = serialization.load_der_public_key(params.public_key)
            assert public.key_size == int(wrapping[4:])
            assert len(params.token) <= 6144
            importing.bring(kms, key, plain, params)
            if done == 0:
                prove(kms, key, spec, plain)
            kms.delete_imported_key_material(KeyId=key)
            done += 1
    assert done > 0
    importing.bring(kms, key, plain, params)
    prove(kms, key, spec, plain)


@pytest.mark.parametrize("spec", importing.SPECS)
def test_every_other_wrapping_is_refused(kms, spec):
    key = importing.external(kms, spec)
    for algorithm in (*OAEP, *RSA_AES, "RSAES_PKCS1_V1_5", "SM2PKE"):
        for wrapping in WRAPPING:
            if allowed(spec, algorithm, wrapping):
                continue
            with refused("ValidationException",
                         f"Wrapping algorithm {algorithm} and wrapping key spec "
                         f"{wrapping} cannot be used to import a {spec} key."):
                kms.get_parameters_for_import(KeyId=key, WrappingAlgorithm=algorithm,
                                              WrappingKeySpec=wrapping)


@pytest.mark.parametrize("spec", ["ML_DSA_44", "ML_DSA_65", "ML_DSA_87"])
def test_ml_dsa_keys_take_no_imported_material(kms, spec):
    with refused("UnsupportedOperationException"):
        importing.external(kms, spec, "SIGN_VERIFY")


def test_sm2_wraps_in_china_only(kms):
    key = importing.external(kms)
    with refused("UnsupportedOperationException"):
        kms.get_parameters_for_import(KeyId=key, WrappingAlgorithm="SM2PKE",
                                      WrappingKeySpec="SM2")


@pytest.mark.parametrize("spec, usage", [
    ("RSA_2048", "ENCRYPT_DECRYPT"), ("ECC_NIST_P256", "KEY_AGREEMENT"),
    ("ECC_NIST_P384", "KEY_AGREEMENT"), ("ECC_NIST_P521", "KEY_AGREEMENT")])
def test_the_other_usages_take_imported_material_too(kms, spec, usage):
    key, _, plain = importing.imported(kms, spec=spec, usage=usage)
    private = serialization.load_der_private_key(plain, None)
    if usage == "ENCRYPT_DECRYPT":
        sealed = private.public_key().encrypt(MESSAGE, padding.OAEP(
            padding.MGF1(hashes.SHA256()), hashes.SHA256(), None))
        assert kms.decrypt(KeyId=key, CiphertextBlob=sealed,
                           EncryptionAlgorithm="RSAES_OAEP_SHA_256")["Plaintext"] == MESSAGE
        return
    peer = ec.generate_private_key(importing.CURVES[spec]())
    answer = kms.derive_shared_secret(KeyId=key, KeyAgreementAlgorithm="ECDH",
                                      PublicKey=importing.spki(peer.public_key()))
    assert answer["SharedSecret"] == peer.exchange(ec.ECDH(), private.public_key())
    assert answer["KeyOrigin"] == "EXTERNAL"


@pytest.mark.parametrize("n, fits", [
    ("HMAC_224", (28, 32, 128)), ("HMAC_256", (32, 33, 128)), ("HMAC_384", (48, 128)),
    ("HMAC_512", (64, 65, 128))])
def test_hmac_material_is_as_long_as_its_hash_to_128_bytes(kms, n, fits):
    params_of = None
    for length in (*fits, min(fits) - 1, 129):
        key = importing.external(kms, n)
        params_of = importing.parameters(kms, key)
        plain = bytes(range(length % 256)) or b"\0" * length
        if length in fits:
            importing.bring(kms, key, plain, params_of)
            prove(kms, key, n, plain)
        else:
            with refused("InvalidCiphertextException", ""):
                importing.bring(kms, key, plain, params_of)
