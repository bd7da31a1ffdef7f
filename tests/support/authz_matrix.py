"""The matrix of decisions, asked of a daemon: keys for its cells, requests, and records.

Cells that share a key are asked one after another on one connection; several connections
work side by side, for an answer waits for its record to be durable.
"""

import base64
import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor

from botocore.credentials import Credentials

from . import audit, identities, importing
from .authz_cast import (KEY_POLICIES, POLICIES, WHO, entries, grant_request, grants_of,
                         text_of)
from .authz_rows import HERE, THERE
from .authz_verdict import expected
from .callers import key_policy, root, statement
from .daemon import kmsctl, wait_for
from .wire import Wire

SPECS = {"sign": ("ECC_NIST_P256", "SIGN_VERIFY"), "mac": ("HMAC_256", "GENERATE_VERIFY_MAC"),
         "agree": ("ECC_NIST_P256", "KEY_AGREEMENT")}
PENDING = ("PendingDeletion", "PendingReplicaDeletion")
# While a key is made: its account, and whoever makes grants from another one.
WHILE_MADE = key_policy(statement({"AWS": root(WHO["stranger"].account)}, "kms:CreateGrant"))


class Key:
    """A key of one kind, with a policy and grants, in a state. beside: ARNs of others."""

    def __init__(self, wire, about, beside):
        kind, policy, shape, self.state = about
        self.beside = beside
        self.imported = kind == "imported" or self.state == "PendingImport"
        self.replica = self.alias = self.blob = None
        self.policy = KEY_POLICIES[policy]
        self._create(wire, kind)
        grants = grants_of(shape, kind, makers=True)
        # A key that waits for material takes no grants.
        if self.imported and (grants or self.state != "PendingImport"):
            self._import(wire, kind)
        self.grant_ids = [wire.make("CreateGrant", {"KeyId": self.arn, **grant_request(asked)},
                                    by)["GrantId"] for asked, by in grants]
        if kind == "cipher":
            self.alias = f"alias/{self.id}"
            wire.make("CreateAlias", {"AliasName": self.alias, "TargetKeyId": self.id})
            self.blob = wire.make("Encrypt", {"KeyId": self.id, "Plaintext": "eA=="})[
                "CiphertextBlob"]
        self._enter(wire, kind)
        wire.make("PutKeyPolicy", {"KeyId": self.id, "Policy": self.policy,
                                   "BypassPolicyLockoutSafetyCheck": True})

    def _create(self, wire, kind):
        spec, usage = SPECS.get(kind, ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"))
        made = wire.make("CreateKey", {
            "KeySpec": spec, "KeyUsage": usage, "Policy": WHILE_MADE,
            "Origin": "EXTERNAL" if self.imported else "AWS_KMS",
            "MultiRegion": kind == "family" or self.state == "PendingReplicaDeletion"})
        self.id, self.arn = made["KeyMetadata"]["KeyId"], made["KeyMetadata"]["Arn"]

    def _import(self, wire, kind):
        how, spec = "RSAES_OAEP_SHA_256", SPECS.get(kind, ("SYMMETRIC_DEFAULT",))[0]
        given = wire.make("GetParametersForImport", {
            "KeyId": self.id, "WrappingAlgorithm": how, "WrappingKeySpec": "RSA_2048"})
        wrapped = importing.wrap(how, base64.b64decode(given["PublicKey"]),
                                 importing.material(spec))
        wire.make("ImportKeyMaterial", {
            "KeyId": self.id, "ImportToken": given["ImportToken"],
            "EncryptedKeyMaterial": base64.b64encode(wrapped).decode(),
            "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"})

    def _enter(self, wire, kind):
        if self.state == "PendingReplicaDeletion" or (
                kind == "family" and self.state in ("Enabled", "Disabled")):
            self._replicate(wire)
        if self.state == "Disabled":
            wire.make("DisableKey", {"KeyId": self.id})
        elif self.state in PENDING:
            wire.make("ScheduleKeyDeletion", {"KeyId": self.id})
        elif self.state == "PendingImport" and self.grant_ids:
            wire.make("DeleteImportedKeyMaterial", {"KeyId": self.id})

    def _replicate(self, wire):
        wire.make("ReplicateKey", {
            "KeyId": self.id, "ReplicaRegion": THERE, "BypassPolicyLockoutSafetyCheck": True,
            "Policy": KEY_POLICIES["default"]})
        for region in (HERE, THERE):
            wait_for("the replica", lambda r=region: wire.make(
                "DescribeKey", {"KeyId": self.id}, region=r)["KeyMetadata"]["KeyState"]
                == "Enabled", pause_s=0.002)
        wire.make("PutKeyPolicy", {"KeyId": self.id, "Policy": KEY_POLICIES["replica"],
                                   "BypassPolicyLockoutSafetyCheck": True}, region=THERE)
        self.replica = self.arn.replace(HERE, THERE)

    def of(self, name):
        return {"key": self.arn, "replica": self.replica, **self.beside}[name]


class Stage:
    """A dev daemon with the cast, and the keys that stand beside those asked about."""

    def __init__(self, workshop, **daemon):
        path = workshop.directory() / "identities.yaml"
        signing = {name for name, caller in WHO.items() if caller.session}
        identities.write(path, POLICIES, credentials=[
            {"access_key_id": name, "principal": caller.arn}
            for name, caller in WHO.items() if name not in signing], **entries())
        # In memory where there is room: a record of every request is synced.
        self.daemon = workshop.dev(args=["--identities", str(path)], **daemon)
        session_policy = path.parent / "session.json"
        session_policy.write_text(text_of("session"))
        self.signers = {name: self._access_key(WHO[name].arn, session_policy)
                        for name in sorted(signing)}
        wire = self.wire()
        self.beside = {}
        for name, spec in (("open", "SYMMETRIC_DEFAULT"), ("mac", "HMAC_256")):
            self.beside[name] = wire.make("CreateKey", {
                "KeySpec": spec, "Policy": KEY_POLICIES["open"], "KeyUsage":
                "GENERATE_VERIFY_MAC" if name == "mac" else "ENCRYPT_DECRYPT"})[
                "KeyMetadata"]["Arn"]
        wire.make("CreateAlias", {"AliasName": "alias/mac", "TargetKeyId":
                                  self.beside["mac"].rpartition("/")[2]})

    def wire(self):
        return Wire(self.daemon, self.signers)

    def _access_key(self, principal, policy):
        made = json.loads(kmsctl(
            "identities", "access-key", "create", "--data", self.daemon.data_dir,
            "--principal", principal, "--ttl", "43200", "--policy", policy).stdout)
        return Credentials(made["AccessKeyId"], made["SecretAccessKey"],
                           made["SessionToken"])

    def run(self, cells, connections=8, outcomes=None):
        """How many cells came out right; the others as text. outcomes counts codes."""
        by_key = {}
        for cell in cells:
            by_key.setdefault(cell.about, []).append(cell)
        batches = sorted(by_key.items(), key=lambda item: str(item[0]))
        good, wrong = 0, []
        local, last = threading.local(), audit.last_seq(self.daemon.data_dir)

        def work(item):
            if not hasattr(local, "wire"):
                local.wire = self.wire()
            return self.ask_all(local.wire, *item)

        with ThreadPoolExecutor(connections) as pool:
            for at in range(0, len(batches), 64):
                asked = [a for part in pool.map(work, batches[at:at + 64]) for a in part]
                seen, last = self.records(last)
                for each in asked:
                    fault = self.compare(*each, seen)
                    if outcomes is not None:
                        outcomes[each[1].code] += 1
                    good += fault is None
                    wrong += [fault] if fault else []
        return good, wrong

    def records(self, last):
        found = audit.raw_records(self.daemon.data_dir, last + 1)
        read = [json.loads(record) for _, record in found]
        return ({r["requestID"]: r for r in read if "requestID" in r},
                found[-1][0] if found else last)

    def ask_all(self, wire, about, cells):
        """(cell, answer, what was expected) of cells that share a key."""
        key, out = None, []
        for cell in cells:
            if cell.row.kind and key is None:
                key = Key(wire, about, self.beside)
            answer = wire.ask(cell.caller, cell.row.operation,
                              cell.row.request(key, WHO[cell.caller]))
            out.append((cell, answer, expected(cell, key)))
            if not answer.code and cell.state in cell.row.spends:
                key = None
        return out

    def compare(self, cell, answer, want, seen):
        """What is wrong about an answer and its record, or None."""
        record = seen.get(answer.request)
        problem = fault_of(cell, answer, want, record)
        if problem is None:
            return None
        return (f"{cell}\n  {problem}\n  expected {want}\n  answered {answer.code!r} "
                f"{answer.words!r}\n  recorded {json.dumps(record)}")


def fault_of(cell, answer, want, record):
    if answer.code not in want.codes:
        return "another answer than the oracle's"
    if want.words is not None and answer.words != want.words:
        return "other words"
    if record is None:
        return "no record"
    if (record["eventName"], record["userIdentity"]["arn"]) != (
            cell.row.operation, WHO[cell.caller].arn):
        return "the record of another request"
    if record.get("errorCode", "") != answer.code:
        return "another code in the record"
    if answer.code and answer.words != record.get("errorMessage"):
        return "other words in the record"
    decision = record.get("decision")
    if want.decision is None:
        return None if decision is None else "a decision where there was none"
    if decision is None or not re.fullmatch(want.decision, decision):
        return "another decision in the record"
    return None
