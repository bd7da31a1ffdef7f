#!/usr/bin/env python3
"""What asymmetric keys cost through the whole of kmsd, as ratios in one run.

Both sides of a ratio take turns round by round on the same cores, so that a noisy machine
troubles both alike; a figure is the median of the rounds' ratios. kmsd answers over mutual
TLS with durable audit, and shares the cores with the load generator.

  asymmetric.py [--rounds 5] [--seconds 3] [--connections 64] [--only NAME...] [--check]

  rsa-2048, rsa-3072, rsa-4096   Sign (PKCS#1 v1.5, SHA-256) beside the library's own loop
                                 on as many threads as there are cores
  p-256                          Sign (ECDSA, P-256) beside GenerateDataKey
  generation                     GenerateDataKey while RSA-4096 pairs are being made beside
                                 GenerateDataKey alone; p99 is looked at as well

The ratio by CPU time is what the ratio of rates would be on cores that do nothing else: on
a busy machine kmsd, with more threads than the loop, gets more of them.

With --check, exits 1 when a figure misses its target.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from botocore.exceptions import BotoCoreError, ClientError  # noqa: E402
from run import load  # noqa: E402

from support import clients  # noqa: E402
from support.daemon import BUILD, Kmsd  # noqa: E402

EVP = BUILD / "tests" / "bench" / "evp"
CORES = len(os.sched_getaffinity(0))
MESSAGE = "YSBtZXNzYWdlIG9mIG5vIGltcG9ydGFuY2U="
TARGETS = {"rsa-2048": 0.75, "rsa-3072": 0.90, "rsa-4096": 0.95, "p-256": 0.60,
           "generation": 0.40}
P99_TARGET = 3.0


def bare(bits, args):
    """Signatures/s of the library alone, on every core."""
    done = subprocess.run([str(EVP), "RSA", str(bits), str(CORES), str(args.seconds)],
                          capture_output=True, text=True, check=True,
                          timeout=args.seconds + 120)
    rate, cpu = map(float, done.stdout.split())
    return {"rate": rate, "p99": 0.0, "cpu": cpu, "client_cpu": 0.0}


class Generation:
    """RSA-4096 pairs, one after the other, as long as it is entered."""

    def __init__(self, daemon, key):
        self.daemon, self.key, self.made = daemon, key, 0
        self.stop = threading.Event()

    def run(self):
        kms = clients.plain(self.daemon)
        while not self.stop.is_set():
            try:
                kms.generate_data_key_pair_without_plaintext(KeyId=self.key,
                                                             KeyPairSpec="RSA_4096")
                self.made += 1
            except (BotoCoreError, ClientError) as problem:
                raise SystemExit(f"RSA-4096: {problem}") from problem

    def __enter__(self):
        # Two, so that the lane always has the next one.
        self.threads = [threading.Thread(target=self.run) for _ in range(2)]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join()


class Bench:
    def __init__(self, daemon, args):
        self.daemon, self.args = daemon, args
        self.kms = clients.plain(daemon)
        self.symmetric = self.create()
        self.pairs_made = 0

    def create(self, **spec):
        return self.kms.create_key(**spec)["KeyMetadata"]["KeyId"]

    def measure(self, operation, **body):
        return load(self.daemon.https_port, self.daemon.pid, self.daemon.ready, body,
                    self.args, operation)

    def data_key(self):
        return self.measure("GenerateDataKey", KeyId=self.symmetric, KeySpec="AES_256")

    def rsa(self, bits):
        key = self.create(KeySpec=f"RSA_{bits}", KeyUsage="SIGN_VERIFY")
        return (lambda: self.measure("Sign", KeyId=key, Message=MESSAGE,
                                     SigningAlgorithm="RSASSA_PKCS1_V1_5_SHA_256"),
                lambda: bare(bits, self.args))

    def p_256(self):
        key = self.create(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
        return (lambda: self.measure("Sign", KeyId=key, Message=MESSAGE,
                                     SigningAlgorithm="ECDSA_SHA_256"), self.data_key)

    def while_generating(self):
        with Generation(self.daemon, self.symmetric) as generation:
            row = self.data_key()
        self.pairs_made += generation.made
        return row

    def sides(self, name):
        """(what is measured, what it is measured against)."""
        if name == "p-256":
            return self.p_256()
        if name == "generation":
            return self.while_generating, self.data_key
        return self.rsa(int(name.split("-")[1]))

    def run(self, name):
        ours, theirs = self.sides(name)
        rows = []
        for _ in range(self.args.rounds):
            other = theirs()
            rows.append((ours(), other))
        ratio = statistics.median(o["rate"] / t["rate"] for o, t in rows)
        good = ratio >= TARGETS[name]
        words = ", ".join(f"{o['rate'] / t['rate']:.2f}" for o, t in rows)
        ours_cpu, theirs_cpu = (statistics.median(row[i]["cpu"] + row[i]["client_cpu"]
                                                  for row in rows) for i in (0, 1))
        print(f"  {name:<11} {statistics.median(o['rate'] for o, _ in rows):>8.0f}/s beside "
              f"{statistics.median(t['rate'] for _, t in rows):>8.0f}/s: ratio {ratio:.3f} "
              f"(target {TARGETS[name]:.2f}; rounds {words})", flush=True)
        # While keys are made the daemon's CPU time is theirs as well.
        if name != "generation":
            print(f"  {'':<11} by CPU time, client included: {theirs_cpu / ours_cpu:.3f} "
                  f"({ours_cpu:.0f} us beside {theirs_cpu:.0f} us)", flush=True)
        if name == "generation":
            tail = statistics.median(o["p99"] / t["p99"] for o, t in rows)
            good = good and tail <= P99_TARGET
            print(f"  {'':<11} p99 {statistics.median(o['p99'] for o, _ in rows):.0f} us "
                  f"beside {statistics.median(t['p99'] for _, t in rows):.0f} us: {tail:.2f} "
                  f"times (at most {P99_TARGET:.0f}); {self.pairs_made} RSA-4096 pairs made "
                  "meanwhile", flush=True)
        return good


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--only", nargs="+", choices=TARGETS, default=list(TARGETS))
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    # On a disk: a daemon without --data keeps its data in memory, where a sync costs nothing.
    data = tempfile.mkdtemp(prefix="bench-", dir=BUILD)
    daemon = Kmsd(args=["--region", clients.REGION], data=data).start()
    print(f"bench: asymmetric keys over mutual TLS, durable audit, {args.connections} "
          f"connections, {args.rounds} rounds of {args.seconds:g} s, {CORES} cores")
    try:
        bench = Bench(daemon, args)
        good = [bench.run(name) for name in args.only]
    finally:
        daemon.close()
        shutil.rmtree(data)
    return 1 if args.check and not all(good) else 0


if __name__ == "__main__":
    sys.exit(main())
