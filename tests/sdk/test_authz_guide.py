"""The policy of the guide's Terraform template gives exactly the rights it names."""

import json

import pytest

from support import audit
from support.callers import ACCOUNT, DEFAULT, record_of, role, session
from support.denial import denied, veiled, veiled_ciphertext
from support.refusal import refused


def guide_policy(account, app_role):
    """The policy of the guide's Terraform template."""
    return json.dumps({
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": "EnableRootAccount", "Effect": "Allow",
             "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
             "Action": "kms:*", "Resource": "*"},
            {"Sid": "AllowAppRole", "Effect": "Allow", "Principal": {"AWS": app_role},
             "Action": ["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey"],
             "Resource": "*"}]})


@pytest.fixture
def guide_key(callers):
    made = callers["admin"].create_key(Description="Master key for envelope encryption",
                                       Policy=guide_policy(ACCOUNT, role("team/app")))
    arn = made["KeyMetadata"]["Arn"]
    callers["admin"].enable_key_rotation(KeyId=arn)
    return arn


NOT_THE_ROLES = {
    "describe_key": {}, "get_key_policy": {}, "get_key_rotation_status": {},
    "list_grants": {}, "list_resource_tags": {}, "list_key_policies": {},
    "generate_data_key_without_plaintext": {"KeySpec": "AES_256"},
    "create_grant": {"GranteePrincipal": session("app"), "Operations": ["Decrypt"]},
    "disable_key": {}, "enable_key": {}, "schedule_key_deletion": {},
    "disable_key_rotation": {}, "rotate_key_on_demand": {},
    "update_key_description": {"Description": "mine"},
    "tag_resource": {"Tags": [{"TagKey": "a", "TagValue": "b"}]},
    "untag_resource": {"TagKeys": ["a"]},
    "put_key_policy": {"Policy": DEFAULT},
}


def test_the_guides_policy_gives_the_role_exactly_three_permissions(callers, guide_key):
    for name in ("app", "app2"):
        app = callers[name]
        blob = app.encrypt(KeyId=guide_key, Plaintext=b"x")["CiphertextBlob"]
        assert app.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
        pair = app.generate_data_key(KeyId=guide_key, KeySpec="AES_256")
        assert app.decrypt(CiphertextBlob=pair["CiphertextBlob"], KeyId=guide_key)[
            "Plaintext"] == pair["Plaintext"]
    for operation, more in NOT_THE_ROLES.items():
        action = "".join(w.capitalize() for w in operation.split("_"))
        with refused("AccessDeniedException", denied(
                callers.arn("app"), action, f"on resource: {guide_key} because no "
                f"identity-based policy allows the kms:{action} action")) as caught:
            getattr(callers["app"], operation)(KeyId=guide_key, **more)
        assert record_of(callers, caught)["decision"] == (
            f"because no identity-based policy allows the kms:{action} action")
    # Nothing of that has happened.
    admin = callers["admin"]
    assert admin.get_key_rotation_status(KeyId=guide_key)["KeyRotationEnabled"]
    assert admin.describe_key(KeyId=guide_key)["KeyMetadata"]["KeyState"] == "Enabled"
    assert admin.get_key_policy(KeyId=guide_key)["Policy"] == guide_policy(
        ACCOUNT, role("team/app"))


def test_the_guides_policy_gives_another_role_nothing(callers, guide_key):
    blob = callers["app"].encrypt(KeyId=guide_key, Plaintext=b"x")["CiphertextBlob"]
    for call, action in (
            (lambda: callers["batch"].encrypt(KeyId=guide_key, Plaintext=b"x"), "Encrypt"),
            (lambda: callers["batch"].generate_data_key(KeyId=guide_key,
                                                        KeySpec="AES_256"),
             "GenerateDataKey"),
            (lambda: callers["batch"].describe_key(KeyId=guide_key), "DescribeKey")):
        with refused("AccessDeniedException", denied(
                callers.arn("batch"), action, f"on resource: {guide_key} because no "
                f"identity-based policy allows the kms:{action} action")):
            call()
    with refused("AccessDeniedException", denied(
            callers.arn("batch"), "Decrypt", "on the resource associated with this "
            "ciphertext because no identity-based policy allows the kms:Decrypt action")):
        callers["batch"].decrypt(CiphertextBlob=blob)


def test_the_guides_policy_gives_another_account_nothing(callers, guide_key):
    blob = callers["app"].encrypt(KeyId=guide_key, Plaintext=b"x")["CiphertextBlob"]
    for name in ("stranger", "otherapp"):
        with refused("AccessDeniedException", veiled(callers.arn(name), "Encrypt")):
            callers[name].encrypt(KeyId=guide_key, Plaintext=b"x")
        with refused("AccessDeniedException", veiled_ciphertext(callers.arn(name))):
            callers[name].decrypt(CiphertextBlob=blob)


def test_the_guides_policy_leaves_the_rest_to_the_account(callers, guide_key):
    blob = callers["app"].encrypt(KeyId=guide_key, Plaintext=b"x")["CiphertextBlob"]
    for name in ("admin", "root"):
        assert callers[name].decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    answer = callers["reader"].describe_key(KeyId=guide_key)
    record = audit.by_request(callers.daemon.data, answer["ResponseMetadata"]["RequestId"])
    assert record["decision"] == ('key policy statement 0 "EnableRootAccount", identity '
                                  "policy reader statement 0")
