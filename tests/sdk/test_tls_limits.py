"""How many may come to the TLS listener, and what becomes of those who are too many."""

import os
import resource
import ssl
import threading
import time

import pytest

from support import front
from support.daemon import SLOW, wait_for
from support.front import Pki, configure


class Limited:
    """A server installation with some limits, and a client that it knows."""

    def __init__(self, workshop, tmp_path, limits=""):
        self.daemon = workshop.server(start=False)
        if limits:
            configure(self.daemon, f"limits:\n  {limits}\n")
        self.daemon.start()
        known = Pki(self.daemon, tmp_path)
        self.settings = known.settings(known.ca.issue())

    def client(self):
        return front.Client(self.daemon, self.settings)

    def served(self):
        """Whether one more client is answered."""
        try:
            with self.client() as client:
                return client.call().status == 200
        except (ssl.SSLError, ConnectionError):
            return False


class Waiting:
    """A client that connects and calls beside the test, and what it hears."""

    def __init__(self, limited):
        self.limited, self.answers = limited, []
        self.thread = threading.Thread(target=self._call)
        self.thread.start()

    def _call(self):
        with self.limited.client() as client:
            self.answers.append(client.call().status)

    def heard(self):
        self.thread.join(20 * SLOW)
        return self.answers


def test_connections_of_one_source_are_limited(workshop, tmp_path):
    limited = Limited(workshop, tmp_path, "connections_per_source: 3")
    held = [limited.client() for _ in range(3)]
    try:
        for client in held:
            assert client.call().status == 200
        with pytest.raises((ssl.SSLError, ConnectionError)):
            limited.client().call()
        held.pop().sock.close()
        wait_for("the place of a connection that ended", limited.served)
    finally:
        for client in held:
            client.sock.close()


def test_a_client_over_the_limit_waits_for_a_place(workshop, tmp_path):
    limited = Limited(workshop, tmp_path, "connections: 2")
    held = [limited.client() for _ in range(2)]
    try:
        assert [client.call().status for client in held] == [200, 200]
        waiting = Waiting(limited)
        for _ in range(50):
            assert held[0].call().status == 200
        assert waiting.answers == []
        held.pop().sock.close()
        assert waiting.heard() == [200]
    finally:
        for client in held:
            client.sock.close()


def test_a_client_waits_until_there_are_file_descriptors_again(workshop, tmp_path):
    limited = Limited(workshop, tmp_path)
    daemon = limited.daemon
    said = "connections have to wait: Too many open files"
    held = [limited.client()]
    try:
        assert held[0].call().status == 200
        soft, hard = resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE)
        used = {int(fd) for fd in os.listdir(f"/proc/{daemon.pid}/fd")}
        end = max(used) + 1
        held += [limited.client() for _ in range(end - len(used))]  # no gap is left below
        resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, (end, hard))
        try:
            waiting = Waiting(limited)
            wait_for("the word of it", lambda: said in daemon.log())
            for _ in range(200):
                assert held[0].call().status == 200
            assert daemon.log().count(said) == 1
        finally:
            resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, (soft, hard))
        assert waiting.heard() == [200]
    finally:
        for client in held:
            client.sock.close()


def test_handshakes_of_one_source_are_limited(workshop, tmp_path):
    limited = Limited(workshop, tmp_path, "handshakes_per_source_s: 5")
    begin = time.monotonic()
    served = [limited.served() for _ in range(60)]
    took_s = time.monotonic() - begin
    assert not all(served)
    assert 5 <= sum(served) <= 10 + 5 * (took_s + 1)
    limited.daemon.stop()
    refused = front.refusals(limited.daemon.server_data)
    assert refused["127.0.0.1", "handshake:too-many"] > 0
