"""What a daemon keeps when it stops and starts, and what it refuses to start with."""

import json
import subprocess

import pytest

from support import audit, clients
from support.daemon import KMSD


def everything(kms):
    """All a client can see of every key, for comparison across a restart."""
    seen = {}
    for page in kms.get_paginator("list_keys").paginate():
        for entry in page["Keys"]:
            key = entry["KeyId"]
            metadata = kms.describe_key(KeyId=key)["KeyMetadata"]
            seen[key] = {
                "metadata": metadata,
                "policy": json.loads(kms.get_key_policy(KeyId=key)["Policy"]),
                "tags": kms.list_resource_tags(KeyId=key)["Tags"],
                "aliases": kms.list_aliases(KeyId=key)["Aliases"],
                "rotation": {k: v for k, v in kms.get_key_rotation_status(KeyId=key).items()
                             if k != "ResponseMetadata"},
                "rotations": kms.list_key_rotations(KeyId=key)["Rotations"],
            }
    return seen


def test_every_visible_thing_survives_a_restart(kmsd_own):
    kms = clients.plain(kmsd_own)
    first = kms.create_key(Description="first", Tags=[
        {"TagKey": "team", "TagValue": "blau"}])["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/one", TargetKeyId=first)
    kms.enable_key_rotation(KeyId=first, RotationPeriodInDays=120)
    second = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.disable_key(KeyId=second)
    kms.update_key_description(KeyId=second, Description="zweiter Schlüssel")
    policy = json.loads(kms.get_key_policy(KeyId=second)["Policy"])
    policy["Id"] = "mine"
    kms.put_key_policy(KeyId=second, Policy=json.dumps(policy))
    third = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.schedule_key_deletion(KeyId=third, PendingWindowInDays=9)
    elsewhere = clients.plain(kmsd_own, account="444455556666", region="eu-central-1")
    elsewhere.create_key(Description="elsewhere")
    blob = kms.encrypt(KeyId="alias/one", Plaintext=b"kept")["CiphertextBlob"]
    before, before_elsewhere = everything(kms), everything(elsewhere)
    assert len(before) == 3 and len(before_elsewhere) == 1

    kmsd_own.restart()
    kms = clients.plain(kmsd_own)
    elsewhere = clients.plain(kmsd_own, account="444455556666", region="eu-central-1")
    assert everything(kms) == before
    assert everything(elsewhere) == before_elsewhere
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"kept"


def test_the_chain_goes_on_over_restarts(kmsd_own):
    for _ in range(3):
        clients.plain(kmsd_own).create_key()
        kmsd_own.restart()
    records = audit.records(kmsd_own.data_dir)
    assert [r["seq"] for r in records] == list(range(1, len(records) + 1))
    kmsd_own.stop()
    assert audit.verify(kmsd_own.data).returncode == 0


def test_a_second_daemon_on_the_same_data_is_refused(kmsd_own, workshop):
    second = workshop.dev(data=kmsd_own.data, start=False)
    second.spawn()
    assert second.wait() != 0
    assert f"in use by process {kmsd_own.pid}" in second.log()
    assert clients.plain(kmsd_own).list_keys()["Keys"] == []


def test_a_temporary_daemon_takes_its_data_with_it(workshop):
    daemon = workshop.dev()
    data = daemon.data_dir
    assert data.is_dir()
    daemon.stop()
    assert not data.exists()


def test_a_database_of_the_dev_profile_is_refused_by_the_server_profile(workshop):
    server = workshop.server()
    server_data = server.data_dir
    server.stop()
    dev = workshop.dev(data=server_data, start=False)
    dev.spawn()
    assert dev.wait() != 0
    assert "profile" in dev.log()


def test_the_data_directory_is_its_owners_alone(kmsd_own):
    assert kmsd_own.data.stat().st_mode & 0o777 == 0o700
    for path in kmsd_own.data.rglob("*"):
        if path.is_file() and path.suffix != ".pem":
            assert path.stat().st_mode & 0o077 == 0, path


def test_a_port_of_the_listener_in_use_is_told(kmsd_dev, workshop):
    daemon = workshop.dev(http=f"127.0.0.1:{kmsd_dev.http_port}", start=False)
    daemon.spawn()
    assert daemon.wait() != 0
    assert str(kmsd_dev.http_port) in daemon.log()


def test_the_dev_profile_binds_loopback_only(workshop):
    daemon = workshop.dev(http="0.0.0.0:0", start=False)
    daemon.spawn()
    assert daemon.wait() != 0
    assert "loopback" in daemon.log()


def test_the_plain_listener_can_be_turned_off(workshop):
    daemon = workshop.dev(http="off")
    assert not daemon.ready.get("http")
    kms = clients.mutual(daemon)
    assert kms.list_keys()["Keys"] == []


def test_the_ready_line_has_every_promised_member(kmsd_dev):
    ready = kmsd_dev.ready
    assert set(ready) >= {"event", "http", "https", "ca", "client_cert", "client_key",
                          "data", "pid"}
    assert ready["pid"] == kmsd_dev.pid
    assert ready["http"].startswith("http://127.0.0.1:")
    assert ready["https"].startswith("https://localhost:")
    for member in ("ca", "client_cert", "client_key"):
        with open(ready[member], encoding="ascii") as pem:
            assert pem.read().startswith("-----BEGIN ")


@pytest.mark.parametrize("args", [["--wings"], ["--config"], ["--config", "/nonexistent"],
                                  ["--dev", "--http", "nowhere"], []])
def test_a_command_line_that_makes_no_sense_exits_with_a_word(args):
    done = subprocess.run([str(KMSD), *args], capture_output=True, text=True, timeout=30)
    assert done.returncode != 0
    assert done.stderr.strip()
    assert done.stdout == ""


def test_the_account_and_region_of_the_command_line_are_the_defaults(workshop):
    daemon = workshop.dev(args=["--account", "999988887777", "--region", "eu-west-3"])
    kms = clients.mutual(daemon, signed=False)
    arn = kms.create_key()["KeyMetadata"]["Arn"]
    assert arn.startswith("arn:aws:kms:eu-west-3:999988887777:key/")
