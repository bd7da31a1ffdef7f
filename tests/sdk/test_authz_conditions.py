"""Condition keys have the values of the request."""

import pytest

from support.callers import ACCOUNT, key_policy, put, statement, user
from support.refusal import refused


CASES = {
    "the encryption context": (
        {"StringEquals": {"kms:EncryptionContext:tenant": "42"}},
        [("encrypt", {"Plaintext": b"x", "EncryptionContext": {"tenant": "42"}})],
        [("encrypt", {"Plaintext": b"x", "EncryptionContext": {"tenant": "43"}}),
         ("encrypt", {"Plaintext": b"x", "EncryptionContext": {"Tenant": "43"}}),
         ("encrypt", {"Plaintext": b"x"}), ("describe_key", {})]),
    "keys of the context": (
        {"ForAllValues:StringEquals": {"kms:EncryptionContextKeys": ["a", "b"]},
         "Null": {"kms:EncryptionContextKeys": "false"}},
        [("encrypt", {"Plaintext": b"x", "EncryptionContext": {"a": "1", "b": "2"}}),
         ("generate_data_key", {"KeySpec": "AES_256", "EncryptionContext": {"b": ""}})],
        [("encrypt", {"Plaintext": b"x", "EncryptionContext": {"a": "1", "c": "2"}}),
         ("encrypt", {"Plaintext": b"x"})]),
    "the algorithm, also unsaid": (
        {"StringEquals": {"kms:EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}},
        [("encrypt", {"Plaintext": b"x"}),
         ("generate_data_key", {"KeySpec": "AES_256"})], [("describe_key", {})]),
    "the key": (
        {"StringEquals": {"kms:KeySpec": "SYMMETRIC_DEFAULT", "kms:KeyOrigin": "AWS_KMS",
                          "kms:KeyUsage": "ENCRYPT_DECRYPT",
                          "kms:CallerAccount": ACCOUNT, "aws:ResourceAccount": ACCOUNT},
         "Bool": {"kms:MultiRegion": "false"},
         "Null": {"kms:MultiRegionKeyType": "true", "kms:ViaService": "true"}},
        [("describe_key", {}), ("encrypt", {"Plaintext": b"x"})], []),
    "the circumstances": (
        {"IpAddress": {"aws:SourceIp": "127.0.0.0/8"},
         "Bool": {"aws:SecureTransport": "false", "aws:ViaAWSService": "false"},
         "StringEquals": {"aws:RequestedRegion": "us-east-1", "aws:username": "nobody",
                          "aws:PrincipalType": "User"},
         "StringLike": {"aws:UserAgent": "Boto3/*"},
         "ArnEquals": {"aws:PrincipalArn": user("nobody")},
         "DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"},
         "NumericGreaterThan": {"aws:EpochTime": "1577836800"}},
        [("describe_key", {})], []),
    "another address": (
        {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}, [], [("describe_key", {})]),
    "tags of the request": (
        {"StringEquals": {"aws:RequestTag/cost": "7"},
         "ForAllValues:StringEquals": {"aws:TagKeys": ["cost"]}},
        [("tag_resource", {"Tags": [{"TagKey": "cost", "TagValue": "7"}]})],
        [("tag_resource", {"Tags": [{"TagKey": "cost", "TagValue": "8"}]}),
         ("tag_resource", {"Tags": [{"TagKey": "cost", "TagValue": "7"},
                                    {"TagKey": "b", "TagValue": "7"}]})]),
    "the waiting time": (
        {"NumericGreaterThanEquals":
         {"kms:ScheduleKeyDeletionPendingWindowInDays": "30"}},
        [("schedule_key_deletion", {})],
        [("schedule_key_deletion", {"PendingWindowInDays": 29})]),
    "the rotation period": (
        {"NumericLessThanEquals": {"kms:RotationPeriodInDays": "365"}},
        [("enable_key_rotation", {}), ("enable_key_rotation",
                                       {"RotationPeriodInDays": 90})],
        [("enable_key_rotation", {"RotationPeriodInDays": 366})]),
    "what a grant shall be": (
        {"ForAllValues:StringEquals": {"kms:GrantOperations": ["Decrypt", "Encrypt"]},
         "StringEquals": {"kms:GrantConstraintType": "EncryptionContextSubset",
                          "kms:EncryptionContext:tenant": "42"},
         "ArnLike": {"kms:GranteePrincipal": user("div/*")},
         "Bool": {"kms:GrantIsForAWSResource": "false"},
         "Null": {"kms:RetiringPrincipal": "true"}},
        [("create_grant", {"GranteePrincipal": user("div/alice"), "Operations": ["Decrypt"],
                           "Constraints": {"EncryptionContextSubset": {"tenant": "42"}}})],
        [("create_grant", {"GranteePrincipal": user("div/alice"), "Operations": ["Decrypt"],
                           "Constraints": {"EncryptionContextEquals": {"tenant": "42"}}}),
         ("create_grant", {"GranteePrincipal": user("div/alice"),
                           "Operations": ["Decrypt", "DescribeKey"],
                           "Constraints": {"EncryptionContextSubset": {"tenant": "42"}}}),
         ("create_grant", {"GranteePrincipal": user("div/alice"), "Operations": ["Decrypt"],
                           "RetiringPrincipal": user("admin"),
                           "Constraints": {"EncryptionContextSubset": {"tenant": "42"}}}),
         ("create_grant", {"GranteePrincipal": user("reader"), "Operations": ["Decrypt"],
                           "Constraints": {"EncryptionContextSubset": {"tenant": "42"}}})]),
}


@pytest.mark.parametrize("name", CASES)
def test_a_condition_key_has_the_value_of_the_request(callers, key, name):
    condition, good, bad = CASES[name]
    put(callers, key, key_policy(statement({"AWS": user("nobody")}, "kms:*",
                                           Condition=condition)))
    for operation, more in bad:
        with refused("AccessDeniedException"):
            getattr(callers["nobody"], operation)(KeyId=key, **more)
    for operation, more in good:
        getattr(callers["nobody"], operation)(KeyId=key, **more)


def test_the_alias_of_the_request_is_a_condition(callers, key):
    names = [f"alias/{kind}-{key[-6:]}" for kind in ("good", "bad")]
    for name in names:
        callers["admin"].create_alias(AliasName=name, TargetKeyId=key)
    put(callers, key, key_policy(statement(
        {"AWS": user("nobody")}, "kms:Encrypt",
        Condition={"StringLike": {"kms:RequestAlias": "alias/good-*"}})))
    nobody, prefix = callers["nobody"], key.partition("key/")[0]
    for good in (names[0], prefix + names[0]):
        nobody.encrypt(KeyId=good, Plaintext=b"x")
    for bad in (names[1], key):
        with refused("AccessDeniedException"):
            nobody.encrypt(KeyId=bad, Plaintext=b"x")
