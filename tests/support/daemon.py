"""A kmsd process under test: start, read its ready line, move its clock, stop, kill."""

import json
import os
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("KMSD_BUILD", ROOT / "build-tests" / "gcc"))
KMSD = Path(os.environ.get("KMSD", BUILD / "daemon" / "kmsd" / "kmsd"))
KMSCTL = Path(os.environ.get("KMSCTL", BUILD / "daemon" / "kmsctl" / "kmsctl"))
# Sanitized and valgrind runs set this to stretch every bound.
SLOW = float(os.environ.get("KMSD_TEST_SLOW", "1"))
START_BOUND_S = 20 * SLOW
STOP_BOUND_S = 20 * SLOW
# What a file says when its process died of a sanitizer finding.
SANITIZER_WORDS = ("AddressSanitizer", "LeakSanitizer", "ThreadSanitizer", "runtime error:")


class DaemonError(AssertionError):
    """The daemon did something else than the test asked of it; carries its log."""


def wait_for(what, condition, bound_s=10.0, pause_s=0.01):
    """Poll condition() until it is true and hand its value back; fail after bound_s."""
    end = time.monotonic() + bound_s * SLOW
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise DaemonError(f"waited {bound_s * SLOW:.0f} s for {what}")
        time.sleep(pause_s)


class Kmsd:
    """One daemon. Everything it needs on disk lies in a directory of its own."""

    def __init__(self, args=(), env=None, data=None, config=None, http="127.0.0.1:0",
                 https="127.0.0.1:0", preexec=None, wrapper=()):
        self.work = Path(tempfile.mkdtemp(prefix="kmsd-test-"))
        self.data = Path(data) if data else None
        self.config = Path(config) if config else None
        self.args, self.env, self.preexec = list(args), dict(env or {}), preexec
        self.http_arg, self.https_arg = http, https
        self.wrapper = list(wrapper)
        self.log_path = self.work / "kmsd.log"
        self.process, self.ready = None, None

    # --- life ---------------------------------------------------------------------

    def command(self):
        if self.config:
            return [*self.wrapper, str(KMSD), "--config", str(self.config), *self.args]
        command = [*self.wrapper, str(KMSD), "--dev", "--http", self.http_arg, "--https",
                   self.https_arg]
        if self.data:
            command += ["--data", str(self.data)]
        return command + self.args

    def spawn(self, env=None):
        """Start the process without waiting for it to serve."""
        full = dict(os.environ, LC_ALL="C.UTF-8")
        full.pop("KMSD_FAULTS", None)
        full.update(self.env)
        full.update(env or {})
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=log, env=full, cwd=self.work, preexec_fn=self.preexec)
        return self

    def start(self, env=None):
        self.spawn(env)
        self.ready = json.loads(self._ready_line())
        if self.ready.get("event") != "ready":
            self._fail(f"the first line is no ready line: {self.ready}")
        return self

    def _ready_line(self):
        """The first line of standard output, read with a bound."""
        end = time.monotonic() + START_BOUND_S
        line = b""
        fd = self.process.stdout.fileno()
        while not line.endswith(b"\n"):
            left = end - time.monotonic()
            if left <= 0:
                self.kill()
                self._fail(f"no ready line within {START_BOUND_S:.0f} s")
            if select.select([fd], [], [], left)[0]:
                piece = os.read(fd, 4096)
                if not piece:
                    code = self.process.wait()
                    self._fail(f"exited with {code} before it was ready")
                line += piece
        first, _, rest = line.partition(b"\n")
        if rest:
            self._fail(f"more than one line on standard output: {line!r}")
        return first

    def stop(self, expect=0):
        """SIGTERM, and the exit code; kills what does not stop within the bound."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.wait()
        self.process.stdout.close()
        self.process = None
        self._check_sanitizers()
        if expect is not None and code != expect:
            self._fail(f"exit code {code}, not {expect}")
        return code

    def wait(self, bound_s=None):
        """The exit code of a daemon that is expected to stop."""
        try:
            return self.process.wait(bound_s or STOP_BOUND_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            self._fail("did not stop within the bound")

    def kill(self):
        """SIGKILL: no chance to tidy up."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
            self.process = None

    def restart(self, env=None):
        if self.data is None and self.config is None:
            raise ValueError("only a daemon with data of its own can be restarted")
        self.stop()
        return self.start(env)

    def close(self):
        """End the process whatever state it is in, and remove what it left."""
        if self.process is not None:
            try:
                if self.process.poll() is None:
                    self.process.send_signal(signal.SIGTERM)
                self.process.wait(STOP_BOUND_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process.stdout.close()
            self.process = None
        self._check_sanitizers()
        shutil.rmtree(self.work, ignore_errors=True)

    def alive(self):
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self):
        return self.process.pid

    # --- where it is --------------------------------------------------------------

    @property
    def http(self):
        return self.ready["http"]

    @property
    def https(self):
        return self.ready["https"]

    @property
    def data_dir(self):
        return Path(self.ready["data"])

    @property
    def https_port(self):
        return int(self.https.rsplit(":", 1)[1])

    @property
    def http_port(self):
        return int(self.http.rsplit(":", 1)[1])

    def connect(self, timeout_s=10):
        """A TCP connection to the plain listener."""
        return socket.create_connection(("127.0.0.1", self.http_port), timeout_s * SLOW)

    # --- hooks of the dev profile -------------------------------------------------

    def hook(self, name, body=None):
        """A call of /_kmsd/test/NAME; GET without a body."""
        request = urllib.request.Request(
            f"{self.http}/_kmsd/test/{name}", method="GET" if body is None else "POST",
            data=None if body is None else json.dumps(body).encode(),
            headers={} if body is None else {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=120 * SLOW) as answer:
            return json.load(answer)

    def clock(self, advance_s=None, set=None, freeze=None):
        """Move the daemon's clock; due work has run when this returns the new time."""
        body = None
        if advance_s is not None:
            body = {"advance_s": advance_s}
        elif set is not None:
            body = {"set": set}
        elif freeze is not None:
            body = {"freeze": freeze}
        return self.hook("clock", body)["now"]

    # --- what it said -------------------------------------------------------------

    def log(self):
        if not self.log_path.exists():
            return ""
        return self.log_path.read_text(errors="backslashreplace")

    def _check_sanitizers(self):
        text = self.log()
        if any(word in text for word in SANITIZER_WORDS):
            self._fail("a sanitizer spoke")

    def _fail(self, why):
        tail = "\n".join(self.log().splitlines()[-60:])
        raise DaemonError(f"kmsd: {why}\n--- the end of its log\n{tail}")


def kmsctl(*args, check=True, bound_s=120, env=None, input=None):
    """Run kmsctl; the completed process with text output."""
    done = subprocess.run([str(KMSCTL), *map(str, args)], capture_output=True, text=True,
                          timeout=bound_s * SLOW, input=input,
                          env=dict(os.environ, **(env or {})))
    if check and done.returncode != 0:
        raise DaemonError(f"kmsctl {' '.join(map(str, args))} exited with "
                          f"{done.returncode}\n{done.stdout}\n{done.stderr}")
    return done
