"""kmsctl: the command line, init, status, the token."""

import json
import os
import shutil
import sqlite3
import subprocess

import pytest
from cryptography import x509

from support import clients
from support.ctl import api, mode, refused, uri_of
from support.daemon import KMSCTL, KMSD, kmsctl

COMMANDS = ["init", "status", "api", "client-cert", "server-cert", "crl", "audit verify",
            "audit tail", "token selftest", "completion"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command):
    text = kmsctl(*command.split(), "--help").stdout
    assert text.startswith(f"usage: kmsctl {command}")
    assert "--help" in text


def test_the_help_lists_every_command():
    text = kmsctl("--help").stdout
    for command in COMMANDS:
        assert f"  {command} " in text
    assert "canary" not in text


@pytest.mark.parametrize("args", [
    [], ["bogus"], ["audit"], ["audit", "bogus"], ["init"], ["init", "--data"],
    ["init", "--data", "x", "--data", "y"], ["init", "--bogus"], ["status"],
    ["status", "--data=x", "operand"], ["client-cert", "--data", "x"],
    ["audit", "verify", "--data", "x", "--db", "y"], ["audit", "tail", "--db", "x", "-n", "y"],
    ["audit", "tail", "--json=x", "--db", "y"], ["api"], ["api", "Bogus"],
    ["api", "CreateKey", "--bogus", "x"], ["completion", "fish"], ["crl", "--data", "x"],
])
def test_a_wrong_command_line_exits_with_2(args):
    done = kmsctl(*args, check=False, env={"KMSCTL_DATA": ""})
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr


def test_completion_knows_commands_operations_and_members():
    script = kmsctl("completion", "bash").stdout + r"""
complete_at() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _kmsctl kmsctl "${!#}"; echo "${COMPREPLY[@]}"; }
complete_at kmsctl sta
complete_at kmsctl api generate-r
complete_at kmsctl api generate-random --num
complete_at kmsctl audit v
complete_at kmsctl init --li
"""
    done = subprocess.run(["bash", "-euc", script], capture_output=True, text=True,
                          timeout=30, check=True)
    assert done.stdout.split() == ["status", "generate-random", "--number-of-bytes",
                                   "verify", "--listen"]


def test_what_cannot_be_printed_is_a_failure():
    with open("/dev/full", "w") as full:
        done = subprocess.run([KMSCTL, "--help"], stdout=full, stderr=subprocess.PIPE,
                              text=True, timeout=30)
    assert done.returncode == 1
    assert "standard output" in done.stderr


# --- init ---------------------------------------------------------------------------------


def test_init_makes_a_server_that_serves_over_mutual_tls(workshop):
    daemon = workshop.server()
    data = daemon.server_data
    assert mode(data) == 0o700
    for secret in ("pin", "kmsd.db", "kmsd.yaml", "pki/ca.key", "pki/server.key",
                   "pki/client.key"):
        assert mode(data / secret) == 0o600, secret
    assert len((data / "pin").read_text().strip()) == 43
    key = json.loads(api(daemon, "create-key", "--description", "é").stdout)["KeyMetadata"]
    assert key["Arn"] == f"arn:aws:kms:us-east-1:111122223333:key/{key['KeyId']}"
    assert key["Description"] == "é"


def test_init_writes_what_it_was_told(workshop):
    data = workshop.directory() / "it's here"
    kmsctl("init", "--data", data, "--account", "444455556666", "--region", "eu-central-1",
           "--dns", "kms.example", "--dns", "localhost", "--ip", "192.0.2.7",
           "--listen", "127.0.0.1:0", "--client", "alice")
    assert uri_of(data / "pki/client.pem") == ["arn:aws:iam::444455556666:user/alice"]
    cert = x509.load_pem_x509_certificate((data / "pki/server.pem").read_bytes())
    names = cert.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost", "kms.example"]
    assert [str(ip) for ip in names.get_values_for_type(x509.IPAddress)] == [
        "127.0.0.1", "::1", "192.0.2.7"]
    daemon = workshop.dev(config=data / "kmsd.yaml")
    arn = api(daemon, "create-key", "--output", "KeyMetadata.Arn").stdout
    assert arn.startswith("arn:aws:kms:eu-central-1:444455556666:key/")


def test_init_never_touches_what_is_there(workshop):
    data = workshop.directory() / "data"
    kmsctl("init", "--data", data)

    def picture():
        return {str(p): p.read_bytes() for p in sorted(data.rglob("*"))
                if p.is_file() and p.name not in ("lock",)}

    before = picture()
    assert "nothing was changed" in refused("init", "--data", data)
    assert picture() == before


def test_init_refuses_dev_data(workshop):
    daemon = workshop.dev(keep=True)
    data = daemon.data_dir
    daemon.stop()
    assert "dev" in refused("init", "--data", data)
    assert not (data / "kmsd.yaml").exists()
    daemon.start()


def test_an_init_that_failed_says_what_to_remove_and_goes_on_after_that(workshop):
    data = workshop.directory() / "data"
    data.mkdir(mode=0o700)
    (data / "token").mkdir()
    words = refused("init", "--data", data)
    assert str(data / "token") in words and "remove it" in words
    (data / "token").rmdir()
    kmsctl("init", "--data", data)
    kmsctl("token", "selftest", "--data", data)


def test_init_goes_on_where_a_killed_one_stopped(workshop):
    """Everything but the configuration was made: the next run writes that."""
    data = workshop.directory() / "data"
    kmsctl("init", "--data", data, "--listen", "127.0.0.1:0")
    (data / "kmsd.yaml").unlink()
    pin = (data / "pin").read_bytes()
    kmsctl("init", "--data", data, "--listen", "127.0.0.1:0")
    assert (data / "pin").read_bytes() == pin
    workshop.dev(config=data / "kmsd.yaml")


@pytest.mark.parametrize("args, words", [
    (["--account", "12"], "12 digits"), (["--region", "Not A Region"], "us-east-1"),
    (["--listen", "localhost"], "127.0.0.1:8443"), (["--client", "../x"], "no name"),
    (["--ip", "1.2.3"], "1.2.3"), (["--dns", "a b"], "a b"), (["--label", "x"], "--module"),
    (["--module", "/nonexistent.so"], "--pin-file"),
])
def test_init_refuses_what_cannot_be_and_makes_nothing(workshop, args, words):
    data = workshop.directory() / "data"
    done = kmsctl("init", "--data", data, *args, check=False)
    assert done.returncode in (1, 2)
    assert words in done.stderr
    assert not data.exists() or not any(data.iterdir())


def test_init_uses_a_token_of_another_module(workshop):
    """A SoftHSM2 token made by its own tool stands for somebody's HSM."""
    top = workshop.directory()
    (top / "tokens").mkdir()
    (top / "softhsm2.conf").write_text(f"directories.tokendir = {top}/tokens\n")
    (top / "pin").write_text("1234\n")
    (top / "pin").chmod(0o600)
    env = {"SOFTHSM2_CONF": str(top / "softhsm2.conf")}
    subprocess.run(["softhsm2-util", "--init-token", "--free", "--label", "theirs",
                    "--so-pin", "0000", "--pin", "1234"], check=True, timeout=60,
                   capture_output=True, env={**os.environ, **env})
    module = next(p for p in ("/usr/lib/softhsm/libsofthsm2.so",
                              "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
                              "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so")
                  if os.path.exists(p))
    data = top / "data"
    kmsctl("init", "--data", data, "--listen", "127.0.0.1:0", "--module", module,
           "--label", "theirs", "--pin-file", top / "pin", env=env)
    assert not (data / "token").exists() and not (data / "pin").exists()
    daemon = workshop.dev(config=data / "kmsd.yaml", env=env)
    key = api(daemon, "create-key", "--output", "KeyMetadata.KeyId").stdout.strip()
    daemon.restart()
    api(daemon, "generate-data-key", "--key-id", key, "--key-spec", "AES_256")


# --- status, the token and the lock -------------------------------------------------------


def test_status_speaks_to_people_and_to_programs(kmsd_dev):
    told = json.loads(kmsctl("status", "--data", kmsd_dev.data_dir, "--json").stdout)
    assert told["profile"] == "dev"
    assert told["pid"] == kmsd_dev.pid
    assert told["token"]["healthy"] is True
    text = kmsctl("status", "--socket", kmsd_dev.data_dir / "admin.sock").stdout
    lines = dict(line.split(None, 1) for line in text.splitlines() if len(line.split()) > 1)
    assert lines["profile"] == "dev"
    assert lines["pid"] == str(kmsd_dev.pid)


def test_status_of_a_daemon_that_does_not_run_fails(workshop):
    data = workshop.directory() / "data"
    kmsctl("init", "--data", data)
    assert "no kmsd runs" in refused("status", "--data", data)


def test_the_token_is_tested_when_the_daemon_is_stopped(workshop):
    daemon = workshop.server()
    words = refused("token", "selftest", "--data", daemon.server_data)
    assert f"process {daemon.pid}" in words
    daemon.stop()
    assert "cannot be read, wrapped, weakened" in kmsctl(
        "token", "selftest", "--data", daemon.server_data).stdout


def test_a_second_daemon_on_the_same_data_does_not_start(workshop):
    daemon = workshop.server()
    second = subprocess.run([KMSD, "--config", daemon.server_data / "kmsd.yaml"],
                            capture_output=True, text=True, timeout=60)
    assert second.returncode != 0
    assert f"process {daemon.pid}" in second.stderr
    assert second.stdout == ""
    api(daemon, "list-keys")


def test_a_pin_that_others_may_read_stops_the_start(workshop):
    data = workshop.directory() / "data"
    kmsctl("init", "--data", data)
    (data / "pin").chmod(0o644)
    assert "chmod 600" in refused("token", "selftest", "--data", data)


def test_nobody_but_the_owner_can_read_what_a_daemon_writes(workshop):
    daemon = workshop.dev(keep=True)
    clients.plain(daemon).create_key()
    for path in daemon.data_dir.rglob("*"):
        if not path.name.endswith(".pem"):
            assert mode(path) & 0o077 == 0, path


def test_a_backup_of_a_running_daemon_restores_at_another_path(workshop):
    """As deploy/OPERATIONS.md tells it."""
    daemon = workshop.server()
    data = daemon.server_data
    key = api(daemon, "create-key", "--output", "KeyMetadata.KeyId").stdout.strip()
    sealed = api(daemon, "encrypt", "--key-id", key, "--plaintext", "aGVsbG8=",
                 "--output", "CiphertextBlob").stdout.strip()
    backup = workshop.directory() / "backup.db"
    with sqlite3.connect(f"file:{data}/kmsd.db?mode=ro", uri=True) as source:
        with sqlite3.connect(backup) as target:
            source.backup(target)
        target.close()
    source.close()
    api(daemon, "create-key")
    kmsctl("audit", "verify", "--db", backup)
    daemon.stop()

    restored = workshop.directory() / "elsewhere"
    restored.mkdir(mode=0o700)
    for name in ("token", "pki"):
        shutil.copytree(data / name, restored / name)
    for name in ("pin", "kmsd.yaml", "identities.yaml"):
        shutil.copy2(data / name, restored / name)
    shutil.copy(backup, restored / "kmsd.db")
    (restored / "kmsd.db").chmod(0o600)
    text = (restored / "kmsd.yaml").read_text()
    (restored / "kmsd.yaml").write_text(text.replace(str(data), str(restored)))
    shutil.rmtree(data)
    kmsctl("token", "selftest", "--data", restored)
    again = workshop.dev(config=restored / "kmsd.yaml")
    opened = api(again, "decrypt", "--ciphertext-blob", sealed, "--output", "Plaintext",
                 "--raw")
    assert opened.stdout == "hello"
    assert len(json.loads(api(again, "list-keys").stdout)["Keys"]) == 1
    kmsctl("audit", "verify", "--data", restored)
