"""CreateGrant, ListGrants, ListRetirableGrants: how grants are made and listed."""

import re
from datetime import timedelta

import pytest

from support.grants import ACCOUNT, ALICE, BOB, OTHER, ROOT, grant, grants_of
from support.refusal import refused, shown


@pytest.fixture
def key_arn(kms):
    return kms.create_key()["KeyMetadata"]["Arn"]


def test_a_grant_is_listed_as_it_was_made(kms, key_arn):
    made = grant(kms, key_arn, operations=["RetireGrant", "Decrypt"], Name="nightly",
                 RetiringPrincipal=BOB,
                 Constraints={"EncryptionContextSubset": {"b": "2", "a": ""}})
    assert set(shown(made)) == {"GrantId", "GrantToken"}
    assert re.fullmatch("[0-9a-f]{64}", made["GrantId"])
    answer = shown(kms.list_grants(KeyId=key_arn))
    date = answer["Grants"][0].pop("CreationDate")
    assert answer == {"Truncated": False, "Grants": [{
        "KeyId": key_arn, "GrantId": made["GrantId"], "Name": "nightly",
        "GranteePrincipal": ALICE, "RetiringPrincipal": BOB, "IssuingAccount": ROOT,
        "Operations": ["Decrypt", "RetireGrant"],
        "Constraints": {"EncryptionContextSubset": {"a": "", "b": "2"}}}]}
    created = kms.describe_key(KeyId=key_arn)["KeyMetadata"]["CreationDate"]
    assert date.microsecond == 0
    assert timedelta(seconds=-1) < date - created < timedelta(minutes=5)


def test_what_was_not_given_is_not_shown(kms, key_arn):
    grant(kms, key_arn)
    entry = kms.list_grants(KeyId=key_arn)["Grants"][0]
    assert set(entry) == {"KeyId", "GrantId", "CreationDate", "GranteePrincipal",
                          "IssuingAccount", "Operations"}


def test_without_a_name_every_call_makes_a_grant(kms, key_arn):
    ids = {grant(kms, key_arn)["GrantId"] for _ in range(3)}
    assert {g["GrantId"] for g in grants_of(kms, key_arn)} == ids and len(ids) == 3


def test_a_repeated_name_gives_the_same_grant_and_another_token(kms, key_arn):
    constraint = {"EncryptionContextEquals": {"a": "1", "b": "2"}}
    first = grant(kms, key_arn, Name="n", operations=["Encrypt", "Decrypt"],
                  Constraints=constraint)
    again = grant(kms, key_arn, Name="n", operations=["Decrypt", "Encrypt", "Decrypt"],
                  Constraints={"EncryptionContextEquals": {"b": "2", "a": "1"}})
    assert again["GrantId"] == first["GrantId"]
    assert again["GrantToken"] != first["GrantToken"]
    assert len(grants_of(kms, key_arn)) == 1
    # Both tokens are the grant's.
    kms.encrypt(KeyId=key_arn, Plaintext=b"x",
                GrantTokens=[first["GrantToken"], again["GrantToken"]])


def test_a_name_with_other_parameters_or_another_key_is_another_grant(kms, key_arn):
    other_key = kms.create_key()["KeyMetadata"]["KeyId"]
    made = [grant(kms, key_arn, Name="n"), grant(kms, other_key, Name="n"),
            grant(kms, key_arn, Name="m"), grant(kms, key_arn, grantee=BOB, Name="n"),
            grant(kms, key_arn, Name="n", RetiringPrincipal=BOB),
            grant(kms, key_arn, Name="n", operations=["Encrypt"]),
            grant(kms, key_arn, Name="n",
                  Constraints={"EncryptionContextEquals": {"a": "b"}}),
            grant(kms, key_arn, Name="n",
                  Constraints={"EncryptionContextSubset": {"a": "b"}})]
    assert len({g["GrantId"] for g in made}) == len(made)


def test_a_named_grant_that_has_ended_is_made_again(kms, key_arn):
    first = grant(kms, key_arn, Name="n")["GrantId"]
    kms.revoke_grant(KeyId=key_arn, GrantId=first)
    assert grant(kms, key_arn, Name="n")["GrantId"] != first


def test_an_account_and_its_root_are_one_principal(kms, key_arn):
    first = grant(kms, key_arn, grantee=OTHER, Name="n", RetiringPrincipal=ACCOUNT)
    again = grant(kms, key_arn, grantee=f"arn:aws:iam::{OTHER}:root", Name="n",
                  RetiringPrincipal=ROOT)
    assert first["GrantId"] == again["GrantId"]
    entry = grants_of(kms, key_arn)[0]
    assert entry["GranteePrincipal"] == f"arn:aws:iam::{OTHER}:root"
    assert entry["RetiringPrincipal"] == ROOT


PRINCIPALS = (
    ALICE, BOB, ROOT, f"arn:aws:iam::{OTHER}:root", f"arn:aws:iam::{ACCOUNT}:role/r",
    f"arn:aws:iam::{ACCOUNT}:role/path/r", f"arn:aws:sts::{ACCOUNT}:assumed-role/r/session",
    f"arn:aws:sts::{ACCOUNT}:federated-user/f", "AIDAEXAMPLE0EXAMPLE0A",
    "AROAEXAMPLE0EXAMPLE0A")


@pytest.mark.parametrize("principal", PRINCIPALS)
def test_these_are_principals(kms, key_arn, principal):
    grant(kms, key_arn, grantee=principal, RetiringPrincipal=principal)
    entry = grants_of(kms, key_arn, GranteePrincipal=principal)[0]
    assert entry["GranteePrincipal"] == entry["RetiringPrincipal"] == principal


NOT_ARNS = (
    f"arn:aws:iam::{ACCOUNT}:group/g", f"arn:aws:iam::{ACCOUNT}:user/",
    f"arn:aws:iam::{ACCOUNT}:user//u", f"arn:aws:iam::{ACCOUNT}:rootx",
    f"arn:aws:iam:us-east-1:{ACCOUNT}:user/u", "arn:aws:iam::1234:user/u",
    f"arn:aws:sts::{ACCOUNT}:assumed-role/path/r/session",
    f"arn:aws:sts::{ACCOUNT}:assumed-role/r", f"arn:aws:organizations::{ACCOUNT}:o/x",
    f"arn:aws:s3::{ACCOUNT}:bucket")


@pytest.mark.parametrize("principal", NOT_ARNS)
def test_a_malformed_arn_is_refused(kms, key_arn, principal):
    text = f"ARN is not valid: {principal}"
    with refused("InvalidArnException", text):
        grant(kms, key_arn, grantee=principal)
    with refused("InvalidArnException", text):
        grant(kms, key_arn, RetiringPrincipal=principal)
    with refused("InvalidArnException", text):
        kms.list_grants(KeyId=key_arn, GranteePrincipal=principal)
    with refused("InvalidArnException", text):
        kms.list_retirable_grants(RetiringPrincipal=principal)
    assert grants_of(kms, key_arn) == []


@pytest.mark.parametrize("text", ["bob", "12345", "sns.amazonaws.com", "AIDAshort"])
def test_a_text_that_is_no_principal_is_refused(kms, key_arn, text):
    with refused("InvalidArnException",
                 "GranteePrincipal does not refer to a valid principal."):
        grant(kms, key_arn, grantee=text)
    with refused("InvalidArnException",
                 "RetiringPrincipal does not refer to a valid principal."):
        grant(kms, key_arn, RetiringPrincipal=text)
    with refused("InvalidArnException", "Input does not refer to a valid principal"):
        kms.list_grants(KeyId=key_arn, GranteePrincipal=text)
    with refused("NotFoundException", f"Retiring principal {text} could not be found"):
        kms.list_retirable_grants(RetiringPrincipal=text)


def test_a_principal_of_another_partition_is_refused(kms, key_arn):
    alien = f"arn:aws-cn:iam::{ACCOUNT}:user/u"
    with refused("InvalidArnException",
                 f"ARN does not refer to a valid principal: {alien}"):
        grant(kms, key_arn, grantee=alien)


def test_the_members_a_grant_needs(kms, key_arn):
    null = ("1 validation error detected: Value null at '{}' failed to satisfy constraint: "
            "Member must not be null")
    with refused("ValidationException", null.format("granteePrincipal")):
        kms.create_grant(KeyId=key_arn, Operations=["Decrypt"])
    with refused("ValidationException", null.format("retiringPrincipal")):
        kms.list_retirable_grants()
    with refused("ValidationException",
                 "Grants must not contain only the CreateGrant operation."):
        grant(kms, key_arn, operations=["CreateGrant"])
    with refused("ValidationException"):
        grant(kms, key_arn, operations=[])
    with refused("ValidationException"):
        grant(kms, key_arn, operations=["decrypt"])
    grant(kms, key_arn, operations=["CreateGrant", "Decrypt"])


def test_services_are_nobody_here(kms, key_arn):
    text = "kmsd does not support {}: no service calls it on its own behalf."
    service = "sns.amazonaws.com"
    with refused("ValidationException", text.format("GranteeServicePrincipal")):
        kms.create_grant(KeyId=key_arn, Operations=["Decrypt"],
                         GranteeServicePrincipal=service)
    with refused("ValidationException", text.format("RetiringServicePrincipal")):
        grant(kms, key_arn, RetiringServicePrincipal=service)
    with refused("ValidationException", text.format("GranteeServicePrincipal")):
        kms.list_grants(KeyId=key_arn, GranteeServicePrincipal=service)
    with refused("ValidationException", text.format("RetiringServicePrincipal")):
        kms.list_retirable_grants(RetiringServicePrincipal=service)
    with refused("ValidationException", text.format("the grant constraint SourceArn")):
        grant(kms, key_arn, Constraints={
            "SourceArn": f"arn:aws:sns:us-east-1:{ACCOUNT}:topic"})


def test_an_operation_that_the_key_cannot_do_is_refused_by_name(kms, key_arn):
    with refused("ValidationException", (
            "Operations [Sign, GetPublicKey] are not supported when creating a grant for a "
            "symmetric KMS key with key usage ENCRYPT_DECRYPT. Valid operations are "
            "[CreateGrant, RetireGrant, DescribeKey, Decrypt, Encrypt, GenerateDataKey, "
            "GenerateDataKeyWithoutPlaintext, GenerateDataKeyPair, "
            "GenerateDataKeyPairWithoutPlaintext, ReEncryptFrom, ReEncryptTo]")):
        grant(kms, key_arn, operations=["Encrypt", "Sign", "GetPublicKey", "Sign"])


@pytest.mark.parametrize("kind", ["EncryptionContextEquals", "EncryptionContextSubset"])
def test_the_limits_of_a_constraint(kms, key_arn, kind):
    eight = {f"k{i}": "é" * 384 for i in range(8)}
    grant(kms, key_arn, Constraints={kind: eight})
    assert grants_of(kms, key_arn)[0]["Constraints"] == {kind: eight}
    with refused("ValidationException", f"{kind} cannot have more than 8 pairs."):
        grant(kms, key_arn, Constraints={kind: {**eight, "k8": ""}})
    with refused("ValidationException",
                 f"A value in {kind} cannot have more than 384 characters."):
        grant(kms, key_arn, Constraints={kind: {"k": "x" * 385}})
    grant(kms, key_arn, Constraints={})
    assert len(grants_of(kms, key_arn)) == 2


def test_a_grant_has_one_constraint(kms, key_arn):
    with refused("ValidationException", "More than one constraint supplied"):
        grant(kms, key_arn, Constraints={"EncryptionContextEquals": {"a": "b"},
                                         "EncryptionContextSubset": {"a": "b"}})


def test_grants_are_made_in_the_states_the_service_allows(kms, key_arn):
    made = grant(kms, key_arn)
    kms.disable_key(KeyId=key_arn)
    with refused("DisabledException", f"{key_arn} is disabled."):
        grant(kms, key_arn)
    kms.schedule_key_deletion(KeyId=key_arn, PendingWindowInDays=7)
    with refused("KMSInvalidStateException", f"{key_arn} is pending deletion."):
        grant(kms, key_arn)
    # Ending one is possible at any time.
    assert [g["GrantId"] for g in grants_of(kms, key_arn)] == [made["GrantId"]]
    kms.retire_grant(GrantToken=made["GrantToken"])
    assert grants_of(kms, key_arn) == []


def test_an_alias_names_no_key_here(kms, key_arn):
    words = "Key Aliases are not supported for this operation."
    for call in (lambda: grant(kms, "alias/x"), lambda: kms.list_grants(KeyId="alias/x"),
                 lambda: kms.revoke_grant(KeyId="alias/x", GrantId="g"),
                 lambda: kms.retire_grant(KeyId="alias/x", GrantId="g")):
        with refused("InvalidArnException", words):
            call()


# --- lists -------------------------------------------------------------------------------

def test_a_grant_is_found_by_its_id_and_by_its_grantee(kms, key_arn):
    one, two = grant(kms, key_arn), grant(kms, key_arn, grantee=BOB)
    assert [g["GrantId"] for g in grants_of(kms, key_arn, GrantId=one["GrantId"])] == [
        one["GrantId"]]
    assert [g["GrantId"] for g in grants_of(kms, key_arn, GranteePrincipal=BOB)] == [
        two["GrantId"]]
    assert grants_of(kms, key_arn, GranteePrincipal=BOB, GrantId=one["GrantId"]) == []
    assert grants_of(kms, key_arn, GranteePrincipal=ROOT) == []
    other = grant(kms, kms.create_key()["KeyMetadata"]["KeyId"])["GrantId"]
    for unknown in (other, "0" * 64, "x"):
        with refused("InvalidGrantIdException", f"Grant ID {unknown} not found"):
            kms.list_grants(KeyId=key_arn, GrantId=unknown)


def test_lists_come_in_pages(kms, key_arn):
    ids = {grant(kms, key_arn, grantee=(ALICE, BOB)[i % 2])["GrantId"] for i in range(7)}
    pages = list(kms.get_paginator("list_grants").paginate(
        KeyId=key_arn, PaginationConfig={"PageSize": 3}))
    assert [len(p["Grants"]) for p in pages] == [3, 3, 1]
    assert [p["Truncated"] for p in pages] == [True, True, False]
    assert {g["GrantId"] for p in pages for g in p["Grants"]} == ids
    assert "NextMarker" not in pages[-1]
    assert len(grants_of(kms, key_arn, GranteePrincipal=BOB)) == 3


def test_a_page_holds_a_hundred_at_most_and_fifty_by_default(kms, key_arn):
    for _ in range(101):
        grant(kms, key_arn)
    assert len(kms.list_grants(KeyId=key_arn)["Grants"]) == 50
    assert len(kms.list_grants(KeyId=key_arn, Limit=1000)["Grants"]) == 100
    assert len(grants_of(kms, key_arn)) == 101
    with refused("ValidationException"):
        kms.list_grants(KeyId=key_arn, Limit=1001)


def test_markers_are_bound_to_their_list(kms, kms_as, key_arn):
    retirer = f"arn:aws:iam::{ACCOUNT}:user/retirer-{key_arn[-12:]}"
    for grantee in (ALICE, ALICE, BOB, BOB):
        grant(kms, key_arn, grantee=grantee, RetiringPrincipal=retirer)
    lists = {
        "all": lambda **m: kms.list_grants(KeyId=key_arn, Limit=1, **m),
        "one": lambda **m: kms.list_grants(KeyId=key_arn, Limit=1, GranteePrincipal=BOB,
                                           **m),
        "retirable": lambda **m: kms.list_retirable_grants(RetiringPrincipal=retirer,
                                                           Limit=1, **m)}
    markers = {name: call()["NextMarker"] for name, call in lists.items()}
    for name, call in lists.items():
        for origin, marker in markers.items():
            if origin == name:
                assert len(call(Marker=marker)["Grants"]) == 1
            else:
                with refused("InvalidMarkerException", ""):
                    call(Marker=marker)


def test_retirable_grants_are_those_of_one_principal_across_keys_and_accounts(kms, kms_as):
    retirer = f"arn:aws:iam::{OTHER}:role/closer"
    theirs = kms_as(account=OTHER)
    keys = [kms.create_key()["KeyMetadata"]["Arn"], kms.create_key()["KeyMetadata"]["Arn"],
            theirs.create_key()["KeyMetadata"]["Arn"]]
    made = [grant(kms, keys[0], RetiringPrincipal=retirer),
            grant(kms, keys[1], RetiringPrincipal=retirer),
            grant(theirs, keys[2], RetiringPrincipal=retirer)]
    grant(kms, keys[0], grantee=retirer, RetiringPrincipal=OTHER)
    listed = theirs.list_retirable_grants(RetiringPrincipal=retirer)
    assert {(g["KeyId"], g["GrantId"]) for g in listed["Grants"]} == {
        (key, g["GrantId"]) for key, g in zip(keys, made)}
    assert {g["IssuingAccount"] for g in listed["Grants"]} == {
        ROOT, f"arn:aws:iam::{OTHER}:root"}
    assert listed["Truncated"] is False
    elsewhere = kms_as(account=OTHER, region="eu-west-1")
    assert elsewhere.list_retirable_grants(RetiringPrincipal=retirer)["Grants"] == []
    with refused("AccessDeniedException"):
        kms.list_retirable_grants(RetiringPrincipal=retirer)
