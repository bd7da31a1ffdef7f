#!/usr/bin/env python3
"""Compares proto/ with the public service model that botocore carries.

    model.py [--botocore FILE]

FILE is botocore's kms/2014-11-01/service-2.json, plain or gzipped; without it, the
installed botocore is asked. Every operation, member, type, required flag, limit, pattern,
word, error, status and documented default is compared, both ways. What differs for a
reason stands in EXPLAINED, with the reason; anything else is printed, and the exit status
is 1. A reason that no longer explains anything is printed too.

Also checks what the model does not know: that the names of the codes follow the rule, and
that the compiled patterns accept what Python's own expressions accept.
"""

import argparse
import gzip
import json
import random
import re
import sys
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "proto" / "gen"))

import cgen     # noqa: E402
import model    # noqa: E402
import pattern  # noqa: E402

# Difference -> why it is right. Keys are ends of the printed lines up to " is ".
EXPLAINED = {
    "GrantToken secret": "the service never logs grant tokens, though no shape says so",
    "GrantTokens item secret": "the same, in lists",
    "VerifyMac in Mac secret": "a MAC authenticates whoever shows it",
    "GenerateMac out Mac secret": "a MAC authenticates whoever shows it",
    "ImportKeyMaterial in ImportToken secret": "the service never logs import tokens",
    "ImportKeyMaterial in EncryptedKeyMaterial secret": "the service never logs material",
    "GetParametersForImport out ImportToken secret": "the service never logs import tokens",
}

# Defaults that the documentation words in a way no rule below reads: member -> default.
WORDED = {
    ("EnableKeyRotation", "RotationPeriodInDays"): 365,
}

# Sentences about a default that is no value of its member, or is the operation's matter.
NO_DEFAULT = {
    ("CreateKey", "Policy"): "a whole document: the default key policy",
    ("PutKeyPolicy", "Policy"): "speaks of the default key policy",
    ("ReplicateKey", "Policy"): "a whole document: the default key policy",
    ("ReplicateKey", "ReplicaRegion"): "speaks of Regions that are not enabled by default",
    ("DescribeCustomKeyStores", "CustomKeyStoreId"): "absent means all of them",
    ("DescribeCustomKeyStores", "CustomKeyStoreName"): "absent means all of them",
    ("ImportKeyMaterial", "ImportType"): "depends on whether the key ever had material",
}

KINDS = {"string": "STRING", "blob": "BLOB", "integer": "INTEGER", "boolean": "BOOLEAN",
         "timestamp": "TIMESTAMP", "list": "LIST", "map": "MAP", "structure": "STRUCT"}

# Names on the wire that the model lacks, and where they are known from.
UNMODELLED = {
    "ValidationException", "AccessDeniedException", "ThrottlingException",
    "SerializationException", "UnknownOperationException", "NotAuthorizedException",
    "UnrecognizedClientException", "InvalidSignatureException",
    "IncompleteSignatureException", "MissingAuthenticationTokenException",
    "ExpiredTokenException",
}
# Two wire names that would fall on one code, and what tells them apart.
CODE_NAMES = {"InvalidSignatureException": "SIGV4_SIGNATURE"}


def find_botocore():
    try:
        import botocore
    except ImportError:
        sys.exit("model.py: botocore is not installed; give --botocore FILE")
    folder = Path(botocore.__file__).parent / "data" / "kms" / "2014-11-01"
    for name in ("service-2.json", "service-2.json.gz"):
        if (folder / name).is_file():
            return folder / name
    sys.exit(f"model.py: no service model in {folder}")


def load_service(path):
    raw = Path(path).read_bytes()
    return json.loads(gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw)


def plain(html):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html or "")).strip()


class Comparison:
    def __init__(self, proto, service):
        self.proto = proto
        self.service = service
        self.shapes = service["shapes"]
        self.differences = []
        self.used = set()
        self.seen = set()   # structures compared already

    def differ(self, where, ours, theirs):
        """Note a difference, unless it is explained."""
        for key in EXPLAINED:
            if f" {where}".endswith(f" {key}"):
                self.used.add(key)
                return
        self.differences.append(f"{where} is {ours!r} here, {theirs!r} in the model")

    def equal(self, where, ours, theirs):
        if ours != theirs:
            self.differ(where, ours, theirs)

    def names(self, where, ours, theirs):
        for name in sorted(set(ours) - set(theirs)):
            self.differ(f"{where} {name}", "there", "absent")
        for name in sorted(set(theirs) - set(ours)):
            self.differ(f"{where} {name}", "absent", "there")

    def type(self, where, ours, shape_name):
        shape = self.shapes[shape_name]
        kind = "ENUM" if "enum" in shape else KINDS[shape["type"]]
        self.equal(f"{where} kind", ours.kind, kind)
        if ours.kind != kind:
            return
        if kind == "ENUM":
            self.equal(f"{where} words", ours.enum.values, shape["enum"])
        elif kind == "STRUCT":
            self.struct(shape_name, ours.struct, shape_name)
        else:
            for limit in ("min", "max", "pattern"):
                self.equal(f"{where} {limit}", getattr(ours, limit), shape.get(limit))
            self.equal(f"{where} secret", ours.secret, shape.get("sensitive", False))
        if kind == "LIST":
            self.type(f"{where} item", ours.item, shape["member"]["shape"])
        if kind == "MAP":
            for part in ("key", "value"):
                inner = self.shapes[shape[part]["shape"]]
                limits = {k: v for k, v in inner.items() if k not in ("type", "documentation")}
                self.equal(f"{where} {part}", ("string", {}), (inner["type"], limits))

    def struct(self, where, ours, shape_name):
        if (ours.c_name, shape_name) in self.seen:
            return
        self.seen.add((ours.c_name, shape_name))
        shape = self.shapes[shape_name]
        self.names(where, [m.name for m in ours.members], shape["members"])
        # The order is that of answers and of the clauses of a validation text.
        self.equal(f"{where} order", [m.name for m in ours.members
                                      if m.name in shape["members"]],
                   [n for n in shape["members"] if ours.member(n)])
        for member in ours.members:
            theirs = shape["members"].get(member.name)
            if theirs is None:
                continue
            at = f"{where} {member.name}"
            self.equal(f"{at} required", member.required,
                       member.name in shape.get("required", []))
            self.equal(f"{at} deprecated", member.deprecated,
                       theirs.get("deprecated", False))
            if member.secret != member.type.secret and not self.item_secret(member):
                self.differ(f"{at} secret", member.secret, member.type.secret)
            self.type(at, member.type, theirs["shape"])

    @staticmethod
    def item_secret(member):
        return member.type.kind == "LIST" and member.type.item.secret

    def documented_default(self, op, name, member):
        """The default that the prose of the model names, as a value of its type."""
        if (op, name) in WORDED:
            return WORDED[(op, name)]
        text = plain(member.get("documentation"))
        shape = self.shapes[member["shape"]]
        found = re.search(r"[Dd]efault value(?: of this parameter)?(?:,| is) "
                          r"(an empty string|[A-Za-z0-9_]+)|[Tt]he default is ([A-Z_]+)|"
                          r"defaults to (\d+)|default value is (\w+)", text)
        if not found:
            return None
        word = next(g for g in found.groups() if g)
        if word == "an empty string":
            return ""
        if shape["type"] == "boolean":
            return word.lower() == "true"
        return int(word) if shape["type"] == "integer" else word

    def defaults(self, op, ours, shape_name):
        for name, theirs in self.shapes[shape_name]["members"].items():
            member = ours.member(name)
            if member is None:
                continue
            here = member.default if member.default is not None else member.op_default
            if (op, name) in NO_DEFAULT:
                self.equal(f"{op} {name} default", here, None)
                continue
            there = self.documented_default(op, name, theirs)
            if there is None and "default" in plain(theirs.get("documentation")).lower() \
                    and here is None:
                self.differ(f"{op} {name} default", None, "worded in a way not understood")
            elif there is not None:
                self.equal(f"{op} {name} default", here, there)

    def operations(self):
        theirs = self.service["operations"]
        self.names("operation", self.proto.ops, theirs)
        for name, op in self.proto.ops.items():
            if name not in theirs:
                continue
            self.names(f"{name} error", op.errors,
                       [e["shape"] for e in theirs[name].get("errors", [])])
            self.struct(f"{name} in", op.inp, theirs[name]["input"]["shape"])
            self.defaults(name, op.inp, theirs[name]["input"]["shape"])
            self.equal(f"{name} answer", op.out is not None, "output" in theirs[name])
            if op.out is not None and "output" in theirs[name]:
                self.struct(f"{name} out", op.out, theirs[name]["output"]["shape"])

    def errors(self):
        theirs = {n: s for n, s in self.shapes.items() if s.get("exception")}
        ours = {}
        for error in self.proto.errors.values():
            ours.setdefault(error.wire, error)
        self.names("error", set(ours) - UNMODELLED, theirs)
        for name, shape in theirs.items():
            if name not in ours:
                continue
            error = ours[name]
            self.equal(f"error {name} is a fault", error.http >= 500,
                       shape.get("fault", False))
            self.names(f"error {name} member", [error.message], shape["members"])
        for wire, error in ours.items():
            word = re.sub(r"^KMS|Exception$", "", wire)
            rule = CODE_NAMES.get(wire, cgen.snake(word).upper())
            self.equal(f"error {wire} code", error.name, rule)

    def unused(self):
        used = {m.type.enum.name for o in self.proto.ops.values()
                for s in (o.inp, o.out) if s for m in s.members if m.type.enum}
        used |= {m.type.enum.name for s in self.proto.structs.values()
                 for m in s.members if m.type.enum}
        used |= {t.item.enum.name for t in self.proto.types.values()
                 if t.item and t.item.enum}
        self.names("enum that a member uses", self.proto.enums, used)

    def run(self):
        self.operations()
        self.errors()
        self.unused()
        for key in sorted(set(EXPLAINED) - self.used):
            self.differences.append(f"explained, but there is no such difference: {key}")
        return self.differences


def check_patterns(proto):
    """Random and mutated texts through both the automaton and Python's expression."""
    chance = random.Random(1)
    seeds = ["alias/a:b_c-D", "us-gov-west-1", "/pre/kms/xks/v12", "https://a.b-c",
             "com.amazonaws.vpce.eu-west-1.vpce-svc-0a9", "cluster-abcdefghij2",
             "arn:aws:s3:eu-west-1:111122223333:a b", "a.b.amazonaws.com", "default"]
    letters = "aZ09-_.:/+=,@ \t\n\u00ff\u0100\U0001f511kmsxv"
    for made in proto.types.values():
        if made.pattern is None:
            continue
        ours = pattern.compile_pattern(made.pattern)
        theirs = re.compile(made.pattern.replace("\\/", "/"), re.ASCII)
        for _ in range(400):
            text = list(chance.choice(seeds + [""]))
            for _ in range(chance.randint(0, 3)):
                at = chance.randint(0, len(text))
                text[at:at + chance.randint(0, 1)] = chance.choice(letters)
            text = "".join(text)
            if ours.matches(text) != bool(theirs.fullmatch(text)):
                yield f"pattern {made.pattern} and Python differ on {text!r}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--botocore", metavar="FILE")
    args = parser.parse_args()
    proto = model.load(ROOT / "proto")
    path = args.botocore or find_botocore()
    differences = Comparison(proto, load_service(path)).run() + list(check_patterns(proto))
    for line in differences:
        print(line)
    print(f"{len(proto.ops)} operations, {len(proto.structs)} structures, "
          f"{len(proto.errors)} codes: {len(differences)} unexplained, "
          f"{len(EXPLAINED)} explained")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
