"""Whatever is wrong with a ciphertext or its context, the answer is one and the same."""

import itertools

import pytest
from botocore.exceptions import ClientError

from support.rawhttp import call

CONTEXT = {"tenant": "42", "app": "é", "empty-ish": " "}


def refusal(kms, **request):
    """Status, body members and code of a refused Decrypt, without its request id."""
    with pytest.raises(ClientError) as caught:
        kms.decrypt(**request)
    answer = dict(caught.value.response)
    meta = answer.pop("ResponseMetadata")
    return meta["HTTPStatusCode"], answer


@pytest.fixture
def sealed(kms, key_id):
    return kms.encrypt(KeyId=key_id, Plaintext=b"hello kmsd",
                       EncryptionContext=CONTEXT)["CiphertextBlob"]


def test_the_pairs_of_a_context_have_no_order(kms, sealed):
    for pairs in itertools.permutations(CONTEXT.items()):
        opened = kms.decrypt(CiphertextBlob=sealed, EncryptionContext=dict(pairs))
        assert opened["Plaintext"] == b"hello kmsd"


def test_an_empty_context_and_none_are_the_same(kms, key_id):
    with_empty = kms.encrypt(KeyId=key_id, Plaintext=b"x", EncryptionContext={})
    assert kms.decrypt(CiphertextBlob=with_empty["CiphertextBlob"])["Plaintext"] == b"x"


def test_a_flipped_byte_anywhere_is_the_same_refusal(kms, key_id, sealed):
    """The key is named, so that a damaged key id in the blob is a damaged blob too."""
    answers = set()
    for at in range(len(sealed)):
        for bit in (0x01, 0x80):
            damaged = bytearray(sealed)
            damaged[at] ^= bit
            status, answer = refusal(kms, CiphertextBlob=bytes(damaged),
                                     EncryptionContext=CONTEXT)
            answers.add((status, answer["Error"]["Code"], answer["Error"].get("Message")))
    assert answers == {(400, "InvalidCiphertextException", "")}


def test_a_flipped_byte_is_the_same_bytes_on_the_wire(kmsd_dev, sealed):
    import base64
    bodies = set()
    for at in range(0, len(sealed), 7):
        damaged = bytearray(sealed)
        damaged[at] ^= 0x10
        answer = call(kmsd_dev.http_port, "Decrypt", {
            "CiphertextBlob": base64.b64encode(damaged).decode(),
            "EncryptionContext": CONTEXT})
        assert answer.status == 400
        bodies.add(answer.body)
    assert bodies == {b'{"__type":"InvalidCiphertextException"}'}


@pytest.mark.parametrize("change", [
    {"tenant": "43", "app": "é", "empty-ish": " "},
    {"Tenant": "42", "app": "é", "empty-ish": " "},
    {"tenant": "42", "app": "é", "empty-ish": ""},
    {"tenant": "42", "app": "e\u0301", "empty-ish": " "},
    {"tenant": "42", "app": "é"},
    {"tenant": "42", "app": "é", "empty-ish": " ", "more": "x"},
    {"tenant": "42 ", "app": "é", "empty-ish": " "},
    {"tenantapp": "42é", "empty-ish": " "},
    {"tenant": "é", "app": "42", "empty-ish": " "},
    {},
    None,
], ids=lambda value: repr(value)[:40])
def test_another_context_is_the_same_refusal(kms, sealed, change):
    request = {} if change is None else {"EncryptionContext": change}
    status, answer = refusal(kms, CiphertextBlob=sealed, **request)
    assert (status, answer["Error"]["Code"], answer["Error"].get("Message")) == (
        400, "InvalidCiphertextException", "")


@pytest.mark.parametrize("blob", [
    lambda b: b[:-1], lambda b: b + b"\0", lambda b: b[:126], lambda b: b[:50],
    lambda b: b[:1], lambda b: b"\0" * len(b), lambda b: b"\xff" * 6144,
    lambda b: b * 2, lambda b: b[1:]],
    ids=["short", "long", "header", "half header", "one byte", "zeros", "ones", "twice",
         "beheaded"])
def test_a_ciphertext_of_another_shape_is_the_same_refusal(kms, sealed, blob):
    status, answer = refusal(kms, CiphertextBlob=blob(sealed), EncryptionContext=CONTEXT)
    assert (status, answer["Error"]["Code"], answer["Error"].get("Message")) == (
        400, "InvalidCiphertextException", "")


def test_a_ciphertext_of_a_sibling_key_names_no_other_key(kms, key_id, sealed):
    other = kms.create_key()["KeyMetadata"]["KeyId"]
    status, answer = refusal(kms, CiphertextBlob=sealed, EncryptionContext=CONTEXT,
                             KeyId=other)
    assert answer["Error"]["Code"] == "IncorrectKeyException"
    assert answer["Error"]["Message"] == (
        "The key ID in the request does not identify a CMK that can perform this "
        "operation.")


def test_re_encrypt_moves_a_secret_to_another_key_and_context(kms, sealed):
    other = kms.create_key()["KeyMetadata"]
    moved = kms.re_encrypt(CiphertextBlob=sealed, SourceEncryptionContext=CONTEXT,
                           DestinationKeyId=other["KeyId"],
                           DestinationEncryptionContext={"new": "one"})
    assert moved["KeyId"] == other["Arn"]
    opened = kms.decrypt(CiphertextBlob=moved["CiphertextBlob"],
                         EncryptionContext={"new": "one"})
    assert opened["Plaintext"] == b"hello kmsd"
    with pytest.raises(kms.exceptions.InvalidCiphertextException):
        kms.re_encrypt(CiphertextBlob=sealed, DestinationKeyId=other["KeyId"])
