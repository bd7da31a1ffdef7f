#!/usr/bin/env python3
"""Can an outsider tell by the time of an answer whether a key is there?

One connection of a caller of another account asks, in random order, about keys that are
there and forbidden, and about ones that are missing. A key is asked about by its ARN, by an
alias, and by a ciphertext; and it may have been used a moment ago or not, have thousands of
grants, or a long policy. For each way the medians are shown, and the share of pairs of
answers in which that of the forbidden key took longer: 0.5 tells nothing. "missing, twice"
is how far from 0.5 chance alone leads. Without --disk everything lies in memory, where a
sync costs nothing: the outsider's best case, short of being on the same processor.

  outsider.py [--requests 3000] [--limit 0.05] [--https] [--disk] [--check]

With --check, exits 1 when a share is further than the limit from 0.5.
"""

import argparse
import base64
import json
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support import front, rawhttp  # noqa: E402
from support.callers import OTHER, root, statement, user  # noqa: E402
from support.crowd import Crowd, name_of  # noqa: E402
from support.daemon import BUILD, Kmsd  # noqa: E402
from support.identities import document  # noqa: E402
from support.wire import scope_of  # noqa: E402

STRANGER = "stranger"
LONG = document(statement({"AWS": root()}, "kms:*"), *(
    statement({"AWS": [user(f"u{n}-{k}") for k in range(8)]}, "kms:Encrypt", "kms:Decrypt",
              Condition={"StringLike": {"kms:EncryptionContext:tenant": [f"{n}*", "x?"]}})
    for n in range(40)))


def another(blob):
    """A ciphertext like this one, of a key and material that are not there."""
    raw = bytearray(base64.b64decode(blob))
    raw[2:50] = random.randbytes(48)
    return base64.b64encode(raw).decode()


def missing_like(arn):
    return arn[:-36] + "%08x-1111-4222-8333-%012x" % (random.getrandbits(32),
                                                      random.getrandbits(48))


def ways(crowd):
    """Name -> (request about a forbidden key, the same about a missing one)."""
    make = crowd.wire.make
    plain, long = crowd.key(), crowd.key()
    make("PutKeyPolicy", {"KeyId": long, "Policy": LONG})
    crowded = crowd.key()
    crowd.grant(crowded, map(name_of, range(2000)))
    make("CreateAlias", {"AliasName": "alias/there", "TargetKeyId": plain})
    disabled = crowd.key()
    make("DisableKey", {"KeyId": disabled})
    blob = make("Encrypt", {"KeyId": plain, "Plaintext": "eA=="})["CiphertextBlob"]
    alias = plain.partition("key/")[0] + "alias/"

    def arns(operation, arn, **more):
        return ((operation, lambda: {"KeyId": arn, **more}),
                (operation, lambda: {"KeyId": missing_like(arn), **more}))

    encrypt = {"Plaintext": "eA==", "EncryptionContext": {"tenant": "42"}}
    return {
        "missing, twice": (arns("DescribeKey", plain)[1], arns("DescribeKey", plain)[1]),
        "DescribeKey": arns("DescribeKey", plain),
        "DescribeKey, disabled": arns("DescribeKey", disabled),
        "Encrypt": arns("Encrypt", plain, **encrypt),
        "Encrypt, 2000 grants": arns("Encrypt", crowded, **encrypt),
        "Encrypt, long policy": arns("Encrypt", long, **encrypt),
        "DescribeKey by alias": (
            ("DescribeKey", lambda: {"KeyId": alias + "there"}),
            ("DescribeKey", lambda: {"KeyId": alias + "absent"})),
        "Decrypt of a ciphertext": (
            ("Decrypt", lambda: {"CiphertextBlob": blob}),
            ("Decrypt", lambda: {"CiphertextBlob": another(blob)})),
    }


def ask(sock, operation, body):
    """Seconds from the first byte sent to the last one read."""
    text = json.dumps(body).encode()
    sent = rawhttp.head(f"TrentService.{operation}", len(text),
                        authorization=scope_of(STRANGER)) + text
    begun = time.perf_counter()
    sock.sendall(sent)
    answer = rawhttp.read_answer(sock)
    took = time.perf_counter() - begun
    assert answer.status == 400 and b"AccessDenied" in answer.body, answer
    return took, len(answer.body)


def share_slower(there, absent):
    """Of all pairs, those in which there took longer; a tie is half of one."""
    ranked = sorted([(t, 1) for t in there] + [(t, 0) for t in absent])
    wins = below = at = 0
    while at < len(ranked):
        end = at
        while end < len(ranked) and ranked[end][0] == ranked[at][0]:
            end += 1
        ones = sum(one for _, one in ranked[at:end])
        zeros = end - at - ones
        wins += ones * (below + zeros / 2)
        below += zeros
        at = end
    return wins / (len(there) * len(absent))


def measure(sock, pair, n):
    """Times of n answers about the forbidden and n about the missing, in random order."""
    times, sizes = ([], []), (set(), set())
    order = [0, 1] * n
    random.shuffle(order)
    for which in [0, 1] * 50:
        ask(sock, pair[which][0], pair[which][1]())
    for which in order:
        operation, body = pair[which]
        took, size = ask(sock, operation, body())
        times[which].append(took)
        sizes[which].add(size)
    assert sizes[0] == sizes[1], sizes
    return times


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=3000)
    parser.add_argument("--limit", type=float, default=0.05)
    parser.add_argument("--https", action="store_true")
    parser.add_argument("--disk", action="store_true")
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    bad = []
    with tempfile.TemporaryDirectory(prefix="bench-", dir=BUILD) as folder:
        data = Path(folder) / "data" if args.disk else None
        crowd = Crowd(lambda more: Kmsd(args=more, data=data).start(), Path(folder), [],
                      {STRANGER: user(STRANGER, OTHER)})
        try:
            if args.https:
                ready = crowd.daemon.ready
                sock = front.Client(crowd.daemon, front.context(
                    ready["ca"], ready["client_cert"], ready["client_key"])).sock
            else:
                sock = crowd.daemon.connect()
            print(f"bench: an outsider's answers, {args.requests} about a forbidden key and as "
                  f"many about a missing one, {'https' if args.https else 'http'}, "
                  f"{'on a disk' if args.disk else 'in memory'}")
            for name, pair in ways(crowd).items():
                there, absent = measure(sock, pair, args.requests)
                found = share_slower(there, absent)
                if abs(found - 0.5) > args.limit:
                    bad.append(name)
                print(f"  {name:<24} forbidden {statistics.median(there) * 1e6:.0f} us, "
                      f"missing {statistics.median(absent) * 1e6:.0f} us, forbidden slower "
                      f"in {found:.3f} of pairs", flush=True)
            sock.close()
        finally:
            crowd.daemon.close()
    print(f"  further than {args.limit} from 0.5: {', '.join(bad) or 'none'}")
    return 1 if args.check and bad else 0


if __name__ == "__main__":
    sys.exit(main())
