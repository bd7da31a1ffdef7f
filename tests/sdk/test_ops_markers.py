"""Markers: opaque, and good for the list that gave them out and for no other."""

import base64

import pytest

from support.refusal import refused


@pytest.fixture(scope="module")
def world(kms_as):
    """An account with enough of everything to make each list go on."""
    kms = kms_as(account="121212121212")
    keys = [kms.create_key(Tags=[{"TagKey": f"t{i}", "TagValue": ""} for i in range(3)])[
        "KeyMetadata"]["KeyId"] for _ in range(3)]
    for i in range(3):
        kms.create_alias(AliasName=f"alias/m{i}", TargetKeyId=keys[0])
        kms.create_alias(AliasName=f"alias/n{i}", TargetKeyId=keys[1])
    return kms, keys


def lists(kms, keys):
    """Every listing as a function of its marker."""
    return {
        "keys": lambda **m: kms.list_keys(Limit=1, **m),
        "aliases": lambda **m: kms.list_aliases(Limit=1, **m),
        "aliases of one": lambda **m: kms.list_aliases(KeyId=keys[0], Limit=1, **m),
        "aliases of another": lambda **m: kms.list_aliases(KeyId=keys[1], Limit=1, **m),
        "tags of one": lambda **m: kms.list_resource_tags(KeyId=keys[0], Limit=1, **m),
        "tags of another": lambda **m: kms.list_resource_tags(KeyId=keys[1], Limit=1, **m),
    }


def test_a_marker_is_good_for_its_own_list_only(world):
    kms, keys = world
    markers = {name: call()["NextMarker"] for name, call in lists(kms, keys).items()}
    for name, call in lists(kms, keys).items():
        for origin, marker in markers.items():
            if origin == name:
                assert call(Marker=marker)
            else:
                with refused("InvalidMarkerException", ""):
                    call(Marker=marker)


def test_a_marker_is_good_in_its_own_account_and_region_only(world, kms_as):
    kms, keys = world
    marker = kms.list_keys(Limit=1)["NextMarker"]
    for other in (kms_as(account="131313131313"),
                  kms_as(account="121212121212", region="eu-west-1")):
        with refused("InvalidMarkerException", ""):
            other.list_keys(Limit=1, Marker=marker)


def test_a_garbled_marker_is_refused(world):
    kms, _ = world
    marker = kms.list_keys(Limit=1)["NextMarker"]
    raw = base64.b64decode(marker)
    garbled = [base64.b64encode(raw[:i] + bytes([raw[i] ^ 1]) + raw[i + 1:]).decode()
               for i in range(len(raw))]
    garbled += ["x", "=", "AAAA", marker[:-4], marker + "AAAA", marker.lower(), " " + marker,
                base64.b64encode(raw[:16]).decode(), "é" * 10, "A" * 1024]
    for text in garbled:
        if text != marker:
            with refused("InvalidMarkerException", ""):
                kms.list_keys(Limit=1, Marker=text)


def test_a_marker_reads_the_same_twice_and_goes_on_after_its_entry_is_gone(world):
    kms, _ = world
    first = kms.list_aliases(Limit=1)
    again = kms.list_aliases(Limit=1)
    assert first["NextMarker"] == again["NextMarker"]
    kms.delete_alias(AliasName=first["Aliases"][0]["AliasName"])
    rest = kms.list_aliases(Marker=first["NextMarker"])["Aliases"]
    assert first["Aliases"][0] not in rest and len(rest) == 5


def test_an_exact_page_is_the_last(world):
    kms, keys = world
    page = kms.list_resource_tags(KeyId=keys[2], Limit=3)
    assert page["Truncated"] is False and "NextMarker" not in page
