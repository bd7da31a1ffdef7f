"""Signatures, ciphertexts, secrets and codes across the wall, both ways."""

import pytest

from support import specs
from support.refusal import refused

from cross import matrix
from cross.outside import TOOLS, content

MESSAGES = [b"\0", b"a message of no importance", bytes(range(256)) * 16]


def ids(cases):
    return {"argvalues": cases, "ids": [str(case) for case in cases]}


def ask(key, case, message):
    return {"KeyId": key.id, "SigningAlgorithm": case.algorithm, "MessageType": case.kind,
            "Message": message}


@pytest.mark.parametrize("case", **ids(matrix.SIGNATURES))
def test_a_signature_is_one_on_both_sides(key_of, possible, case):
    possible(case)
    key, tool = key_of(case.spec, specs.SIGN, case.key), TOOLS[case.tool]
    for message in MESSAGES:
        sent = content(case.algorithm, case.kind, message, key.public)
        other = content(case.algorithm, case.kind, message + b"!", key.public)
        if len(other) > 4096:
            other = other[1:]
        if case.direction == "out":
            signature = key.kms.sign(**ask(key, case, sent))["Signature"]
            assert tool.verify(key.public, case.algorithm, case.kind, sent, signature)
            assert not tool.verify(key.public, case.algorithm, case.kind, other, signature)
            continue
        signature = tool.sign(key.private, case.algorithm, case.kind, sent)
        assert key.kms.verify(Signature=signature, **ask(key, case, sent))["SignatureValid"]
        with refused("KMSInvalidSignatureException", ""):
            key.kms.verify(Signature=signature, **ask(key, case, other))


def plaintexts(case):
    most = specs.PLAINTEXT_MAX.get((case.spec, case.algorithm), 1024)
    return [b"\0", b"a secret of no importance", b"x" * most]


@pytest.mark.parametrize("case", **ids(matrix.CIPHERTEXTS))
def test_a_ciphertext_opens_on_the_other_side(key_of, possible, case):
    possible(case)
    key, tool = key_of(case.spec, specs.CRYPT, case.key), TOOLS[case.tool]
    how = {"KeyId": key.id, "EncryptionAlgorithm": case.algorithm}
    for plain in plaintexts(case):
        if case.direction == "out":
            blob = key.kms.encrypt(Plaintext=plain, **how)["CiphertextBlob"]
            assert tool.decrypt(key.private, case.algorithm, blob) == plain
            continue
        blob = tool.encrypt(key.public, case.algorithm, plain)
        assert key.kms.decrypt(CiphertextBlob=blob, **how)["Plaintext"] == plain
        flipped = blob[:-1] + bytes([blob[-1] ^ 1])
        with refused("InvalidCiphertextException", ""):
            key.kms.decrypt(CiphertextBlob=flipped, **how)


@pytest.mark.parametrize("case", **ids(matrix.SECRETS))
def test_both_sides_derive_one_secret(key_of, possible, case):
    possible(case)
    key, tool = key_of(case.spec, specs.AGREE, case.key), TOOLS[case.tool]
    for _ in range(3):
        private = TOOLS["openssl"].generate(case.spec)
        peer = TOOLS["openssl"].public_of(private)
        answer = key.kms.derive_shared_secret(KeyId=key.id, KeyAgreementAlgorithm="ECDH",
                                              PublicKey=peer)
        secret = answer["SharedSecret"]
        assert secret == tool.derive(private, key.public)
        if key.private is not None:
            assert secret == tool.derive(key.private, peer)
            assert answer["KeyOrigin"] == "EXTERNAL"


@pytest.mark.parametrize("case", **ids(matrix.MACS))
def test_a_code_is_one_on_both_sides(key_of, possible, case):
    possible(case)
    key, tool = key_of(case.spec, specs.MAC, case.key), TOOLS[case.tool]
    how = {"KeyId": key.id, "MacAlgorithm": case.algorithm}
    for message in MESSAGES:
        code = tool.mac(key.private, case.algorithm, message)
        if case.direction == "out":
            assert key.kms.generate_mac(Message=message, **how)["Mac"] == code
            continue
        assert key.kms.verify_mac(Message=message, Mac=code, **how)["MacValid"] is True
        with refused("KMSInvalidMacException", ""):
            key.kms.verify_mac(Message=message, Mac=code[:-1], **how)
