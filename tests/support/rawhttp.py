"""Requests written byte by byte, for shapes no well-behaved client would send."""

import json
import socket
import ssl
from dataclasses import dataclass, field

from .daemon import SLOW

# A credential of the form the dev profile takes: the access key id names the account.
AUTHORIZATION = ("AWS4-HMAC-SHA256 Credential=111122223333/20260101/us-east-1/kms/"
                 "aws4_request, SignedHeaders=host;x-amz-date;x-amz-target, "
                 "Signature=" + "0" * 64)


@dataclass
class Answer:
    """What came back; status 0 means the connection ended without an answer."""
    status: int = 0
    headers: dict = field(default_factory=dict)
    body: bytes = b""
    closed: bool = False

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def type(self):
        return self.json.get("__type")

    @property
    def message(self):
        return self.json.get("message")


def read_answer(sock):
    """One HTTP/1.1 answer from a socket, as far as it comes."""
    data = b""
    while b"\r\n\r\n" not in data:
        try:
            piece = sock.recv(65536)
        except (ConnectionError, ssl.SSLError):
            piece = b""
        if not piece:
            return Answer(closed=True)
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    answer = Answer(status=int(lines[0].split()[1]))
    for line in lines[1:]:
        name, _, value = line.partition(":")
        answer.headers[name.strip().lower()] = value.strip()
    length = int(answer.headers.get("content-length", "0"))
    while len(body) < length:
        piece = sock.recv(65536)
        if not piece:
            break
        body += piece
    answer.body = body
    if answer.headers.get("connection", "").lower() == "close":
        answer.closed = sock_closes(sock)
    return answer


def sock_closes(sock):
    """True when the peer ends the connection within the socket's own bound."""
    try:
        return sock.recv(1) == b""
    except (ConnectionError, ssl.SSLError):
        return True
    except socket.timeout:
        return False


def head(target, length, extra=(), content_type="application/x-amz-json-1.1",
         authorization=AUTHORIZATION, host="localhost", method="POST", path="/"):
    """The head of a well-formed request; a None leaves that header out."""
    lines = [f"{method} {path} HTTP/1.1"]
    for name, value in (("Host", host), ("Content-Type", content_type),
                        ("X-Amz-Target", target), ("X-Amz-Date", "20260101T000000Z"),
                        ("Authorization", authorization), ("Content-Length", length)):
        if value is not None:
            lines.append(f"{name}: {value}")
    lines += list(extra)
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def send(port, payload, timeout_s=10, half_close=False):
    """Send raw bytes to a plain listener and read one answer."""
    with socket.create_connection(("127.0.0.1", port), timeout_s * SLOW) as sock:
        try:
            sock.sendall(payload)
            if half_close:
                sock.shutdown(socket.SHUT_WR)
        except ConnectionError:
            pass
        return read_answer(sock)


def call(port, operation, body, **kw):
    """A KMS call with a body of any kind: bytes as they are, anything else as JSON."""
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    target = kw.pop("target", f"TrentService.{operation}")
    return send(port, head(target, len(body), **kw) + body)


class Connection:
    """A keep-alive connection that speaks just enough of the protocol, and fast."""

    def __init__(self, port):
        self.sock = socket.create_connection(("127.0.0.1", port), 30)

    def call(self, operation, body):
        payload = json.dumps(body).encode()
        self.sock.sendall(head(f"TrentService.{operation}", len(payload)) + payload)
        answer = read_answer(self.sock)
        if answer.status == 0 or len(answer.body) < int(
                answer.headers.get("content-length", "0")):
            raise ConnectionError("cut off")
        return answer

    def close(self):
        self.sock.close()
