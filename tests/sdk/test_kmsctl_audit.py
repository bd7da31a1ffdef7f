"""kmsctl audit: the log verified, shown and followed."""

import json
import select
import shutil
import sqlite3
import subprocess

import pytest

from support import audit, clients
from support.ctl import api, connection, refused
from support.daemon import KMSCTL, SLOW, kmsctl


@pytest.fixture(scope="module")
def key_id(kmsd_dev):
    return api(kmsd_dev, "create-key", "--output", "KeyMetadata.KeyId").stdout.strip()


def test_verify_counts_what_is_there(workshop):
    daemon = workshop.dev(keep=True)
    kms = clients.plain(daemon)
    for _ in range(20):
        kms.create_key()
    told = json.loads(kmsctl("audit", "verify", "--data", daemon.data_dir, "--json").stdout)
    records = audit.records(daemon.data_dir)
    assert told["records"] == len(records) == told["lastSeq"]
    assert told["firstTime"] == records[0]["eventTime"]
    assert told["lastTime"] == records[-1]["eventTime"]
    text = kmsctl("audit", "verify", "--data", daemon.data_dir).stdout
    assert f"verified {len(records)} records" in text and told["head"] in text


def test_verify_names_the_record_that_was_changed(workshop):
    daemon = workshop.dev(keep=True)
    kms = clients.plain(daemon)
    for _ in range(8):
        kms.create_key()
    data = daemon.data_dir
    daemon.stop()
    copy = data / "copy.db"
    shutil.copy(audit.database(data), copy)
    kmsctl("audit", "verify", "--db", copy)
    with sqlite3.connect(copy) as db:
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'"
                                  ).fetchall():
            db.execute(f'DROP TRIGGER "{name}"')
        db.execute("UPDATE records SET record = CAST(replace(CAST(record AS TEXT),"
                   " 'CreateKey', 'CreatEKey') AS BLOB) WHERE seq = 5")
    db.close()
    words = refused("audit", "verify", "--db", copy)
    assert "record 5" in words or "record 6" in words
    kmsctl("audit", "verify", "--data", data)
    daemon.start()


def test_verify_of_what_is_no_database_fails(tmp_path):
    refused("audit", "verify", "--db", tmp_path / "absent")
    (tmp_path / "text").write_text("not a database, but long enough to be looked at" * 100)
    refused("audit", "verify", "--db", tmp_path / "text")
    assert not (tmp_path / "absent").exists()


def test_tail_prints_the_newest_records(kmsd_dev, key_id):
    refused("api", "describe-key", "--key-id", "bogus", *connection(kmsd_dev))
    api(kmsd_dev, "describe-key", "--key-id", key_id)
    data = kmsd_dev.data_dir
    lines = kmsctl("audit", "tail", "--data", data, "-n", "2").stdout.splitlines()
    assert len(lines) == 2
    assert " DescribeKey NotFoundException arn:aws:iam::111122223333:user/" in lines[0]
    assert " DescribeKey ok " in lines[1] and lines[1].endswith(f":key/{key_id}")
    raw = kmsctl("audit", "tail", "--data", data, "-n", "2", "--json").stdout
    assert [line.encode() for line in raw.splitlines()] == [
        record for _, record in audit.raw_records(data)[-2:]]
    assert kmsctl("audit", "tail", "--data", data, "-n", "0").stdout == ""
    everything = kmsctl("audit", "tail", "--data", data, "-n", "1000000").stdout
    assert len(everything.splitlines()) == audit.last_seq(data)


def test_tail_follows(workshop):
    daemon = workshop.dev(keep=True)
    tail = subprocess.Popen([KMSCTL, "audit", "tail", "--data", daemon.data_dir, "-n", "1",
                             "--follow", "--json"], stdout=subprocess.PIPE)

    def line():
        assert select.select([tail.stdout], [], [], 30 * SLOW)[0]
        return json.loads(tail.stdout.readline())
    try:
        assert line()["eventName"] == "Start"  # it has read to the end, and waits now
        made = clients.plain(daemon).create_key()["ResponseMetadata"]["RequestId"]
        assert line()["requestID"] == made
    finally:
        tail.terminate()
        tail.wait(10)
        tail.stdout.close()
