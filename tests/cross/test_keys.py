"""Public keys and data key pairs as others see them."""

import pytest
from cryptography.hazmat.primitives import serialization

from support import specs

from cross import matrix
from cross.outside import OPENSSL, TOOLS, content
from cross.sm2 import der_take

EC = "2a8648ce3d0201"
# Object identifiers of algorithm and curve (RFC 3279, 5480, 8410, 9881; GM/T 0006), and
# what the program says of the key.
ALGORITHMS = {
    **{spec: (["2a864886f70d010101"], f"({spec[4:]} bit)") for spec in specs.RSA},
    "ECC_NIST_P256": ([EC, "2a8648ce3d030107"], "NIST CURVE: P-256"),
    "ECC_NIST_P384": ([EC, "2b81040022"], "NIST CURVE: P-384"),
    "ECC_NIST_P521": ([EC, "2b81040023"], "NIST CURVE: P-521"),
    specs.SECG: ([EC, "2b8104000a"], "ASN1 OID: secp256k1"),
    "SM2": ([EC, "2a811ccf5501822d"], "ASN1 OID: SM2"),
    specs.EDWARDS: (["2b6570"], "ED25519 Public-Key:"),
    **{spec: ([f"6086480165030403{n:02x}"], f"ML-DSA-{spec[7:]} Public-Key:")
       for spec, n in zip(specs.ML_DSA, (0x11, 0x12, 0x13))},
}
# RFC 9881 section 4: a public key and nothing else.
RAW_LEN = {"ML_DSA_44": 1312, "ML_DSA_65": 1952, "ML_DSA_87": 2592}
PAIRED = [(spec, usage) for spec, usages in specs.SPECS.items() for usage in usages
          if spec not in specs.HMAC and spec != "SYMMETRIC_DEFAULT"]


def identifiers(spki):
    """(object identifiers of the AlgorithmIdentifier, what else is in it)."""
    _, body, rest = der_take(spki)
    assert rest == b""
    _, algorithm, _ = der_take(body)
    found = []
    while algorithm:
        tag, value, algorithm = der_take(algorithm)
        found.append(value.hex() if tag == 6 else (tag, value))
    return found


@pytest.mark.parametrize("spec, usage", PAIRED)
def test_a_public_key_says_what_it_is(key_of, spec, usage):
    if specs.lacks(spec):
        pytest.skip(specs.lacks(spec))
    key = key_of(spec, usage, "made")
    if spec in specs.ML_DSA and OPENSSL.version < (3, 5):
        pytest.skip("ML-DSA needs the openssl program of version 3.5")
    expected, words = ALGORITHMS[spec]
    # RFC 3279 section 2.3.1: rsaEncryption has parameters, and they are NULL.
    null = [(5, b"")] if spec in specs.RSA else []
    assert identifiers(key.public) == expected + null
    assert words in OPENSSL.describe(key.public)


@pytest.mark.parametrize("spec, usage", [p for p in PAIRED if p[0] != "SM2"])
def test_a_public_key_is_in_its_one_encoding(key_of, spec, usage):
    if specs.lacks(spec):
        pytest.skip(specs.lacks(spec))
    der = key_of(spec, usage, "made").public
    loaded = serialization.load_der_public_key(der)
    assert loaded.public_bytes(serialization.Encoding.DER,
                               serialization.PublicFormat.SubjectPublicKeyInfo) == der
    if spec in specs.RSA:
        assert (loaded.key_size, loaded.public_numbers().e) == (int(spec[4:]), 65537)
    elif spec in RAW_LEN:
        assert len(loaded.public_bytes_raw()) == RAW_LEN[spec]
    elif spec != specs.EDWARDS:
        assert loaded.curve.name == {
            "ECC_NIST_P256": "secp256r1", "ECC_NIST_P384": "secp384r1",
            "ECC_NIST_P521": "secp521r1", specs.SECG: "secp256k1"}[spec]


@pytest.mark.parametrize("spec, tool", matrix.PAIRS)
def test_a_data_key_pair_works_outside(client_for, spec, tool):
    kms, tool = client_for(spec), TOOLS[tool]
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    pair = kms.generate_data_key_pair(KeyId=key, KeyPairSpec=spec)
    private, public = pair["PrivateKeyPlaintext"], pair["PublicKey"]
    assert OPENSSL.public_of(private) == public
    assert kms.decrypt(CiphertextBlob=pair["PrivateKeyCiphertextBlob"])[
        "Plaintext"] == private
    algorithm = specs.SPECS[spec][specs.SIGN][-1]
    message = content(algorithm, "RAW", b"a message of no importance")
    signature = tool.sign(private, algorithm, "RAW", message)
    assert tool.verify(public, algorithm, "RAW", message, signature)
    if specs.CRYPT in specs.SPECS[spec]:
        algorithm = specs.SPECS[spec][specs.CRYPT][0]
        blob = tool.encrypt(public, algorithm, b"hello")
        assert tool.decrypt(private, algorithm, blob) == b"hello"
    if specs.AGREE in specs.SPECS[spec]:
        other = TOOLS["openssl"].generate(spec)
        if tool.cannot(spec, "ECDH") is None:
            assert tool.derive(private, OPENSSL.public_of(other)) == \
                tool.derive(other, public)


@pytest.mark.parametrize("spec", [*specs.PAIRS, "SM2"])
def test_a_private_key_is_in_its_standard_container(client_for, spec):
    kms = client_for(spec)
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    private = kms.generate_data_key_pair(KeyId=key, KeyPairSpec=spec)["PrivateKeyPlaintext"]
    assert OPENSSL.rewrite(private) == private
