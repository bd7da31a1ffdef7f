"""The five operations about rotation. A year of it by the clock: test_schedules.py."""

import re
from datetime import datetime, timedelta, timezone

import pytest

from support import clients
from support.daemon import wait_for
from support.rawhttp import call
from support.refusal import refused, shown


def arn_of(key):
    return f"arn:aws:kms:us-east-1:111122223333:key/{key}"


def status(kms, key):
    return shown(kms.get_key_rotation_status(KeyId=key))


def rotations(kms, key, **more):
    pages = kms.get_paginator("list_key_rotations").paginate(KeyId=key, **more)
    return [entry for page in pages for entry in page["Rotations"]]


class Clocked:
    """A key of its own daemon, whose clock stands still unless it is moved."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.start = datetime.fromtimestamp(daemon.clock(freeze=True), timezone.utc)
        self.kms = clients.plain(daemon)
        self.key = self.kms.create_key()["KeyMetadata"]["KeyId"]

    def go(self, **delta):
        self.daemon.clock(advance_s=timedelta(**delta).total_seconds())
        self.kms = clients.plain(self.daemon)

    def after(self, days):
        return self.start + timedelta(days=days)


@pytest.fixture
def clocked(kmsd_own):
    # A whole second, so that dates compare exactly.
    kmsd_own.clock(freeze=True)
    kmsd_own.clock(set=1893456000)
    return Clocked(kmsd_own)


def test_a_new_key_does_not_rotate_and_shows_nothing_else(kms, key_id):
    assert status(kms, key_id) == {"KeyId": arn_of(key_id), "KeyRotationEnabled": False}
    assert shown(kms.list_key_rotations(KeyId=key_id)) == {
        "Rotations": [], "Truncated": False}


def test_enabling_shows_period_and_date_and_disabling_hides_them(clocked):
    kms, key = clocked.kms, clocked.key
    assert shown(kms.enable_key_rotation(KeyId=key)) == {}
    assert status(kms, key) == {
        "KeyId": arn_of(key), "KeyRotationEnabled": True, "RotationPeriodInDays": 365,
        "NextRotationDate": clocked.after(365)}
    assert shown(kms.disable_key_rotation(KeyId=key)) == {}
    assert status(kms, key) == {"KeyId": arn_of(key), "KeyRotationEnabled": False}
    kms.disable_key_rotation(KeyId=key)


def test_the_same_period_or_none_leaves_the_schedule(clocked):
    clocked.kms.enable_key_rotation(KeyId=clocked.key, RotationPeriodInDays=180)
    clocked.go(days=10)
    for more in ({}, {"RotationPeriodInDays": 180}):
        clocked.kms.enable_key_rotation(KeyId=clocked.key, **more)
        now = status(clocked.kms, clocked.key)
        assert now["RotationPeriodInDays"] == 180
        assert now["NextRotationDate"] == clocked.after(180)


def test_another_period_starts_the_schedule_afresh(clocked):
    clocked.kms.enable_key_rotation(KeyId=clocked.key, RotationPeriodInDays=180)
    clocked.go(days=10)
    clocked.kms.enable_key_rotation(KeyId=clocked.key, RotationPeriodInDays=90)
    now = status(clocked.kms, clocked.key)
    assert (now["RotationPeriodInDays"], now["NextRotationDate"]) == (90, clocked.after(100))


def test_disabling_forgets_the_period(clocked):
    clocked.kms.enable_key_rotation(KeyId=clocked.key, RotationPeriodInDays=90)
    clocked.kms.disable_key_rotation(KeyId=clocked.key)
    clocked.go(days=1)
    clocked.kms.enable_key_rotation(KeyId=clocked.key)
    now = status(clocked.kms, clocked.key)
    assert (now["RotationPeriodInDays"], now["NextRotationDate"]) == (365, clocked.after(366))


@pytest.mark.parametrize("days, rule", [(89, "greater than or equal to 90"),
                                        (2561, "less than or equal to 2560")])
def test_a_period_is_90_to_2560_days(kms, kmsd_dev, key_id, days, rule):
    # Not through boto3, which refuses the shorter one itself.
    answer = call(kmsd_dev.http_port, "EnableKeyRotation",
                  {"KeyId": key_id, "RotationPeriodInDays": days})
    assert (answer.status, answer.type, answer.message) == (
        400, "ValidationException",
        f"1 validation error detected: Value '{days}' at 'rotationPeriodInDays' failed to "
        f"satisfy constraint: Member must have value {rule}")
    assert status(kms, key_id)["KeyRotationEnabled"] is False
    for fine in (90, 2560):
        kms.enable_key_rotation(KeyId=key_id, RotationPeriodInDays=fine)


def test_a_disabled_key_keeps_its_settings_and_takes_no_changes(kms, key_id):
    kms.enable_key_rotation(KeyId=key_id)
    before = status(kms, key_id)
    kms.disable_key(KeyId=key_id)
    assert status(kms, key_id) == before
    for change in (kms.enable_key_rotation, kms.disable_key_rotation,
                   kms.rotate_key_on_demand):
        with refused("DisabledException", f"{arn_of(key_id)} is disabled."):
            change(KeyId=key_id)
    assert kms.list_key_rotations(KeyId=key_id)["Rotations"] == []


def test_a_disabled_key_whose_rotation_is_not_overdue_resumes_the_old_schedule(clocked):
    clocked.kms.enable_key_rotation(KeyId=clocked.key, RotationPeriodInDays=90)
    clocked.kms.disable_key(KeyId=clocked.key)
    clocked.go(days=50)
    clocked.kms.enable_key(KeyId=clocked.key)
    assert status(clocked.kms, clocked.key)["NextRotationDate"] == clocked.after(90)
    clocked.go(days=40)
    (entry,) = rotations(clocked.kms, clocked.key)
    assert entry["RotationDate"] == clocked.after(90)


def test_an_overdue_key_rotates_at_once_when_enabled_and_restarts_its_period(clocked):
    clocked.kms.enable_key_rotation(KeyId=clocked.key, RotationPeriodInDays=90)
    clocked.kms.disable_key(KeyId=clocked.key)
    clocked.go(days=300)
    assert rotations(clocked.kms, clocked.key) == []
    clocked.kms.enable_key(KeyId=clocked.key)
    (entry,) = wait_for("the rotation", lambda: rotations(clocked.kms, clocked.key))
    assert entry["RotationDate"] == clocked.after(300)
    assert entry["RotationType"] == "AUTOMATIC"
    assert status(clocked.kms, clocked.key)["NextRotationDate"] == clocked.after(390)


def test_a_pending_deletion_hides_rotation_and_cancelling_shows_it_again(kms, key_id):
    kms.enable_key_rotation(KeyId=key_id, RotationPeriodInDays=90)
    before = status(kms, key_id)
    kms.schedule_key_deletion(KeyId=key_id)
    assert status(kms, key_id) == {"KeyId": arn_of(key_id), "KeyRotationEnabled": False}
    kms.cancel_key_deletion(KeyId=key_id)
    assert status(kms, key_id) == before


def test_rotation_on_demand_gives_new_material_and_keeps_the_old(kms, key_id):
    first = kms.describe_key(KeyId=key_id)["KeyMetadata"]["CurrentKeyMaterialId"]
    old = kms.encrypt(KeyId=key_id, Plaintext=b"old")["CiphertextBlob"]
    assert shown(kms.rotate_key_on_demand(KeyId=key_id)) == {"KeyId": arn_of(key_id)}
    (entry,) = wait_for("the rotation", lambda: rotations(kms, key_id))
    assert entry.keys() == {"KeyId", "KeyMaterialId", "KeyMaterialState", "RotationDate",
                            "RotationType"}
    assert entry["KeyId"] == arn_of(key_id)
    assert entry["RotationType"] == "ON_DEMAND"
    assert entry["KeyMaterialState"] == "CURRENT"
    now = kms.describe_key(KeyId=key_id)["KeyMetadata"]["CurrentKeyMaterialId"]
    assert now == entry["KeyMaterialId"] != first
    assert re.fullmatch("[0-9a-f]{64}", now)
    new = kms.encrypt(KeyId=key_id, Plaintext=b"new")["CiphertextBlob"]
    for blob, plain, material in ((old, b"old", first), (new, b"new", now)):
        opened = kms.decrypt(CiphertextBlob=blob)
        assert (opened["Plaintext"], opened["KeyMaterialId"]) == (plain, material)
    assert status(kms, key_id) == {"KeyId": arn_of(key_id), "KeyRotationEnabled": False}


def test_all_key_material_begins_with_the_first(kms, key_id):
    first = kms.describe_key(KeyId=key_id)["KeyMetadata"]["CurrentKeyMaterialId"]
    assert rotations(kms, key_id, IncludeKeyMaterial="ALL_KEY_MATERIAL") == [
        {"KeyId": arn_of(key_id), "KeyMaterialId": first, "KeyMaterialState": "CURRENT"}]
    kms.rotate_key_on_demand(KeyId=key_id)
    wait_for("the rotation", lambda: rotations(kms, key_id))
    all_ = rotations(kms, key_id, IncludeKeyMaterial="ALL_KEY_MATERIAL")
    assert all_[0] == {"KeyId": arn_of(key_id), "KeyMaterialId": first,
                       "KeyMaterialState": "NON_CURRENT"}
    assert all_[1:] == rotations(kms, key_id, IncludeKeyMaterial="ROTATIONS_ONLY")


def test_the_automatic_schedule_is_untouched_by_rotation_on_demand(clocked):
    clocked.kms.enable_key_rotation(KeyId=clocked.key, RotationPeriodInDays=90)
    clocked.go(days=10)
    clocked.kms.rotate_key_on_demand(KeyId=clocked.key)
    wait_for("the rotation", lambda: rotations(clocked.kms, clocked.key))
    now = status(clocked.kms, clocked.key)
    assert now["NextRotationDate"] == clocked.after(90)
    assert "OnDemandRotationStartDate" not in now


def test_rotation_on_demand_conflicts_with_an_automatic_one_within_20_minutes(clocked):
    clocked.kms.enable_key_rotation(KeyId=clocked.key, RotationPeriodInDays=90)
    clocked.go(days=90, minutes=-20)
    with refused("ConflictException"):
        clocked.kms.rotate_key_on_demand(KeyId=clocked.key)
    clocked.go(minutes=20)
    assert len(rotations(clocked.kms, clocked.key)) == 1
    clocked.kms.rotate_key_on_demand(KeyId=clocked.key)
    wait_for("the rotation", lambda: len(rotations(clocked.kms, clocked.key)) == 2)


def test_twenty_five_rotations_on_demand_and_no_more(kms, key_id):
    for n in range(1, 26):
        kms.rotate_key_on_demand(KeyId=key_id)
        wait_for("the rotation", lambda n=n: len(rotations(kms, key_id)) == n)
    with refused("LimitExceededException",
                 "The on-demand rotations limit has been reached for the given keyId. No "
                 "more on-demand rotations can be performed for this key: "
                 f"{arn_of(key_id)}"):
        kms.rotate_key_on_demand(KeyId=key_id)
    # Oldest first, and paged.
    seen = rotations(kms, key_id)
    assert [r["RotationDate"] for r in seen] == sorted(r["RotationDate"] for r in seen)
    assert [r["KeyMaterialState"] for r in seen] == ["NON_CURRENT"] * 24 + ["CURRENT"]
    first = kms.list_key_rotations(KeyId=key_id, Limit=10)
    assert set(shown(first)) == {"Rotations", "Truncated", "NextMarker"}
    assert rotations(kms, key_id, PaginationConfig={"PageSize": 10}) == seen
    assert rotations(kms, key_id, PaginationConfig={"PageSize": 25}) == seen
    everything = rotations(kms, key_id, IncludeKeyMaterial="ALL_KEY_MATERIAL",
                           PaginationConfig={"PageSize": 7})
    assert everything[1:] == seen
    with refused("InvalidMarkerException", ""):
        kms.list_key_rotations(KeyId=key_id, IncludeKeyMaterial="ALL_KEY_MATERIAL",
                               Marker=first["NextMarker"])


def test_rotation_on_demand_completes_although_the_key_is_disabled_or_doomed(kms):
    for then in ("disable_key", "schedule_key_deletion"):
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        kms.rotate_key_on_demand(KeyId=key)
        getattr(kms, then)(KeyId=key)
        wait_for("the rotation", lambda key=key: rotations(kms, key))
