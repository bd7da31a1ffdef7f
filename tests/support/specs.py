"""The table of key specs as the service documents it, for tests: written out by hand.

Lists are in the order in which the service shows them. What the OpenSSL of the daemon
cannot do is in `lacks`, with the reason.
"""

import ctypes
import os

RSASSA = [f"RSASSA_{scheme}_SHA_{bits}" for scheme in ("PKCS1_V1_5", "PSS")
          for bits in (256, 384, 512)]
OAEP = ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"]
SIGN, CRYPT, MAC, AGREE = ("SIGN_VERIFY", "ENCRYPT_DECRYPT", "GENERATE_VERIFY_MAC",
                           "KEY_AGREEMENT")
# The list of algorithms that a usage shows.
MEMBER = {SIGN: "SigningAlgorithms", CRYPT: "EncryptionAlgorithms", MAC: "MacAlgorithms",
          AGREE: "KeyAgreementAlgorithms"}
RSA = ("RSA_2048", "RSA_3072", "RSA_4096")
NIST = ("ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521")
ML_DSA = ("ML_DSA_44", "ML_DSA_65", "ML_DSA_87")
HMAC = ("HMAC_224", "HMAC_256", "HMAC_384", "HMAC_512")
EDWARDS = "ECC_NIST_EDWARDS25519"
SECG = "ECC_SECG_P256K1"

# spec -> usage -> algorithms
SPECS = {
    "SYMMETRIC_DEFAULT": {CRYPT: ["SYMMETRIC_DEFAULT"]},
    **{spec: {CRYPT: OAEP, SIGN: RSASSA} for spec in RSA},
    **{spec: {SIGN: [f"ECDSA_SHA_{bits}"], AGREE: ["ECDH"]}
       for spec, bits in zip(NIST, (256, 384, 512))},
    SECG: {SIGN: ["ECDSA_SHA_256"]},
    EDWARDS: {SIGN: ["ED25519_PH_SHA_512", "ED25519_SHA_512"]},
    **{spec: {MAC: [spec.replace("HMAC_", "HMAC_SHA_")]} for spec in HMAC},
    **{spec: {SIGN: ["ML_DSA_SHAKE_256"]} for spec in ML_DSA},
    "SM2": {CRYPT: ["SM2PKE"], SIGN: ["SM2DSA"], AGREE: ["ECDH"]},
}
# In China Regions only.
CHINA = ("SM2",)
PAIRS = [*RSA, *NIST, SECG, EDWARDS]
# Longest plaintext: modulus less two hashes less two (RFC 8017 section 7.1.1).
PLAINTEXT_MAX = {("RSA_2048", OAEP[0]): 214, ("RSA_2048", OAEP[1]): 190,
                 ("RSA_3072", OAEP[0]): 342, ("RSA_3072", OAEP[1]): 318,
                 ("RSA_4096", OAEP[0]): 470, ("RSA_4096", OAEP[1]): 446}
SIGNATURE_LEN = {"RSA_2048": 256, "RSA_3072": 384, "RSA_4096": 512, EDWARDS: 64,
                 "ML_DSA_44": 2420, "ML_DSA_65": 3309, "ML_DSA_87": 4627}
SECRET_LEN = dict(zip(NIST, (32, 48, 66)))
MAC_LEN = dict(zip(HMAC, (28, 32, 48, 64)))


def openssl():
    """(major, minor) of the OpenSSL that the daemon runs with: this system's, or what
    KMSD_TEST_OPENSSL says when it runs on another one."""
    if "KMSD_TEST_OPENSSL" in os.environ:
        return tuple(map(int, os.environ["KMSD_TEST_OPENSSL"].split(".")[:2]))
    lib = ctypes.CDLL("libcrypto.so.3")
    return (lib.OPENSSL_version_major(), lib.OPENSSL_version_minor())


def lacks(spec):
    """Why the daemon cannot make keys of this spec, or None."""
    if spec in ML_DSA and openssl() < (3, 5):
        return "ML-DSA needs OpenSSL 3.5"
    return None


def digest_len(algorithm):
    """The length of a DIGEST for a signing algorithm, 0 when it takes none."""
    if algorithm in ("ED25519_SHA_512", "ML_DSA_SHAKE_256"):
        return 0
    return 32 if algorithm == "SM2DSA" else int(algorithm.rsplit("_", 1)[1]) // 8


def message_types(algorithm):
    """The message types an algorithm takes."""
    types = [] if algorithm == "ED25519_PH_SHA_512" else ["RAW"]
    if digest_len(algorithm):
        types.append("DIGEST")
    if algorithm == "ML_DSA_SHAKE_256":
        types.append("EXTERNAL_MU")
    return types


def usable(specs=None):
    """(spec, usage) of every key that can be made outside China with this OpenSSL."""
    return [(spec, usage) for spec, usages in SPECS.items() for usage in usages
            if (specs is None or spec in specs) and spec not in CHINA and not lacks(spec)]
