"""Operation by caller by state by grant by policy: kmsd decides as the oracle does.

The oracle is tests/oracle/decide.py, written from lib/policy/RULES.md and not from the code.
A caller who is refused hears nothing about the state; one who is not gets an answer or a
refusal of another kind. Every call leaves a record that says what decided.
"""

import sys
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "oracle"))

from decide import decide  # noqa: E402

from support import audit  # noqa: E402
from support.callers import (ACCOUNT, EVERYTHING, OTHER, Callers, role, root,  # noqa: E402
                             session, user)
from support.denial import denied, veiled  # noqa: E402
from support.identities import allow, deny, document  # noqa: E402

IDS = {"alice": "AIDAALICEALICEALICE1", "app": "AROAAPPAPPAPPAPPAPP1"}
NO_DECRYPT = document(allow("kms:*"), deny("kms:Decrypt"))
READER = document(allow("kms:Describe*", "kms:Get*", "kms:List*"))
POLICIES = {"everything": EVERYTHING, "reader": READER, "no-decrypt": NO_DECRYPT}


def a_user(name, account=ACCOUNT, **more):
    return {"kind": "user", "account": account, "arn": user(name, account), **more}


def a_session(name, who="one", account=ACCOUNT, **more):
    return {"kind": "role", "account": account, "arn": session(name, who, account),
            "parent_arn": role(name, account), **more}


# Name of a caller: who it is, its identity policies, its boundary.
WHO = {
    "root": ({"kind": "root", "account": ACCOUNT, "arn": root()}, [], None),
    "admin": (a_user("admin"), ["everything"], None),
    "reader": (a_user("reader"), ["reader"], None),
    "alice": (a_user("alice", unique_id=IDS["alice"]), [], None),
    "app": (a_session("app", unique_id=IDS["app"]), [], None),
    "bounded": (a_session("bounded"), ["everything"], "no-decrypt"),
    "denied": (a_user("denied"), ["everything", "no-decrypt"], None),
    "stranger": (a_user("stranger", OTHER), ["everything"], None),
    "powerless": (a_user("powerless", OTHER), [], None),
}


def says(principal, *actions, effect="Allow", **more):
    return {"Effect": effect, "Principal": principal, "Action": list(actions),
            "Resource": "*", **more}


DELEGATED = says({"AWS": root()}, "kms:*")
KEY_POLICIES = {
    "default": document(DELEGATED),
    "named": document(DELEGATED, says(
        {"AWS": [user("alice"), role("app"), session("bounded"), user("powerless", OTHER)]},
        "kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey")),
    "by id": document(DELEGATED, says({"AWS": [IDS["alice"], IDS["app"]]}, "kms:*")),
    "others": document(DELEGATED, says({"AWS": root(OTHER)}, "kms:*"),
                       says({"AWS": user("alice")}, "kms:*", effect="Deny")),
    "tenant 42": document(DELEGATED, says(
        "*", "kms:*", Condition={"StringEquals": {"kms:EncryptionContext:tenant": "42"}})),
}

GRANTED = ["Encrypt", "Decrypt", "GenerateDataKey", "DescribeKey", "CreateGrant"]
GRANTS = {
    "none": [],
    "users": [{"grantee": user("alice"), "operations": GRANTED}],
    "session": [{"grantee": session("bounded"), "operations": ["Decrypt", "Encrypt"]},
                {"grantee": role("app"), "operations": ["Encrypt"]}],
    "account": [{"grantee": root(OTHER), "operations": GRANTED}],
    "tenant": [{"grantee": user("alice"), "operations": GRANTED,
                "subset": {"tenant": "42"}},
               {"grantee": IDS["app"], "operations": GRANTED, "equals": {"tenant": "42"}}],
}
STATES = ["Enabled", "Disabled", "PendingDeletion"]

TENANT = {"tenant": "42"}
CHILD = {"grantee": user("admin"), "operations": ["Decrypt"], "subset": {"tenant": "42"}}

# Operation: its request beside KeyId, its encryption context. None of them changes the key.
OPERATIONS = {
    "DescribeKey": ({}, None),
    "GetKeyPolicy": ({}, None),
    "GetKeyRotationStatus": ({}, None),
    "ListGrants": ({}, None),
    "Encrypt": ({"Plaintext": b"x", "DryRun": True}, {}),
    "Encrypt of 42": ({"Plaintext": b"x", "DryRun": True, "EncryptionContext": TENANT},
                      TENANT),
    "GenerateDataKey": ({"KeySpec": "AES_256", "DryRun": True,
                         "EncryptionContext": TENANT}, TENANT),
    "Decrypt": ({"DryRun": True, "DryRunModifiers": ["IGNORE_CIPHERTEXT"]}, {}),
    "CreateGrant": ({"GranteePrincipal": CHILD["grantee"], "DryRun": True,
                     "Operations": CHILD["operations"],
                     "Constraints": {"EncryptionContextSubset": TENANT}}, None),
    "TagResource": ({"Tags": [{"TagKey": "a", "TagValue": "b"}]}, None),
}
SAME_ACCOUNT = {"GetKeyPolicy", "TagResource"}


@pytest.fixture(scope="module")
def callers(shared_workshop):
    def entry(name):
        who, policies, boundary = WHO[name]
        made = {"arn": who.get("parent_arn", who["arn"]), "policies": policies}
        if boundary:
            made["boundary"] = boundary
        if "unique_id" in who:
            made["id"] = who["unique_id"]
        return made

    return Callers(
        shared_workshop, {name: who[0]["arn"] for name, who in WHO.items()},
        {name: POLICIES[name] for name in ("reader", "no-decrypt")},
        users=[entry(n) for n, w in WHO.items() if w[0]["kind"] == "user"],
        roles=[entry(n) for n, w in WHO.items() if w[0]["kind"] == "role"])


def grant_request(grant):
    constraints = {}
    for kind, name in (("subset", "EncryptionContextSubset"),
                       ("equals", "EncryptionContextEquals")):
        if kind in grant:
            constraints[name] = grant[kind]
    made = {"GranteePrincipal": grant["grantee"], "Operations": grant["operations"]}
    if constraints:
        made["Constraints"] = constraints
    return made


@pytest.fixture(scope="module")
def keys(callers):
    """A key for every policy, grant shape and state, each brought there by its account."""
    admin, made = callers["admin"], {}
    for policy in KEY_POLICIES:
        for shape, grants in GRANTS.items():
            for state in STATES:
                key = admin.create_key(Policy=KEY_POLICIES[policy])["KeyMetadata"]["Arn"]
                for grant in grants:
                    admin.create_grant(KeyId=key, **grant_request(grant))
                if state == "Disabled":
                    admin.disable_key(KeyId=key)
                elif state == "PendingDeletion":
                    admin.schedule_key_deletion(KeyId=key)
                made[policy, shape, state] = key
    return made


def world(name, key, policy, shape, operation, context):
    who, policies, boundary = WHO[name]
    values = {}
    if operation == "CreateGrant":
        context_values = CHILD["subset"]
    else:
        context_values = context or {}
    for k, v in context_values.items():
        values[f"kms:EncryptionContext:{k}"] = [v]
    return {"action": f"kms:{operation}", "resource": key, "principal": who,
            "key_account": ACCOUNT, "key_policy": KEY_POLICIES[policy],
            "identity": [POLICIES[p] for p in policies], "session": [],
            "boundary": POLICIES[boundary] if boundary else None,
            "context": values, "encryption_context": context or {}, "child": CHILD,
            "grants": [{"issuing_account": ACCOUNT, **g} for g in GRANTS[shape]]}


def wanted(name, operation, key, answer):
    """The words of a refusal, or None for what is allowed."""
    who = WHO[name][0]
    if who["account"] != ACCOUNT:
        if operation in SAME_ACCOUNT:
            return veiled(who["arn"], operation)
        if answer["allowed"]:
            return None
        if "resource-based policy" in answer["reason"]:
            return veiled(who["arn"], operation)
        return denied(who["arn"], operation, f"on this resource {answer['reason']}")
    if answer["allowed"]:
        return None
    return denied(who["arn"], operation, f"on resource: {key} {answer['reason']}")


def ask(client, operation, key, more):
    """The refusal's words (None for any other outcome) and the request's id."""
    name = "".join("_" + c.lower() if c.isupper() else c for c in operation).lstrip("_")
    try:
        return None, getattr(client, name)(KeyId=key, **more)["ResponseMetadata"]["RequestId"]
    except ClientError as error:
        code = error.response["Error"]["Code"]
        assert code in ("AccessDeniedException", "DryRunOperationException",
                        "DisabledException", "KMSInvalidStateException"), code
        words = error.response["Error"]["Message"] if code == "AccessDeniedException" else None
        return words, error.response["ResponseMetadata"]["RequestId"]


@pytest.mark.parametrize("name", WHO)
@pytest.mark.parametrize("policy", KEY_POLICIES)
def test_kmsd_decides_as_the_oracle_does(callers, keys, name, policy):
    asked, from_seq = {}, audit.last_seq(callers.daemon.data)
    for (of, shape, state), key in keys.items():
        if of != policy:
            continue
        for title, (more, context) in OPERATIONS.items():
            operation = title.split()[0]
            answer = decide(world(name, key, policy, shape, operation, context))
            assert "refused" not in answer, answer
            words = wanted(name, operation, key, answer)
            got, request = ask(callers[name], operation, key, more)
            assert got == words, (title, shape, state, answer)
            asked[request] = words
    seen = {r["requestID"]: r for r in audit.records(callers.daemon.data, from_seq + 1)
            if "requestID" in r}
    assert len(asked) == len(GRANTS) * len(STATES) * len(OPERATIONS)
    for request, words in asked.items():
        record = seen[request]
        assert record["userIdentity"]["arn"] == WHO[name][0]["arn"]
        if words is None:
            assert record["decision"].startswith(
                ("key policy statement", "grant ", "identity policy", "root")), record
            assert record.get("errorCode") != "AccessDeniedException"
        else:
            assert record["errorCode"] == "AccessDeniedException"
            assert record["errorMessage"] == words
