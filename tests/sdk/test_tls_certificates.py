"""Whom the TLS listener lets in, and that everybody else dies in the handshake."""

import socket
import ssl

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from support import audit, front, pki
from support.daemon import SLOW
from support.front import Pki, assert_refused


@pytest.fixture
def known(kmsd_server, tmp_path):
    return Pki(kmsd_server, tmp_path)


# --- who is let in ------------------------------------------------------------------

def test_a_certificate_of_the_ca_is_let_in_and_recorded(kmsd_server, known):
    seq = audit.last_seq(kmsd_server.data_dir)
    cert, key = known.ca.issue("alice")
    with front.Client(kmsd_server, known.settings((cert, key))) as client:
        answer = client.call()
        version, cipher = client.sock.version(), client.sock.cipher()
    assert answer.status == 200
    assert version == "TLSv1.3"
    record = audit.by_request(kmsd_server.data_dir, answer.headers["x-amzn-requestid"])
    assert record["seq"] > seq
    assert record["userIdentity"]["arn"] == pki.ALICE
    assert record["tlsDetails"]["tlsVersion"] == "TLSv1.3"
    assert record["tlsDetails"]["cipherSuite"] == cipher[0]
    assert f"{cert.serial_number:x}" in str(record)


def test_one_connection_serves_many_requests(kmsd_server, known):
    with front.Client(kmsd_server, known.settings(known.ca.issue())) as client:
        for _ in range(20):
            assert client.call().status == 200


def test_a_session_is_resumed(kmsd_server, known):
    settings = known.settings(known.ca.issue())
    with front.Client(kmsd_server, settings) as client:
        assert client.call().status == 200
        session = client.sock.session
    with front.Client(kmsd_server, settings, session) as client:
        answer = client.call()
        assert client.sock.session_reused
    record = audit.by_request(kmsd_server.data_dir, answer.headers["x-amzn-requestid"])
    assert record["userIdentity"]["arn"] == pki.ALICE


def test_an_rsa_certificate_is_let_in(kmsd_server, known):
    with front.Client(kmsd_server,
                      known.settings(known.ca.issue(kind="RSA-2048"))) as client:
        assert client.call().status == 200


def test_a_certificate_with_more_purposes_is_let_in(kmsd_server, known):
    issued = known.ca.issue(purposes=(ExtendedKeyUsageOID.SERVER_AUTH,
                                      ExtendedKeyUsageOID.CLIENT_AUTH))
    with front.Client(kmsd_server, known.settings(issued)) as client:
        assert client.call().status == 200


# --- who is not ----------------------------------------------------------------------

def other_ca(known):
    return pki.Authority("another CA").issue()


def namesake(known):
    """Of a CA that has the real one's name and another key."""
    impostor = pki.Authority("x")
    impostor.cert = known.ca.cert
    return impostor.issue()


BAD = {
    "none": (lambda k: None, {"handshake:no-certificate"}),
    "expired": (lambda k: k.ca.issue(begins=-10, ends=-1), {"handshake:expired"}),
    "not yet valid": (lambda k: k.ca.issue(begins=1, ends=10),
                      {"handshake:not-yet-valid"}),
    "self-signed": (lambda k: k.ca.issue(self_signed=True), {"handshake:unknown-ca"}),
    "unknown CA": (other_ca, {"handshake:unknown-ca"}),
    "a namesake of the CA": (namesake, {"handshake:invalid-certificate",
                                        "handshake:unknown-ca"}),
    "a server's purpose": (lambda k: k.ca.issue(purposes=pki.SERVER),
                           {"handshake:wrong-purpose"}),
    "no purpose": (lambda k: k.ca.issue(purposes=None), {"handshake:wrong-purpose"}),
    "any purpose": (lambda k: k.ca.issue(
        purposes=(ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,)),
        {"handshake:wrong-purpose"}),
    "a CA used as leaf": (lambda k: k.ca.issue(is_ca=True), {"handshake:ca-certificate"}),
    "the CA itself": (lambda k: (k.ca.cert, k.ca.key),
                      {"handshake:bad-certificate", "handshake:ca-certificate",
                       "handshake:wrong-purpose"}),
    "a key that may not sign": (lambda k: k.ca.issue(
        key_usage=pki.usage(key_agreement=True)),
        {"handshake:bad-certificate", "handshake:wrong-key-usage"}),
    "RSA of 1024 bits": (lambda k: k.ca.issue(kind="RSA-1024"),
                         {"handshake:weak-certificate"}),
    "nobody we know": (lambda k: k.ca.issue(uris=()), {"handshake:unknown-identity"}),
    "a foreign name": (lambda k: k.ca.issue(uris=("spiffe://example.org/x",)),
                       {"handshake:unknown-identity"}),
    "an ARN in capitals": (lambda k: k.ca.issue(uris=(pki.ALICE.upper(),)),
                           {"handshake:unknown-identity"}),
    "two names": (lambda k: k.ca.issue(uris=(pki.ALICE, pki.ALICE + "2")),
                  {"handshake:malformed-certificate"}),
    "a critical extension nobody knows": (lambda k: k.ca.issue(extra=[
        (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True)]),
        {"handshake:invalid-certificate"}),
    "the server's own": (lambda k: (
        x509.load_pem_x509_certificate((k.home / "server.pem").read_bytes()),
        pki.serialization.load_pem_private_key((k.home / "server.key").read_bytes(),
                                               None)),
        {"handshake:wrong-purpose"}),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_certificate_dies_in_the_handshake(kmsd_server, known, kind):
    make, reasons = BAD[kind]
    assert_refused(kmsd_server, known.settings(make(known)), reasons)


@pytest.mark.parametrize("kind", ["none", "unknown CA", "a server's purpose", "expired"])
def test_the_client_is_told_by_an_alert(kmsd_server, known, kind):
    settings = known.settings(BAD[kind][0](known))
    with pytest.raises(ssl.SSLError, match="(?i)alert"):
        with front.Client(kmsd_server, settings) as client:
            # Nothing is sent: into a socket that is closed already it would undo the alert.
            client.sock.recv(1)


def test_a_name_with_a_nul_is_refused(kmsd_server, known):
    """Encoders refuse to write one, so the extension is made by hand."""
    octets = pki.ALICE.encode() + b"\0.evil"
    san = bytes([0x30, len(octets) + 2, 0x86, len(octets)]) + octets
    key = pki.new_key()
    cert = known.ca.builder(pki.name("nul"), key.public_key(), known.ca.subject,
                            known.ca.key) \
        .add_extension(x509.UnrecognizedExtension(
            x509.ObjectIdentifier("2.5.29.17"), san), False) \
        .add_extension(x509.ExtendedKeyUsage(pki.CLIENT), False) \
        .sign(known.ca.key, pki.hashes.SHA256())
    assert_refused(kmsd_server, known.settings((cert, key)),
                   {"handshake:malformed-certificate"})


def test_an_intermediate_of_the_ca_is_followed_but_needs_a_revocation_list(kmsd_server,
                                                                          known):
    middle = pki.Authority("middle", parent=known.ca)
    assert_refused(kmsd_server, known.settings(middle.issue(), chain=[middle.cert]),
                   {"handshake:revocation-unknown", "handshake:invalid-certificate"})


def test_an_intermediate_that_is_no_ca_is_refused(kmsd_server, known):
    middle = pki.Authority("middle", parent=known.ca, is_ca=False)
    assert_refused(kmsd_server, known.settings(middle.issue(), chain=[middle.cert]),
                   {"handshake:invalid-certificate", "handshake:bad-certificate"})


def test_an_older_protocol_dies_in_the_handshake(kmsd_server, known):
    settings = known.settings(known.ca.issue(), newest=ssl.TLSVersion.TLSv1_2)
    assert_refused(kmsd_server, settings, {"handshake:protocol"})


def test_plain_http_on_the_tls_port_gets_no_answer(kmsd_server):
    with socket.create_connection(("127.0.0.1", kmsd_server.https_port),
                                  10 * SLOW) as sock:
        sock.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
        try:
            assert b"HTTP" not in sock.recv(4096)
        except ConnectionError:
            pass


def test_the_dev_listener_requires_a_certificate_too(kmsd_dev, tmp_path):
    known = Pki(kmsd_dev, tmp_path)
    assert_refused(kmsd_dev, known.settings(), {"handshake:no-certificate"})
    with front.Client(kmsd_dev, known.settings(known.ca.issue())) as client:
        assert client.call().status == 200


def test_refused_handshakes_are_counted_in_the_audit_log(workshop, tmp_path):
    daemon = workshop.dev(keep=True)
    known = Pki(daemon, tmp_path)
    for _ in range(2):
        assert_refused(daemon, known.settings(), {"handshake:no-certificate"})
    assert_refused(daemon, known.settings(known.ca.issue(purposes=pki.SERVER)),
                   {"handshake:wrong-purpose"})
    data = daemon.data_dir
    daemon.stop()
    found = front.refusals(data)
    assert found["127.0.0.1", "handshake:no-certificate"] == 2
    assert found["127.0.0.1", "handshake:wrong-purpose"] == 1


def test_validity_follows_the_daemons_clock(kmsd_own, tmp_path):
    known = Pki(kmsd_own, tmp_path)
    short = known.settings(known.ca.issue(ends=5))
    with front.Client(kmsd_own, short) as client:
        assert client.call().status == 200
        kmsd_own.clock(advance_s=6 * 86400)
        # A running connection does not outlive its certificate either.
        assert client.call().status == 0
    assert_refused(kmsd_own, short, {"handshake:expired"})
    with front.Client(kmsd_own, known.settings(known.ca.issue(ends=20))) as client:
        assert client.call().status == 200
