"""Thousands of grants on one key: each counts for its grantee, and ends at once."""

import pytest

from support import audit
from support.callers import user
from support.crowd import Crowd, name_of, tenant
from support.denial import denied

N = 5000
ASKED = (0, 1, N // 2, N - 2, N - 1)


@pytest.fixture(scope="module")
def crowd(shared_workshop):
    return Crowd(lambda args: shared_workshop.dev(args=args), shared_workshop.directory(),
                 [*map(name_of, ASKED), "nobody", "hoarder"])


@pytest.fixture(scope="module")
def crowded(crowd):
    """(key, grant ids by number of the grantee)."""
    key = crowd.key()
    return key, crowd.grant(key, map(name_of, range(N)))


def refused(who, key):
    return denied(user(who), "Encrypt", f"on resource: {key} because no identity-based "
                  "policy allows the kms:Encrypt action")


@pytest.mark.slow
def test_each_grantee_is_allowed_by_its_own_grant_and_others_by_none(crowd, crowded):
    key, ids = crowded
    assert len(set(ids)) == N
    for n in ASKED:
        answer = crowd.encrypts(name_of(n), key)
        record = audit.by_request(crowd.daemon.data_dir, answer.request)
        assert not answer.code and record["decision"] == f"grant {ids[n]}"
    answer = crowd.encrypts("nobody", key)
    assert answer.code == "AccessDeniedException" and answer.words == refused("nobody", key)


@pytest.mark.parametrize("limit", [100, 37])
def test_every_grant_is_listed_once(crowd, crowded, limit):
    key, ids = crowded
    pages = list(crowd.pages(key, limit))
    assert all(len(page) == limit for page in pages[:-1])
    seen = [(g["GrantId"], g["GranteePrincipal"]) for page in pages for g in page]
    assert len(seen) == N
    assert dict(seen) == {ids[n]: user(name_of(n)) for n in range(N)}


def test_a_grant_of_thousands_ends_at_once_and_alone(crowd, crowded):
    key, ids = crowded
    for n in ASKED[1:4]:
        who = name_of(n)
        assert not crowd.encrypts(who, key).code
        crowd.wire.make("RevokeGrant", {"KeyId": key, "GrantId": ids[n]})
        assert crowd.encrypts(who, key).words == refused(who, key)
        assert not crowd.encrypts(name_of(0), key).code
        assert not crowd.encrypts(name_of(N - 1), key).code
        ids[n] = crowd.grant(key, [who])[0]
        assert not crowd.encrypts(who, key).code


def test_of_thousands_for_one_caller_the_one_for_the_tenant_decides(crowd):
    key = crowd.key()
    ids = crowd.grant(key, ["hoarder"] * 1200, tenants=True)
    for n in (0, 1, 599, 1198, 1199):
        for context in (tenant(n), {**tenant(n), "more": "x", "Tenant": "0"}):
            answer = crowd.encrypts("hoarder", key, EncryptionContext=context)
            record = audit.by_request(crowd.daemon.data_dir, answer.request)
            assert not answer.code and record["decision"] == f"grant {ids[n]}"
    for context in ({}, tenant(1200), {"Tenant": "7"}, {"7": "tenant"}, {"tenant7": ""}):
        answer = crowd.encrypts("hoarder", key, EncryptionContext=context)
        assert answer.words == refused("hoarder", key)
    crowd.wire.make("RevokeGrant", {"KeyId": key, "GrantId": ids[599]})
    answer = crowd.encrypts("hoarder", key, EncryptionContext=tenant(599))
    assert answer.words == refused("hoarder", key)
    assert not crowd.encrypts("hoarder", key, EncryptionContext=tenant(598)).code


def test_one_who_has_thousands_loses_the_last_one_at_once(crowd):
    key = crowd.key()
    ids = crowd.grant(key, ["hoarder"] * 1200)
    for half in (ids[:600], ids[600:]):
        answer = crowd.encrypts("hoarder", key)
        record = audit.by_request(crowd.daemon.data_dir, answer.request)
        assert record["decision"].removeprefix("grant ") in ids
        for grant in half:
            crowd.wire.make("RevokeGrant", {"KeyId": key, "GrantId": grant})
    assert crowd.encrypts("hoarder", key).words == refused("hoarder", key)
