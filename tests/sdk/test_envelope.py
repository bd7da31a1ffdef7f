"""The main job: a data key over mutual TLS, and the payload read back after a restart."""

import base64
import json
import os

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from support import audit, clients


def lock(kms, key, payload, context):
    made = kms.generate_data_key(KeyId=key, KeySpec="AES_256", EncryptionContext=context)
    nonce = os.urandom(12)
    sealed = AESGCM(made["Plaintext"]).encrypt(nonce, payload, None)
    return made, json.dumps({
        "data_key": base64.b64encode(made["CiphertextBlob"]).decode(),
        "nonce": base64.b64encode(nonce).decode(),
        "payload": base64.b64encode(sealed).decode()})


def unlock(kms, text, context):
    stored = {k: base64.b64decode(v) for k, v in json.loads(text).items()}
    opened = kms.decrypt(CiphertextBlob=stored["data_key"], EncryptionContext=context)
    plain = AESGCM(opened["Plaintext"]).decrypt(stored["nonce"], stored["payload"], None)
    return opened, plain


@pytest.mark.parametrize("profile", ["server", "dev"])
def test_a_payload_locked_before_a_restart_is_read_back_after_it(workshop, tmp_path, profile):
    daemon = workshop.server() if profile == "server" else workshop.dev(keep=True)
    context = {"tenant": "42", "record": "48291"}
    payload = os.urandom(100_000)
    kms = clients.mutual(daemon)
    key = kms.create_key(Description="envelopes")["KeyMetadata"]
    made, text = lock(kms, key["Arn"], payload, context)
    (tmp_path / "stored.json").write_text(text)
    assert made["KeyId"] == key["Arn"]
    assert made["KeyMaterialId"] == key["CurrentKeyMaterialId"]

    daemon.restart()
    kms = clients.mutual(daemon)
    opened, plain = unlock(kms, (tmp_path / "stored.json").read_text(), context)
    assert plain == payload
    assert opened["Plaintext"] == made["Plaintext"]
    assert opened["KeyId"] == key["Arn"]
    assert opened["KeyMaterialId"] == made["KeyMaterialId"]

    data = daemon.data_dir
    for answer, name in ((made, "GenerateDataKey"), (opened, "Decrypt")):
        record = audit.by_request(data, answer["ResponseMetadata"]["RequestId"])
        assert record["eventName"] == name
        assert record["requestParameters"]["encryptionContext"] == context
        assert record["resources"][0]["ARN"] == key["Arn"]
        assert record["tlsDetails"]["tlsVersion"] == "TLSv1.3"
        assert "errorCode" not in record
    names = [r["eventName"] for r in audit.records(data)]
    wanted = ["CreateKey", "GenerateDataKey", "Decrypt"]
    assert [n for n in names if n in wanted] == wanted
    daemon.stop()
    done = audit.verify(data)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_data_key_is_nowhere_on_disk_or_in_the_log(workshop):
    daemon = workshop.dev(keep=True)
    kms = clients.mutual(daemon)
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    made = kms.generate_data_key(KeyId=key, KeySpec="AES_256")["Plaintext"]
    daemon.stop()
    forms = [made, made.hex().encode(), base64.b64encode(made)]
    for path in [p for p in daemon.data.rglob("*") if p.is_file()] + [daemon.log_path]:
        content = path.read_bytes()
        assert not any(form in content for form in forms), path


def test_a_wrong_context_does_not_open_the_envelope(kms_mtls, key_mtls):
    made, text = lock(kms_mtls, key_mtls, b"payload", {"tenant": "42"})
    with pytest.raises(kms_mtls.exceptions.InvalidCiphertextException):
        unlock(kms_mtls, text, {"tenant": "43"})
