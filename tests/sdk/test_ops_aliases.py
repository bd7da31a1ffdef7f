"""CreateAlias, UpdateAlias, DeleteAlias, ListAliases."""

from datetime import datetime, timedelta, timezone

import pytest

from support import clients
from support.refusal import refused, shown

PREFIX = ('Alias must start with the prefix "alias/". Please see '
          "https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html")


def arn_of(name, account="111122223333"):
    return f"arn:aws:kms:us-east-1:{account}:{name}"


@pytest.fixture
def alias(kms, key_id):
    name = f"alias/a-{key_id}"
    answer = kms.create_alias(AliasName=name, TargetKeyId=key_id)
    assert shown(answer) == {}
    return name


def test_an_alias_is_listed_with_these_members(kms, key_id, alias):
    answer = kms.list_aliases(KeyId=key_id)
    assert set(shown(answer)) == {"Aliases", "Truncated"}
    assert answer["Truncated"] is False
    (entry,) = answer["Aliases"]
    assert set(entry) == {"AliasName", "AliasArn", "TargetKeyId", "CreationDate",
                          "LastUpdatedDate"}
    assert entry["AliasName"] == alias
    assert entry["AliasArn"] == arn_of(alias)
    assert entry["TargetKeyId"] == key_id
    assert entry["CreationDate"] == entry["LastUpdatedDate"]
    assert abs(entry["CreationDate"] - datetime.now(timezone.utc)) < timedelta(days=1)


def test_a_name_belongs_to_one_account_and_region(kms, kms_as, alias):
    with refused("AlreadyExistsException",
                 f"An alias with the name {arn_of(alias)} already exists"):
        kms.create_alias(AliasName=alias,
                         TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])
    for other in (kms_as(region="eu-west-1"), kms_as(account="222233334444")):
        key = other.create_key()["KeyMetadata"]["KeyId"]
        other.create_alias(AliasName=alias, TargetKeyId=key)
        assert other.describe_key(KeyId=alias)["KeyMetadata"]["KeyId"] == key
        other.delete_alias(AliasName=alias)
    assert kms.describe_key(KeyId=alias)


def test_an_alias_in_use_moves_and_goes_at_once_and_only_in_its_place(kms, kms_as):
    """What is remembered of an alias ends with the answer to the change."""
    places = [kms, kms_as(region="eu-west-1"), kms_as(account="222233334444")]
    keys = [[place.create_key()["KeyMetadata"]["KeyId"] for _ in range(2)]
            for place in places]
    points = [0, 0, 0]

    def check():
        for place, (first, second), n in zip(places, keys, points):
            wanted = (first, second)[n]
            for _ in range(2):
                used = place.encrypt(KeyId="alias/in-use", Plaintext=b"x")
                assert used["KeyId"].endswith(wanted)
                assert place.decrypt(CiphertextBlob=used["CiphertextBlob"],
                                     KeyId="alias/in-use")["Plaintext"] == b"x"

    for place, (first, _) in zip(places, keys):
        place.create_alias(AliasName="alias/in-use", TargetKeyId=first)
    check()
    for round_ in range(4):
        n = round_ % 3
        points[n] = 1 - points[n]
        places[n].update_alias(AliasName="alias/in-use", TargetKeyId=keys[n][points[n]])
        check()
    for n, place in enumerate(places):
        place.delete_alias(AliasName="alias/in-use")
        with refused("NotFoundException"):
            place.encrypt(KeyId="alias/in-use", Plaintext=b"x")
        points[n] = 1
        place.create_alias(AliasName="alias/in-use", TargetKeyId=keys[n][1])
        check()
    for place in places:
        place.delete_alias(AliasName="alias/in-use")


def test_names_are_case_sensitive(kms, key_id, alias):
    kms.create_alias(AliasName=alias.replace("a-", "A-", 1), TargetKeyId=key_id)
    assert len(kms.list_aliases(KeyId=key_id)["Aliases"]) == 2


@pytest.mark.parametrize("name, code, message", [
    ("app", "ValidationException", PREFIX),
    ("Alias/app", "ValidationException", PREFIX),
    ("alias/", "ValidationException", "Invalid identifier"),
    ("alias/aws/s3", "NotAuthorizedException", ""),
    ("alias/a:b", "ValidationException", "alias/a:b contains invalid characters for an alias"),
    ("alias/ü", "ValidationException",
     "1 validation error detected: Value 'alias/ü' at 'aliasName' failed to satisfy "
     "constraint: Member must satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$"),
])
def test_a_bad_name_is_refused_by_all_three(kms, key_id, name, code, message):
    for call in (lambda: kms.create_alias(AliasName=name, TargetKeyId=key_id),
                 lambda: kms.update_alias(AliasName=name, TargetKeyId=key_id),
                 lambda: kms.delete_alias(AliasName=name)):
        with refused(code, message):
            call()


def test_a_name_of_256_characters_is_the_longest(kms, key_id):
    name = "alias/" + "n" * 250
    kms.create_alias(AliasName=name, TargetKeyId=key_id)
    assert kms.describe_key(KeyId=name)["KeyMetadata"]["KeyId"] == key_id
    kms.delete_alias(AliasName=name)
    with refused("ValidationException"):
        kms.create_alias(AliasName=name + "n", TargetKeyId=key_id)


def test_an_alias_of_an_alias_is_refused(kms, alias):
    for target in (alias, arn_of(alias)):
        for call in (kms.create_alias, kms.update_alias):
            with refused("ValidationException", "Aliases must refer to keys. Not aliases"):
                call(AliasName="alias/second", TargetKeyId=target)


def test_the_target_has_to_be_there(kms, alias):
    missing = "01234567-89ab-cdef-0123-456789abcdef"
    for call in (lambda: kms.create_alias(AliasName="alias/x", TargetKeyId=missing),
                 lambda: kms.update_alias(AliasName=alias, TargetKeyId=missing)):
        with refused("NotFoundException", f"Key '{arn_of('key/' + missing)}' does not exist"):
            call()


def test_update_moves_the_alias_and_its_date(kmsd_own):
    kms = clients.plain(kmsd_own)
    one, two = (kms.create_key()["KeyMetadata"]["KeyId"] for _ in range(2))
    kmsd_own.clock(freeze=True)
    kms.create_alias(AliasName="alias/app", TargetKeyId=one)
    kmsd_own.clock(advance_s=60)
    kms = clients.plain(kmsd_own)
    assert shown(kms.update_alias(AliasName="alias/app", TargetKeyId=two)) == {}
    assert kms.list_aliases(KeyId=one)["Aliases"] == []
    (entry,) = kms.list_aliases(KeyId=two)["Aliases"]
    assert entry["LastUpdatedDate"] - entry["CreationDate"] == timedelta(seconds=60)
    assert kms.describe_key(KeyId="alias/app")["KeyMetadata"]["KeyId"] == two


def test_update_and_delete_need_an_alias_that_is_there(kms, key_id):
    message = f"Alias {arn_of('alias/not-there')} is not found."
    with refused("NotFoundException", message):
        kms.update_alias(AliasName="alias/not-there", TargetKeyId=key_id)
    with refused("NotFoundException", message):
        kms.delete_alias(AliasName="alias/not-there")


def test_a_deleted_alias_is_gone_and_its_key_stays(kms, key_id, alias):
    assert shown(kms.delete_alias(AliasName=alias)) == {}
    with refused("NotFoundException", f"Alias {arn_of(alias)} is not found."):
        kms.describe_key(KeyId=alias)
    assert kms.list_aliases(KeyId=key_id)["Aliases"] == []
    assert kms.describe_key(KeyId=key_id)["KeyMetadata"]["KeyState"] == "Enabled"


def test_fifty_aliases_a_key_and_no_more(kms, key_id):
    for i in range(50):
        kms.create_alias(AliasName=f"alias/fifty/{key_id}/{i}", TargetKeyId=key_id)
    full = "Aliases per key quota for this account in this region is 50, current usage is 50."
    with refused("LimitExceededException", full):
        kms.create_alias(AliasName=f"alias/fifty/{key_id}/50", TargetKeyId=key_id)
    other = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName=f"alias/fifty/{other}", TargetKeyId=other)
    with refused("LimitExceededException", full):
        kms.update_alias(AliasName=f"alias/fifty/{other}", TargetKeyId=key_id)
    # Pointing an alias where it points already needs no room.
    kms.update_alias(AliasName=f"alias/fifty/{key_id}/7", TargetKeyId=key_id)
    kms.update_alias(AliasName=f"alias/fifty/{key_id}/7", TargetKeyId=other)
    kms.create_alias(AliasName=f"alias/fifty/{key_id}/50", TargetKeyId=key_id)


def test_aliases_page_by_key_and_by_account(kms_as):
    kms = kms_as(account="333344445555")
    one, two = (kms.create_key()["KeyMetadata"]["KeyId"] for _ in range(2))
    names = {f"alias/p{i}": (one, two)[i % 2] for i in range(7)}
    for name, key in names.items():
        kms.create_alias(AliasName=name, TargetKeyId=key)
    pages = kms.get_paginator("list_aliases")
    listed = [e for page in pages.paginate(PaginationConfig={"PageSize": 2})
              for e in page["Aliases"]]
    assert {e["AliasName"]: e["TargetKeyId"] for e in listed} == names
    assert len(listed) == len(names)
    mine = [e["AliasName"]
            for page in pages.paginate(KeyId=one, PaginationConfig={"PageSize": 1})
            for e in page["Aliases"]]
    assert sorted(mine) == sorted(n for n, k in names.items() if k == one)
    assert len(kms.list_aliases(Limit=1000)["Aliases"]) == 7
