"""Key material made outside, wrapped and imported through the API."""

import os
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.keywrap import aes_key_wrap_with_padding

OAEP = ("RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256")
RSA_AES = ("RSA_AES_KEY_WRAP_SHA_1", "RSA_AES_KEY_WRAP_SHA_256")
WRAPPING = ("RSA_2048", "RSA_3072", "RSA_4096")

CURVES = {"ECC_NIST_P256": ec.SECP256R1, "ECC_NIST_P384": ec.SECP384R1,
          "ECC_NIST_P521": ec.SECP521R1, "ECC_SECG_P256K1": ec.SECP256K1}
HMAC_BYTES = {"HMAC_224": 28, "HMAC_256": 32, "HMAC_384": 48, "HMAC_512": 64}
# One usage a spec, for tests that do not care which.
USAGE = {"SYMMETRIC_DEFAULT": "ENCRYPT_DECRYPT",
         **dict.fromkeys(HMAC_BYTES, "GENERATE_VERIFY_MAC"),
         **dict.fromkeys(("RSA_2048", "RSA_3072", "RSA_4096"), "SIGN_VERIFY"),
         **dict.fromkeys(CURVES, "SIGN_VERIFY"),
         "ECC_NIST_EDWARDS25519": "SIGN_VERIFY"}
SPECS = tuple(USAGE)


def pkcs8(private):
    return private.private_bytes(serialization.Encoding.DER,
                                 serialization.PrivateFormat.PKCS8,
                                 serialization.NoEncryption())


def spki(public):
    return public.public_bytes(serialization.Encoding.DER,
                               serialization.PublicFormat.SubjectPublicKeyInfo)


def private_key(spec):
    """A fresh asymmetric key of a spec."""
    if spec.startswith("RSA_"):
        return rsa.generate_private_key(65537, int(spec[4:]))
    if spec == "ECC_NIST_EDWARDS25519":
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key(CURVES[spec]())


def material(spec):
    """Fresh bytes to import into a key of a spec."""
    if spec == "SYMMETRIC_DEFAULT":
        return os.urandom(32)
    if spec in HMAC_BYTES:
        return os.urandom(HMAC_BYTES[spec])
    return pkcs8(private_key(spec))


def wrap(algorithm, public_der, plain):
    """plain as ImportKeyMaterial wants it under a wrapping algorithm."""
    public = serialization.load_der_public_key(public_der)
    digest = hashes.SHA1 if algorithm.endswith("SHA_1") else hashes.SHA256
    oaep = padding.OAEP(padding.MGF1(digest()), digest(), None)
    if algorithm in OAEP:
        return public.encrypt(plain, oaep)
    key = os.urandom(32)
    return public.encrypt(key, oaep) + aes_key_wrap_with_padding(key, plain)


def default_algorithm(spec):
    return "RSA_AES_KEY_WRAP_SHA_256" if spec.startswith("RSA_") \
        else "RSAES_OAEP_SHA_256"


@dataclass
class Parameters:
    """What GetParametersForImport gave for one key."""
    token: bytes
    public_key: bytes
    algorithm: str

    def wrapped(self, plain):
        return {"ImportToken": self.token,
                "EncryptedKeyMaterial": wrap(self.algorithm, self.public_key, plain)}


def parameters(kms, key, algorithm="RSAES_OAEP_SHA_256", wrapping="RSA_2048"):
    answer = kms.get_parameters_for_import(KeyId=key, WrappingAlgorithm=algorithm,
                                           WrappingKeySpec=wrapping)
    return Parameters(answer["ImportToken"], answer["PublicKey"], algorithm)


def bring(kms, key, plain, params=None, **more):
    """Import plain, without an expiry unless more says so."""
    params = params or parameters(kms, key)
    if "ValidTo" not in more and "ExpirationModel" not in more:
        more["ExpirationModel"] = "KEY_MATERIAL_DOES_NOT_EXPIRE"
    return kms.import_key_material(KeyId=key, **params.wrapped(plain), **more)


def external(kms, spec="SYMMETRIC_DEFAULT", usage=None, **more):
    """A key that waits for its material; its id."""
    return kms.create_key(Origin="EXTERNAL", KeySpec=spec, KeyUsage=usage or USAGE[spec],
                          **more)["KeyMetadata"]["KeyId"]


def imported(kms, plain=None, spec="SYMMETRIC_DEFAULT", usage=None, **more):
    """(key id, parameters, material) of a key with imported material."""
    key = external(kms, spec, usage, **more)
    wrapping = "RSA_3072" if spec in ("ECC_NIST_P521", "ECC_NIST_EDWARDS25519") else \
        "RSA_2048"
    params = parameters(kms, key, default_algorithm(spec), wrapping)
    plain = plain or material(spec)
    bring(kms, key, plain, params)
    return key, params, plain
