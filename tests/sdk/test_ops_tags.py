"""TagResource, UntagResource, ListResourceTags, and tags given to CreateKey."""

import pytest

from support.refusal import refused, shown


def tag(key, value="v"):
    return {"TagKey": key, "TagValue": value}


def tags_of(kms, key):
    pages = kms.get_paginator("list_resource_tags").paginate(KeyId=key)
    return {t["TagKey"]: t["TagValue"] for page in pages for t in page["Tags"]}


def test_a_key_without_tags_lists_none(kms, key_id):
    assert shown(kms.list_resource_tags(KeyId=key_id)) == {"Tags": [], "Truncated": False}


def test_tags_are_set_at_creation_replaced_added_and_removed(kms):
    key = kms.create_key(Tags=[tag("team", "red"), tag("cost", "7")])["KeyMetadata"]["KeyId"]
    assert tags_of(kms, key) == {"team": "red", "cost": "7"}
    assert shown(kms.tag_resource(KeyId=key, Tags=[tag("team", "blue"), tag("new", "")])) == {}
    assert tags_of(kms, key) == {"team": "blue", "cost": "7", "new": ""}
    assert shown(kms.untag_resource(KeyId=key, TagKeys=["cost", "never-there"])) == {}
    assert tags_of(kms, key) == {"team": "blue", "new": ""}
    entry = kms.list_resource_tags(KeyId=key)["Tags"][0]
    assert set(entry) == {"TagKey", "TagValue"}


def test_names_are_case_sensitive_and_may_be_any_text(kms, key_id):
    kms.tag_resource(KeyId=key_id, Tags=[tag("a"), tag("A"), tag("é ü/=+-@:_.", "ñ")])
    assert tags_of(kms, key_id) == {"a": "v", "A": "v", "é ü/=+-@:_.": "ñ"}


REFUSED = [
    ([tag("a"), tag("a", "w")], "Duplicate tag keys"),
    ([tag(f"k{i}") for i in range(51)], "Too many tags"),
    ([tag("aws:x")], "Tags beginning with aws: are reserved"),
    ([tag("AWS:x")], "Tags beginning with aws: are reserved"),
    ([tag("ok"), tag("aWs:cloudformation:stack")], "Tags beginning with aws: are reserved")]


@pytest.mark.parametrize("tags, message", REFUSED)
def test_these_tags_are_refused_and_change_nothing(kms, key_id, tags, message):
    with refused("TagException", message):
        kms.tag_resource(KeyId=key_id, Tags=tags)
    assert tags_of(kms, key_id) == {}
    with refused("TagException", message):
        kms.create_key(Tags=tags)


def test_fifty_tags_a_key_and_no_more(kms):
    key = kms.create_key(Tags=[tag(f"k{i}") for i in range(50)])["KeyMetadata"]["KeyId"]
    with refused("TagException", "Too many tags"):
        kms.tag_resource(KeyId=key, Tags=[tag("k7", "changed"), tag("one-more")])
    assert tags_of(kms, key) == {f"k{i}": "v" for i in range(50)}
    kms.tag_resource(KeyId=key, Tags=[tag("k7", "changed")])
    assert tags_of(kms, key)["k7"] == "changed"


def test_lengths_are_told_with_the_place_of_the_tag(kms, key_id):
    with refused("ValidationException",
                 f"1 validation error detected: Value '{'k' * 129}' at 'tags.2.member.tagKey' "
                 "failed to satisfy constraint: Member must have length less than or equal "
                 "to 128"):
        kms.tag_resource(KeyId=key_id, Tags=[tag("a"), tag("k" * 129)])
    with refused("ValidationException",
                 f"1 validation error detected: Value '{'v' * 257}' at "
                 "'tags.1.member.tagValue' failed to satisfy constraint: Member must have "
                 "length less than or equal to 256"):
        kms.create_key(Tags=[tag("a", "v" * 257)])
    kms.tag_resource(KeyId=key_id, Tags=[tag("k" * 128, "v" * 256)])


def test_tags_page(kms):
    names = [f"k{i:02}" for i in range(7)]
    key = kms.create_key(Tags=[tag(n) for n in names])["KeyMetadata"]["KeyId"]
    first = kms.list_resource_tags(KeyId=key, Limit=3)
    assert set(shown(first)) == {"Tags", "Truncated", "NextMarker"}
    assert first["Truncated"] is True and len(first["Tags"]) == 3
    pages = kms.get_paginator("list_resource_tags").paginate(
        KeyId=key, PaginationConfig={"PageSize": 3})
    seen = [[t["TagKey"] for t in page["Tags"]] for page in pages]
    assert [len(page) for page in seen] == [3, 3, 1]
    assert sorted(sum(seen, [])) == names


def test_a_disabled_key_can_be_tagged(kms, key_id):
    kms.disable_key(KeyId=key_id)
    kms.tag_resource(KeyId=key_id, Tags=[tag("a")])
    kms.untag_resource(KeyId=key_id, TagKeys=["a"])
