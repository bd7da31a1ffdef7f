"""Malformed calls: AWS's own answer where there is one, else 400 and the connection ends.

Sources of the exact texts: recorded answers of AWS's JSON 1.1 front end. Every case ends
with the daemon still serving and no key more than before.
"""

import base64
import json

import pytest

from support import rawhttp
from support.rawhttp import call

UNKNOWN = {"__type": "UnknownOperationException"}
SERIALIZATION = {"__type": "SerializationException"}
BIG = 1 << 20


@pytest.fixture
def port(kmsd_dev):
    return kmsd_dev.http_port


@pytest.fixture
def untouched(kms):
    """The number of keys is the same after the test, and the daemon answers."""
    def keys():
        return sum(len(page["Keys"]) for page in
                   kms.get_paginator("list_keys").paginate())
    before = keys()
    yield
    assert keys() == before


def assert_json_error(answer, body):
    assert answer.status == 400
    assert answer.json == body
    assert answer.headers["content-type"] == "application/x-amz-json-1.1"
    assert len(answer.headers["x-amzn-requestid"]) == 36


# --- which operation --------------------------------------------------------------------

@pytest.mark.parametrize("target", [
    "TrentService.MakeCoffee", "TrentService.encrypt", "TrentService.", "TrentService",
    "Encrypt", "trentservice.Encrypt", "OtherService.Encrypt",
    "TrentService.Encrypt.", ".Encrypt", "TrentService.Encrypt,TrentService.Decrypt",
    "TrentService." + "A" * 3000])
def test_an_unknown_target_is_an_unknown_operation(port, untouched, target):
    assert_json_error(call(port, "x", b"{}", target=target), UNKNOWN)


def test_a_missing_target_is_an_unknown_operation(port, untouched):
    payload = rawhttp.head(None, 2) + b"{}"
    answer = rawhttp.send(port, payload)
    assert_json_error(answer, UNKNOWN)


@pytest.mark.parametrize("operation", ["Encapsulate", "CreateCustomKeyStore",
                                       "DescribeCustomKeyStores"])
def test_an_operation_without_code_is_an_unknown_operation(port, untouched, operation):
    assert_json_error(call(port, operation, b"{}"), UNKNOWN)


@pytest.mark.parametrize("content_type", ["application/x-amz-json-1.0", "application/json",
                                          "application/x-amz-json-1.10", "text/xml"])
def test_another_content_type_is_404_in_xml(port, untouched, content_type):
    answer = call(port, "ListKeys", b"{}", content_type=content_type)
    assert answer.status == 404
    assert answer.body.strip() == b"<UnknownOperationException/>"


@pytest.mark.parametrize("content_type", [None, ""])
def test_no_content_type_is_no_request(port, untouched, content_type):
    answer = call(port, "ListKeys", b"{}", content_type=content_type)
    assert answer.status in (400, 404)
    assert b"KeyId" not in answer.body


# --- JSON that is none ------------------------------------------------------------------

@pytest.mark.parametrize("body", [
    b"", b"null", b'"text"', b"7", b"true", b"{", b'{"KeyId"', b'{"KeyId":', b'{"KeyId":"x"',
    b'{"KeyId":"x",}', b'{"KeyId":"x"}}', b'{"KeyId":"x"} {}', b"{'KeyId':'x'}",
    b'{KeyId:"x"}', b'{"KeyId":"\x01"}', b'{"KeyId":"\\q"}', b'{"KeyId":"\\ud800"}',
    b'{"KeyId":01}', b'{"KeyId":+1}', b'{"KeyId":NaN}', b'{"KeyId":"x"/**/}', b"\0\0\0",
    b'\xef\xbb\xbf{"KeyId":"x"}', b"\xff\xfe{\0}\0"])
def test_a_body_that_is_no_json_object_is_a_serialization_error(port, untouched, body):
    assert_json_error(call(port, "DescribeKey", body), SERIALIZATION)


@pytest.mark.parametrize("text", [b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80",
                                  b"\xe2\x82", b"a\xc3"])
def test_text_that_is_not_utf_8_is_a_serialization_error(port, untouched, text):
    answer = call(port, "DescribeKey", b'{"KeyId":"' + text + b'"}')
    assert answer.status == 400
    assert answer.type == "SerializationException"


def test_an_array_is_told_where_it_starts(port, untouched):
    answer = call(port, "DescribeKey", b"[]")
    assert answer.status == 400
    assert answer.type == "SerializationException"
    assert answer.json.get("message", answer.json.get("Message")) == \
        "Start of list found where not expected"


def test_a_duplicate_key_is_a_serialization_error(port, untouched):
    answer = call(port, "CreateKey", b'{"Description":"a","Description":"b"}')
    assert answer.status == 400
    assert answer.type == "SerializationException"


@pytest.mark.parametrize("depth", [64, 1000, 100_000])
def test_deep_nesting_is_a_serialization_error(port, untouched, depth):
    body = b'{"Tags":' + b"[" * depth + b"]" * depth + b"}"
    answer = call(port, "CreateKey", body)
    assert answer.status in (400, 413)
    if answer.status == 400:
        assert answer.type == "SerializationException"


def test_an_oversize_body_is_refused_before_it_is_read(port, untouched):
    answer = rawhttp.send(port, rawhttp.head("TrentService.CreateKey", 1 << 40))
    assert answer.status in (400, 413)
    assert answer.closed


def test_a_body_just_too_large_is_refused(port, untouched):
    body = b'{"Description":"' + b"x" * (8 * BIG) + b'"}'
    answer = call(port, "CreateKey", body)
    # The connection may end before all of the body was taken: no answer, or a refusal.
    assert answer.status in (0, 400, 413)


# --- members of the wrong type ----------------------------------------------------------

@pytest.mark.parametrize("operation, body, message", [
    ("DescribeKey", {"KeyId": 7}, "NUMBER_VALUE can not be converted to a String"),
    ("DescribeKey", {"KeyId": True}, "TRUE_VALUE can not be converted to a String"),
    ("DescribeKey", {"KeyId": False}, "FALSE_VALUE can not be converted to a String"),
    ("DescribeKey", {"KeyId": {}}, "Start of structure or map found where not expected."),
    ("ListKeys", {"Limit": "7"}, "STRING_VALUE can not be converted to an Integer"),
    ("CreateKey", {"Tags": "x"}, "Expected list or null"),
])
def test_a_wrong_type_is_named(port, untouched, operation, body, message):
    answer = call(port, operation, body)
    assert answer.status == 400
    assert answer.type == "SerializationException"
    assert answer.json.get("message", answer.json.get("Message")) == message


@pytest.mark.parametrize("operation, body", [
    ("DescribeKey", {"KeyId": []}), ("CreateKey", {"Tags": {}}), ("CreateKey", {"Tags": [1]}),
    ("CreateKey", {"MultiRegion": "yes"}), ("ListKeys", {"Limit": True}),
    ("Encrypt", {"KeyId": "x", "Plaintext": 7}),
    ("Encrypt", {"KeyId": "x", "Plaintext": "eA==", "EncryptionContext": []}),
    ("Encrypt", {"KeyId": "x", "Plaintext": "eA==", "EncryptionContext": {"a": 1}}),
    ("Encrypt", {"KeyId": "x", "Plaintext": "eA==", "GrantTokens": "x"})])
def test_any_other_wrong_type_is_a_serialization_error(port, untouched, operation, body):
    answer = call(port, operation, body)
    assert (answer.status, answer.type) == (400, "SerializationException")


@pytest.mark.parametrize("text", ["%%%%", "eA=", "eA", "e===", "eA==eA==", "e A=", "eB==x",
                                  "eA_-"])
def test_bad_base64_is_a_serialization_error(port, key_id, text):
    answer = call(port, "Encrypt", {"KeyId": key_id, "Plaintext": text})
    assert (answer.status, answer.type) == (400, "SerializationException")


def test_null_counts_as_absent_and_unknown_members_are_ignored(port, key_id):
    answer = call(port, "DescribeKey", {"KeyId": key_id, "GrantTokens": None, "Wings": 2})
    assert answer.status == 200


def test_a_fraction_is_truncated_where_an_integer_is_wanted(port, key_id):
    answer = call(port, "GenerateRandom", {"NumberOfBytes": 5.9})
    assert answer.status == 200
    assert len(base64.b64decode(answer.json["Plaintext"])) == 5


# --- constraints of the model -----------------------------------------------------------

@pytest.mark.parametrize("operation, body, message", [
    ("DescribeKey", {},
     "1 validation error detected: Value null at 'keyId' failed to satisfy constraint: "
     "Member must not be null"),
    ("DescribeKey", {"KeyId": ""},
     "1 validation error detected: Value '' at 'keyId' failed to satisfy constraint: "
     "Member must have length greater than or equal to 1"),
    ("GenerateRandom", {"NumberOfBytes": 0},
     "1 validation error detected: Value '0' at 'numberOfBytes' failed to satisfy "
     "constraint: Member must have value greater than or equal to 1"),
    ("GenerateRandom", {"NumberOfBytes": 1025},
     "1 validation error detected: Value '1025' at 'numberOfBytes' failed to satisfy "
     "constraint: Member must have value less than or equal to 1024"),
    ("GenerateRandom", {}, "NumberOfBytes is required."),
    ("ListKeys", {"Limit": 0},
     "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: "
     "Member must have value greater than or equal to 1"),
    ("CreateKey", {"Tags": [{"TagKey": "k" * 129, "TagValue": "v"}]},
     "1 validation error detected: Value '" + "k" * 129 + "' at 'tags.1.member.tagKey' "
     "failed to satisfy constraint: Member must have length less than or equal to 128"),
    ("CreateKey", {"Tags": [{"TagKey": "a", "TagValue": "b"},
                            {"TagKey": "k", "TagValue": "v" * 257}]},
     "1 validation error detected: Value '" + "v" * 257 + "' at 'tags.2.member.tagValue' "
     "failed to satisfy constraint: Member must have length less than or equal to 256"),
    ("Encrypt", {"KeyId": "x", "Plaintext": base64.b64encode(b"p" * 4097).decode()},
     "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: "
     "Member must have length less than or equal to 4096"),
    ("CreateAlias", {"AliasName": "alias/with blank", "TargetKeyId": "x"},
     "1 validation error detected: Value 'alias/with blank' at 'aliasName' failed to "
     "satisfy constraint: Member must satisfy regular expression pattern: "
     "^[a-zA-Z0-9:/_-]+$"),
])
def test_a_broken_constraint_is_told_in_the_words_of_the_service(port, untouched, operation,
                                                                 body, message):
    answer = call(port, operation, body)
    assert (answer.status, answer.type) == (400, "ValidationException")
    assert answer.json["message"] == message


def test_a_value_of_any_length_is_told_in_bounds(port, untouched):
    answer = call(port, "DescribeKey", {"KeyId": "x" * 100_000})
    assert (answer.status, answer.type) == (400, "ValidationException")
    assert answer.json["message"].startswith("1 validation error detected: Value 'xxx")
    assert answer.json["message"].endswith(
        "' at 'keyId' failed to satisfy constraint: Member must have length less than or "
        "equal to 2048")
    assert len(answer.body) < 8192


def test_an_unknown_enum_value_lists_the_known_ones(port, untouched):
    answer = call(port, "CreateKey", {"KeySpec": "ROT13"})
    assert (answer.status, answer.type) == (400, "ValidationException")
    start = ("1 validation error detected: Value 'ROT13' at 'keySpec' failed to satisfy "
             "constraint: Member must satisfy enum value set: [")
    assert answer.json["message"].startswith(start)
    values = answer.json["message"][len(start):-1].split(", ")
    assert "SYMMETRIC_DEFAULT" in values and "RSA_2048" in values


def test_several_broken_constraints_are_counted(port, untouched):
    answer = call(port, "CreateAlias", {})
    assert (answer.status, answer.type) == (400, "ValidationException")
    assert answer.json["message"].startswith("2 validation errors detected: ")
    assert answer.json["message"].count("Member must not be null") == 2


# --- who is calling ---------------------------------------------------------------------

def test_a_call_without_credentials_is_refused_before_its_body_is_read(port, untouched):
    for body in (b"{}", b"{not json"):
        answer = call(port, "CreateKey", body, authorization=None)
        assert answer.status in (400, 403)
        assert answer.type in ("MissingAuthenticationToken",
                               "MissingAuthenticationTokenException")


@pytest.mark.parametrize("value", ["", "Basic dXNlcjpwYXNz", "AWS4-HMAC-SHA256",
                                   "AWS4-HMAC-SHA256 Credential=x",
                                   "AWS4-HMAC-SHA256 Credential=a/b/c/d/e, "
                                   "SignedHeaders=host, Signature=00",
                                   "AWS4-HMAC-SHA256 " + "Credential=" * 300])
def test_a_mangled_credential_is_refused(port, untouched, value):
    answer = call(port, "CreateKey", b"{}", authorization=value)
    assert answer.status in (400, 403)
    assert answer.json["__type"] not in ("InternalFailure", "KMSInternalException")


def test_errors_of_one_connection_do_not_spoil_the_next_call(kmsd_dev):
    with kmsd_dev.connect() as sock:
        for body, status in ((b"{}", 400), (b'{"NumberOfBytes":8}', 200), (b"[", 400),
                             (b'{"NumberOfBytes":8}', 200)):
            sock.sendall(rawhttp.head("TrentService.GenerateRandom", len(body)) + body)
            answer = rawhttp.read_answer(sock)
            assert answer.status == status
            if answer.closed:
                break


def test_random_damage_to_a_good_request_never_breaks_the_daemon(port, kms, key_id):
    """A seeded walk over damaged bodies: each is answered, none with a 5xx."""
    import random
    rng = random.Random(20260101)
    good = json.dumps({"KeyId": key_id, "Plaintext": "aGVsbG8=", "EncryptionContext": {
        "a": "b", "é": "\u0000"}, "GrantTokens": [], "DryRun": False}).encode()
    for _ in range(400):
        body = bytearray(good)
        for _ in range(rng.randint(1, 4)):
            at = rng.randrange(len(body))
            act = rng.randrange(4)
            if act == 0:
                body[at] = rng.randrange(256)
            elif act == 1:
                del body[at:at + rng.randint(1, 9)]
            elif act == 2:
                body[at:at] = bytes(rng.choices(b'{}[]",:\\0e\x00\xff', k=rng.randint(1, 5)))
            else:
                body[at:at] = body[:at]
            if not body:
                body = bytearray(b" ")
        answer = call(port, "Encrypt", bytes(body[:60000]))
        assert answer.status in (200, 400), bytes(body)
    assert kms.describe_key(KeyId=key_id)["KeyMetadata"]["KeyState"] == "Enabled"
