"""The daemon as a process: command line, ready line, hygiene, admin socket, exit codes."""

import json
import os
import signal
import socket
import stat
import subprocess
from pathlib import Path

import pytest

from support.daemon import KMSD, SLOW, Kmsd, wait_for


def run(*args, env=None):
    return subprocess.run([str(KMSD), *map(str, args)], capture_output=True, text=True,
                          timeout=30 * SLOW, stdin=subprocess.DEVNULL,
                          env=dict(os.environ, **(env or {})))


# --- command line ---------------------------------------------------------------------

def test_help_and_version_are_answers_and_not_errors():
    assert run("--help").returncode == 0
    assert "--config FILE" in run("--help").stdout
    assert run("--version").stdout.startswith("kmsd ")


@pytest.mark.parametrize("args", [
    (), ("--dev", "--config", "x"), ("--config",), ("--nonsense",), ("--dev", "x"),
    ("--config", "x", "--http", "127.0.0.1:0"), ("--dev", "--data", ""),
    ("--dev", "--data", "a", "--data", "b"), ("--dev", "--seed", "x"),
    ("--config", "x", "--no-authz"), ("--dev", "--identities", "")])
def test_a_wrong_command_line_exits_with_2_and_says_why(args):
    done = run(*args)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("kmsd: ")


@pytest.mark.parametrize("args,words", [
    (("--config", "/nonexistent/kmsd.yaml"), "kmsctl init"),
    (("--dev", "--http", "0.0.0.0:0"), "loopback"),
    (("--dev", "--https", "192.0.2.1:0"), "loopback"),
    (("--dev", "--https", "localhost:0"), "numeric address"),
    (("--dev", "--account", "1234"), "12 digits"),
    (("--dev", "--region", "US EAST"), "us-east-1")])
def test_an_unusable_configuration_exits_with_78_and_says_what_to_do(args, words):
    done = run(*args)
    assert done.returncode == 78
    assert done.stdout == ""
    assert words in done.stderr


# --- temporary data -------------------------------------------------------------------

def test_temporary_data_is_gone_after_the_exit_and_nothing_else(workshop, tmp_path):
    daemon = workshop.dev(env={"TMPDIR": str(tmp_path)})
    data = daemon.data_dir
    assert data.parent == tmp_path and data.is_dir()
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    (tmp_path / "other").write_text("stays")
    (data / "link").symlink_to(tmp_path / "other")
    daemon.stop()
    assert not data.exists()
    assert (tmp_path / "other").read_text() == "stays"


def test_temporary_data_is_gone_after_a_fatal_stop(workshop, tmp_path):
    daemon = workshop.dev(env={"TMPDIR": str(tmp_path), "KMSD_FAULTS": "store_commit=9"})
    data = daemon.data_dir
    with pytest.raises(OSError):
        for _ in range(20):
            daemon.hook("clock", {"advance_s": 1})
            with daemon.connect() as sock:
                sock.sendall(b"POST / HTTP/1.1\r\nHost: a\r\n\r\n")
                sock.recv(1000)
            wait_for("a commit", lambda: daemon.hook("clock", {"advance_s": 61}), 1)
    assert daemon.wait() == 1
    assert not data.exists()


def test_data_that_was_asked_for_stays(workshop):
    data = workshop.directory() / "made"
    daemon = workshop.dev(data=data)
    daemon.stop()
    assert (data / "kmsd.db").is_file()


# --- hygiene --------------------------------------------------------------------------

def status_of(pid):
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def test_no_core_files_and_no_readers_of_its_memory(kmsd_dev):
    pid = kmsd_dev.pid
    limits = Path(f"/proc/{pid}/limits").read_text()
    core = [line for line in limits.splitlines() if line.startswith("Max core")][0]
    assert core.split()[4:6] == ["0", "0"]
    assert status_of(pid)["Umask"] == "0077"
    # Not dumpable: the files of the process belong to root whoever runs it.
    assert os.stat(f"/proc/{pid}/environ").st_uid == 0


def test_one_process_and_every_descriptor_is_closed_on_exec(kmsd_dev):
    pid = kmsd_dev.pid
    assert Path(f"/proc/{pid}/task/{pid}/children").read_text().split() == []
    for entry in Path(f"/proc/{pid}/fdinfo").iterdir():
        if int(entry.name) <= 2:
            continue
        flags = [int(line.split()[1], 8) for line in entry.read_text().splitlines()
                 if line.startswith("flags:")][0]
        target = os.readlink(f"/proc/{pid}/fd/{entry.name}")
        assert flags & os.O_CLOEXEC, f"{entry.name} is {target}"


def test_every_thread_is_in_the_sandbox(kmsd_dev):
    if not json.loads(ask(kmsd_dev, b"status\n"))["sandboxed"]:
        pytest.skip("built with sanitizers, whose reports need what it forbids")
    for task in Path(f"/proc/{kmsd_dev.pid}/task").iterdir():
        lines = (task / "status").read_text().splitlines()
        assert "Seccomp:\t2" in lines
        assert "NoNewPrivs:\t1" in lines


def test_standard_streams_may_be_closed(workshop):
    def close_all():
        os.close(0)
        os.close(2)
    daemon = Kmsd(preexec=close_all)
    workshop.daemons.append(daemon)
    daemon.start()
    assert os.readlink(f"/proc/{daemon.pid}/fd/2") == "/dev/null"
    daemon.stop()


def test_the_service_manager_is_told(workshop, tmp_path):
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(path))
        manager.settimeout(20 * SLOW)
        daemon = workshop.dev(keep=True, env={"NOTIFY_SOCKET": str(path)})
        assert manager.recv(100) == b"READY=1"
        os.kill(daemon.pid, signal.SIGHUP)
        assert manager.recv(100) == b"RELOADING=1"
        assert manager.recv(100) == b"READY=1"
        daemon.stop()
        assert manager.recv(100) == b"STOPPING=1"


def test_more_signals_during_a_stop_change_nothing(workshop):
    daemon = workshop.dev(keep=True)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
        if daemon.process.poll() is None:
            os.kill(daemon.pid, number)
    assert daemon.wait() == 0


def test_a_burst_of_connections_is_served(kmsd_dev):
    """More than the listener has threads for, all at once, each with a request."""
    request = (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-amz-json-1.1\r\n"
               b"X-Amz-Target: TrentService.GenerateRandom\r\nAuthorization: AWS4-HMAC-"
               b"SHA256 Credential=111122223333/20260101/us-east-1/kms/aws4_request, "
               b"SignedHeaders=host, Signature=" + b"0" * 64 +
               b"\r\nContent-Length: 20\r\n\r\n" b'{"NumberOfBytes":16}')
    held = [kmsd_dev.connect(30) for _ in range(600)]
    try:
        for sock in held:
            sock.sendall(request)
        for sock in held:
            assert sock.recv(65536).startswith(b"HTTP/1.1 200 ")
    finally:
        for sock in held:
            sock.close()


# --- admin socket -----------------------------------------------------------------------

def ask(daemon, line):
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(20 * SLOW)
        sock.connect(str(daemon.data_dir / "admin.sock"))
        sock.sendall(line)
        reply = b""
        try:
            while piece := sock.recv(65536):
                reply += piece
        except ConnectionResetError:    # closed with something unread
            pass
        return reply


def test_status_tells_how_the_daemon_is(kmsd_dev):
    reply = ask(kmsd_dev, b"status\n")
    assert reply.endswith(b"\n") and reply.count(b"\n") == 1
    status = json.loads(reply)
    assert status["profile"] == "dev"
    assert status["pid"] == kmsd_dev.pid
    assert status["data"] == str(kmsd_dev.data_dir)
    assert status["listeners"]["https"] == f"127.0.0.1:{kmsd_dev.https_port}"
    assert status["listeners"]["http"] == f"127.0.0.1:{kmsd_dev.http_port}"
    assert status["token"]["healthy"] is True
    assert status["listeners"]["certificate_expires"] > status["time"]
    assert set(status) >= {"version", "uptime_s", "store", "keyring", "secrets_locked"}


def test_other_words_on_the_admin_socket_harm_nobody(kmsd_dev):
    assert json.loads(ask(kmsd_dev, b"shutdown\n")) == {"error": "unknown command"}
    assert ask(kmsd_dev, b"x" * 100000 + b"\n") == b""
    with socket.socket(socket.AF_UNIX) as silent:
        silent.connect(str(kmsd_dev.data_dir / "admin.sock"))
        # Somebody who says nothing is waited for, but not for long.
        assert json.loads(ask(kmsd_dev, b"status\n"))["pid"] == kmsd_dev.pid


def ask_as_nobody(path):
    """In a forked child: 0 when another user's question gets no answer."""
    os.setgroups([])
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(20 * SLOW)
        sock.connect(str(path))
        try:
            sock.sendall(b"status\n")
            return 1 if sock.recv(100) else 0
        except ConnectionError:
            return 0


def test_another_user_is_not_answered_even_when_the_socket_is_open(kmsd_own):
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    path = kmsd_own.data_dir / "admin.sock"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o666)
    for folder in (path.parent, path.parent.parent):
        folder.chmod(0o711)
    child = os.fork()
    if child == 0:
        code = 2
        try:
            code = ask_as_nobody(path)
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_socket_left_by_a_killed_daemon_is_replaced(kmsd_own):
    kmsd_own.kill()
    assert (kmsd_own.data / "admin.sock").exists()
    kmsd_own.start()
    assert json.loads(ask(kmsd_own, b"status\n"))["pid"] == kmsd_own.pid
    kmsd_own.stop()
    assert not (kmsd_own.data / "admin.sock").exists()
