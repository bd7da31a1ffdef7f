"""What the TLS listener is told to do: by its files, read again on SIGHUP, and by
configuration."""

import os
import signal
import socket
import ssl
import subprocess

import pytest

from support import audit, front, pki
from support.daemon import SLOW, wait_for
from support.front import Pki, assert_refused, configure

ACCOUNT = "111122223333"


class Served:
    """A server installation of one test, whose files may be broken."""

    def __init__(self, workshop, tmp_path):
        self.daemon = workshop.server()
        self.known = Pki(self.daemon, tmp_path)
        self.pki = self.daemon.data_dir / "pki"

    def replace(self, name, data):
        (self.pki / name).write_bytes(data)

    def reload(self, outcome="certificates were read again"):
        before = self.daemon.log().count(outcome)
        os.kill(self.daemon.pid, signal.SIGHUP)
        wait_for("the reload", lambda: self.daemon.log().count(outcome) > before)

    def revoke(self, cert):
        self.known.ca.revoke(cert)
        self.replace("crl.pem", pki.pem(self.known.ca.crl()))


@pytest.fixture
def served(workshop, tmp_path):
    return Served(workshop, tmp_path)


def test_a_revoked_certificate_dies_in_the_handshake_after_a_reload(served):
    issued, other = served.known.ca.issue("alice"), served.known.ca.issue("bob")
    settings, others = served.known.settings(issued), served.known.settings(other)
    with front.Client(served.daemon, settings) as running, \
            front.Client(served.daemon, others) as untouched:
        assert running.call().status == 200
        assert untouched.call().status == 200
        session = running.sock.session
        served.revoke(issued[0])
        served.reload()
        assert untouched.call().status == 200       # not one request was dropped
        assert running.call().status == 0           # nor does it go on for the revoked
    assert_refused(served.daemon, settings, {"handshake:revoked"})
    assert_refused(served.daemon, settings, {"handshake:revoked"}, session=session)
    assert audit.named(served.daemon.data_dir, "Reload")


def test_an_outdated_revocation_list_refuses_everybody_until_it_is_renewed(served):
    settings = served.known.settings(served.known.ca.issue())
    served.replace("crl.pem", pki.pem(served.known.ca.crl(begins=-10, ends=-1)))
    served.reload()
    assert_refused(served.daemon, settings, {"handshake:revocation-unknown"})
    served.replace("crl.pem", pki.pem(served.known.ca.crl()))
    served.reload()
    with front.Client(served.daemon, settings) as client:
        assert client.call().status == 200


def test_a_new_server_certificate_is_shown_to_new_connections(served):
    settings = served.known.settings(served.known.ca.issue())
    with front.Client(served.daemon, settings) as running:
        old = running.sock.getpeercert(binary_form=True)
        cert, key = served.known.ca.issue("renewed", uris=(), purposes=pki.SERVER,
                                          dns=("localhost",))
        served.replace("server.pem", pki.pem(cert))
        served.replace("server.key", pki.pem(key))
        served.reload()
        assert running.call().status == 200
        with front.Client(served.daemon, settings) as fresh:
            assert fresh.sock.getpeercert(binary_form=True) != old
            assert fresh.call().status == 200


def test_a_new_client_ca_is_trusted_and_the_old_one_is_not(served):
    new = pki.Authority("new CA")
    old_client = served.known.settings(served.known.ca.issue())
    served.replace("ca.pem", pki.pem(new.cert))
    served.replace("crl.pem", pki.pem(new.crl()))
    served.reload()
    cert, key = new.issue()
    files = pki.write(served.known.folder, "new", cert, key)
    # What the server shows is still of the old CA.
    old_ca = served.known.folder / "old-ca.pem"
    old_ca.write_bytes(pki.pem(served.known.ca.cert))
    with front.Client(served.daemon, front.context(old_ca, *files)) as client:
        assert client.call().status == 200
    old_client.load_verify_locations(old_ca)
    assert_refused(served.daemon, old_client, {"handshake:unknown-ca"})


BROKEN = {
    "a certificate that is none": ("server.pem", lambda s: b"not PEM"),
    "an empty certificate": ("server.pem", lambda s: b""),
    "a key of another certificate": ("server.key", lambda s: pki.pem(pki.new_key())),
    "a client CA that is no CA": ("ca.pem", lambda s: pki.pem(s.known.ca.issue()[0])),
    "no client CA": ("ca.pem", lambda s: b"\n"),
    "a list of somebody else": ("crl.pem", lambda s: pki.pem(pki.Authority("x").crl())),
}


@pytest.mark.parametrize("what", BROKEN)
def test_broken_files_are_reported_and_the_old_ones_stay(served, what):
    name, make = BROKEN[what]
    settings = served.known.settings(served.known.ca.issue())
    kept = (served.pki / name).read_bytes()
    served.replace(name, make(served))
    served.reload("nothing changed")
    assert name in served.daemon.log()
    with front.Client(served.daemon, settings) as client:
        assert client.call().status == 200
    # Nor does the daemon start with them.
    served.daemon.stop()
    served.daemon.spawn()
    assert served.daemon.wait() == 78
    assert name in served.daemon.log()
    served.daemon.process.stdout.close()
    served.daemon.process = None
    served.replace(name, kept)
    served.daemon.start()


def test_a_key_that_everybody_may_read_is_refused(served):
    (served.pki / "server.key").chmod(0o644)
    served.reload("nothing changed")
    assert "chmod 600" in served.daemon.log()


# --- configuration -------------------------------------------------------------------

def test_identities_give_a_certificate_its_principal(workshop, tmp_path):
    daemon = workshop.server(start=False)
    identities = daemon.server_data / "identities.yaml"
    identities.write_text(
        identities.read_text() +
        "certificates:\n"
        "  - uri: spiffe://example.org/billing\n"
        f"    principal: arn:aws:iam::{ACCOUNT}:role/billing\n"
        "  - subject: CN=backup\n"
        f"    principal: arn:aws:iam::{ACCOUNT}:user/backup\n")
    daemon.start()
    known = Pki(daemon, tmp_path)
    for issued, principal in (
            (known.ca.issue(uris=("spiffe://example.org/billing",)), "billing"),
            (known.ca.issue("backup", uris=()), "user/backup")):
        with front.Client(daemon, known.settings(issued)) as client:
            answer = client.call()
        assert answer.status == 200
        record = audit.by_request(daemon.data_dir, answer.headers["x-amzn-requestid"])
        assert principal in str(record["userIdentity"])
    assert_refused(daemon, known.settings(known.ca.issue("Backup", uris=())),
                   {"handshake:unknown-identity"})


def test_tls_1_2_is_there_only_when_asked_for(workshop, tmp_path):
    daemon = workshop.server(start=False)
    text = daemon.config.read_text()
    daemon.config.write_text(text.replace("https:\n", "https:\n  tls_min: '1.2'\n"))
    daemon.start()
    known = Pki(daemon, tmp_path)
    settings = known.settings(known.ca.issue(), newest=ssl.TLSVersion.TLSv1_2)
    with front.Client(daemon, settings) as client:
        assert client.sock.version() == "TLSv1.2"
        assert client.sock.cipher()[0].startswith("ECDHE-")
        assert "GCM" in client.sock.cipher()[0] or "CHACHA" in client.sock.cipher()[0]
        assert client.call().status == 200
    assert_refused(daemon, known.settings(newest=ssl.TLSVersion.TLSv1_2),
                   {"handshake:no-certificate"})
    settings.set_ciphers("AES128-SHA:AES256-SHA:ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0")
    assert_refused(daemon, settings, {"handshake:protocol"})


def test_an_ocsp_response_is_stapled(workshop, tmp_path):
    daemon = workshop.server(start=False)
    home = daemon.server_data / "pki"
    ca = pki.Authority(files=(home / "ca.pem", home / "ca.key"))
    cert = pki.x509.load_pem_x509_certificate((home / "server.pem").read_bytes())
    (home / "server.ocsp").write_bytes(ca.ocsp(cert))
    text = daemon.config.read_text()
    daemon.config.write_text(text.replace("https:\n", "https:\n  ocsp: pki/server.ocsp\n"))
    daemon.start()
    shown = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{daemon.https_port}", "-status",
         "-servername", "localhost", "-CAfile", daemon.ready["ca"], "-cert",
         daemon.ready["client_cert"], "-key", daemon.ready["client_key"]],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30 * SLOW).stdout
    assert "OCSP Response Status: successful" in shown
    assert "Cert Status: good" in shown
    # A response about another certificate is a mistake worth hearing about.
    (home / "server.ocsp").write_bytes(ca.ocsp(ca.issue()[0]))
    before = daemon.log().count("nothing changed")
    os.kill(daemon.pid, signal.SIGHUP)
    wait_for("the reload", lambda: daemon.log().count("nothing changed") > before)


def test_a_slow_handshake_ends_at_its_time_limit(workshop):
    daemon = workshop.server(start=False)
    configure(daemon, "limits:\n  handshake_timeout_s: 1\n  idle_timeout_s: 3600\n")
    daemon.start()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    dripping = front.context(daemon.ready["ca"]).wrap_bio(incoming, outgoing,
                                                          server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        dripping.do_handshake()
    hello = outgoing.read()
    with socket.create_connection(("127.0.0.1", daemon.https_port)) as silent, \
            socket.create_connection(("127.0.0.1", daemon.https_port)) as drip:
        drip.settimeout(0.02)
        ended = False
        for byte in hello:      # at this pace it would take ten seconds
            try:
                drip.sendall(bytes([byte]))
                ended = drip.recv(1) == b"" or True
            except socket.timeout:
                continue
            except ConnectionError:
                ended = True
            break
        assert ended
        silent.settimeout(20 * SLOW)
        try:
            while silent.recv(64):
                pass
        except ConnectionError:
            pass
