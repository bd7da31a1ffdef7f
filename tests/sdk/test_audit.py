"""The audit log: a record of every request and refusal, no secret, no edit unnoticed."""

import base64
import json
import re
import shutil
import sqlite3
import uuid
from contextlib import closing

import pytest
from botocore.exceptions import ClientError

from support import audit, clients
from support.rawhttp import call
from support.tour import CANARY, OPERATIONS, Tour

READ_ONLY = {
    "DescribeKey", "ListKeys", "ListAliases", "ListResourceTags", "GetKeyPolicy",
    "ListKeyPolicies", "GetKeyRotationStatus", "ListKeyRotations", "Encrypt", "Decrypt",
    "ReEncrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "GenerateRandom"}
ENVELOPE = {
    "seq", "prev", "eventVersion", "userIdentity", "eventTime", "eventSource", "eventName",
    "awsRegion", "sourceIPAddress", "userAgent", "requestParameters", "responseElements",
    "requestID", "eventID", "readOnly", "resources", "eventType", "managementEvent",
    "eventCategory", "recipientAccountId"}


@pytest.fixture(scope="module")
def toured(shared_workshop):
    """A daemon that was asked everything once, with answers and records."""
    daemon = shared_workshop.dev(keep=True)
    tour = Tour(clients.plain(daemon))
    tour.walk()
    daemon.tour = tour
    daemon.all_records = audit.records(daemon.data_dir)
    daemon.by_id = {r.get("requestID"): r for r in daemon.all_records}
    return daemon


def records_of(toured, operation):
    found = [(request, answer, toured.by_id.get(answer["ResponseMetadata"]["RequestId"]))
             for name, request, answer in toured.tour.answers if name == operation]
    assert found
    return found


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_has_its_record(toured, operation):
    for request, _, record in records_of(toured, operation):
        assert record is not None, "no record"
        assert record["eventName"] == operation
        assert ENVELOPE <= set(record), ENVELOPE - set(record)
        assert record["eventSource"] == "kms.amazonaws.com"
        assert record["eventType"] == "AwsApiCall"
        assert record["eventCategory"] == "Management"
        assert record["managementEvent"] is True
        assert record["awsRegion"] == "us-east-1"
        assert record["recipientAccountId"] == clients.ACCOUNT
        assert record["sourceIPAddress"] == "127.0.0.1"
        assert record["userAgent"].startswith("Boto3/")
        assert record["readOnly"] is (operation in READ_ONLY)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", record["eventTime"])
        assert str(uuid.UUID(record["eventID"])) == record["eventID"]
        identity = record["userIdentity"]
        assert identity["accountId"] == clients.ACCOUNT
        assert identity["arn"].startswith(f"arn:aws:iam::{clients.ACCOUNT}:")
        assert "errorCode" not in record and "errorMessage" not in record
        if operation in READ_ONLY:
            assert record["responseElements"] is None
        if "KeyId" in request:
            assert record["requestParameters"]["keyId"] == request["KeyId"]


@pytest.mark.parametrize("operation", [
    o for o in OPERATIONS if not o.startswith("List") or o in (
        "ListResourceTags", "ListKeyPolicies", "ListKeyRotations")])
def test_a_record_names_the_key_it_is_about(toured, operation):
    for _, _, record in records_of(toured, operation):
        if operation == "GenerateRandom":
            assert record["resources"] == []
            continue
        keys = [r for r in record["resources"] if ":key/" in r["ARN"]]
        assert keys and all(k["type"] == "AWS::KMS::Key" for k in keys)
        assert all(k["accountId"] == clients.ACCOUNT for k in keys)
        assert len(keys) == (2 if operation == "ReEncrypt" else len(keys))


def test_records_show_the_context_but_no_secret(toured):
    assert all(r["requestParameters"]["encryptionContext"] == {"tenant": "42"}
               for _, _, r in records_of(toured, "Encrypt"))
    whole = b"\n".join(raw for _, raw in audit.raw_records(toured.data_dir))
    secrets = [CANARY]
    for _, _, answer in toured.tour.answers:
        for member in ("Plaintext", "CiphertextBlob"):
            if member in answer:
                secrets.append(answer[member])
    assert len(secrets) >= 7
    log = toured.log().encode()
    for secret in secrets:
        for form in (secret, base64.b64encode(secret), secret.hex().encode()):
            assert form not in whole
            assert form not in log


def test_a_create_key_record_shows_the_key_and_the_defaults(toured):
    _, answer, record = records_of(toured, "CreateKey")[0]
    made = record["responseElements"]["keyMetadata"]
    assert made["arn"] == answer["KeyMetadata"]["Arn"]
    assert made["keySpec"] == "SYMMETRIC_DEFAULT"
    assert made["keyUsage"] == "ENCRYPT_DECRYPT"
    assert record["requestParameters"]["origin"] == "AWS_KMS"
    assert record["requestParameters"]["bypassPolicyLockoutSafetyCheck"] is False


def test_every_dev_record_says_that_it_is_one(toured):
    for record in toured.all_records:
        assert record["profile"] == "dev"


REFUSALS = [
    ("DescribeKey", {"KeyId": "fake-key-id"}, "NotFoundException"),
    ("DescribeKey", {"KeyId": str(uuid.uuid4())}, "NotFoundException"),
    ("DescribeKey", {"KeyId": "alias/nowhere"}, "NotFoundException"),
    ("DescribeKey", {}, "ValidationException"),
    ("Encrypt", {"KeyId": "x", "Plaintext": ""}, "ValidationException"),
    ("CreateAlias", {"AliasName": "nope", "TargetKeyId": str(uuid.uuid4())},
     "ValidationException"),
    ("Decrypt", {"CiphertextBlob": "AAAA"}, "InvalidCiphertextException"),
    ("ListKeys", {"Marker": "bogus"}, "InvalidMarkerException"),
    ("CreateKey", {"KeySpec": "RSA_2048"}, "ValidationException"),
    ("MakeCoffee", {}, "UnknownOperationException"),
    ("ListKeys", b"[", "SerializationException"),
]


@pytest.mark.parametrize("operation, body, code", REFUSALS,
                         ids=[f"{o}-{c}-{i}" for i, (o, _, c) in enumerate(REFUSALS)])
def test_every_refusal_has_its_record(kmsd_dev, operation, body, code):
    answer = call(kmsd_dev.http_port, operation, body)
    assert (answer.status, answer.type) == (400, code)
    record = audit.by_request(kmsd_dev.data_dir, answer.headers["x-amzn-requestid"])
    assert record["eventName"] == operation
    assert record["errorCode"] == code
    assert record["responseElements"] is None


def test_a_refusal_by_state_names_key_and_reason(kmsd_dev, kms, key_id):
    kms.disable_key(KeyId=key_id)
    with pytest.raises(kms.exceptions.DisabledException) as refusal:
        kms.encrypt(KeyId=key_id, Plaintext=CANARY)
    response = refusal.value.response
    record = audit.by_request(kmsd_dev.data_dir, response["ResponseMetadata"]["RequestId"])
    assert record["errorCode"] == "DisabledException"
    assert record["errorMessage"] == response["Error"]["Message"]
    assert record["resources"][0]["ARN"].endswith(key_id)
    assert CANARY.decode() not in json.dumps(record)


def test_a_stranger_is_counted_not_recorded_one_by_one(workshop):
    daemon = workshop.dev(keep=True)
    daemon.clock(freeze=True)
    before = audit.last_seq(daemon.data_dir)
    for _ in range(50):
        answer = call(daemon.http_port, "CreateKey", b"{}", authorization=None)
        assert answer.type.startswith("MissingAuthenticationToken")
    daemon.clock(advance_s=120)
    new = audit.records(daemon.data_dir, before + 1)
    counted = [r for r in new if "127.0.0.1" in json.dumps(r)
               and "50" in json.dumps(r.get("serviceEventDetails", r))]
    assert len(counted) == 1
    assert len(new) < 10


def test_start_and_stop_are_records_too(workshop):
    daemon = workshop.dev(keep=True)
    daemon.restart()
    daemon.stop()
    names = [r["eventName"] for r in audit.records(daemon.data)]
    assert names.count("Start") == 2 and names.count("Stop") == 2
    assert names[0] == "Start" and names[-1] == "Stop"


# --- edits ------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def stopped(shared_workshop):
    """The data of a daemon that did some work and stopped."""
    daemon = shared_workshop.dev(keep=True)
    kms = clients.plain(daemon)
    for _ in range(3):
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        kms.generate_data_key(KeyId=key, KeySpec="AES_256")
        with pytest.raises(ClientError):
            kms.describe_key(KeyId="nope")
    daemon.stop()
    return daemon.data


@pytest.fixture
def copy(stopped, tmp_path):
    target = tmp_path / "data"
    shutil.copytree(stopped, target, ignore=lambda d, names: [
        n for n in names if n.endswith(".sock")])
    return target


def edit(data, statement, parameters=()):
    """SQL as somebody with the file and no scruples would run it."""
    with closing(sqlite3.connect(audit.database(data))) as db:
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'"
                                  ).fetchall():
            db.execute(f'DROP TRIGGER "{name}"')
        changed = db.execute(statement, parameters).rowcount
        db.commit()
        return changed


def test_an_untouched_log_verifies(copy):
    done = audit.verify(copy)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_changed_record_is_found_and_named(stopped, tmp_path):
    rows = audit.raw_records(stopped)
    # The newest record is held by the state it closes over, not by a successor.
    for seq, record in rows[:-1]:
        data = tmp_path / f"changed-{seq}"
        shutil.copytree(stopped, data, ignore=lambda d, names: [
            n for n in names if n.endswith(".sock") or n == "token"])
        at = record.rindex(b'"', 0, len(record) // 2 + 40) - 1
        damaged = record[:at] + bytes([record[at] ^ 1]) + record[at + 1:]
        assert edit(data, "UPDATE records SET record = ? WHERE seq = ?", (damaged, seq)) == 1
        done = audit.verify(data, check=False)
        assert done.returncode != 0, f"record {seq} was changed unnoticed"
        said = done.stdout + done.stderr
        assert re.search(rf"\b({seq}|{seq + 1})\b", said), said
        shutil.rmtree(data)


@pytest.mark.parametrize("statement", [
    "DELETE FROM records WHERE seq = 3",
    "DELETE FROM records WHERE seq = 1",
    "UPDATE records SET seq = seq + 1000 WHERE seq = 4",
    "UPDATE records SET record = (SELECT record FROM records WHERE seq = 4) WHERE seq = 3",
    "UPDATE records SET record = x'7b7d' WHERE seq = 2",
    "UPDATE records SET record = x'' WHERE seq = 2",
    "INSERT INTO records (seq, record, change) SELECT "
    "(SELECT MAX(seq) FROM records) + 1, record, change FROM records WHERE seq = 2"])
def test_a_removed_moved_or_added_record_is_found(copy, statement):
    assert edit(copy, statement) == 1
    done = audit.verify(copy, check=False)
    assert done.returncode != 0
    assert re.search(r"\b\d+\b", done.stdout + done.stderr)


@pytest.mark.parametrize("statement", ["UPDATE records SET record = x'7b7d' WHERE seq = 2",
                                       "DELETE FROM records WHERE seq = 2"])
def test_the_schema_itself_refuses_edits(copy, statement):
    with closing(sqlite3.connect(audit.database(copy))) as db:
        with pytest.raises(sqlite3.IntegrityError):
            db.execute(statement)
