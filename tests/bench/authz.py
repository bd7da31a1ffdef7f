#!/usr/bin/env python3
"""GenerateDataKey with signatures verified and policies decided, beside the same without.

Two dev daemons over mutual TLS, on data of their own, take turns round by round. One verifies
the signature of an access key and decides by a key policy of several statements with
conditions, identity policies with a boundary, and a key that has grants; the other runs with
--no-authz and is sent an access key that nobody has issued, which it does not verify. The
figure is the median of the rounds' ratios.

  authz.py [--rounds 5] [--seconds 4] [--connections 64] [--target 0.85] [--check]

With --check, exits 1 below the target.
"""

import argparse
import json
import shutil
import statistics
import sys
import tempfile
from datetime import datetime, timezone
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from botocore.auth import SigV4Auth  # noqa: E402
from botocore.awsrequest import AWSRequest  # noqa: E402
from botocore.credentials import Credentials  # noqa: E402
from loadgen import load  # noqa: E402

from support import clients, identities, rawhttp  # noqa: E402
from support.callers import ACCOUNT, EVERYTHING, root, statement, user  # noqa: E402
from support.daemon import BUILD, Kmsd, kmsctl  # noqa: E402
from support.identities import allow, deny, document  # noqa: E402

CALLER = user("dev")  # whose certificate a dev daemon makes
BOUNDARY = document(allow("kms:*"), deny("kms:ScheduleKeyDeletion", "kms:PutKeyPolicy"))
WORKING = document(
    deny("kms:*", Condition={"StringNotEquals": {"aws:RequestedRegion": ["us-east-1"]}}),
    allow("kms:GenerateDataKey*", "kms:Decrypt", "kms:DescribeKey", "kms:CreateGrant",
          resource=f"arn:aws:kms:*:{ACCOUNT}:key/*"))
KEY_POLICY = document(
    statement({"AWS": root()}, "kms:*"),
    statement({"AWS": [user("alice"), user("bob")]}, "kms:Encrypt", "kms:Decrypt"),
    statement("*", "kms:Decrypt", "kms:GenerateDataKey", effect="Deny",
              Condition={"Bool": {"aws:SecureTransport": "false"}}),
    statement("*", "kms:Decrypt", "kms:GenerateDataKey", effect="Deny",
              Condition={"StringNotEquals": {"kms:EncryptionContext:tenant": "42"}}))


def headers(daemon, body, credentials):
    """What is sent: signed once, and good for a quarter of an hour."""
    plain = {"Content-Type": "application/x-amz-json-1.1",
             "X-Amz-Target": "TrentService.GenerateDataKey",
             "User-Agent": "Boto3/1.44 loadgen"}
    if credentials is None:
        now = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        plain.update({"X-Amz-Date": now, "Authorization": rawhttp.AUTHORIZATION})
        return plain
    host = f"127.0.0.1:{daemon.https_port}"  # as loadgen sends it
    request = AWSRequest("POST", f"https://{host}/", data=body, headers={
        k: v for k, v in plain.items() if k != "User-Agent"} | {"Host": host})
    SigV4Auth(credentials, "kms", clients.REGION).add_auth(request)
    plain.update(request.headers)
    del plain["Host"]
    return plain


class Side:
    """One daemon with a key, and what is sent to it."""

    def __init__(self, enforced):
        self.data = Path(tempfile.mkdtemp(prefix="bench-", dir=BUILD))
        args = ["--no-authz"]
        if enforced:
            path = identities.write(
                self.data / "identities.yaml",
                {"everything": EVERYTHING, "boundary": BOUNDARY, "working": WORKING},
                users=[{"arn": CALLER, "policies": ["working"], "boundary": "boundary"}])
            args = ["--identities", str(path)]
        self.daemon = Kmsd(args=args, data=self.data / "data").start()
        owner = clients.plain(self.daemon)
        key = owner.create_key(Policy=KEY_POLICY)["KeyMetadata"]["KeyId"]
        for n in range(20):
            owner.create_grant(KeyId=key, GranteePrincipal=user(f"grantee-{n}"),
                               Operations=["Decrypt", "GenerateDataKey"])
        self.body = json.dumps({"KeyId": key, "KeySpec": "AES_256", "EncryptionContext": {
            "tenant": "42", "purpose": "benchmark", "record": "48291"}})
        credentials = None
        if enforced:
            made = json.loads(kmsctl(
                "identities", "access-key", "create", "--data", self.daemon.data_dir,
                "--principal", CALLER).stdout)
            credentials = Credentials(made["AccessKeyId"], made["SecretAccessKey"])
        self.sent = headers(self.daemon, self.body, credentials)
        self.rows = []

    def measure(self, args):
        self.rows.append(load(args, self.daemon.pid, self.daemon.https_port, self.sent,
                              self.body, self.daemon.ready))
        return self.rows[-1]["rate"]

    def close(self):
        self.daemon.close()
        shutil.rmtree(self.data, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--target", type=float, default=0.85)
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    sides = {"enforced": Side(True), "off": Side(False)}
    ratios = []
    try:
        for n in range(args.rounds):
            order = list(sides) if n % 2 == 0 else list(sides)[::-1]
            rate = {name: sides[name].measure(args) for name in order}
            ratios.append(rate["enforced"] / rate["off"])
            print(f"  round {n + 1}: enforced {rate['enforced']:.0f}/s, off "
                  f"{rate['off']:.0f}/s, ratio {ratios[-1]:.3f}", flush=True)
    finally:
        for side in sides.values():
            side.close()
    ratio = statistics.median(ratios)
    print("bench: GenerateDataKey with SigV4, key policy, identity policy and boundary, beside "
          f"--no-authz; {args.connections} connections, {args.rounds} rounds of "
          f"{args.seconds:g} s")
    for name, side in sides.items():
        middle = {k: statistics.median(r[k] for r in side.rows) for k in side.rows[0]}
        print(f"  {name:<9} {middle['rate']:>7.0f} requests/s, p50 {middle['p50']:.0f} us, "
              f"p99 {middle['p99']:.0f} us, {middle['cpu']:.1f} CPU us a request")
    print(f"  ratio {ratio:.3f} (target {args.target})")
    return 1 if args.check and ratio < args.target else 0


if __name__ == "__main__":
    sys.exit(main())
