#!/usr/bin/env python3
"""Encrypt by a grantee of a key with thousands of grants, beside a key with one.

Three keys of one dev daemon, on data of its own, take turns round by round over plain HTTP:
the caller's grant alone; the same among thousands for others; thousands for the caller, each
for another tenant in the encryption context. No policy lets the caller do anything. The
figures are medians of the rounds' ratios to the first.

With --changes N, keys that have nothing to do with it are changed N times a second.

  grants.py [--grants 5000] [--rounds 5] [--seconds 3] [--connections 64] [--changes 0]
            [--target 0.7] [--check]

With --check, exits 1 when a ratio is below the target.
"""

import argparse
import json
import shutil
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from loadgen import load  # noqa: E402
from support.crowd import Crowd, name_of, tenant  # noqa: E402
from support.daemon import BUILD, Kmsd  # noqa: E402
from support.wire import Wire, scope_of  # noqa: E402

CALLER = "caller"


def encrypt(daemon, key, args):
    headers = {"Content-Type": "application/x-amz-json-1.1",
               "X-Amz-Target": "TrentService.Encrypt", "X-Amz-Date": "20260101T000000Z",
               "Authorization": scope_of(CALLER)}
    body = json.dumps({"KeyId": key, "Plaintext": "aGVsbG8=",
                       "EncryptionContext": tenant(args.grants // 2)})
    return load(args, daemon.pid, daemon.http_port, headers, body)


class Changes:
    """Somebody who tags another key, so many times a second, until closed."""

    def __init__(self, daemon, per_s):
        self.daemon, self.per_s, self.end = daemon, per_s, threading.Event()
        self.thread = threading.Thread(target=self._run)
        if per_s:
            self.thread.start()

    def _run(self):
        wire, n = Wire(self.daemon), 0
        key = wire.make("CreateKey", {})["KeyMetadata"]["KeyId"]
        while not self.end.wait(1 / self.per_s):
            n += 1
            wire.make("TagResource", {"KeyId": key, "Tags": [
                {"TagKey": "n", "TagValue": str(n)}]})

    def close(self):
        self.end.set()
        if self.per_s:
            self.thread.join()


def make_keys(crowd, args):
    """Name -> key."""
    keys = {"alone": crowd.key(), "crowded": crowd.key(), "hoarded": crowd.key()}
    crowd.grant(keys["alone"], [CALLER])
    begun = time.monotonic()
    names = [*map(name_of, range(args.grants - 1))]
    crowd.grant(keys["crowded"], [*names[:args.grants // 2], CALLER,
                                  *names[args.grants // 2:]])
    took = time.monotonic() - begun
    crowd.grant(keys["hoarded"], [CALLER] * args.grants, tenants=True)
    print(f"  {args.grants} grants made in {took:.1f} s: {args.grants / took:.0f} grants/s")
    return keys


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--grants", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--changes", type=float, default=0)
    parser.add_argument("--target", type=float, default=0.7)
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    data = Path(tempfile.mkdtemp(prefix="bench-", dir=BUILD))
    crowd = Crowd(lambda more: Kmsd(args=more, data=data / "data").start(), data, [CALLER])
    rows, changes = {}, None
    try:
        keys = make_keys(crowd, args)
        changes = Changes(crowd.daemon, args.changes)
        for n in range(args.rounds):
            for name in list(keys) if n % 2 == 0 else list(keys)[::-1]:
                rows.setdefault(name, []).append(encrypt(crowd.daemon, keys[name], args))
            print(f"  round {n + 1}: " + ", ".join(
                f"{name} {rows[name][-1]['rate']:.0f}/s" for name in keys), flush=True)
    finally:
        if changes:
            changes.close()
        crowd.daemon.close()
        shutil.rmtree(data, ignore_errors=True)
    print(f"bench: Encrypt by grant, {args.connections} connections, {args.rounds} rounds of "
          f"{args.seconds:g} s: one grant on the key, one of {args.grants}, all "
          f"{args.grants} for the caller; {args.changes:g} changes of another key a second")
    bad = False
    for name, measured in rows.items():
        middle = {k: statistics.median(r[k] for r in measured) for k in measured[0]}
        ratio = statistics.median(r["rate"] / one["rate"]
                                  for r, one in zip(measured, rows["alone"]))
        bad = bad or ratio < args.target
        print(f"  {name:<8} {middle['rate']:>7.0f} requests/s, p50 {middle['p50']:.0f} us, "
              f"p99 {middle['p99']:.0f} us, {middle['cpu']:.1f} CPU us a request, "
              f"ratio {ratio:.3f} (target {args.target})")
    return 1 if args.check and bad else 0


if __name__ == "__main__":
    sys.exit(main())
