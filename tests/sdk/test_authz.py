"""Key policies, identity policies, boundaries and grants, as clients meet them."""

import json

import pytest
from botocore.exceptions import ClientError

from support import audit
from support.callers import (DEFAULT, OTHER, key_policy, put, record_of, role, root, session,
                             statement, user)
from support.daemon import kmsctl
from support.denial import denied, veiled
from support.identities import document
from support.refusal import refused


# --- the sides of a decision -----------------------------------------------------------

def test_without_its_account_a_key_is_only_its_policys(callers, key):
    """IAM means nothing where the key policy does not leave anything to the account."""
    put(callers, key, document(statement({"AWS": [user("div/alice"), user("admin")]},
                                         "kms:*")))
    callers["alice"].describe_key(KeyId=key)
    with refused("AccessDeniedException", denied(
            callers.arn("reader"), "DescribeKey", f"on resource: {key} because no "
            "resource-based policy allows the kms:DescribeKey action")):
        callers["reader"].describe_key(KeyId=key)
    with refused("AccessDeniedException"):
        callers["root"].describe_key(KeyId=key)


def test_an_explicit_denial_wins_over_everything(callers, key):
    put(callers, key, key_policy(
        statement({"AWS": user("admin")}, "kms:Encrypt", effect="Deny", Sid="never")))
    with refused("AccessDeniedException", denied(
            callers.arn("admin"), "Encrypt", f"on resource: {key} with an explicit deny in "
            "a resource-based policy")) as caught:
        callers["admin"].encrypt(KeyId=key, Plaintext=b"x")
    assert record_of(callers, caught)["decision"] == 'key policy statement 1 "never"'
    callers["admin"].create_grant(KeyId=key, GranteePrincipal=user("admin"),
                                  Operations=["Encrypt"])
    with refused("AccessDeniedException"):
        callers["admin"].encrypt(KeyId=key, Plaintext=b"x")


def test_a_boundary_bounds_the_role_and_not_a_grant_to_its_session(callers, key):
    bounded = callers["bounded"]
    blob = bounded.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    with refused("AccessDeniedException", denied(
            callers.arn("bounded"), "Decrypt", f"on resource: {key} with an explicit deny "
            "in a permissions boundary")) as caught:
        bounded.decrypt(KeyId=key, CiphertextBlob=blob)
    assert record_of(callers, caught)["decision"] == (
        "permissions boundary no-decrypt statement 1")


def test_tags_of_principal_and_key_meet_in_a_variable(callers, key):
    with refused("AccessDeniedException"):
        callers["blue"].describe_key(KeyId=key)
    callers["admin"].tag_resource(KeyId=key, Tags=[{"TagKey": "team", "TagValue": "blue"}])
    callers["blue"].describe_key(KeyId=key)
    callers["admin"].tag_resource(KeyId=key, Tags=[{"TagKey": "team", "TagValue": "red"}])
    with refused("AccessDeniedException"):
        callers["blue"].describe_key(KeyId=key)


def test_another_account_needs_the_key_and_its_own_account(callers, key):
    put(callers, key, key_policy(
        statement({"AWS": root(OTHER)}, "kms:Encrypt", "kms:DescribeKey")))
    assert callers["stranger"].encrypt(KeyId=key, Plaintext=b"x")["KeyId"] == key
    with refused("AccessDeniedException", denied(
            callers.arn("powerless"), "Encrypt", "on this resource because no "
            "identity-based policy allows the kms:Encrypt action")):
        callers["powerless"].encrypt(KeyId=key, Plaintext=b"x")
    # By name a key is always one of the caller's own account.
    with refused("NotFoundException"):
        callers["stranger"].describe_key(KeyId=key.rpartition("/")[2])
    # Not every operation works across accounts.
    with refused("AccessDeniedException", veiled(callers.arn("stranger"), "DisableKey")):
        callers["stranger"].disable_key(KeyId=key)


def test_an_outsider_cannot_tell_a_missing_key_from_a_forbidden_one(callers, key):
    absent = key[:-12] + "0" * 12
    alias = f"alias/hidden-{key[-6:]}"
    callers["admin"].create_alias(AliasName=alias, TargetKeyId=key)
    prefix = key.partition("key/")[0]
    for operation, more in (("encrypt", {"Plaintext": b"x"}), ("describe_key", {}),
                            ("generate_data_key", {"KeySpec": "AES_256"}),
                            ("get_public_key", {}), ("list_grants", {})):
        action = "".join(w.capitalize() for w in operation.split("_"))
        names = [key, absent]
        if operation != "list_grants":
            names += [prefix + alias, prefix + "alias/no-such"]
        answers = set()
        for name in names:
            for tokens in ({}, {"GrantTokens": ["bogus"]} if operation == "encrypt" else {}):
                with pytest.raises(ClientError) as caught:
                    getattr(callers["stranger"], operation)(KeyId=name, **more, **tokens)
                error = caught.value.response["Error"]
                if not tokens:
                    answers.add((error["Code"], error["Message"]))
        assert answers == {("AccessDeniedException",
                            veiled(callers.arn("stranger"), action))}


def test_a_refusal_says_nothing_about_the_state(callers, key):
    callers["admin"].disable_key(KeyId=key)
    with refused("AccessDeniedException"):
        callers["nobody"].encrypt(KeyId=key, Plaintext=b"x")
    with refused("DisabledException"):
        callers["admin"].encrypt(KeyId=key, Plaintext=b"x")


# --- operations with permissions of their own ---------------------------------------------

def test_re_encrypt_needs_a_permission_on_each_side(callers, key):
    target = callers["admin"].create_key()["KeyMetadata"]["Arn"]
    blob = callers["admin"].encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    put(callers, key, key_policy(statement({"AWS": user("nobody")}, "kms:ReEncryptFrom")))
    with refused("AccessDeniedException", denied(
            callers.arn("nobody"), "ReEncryptTo", f"on resource: {target} because no "
            "identity-based policy allows the kms:ReEncryptTo action")):
        callers["nobody"].re_encrypt(CiphertextBlob=blob, DestinationKeyId=target)
    put(callers, target, key_policy(statement({"AWS": user("nobody")}, "kms:ReEncryptTo")))
    answer = callers["nobody"].re_encrypt(CiphertextBlob=blob, DestinationKeyId=target)
    record = audit.by_request(callers.daemon.data, answer["ResponseMetadata"]["RequestId"])
    assert record["decision"] == "key policy statement 1"
    put(callers, target, key_policy(statement(
        {"AWS": user("nobody")}, "kms:ReEncryptTo",
        Condition={"Bool": {"kms:ReEncryptOnSameKey": "true"}})))
    with refused("AccessDeniedException"):
        callers["nobody"].re_encrypt(CiphertextBlob=blob, DestinationKeyId=target)


def test_an_alias_needs_the_permission_on_itself_and_on_its_key(callers, key):
    """Key policies say nothing about aliases, identity policies about both."""
    put(callers, key, key_policy(statement({"AWS": user("nobody")}, "kms:*Alias")))
    name = f"alias/both-{key[-6:]}"
    arn = key.partition("key/")[0] + name
    with refused("AccessDeniedException", denied(
            callers.arn("nobody"), "CreateAlias", f"on resource: {arn} because no "
            "identity-based policy allows the kms:CreateAlias action")):
        callers["nobody"].create_alias(AliasName=name, TargetKeyId=key)
    callers["admin"].create_alias(AliasName=name, TargetKeyId=key)
    with refused("AccessDeniedException"):
        callers["nobody"].delete_alias(AliasName=name)
    callers["admin"].delete_alias(AliasName=name)


def test_acts_without_a_key_are_the_identity_policies(callers):
    for operation, more in (("create_key", {}), ("list_keys", {}), ("list_aliases", {}),
                            ("generate_random", {"NumberOfBytes": 8})):
        action = "".join(w.capitalize() for w in operation.split("_"))
        with refused("AccessDeniedException", denied(
                callers.arn("nobody"), action, "on resource: * because no identity-based "
                f"policy allows the kms:{action} action")):
            getattr(callers["nobody"], operation)(**more)
        getattr(callers["admin"], operation)(**more)
    callers["reader"].list_keys()


def test_tags_at_creation_need_a_permission_too(callers, shared_workshop):
    tags = [{"TagKey": "a", "TagValue": "b"}]
    with refused("AccessDeniedException"):
        callers["reader"].create_key(Tags=tags)
    callers["admin"].create_key(Tags=tags)


# --- the lockout check -----------------------------------------------------------------------

LOCKED = "The new key policy will not allow you to update the key policy in the future."


def test_nobody_locks_the_policy_up_unless_asked_to(callers, key):
    admin = callers["admin"]
    only_alice = document(statement({"AWS": user("div/alice")}, "kms:*"))
    with refused("MalformedPolicyDocumentException", LOCKED):
        admin.put_key_policy(KeyId=key, Policy=only_alice)
    with refused("MalformedPolicyDocumentException", LOCKED):
        admin.create_key(Policy=only_alice)
    with refused("MalformedPolicyDocumentException", LOCKED):
        admin.put_key_policy(KeyId=key, Policy=key_policy(
            statement("*", "kms:Put*", effect="Deny")))
    admin.create_key(Policy=only_alice, BypassPolicyLockoutSafetyCheck=True)
    admin.put_key_policy(KeyId=key, Policy=only_alice, BypassPolicyLockoutSafetyCheck=True)
    with refused("AccessDeniedException"):
        admin.put_key_policy(KeyId=key, Policy=DEFAULT)
    callers["alice"].put_key_policy(KeyId=key, Policy=DEFAULT,
                                    BypassPolicyLockoutSafetyCheck=True)


def test_the_bypass_is_a_condition_key(callers, key):
    put(callers, key, key_policy(statement(
        "*", "kms:PutKeyPolicy", effect="Deny",
        Condition={"Bool": {"kms:BypassPolicyLockoutSafetyCheck": "true"}})))
    with refused("AccessDeniedException"):
        callers["admin"].put_key_policy(KeyId=key, Policy=DEFAULT,
                                        BypassPolicyLockoutSafetyCheck=True)
    callers["admin"].put_key_policy(KeyId=key, Policy=DEFAULT)


# --- explain ------------------------------------------------------------------------------

def explain(callers, *args):
    return kmsctl("authorize", "explain", "--socket", callers.daemon.data / "admin.sock",
                  *args).stdout


def test_explain_shows_the_way_to_a_decision(callers, key):
    put(callers, key, key_policy(statement(
        {"AWS": user("nobody")}, "kms:Encrypt", Sid="tenants",
        Condition={"StringEquals": {"kms:EncryptionContext:tenant": "42"}})))
    asked = ("--principal", user("nobody"), "--action", "kms:Encrypt", "--key", key)
    told = explain(callers, *asked, "--context", "tenant=42")
    assert told.endswith("ALLOWED\n")
    assert f"caller {user('nobody')}" in told and '"tenants"' in told
    told = explain(callers, *asked, "--context", "tenant=43")
    assert told.endswith("DENIED\n")
    assert "condition does not match" in told
    assert explain(callers, "--principal", session("app"), "--action", "kms:Decrypt",
                   "--key", key).endswith("DENIED\n")
    callers["admin"].create_grant(KeyId=key, GranteePrincipal=role("team/app"),
                                  Operations=["Decrypt"])
    told = explain(callers, "--principal", session("app"), "--action", "kms:Decrypt",
                   "--key", key)
    assert "grant " in told and told.endswith("ALLOWED\n")
    assert explain(callers, "--principal", user("reader"), "--action",
                   "kms:ListKeys").endswith("ALLOWED\n")


@pytest.mark.parametrize("args, words", [
    (("--principal", "alice", "--action", "kms:Encrypt"), "cannot call"),
    (("--principal", user("x"), "--action", "kms:Nonsense"), "no permission"),
    (("--principal", user("x"), "--action", "kms:Encrypt"), "which?"),
    (("--principal", user("x"), "--action", "kms:Encrypt", "--key", "no-such"),
     "Invalid keyId")])
def test_explain_refuses_what_makes_no_sense(callers, args, words):
    done = kmsctl("authorize", "explain", "--socket", callers.daemon.data / "admin.sock",
                  *args, check=False)
    assert done.returncode == 1 and words in done.stderr


# --- off --------------------------------------------------------------------------------------

def test_no_authz_lets_everybody_do_everything_and_says_so(workshop):
    from support import clients
    daemon = workshop.dev(keep=True, args=["--no-authz"])
    owner, stranger = clients.plain(daemon), clients.plain(daemon, account=OTHER)
    key = owner.create_key(Policy=document(statement("*", "kms:*", effect="Deny")))[
        "KeyMetadata"]["Arn"]
    answer = stranger.encrypt(KeyId=key, Plaintext=b"x")
    record = audit.by_request(daemon.data, answer["ResponseMetadata"]["RequestId"])
    assert record["decision"] == "not asked: --no-authz"
    status = json.loads(kmsctl("status", "--socket", daemon.data / "admin.sock",
                               "--json").stdout)
    assert status["authorization"] == "off"
