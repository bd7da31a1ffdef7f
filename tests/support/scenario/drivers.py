"""Drivers: unmodified SDKs that perform one operation a line.

A driver is started with KMS_ENDPOINT, and for mutual TLS with KMS_CA, KMS_CERT and
KMS_KEY (PEM files). It writes one line about itself and then answers every line of its
standard input with one line, until the input ends:

    {"sdk": "name and version", "tells_ids": true}
    {"op", "in", "account", "region", "pages"}
        {"out": {...}, "request_id"}
        {"error": {"code", "message", "class"}, "request_id"}
        {"unknown": "what this version of the SDK does not have"}
        {"failed": "whatever else went wrong"}

The account is the access key id, as the dev profile wants it. An answer has the members
that came; "class" is the SDK's own name for the error. An SDK retries nothing. One whose
answers do not have the request id says "tells_ids": false.
"""

import json
import os
import select
import subprocess
import tempfile

from ..daemon import SLOW

LINE_BOUND_S = 60


class DriverError(AssertionError):
    """A driver that ended, said nothing, or said that it failed."""


def environment(daemon, listener):
    """What a driver is told about a listener: "plain" or "mutual"."""
    env = {name: value for name, value in os.environ.items()
           if not name.startswith(("AWS_", "KMS_"))}
    if listener == "plain":
        return dict(env, KMS_ENDPOINT=daemon.http)
    ready = daemon.ready
    return dict(env, KMS_ENDPOINT=daemon.https, KMS_CA=ready["ca"],
                KMS_CERT=ready["client_cert"], KMS_KEY=ready["client_key"])


class Driver:
    """A running driver."""

    def __init__(self, argv, env, cwd=None):
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            argv, env=env, cwd=cwd, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self.errors)
        self.buffer = b""
        about = self._line()
        self.sdk, self.tells_ids = about["sdk"], about.get("tells_ids", True)

    def _line(self):
        fd = self.process.stdout.fileno()
        while b"\n" not in self.buffer:
            if not select.select([fd], [], [], LINE_BOUND_S * SLOW)[0]:
                self._fail("said nothing")
            piece = os.read(fd, 1 << 16)
            if not piece:
                self._fail("ended")
            self.buffer += piece
        line, _, self.buffer = self.buffer.partition(b"\n")
        return json.loads(line)

    def _fail(self, what):
        self.process.kill()
        self.process.wait()
        self.errors.seek(0)
        said = self.errors.read().decode(errors="replace")
        raise DriverError(f"the driver {what}\n{said[-4000:]}")

    def call(self, op, request, account, region, pages=False):
        line = json.dumps({"op": op, "in": request, "account": account,
                           "region": region, "pages": pages})
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()
        answer = self._line()
        if "failed" in answer:
            raise DriverError(f"{op}: {answer['failed']}")
        return answer

    def close(self):
        """Ends the input, waits, and kills what does not end by itself."""
        self.process.stdin.close()
        try:
            self.process.wait(10 * SLOW)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.errors.close()
