"""SIGTERM and SIGHUP while clients are busy."""

import base64
import datetime
import signal
import socket
import ssl
import threading
from pathlib import Path

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from support import audit, clients, rawhttp
from support.daemon import wait_for


class Load:
    """Threads that ask for data keys until told to stop or cut off."""

    def __init__(self, client_of, key, threads=6):
        self.answered, self.refused, self.cut = [], [], []
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self._run, args=(client_of(), key))
                        for _ in range(threads)]
        for thread in self.threads:
            thread.start()

    def _run(self, kms, key):
        while not self.stopping.is_set():
            try:
                answer = kms.generate_data_key(KeyId=key, KeySpec="AES_256")
                self.answered.append(answer["ResponseMetadata"]["RequestId"])
            except ClientError as refusal:
                self.refused.append(refusal)
            except (BotoCoreError, OSError) as cut:
                self.cut.append(cut)
                return

    def busy(self, more=20):
        """Wait until that many more answers came."""
        target = len(self.answered) + more
        wait_for("answers under load",
                 lambda: len(self.answered) >= target or not any(
                     t.is_alive() for t in self.threads), 60)

    def end(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join(60)
            assert not thread.is_alive()


@pytest.mark.parametrize("front", [clients.plain, clients.mutual], ids=["plain", "mutual"])
def test_sigterm_lets_every_request_it_took_finish(kmsd_own, front):
    key = clients.plain(kmsd_own).create_key()["KeyMetadata"]["KeyId"]
    load = Load(lambda: front(kmsd_own), key)
    load.busy(200)
    kmsd_own.process.send_signal(signal.SIGTERM)
    code = kmsd_own.wait()
    load.end()
    assert code == 0
    assert load.refused == []
    recorded = [r["requestID"] for r in audit.named(kmsd_own.data, "GenerateDataKey")]
    # Nothing was answered without its record, and nothing was done without an answer.
    assert sorted(recorded) == sorted(load.answered)
    assert audit.verify(kmsd_own.data).returncode == 0


def test_sigterm_and_sigint_stop_an_idle_daemon_at_once(workshop):
    for number in (signal.SIGTERM, signal.SIGINT):
        daemon = workshop.dev()
        with daemon.connect():      # an idle connection does not hold it up
            daemon.process.send_signal(number)
            assert daemon.wait() == 0


def server_certificate(pki, name="localhost"):
    """A new server certificate from the installation's own CA, put in its place."""
    ca = x509.load_pem_x509_certificate((pki / "ca.pem").read_bytes())
    ca_key = serialization.load_pem_private_key((pki / "ca.key").read_bytes(), None)
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
        .issuer_name(ca.subject).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
        .add_extension(x509.ExtendedKeyUsage(
            [x509.ExtendedKeyUsageOID.SERVER_AUTH]), False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(
            ca_key.public_key()), False)
        .sign(ca_key, hashes.SHA256()))
    (pki / "server.key").write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption()))
    (pki / "server.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return certificate.serial_number


def served_serial(daemon):
    ready = daemon.ready
    ctx = ssl.create_default_context(cafile=ready["ca"])
    ctx.load_cert_chain(ready["client_cert"], ready["client_key"])
    with socket.create_connection(("127.0.0.1", daemon.https_port), 10) as sock:
        with ctx.wrap_socket(sock, server_hostname="localhost") as tls:
            return x509.load_der_x509_certificate(tls.getpeercert(True)).serial_number


def test_sighup_changes_the_certificate_without_one_error(kmsd_own):
    key = clients.plain(kmsd_own).create_key()["KeyMetadata"]["KeyId"]
    load = Load(lambda: clients.mutual(kmsd_own), key, threads=4)
    load.busy(50)
    pki = Path(kmsd_own.ready["ca"]).parent
    for _ in range(3):
        wanted = server_certificate(pki)
        kmsd_own.process.send_signal(signal.SIGHUP)
        wait_for("the new certificate", lambda: served_serial(kmsd_own) == wanted)
        load.busy(50)
    load.end()
    assert load.refused == [] and load.cut == []
    assert len(audit.named(kmsd_own.data_dir, "Reload")) >= 3


def test_a_reload_of_a_broken_certificate_keeps_the_old_one(kmsd_own):
    pki = Path(kmsd_own.ready["ca"]).parent
    before = served_serial(kmsd_own)
    good = (pki / "server.pem").read_bytes()
    (pki / "server.pem").write_text("-----BEGIN CERTIFICATE-----\nnonsense\n")
    kmsd_own.process.send_signal(signal.SIGHUP)
    wait_for("a word about it", lambda: "server.pem" in kmsd_own.log()
             or "certificate" in kmsd_own.log().lower())
    assert served_serial(kmsd_own) == before
    (pki / "server.pem").write_bytes(good)
    kmsd_own.process.send_signal(signal.SIGHUP)
    wait_for("the reload", lambda: audit.named(kmsd_own.data_dir, "Reload"))
    assert served_serial(kmsd_own) == before


def test_many_clients_may_change_things_at_once(kmsd_dev):
    def work(problems, number):
        connection = rawhttp.Connection(kmsd_dev.http_port)
        for n in range(25):
            made = connection.call("CreateKey", {"Description": f"{number}-{n}"})
            if made.status != 200:
                problems.append(made)
                return
            key = made.json["KeyMetadata"]["KeyId"]
            for operation, more in (("UpdateKeyDescription", {"Description": "x"}),
                                    ("DisableKey", {}), ("DescribeKey", {}),
                                    ("CancelKeyDeletion", {})):
                answer = connection.call(operation, {"KeyId": key, **more})
                if answer.status != (400 if operation == "CancelKeyDeletion" else 200):
                    problems.append(answer)
        connection.close()

    problems = []
    threads = [threading.Thread(target=work, args=(problems, n)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert problems == []
    assert kmsd_dev.alive()
    described = [(r["requestParameters"] or {}).get("description", "")
                 for r in audit.named(kmsd_dev.data_dir, "CreateKey")]
    assert {f"{number}-{n}" for number in range(12) for n in range(25)} <= set(described)


def test_clients_that_hang_up_in_the_middle_harm_nobody(kmsd_dev, kms, key_id):
    body = b'{"NumberOfBytes":1024}'
    whole = rawhttp.head("TrentService.GenerateRandom", len(body)) + body
    for cut in range(1, len(whole), 17):
        with kmsd_dev.connect() as sock:
            sock.sendall(whole[:cut])
    for _ in range(20):             # gone before the answer
        with kmsd_dev.connect() as sock:
            sock.sendall(whole)
    assert kms.describe_key(KeyId=key_id)["KeyMetadata"]["Enabled"] is True


@pytest.mark.parametrize("hang_up", [True, False], ids=["gone", "stalled"])
def test_a_body_that_never_comes_does_not_hold_up_the_stop(workshop, hang_up):
    daemon = workshop.dev()
    body = b'{"NumberOfBytes":1024}'
    head = rawhttp.head("TrentService.GenerateRandom", len(body))
    sockets = [daemon.connect() for _ in range(20)]
    for n, sock in enumerate(sockets):
        sock.sendall(head + body[:n])
        if hang_up:
            sock.close()
    daemon.process.send_signal(signal.SIGTERM)
    assert daemon.wait(5) == 0
    for sock in sockets:
        sock.close()


def test_a_request_that_trickles_in_is_answered(kmsd_dev):
    body = b'{"NumberOfBytes":7}'
    with kmsd_dev.connect() as sock:
        for byte in rawhttp.head("TrentService.GenerateRandom", len(body)) + body:
            sock.sendall(bytes([byte]))
        answer = rawhttp.read_answer(sock)
        assert answer.status == 200
        assert len(base64.b64decode(answer.json["Plaintext"])) == 7
