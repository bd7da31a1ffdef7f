#!/usr/bin/env python3
"""Kill -9 under load, again and again, with a ledger of what was acknowledged.

Clients make keys, change them and use them, and write down every answer. At a random
moment (seeded) the daemon is killed; after the restart nothing that was answered may be
missing: no key, no change, no record. No key may be half there, and the chain verifies.

  crash.py [--kills N] [--seed S] [--clients N] [--data DIR]

Prints one line a hundred kills and a closing line for RESULTS.md; exits 1 at the first
thing lost, with the seed that shows it again.
"""

import argparse
import json
import random
import shutil
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support import audit  # noqa: E402
from support.daemon import Kmsd  # noqa: E402
from support.rawhttp import Connection  # noqa: E402


class Lost(AssertionError):
    """Something acknowledged is gone, or something is there that nobody asked for."""


class Ledger:
    """What clients were told, and for each change what may have happened untold."""

    def __init__(self):
        self.lock = threading.Lock()
        self.keys = {}          # key id -> acknowledged facts
        self.maybe = {}         # key id -> facts of changes that were never answered
        self.requests = []      # (request id, operation) of this round
        self.blobs = []         # (key id, ciphertext, plaintext)
        self.unanswered_creates = 0
        self.touched = set()    # keys of this round
        self.answered = 0

    def told(self, answer, operation):
        with self.lock:
            self.requests.append((answer.headers["x-amzn-requestid"], operation))
            self.answered += 1


class Client(threading.Thread):
    """One connection's worth of random work until the daemon dies under it."""

    def __init__(self, port, ledger, seed):
        super().__init__()
        self.port, self.ledger, self.rng = port, ledger, random.Random(seed)
        self.own = []           # keys only this client changes
        self.problem = None

    def run(self):
        try:
            connection = Connection(self.port)
            while True:
                self.step(connection)
        except (ConnectionError, OSError):
            pass
        except Exception as problem:        # told to the main thread
            self.problem = problem

    def ask(self, connection, operation, body):
        answer = connection.call(operation, body)
        if answer.status != 200:
            raise Lost(f"{operation} {body}: {answer.status} {answer.body[:300]!r}")
        self.ledger.told(answer, operation)
        return json.loads(answer.body) if answer.body else {}

    def step(self, connection):
        rng, ledger = self.rng, self.ledger
        dice = rng.random()
        if dice < 0.25 or not self.own:
            description = f"{rng.getrandbits(48):012x}"
            with ledger.lock:
                ledger.unanswered_creates += 1
            made = self.ask(connection, "CreateKey", {"Description": description})
            key = made["KeyMetadata"]["KeyId"]
            with ledger.lock:
                ledger.unanswered_creates -= 1
                ledger.keys[key] = {"Description": description, "KeyState": "Enabled"}
                ledger.touched.add(key)
            self.own.append(key)
            return
        key = rng.choice(self.own)
        if dice < 0.45:
            self.change(connection, key, "UpdateKeyDescription",
                        {"Description": f"{rng.getrandbits(48):012x}"})
        elif dice < 0.55:
            enabled = ledger.keys[key]["KeyState"] == "Enabled"
            self.change(connection, key, "DisableKey" if enabled else "EnableKey",
                        {"KeyState": "Disabled" if enabled else "Enabled"})
        elif ledger.keys[key]["KeyState"] == "Enabled":
            made = self.ask(connection, "GenerateDataKey",
                            {"KeyId": key, "KeySpec": "AES_256"})
            with ledger.lock:
                if len(ledger.blobs) < 40:
                    ledger.blobs.append((key, made["CiphertextBlob"], made["Plaintext"]))

    def change(self, connection, key, operation, facts):
        body = {"KeyId": key}
        if operation == "UpdateKeyDescription":
            body.update(facts)
        self.ledger.maybe[key] = facts      # until answered it may or may not be so
        self.ask(connection, operation, body)
        self.ledger.keys[key].update(facts)
        del self.ledger.maybe[key]


def check(daemon, ledger, known, keys):
    """Hold the restarted daemon against the ledger for these keys; how many it has."""
    connection = Connection(daemon.http_port)

    def ask(operation, body):
        answer = connection.call(operation, body)
        return answer.status, (json.loads(answer.body) if answer.body else {})

    for key in keys:
        facts = ledger.keys[key]
        status, answer = ask("DescribeKey", {"KeyId": key})
        if status != 200:
            raise Lost(f"acknowledged key {key}: {answer}")
        seen, maybe = answer["KeyMetadata"], ledger.maybe.get(key, {})
        for name, value in facts.items():
            if seen[name] != value and seen[name] != maybe.get(name):
                raise Lost(f"key {key}: {name} is {seen[name]}, acknowledged {value}")
        facts.update(Description=seen["Description"], KeyState=seen["KeyState"])
    for key, blob, plain in ledger.blobs:
        status, answer = ask("Decrypt", {"CiphertextBlob": blob})
        disabled = ledger.keys[key]["KeyState"] == "Disabled"
        if status != (400 if disabled else 200):
            raise Lost(f"a data key of {key}: {status} {answer}")
        if not disabled and answer["Plaintext"] != plain:
            raise Lost(f"a data key of {key} opens to something else")

    listed, marker = [], {}
    while True:
        status, page = ask("ListKeys", {"Limit": 1000, **marker})
        assert status == 200, page
        listed += [entry["KeyId"] for entry in page["Keys"]]
        if not page["Truncated"]:
            break
        marker = {"Marker": page["NextMarker"]}
    extra = set(listed) - set(ledger.keys) - known
    if len(extra) > ledger.unanswered_creates:
        raise Lost(f"{len(extra)} keys nobody asked for")
    for key in extra:       # made, but its answer never arrived: whole, or not at all
        status, answer = ask("GenerateDataKey", {"KeyId": key, "KeySpec": "AES_256"})
        if status != 200:
            raise Lost(f"half a key {key}: {answer}")
    known |= extra
    connection.close()
    return len(listed)


def check_records(data, ledger, from_seq):
    """Every answered request has its record; the chain has no gap."""
    rows = audit.records(data, from_seq)
    recorded = {r.get("requestID"): r["eventName"] for r in rows}
    for request_id, operation in ledger.requests:
        if recorded.get(request_id) != operation:
            raise Lost(f"{operation} {request_id} was answered and has no record")
    return rows[-1]["seq"] + 1 if rows else from_seq


def campaign(kills, seed, clients, data, fresh_every=25):
    rng = random.Random(seed)
    answered, starts, keys = 0, [], 0
    daemon = ledger = None
    for n in range(kills):
        if n % fresh_every == 0:        # a new world now and then: start-up is killed too
            if daemon:
                shutil.rmtree(data)
            ledger, known, from_seq = Ledger(), set(), 1
            daemon = Kmsd(data=data)
            daemon.start()
        ledger.requests = []
        threads = [Client(daemon.http_port, ledger, rng.getrandbits(64))
                   for _ in range(clients)]
        for thread in threads:
            thread.start()
        time.sleep(rng.uniform(0.005, 0.08))     # the moment of the kill is the test
        if not daemon.alive():
            raise Lost(f"died by itself with {daemon.process.poll()}: {daemon.log()[-2000:]}")
        daemon.kill()
        for thread in threads:
            thread.join(60)
            if thread.problem:
                raise thread.problem
        if rng.random() < 0.15:                  # now and then kill the recovery as well
            daemon.spawn()
            time.sleep(rng.uniform(0.0, 0.1))
            daemon.kill()
        begun = time.monotonic()
        daemon.start()
        starts.append(time.monotonic() - begun)
        # Everything of this round, some of what was there before; at a world's end all.
        last = n % fresh_every == fresh_every - 1 or n == kills - 1
        old = sorted(set(ledger.keys) - ledger.touched)
        looked_at = ledger.touched | set(old if last else rng.sample(old, min(20, len(old))))
        keys = check(daemon, ledger, known, sorted(looked_at))
        ledger.touched = set()
        from_seq = check_records(data, ledger, from_seq)
        ledger.unanswered_creates, ledger.maybe = 0, {}
        ledger.blobs = ledger.blobs[:20]
        answered += len(ledger.requests)
        if n % 10 == 9 or n == kills - 1:
            done = audit.verify(data, check=False)
            if done.returncode != 0:
                raise Lost(f"the chain does not verify: {done.stdout}{done.stderr}")
        if n % 100 == 99:
            print(f"  {n + 1} kills, {answered} answers, {keys} keys", flush=True)
        if last:
            daemon.stop()
            daemon.process = None
    daemon.close()
    return answered, starts


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=20260101)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--data", help="keep the data here (default: temporary)")
    args = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="kmsd-crash-"))
    data = Path(args.data) if args.data else work / "data"
    begun = time.monotonic()
    try:
        answered, starts = campaign(args.kills, args.seed, args.clients, data)
    except Lost as loss:
        print(f"crash: FAILED with seed {args.seed}: {loss}", flush=True)
        return 1
    finally:
        if not args.data:
            shutil.rmtree(work, ignore_errors=True)
    print(f"crash: {args.kills} kills (seed {args.seed}), {answered} acknowledged answers, "
          f"nothing lost; restart median {statistics.median(starts) * 1000:.0f} ms, "
          f"{time.monotonic() - begun:.0f} s in all")
    return 0


if __name__ == "__main__":
    sys.exit(main())
