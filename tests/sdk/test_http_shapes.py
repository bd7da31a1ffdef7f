"""Shapes of requests that two parsers could read in two ways: 400 and close, on the wire.

The plain listener is the dev profile's, but it is the same parser and the same rules as
behind TLS; a few shapes are sent through mutual TLS as well.
"""

import json
import re
import socket

import pytest

from support import front, rawhttp
from support.daemon import Kmsd

BODY = b"{}"
TARGET = "TrentService.ListKeys"
LINES = ["Host: localhost", "Content-Type: application/x-amz-json-1.1",
         f"X-Amz-Target: {TARGET}", f"Authorization: {rawhttp.AUTHORIZATION}",
         "X-Amz-Date: 20260101T000000Z", "Content-Length: 2"]


def request(lines=LINES, first="POST / HTTP/1.1", body=BODY, extra=(), without=None):
    kept = [line for line in lines if without is None
            or not line.lower().startswith(without.lower() + ":")]
    head = "\r\n".join([first, *kept, *extra]) + "\r\n\r\n"
    return head.encode("latin-1") + body


GOOD = request()


def last(old, new):
    """GOOD with the last occurrence of old replaced."""
    before, found, after = GOOD.rpartition(old)
    assert found
    return before + new + after


REFUSED = {
    # where a request ends
    "two equal lengths": request(extra=["Content-Length: 2"]),
    "two different lengths": request(extra=["Content-Length: 3"]),
    "a list of lengths": request(without="Content-Length", extra=["Content-Length: 2, 2"]),
    "a signed length": request(without="Content-Length", extra=["Content-Length: +2"]),
    "a negative length": request(without="Content-Length", extra=["Content-Length: -1"]),
    "a hexadecimal length": request(without="Content-Length",
                                    extra=["Content-Length: 0x2"]),
    "no length": request(without="Content-Length", body=b""),
    "length and chunked": request(extra=["Transfer-Encoding: chunked"],
                                  body=b"2\r\n{}\r\n0\r\n\r\n"),
    "chunked alone": request(without="Content-Length", extra=["Transfer-Encoding: chunked"],
                             body=b"2\r\n{}\r\n0\r\n\r\n"),
    "an unknown transfer encoding": request(extra=["Transfer-Encoding: xchunked"]),
    "identity transfer encoding": request(extra=["Transfer-Encoding: identity"]),
    "chunked behind a space": request(extra=["Transfer-Encoding : chunked"]),
    # whom it is for and who sent it
    "two hosts": request(extra=["Host: other"]),
    "no host": request(without="Host"),
    "an odd host": request(without="Host", extra=["Host: a b"]),
    "two targets": request(extra=["X-Amz-Target: TrentService.CreateKey"]),
    "two credentials": request(extra=[f"authorization: {rawhttp.AUTHORIZATION}"]),
    "two dates": request(extra=["X-Amz-Date: 20260101T000001Z"]),
    "two content types": request(extra=["content-type: text/plain"]),
    "no content type": request(without="Content-Type"),
    # lines
    "bare LF everywhere": GOOD.replace(b"\r\n", b"\n"),
    "bare LF after the request line": GOOD.replace(b"HTTP/1.1\r\n", b"HTTP/1.1\n"),
    "bare LF after a field": GOOD.replace(b"localhost\r\n", b"localhost\n"),
    "bare LF after the last field": last(b": 2\r\n\r\n", b": 2\n\r\n"),
    "bare LF after the head": last(b": 2\r\n\r\n", b": 2\r\n\n"),
    "bare CR in a field": GOOD.replace(b"localhost\r\n", b"localhost\rX: y\r\n"),
    "CR CR LF": GOOD.replace(b"localhost\r\n", b"localhost\r\r\n"),
    "a folded target": request(without="X-Amz-Target",
                               extra=[f"X-Amz-Target: {TARGET}\r\n folded"]),
    "a folded last field": request(extra=["X: y\r\n\tz"]),
    "a fold before the first field": request(lines=[" Folded: x", *LINES]),
    "NUL in a value": request(extra=["X: a\0b"]),
    "NUL at the end of the last value": request(extra=["X: a\0"]),
    "NUL in a name": request(extra=["X\0Y: a"]),
    "NUL in the host": request(without="Host", extra=["Host: localhost\0evil"]),
    "a control character": request(extra=["X: a\x01b"]),
    "a space in a name": request(extra=["X Y: a"]),
    "a space before the colon": request(extra=["X : a"]),
    "no name": request(extra=[": a"]),
    "no colon": request(extra=["Xyz"]),
    # the request line
    "GET": request(first="GET / HTTP/1.1"),
    "a method in lower case": request(first="post / HTTP/1.1"),
    "another path": request(first="POST /x HTTP/1.1"),
    "a query": request(first="POST /?a=b HTTP/1.1"),
    "an empty query": request(first="POST /? HTTP/1.1"),
    "an absolute target": request(first="POST http://localhost/ HTTP/1.1"),
    "two slashes": request(first="POST // HTTP/1.1"),
    "an encoded slash": request(first="POST %2f HTTP/1.1"),
    "two spaces": request(first="POST  / HTTP/1.1"),
    "a space at the end": request(first="POST / HTTP/1.1 "),
    "HTTP/1.0": request(first="POST / HTTP/1.0"),
    "HTTP/1.2": request(first="POST / HTTP/1.2"),
    # sizes
    "a length over the limit": request(without="Content-Length",
                                       extra=["Content-Length: 262145"]),
    "too many fields": request(extra=[f"X-{i}: a" for i in range(100)]),
    "fields over the limit": request(extra=["X: " + "a" * 17000]),
}


@pytest.mark.parametrize("shape", REFUSED)
def test_an_ambiguous_request_is_answered_400_and_the_connection_ends(kmsd_dev, shape):
    answer = rawhttp.send(kmsd_dev.http_port, REFUSED[shape])
    assert answer.status == 400
    assert answer.closed
    if answer.headers.get("content-type", "").startswith("application/x-amz-json"):
        assert answer.type in ("MalformedHttpRequestException",
                               "RequestEntityTooLargeException")


# Refused by the HTTP library with a status of its own, or by closing.
CUT = {
    "a length that no number holds": request(
        without="Content-Length", extra=["Content-Length: 99999999999999999999999"]),
    "fields over all memory": request(extra=["X: " + "a" * 1000000]),
    "an endless target": request(first="POST /" + "a" * 100000 + " HTTP/1.1"),
    "HTTP/2.0": request(first="POST / HTTP/2.0"),
    "tabs for spaces": request(first="POST\t/\tHTTP/1.1"),
    "HTTP/0.9": b"POST /\r\n\r\n",
}


@pytest.mark.parametrize("shape", CUT)
def test_an_impossible_request_is_refused_and_the_connection_ends(kmsd_dev, shape):
    answer = rawhttp.send(kmsd_dev.http_port, CUT[shape])
    assert answer.status == 0 or 400 <= answer.status < 600
    assert answer.closed


ALIKE = {
    "as every client sends it": GOOD,
    "no space after a colon": GOOD.replace(b"Host: ", b"Host:"),
    "a tab after a colon": GOOD.replace(b"Host: ", b"Host:\t"),
    "an empty value": request(extra=["X:"]),
    "a value that is not ASCII": request(extra=["X: \xc3\xa9"]),
    "many fields": request(extra=[f"X-{i}: a" for i in range(90)]),
    "large fields": request(extra=["X: " + "a" * 15000]),
}


@pytest.mark.parametrize("shape", ALIKE)
def test_harmless_differences_are_no_obstacle(kmsd_dev, shape):
    answer = rawhttp.send(kmsd_dev.http_port, ALIKE[shape])
    assert answer.status == 200
    assert "Keys" in answer.json
    assert not answer.closed


@pytest.mark.parametrize("size", [1, 7, 97, 1000])
def test_a_request_may_arrive_in_any_pieces(kmsd_dev, size):
    payload = request(without="Content-Length",
                      extra=[*(f"X-{i}: {'v' * 100}" for i in range(20)),
                             "Content-Length: 5000"], body=b"{" + b" " * 4998 + b"}")
    with kmsd_dev.connect() as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(2):
            for at in range(0, len(payload), size):
                sock.sendall(payload[at:at + size])
            assert rawhttp.read_answer(sock).status == 200


def test_requests_sent_at_once_are_answered_in_order(kmsd_dev):
    names = ["ListKeys", "ListAliases", "NoSuchOperation", "ListKeys"]
    payload = b"".join(GOOD.replace(TARGET.encode(), f"TrentService.{name}".encode())
                       for name in names)
    bodies, rest = [], b""
    with kmsd_dev.connect() as sock:
        sock.sendall(payload)
        while len(bodies) < len(names):
            head, end, body = rest.partition(b"\r\n\r\n")
            length = re.search(rb"(?i)content-length: (\d+)", head)
            if end and len(body) >= int(length[1]):
                bodies.append(body[:int(length[1])])
                rest = body[int(length[1]):]
                continue
            piece = sock.recv(65536)
            assert piece, rest
            rest += piece
    assert [sorted(json.loads(body))[0] for body in bodies] \
        == ["Keys", "Aliases", "__type", "Keys"]


def test_nothing_after_a_refused_request_is_looked_at(kmsd_own):
    smuggled = rawhttp.head("TrentService.CreateKey", 2) + b"{}"
    answer = rawhttp.send(kmsd_own.http_port,
                          request(extra=["Transfer-Encoding: chunked"],
                                  body=b"0\r\n\r\n" + smuggled))
    assert answer.status == 400 and answer.closed
    assert rawhttp.call(kmsd_own.http_port, "ListKeys", {}).json["Keys"] == []


def test_a_body_over_the_limit_is_refused_before_it_is_sent(kmsd_dev):
    payload = request(without="Content-Length", extra=["Content-Length: 10000000"], body=b"")
    answer = rawhttp.send(kmsd_dev.http_port, payload)
    assert answer.status == 400
    assert answer.type == "RequestEntityTooLargeException"
    assert answer.closed


@pytest.fixture
def impatient(workshop):
    """A dev daemon that ends connections on which nothing happens for a second."""
    config = workshop.directory() / "kmsd.yaml"
    config.touch(mode=0o600)
    config.write_text("profile: dev\ndata: data\n"
                      "https:\n  listen: 127.0.0.1:0\nhttp:\n  listen: 127.0.0.1:0\n"
                      "limits:\n  idle_timeout_s: 1\n")
    daemon = Kmsd(config=config)
    workshop.daemons.append(daemon)
    return daemon.start()


def test_a_body_that_ends_early_is_no_request(impatient):
    payload = request(without="Content-Length", extra=["Content-Length: 10"])
    answer = rawhttp.send(impatient.http_port, payload, half_close=True)
    assert answer.status == 0
    assert answer.closed


@pytest.mark.parametrize("part", [b"", b"POST", GOOD[:100], GOOD[:-1]])
def test_a_connection_on_which_nothing_happens_is_ended(impatient, part):
    answer = rawhttp.send(impatient.http_port, part)
    assert answer.status in (0, 408)
    assert answer.closed


def test_a_client_that_asks_first_is_told_to_go_on(kmsd_dev):
    payload = request(extra=["Expect: 100-continue"], body=b"")
    with kmsd_dev.connect() as sock:
        sock.sendall(payload)
        assert sock.recv(65536).startswith(b"HTTP/1.1 100 ")
        sock.sendall(BODY)
        assert rawhttp.read_answer(sock).status == 200


def test_refusals_are_counted_in_the_audit_log(kmsd_own):
    for _ in range(3):
        rawhttp.send(kmsd_own.http_port, REFUSED["two hosts"])
    rawhttp.send(kmsd_own.http_port, REFUSED["no colon"])
    data = kmsd_own.data_dir
    kmsd_own.stop()
    found = front.refusals(data)
    assert found[("127.0.0.1", "request:duplicate-header")] == 3
    assert found[("127.0.0.1", "request:malformed")] == 1


def over_tls(daemon, payload):
    ready = daemon.ready
    settings = front.context(ready["ca"], ready["client_cert"], ready["client_key"])
    with front.Client(daemon, settings) as client:
        client.sock.sendall(payload)
        return rawhttp.read_answer(client.sock)


@pytest.mark.parametrize("shape", ["two hosts", "length and chunked", "NUL in a value",
                                   "bare LF after a field", "GET"])
def test_the_same_shapes_are_refused_behind_tls(kmsd_server, shape):
    answer = over_tls(kmsd_server, REFUSED[shape])
    assert answer.status == 400
    assert answer.closed


def test_hooks_are_not_there_in_the_server_profile(kmsd_server):
    hook = b"GET /_kmsd/test/clock HTTP/1.1\r\nHost: localhost\r\n\r\n"
    assert over_tls(kmsd_server, hook).status == 400
