"""What a scenario does outside the service, by an independent library.

Every function takes the members of a step's input and hands back a step's output; wrong
cryptography is an exception.
"""

import hashlib
import hmac
import os

from cryptography.hazmat.primitives import hashes, keywrap
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding, NoEncryption, PrivateFormat, PublicFormat, load_der_private_key,
    load_der_public_key)

from .values import blob, raw

HASHES = {"1": hashes.SHA1(), "256": hashes.SHA256(), "384": hashes.SHA384(),
          "512": hashes.SHA512()}
CURVES = {"ECC_NIST_P256": ec.SECP256R1, "ECC_NIST_P384": ec.SECP384R1,
          "ECC_NIST_P521": ec.SECP521R1, "ECC_SECG_P256K1": ec.SECP256K1}


def _hash_of(algorithm):
    return HASHES[algorithm.rsplit("_", 1)[1]]


def _oaep(algorithm):
    used = _hash_of(algorithm)
    return padding.OAEP(padding.MGF1(used), used, None)


def _spki(public):
    return blob(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def make_key(KeySpec):
    """A key pair made outside: PKCS#8 and SubjectPublicKeyInfo."""
    if KeySpec in CURVES:
        key = ec.generate_private_key(CURVES[KeySpec]())
    elif KeySpec == "ECC_NIST_EDWARDS25519":
        key = ed25519.Ed25519PrivateKey.generate()
    else:
        key = rsa.generate_private_key(65537, int(KeySpec.removeprefix("RSA_")))
    private = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return {"PrivateKey": blob(private), "PublicKey": _spki(key.public_key())}


def public_of(PrivateKey):
    """The public half of a PKCS#8 private key."""
    return {"PublicKey": _spki(load_der_private_key(raw(PrivateKey), None).public_key())}


def wrap(PublicKey, WrappingAlgorithm, Material):
    """Material as ImportKeyMaterial wants it."""
    public = load_der_public_key(raw(PublicKey))
    if WrappingAlgorithm.startswith("RSA_AES_KEY_WRAP"):
        inner = os.urandom(32)
        wrapped = (public.encrypt(inner, _oaep(WrappingAlgorithm)) +
                   keywrap.aes_key_wrap_with_padding(inner, raw(Material)))
    else:
        wrapped = public.encrypt(raw(Material), _oaep(WrappingAlgorithm))
    return {"EncryptedKeyMaterial": blob(wrapped)}


def encrypt(PublicKey, EncryptionAlgorithm, Plaintext):
    public = load_der_public_key(raw(PublicKey))
    sealed = public.encrypt(raw(Plaintext), _oaep(EncryptionAlgorithm))
    return {"CiphertextBlob": blob(sealed)}


def _signing(algorithm):
    """What the library's RSA and ECDSA functions take after the message."""
    used = _hash_of(algorithm)
    if algorithm.startswith("ECDSA"):
        return (ec.ECDSA(used),)
    if "PSS" in algorithm:
        return padding.PSS(padding.MGF1(used), used.digest_size), used
    return padding.PKCS1v15(), used


def verify(PublicKey, SigningAlgorithm, Message, Signature):
    """Raises unless the signature is the message's."""
    public = load_der_public_key(raw(PublicKey))
    how = () if SigningAlgorithm in PURE else _signing(SigningAlgorithm)
    public.verify(raw(Signature), raw(Message), *how)
    return {}


def sign(PrivateKey, SigningAlgorithm, Message):
    key = load_der_private_key(raw(PrivateKey), None)
    how = () if SigningAlgorithm in PURE else _signing(SigningAlgorithm)
    return {"Signature": blob(key.sign(raw(Message), *how))}


# They hash inside.
PURE = ("ED25519_SHA_512", "ML_DSA_SHAKE_256")


def agree(PrivateKey, PublicKey):
    key = load_der_private_key(raw(PrivateKey), None)
    secret = key.exchange(ec.ECDH(), load_der_public_key(raw(PublicKey)))
    return {"SharedSecret": blob(secret)}


def mac(Key, MacAlgorithm, Message):
    name = "sha" + MacAlgorithm.rsplit("_", 1)[1]
    return {"Mac": blob(hmac.digest(raw(Key), raw(Message), name))}


def digest(Message, Hash):
    return {"Digest": blob(hashlib.new(Hash, raw(Message)).digest())}


FUNCTIONS = {function.__name__: function for function in (
    agree, digest, encrypt, mac, make_key, public_of, sign, verify, wrap)}
