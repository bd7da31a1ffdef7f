#!/usr/bin/env python3
"""Wycheproof's JSON into the groups of lines that tests/support/vectors.h reads.

    make_wycheproof.py DIRECTORY    # the *_test.json files; writes beside this script

Kept are the fields the tests use and, where many tests show the same, the first few of
each kind. "ok" is what kmsd has to do: 01 accept, 00 refuse. Wycheproof leaves some
cases open ("acceptable"); PINNED says what kmsd does there, and why.
"""

import json
import sys
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
HEAD = """# {what}
# From Project Wycheproof (C2SP/wycheproof), {files}.
# Apache License 2.0, as kmsd is. Made by make_wycheproof.py.
"""

# The first flag found decides. A peer's key has to be in the one DER form, on a named
# curve; SEC 1 allows compressed points there, and they cost nothing to accept.
PINNED = {
    "UnnamedCurve": False,      # explicit parameters: the curve is not the key's to choose
    "InvalidAsn": False,        # BER: the service refuses what is not DER
    "CompressedPoint": True,    # SEC 1 section 2.3.3
    "MissingNull": False,       # RFC 8017 A.2.4: the digest's parameters are NULL
}


def verdict(test):
    if test["result"] != "acceptable":
        return test["result"] == "valid"
    for flag, accept in PINNED.items():
        if flag in test["flags"]:
            return accept
    raise SystemExit(f"an open case without a ruling: {test['flags']}")


def line(name, value):
    return f"{name} {value or '-'}\n"


def read(source, name):
    return json.loads((source / f"{name}_test.json").read_text(encoding="utf-8"))


def write(name, what, files, groups):
    """groups yields (key lines, test lines) with a key of None for 'as before'."""
    out = [HEAD.format(what=what, files=", ".join(f"{f}_test.json" for f in files))]
    count = Counter()
    for lines in groups:
        out.append("\n" + "".join(line(k, v) for k, v in lines))
        count[dict(lines).get("ok")] += 1
    (HERE / f"wycheproof_{name}.txt").write_text("".join(out), encoding="utf-8")
    print(f"{name}: {count['01']} to accept, {count['00']} to refuse")


def few(tests, limit):
    seen = Counter()
    for test in tests:
        kind = (test["result"], *test["flags"])
        seen[kind] += 1
        if seen[kind] <= limit:
            yield test


def ok(test):
    return ("ok", "01" if verdict(test) else "00")


def signatures(data, limit=10**6):
    for group in data["testGroups"]:
        tests = list(few(group["tests"], limit))
        if tests:
            yield [("spki", group["publicKeyDer"])]
        for test in tests:
            yield [("tc", f"{test['tcId']:04x}"), ("msg", test["msg"]),
                   ("sig", test["sig"]), ok(test)]


def ml_dsa(data, limit):
    """Contexts other than the empty one are not what kmsd verifies."""
    seen = Counter()
    for group in data["testGroups"]:
        first = True
        for test in group["tests"]:
            kind = (test["result"], *test["flags"])
            seen[kind] += 1
            if seen[kind] > limit or test.get("ctx"):
                continue
            if first:
                yield [("public", group["publicKey"])]
                first = False
            yield [("tc", f"{test['tcId']:04x}"), ("msg", test["msg"]),
                   ("sig", test["sig"]), ok(test)]


def ml_dsa_seeds(data, limit):
    seen = Counter()
    for group in data["testGroups"]:
        for test in group["tests"]:
            kind = (test["result"], *test["flags"])
            seen[kind] += 1
            if seen[kind] > limit or test.get("ctx") or not verdict(test):
                continue
            lines = [("tc", f"{test['tcId']:04x}"), ("seed", group["privateSeed"]),
                     ("public", group["publicKey"]), ("mu", test["mu"])]
            if "msg" in test:
                lines.append(("msg", test["msg"]))
            yield lines + [("sig", test["sig"]), ok(test)]


def oaep(data):
    """A label is not kmsd's: what decrypts with one only has to be refused."""
    for group in data["testGroups"]:
        yield [("pkcs8", group["privateKeyPkcs8"])]
        for test in group["tests"]:
            accept = verdict(test) and not test["label"]
            yield [("tc", f"{test['tcId']:04x}"), ("msg", test["msg"]),
                   ("ct", test["ct"]), ("ok", "01" if accept else "00")]


def ecdh(data, limit):
    for group in data["testGroups"]:
        for test in few(group["tests"], limit):
            yield [("tc", f"{test['tcId']:04x}"), ("public", test["public"]),
                   ("private", test["private"]), ("shared", test["shared"]), ok(test)]


def hmac(data):
    """Whole tags only: kmsd does not shorten MACs."""
    size = max(g["tagSize"] for g in data["testGroups"])
    for group in data["testGroups"]:
        if group["tagSize"] != size:
            continue
        for test in group["tests"]:
            yield [("tc", f"{test['tcId']:04x}"), ("key", test["key"]),
                   ("msg", test["msg"]), ("tag", test["tag"]), ok(test)]


def kwp(data):
    for group in data["testGroups"]:
        if group["keySize"] == 256:
            for test in group["tests"]:
                yield [("tc", f"{test['tcId']:04x}"), ("key", test["key"]),
                       ("msg", test["msg"]), ("ct", test["ct"]), ok(test)]


def main(source):
    def one(name, what, file, make, *args):
        write(name, what, [file], make(read(source, file), *args))

    for curve, sha, name in [("secp256r1", "sha256", "p256"),
                             ("secp384r1", "sha384", "p384"),
                             ("secp521r1", "sha512", "p521"),
                             ("secp256k1", "sha256", "secp256k1")]:
        one(f"ecdsa_{name}", f"ECDSA on {curve}", f"ecdsa_{curve}_{sha}", signatures)
    for curve, name in [("secp256r1", "p256"), ("secp384r1", "p384"),
                        ("secp521r1", "p521")]:
        one(f"ecdh_{name}", f"ECDH on {curve}", f"ecdh_{curve}", ecdh, 40)
    one("ed25519", "Ed25519", "ed25519", signatures)
    for bits, sha, limit in [(2048, 256, 200), (3072, 384, 8), (4096, 512, 8)]:
        one(f"rsa_pkcs1_{bits}", f"RSASSA-PKCS1-v1_5, SHA-{sha}",
            f"rsa_signature_{bits}_sha{sha}", signatures, limit)
    for bits, sha, salt, limit in [(2048, 256, 32, 200), (2048, 384, 48, 20),
                                   (4096, 512, 64, 10), (2048, 256, 0, 3),
                                   (4096, 512, 32, 3)]:
        one(f"rsa_pss_{bits}_{sha}_{salt}", f"RSASSA-PSS, SHA-{sha}, salts of {salt}",
            f"rsa_pss_{bits}_sha{sha}_mgf1_{salt}", signatures, limit)
    for bits, sha in [(2048, 1), (2048, 256), (3072, 256), (4096, 256)]:
        one(f"rsa_oaep_{bits}_{sha}", f"RSAES-OAEP, SHA-{sha}",
            f"rsa_oaep_{bits}_sha{sha}_mgf1sha{sha}", oaep)
    for sha in (224, 256, 384, 512):
        one(f"hmac_{sha}", f"HMAC-SHA-{sha}", f"hmac_sha{sha}", hmac)
    one("kwp", "AES-256 key wrap with padding", "aes_kwp", kwp)
    for name, limit in [(44, 2), (65, 1), (87, 1)]:
        one(f"mldsa_{name}", f"ML-DSA-{name}", f"mldsa_{name}_verify", ml_dsa, limit)
        one(f"mldsa_{name}_seed", f"ML-DSA-{name}, keys from their seeds",
            f"mldsa_{name}_sign_seed", ml_dsa_seeds, limit)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
