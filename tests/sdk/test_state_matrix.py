"""Every operation in every key state: tests/vectors/key_states.txt, cell by cell."""

import tomllib

import pytest

from support import clients, importing
from support.clocked import arn_of
from support.daemon import ROOT, wait_for
from support.importing import bring, external, parameters
from support.refusal import refused

STATES = ("Enabled", "Disabled", "PendingDeletion", "PendingReplicaDeletion",
          "PendingImport")
THERE, ELSEWHERE = "eu-west-1", "eu-west-2"
WORDS = {"D": ("DisabledException", "is disabled."),
         "I": ("KMSInvalidStateException", "is pending import."),
         "N": ("KMSInvalidStateException", "is not pending deletion.")}
PENDING = {"PendingDeletion": "is pending deletion.",
           "PendingReplicaDeletion": "is pending replica deletion."}
GRANTEE = "arn:aws:iam::111122223333:user/alice"


def table():
    rows = {}
    for line in (ROOT / "tests/vectors/key_states.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            name, *cells = line.split()
            assert len(cells) == 7 and name not in rows, line
            rows[name] = dict(zip((*STATES, "Creating", "Updating"), cells))
    return rows


TABLE = table()


class Cell:
    """A key on its way into a state, and what was made with it while it was Enabled."""

    def __init__(self, kms_as, spec, usage, state, imported=False, family=False,
                 region=clients.REGION):
        self.state = state
        self.here, self.there = kms_as(), kms_as(region=THERE)
        self.imported = imported or state == "PendingImport"
        self.family = family or state == "PendingReplicaDeletion"
        self.id = self._make(spec, usage)
        if state == "PendingReplicaDeletion" and region == clients.REGION:
            self.replicate()
        self.kms = self.here
        if region != clients.REGION:
            self.replicate()
            self.kms = self.there
        self.arn = arn_of(self.id, region)

    def _make(self, spec, usage):
        more = {"MultiRegion": self.family}
        if not self.imported:
            return self.here.create_key(KeySpec=spec, KeyUsage=usage,
                                        **more)["KeyMetadata"]["KeyId"]
        self.plain = importing.material(spec)
        key = external(self.here, spec, usage, **more)
        self.params = parameters(self.here, key, importing.default_algorithm(spec))
        bring(self.here, key, self.plain, self.params)
        return key

    def replicate(self):
        """A replica in THERE, as Enabled as it gets."""
        self.here.replicate_key(KeyId=self.id, ReplicaRegion=THERE)
        ready = "PendingImport" if self.imported else "Enabled"
        wait_for("the replica", lambda: self.there.describe_key(
            KeyId=self.id)["KeyMetadata"]["KeyState"] == ready)

    def enter(self):
        if self.state == "Disabled":
            self.kms.disable_key(KeyId=self.id)
        elif self.state in PENDING:
            self.kms.schedule_key_deletion(KeyId=self.id)
        elif self.state == "PendingImport" and self.kms is self.here:
            self.kms.delete_imported_key_material(KeyId=self.id)
        now = self.kms.describe_key(KeyId=self.id)["KeyMetadata"]["KeyState"]
        assert now == self.state


# --- the rows: the key, what is made while it is Enabled, and the call --------------------

def nothing(c):
    return None


class Row:
    def __init__(self, call, spec="SYMMETRIC_DEFAULT", usage="ENCRYPT_DECRYPT",
                 prepare=nothing, **make):
        self.call, self.prepare = call, prepare
        self.spec, self.usage, self.make = spec, usage, make


def sign(c):
    return c.kms.sign(KeyId=c.id, Message=b"m",
                      SigningAlgorithm="ECDSA_SHA_256")["Signature"]


def mac(c):
    return c.kms.generate_mac(KeyId=c.id, Message=b"m",
                              MacAlgorithm="HMAC_SHA_256")["Mac"]


def blob(c):
    return c.kms.encrypt(KeyId=c.id, Plaintext=b"x")["CiphertextBlob"]


def private_blob(c):
    return c.kms.encrypt(KeyId=c.id, Plaintext=b"x",
                         EncryptionAlgorithm="RSAES_OAEP_SHA_256")["CiphertextBlob"]


def other_key(c):
    return c.kms.create_key()["KeyMetadata"]["KeyId"]


def granted(c):
    return c.kms.create_grant(KeyId=c.id, GranteePrincipal=GRANTEE, Operations=["Decrypt"])


def alias_of(c):
    name = f"alias/matrix-{c.id}"
    c.kms.create_alias(AliasName=name, TargetKeyId=c.id)
    return name


def alias_elsewhere(c):
    name = f"alias/matrix-{c.id}"
    c.kms.create_alias(AliasName=name, TargetKeyId=other_key(c))
    return name


def keyed(name, **more):
    return lambda c, made: getattr(c.kms, name)(KeyId=c.id, **more)


def sign_row(call, **kw):
    return Row(call, "ECC_NIST_P256", "SIGN_VERIFY", **kw)


def mac_row(call, **kw):
    return Row(call, "HMAC_256", "GENERATE_VERIFY_MAC", **kw)


def imported_row(call, **kw):
    return Row(call, imported=True, **kw)


def next_material(c):
    bring(c.kms, c.id, b"\x77" * 32, c.params, ImportType="NEW_KEY_MATERIAL")


def peer():
    return importing.spki(importing.private_key("ECC_NIST_P256").public_key())


WRAPPING = {"WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048"}
NO_MATERIAL = {"ImportToken": b"x", "EncryptedKeyMaterial": b"x",
               "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}
ROWS = {
    "Encrypt": Row(keyed("encrypt", Plaintext=b"x")),
    "Decrypt": Row(lambda c, made: c.kms.decrypt(CiphertextBlob=made), prepare=blob),
    "Decrypt/private": Row(
        lambda c, made: c.kms.decrypt(KeyId=c.id, CiphertextBlob=made,
                                      EncryptionAlgorithm="RSAES_OAEP_SHA_256"),
        "RSA_2048", prepare=private_blob),
    "ReEncrypt/source": Row(
        lambda c, made: c.kms.re_encrypt(CiphertextBlob=made[0], DestinationKeyId=made[1]),
        prepare=lambda c: (blob(c), other_key(c))),
    "ReEncrypt/destination": Row(
        lambda c, made: c.kms.re_encrypt(CiphertextBlob=made, DestinationKeyId=c.id),
        prepare=lambda c: c.kms.encrypt(KeyId=other_key(c),
                                        Plaintext=b"x")["CiphertextBlob"]),
    "GenerateDataKey": Row(keyed("generate_data_key", KeySpec="AES_256")),
    "GenerateDataKeyWithoutPlaintext": Row(
        keyed("generate_data_key_without_plaintext", KeySpec="AES_256")),
    "GenerateDataKeyPair": Row(
        keyed("generate_data_key_pair", KeyPairSpec="ECC_NIST_P256")),
    "GenerateDataKeyPairWithoutPlaintext": Row(
        keyed("generate_data_key_pair_without_plaintext", KeyPairSpec="ECC_NIST_P256")),
    "Sign": sign_row(lambda c, made: sign(c)),
    "Verify": sign_row(
        lambda c, made: c.kms.verify(KeyId=c.id, Message=b"m", Signature=made,
                                     SigningAlgorithm="ECDSA_SHA_256"), prepare=sign),
    "GenerateMac": mac_row(lambda c, made: mac(c)),
    "VerifyMac": mac_row(
        lambda c, made: c.kms.verify_mac(KeyId=c.id, Message=b"m", Mac=made,
                                         MacAlgorithm="HMAC_SHA_256"), prepare=mac),
    "DeriveSharedSecret": Row(
        lambda c, made: c.kms.derive_shared_secret(
            KeyId=c.id, KeyAgreementAlgorithm="ECDH", PublicKey=peer()),
        "ECC_NIST_P256", "KEY_AGREEMENT"),
    "GetPublicKey": sign_row(keyed("get_public_key")),
    "CreateGrant": Row(lambda c, made: granted(c)),
    "DescribeKey": Row(keyed("describe_key")),
    "GetKeyPolicy": Row(keyed("get_key_policy")),
    "ListKeyPolicies": Row(keyed("list_key_policies")),
    "PutKeyPolicy": Row(
        lambda c, made: c.kms.put_key_policy(KeyId=c.id, Policy=made),
        prepare=lambda c: c.kms.get_key_policy(KeyId=c.id)["Policy"]),
    "ListAliases": Row(keyed("list_aliases")),
    "ListGrants": Row(keyed("list_grants")),
    "RetireGrant": Row(
        lambda c, made: c.kms.retire_grant(GrantToken=made["GrantToken"]),
        prepare=granted),
    "RevokeGrant": Row(
        lambda c, made: c.kms.revoke_grant(KeyId=c.id, GrantId=made["GrantId"]),
        prepare=granted),
    "ListResourceTags": Row(keyed("list_resource_tags")),
    "DeleteAlias": Row(lambda c, made: c.kms.delete_alias(AliasName=made),
                       prepare=alias_of),
    "GetKeyLastUsage": Row(keyed("get_key_last_usage")),
    "CreateAlias": Row(lambda c, made: alias_of(c)),
    "TagResource": Row(keyed("tag_resource", Tags=[{"TagKey": "a", "TagValue": "b"}])),
    "UntagResource": Row(keyed("untag_resource", TagKeys=["a"])),
    "UpdateKeyDescription": Row(keyed("update_key_description", Description="other")),
    "UpdateAlias/old": Row(
        lambda c, made: c.kms.update_alias(AliasName=made[0], TargetKeyId=made[1]),
        prepare=lambda c: (alias_of(c), other_key(c))),
    "UpdateAlias/new": Row(
        lambda c, made: c.kms.update_alias(AliasName=made, TargetKeyId=c.id),
        prepare=alias_elsewhere),
    "EnableKey": Row(keyed("enable_key")),
    "DisableKey": Row(keyed("disable_key")),
    "EnableKeyRotation": Row(keyed("enable_key_rotation")),
    "EnableKeyRotation/imported": imported_row(keyed("enable_key_rotation")),
    "DisableKeyRotation": Row(keyed("disable_key_rotation")),
    "DisableKeyRotation/imported": imported_row(keyed("disable_key_rotation")),
    "GetKeyRotationStatus": Row(keyed("get_key_rotation_status")),
    "ListKeyRotations": Row(keyed("list_key_rotations",
                                  IncludeKeyMaterial="ALL_KEY_MATERIAL")),
    "RotateKeyOnDemand": Row(keyed("rotate_key_on_demand")),
    "RotateKeyOnDemand/imported": imported_row(keyed("rotate_key_on_demand"),
                                               prepare=next_material),
    "GetParametersForImport": Row(keyed("get_parameters_for_import", **WRAPPING)),
    "GetParametersForImport/imported": imported_row(
        keyed("get_parameters_for_import", **WRAPPING)),
    "ImportKeyMaterial": Row(keyed("import_key_material", **NO_MATERIAL)),
    "ImportKeyMaterial/imported": imported_row(
        lambda c, made: bring(c.kms, c.id, c.plain, c.params)),
    "DeleteImportedKeyMaterial": Row(keyed("delete_imported_key_material")),
    "DeleteImportedKeyMaterial/imported": imported_row(
        keyed("delete_imported_key_material")),
    "ScheduleKeyDeletion": Row(keyed("schedule_key_deletion")),
    "CancelKeyDeletion": Row(keyed("cancel_key_deletion")),
    "ReplicateKey": Row(keyed("replicate_key", ReplicaRegion=ELSEWHERE), family=True),
    "UpdatePrimaryRegion/primary": Row(
        keyed("update_primary_region", PrimaryRegion=THERE), family=True,
        # A primary with replicas is not PendingDeletion: there the row asks one without.
        prepare=lambda c: c.replicate() if c.state in ("Enabled", "Disabled") else None),
    "UpdatePrimaryRegion/replica": Row(
        lambda c, made: c.here.update_primary_region(KeyId=c.id, PrimaryRegion=THERE),
        family=True, region=THERE),
}


# --- the cells ---------------------------------------------------------------------------

def cells():
    for name, states in TABLE.items():
        for state in STATES:
            if states[state] not in ("a", "b"):
                yield pytest.param(name, state, id=f"{name}-{state}")


def expected(cell, code):
    if code == "P":
        return "KMSInvalidStateException", f"{cell.arn} {PENDING[cell.state]}"
    if code == "O":
        origin = "EXTERNAL" if cell.imported else "AWS_KMS"
        return ("UnsupportedOperationException",
                f"{cell.arn} origin is {origin} which is not valid for this operation.")
    return WORDS[code][0], f"{cell.arn} {WORDS[code][1]}"


@pytest.mark.parametrize("name, state", list(cells()))
def test_the_cell_holds(kms_as, name, state):
    row, code = ROWS[name], TABLE[name][state]
    cell = Cell(kms_as, row.spec, row.usage, state, **row.make)
    made = row.prepare(cell)
    cell.enter()
    if code == "ok":
        row.call(cell, made)
        return
    before = cell.kms.describe_key(KeyId=cell.id)["KeyMetadata"]
    with refused(*expected(cell, code)):
        row.call(cell, made)
    assert cell.kms.describe_key(KeyId=cell.id)["KeyMetadata"] == before


@pytest.mark.parametrize("state", STATES)
def test_a_key_is_listed_in_every_state(kms_as, state):
    cell = Cell(kms_as, "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", state)
    cell.enter()
    pages = cell.kms.get_paginator("list_keys").paginate()
    assert cell.id in [k["KeyId"] for page in pages for k in page["Keys"]]


def operations_about_a_key():
    """Those that have code and are about one or two keys."""
    for path in (ROOT / "proto/ops").glob("*.toml"):
        op = tomllib.loads(path.read_text())
        if op.get("key") and (ROOT / "lib/ops" / f"{path.stem}.c").exists():
            yield op["name"], len(op["key"])


def test_the_table_has_every_operation_about_a_key():
    rows = [name.split("/")[0] for name in TABLE]
    assert set(rows) == {name for name, _ in operations_about_a_key()}
    for name, keys in operations_about_a_key():
        assert rows.count(name) >= keys, name
    assert set(ROWS) == set(TABLE)
