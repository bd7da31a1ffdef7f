"""Reading the audit log of a daemon under test, and having it verified."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from .daemon import kmsctl, wait_for


def database(data):
    return Path(data) / "kmsd.db"


def raw_records(data, from_seq=0):
    """(seq, bytes) of every record from a sequence number on, in order."""
    with closing(sqlite3.connect(f"file:{database(data)}?mode=ro", uri=True)) as db:
        return [(seq, bytes(record, "utf-8") if isinstance(record, str) else record)
                for seq, record in db.execute(
                    "SELECT seq, record FROM records WHERE seq >= ? ORDER BY seq",
                    (from_seq,))]


def records(data, from_seq=0):
    return [json.loads(record) for _, record in raw_records(data, from_seq)]


def last_seq(data):
    rows = raw_records(data)
    return rows[-1][0] if rows else 0


def by_request(data, request_id, bound_s=10):
    """The record of one request; its answer came after it was durable."""
    def found():
        return [r for r in records(data) if r.get("requestID") == request_id]
    return wait_for(f"the record of request {request_id}", found, bound_s)[0]


def named(data, event_name, from_seq=0):
    return [r for r in records(data, from_seq) if r.get("eventName") == event_name]


def verify(data, check=True):
    """kmsctl audit verify: the completed process."""
    return kmsctl("audit", "verify", "--data", data, check=check)
