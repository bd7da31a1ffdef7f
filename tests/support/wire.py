"""Raw requests to a dev daemon in the name of whichever caller, over one connection."""

import json
import re
import time
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from . import clients, rawhttp
from .daemon import SLOW

FRESH_S = 10  # a connection that nobody used for longer may be closed as idle


class Answer:
    """code: "" for success. raw: as it came."""

    def __init__(self, got):
        if got.status == 0:
            raise ConnectionError("no answer")
        self.raw = got
        body = got.json if got.body else {}
        self.body = body
        self.code = "" if got.status == 200 else body["__type"].rpartition("#")[2]
        self.words = body.get("message", body.get("Message"))
        self.request = got.headers["x-amzn-requestid"]


def scope_of(access_key, region=clients.REGION):
    """An Authorization header that names a credential of identities.yaml."""
    return re.sub("Credential=[^,]*",
                  f"Credential={access_key}/20260101/{region}/kms/aws4_request",
                  rawhttp.AUTHORIZATION)


class Wire:
    """signers: caller -> credentials that really sign; others are credentials of the file."""

    def __init__(self, daemon, signers=None):
        self.daemon, self.signers = daemon, signers or {}
        self.connection = None

    def close(self):
        if self.connection:
            self.connection.close()
            self.connection = None

    def _socket(self):
        if self.connection and time.monotonic() - self.used > FRESH_S:
            self.close()
        if self.connection is None:
            self.connection = rawhttp.Connection(self.daemon.http_port)
            self.connection.sock.settimeout(120 * SLOW)
        return self.connection.sock

    def ask(self, caller, operation, body, region=clients.REGION):
        text, sock = json.dumps(body).encode(), self._socket()
        sock.sendall(self.head(caller, operation, text, region) + text)
        answer = Answer(rawhttp.read_answer(sock))
        self.used = time.monotonic()
        return answer

    def head(self, caller, operation, text, region):
        target, signer = f"TrentService.{operation}", self.signers.get(caller)
        if signer is None:
            return rawhttp.head(target, len(text), authorization=scope_of(caller, region))
        request = AWSRequest("POST", self.daemon.http + "/", data=text, headers={
            "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": target})
        SigV4Auth(signer, "kms", region).add_auth(request)
        lines = [f"{name}: {value}" for name, value in request.headers.items()]
        host = urlsplit(self.daemon.http).netloc
        return ("\r\n".join(["POST / HTTP/1.1", f"Host: {host}", *lines,
                             f"Content-Length: {len(text)}"]) + "\r\n\r\n").encode()

    def make(self, operation, body, by="admin", region=clients.REGION):
        """What has to succeed."""
        answer = self.ask(by, operation, body, region)
        assert not answer.code, (operation, body, answer.code, answer.words)
        return answer.body
