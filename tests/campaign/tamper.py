#!/usr/bin/env python3
"""Edit the database behind the daemon's back: it refuses to serve, or answers the same.

Each round takes a fresh copy of a stopped installation, makes one edit (a row by SQL, or
raw bytes of the file), and starts kmsd on it. Either it does not start, and says why, or
everything a client sees is what it was before: nothing third.

  tamper.py [--rounds N] [--seed S]

Prints a closing line for RESULTS.md; exits 1 at the first edit that changed an answer.
"""

import argparse
import json
import random
import shutil
import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support import audit  # noqa: E402
from support.daemon import DaemonError, Kmsd  # noqa: E402
from support.rawhttp import Connection  # noqa: E402

POLICY = {"Version": "2012-10-17", "Id": "tampered-with", "Statement": [{
    "Sid": "Enable IAM User Permissions", "Effect": "Allow", "Principal": {
        "AWS": "arn:aws:iam::111122223333:root"}, "Action": "kms:*", "Resource": "*"}]}


class Changed(AssertionError):
    """An edit that was served as if it were the truth."""


def ask(connection, operation, body):
    answer = connection.call(operation, body)
    if answer.status != 200:
        raise Changed(f"{operation} {body}: {answer.status} {answer.body[:200]!r}")
    return json.loads(answer.body) if answer.body else {}


def build(data):
    """An installation with something in every table; the ciphertexts it gave out."""
    daemon = Kmsd(data=data)
    daemon.start()
    connection = Connection(daemon.http_port)
    blobs = []
    for n in range(6):
        key = ask(connection, "CreateKey", {"Description": f"key {n}", "Tags": [
            {"TagKey": "n", "TagValue": str(n)}]})["KeyMetadata"]["KeyId"]
        ask(connection, "CreateAlias", {"AliasName": f"alias/n{n}", "TargetKeyId": key})
        if n == 1:
            ask(connection, "DisableKey", {"KeyId": key})
            continue
        if n == 2:
            ask(connection, "EnableKeyRotation", {"KeyId": key, "RotationPeriodInDays": 90})
        if n == 3:
            ask(connection, "PutKeyPolicy", {
                "KeyId": key, "PolicyName": "default", "Policy": json.dumps(POLICY)})
        blobs.append(ask(connection, "Encrypt", {"KeyId": key, "Plaintext": "aGVsbG8="})
                     ["CiphertextBlob"])
        if n == 4:
            ask(connection, "ScheduleKeyDeletion", {"KeyId": key, "PendingWindowInDays": 7})
            blobs.pop()
    connection.close()
    daemon.stop()
    daemon.close()
    return blobs


def view(daemon, blobs):
    """Everything a client sees, in one comparable value."""
    connection = Connection(daemon.http_port)
    seen = {"keys": {}}
    keys = ask(connection, "ListKeys", {"Limit": 1000})["Keys"]
    for key in sorted(entry["KeyId"] for entry in keys):
        one = {"KeyId": key}
        seen["keys"][key] = [ask(connection, operation, one) for operation in (
            "DescribeKey", "ListResourceTags", "ListAliases", "GetKeyRotationStatus",
            "ListKeyRotations")] + [ask(connection, "GetKeyPolicy", {
                **one, "PolicyName": "default"})]
    seen["aliases"] = sorted((a["AliasName"], a.get("TargetKeyId", "")) for a in
                             ask(connection, "ListAliases", {})["Aliases"])
    seen["opened"] = [ask(connection, "Decrypt", {"CiphertextBlob": blob})["Plaintext"]
                      for blob in blobs]
    connection.close()
    return json.loads(json.dumps(seen))


def tables(db):
    return [name for (name,) in db.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")]


def edited(value, rng):
    """Another value of the same kind."""
    if isinstance(value, bool) or isinstance(value, int):
        return rng.choice([value + 1, value - 1, 0, -value, value ^ 1, 1 << 40])
    if isinstance(value, bytes):
        changed = bytearray(value or b"\0")
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
        return bytes(changed)
    if isinstance(value, str) and value:
        at = rng.randrange(len(value))
        return value[:at] + chr((ord(value[at]) ^ 1) or 65) + value[at + 1:]
    return rng.choice([None, 0, "x", b"x"])


def edit_by_sql(data, rng):
    """One edit of one row by somebody who can write the file; what it was."""
    with closing(sqlite3.connect(audit.database(data), isolation_level=None)) as db:
        db.execute("PRAGMA foreign_keys = OFF")
        db.execute("PRAGMA ignore_check_constraints = ON")
        for (name,) in db.execute(
                "SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            db.execute(f'DROP TRIGGER "{name}"')
        table = rng.choice([t for t in tables(db) if db.execute(
            f'SELECT count(*) FROM "{t}"').fetchone()[0]])
        columns = [row[1] for row in db.execute(f'PRAGMA table_info("{table}")')]
        order = ", ".join(f'"{c}"' for c in columns)
        row = rng.choice(db.execute(f'SELECT {order} FROM "{table}"').fetchall())
        where = " AND ".join(f'"{c}" IS ?' for c in columns)
        act = rng.choice(["value", "value", "value", "delete", "swap"])
        try:
            if act == "delete":
                db.execute(f'DELETE FROM "{table}" WHERE {where}', row)
                return f"{table}: a row deleted"
            at = rng.randrange(len(columns))
            if act == "swap":
                other = rng.choice(db.execute(f'SELECT {order} FROM "{table}"').fetchall())
                new = other[at]
            else:
                new = edited(row[at], rng)
            db.execute(f'UPDATE "{table}" SET "{columns[at]}" = ? WHERE {where}',
                       (new, *row))
            return f"{table}.{columns[at]}: {row[at]!r:.60} became {new!r:.60}"
        except (sqlite3.IntegrityError, OverflowError):
            return f"{table}: an edit the schema refused"


def edit_bytes(data, rng):
    """Damage raw bytes of the database file."""
    path = audit.database(data)
    content = bytearray(path.read_bytes())
    at = rng.randrange(len(content))
    for offset in range(rng.choice([1, 4, 64])):
        if at + offset < len(content):
            content[at + offset] = rng.randrange(256)
    path.write_bytes(content)
    return f"bytes at {at}"


def round_(original, work, blobs, truth, rng):
    """One edit; 'refused' or 'same'."""
    data = work / "edited"
    shutil.copytree(original, data, ignore=lambda d, names: [
        n for n in names if n.endswith(".sock")])
    for conf in data.rglob("softhsm2.conf"):
        conf.write_text(conf.read_text().replace(str(original), str(data)))
    what = (edit_by_sql if rng.random() < 0.7 else edit_bytes)(data, rng)
    daemon = Kmsd(data=data)
    try:
        daemon.start()
    except DaemonError:
        code = daemon.process.wait()
        if code < 0 or not daemon.log().strip():
            raise Changed(f"{what}: died with {code}") from None
        return "refused"
    else:
        try:
            seen = view(daemon, blobs)
        except ConnectionError:
            code = daemon.wait()
            if code != 1:
                raise Changed(f"{what}: died with {code} while serving") from None
            return "refused"
        except Changed as change:
            # Damage found only when the row is read: a refusal, if it is an error 500.
            if ": 500 " in str(change):
                return "refused"
            raise Changed(f"{what}: {change}") from None
        if seen != truth:
            raise Changed(f"{what}: answers changed")
        return "same"
    finally:
        daemon.close()
        shutil.rmtree(data)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=20260101)
    args = parser.parse_args()
    rng = random.Random(args.seed)
    work = Path(tempfile.mkdtemp(prefix="kmsd-tamper-"))
    counts = {"refused": 0, "same": 0}
    try:
        original = work / "original"
        blobs = build(original)
        daemon = Kmsd(data=original)
        daemon.start()
        truth = view(daemon, blobs)
        daemon.stop()
        daemon.close()
        for _ in range(args.rounds):
            counts[round_(original, work, blobs, truth, rng)] += 1
    except Changed as change:
        print(f"tamper: FAILED with seed {args.seed}: {change}")
        return 1
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(f"tamper: {args.rounds} edits (seed {args.seed}): {counts['refused']} refused, "
          f"{counts['same']} without effect on any answer, none served")
    return 0


if __name__ == "__main__":
    sys.exit(main())
