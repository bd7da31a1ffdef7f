"""A year of rotations and a deletion, in seconds, by the clock of the dev profile.

Every date below follows from one start: the clock is frozen there, so what falls due is
known to the millisecond. The clock a daemon was given is not kept over a restart, which
is what downtime looks like to it: time jumped, and what was due is caught up.
"""

import datetime
import sqlite3
from contextlib import closing

import pytest

from support import audit, clients

DAY = 24 * 60 * 60
START = int(datetime.datetime(2030, 1, 1, tzinfo=datetime.timezone.utc).timestamp())


def day(n):
    return datetime.datetime.fromtimestamp(START + n * DAY, datetime.timezone.utc)


class Year:
    """A daemon whose clock stands at START plus a number of days."""

    def __init__(self, daemon):
        self.daemon, self.now = daemon, 0
        self._set()

    def _set(self):
        self.daemon.clock(freeze=True)
        assert self.daemon.clock(set=START + self.now * DAY) == START + self.now * DAY
        self.kms = clients.plain(self.daemon)

    def go(self, to):
        assert to >= self.now
        answered = self.daemon.clock(advance_s=(to - self.now) * DAY)
        self.now = to
        assert answered == START + to * DAY

    def sleep_through(self, to):
        """Stop, and come back at a later day."""
        self.daemon.stop()
        self.now = to
        self.daemon.start()
        self._set()

    def state(self, key):
        return self.kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"]

    def rotations(self, key, **kw):
        pages = self.kms.get_paginator("list_key_rotations").paginate(KeyId=key, **kw)
        return [entry for page in pages for entry in page["Rotations"]]


@pytest.fixture
def year(kmsd_own):
    return Year(kmsd_own)


def sealed_bytes(data, key_id):
    """The sealed material of every version of a key, read out of the database file."""
    with closing(sqlite3.connect(f"file:{audit.database(data)}?mode=ro", uri=True)) as db:
        rows = db.execute(
            "SELECT m.sealed FROM material m JOIN versions v ON v.material = m.row "
            "JOIN keys k ON k.row = v.key_row WHERE k.id = ?", (key_id,)).fetchall()
    return [bytes(sealed) for (sealed,) in rows if sealed]


def test_a_year_with_a_restart_in_the_middle_is_exactly_as_planned(year):
    daemon = year.daemon
    made = year.kms.create_key(Description="rotates")["KeyMetadata"]
    key, arn = made["KeyId"], made["Arn"]
    assert made["CreationDate"] == day(0)
    year.kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
    gone = year.kms.create_key(Description="goes")["KeyMetadata"]
    old = year.kms.encrypt(KeyId=gone["KeyId"], Plaintext=b"doomed")["CiphertextBlob"]
    blobs = [(0, year.kms.encrypt(KeyId=key, Plaintext=b"day 0")["CiphertextBlob"])]
    materials = [made["CurrentKeyMaterialId"]]

    def status():
        return year.kms.get_key_rotation_status(KeyId=key)

    assert status()["NextRotationDate"] == day(90)
    year.go(10)
    answer = year.kms.schedule_key_deletion(KeyId=gone["KeyId"], PendingWindowInDays=7)
    assert answer["DeletionDate"] == day(17)
    assert answer["KeyState"] == "PendingDeletion"
    year.go(16)
    assert year.state(gone["KeyId"]) == "PendingDeletion"
    with pytest.raises(year.kms.exceptions.KMSInvalidStateException):
        year.kms.decrypt(CiphertextBlob=old)
    year.go(17)
    with pytest.raises(year.kms.exceptions.NotFoundException) as missing:
        year.kms.describe_key(KeyId=gone["KeyId"])
    assert missing.value.response["Error"]["Message"] == f"Key '{gone['Arn']}' does not exist"

    year.go(89)
    assert year.rotations(key) == []
    year.go(90)
    assert [r["RotationDate"] for r in year.rotations(key)] == [day(90)]
    assert status()["NextRotationDate"] == day(180)
    blobs.append((90, year.kms.encrypt(KeyId=key, Plaintext=b"day 90")["CiphertextBlob"]))
    materials.append(year.kms.describe_key(KeyId=key)["KeyMetadata"]["CurrentKeyMaterialId"])

    year.sleep_through(275)     # over the rotations of days 180 and 270
    dates = [r["RotationDate"] for r in year.rotations(key)]
    assert dates == [day(90), day(180), day(270)]
    assert status()["NextRotationDate"] == day(360)
    blobs.append((275, year.kms.encrypt(KeyId=key, Plaintext=b"day 275")["CiphertextBlob"]))

    year.go(365)
    assert [r["RotationDate"] for r in year.rotations(key)] == [
        day(90), day(180), day(270), day(360)]
    assert status()["NextRotationDate"] == day(450)
    assert year.state(key) == "Enabled"
    for when, blob in blobs:
        opened = year.kms.decrypt(CiphertextBlob=blob)
        assert opened["Plaintext"] == f"day {when}".encode()
        assert opened["KeyId"] == arn
    materials_now = [r["KeyMaterialId"] for r in
                     year.rotations(key, IncludeKeyMaterial="ALL_KEY_MATERIAL")]
    assert len(set(materials_now)) == len(materials_now) == 5
    assert materials_now[:2] == materials
    assert all(r["RotationType"] == "AUTOMATIC" for r in year.rotations(key))

    records = audit.records(daemon.data_dir)
    rotated = [r for r in records if r["eventName"] == "RotateKey"]
    assert len(rotated) == 4
    assert all(r["eventType"] == "AwsServiceEvent" for r in rotated)
    assert all(r["serviceEventDetails"]["keyId"] in (key, arn) for r in rotated)
    deleted = [r for r in records if r["eventName"] == "DeleteKey"]
    assert len(deleted) == 1
    assert deleted[0]["serviceEventDetails"]["keyId"] in (gone["KeyId"], gone["Arn"])
    daemon.stop()
    assert audit.verify(daemon.data).returncode == 0


def test_what_was_due_is_caught_up_in_the_order_it_was_due(year):
    early, late, gone = (year.kms.create_key()["KeyMetadata"]["KeyId"] for _ in range(3))
    year.kms.enable_key_rotation(KeyId=late, RotationPeriodInDays=200)
    year.kms.enable_key_rotation(KeyId=early, RotationPeriodInDays=90)
    year.kms.schedule_key_deletion(KeyId=gone, PendingWindowInDays=30)
    before = audit.last_seq(year.daemon.data_dir)
    year.sleep_through(210)
    acts = [(r["eventName"], r["serviceEventDetails"]["keyId"].rsplit("/", 1)[-1])
            for r in audit.records(year.daemon.data_dir, before + 1)
            if r["eventName"] in ("RotateKey", "DeleteKey")]
    assert acts == [("DeleteKey", gone), ("RotateKey", early), ("RotateKey", early),
                    ("RotateKey", late)]


def test_due_work_happens_once_however_often_the_clock_is_moved(year):
    key = year.kms.create_key()["KeyMetadata"]["KeyId"]
    year.kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
    year.go(90)
    for _ in range(3):
        year.daemon.clock(advance_s=1)
        year.daemon.clock(advance_s=0)
    assert len(year.rotations(key)) == 1
    year.sleep_through(91)
    year.sleep_through(92)
    assert len(year.rotations(key)) == 1
    assert len(audit.named(year.daemon.data_dir, "RotateKey")) == 1


def test_a_second_before_it_is_due_nothing_happens(year):
    key = year.kms.create_key()["KeyMetadata"]["KeyId"]
    year.kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    year.daemon.clock(advance_s=7 * DAY - 1)
    assert year.state(key) == "PendingDeletion"
    year.kms.cancel_key_deletion(KeyId=key)
    year.daemon.clock(advance_s=10 * DAY)
    assert year.state(key) == "Disabled"


def test_a_disabled_key_skips_its_rotation_and_makes_up_for_it_when_enabled(year):
    key = year.kms.create_key()["KeyMetadata"]["KeyId"]
    year.kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
    year.kms.disable_key(KeyId=key)
    year.go(100)
    assert year.rotations(key) == []
    year.kms.enable_key(KeyId=key)
    year.daemon.clock(advance_s=0)
    dates = [r["RotationDate"] for r in year.rotations(key)]
    assert dates == [day(100)]
    status = year.kms.get_key_rotation_status(KeyId=key)
    assert status["NextRotationDate"] == day(190)


def test_a_key_pending_deletion_does_not_rotate(year):
    key = year.kms.create_key()["KeyMetadata"]["KeyId"]
    year.kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
    year.go(80)
    year.kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=30)
    assert year.kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is False
    year.go(100)
    year.kms.cancel_key_deletion(KeyId=key)
    assert year.rotations(key) == []
    status = year.kms.get_key_rotation_status(KeyId=key)
    assert status["KeyRotationEnabled"] is True
    assert status["RotationPeriodInDays"] == 90


def test_an_on_demand_rotation_leaves_the_schedule_alone(year):
    key = year.kms.create_key()["KeyMetadata"]["KeyId"]
    year.kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
    year.go(30)
    year.kms.rotate_key_on_demand(KeyId=key)
    year.daemon.clock(advance_s=600)
    kinds = [r["RotationType"] for r in year.rotations(key)]
    assert kinds == ["ON_DEMAND"]
    status = year.kms.get_key_rotation_status(KeyId=key)
    assert status["NextRotationDate"] == day(90)
    assert "OnDemandRotationStartDate" not in status
    year.daemon.clock(set=START + 90 * DAY)
    assert [r["RotationType"] for r in year.rotations(key)] == ["ON_DEMAND", "AUTOMATIC"]


def test_deleted_material_is_in_no_file_of_the_database(year):
    daemon, kms = year.daemon, year.kms
    kept = kms.create_key()["KeyMetadata"]["KeyId"]
    gone = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/goes-too", TargetKeyId=gone)
    kms.rotate_key_on_demand(KeyId=gone)
    daemon.clock(advance_s=600)
    doomed, safe = sealed_bytes(daemon.data_dir, gone), sealed_bytes(daemon.data_dir, kept)
    assert len(doomed) == 2 and len(safe) == 1

    def on_disk(piece):
        return [p.name for p in daemon.data_dir.glob("kmsd.db*") if piece in p.read_bytes()]

    assert all(on_disk(piece) for piece in doomed + safe)
    kms.schedule_key_deletion(KeyId=gone, PendingWindowInDays=7)
    daemon.clock(advance_s=7 * DAY)
    for piece in doomed:
        # Neither whole, nor the part after any prefix that was overwritten.
        assert on_disk(piece) == [] and on_disk(piece[len(piece) // 2:]) == []
    assert all(on_disk(piece) for piece in safe)
    with pytest.raises(kms.exceptions.NotFoundException):
        kms.describe_key(KeyId="alias/goes-too")
    assert kms.encrypt(KeyId=kept, Plaintext=b"x")["CiphertextBlob"]


def test_a_frozen_clock_stands_and_a_thawed_one_goes_on(workshop):
    daemon = workshop.dev()
    daemon.clock(freeze=True)
    first = daemon.hook("clock")["now"]
    kms = clients.plain(daemon)
    dates = {kms.create_key()["KeyMetadata"]["CreationDate"] for _ in range(3)}
    assert len(dates) == 1
    assert daemon.hook("clock")["now"] == first
    assert daemon.clock(advance_s=3600) == pytest.approx(first + 3600, abs=0.001)
    assert daemon.clock(freeze=False) >= first + 3600


@pytest.mark.parametrize("body", [{}, {"advance_s": "x"}, {"leap": 1}, [],
                                  {"freeze": 1}, {"advance_s": 10 ** 30}])
def test_the_clock_hook_refuses_what_it_does_not_understand(workshop, kmsd_dev, body):
    import urllib.error
    with pytest.raises(urllib.error.HTTPError) as refusal:
        kmsd_dev.hook("clock", body)
    assert refusal.value.code == 400


def test_the_server_profile_has_no_hooks(kmsd_server):
    import ssl
    import urllib.error
    import urllib.request
    ready = kmsd_server.ready
    ctx = ssl.create_default_context(cafile=ready["ca"])
    ctx.load_cert_chain(ready["client_cert"], ready["client_key"])
    request = urllib.request.Request(kmsd_server.https + "/_kmsd/test/clock", method="POST",
                                     data=b'{"advance_s":1}')
    with pytest.raises(urllib.error.HTTPError) as refusal:
        urllib.request.urlopen(request, context=ctx, timeout=10)
    assert refusal.value.code in (400, 404)
