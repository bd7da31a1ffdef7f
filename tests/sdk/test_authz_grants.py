"""Grants allow: whom, what, under which context, from when, and no wider by delegation."""

import concurrent.futures

import pytest

from support import audit
from support.callers import OTHER, record_of, role, root, session, user
from support.denial import denied, veiled
from support.refusal import refused


def give(callers, key, grantee, *operations, by="admin", **more):
    return callers[by].create_grant(KeyId=key, GranteePrincipal=grantee,
                                    Operations=list(operations), **more)


def test_a_grant_counts_from_its_answer_to_its_end(callers, key):
    nobody, admin = callers["nobody"], callers["admin"]
    for _ in range(5):
        with refused("AccessDeniedException"):
            nobody.encrypt(KeyId=key, Plaintext=b"x")
        made = give(callers, key, user("nobody"), "Encrypt")
        answer = nobody.encrypt(KeyId=key, Plaintext=b"x")
        record = audit.by_request(callers.daemon.data,
                                  answer["ResponseMetadata"]["RequestId"])
        assert record["decision"] == f"grant {made['GrantId']}"
        admin.revoke_grant(KeyId=key, GrantId=made["GrantId"])
    with refused("AccessDeniedException"):
        nobody.encrypt(KeyId=key, Plaintext=b"x")


def test_a_grant_is_for_its_operations_and_its_grantee(callers, key):
    give(callers, key, user("nobody"), "Encrypt", "DescribeKey")
    callers["nobody"].describe_key(KeyId=key)
    for call, action in ((lambda: callers["nobody"].generate_data_key(
            KeyId=key, KeySpec="AES_256"), "GenerateDataKey"),
            (lambda: callers["nobody"].disable_key(KeyId=key), "DisableKey")):
        with refused("AccessDeniedException", denied(
                callers.arn("nobody"), action, f"on resource: {key} because no "
                f"identity-based policy allows the kms:{action} action")):
            call()
    with refused("AccessDeniedException"):
        callers["alice"].encrypt(KeyId=key, Plaintext=b"x")


@pytest.mark.parametrize("grantee, who, others", [
    (role("team/app"), ["app", "app2"], ["batch"]),
    (session("app"), ["app"], ["app2", "batch"])])
def test_roles_and_their_sessions_are_grantees(callers, key, grantee, who, others):
    give(callers, key, grantee, "Encrypt")
    for name in who:
        callers[name].encrypt(KeyId=key, Plaintext=b"x")
    for name in others:
        with refused("AccessDeniedException"):
            callers[name].encrypt(KeyId=key, Plaintext=b"x")


def test_a_boundary_does_not_bound_a_grant_to_the_session(callers, key):
    """Only what it denies; what it merely does not allow passes."""
    give(callers, key, session("bounded"), "Encrypt", "Decrypt")
    blob = callers["bounded"].encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    with refused("AccessDeniedException"):
        callers["bounded"].decrypt(CiphertextBlob=blob)


@pytest.mark.parametrize("constraint, good, bad", [
    ({"EncryptionContextSubset": {"tenant": "42"}},
     [{"tenant": "42"}, {"tenant": "42", "more": ""}],
     [{}, {"tenant": "43"}, {"Tenant": "42"}, {"tenant": ""}]),
    ({"EncryptionContextEquals": {"tenant": "42"}},
     [{"tenant": "42"}], [{}, {"tenant": "42", "more": ""}, {"tenant": "4"}])])
def test_a_constraint_is_held_against_the_context(callers, key, constraint, good, bad):
    give(callers, key, user("nobody"), "Encrypt", "DescribeKey", Constraints=constraint)
    callers["nobody"].describe_key(KeyId=key)
    for context in good:
        callers["nobody"].encrypt(KeyId=key, Plaintext=b"x", EncryptionContext=context)
    for context in bad:
        with refused("AccessDeniedException"):
            callers["nobody"].encrypt(KeyId=key, Plaintext=b"x", EncryptionContext=context)


def test_decrypt_without_a_key_is_decided_on_the_key_of_the_ciphertext(callers, key):
    blob = callers["admin"].encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    give(callers, key, user("nobody"), "Decrypt")
    assert callers["nobody"].decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    # Who may not, is refused before it is known whether the ciphertext is any good.
    broken = blob[:-1] + bytes([blob[-1] ^ 1])
    for name in ("alice", "stranger"):
        with refused("AccessDeniedException"):
            callers[name].decrypt(CiphertextBlob=broken)
    with refused("InvalidCiphertextException"):
        callers["nobody"].decrypt(CiphertextBlob=broken)


def test_a_stolen_token_gives_nobody_anything(callers, key):
    token = give(callers, key, user("nobody"), "Encrypt")["GrantToken"]
    callers["nobody"].encrypt(KeyId=key, Plaintext=b"x", GrantTokens=[token])
    with refused("AccessDeniedException"):
        callers["alice"].encrypt(KeyId=key, Plaintext=b"x", GrantTokens=[token])
    with refused("AccessDeniedException", veiled(callers.arn("stranger"), "Encrypt")):
        callers["stranger"].encrypt(KeyId=key, Plaintext=b"x", GrantTokens=[token])
    with refused("AccessDeniedException"):
        callers["alice"].retire_grant(GrantToken=token)


# --- delegation ------------------------------------------------------------------------

def test_who_creates_by_a_grant_creates_no_wider_one(callers, key):
    give(callers, key, user("nobody"), "CreateGrant", "Encrypt", "Decrypt",
         Constraints={"EncryptionContextSubset": {"tenant": "42"}})
    tenant = {"tenant": "42"}
    narrower = [
        (["Decrypt"], {"EncryptionContextSubset": tenant}),
        (["Encrypt", "Decrypt"], {"EncryptionContextSubset": {**tenant, "app": "a"}}),
        (["Decrypt"], {"EncryptionContextEquals": tenant}),
        (["Decrypt"], {"EncryptionContextEquals": {**tenant, "app": "a"}}),
        (["CreateGrant", "Decrypt"], {"EncryptionContextSubset": tenant})]
    wider = [
        (["Decrypt"], None), (["Decrypt"], {"EncryptionContextSubset": {"app": "a"}}),
        (["Decrypt"], {"EncryptionContextEquals": {"tenant": "43"}}),
        (["GenerateDataKey"], {"EncryptionContextSubset": tenant}),
        (["Decrypt", "DescribeKey"], {"EncryptionContextSubset": tenant})]
    for operations, constraints in narrower:
        give(callers, key, user("div/alice"), *operations, by="nobody",
             Constraints=constraints)
    for operations, constraints in wider:
        more = {"Constraints": constraints} if constraints else {}
        with refused("AccessDeniedException"):
            give(callers, key, user("div/alice"), *operations, by="nobody", **more)


def test_several_grants_do_not_add_up(callers, key):
    give(callers, key, user("nobody"), "CreateGrant", "Encrypt")
    give(callers, key, user("nobody"), "CreateGrant", "Decrypt")
    for operation in ("Encrypt", "Decrypt"):
        give(callers, key, user("div/alice"), operation, by="nobody")
    with refused("AccessDeniedException"):
        give(callers, key, user("div/alice"), "Encrypt", "Decrypt", by="nobody")


def test_a_policy_lets_create_any_grant(callers, key):
    give(callers, key, user("div/alice"), "Decrypt", by="root")


# --- across accounts -------------------------------------------------------------------

def test_a_grant_to_another_account_needs_its_identity_policies_too(callers, key):
    give(callers, key, root(OTHER), "Encrypt")
    callers["stranger"].encrypt(KeyId=key, Plaintext=b"x")
    with refused("AccessDeniedException", denied(
            callers.arn("powerless"), "Encrypt", "on this resource because no "
            "identity-based policy allows the kms:Encrypt action")) as caught:
        callers["powerless"].encrypt(KeyId=key, Plaintext=b"x")
    assert record_of(callers, caught)["decision"].startswith("because no identity-based")


def test_a_grant_made_in_the_callers_account_needs_none(callers, key):
    give(callers, key, root(OTHER), "CreateGrant", "Encrypt")
    callers["stranger"].create_grant(
        KeyId=key, GranteePrincipal=user("powerless", OTHER), Operations=["Encrypt"])
    callers["powerless"].encrypt(KeyId=key, Plaintext=b"x")


# --- many ------------------------------------------------------------------------------

def test_a_grant_among_hundreds_is_found_and_missed_when_it_ends(callers, key):
    def crowd(n):
        give(callers, key, user(f"crowd-{n}"), "Encrypt", "Decrypt")
        return give(callers, key, user("nobody"), "Encrypt", Constraints={
            "EncryptionContextEquals": {"n": str(n)}})["GrantId"]

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        ids = list(pool.map(crowd, range(300)))
    nobody = callers["nobody"]
    for n in (0, 150, 299):
        nobody.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"n": str(n)})
    callers["admin"].revoke_grant(KeyId=key, GrantId=ids[150])
    with refused("AccessDeniedException"):
        nobody.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"n": "150"})
    nobody.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"n": "299"})
