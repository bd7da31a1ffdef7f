"""deploy/quickstart.sh: starts, reuses, stops. (tests/run.sh readme runs its --check.)"""

import json
import os
import shutil
import socket
import subprocess

import pytest

from support import audit
from support.daemon import BUILD, KMSCTL, ROOT, SLOW

SCRIPT = ROOT / "deploy" / "quickstart.sh"


def quickstart(*args, check=True):
    done = subprocess.run([SCRIPT, *map(str, args)], capture_output=True, text=True,
                          timeout=240 * SLOW, cwd="/")
    if check:
        assert done.returncode == 0, done.stdout + done.stderr
    return done


def gone(pid):
    """The process has ended, whether or not somebody has reaped it."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(") ", 1)[1].startswith("Z")
    except FileNotFoundError:
        return True


@pytest.fixture
def place(workshop):
    """Arguments for a place of its own, on free ports, with the build under test."""
    if not (BUILD / "build.ninja").exists():
        pytest.skip(f"{BUILD} is no build directory")
    data = workshop.directory() / "kmsd data"
    args = ["--data", data, "--build", BUILD]
    yield data, args
    quickstart("--stop", *args, check=False)


def test_help_and_wrong_options():
    assert "usage: deploy/quickstart.sh" in quickstart("--help").stdout
    for wrong in (["--bogus"], ["operand"]):
        assert quickstart(*wrong, check=False).returncode == 2
    for wrong in (["--http-port", "x"], ["--https-port", "70000"], ["--data"]):
        assert quickstart(*wrong, check=False).returncode == 1


def test_shellcheck_finds_nothing():
    if shutil.which("shellcheck") is None:
        pytest.skip("shellcheck is not installed")
    subprocess.run(["shellcheck", SCRIPT], check=True, timeout=60)


def test_it_starts_reuses_and_stops(place):
    data, args = place
    ports = ["--http-port", "0", "--https-port", "0"]
    first = quickstart(*args, *ports).stdout
    ready = json.loads((data / "ready.json").read_text())
    assert ready["https"] in first and ready["http"] in first
    assert ready["data"] == str(data)

    again = quickstart(*args, *ports).stdout
    assert f"process {ready['pid']}" in again
    assert json.loads((data / "ready.json").read_text()) == ready

    shell = "\n".join(line[4:] for line in again.split("In the shell:")[1]
                      .split("In Python")[0].splitlines() if line.startswith("    "))
    done = subprocess.run(["bash", "-euc", shell], capture_output=True, text=True,
                          timeout=60 * SLOW,
                          env={"PATH": os.environ["PATH"], "HOME": str(data)})
    assert done.returncode == 0, done.stderr
    assert '"CiphertextBlob"' in done.stdout

    assert "stopped" in quickstart("--stop", *args).stdout
    assert gone(ready["pid"])
    assert "no kmsd runs" in quickstart("--stop", *args).stdout
    before = audit.last_seq(data)

    quickstart(*args, *ports)
    assert json.loads((data / "ready.json").read_text())["pid"] != ready["pid"]
    assert audit.last_seq(data) > before
    subprocess.run([KMSCTL, "audit", "verify", "--data", data], check=True, timeout=60,
                   capture_output=True)


def test_its_python_works_when_pasted(place):
    data, args = place
    text = quickstart(*args, "--http-port", "0", "--https-port", "0").stdout
    code = "\n".join(line[4:] for line in text.split("In Python, with boto3:")[1]
                     .splitlines() if line.startswith("    "))
    seen = {}
    exec(compile(code, "quickstart", "exec"), seen)
    assert seen["key"]
    assert data.exists()


def test_a_port_that_is_taken_is_named(place):
    _, args = place
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = quickstart(*args, "--http-port", "0", "--https-port", port, check=False)
    assert done.returncode == 1
    assert "did not start" in done.stderr
    assert str(port) in done.stderr


def test_check_proves_the_whole_way(place):
    _, args = place
    done = quickstart("--check", "--build", BUILD)
    assert done.stdout.rstrip().endswith("all good")
