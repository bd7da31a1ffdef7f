"""Every operation that is authorized, as the matrix of decisions asks it.

A row says what a request needs permission for, in the order in which it is decided, and what
comes after a permission: the answer of the state table, else one of the row's own. Requests
are dry runs, or fail for a reason of their own, wherever the operation lets them.
"""

import base64
import tomllib
from dataclasses import dataclass

from . import importing
from .authz_cast import CHILD, TENANT
from .daemon import ROOT

HERE, THERE, ELSEWHERE = "us-east-1", "eu-west-1", "eu-west-2"
DONE, DRY = "", "DryRunOperationException"
STATES = {
    "data": ["Enabled", "Disabled", "PendingDeletion", "PendingReplicaDeletion",
             "PendingImport"],
    "cipher": ["Enabled", "Disabled", "PendingDeletion", "PendingReplicaDeletion"],
    "sign": ["Enabled", "Disabled", "PendingDeletion", "PendingImport"],
    "mac": ["Enabled", "Disabled", "PendingDeletion", "PendingImport"],
    "agree": ["Enabled", "Disabled", "PendingDeletion", "PendingImport"],
    "imported": ["Enabled", "Disabled", "PendingDeletion", "PendingImport"],
    "family": ["Enabled", "Disabled", "PendingDeletion", "PendingReplicaDeletion",
               "PendingImport"],
}

# API Reference, "Cross-account use": these work on a key of another account.
CROSS_ACCOUNT = {
    "CreateGrant", "Decrypt", "DeriveSharedSecret", "DescribeKey", "Encrypt",
    "GenerateDataKey", "GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext",
    "GenerateDataKeyWithoutPlaintext", "GenerateMac", "GetKeyRotationStatus", "GetPublicKey",
    "ListGrants", "ReEncrypt", "RetireGrant", "RevokeGrant", "Sign", "Verify", "VerifyMac"}

NO_CODE = "kmsd has no custom key stores: answered as an unknown operation"
NOT_YET = "not among the operations that kmsd has: answered as an unknown operation"
EXCEPTIONS = {
    "ConnectCustomKeyStore": NO_CODE, "CreateCustomKeyStore": NO_CODE,
    "DeleteCustomKeyStore": NO_CODE, "DescribeCustomKeyStores": NO_CODE,
    "DisconnectCustomKeyStore": NO_CODE, "UpdateCustomKeyStore": NO_CODE,
    "Encapsulate": NOT_YET, "Decapsulate": NOT_YET}


def described():
    """Every operation of proto/ops by name."""
    read = [tomllib.loads(p.read_text()) for p in sorted((ROOT / "proto/ops").glob("*.toml"))]
    return {op["name"]: op for op in read}


def state_table():
    """tests/vectors/key_states.txt: row, state -> what it answers."""
    table = {}
    names = STATES["data"]
    for line in (ROOT / "tests/vectors/key_states.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            name, *cells = line.split()
            table[name] = dict(zip(names, cells))
    return table


TABLE = state_table()
REFUSALS = {"D": "DisabledException", "P": "KMSInvalidStateException",
            "I": "KMSInvalidStateException", "N": "KMSInvalidStateException",
            "O": "UnsupportedOperationException"}


@dataclass(frozen=True)
class Ask:
    """One permission: action, and the key it is about ("key", "open", "mac", "replica") or
    None where IAM alone decides; alias: about this one."""
    action: str
    about: str = "key"
    context: tuple = None
    alias: str = None
    named: bool = True  # by the request, and not by a ciphertext


@dataclass(frozen=True)
class Row:
    title: str
    asks: tuple
    request: object          # (key, caller) -> body of the request
    kind: str = "data"       # of key; None: about no key
    after: tuple = (DONE,)   # answers of a permitted request that its state does not refuse
    table: str = None        # row of the state table, if not the operation's
    spends: tuple = ()       # states in which success leaves another key than was there
    by_alias: bool = False   # names the key by an alias, which is of the caller's account

    @property
    def operation(self):
        return self.title.split()[0]

    def answers(self, state, imported, key=None):
        """Codes that a permitted request may get in this state."""
        name = self.table or self.operation
        if imported and f"{name}/imported" in TABLE:
            name += "/imported"
        code = TABLE[name][state]
        assert code not in ("a", "b"), (self.title, state)
        if code != "ok":
            return (REFUSALS[code],)
        return self.after(key) if callable(self.after) else self.after


def kms(operation, **more):
    return Ask(f"kms:{operation}", **more)


def about(title, more=None, kind="data", context=None, **row):
    """A row that names its key by KeyId and needs one permission on it."""
    operation = title.split()[0]
    made = dict(more or {})
    if context:
        made["EncryptionContext"] = dict(context)
    return Row(title, (kms(operation, context=context),),
               lambda key, caller: {"KeyId": key.arn, **made}, kind, **row)


def dry(title, more, kind="data", after=(DRY,), **row):
    return about(title, {**more, "DryRun": True}, kind, after=after, **row)


def re_encrypt(title, source, target, context=None, **row):
    def request(key, caller):
        made = {"SourceKeyId": key.of(source), "DestinationKeyId": key.of(target),
                "DryRun": True, "DryRunModifiers": ["IGNORE_CIPHERTEXT"]}
        if context:
            made["SourceEncryptionContext"] = dict(context)
        return made
    return Row(title, (kms("ReEncryptFrom", about=source, context=context or ()),
                       kms("ReEncryptTo", about=target, context=())),
               request, after=(DRY,),
               table="ReEncrypt/source" if source == "key" else "ReEncrypt/destination",
               **row)


def alias_row(operation, asks, alias, request, kind="data", **row):
    """Aliases are resources of their own, asked about last."""
    return Row(operation, (*asks, kms(operation.split()[0], about=None, alias=alias)),
               request, kind, **row)


def iam(title, request=None, *more, **row):
    """A row about no key: the caller's account decides."""
    operation = title.split()[0]
    return Row(title, tuple(kms(o, about=None) for o in (operation, *more)),
               lambda key, caller: (request or {}), None, **row)


X = "eA=="
PAIRS = tuple(TENANT.items())
PEER = base64.b64encode(importing.spki(
    importing.private_key("ECC_NIST_P256").public_key())).decode()
ECDSA, HMAC = "ECDSA_SHA_256", "HMAC_SHA_256"
AES, CURVE = {"KeySpec": "AES_256"}, {"KeyPairSpec": "ECC_NIST_P256"}
TAGS = [{"TagKey": "a", "TagValue": "b"}]
IGNORING = {"DryRunModifiers": ["IGNORE_CIPHERTEXT"]}
WRAPPING = {"WrappingAlgorithm": "SM2PKE", "WrappingKeySpec": "SM2"}  # not in this Region


def grant_named(key):
    return {"KeyId": key.arn, "GrantId": key.grant_ids[0] if key.grant_ids else "0" * 64}


def after_grant(key):
    return (DRY,) if key.grant_ids else ("NotFoundException",)


CREATE_GRANT = {"GranteePrincipal": CHILD["grantee"], "Operations": CHILD["operations"],
                "Constraints": {"EncryptionContextSubset": TENANT}}

ROWS = [
    *(about(name) for name in (
        "DescribeKey", "GetKeyPolicy", "ListKeyPolicies", "GetKeyRotationStatus",
        "ListKeyRotations", "ListGrants", "ListResourceTags", "GetKeyLastUsage")),
    dry("Encrypt", {"Plaintext": X}, context=()),
    dry("Encrypt of 42", {"Plaintext": X}, context=PAIRS),
    dry("Decrypt", IGNORING, context=()),
    dry("Decrypt of 42", IGNORING, context=PAIRS),
    Row("Decrypt of a ciphertext", (kms("Decrypt", context=(), named=False),),
        lambda key, caller: {"CiphertextBlob": key.blob, "DryRun": True}, "cipher", (DRY,)),
    re_encrypt("ReEncrypt from", "key", "open", PAIRS),
    re_encrypt("ReEncrypt to", "open", "key"),
    re_encrypt("ReEncrypt on itself", "key", "key"),
    Row("ReEncrypt of a ciphertext",
        (kms("ReEncryptFrom", context=(), named=False),
         kms("ReEncryptTo", about="open", context=())),
        lambda key, caller: {"CiphertextBlob": key.blob, "DestinationKeyId": key.of("open"),
                             "DryRun": True},
        "cipher", (DRY,), "ReEncrypt/source"),
    dry("GenerateDataKey of 42", AES, context=PAIRS),
    dry("GenerateDataKeyWithoutPlaintext", AES, context=()),
    dry("GenerateDataKeyPair", CURVE, context=()),
    dry("GenerateDataKeyPairWithoutPlaintext of 42", CURVE, context=PAIRS),
    dry("Sign", {"Message": X, "SigningAlgorithm": ECDSA}, "sign"),
    dry("Verify", {"Message": X, "Signature": X, "SigningAlgorithm": ECDSA}, "sign",
        ("KMSInvalidSignatureException",)),
    about("GetPublicKey", kind="sign"),
    dry("GenerateMac", {"Message": X, "MacAlgorithm": HMAC}, "mac"),
    dry("VerifyMac", {"Message": X, "Mac": X, "MacAlgorithm": HMAC}, "mac",
        ("KMSInvalidMacException",)),
    dry("DeriveSharedSecret", {"KeyAgreementAlgorithm": "ECDH",
                               "PublicKey": PEER}, "agree"),
    dry("CreateGrant", CREATE_GRANT),
    Row("RetireGrant", (kms("RetireGrant", about="grant"),),
        lambda key, caller: {**grant_named(key), "DryRun": True}, after=(DRY,)),
    Row("RevokeGrant", (kms("RevokeGrant"),),
        lambda key, caller: {**grant_named(key), "DryRun": True}, after=after_grant),
    about("TagResource", {"Tags": TAGS}),
    about("UntagResource", {"TagKeys": ["none"]}),
    about("UpdateKeyDescription", {"Description": "asked"}),
    Row("PutKeyPolicy", (kms("PutKeyPolicy"),),
        lambda key, caller: {"KeyId": key.arn, "Policy": key.policy}),
    about("EnableKey", spends=("Disabled",)),
    about("DisableKey", spends=("Enabled",)),
    about("EnableKeyRotation"),
    about("DisableKeyRotation"),
    about("RotateKeyOnDemand", after=(DONE, "LimitExceededException")),
    about("ScheduleKeyDeletion", spends=("Enabled", "Disabled", "PendingImport")),
    about("CancelKeyDeletion", spends=("PendingDeletion", "PendingReplicaDeletion")),
    about("GetParametersForImport", WRAPPING, "imported",
          after=("UnsupportedOperationException",)),
    about("ImportKeyMaterial", {"ImportToken": X, "EncryptedKeyMaterial": X,
                                "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"},
          "imported", after=("InvalidImportTokenException",)),
    about("DeleteImportedKeyMaterial", kind="imported",
          spends=("Enabled", "Disabled", "PendingDeletion")),
    Row("ReplicateKey", (kms("ReplicateKey"), kms("CreateKey", about=None)),
        lambda key, caller: {"KeyId": key.arn, "ReplicaRegion": ELSEWHERE}, "family",
        (DONE, "AlreadyExistsException")),
    Row("ReplicateKey with tags", (kms("ReplicateKey"), kms("CreateKey", about=None),
                                   kms("TagResource", about=None)),
        lambda key, caller: {"KeyId": key.arn, "ReplicaRegion": ELSEWHERE, "Tags": TAGS},
        "family", (DONE, "AlreadyExistsException")),
    Row("UpdatePrimaryRegion", (kms("UpdatePrimaryRegion"),
                                kms("UpdatePrimaryRegion", about="replica")),
        lambda key, caller: {"KeyId": key.arn, "PrimaryRegion": THERE}, "family",
        lambda key: (DONE,) if key.replica else ("NotFoundException",),
        "UpdatePrimaryRegion/primary", spends=("Enabled",)),
    alias_row("CreateAlias", (kms("CreateAlias"),), "alias/mac",
              lambda key, caller: {"AliasName": "alias/mac", "TargetKeyId": key.arn},
              after=("AlreadyExistsException",)),
    alias_row("UpdateAlias to", (kms("UpdateAlias"), kms("UpdateAlias", about="mac")),
              "alias/mac",
              lambda key, caller: {"AliasName": "alias/mac", "TargetKeyId": key.arn},
              after=("ValidationException",), table="UpdateAlias/new"),
    alias_row("UpdateAlias from", (kms("UpdateAlias", about="mac"), kms("UpdateAlias")), "key",
              lambda key, caller: {"AliasName": key.alias, "TargetKeyId": key.of("mac")},
              "cipher", after=("ValidationException",), table="UpdateAlias/old"),
    alias_row("DeleteAlias", (kms("DeleteAlias"),), "key",
              lambda key, caller: {"AliasName": key.alias}, "cipher", by_alias=True,
              spends=STATES["cipher"]),
    iam("ListKeys", {"Limit": 1}),
    iam("ListAliases", {"Limit": 1}),
    iam("GenerateRandom", {"NumberOfBytes": 1}),
    iam("CreateKey"),
    iam("CreateKey with tags", {"Tags": TAGS}, "TagResource"),
    Row("ListRetirableGrants", (kms("ListRetirableGrants", about=None),),
        lambda key, caller: {"RetiringPrincipal": f"arn:aws:iam::{caller.account}:root",
                             "Limit": 1}, None),
]
