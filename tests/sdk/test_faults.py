"""Bad luck: a record that cannot be written, a commit that fails, a token that is gone.

The dev profile arms fault points from KMSD_FAULTS="point=N": the Nth pass fails. How
often a start passes a point is the daemon's own matter, so each test raises N until the
failure falls behind the ready line.
"""

import os
import random
import resource
import shutil
import signal
import subprocess

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from support import audit, clients
from support.daemon import DaemonError

CANARY = b"canary-5be0cd19137e2179"


def code_of(refusal):
    response = refusal.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]


class Acknowledged:
    """What a client was told is done; after any accident it must still be so."""

    def __init__(self):
        self.keys, self.blobs = {}, []

    def work(self, kms):
        """Make a key, seal under it, describe it; each step counted once answered."""
        key = kms.create_key(Description=f"n{len(self.keys)}")["KeyMetadata"]["KeyId"]
        self.keys[key] = f"n{len(self.keys)}"
        blob = kms.encrypt(KeyId=key, Plaintext=CANARY)["CiphertextBlob"]
        self.blobs.append(blob)
        opened = kms.decrypt(CiphertextBlob=self.blobs[0])
        assert opened["Plaintext"] == CANARY

    def check(self, daemon):
        kms = clients.plain(daemon)
        for key, description in self.keys.items():
            metadata = kms.describe_key(KeyId=key)["KeyMetadata"]
            assert metadata["Description"] == description
        for blob in self.blobs:
            assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == CANARY
        listed = [k["KeyId"] for page in kms.get_paginator("list_keys").paginate()
                  for k in page["Keys"]]
        for key in listed:      # none is half there
            assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled"
            kms.generate_data_key(KeyId=key, KeySpec="AES_256")
        return listed


@pytest.fixture
def worked(kmsd_own):
    """A stopped daemon with some acknowledged work in its data."""
    done = Acknowledged()
    kms = clients.plain(kmsd_own)
    for _ in range(3):
        done.work(kms)
    kmsd_own.stop()
    kmsd_own.done = done
    return kmsd_own


def start_with_fault_behind_ready(daemon, point, first=1):
    """Start with point armed at the lowest count from first that lets it get ready."""
    for nth in range(first, 60):
        try:
            daemon.start(env={"KMSD_FAULTS": f"{point}={nth}"})
            return nth
        except DaemonError:
            # Failing during the start is a right answer; it must only be an orderly one.
            code = daemon.process.wait() if daemon.process else None
            assert code is None or code > 0, f"died of a signal: {code}"
            daemon.process = None
    raise AssertionError(f"{point}: the daemon never got ready")


@pytest.mark.parametrize("point", ["audit_append", "store_commit"])
def test_what_cannot_be_recorded_is_not_answered_and_ends_the_daemon(worked, point):
    daemon, done = worked, worked.done
    start_with_fault_behind_ready(daemon, point)
    kms = clients.plain(daemon)
    refused = None
    for _ in range(60):
        try:
            done.work(kms)
        except ClientError as refusal:
            refused = refusal
            break
    assert refused is not None, "the fault never struck"
    assert code_of(refused) == (500, "KMSInternalException")
    assert CANARY.decode() not in str(refused.response)
    assert daemon.wait() == 1
    daemon.process.stdout.close()
    daemon.process = None
    assert CANARY.decode() not in daemon.log()

    daemon.start()
    done.check(daemon)
    daemon.stop()
    assert audit.verify(daemon.data).returncode == 0


@pytest.mark.parametrize("point", ["audit_append", "store_commit"])
def test_a_change_that_cannot_be_recorded_does_not_happen(worked, point):
    daemon, done = worked, worked.done
    start_with_fault_behind_ready(daemon, point)
    kms = clients.plain(daemon)
    key = next(iter(done.keys))
    wanted, failed = "n0", False
    for n in range(60):
        try:
            kms.update_key_description(KeyId=key, Description=f"changed {n}")
            wanted = f"changed {n}"
        except (ClientError, BotoCoreError):
            failed = True
            break
    assert failed
    daemon.wait()
    daemon.process.stdout.close()
    daemon.process = None
    daemon.start()
    metadata = clients.plain(daemon).describe_key(KeyId=key)["KeyMetadata"]
    assert metadata["Description"] == wanted


def test_a_token_that_cannot_seal_makes_no_key(worked):
    daemon, done = worked, worked.done
    start_with_fault_behind_ready(daemon, "token_seal")
    kms = clients.plain(daemon)
    before = set(done.keys)
    refused = None
    for _ in range(60):
        try:
            key = kms.create_key(Description="n")["KeyMetadata"]["KeyId"]
            done.keys[key] = "n"
        except ClientError as refusal:
            refused = refusal
            break
    assert refused is not None
    status, code = code_of(refused)
    assert status == 500 and code in ("KMSInternalException", "KeyUnavailableException")
    if daemon.alive():
        record = audit.by_request(
            daemon.data_dir, refused.response["ResponseMetadata"]["RequestId"])
        assert record["errorCode"] == code
        daemon.stop(expect=None)
    else:
        daemon.process = None
    daemon.start()
    listed = done.check(daemon)
    assert set(listed) == set(done.keys) >= before


def first_refusal(call, values):
    """The first refusal of call over values, or None."""
    for value in values:
        try:
            call(value)
        except ClientError as refusal:
            return refusal
    return None


def test_a_token_that_cannot_unseal_gives_no_plaintext(worked):
    daemon, done, nth, refused = worked, worked.done, 0, None
    while refused is None:      # a start itself tries what the token has to refuse
        nth = start_with_fault_behind_ready(daemon, "token_unseal", nth + 1)
        kms = clients.plain(daemon)
        refused = first_refusal(lambda blob: kms.decrypt(CiphertextBlob=blob), done.blobs)
        if daemon.process.poll() is None:
            daemon.stop(expect=None)
        else:
            daemon.process = None
    status, code = code_of(refused)
    assert status == 500 and code in ("KMSInternalException", "KeyUnavailableException")
    assert CANARY.decode() not in str(refused.response) + daemon.log()
    daemon.start()
    done.check(daemon)


def limit_files(size):
    """Writes past that file size fail, as on a full disk."""
    def apply():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    return apply


def work_until_it_breaks(daemon, done, calls=4000):
    """Change things until the daemon says or shows that it cannot; what it said."""
    kms = clients.plain(daemon)
    for _ in range(calls):
        try:
            done.work(kms)
        except ClientError as refusal:
            assert CANARY.decode() not in str(refusal.response)
            return code_of(refusal)
        except (BotoCoreError, OSError):
            return None
    raise AssertionError("it never broke")


def after_the_disk_was_full(daemon, done, said):
    assert said is None or said == (500, "KMSInternalException")
    code = daemon.wait()
    assert code == 1, f"exit code {code}"
    daemon.process.stdout.close()
    daemon.process = None
    assert CANARY.decode() not in daemon.log()


def test_files_that_cannot_grow_end_the_daemon_and_lose_nothing(worked):
    daemon, done = worked, worked.done
    # Both the database and its log have to fit once; a little more is soon used up.
    size = max(p.stat().st_size for p in daemon.data.rglob("kmsd.db*"))
    daemon.preexec = limit_files(max(size, 200_000) + 300_000)
    daemon.start()
    said = work_until_it_breaks(daemon, done)
    after_the_disk_was_full(daemon, done, said)
    daemon.preexec = None
    daemon.start()
    done.check(daemon)
    daemon.stop()
    assert audit.verify(daemon.data).returncode == 0


@pytest.fixture
def small_disk(tmp_path):
    where = tmp_path / "small"
    where.mkdir()
    if os.geteuid() != 0 or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=3m,mode=0700", "tmpfs", str(where)],
            capture_output=True).returncode != 0:
        pytest.skip("mounting a tmpfs takes root and a kernel that lets it")
    yield where
    subprocess.run(["umount", "-l", str(where)], check=True)


def test_a_full_disk_ends_the_daemon_and_loses_nothing(small_disk, workshop, tmp_path):
    daemon = workshop.dev(data=small_disk / "data")
    done = Acknowledged()
    said = work_until_it_breaks(daemon, done)
    after_the_disk_was_full(daemon, done, said)
    roomy = tmp_path / "roomy"
    shutil.copytree(small_disk / "data", roomy, ignore=lambda d, names: [
        n for n in names if n.endswith(".sock")])
    roomy.chmod(0o700)
    token_home(roomy, small_disk / "data")
    daemon.data = roomy
    daemon.start()
    done.check(daemon)
    daemon.stop()
    assert audit.verify(roomy).returncode == 0


def token_home(data, before):
    """A moved installation: its softhsm2.conf names the token's directory."""
    for conf in data.rglob("softhsm2.conf"):
        conf.write_text(conf.read_text().replace(str(before), str(data)))


def test_a_token_taken_away_is_told_and_nothing_is_lost(kmsd_own, tmp_path):
    daemon, done = kmsd_own, Acknowledged()
    done.work(clients.plain(daemon))
    token = daemon.data / "token"
    token.rename(tmp_path / "token-away")
    kms = clients.plain(daemon)
    for _ in range(3):
        try:
            done.work(kms)
        except ClientError as refusal:
            status, _ = code_of(refusal)
            assert status == 500
        except (BotoCoreError, OSError):
            break
    if daemon.process.poll() is None:
        daemon.stop(expect=None)
    else:
        daemon.process = None

    daemon.spawn()                      # without its token it refuses, in words
    assert daemon.wait() > 0
    assert daemon.process.stdout.read() == b""
    daemon.process.stdout.close()
    daemon.process = None
    assert "token" in daemon.log()

    if token.exists():
        shutil.rmtree(token)
    (tmp_path / "token-away").rename(token)
    daemon.start()
    done.check(daemon)


def test_a_token_file_cut_short_by_a_kill_is_put_back(kmsd_own):
    """SoftHSM2 empties token.object at each login and writes it anew."""
    daemon, done = kmsd_own, Acknowledged()
    done.work(clients.plain(daemon))
    files = [p for p in (daemon.data / "token" / "tokens").rglob("*")
             if p.is_file() and p.stat().st_size > 0]
    assert any(p.name == "token.object" for p in files)
    for path in files:
        daemon.kill()
        whole = path.stat().st_size
        with open(path, "r+b") as file:
            file.truncate(0)
        daemon.start()
        assert path.stat().st_size == whole
        done.check(daemon)
    assert "put back from its copy" in daemon.log()


def test_a_kill_in_the_middle_of_a_start_loses_nothing(kmsd_own):
    daemon, done = kmsd_own, Acknowledged()
    done.work(clients.plain(daemon))
    daemon.stop()
    rng = random.Random(7)
    for _ in range(40):
        daemon.spawn()
        try:        # the moment of the kill is what is tested
            daemon.process.wait(rng.uniform(0, 0.06))
        except subprocess.TimeoutExpired:
            pass
        daemon.kill()
    daemon.start()
    done.check(daemon)


def test_the_server_profile_knows_no_faults(workshop):
    daemon = workshop.server(start=False)
    daemon.env["KMSD_FAULTS"] = "audit_append=1,store_commit=1"
    daemon.start()
    kms = clients.mutual(daemon)
    assert kms.create_key()["KeyMetadata"]["Enabled"] is True


def test_an_unknown_fault_is_refused_at_start(workshop):
    daemon = workshop.dev(start=False, env={"KMSD_FAULTS": "coffee_machine=1"})
    daemon.spawn()
    assert daemon.wait() != 0
    assert "KMSD_FAULTS" in daemon.log()


def test_a_killed_daemon_comes_back_with_all_it_acknowledged(kmsd_own):
    done = Acknowledged()
    kms = clients.plain(kmsd_own)
    for _ in range(5):
        done.work(kms)
    kmsd_own.kill()
    kmsd_own.start()
    done.check(kmsd_own)
    assert audit.verify(kmsd_own.data).returncode == 0
