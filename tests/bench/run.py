#!/usr/bin/env python3
"""GenerateDataKey over mutual TLS with durable audit, beside a constant answer.

Both servers run the same libmicrohttpd and GnuTLS with as many threads, and take turns
round by round, so that a noisy machine troubles both alike. The figure is the median of
the rounds' ratios, not a ratio of medians.

  run.py [--rounds 5] [--seconds 4] [--connections 64] [--target 0.30] [--check]

Prints requests/s, latency, CPU microseconds a request of both, and requests a commit.
With --check, exits 1 below the target.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import loadgen  # noqa: E402

from support import audit, clients, rawhttp  # noqa: E402
from support.daemon import BUILD, Kmsd, kmsctl  # noqa: E402

CONSTANT = BUILD / "tests" / "bench" / "constant"


def threads():
    """As many event threads as kmsd's front takes."""
    return len(os.sched_getaffinity(0))


class Constant:
    """The constant server, with the certificates of the daemon beside it."""

    def __init__(self, ready):
        pki = Path(ready["ca"]).parent
        self.process = subprocess.Popen(
            [str(CONSTANT), str(pki / "ca.pem"), str(pki / "server.pem"),
             str(pki / "server.key"), str(threads())],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        told = json.loads(self.process.stdout.readline())
        self.port, self.pid = told["port"], told["pid"]

    def close(self):
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()


def load(port, pid, ready, body, args, operation="GenerateDataKey"):
    headers = {"Content-Type": "application/x-amz-json-1.1",
               "X-Amz-Target": f"TrentService.{operation}",
               "X-Amz-Date": "20260101T000000Z", "User-Agent": "Boto3/1.44 loadgen",
               "Authorization": rawhttp.AUTHORIZATION}
    return loadgen.load(args, pid, port, headers, json.dumps(body), ready)


def store_stats(data):
    """Commits and jobs so far, as the daemon itself counts them."""
    status = json.loads(kmsctl("status", "--data", data, "--json").stdout)
    return status["store"]["commits"], status["store"]["jobs"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--target", type=float, default=0.30)
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    # On a disk: a daemon without --data keeps its data in memory, where a sync costs nothing.
    data = tempfile.mkdtemp(prefix="bench-", dir=BUILD)
    daemon = Kmsd(args=["--region", clients.REGION], data=data).start()
    constant = Constant(daemon.ready)
    try:
        key = clients.plain(daemon).create_key()["KeyMetadata"]["KeyId"]
        body = {"KeyId": key, "KeySpec": "AES_256", "EncryptionContext": {
            "tenant": "42", "purpose": "benchmark", "record": "48291"}}
        commits, jobs = store_stats(daemon.data_dir)
        ours, theirs = [], []
        for n in range(args.rounds):
            theirs.append(load(constant.port, constant.pid, daemon.ready, body, args))
            ours.append(load(daemon.https_port, daemon.pid, daemon.ready, body, args))
            print(f"  round {n + 1}: kmsd {ours[-1]['rate']:.0f}/s, constant "
                  f"{theirs[-1]['rate']:.0f}/s, ratio "
                  f"{ours[-1]['rate'] / theirs[-1]['rate']:.3f}", flush=True)
        commits_after, jobs_after = store_stats(daemon.data_dir)
        recorded = len(audit.named(daemon.data_dir, "GenerateDataKey"))
    finally:
        constant.close()
        daemon.close()
        shutil.rmtree(data)

    def middle(rows, name):
        return statistics.median(row[name] for row in rows)

    ratio = statistics.median(o["rate"] / t["rate"] for o, t in zip(ours, theirs))
    print(f"bench: GenerateDataKey over mutual TLS, durable audit, {args.connections} "
          f"connections, {args.rounds} rounds of {args.seconds:g} s, "
          f"{threads()} event thread(s)")
    for name, rows in (("kmsd", ours), ("constant", theirs)):
        print(f"  {name:<9} {middle(rows, 'rate'):>7.0f} requests/s, p50 "
              f"{middle(rows, 'p50'):.0f} us, p99 {middle(rows, 'p99'):.0f} us, "
              f"{middle(rows, 'cpu'):.1f} CPU us a request")
    print(f"  ratio {ratio:.3f} (target {args.target}); "
          f"{(jobs_after - jobs) / max(1, commits_after - commits):.1f} requests a commit "
          f"(one fsync of the log each); {recorded} records")
    return 1 if args.check and ratio < args.target else 0


if __name__ == "__main__":
    sys.exit(main())
