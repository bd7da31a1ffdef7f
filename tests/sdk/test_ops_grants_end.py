"""RetireGrant and RevokeGrant, tokens of grants, and what is recorded of all this."""

import base64

import pytest

from support import audit, clients
from support.denial import user, veiled
from support.grants import ALICE, BOB, OTHER, grant, grants_of
from support.refusal import refused, shown


@pytest.fixture
def key_arn(kms):
    return kms.create_key()["KeyMetadata"]["Arn"]


# --- ends --------------------------------------------------------------------------------

def test_a_revoked_grant_is_gone(kms, key_arn):
    made = grant(kms, key_arn)
    assert shown(kms.revoke_grant(KeyId=key_arn, GrantId=made["GrantId"])) == {}
    assert grants_of(kms, key_arn) == []
    with refused("NotFoundException", f"Grant ID {made['GrantId']} not found"):
        kms.revoke_grant(KeyId=key_arn, GrantId=made["GrantId"])


def test_a_grant_is_revoked_at_its_own_key_only(kms, key_arn):
    made = grant(kms, key_arn)["GrantId"]
    other = kms.create_key()["KeyMetadata"]["KeyId"]
    with refused("NotFoundException", f"Grant ID {made} not found"):
        kms.revoke_grant(KeyId=other, GrantId=made)
    with refused("NotFoundException", f"Grant ID {made} not found"):
        kms.retire_grant(KeyId=other, GrantId=made)
    assert len(grants_of(kms, key_arn)) == 1


def test_a_grant_is_retired_by_token_or_by_key_and_id(kms, key_arn):
    one, two, three = (grant(kms, key_arn) for _ in range(3))
    assert shown(kms.retire_grant(GrantToken=one["GrantToken"])) == {}
    assert shown(kms.retire_grant(KeyId=key_arn, GrantId=two["GrantId"])) == {}
    kms.retire_grant(KeyId=key_arn.split("/")[1], GrantId=three["GrantId"])
    assert grants_of(kms, key_arn) == []
    with refused("InvalidGrantTokenException", ""):
        kms.retire_grant(GrantToken=one["GrantToken"])
    with refused("NotFoundException", f"Grant ID {two['GrantId']} not found"):
        kms.retire_grant(KeyId=key_arn, GrantId=two["GrantId"])


def test_a_grant_to_retire_has_to_be_named(kms, key_arn):
    made = grant(kms, key_arn)
    words = "Grant token OR (grant ID, key ID) must be specified"
    for half in ({}, {"KeyId": key_arn}, {"GrantId": made["GrantId"]}):
        with refused("ValidationException", words):
            kms.retire_grant(**half)
    other = grant(kms, key_arn)
    with refused("InvalidGrantIdException"):
        kms.retire_grant(GrantToken=made["GrantToken"], GrantId=other["GrantId"])
    kms.retire_grant(GrantToken=made["GrantToken"], GrantId=made["GrantId"], KeyId=key_arn)
    assert [g["GrantId"] for g in grants_of(kms, key_arn)] == [other["GrantId"]]


@pytest.mark.parametrize("parties, may", [
    ({"RetiringPrincipal": OTHER}, True),
    ({"grantee": OTHER, "operations": ["Decrypt", "RetireGrant"]}, True),
    ({"grantee": OTHER}, False),
    ({"RetiringPrincipal": f"arn:aws:iam::{OTHER}:user/{OTHER}"}, True),
    ({"RetiringPrincipal": f"arn:aws:iam::{OTHER}:user/somebody-else"}, False),
    ({}, False)])
@pytest.mark.parametrize("named_by", ["token", "id"])
def test_another_account_retires_what_the_grant_lets_it(kms, kms_as, key_arn, parties, may,
                                                        named_by):
    made = grant(kms, key_arn, **parties)
    how = ({"GrantToken": made["GrantToken"]} if named_by == "token"
           else {"KeyId": key_arn, "GrantId": made["GrantId"]})
    if may:
        kms_as(account=OTHER).retire_grant(**how)
    else:
        with refused("AccessDeniedException", veiled(user(OTHER), "RetireGrant")):
            kms_as(account=OTHER).retire_grant(**how)
    assert len(grants_of(kms, key_arn)) == (0 if may else 1)


def test_a_stranger_learns_nothing_about_keys_and_grants(kms, kms_as, key_arn):
    """Whatever is there or not, the words are the same."""
    made = grant(kms, key_arn)["GrantId"]
    absent = key_arn[:-12] + "0" * 12
    for key, grant_id in ((key_arn, made), (key_arn, "0" * 64), (absent, made)):
        with refused("AccessDeniedException", veiled(user(OTHER), "RetireGrant")):
            kms_as(account=OTHER).retire_grant(KeyId=key, GrantId=grant_id)


def test_a_deleted_key_takes_its_grants_along(kmsd_own):
    kms = clients.plain(kmsd_own)
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    made = grant(kms, key, RetiringPrincipal=ALICE)
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    kmsd_own.clock(advance_s=8 * 86400)
    assert kms.list_retirable_grants(RetiringPrincipal=ALICE)["Grants"] == []
    with refused("InvalidGrantTokenException", ""):
        kms.retire_grant(GrantToken=made["GrantToken"])


# --- tokens ------------------------------------------------------------------------------

def test_tokens_pass_wherever_the_api_takes_them(kms, key_arn):
    token = grant(kms, key_arn)["GrantToken"]
    elsewhere = grant(kms, kms.create_key()["KeyMetadata"]["KeyId"])["GrantToken"]
    tokens = {"GrantTokens": [token, elsewhere] * 5}
    blob = kms.encrypt(KeyId=key_arn, Plaintext=b"x", **tokens)["CiphertextBlob"]
    kms.decrypt(CiphertextBlob=blob, **tokens)
    kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId=key_arn, **tokens)
    kms.generate_data_key(KeyId=key_arn, KeySpec="AES_256", **tokens)
    kms.generate_data_key_without_plaintext(KeyId=key_arn, KeySpec="AES_256", **tokens)
    kms.describe_key(KeyId=key_arn, **tokens)
    grant(kms, key_arn, **tokens)
    with refused("ValidationException"):
        kms.describe_key(KeyId=key_arn, GrantTokens=[token] * 11)


def test_every_bit_of_a_token_counts(kms, key_arn):
    token = grant(kms, key_arn)["GrantToken"]
    raw = base64.b64decode(token)
    garbled = [base64.b64encode(raw[:i] + bytes([raw[i] ^ 1]) + raw[i + 1:]).decode()
               for i in range(len(raw))]
    garbled += ["x", token[:-4], token + "AAAA", token.lower(), "A" * 8192, "é",
                base64.b64encode(b"\1" * len(raw)).decode()]
    for text in garbled:
        with refused("InvalidGrantTokenException", ""):
            kms.describe_key(KeyId=key_arn, GrantTokens=[token, text])
        with refused("InvalidGrantTokenException", ""):
            kms.retire_grant(GrantToken=text)
    assert len(grants_of(kms, key_arn)) == 1


def test_a_token_ends_with_its_grant(kms, key_arn):
    made = grant(kms, key_arn)
    kms.revoke_grant(KeyId=key_arn, GrantId=made["GrantId"])
    for call in (lambda t: kms.describe_key(KeyId=key_arn, GrantTokens=t),
                 lambda t: kms.encrypt(KeyId=key_arn, Plaintext=b"x", GrantTokens=t),
                 lambda t: grant(kms, key_arn, GrantTokens=t)):
        with refused("InvalidGrantTokenException", ""):
            call([made["GrantToken"]])
    assert grants_of(kms, key_arn) == []


def test_a_token_is_good_in_its_own_region_only(kms, kms_as, key_arn):
    token = grant(kms, key_arn)["GrantToken"]
    elsewhere = kms_as(region="eu-west-1")
    key = elsewhere.create_key()["KeyMetadata"]["KeyId"]
    with refused("InvalidGrantTokenException", ""):
        elsewhere.describe_key(KeyId=key, GrantTokens=[token])
    with refused("InvalidGrantTokenException", ""):
        elsewhere.retire_grant(GrantToken=token)


# --- records -----------------------------------------------------------------------------

def test_records_name_the_grant_and_never_its_token(kms, kmsd_dev, key_arn):
    made = grant(kms, key_arn, Name="recorded", RetiringPrincipal=BOB,
                 Constraints={"EncryptionContextSubset": {"a": "b"}})
    record = audit.by_request(kmsd_dev.data, made["ResponseMetadata"]["RequestId"])
    assert record["responseElements"] == {"grantId": made["GrantId"]}
    assert record["requestParameters"] == {
        "keyId": key_arn, "granteePrincipal": ALICE, "retiringPrincipal": BOB,
        "operations": ["Decrypt"], "name": "recorded",
        "constraints": {"encryptionContextSubset": {"a": "b"}}}
    assert record["readOnly"] is False
    used = kms.encrypt(KeyId=key_arn, Plaintext=b"x", GrantTokens=[made["GrantToken"]])
    audit.by_request(kmsd_dev.data, used["ResponseMetadata"]["RequestId"])
    retired = kms.retire_grant(GrantToken=made["GrantToken"])
    record = audit.by_request(kmsd_dev.data, retired["ResponseMetadata"]["RequestId"])
    assert record["additionalEventData"] == {"grantId": made["GrantId"]}
    assert [r["ARN"] for r in record["resources"]] == [key_arn]
    assert record["decision"] == f"grant {made['GrantId']}, identity policy dev statement 0"
    token = made["GrantToken"].encode()
    assert not [seq for seq, raw in audit.raw_records(kmsd_dev.data) if token in raw]
    assert token.decode() not in kmsd_dev.log()


def test_grants_outlive_a_restart(kmsd_own):
    kms = clients.plain(kmsd_own)
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    made = grant(kms, key, Name="n", Constraints={"EncryptionContextEquals": {"a": "b"}})
    before = grants_of(kms, key)
    kmsd_own.restart()
    kms = clients.plain(kmsd_own)
    assert grants_of(kms, key) == before
    again = grant(kms, key, Name="n", Constraints={"EncryptionContextEquals": {"a": "b"}})
    assert again["GrantId"] == made["GrantId"]
    kms.retire_grant(GrantToken=made["GrantToken"])
    assert grants_of(kms, key) == []
