"""What the tests of the listeners share."""

import socket
import ssl
from collections import Counter

from cryptography import x509

from . import audit, pki, rawhttp
from .daemon import SLOW, wait_for


def refusals(data):
    """How often (source, reason) was refused, as the audit log of a stopped daemon says."""
    found = Counter()
    for record in audit.named(data, "RefusedConnections"):
        details = record["serviceEventDetails"]
        found[record["sourceIPAddress"], details["reason"]] += details["count"]
    return found


def context(ca, cert=None, key=None, newest=ssl.TLSVersion.TLSv1_3):
    """A client's TLS settings; weak certificates of its own are no obstacle to it."""
    made = ssl.create_default_context(cafile=str(ca))
    made.maximum_version = newest
    made.set_ciphers("ALL:@SECLEVEL=0")
    if cert:
        made.load_cert_chain(str(cert), str(key))
    return made


def configure(daemon, text):
    """Append to the configuration of a stopped daemon."""
    path = daemon.config
    path.write_text(path.read_text() + text)


class Client:
    """One TLS connection to a daemon, speaking raw HTTP."""

    def __init__(self, daemon, context, session=None):
        tcp = socket.create_connection(("127.0.0.1", daemon.https_port), 10 * SLOW)
        try:
            self.sock = context.wrap_socket(tcp, server_hostname="localhost",
                                            session=session)
        except BaseException:
            tcp.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def call(self, operation="ListKeys", body=b"{}"):
        self.sock.sendall(rawhttp.head(f"TrentService.{operation}", len(body)) + body)
        return rawhttp.read_answer(self.sock)


class Pki:
    """The PKI of an installation, and client certificates of every kind from its CA."""

    def __init__(self, daemon, folder):
        self.home = daemon.data_dir / "pki"
        self.folder = folder
        self.ca = pki.Authority(files=(self.home / "ca.pem", self.home / "ca.key"))

    def settings(self, issued=None, chain=(), **kw):
        """TLS settings of a client with this (certificate, key)."""
        if issued is None:
            return context(self.home / "ca.pem", **kw)
        cert, key = issued
        files = pki.write(self.folder, f"{x509.random_serial_number()}", [cert, *chain],
                          key)
        return context(self.home / "ca.pem", *files, **kw)


def refused(daemon, settings, session=None):
    """The client gets an alert or an end, and never an answer."""
    try:
        with Client(daemon, settings, session) as client:
            answer = client.call()
            assert answer.status == 0 and answer.body == b""
    except (ssl.SSLError, ConnectionError):
        pass
    return True


def assert_refused(daemon, settings, reasons, session=None):
    """Refused, and the daemon's log says so with one of these reasons."""
    before = len(daemon.log())
    refused(daemon, settings, session)

    def said():
        lines = [line for line in daemon.log()[before:].splitlines()
                 if '"handshake_refused"' in line]
        return any(f'"reason":"{reason}"' in line for line in lines for reason in reasons)
    wait_for(f"one of {sorted(reasons)} in the log", said)
