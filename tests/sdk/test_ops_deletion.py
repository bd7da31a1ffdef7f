"""ScheduleKeyDeletion, CancelKeyDeletion, and what a pending deletion forbids."""

from datetime import datetime, timedelta, timezone

import pytest
from botocore import xform_name

from support import clients
from support.denial import veiled_ciphertext
from support.refusal import refused, shown


@pytest.fixture
def doomed(kms, key_id):
    kms.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=7)
    return key_id


def arn_of(key):
    return f"arn:aws:kms:us-east-1:111122223333:key/{key}"


def test_the_answer_tells_date_state_and_window(kms, key_id):
    answer = kms.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=7)
    assert set(shown(answer)) == {"KeyId", "DeletionDate", "KeyState", "PendingWindowInDays"}
    assert answer["KeyId"] == arn_of(key_id)
    assert answer["KeyState"] == "PendingDeletion"
    assert answer["PendingWindowInDays"] == 7
    now = kms.describe_key(KeyId=key_id)["KeyMetadata"]
    assert now["KeyState"] == "PendingDeletion" and now["Enabled"] is False
    assert now["DeletionDate"] == answer["DeletionDate"]
    assert "PendingDeletionWindowInDays" not in now


def test_the_window_is_thirty_days_when_not_given(kms, key_id):
    before = datetime.now(timezone.utc)
    answer = kms.schedule_key_deletion(KeyId=key_id)
    assert answer["PendingWindowInDays"] == 30
    assert abs(answer["DeletionDate"] - before - timedelta(days=30)) < timedelta(minutes=5)


def test_the_date_is_the_request_plus_whole_days_to_the_millisecond(kmsd_own):
    kms = clients.plain(kmsd_own)
    now = kmsd_own.clock(freeze=True)
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    answer = kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=8)
    assert round(answer["DeletionDate"].timestamp(), 3) == round(now + 8 * 86400, 3)


@pytest.mark.parametrize("days", [1, 6, 31, 365])
def test_a_window_outside_seven_to_thirty_days_is_refused(kms, key_id, days):
    with refused("ValidationException", "PendingWindowInDays must be between 7 and 30"):
        kms.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=days)
    assert kms.describe_key(KeyId=key_id)["KeyMetadata"]["KeyState"] == "Enabled"


def test_cancelling_leaves_the_key_disabled(kms, doomed):
    answer = kms.cancel_key_deletion(KeyId=doomed)
    assert shown(answer) == {"KeyId": arn_of(doomed)}
    now = kms.describe_key(KeyId=doomed)["KeyMetadata"]
    assert now["KeyState"] == "Disabled" and now["Enabled"] is False
    assert "DeletionDate" not in now
    kms.enable_key(KeyId=doomed)
    assert kms.encrypt(KeyId=doomed, Plaintext=b"x")


def test_only_a_pending_deletion_can_be_cancelled(kms, key_id):
    for _ in range(2):
        with refused("KMSInvalidStateException",
                     f"{arn_of(key_id)} is not pending deletion."):
            kms.cancel_key_deletion(KeyId=key_id)
        kms.disable_key(KeyId=key_id)


FORBIDDEN = [
    ("ScheduleKeyDeletion", {}), ("EnableKey", {}), ("DisableKey", {}),
    ("UpdateKeyDescription", {"Description": "x"}),
    ("TagResource", {"Tags": [{"TagKey": "a", "TagValue": "b"}]}),
    ("UntagResource", {"TagKeys": ["a"]}), ("EnableKeyRotation", {}),
    ("DisableKeyRotation", {}), ("RotateKeyOnDemand", {}), ("Encrypt", {"Plaintext": b"x"}),
    ("GenerateDataKey", {"KeySpec": "AES_256"}),
    ("GenerateDataKeyWithoutPlaintext", {"KeySpec": "AES_256"})]


@pytest.mark.parametrize("operation, more", FORBIDDEN, ids=[o for o, _ in FORBIDDEN])
def test_a_key_pending_deletion_says_so(kms, doomed, operation, more):
    with refused("KMSInvalidStateException", f"{arn_of(doomed)} is pending deletion."):
        getattr(kms, xform_name(operation))(KeyId=doomed, **more)


def test_neither_end_of_a_reencryption_may_be_pending_deletion(kms, key_id):
    other = kms.create_key()["KeyMetadata"]["KeyId"]
    blob = kms.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]
    kms.schedule_key_deletion(KeyId=other)
    with refused("KMSInvalidStateException", f"{arn_of(other)} is pending deletion."):
        kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId=other)
    kms.schedule_key_deletion(KeyId=key_id)
    with refused("KMSInvalidStateException", f"{arn_of(key_id)} is pending deletion."):
        kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId=other)
    with refused("KMSInvalidStateException", f"{arn_of(key_id)} is pending deletion."):
        kms.decrypt(CiphertextBlob=blob)


def test_what_a_pending_deletion_still_allows(kms, key_id):
    name = f"alias/doomed/{key_id}"
    other = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName=name, TargetKeyId=key_id)
    kms.tag_resource(KeyId=key_id, Tags=[{"TagKey": "a", "TagValue": "b"}])
    kms.schedule_key_deletion(KeyId=key_id)
    assert kms.describe_key(KeyId=name)["KeyMetadata"]["KeyId"] == key_id
    assert len(kms.list_aliases(KeyId=key_id)["Aliases"]) == 1
    assert len(kms.list_resource_tags(KeyId=key_id)["Tags"]) == 1
    policy = kms.get_key_policy(KeyId=key_id)["Policy"]
    kms.put_key_policy(KeyId=key_id, Policy=policy)
    assert kms.list_key_policies(KeyId=key_id)["PolicyNames"] == ["default"]
    assert kms.list_key_rotations(KeyId=key_id)["Rotations"] == []
    assert kms.get_key_rotation_status(KeyId=key_id)["KeyRotationEnabled"] is False
    with refused("KMSInvalidStateException", f"{arn_of(key_id)} is pending deletion."):
        kms.create_alias(AliasName=f"{name}/2", TargetKeyId=key_id)
    kms.update_alias(AliasName=name, TargetKeyId=other)
    with refused("KMSInvalidStateException", f"{arn_of(key_id)} is pending deletion."):
        kms.update_alias(AliasName=name, TargetKeyId=key_id)
    kms.delete_alias(AliasName=name)


def test_a_deleted_key_is_gone_with_all_that_named_it(kmsd_own):
    kms = clients.plain(kmsd_own)
    made = kms.create_key(Tags=[{"TagKey": "a", "TagValue": "b"}])["KeyMetadata"]
    key, arn, name = made["KeyId"], made["Arn"], "alias/gone"
    kms.create_alias(AliasName=name, TargetKeyId=key)
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    kmsd_own.clock(advance_s=7 * 86400 - 60)
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingDeletion"
    kmsd_own.clock(advance_s=120)
    kms = clients.plain(kmsd_own)
    for ident in (key, arn):
        with refused("NotFoundException", f"Key '{arn}' does not exist"):
            kms.describe_key(KeyId=ident)
        with refused("NotFoundException", f"Key '{arn}' does not exist"):
            kms.decrypt(KeyId=ident, CiphertextBlob=blob)
    with refused("NotFoundException",
                 "Alias arn:aws:kms:us-east-1:111122223333:alias/gone is not found."):
        kms.describe_key(KeyId=name)
    with refused("AccessDeniedException",
                 veiled_ciphertext("arn:aws:iam::111122223333:user/111122223333")):
        kms.decrypt(CiphertextBlob=blob)
    assert kms.list_keys()["Keys"] == []
    assert kms.list_aliases()["Aliases"] == []
    # The name is free again.
    kms.create_alias(AliasName=name, TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])


def test_a_cancelled_deletion_does_not_happen(kmsd_own):
    kms = clients.plain(kmsd_own)
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    kms.cancel_key_deletion(KeyId=key)
    kmsd_own.clock(advance_s=40 * 86400)
    assert clients.plain(kmsd_own).describe_key(KeyId=key)["KeyMetadata"][
        "KeyState"] == "Disabled"
