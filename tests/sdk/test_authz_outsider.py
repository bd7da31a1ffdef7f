"""An outsider cannot tell a key that is missing from one that is forbidden.

Not by the answer: status, headers and body are the same bytes. Nor by its time: both are
held for as long (lib/dispatch/veil.h; tests/bench/outsider.py shows how well). What a caller
of the key's own account hears is the service's own: there a name that is nobody's is not
found.
"""

import base64
import time

import pytest

from support import audit
from support.authz_rows import CROSS_ACCOUNT, ROWS
from support.callers import DEFAULT, OTHER, key_policy, root, statement, user
from support.crowd import Crowd
from support.denial import denied, veiled, veiled_ciphertext

STRANGER, NOBODY, REFUSED = "stranger", "nobody", "refused"
VEIL_S = 0.002
NO_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"


@pytest.fixture(scope="module")
def crowd(shared_workshop):
    return Crowd(lambda args: shared_workshop.dev(args=args), shared_workshop.directory(),
                 [NOBODY], {STRANGER: user(STRANGER, OTHER)},
                 {REFUSED: user(REFUSED, OTHER)})


class There:
    """A key as the rows of the matrix want one, or the like that is not there."""
    grant_ids, policy, imported, replica = [], None, False, None

    def __init__(self, arn, beside, alias, blob):
        self.arn, self.beside, self.alias, self.blob = arn, beside, alias, blob

    def of(self, name):
        return self.arn if name == "key" else self.beside


def another(blob):
    """A ciphertext like it, of a key and material that nobody has."""
    raw = bytearray(base64.b64decode(blob))
    raw[2:50] = b"\x5a" * 48
    return base64.b64encode(raw).decode()


@pytest.fixture(scope="module")
def keys(crowd):
    """Name -> a key that is there and forbidden, each another kind of there."""
    made, make = {}, crowd.wire.make
    beside = crowd.key()
    for name in ("plain", "disabled", "deleted soon", "with a grant"):
        arn = crowd.key()
        alias = f"alias/{name.replace(' ', '-')}"
        make("CreateAlias", {"AliasName": alias, "TargetKeyId": arn.rpartition("/")[2]})
        blob = make("Encrypt", {"KeyId": arn, "Plaintext": "eA=="})["CiphertextBlob"]
        made[name] = There(arn, beside, alias, blob)
    make("DisableKey", {"KeyId": made["disabled"].arn})
    make("ScheduleKeyDeletion", {"KeyId": made["deleted soon"].arn})
    grant = make("CreateGrant", {"KeyId": made["with a grant"].arn, "Operations": ["Encrypt"],
                                 "GranteePrincipal": user("somebody", OTHER)})
    made["with a grant"].grant_ids = [grant["GrantId"]]
    return made


def absent(key):
    made = There(key.arn[:-36] + NO_ID, key.beside, "alias/no-such", another(key.blob))
    made.grant_ids = key.grant_ids
    return made


def heard(crowd, who, operation, body):
    """Everything of an answer that is not of its request, and how long it took."""
    begun = time.perf_counter()
    answer = crowd.wire.ask(who, operation, body)
    took = time.perf_counter() - begun
    own = ("x-amzn-requestid", "date")
    return (answer.raw.status, answer.raw.body, tuple(
        (name, value) for name, value in answer.raw.headers.items() if name not in own)), took


CROSSING = [row for row in ROWS if row.operation in CROSS_ACCOUNT]


@pytest.mark.parametrize("who", [STRANGER, REFUSED])
@pytest.mark.parametrize("row", CROSSING, ids=lambda row: row.title)
def test_to_an_outsider_missing_and_forbidden_are_the_same_bytes(crowd, keys, row, who):
    """Nor does it help to be denied everything by the policies of one's own account."""
    answers = set()
    for key in keys.values():
        for asked in (key, absent(key)):
            answer, took = heard(crowd, who, row.operation, row.request(asked, None))
            assert took >= VEIL_S
            answers.add(answer)
    assert len(answers) == 1
    status, body, _ = answers.pop()
    assert status == 400 and b"AccessDeniedException" in body


@pytest.mark.parametrize("row", [r for r in ROWS if r.kind and not r.by_alias
                                 and r.operation not in CROSS_ACCOUNT],
                         ids=lambda row: row.title)
def test_what_does_not_work_across_accounts_tells_nothing_either(crowd, keys, row):
    answers = set()
    for key in keys.values():
        for asked in (key, absent(key)):
            asked.policy = DEFAULT
            answers.add(heard(crowd, STRANGER, row.operation,
                              row.request(asked, None))[0])
    assert len(answers) == 1
    assert veiled(user(STRANGER, OTHER), row.operation).encode() in answers.pop()[1]


@pytest.mark.parametrize("operation, more", [
    ("DescribeKey", {}), ("Encrypt", {"Plaintext": "eA=="}), ("GetPublicKey", {}),
    ("GenerateDataKey", {"KeySpec": "AES_256"})])
def test_an_alias_of_another_account_tells_nothing(crowd, keys, operation, more):
    prefix = keys["plain"].arn.partition("key/")[0]
    answers = {heard(crowd, STRANGER, operation, {"KeyId": prefix + name, **more})[0]
               for key in keys.values() for name in (key.alias, "alias/no-such")}
    assert len(answers) == 1


def test_a_ciphertext_tells_nobody_of_a_key_it_may_not_use(crowd, keys):
    """Whoever it is; but what is no ciphertext is told to be none, before any key."""
    for who, arn in ((STRANGER, user(STRANGER, OTHER)), (NOBODY, user(NOBODY))):
        for operation in ("Decrypt", "ReEncrypt"):
            more = {"DestinationKeyId": keys["plain"].arn} if operation == "ReEncrypt" else {}
            answers = set()
            for key in keys.values():
                for blob in (key.blob, another(key.blob)):
                    answer, took = heard(crowd, who, operation,
                                         {"CiphertextBlob": blob, **more})
                    answers.add(answer[1])
                    if who == STRANGER:
                        assert took >= VEIL_S
            if who == STRANGER:
                assert len(answers) == 1
                action = "ReEncryptFrom" if operation == "ReEncrypt" else operation
                assert veiled_ciphertext(arn, action).encode() in answers.pop()
        for blob in ("eA==", "A" * 160):
            answer = crowd.wire.ask(who, "Decrypt", {"CiphertextBlob": blob})
            assert answer.code == "InvalidCiphertextException"


@pytest.mark.parametrize("source", ["missing", "forbidden", "own"])
def test_re_encryption_tells_of_neither_key(crowd, keys, source):
    """A refusal is in the name of the source first, whether or not there is a target."""
    named = {"missing": absent(keys["plain"]).arn, "forbidden": keys["plain"].arn,
             "own": crowd.wire.make("CreateKey", {}, STRANGER)["KeyMetadata"]["Arn"]}
    answers = set()
    for key in keys.values():
        for asked in (key, absent(key)):
            answers.add(heard(crowd, STRANGER, "ReEncrypt", {
                "SourceKeyId": named[source], "DestinationKeyId": asked.arn, "DryRun": True,
                "DryRunModifiers": ["IGNORE_CIPHERTEXT"]})[0])
    assert len(answers) == 1
    action = "ReEncryptTo" if source == "own" else "ReEncryptFrom"
    assert veiled(user(STRANGER, OTHER), action).encode() in answers.pop()[1]


def test_neither_a_ciphertext_nor_a_token_of_its_own_tells_of_another_key(crowd, keys):
    """What does not belong together is told to who may know of both."""
    own = crowd.wire.make("CreateKey", {}, STRANGER)["KeyMetadata"]["Arn"]
    blob = crowd.wire.make("Encrypt", {"KeyId": own, "Plaintext": "eA=="}, STRANGER)[
        "CiphertextBlob"]
    token = crowd.wire.make("CreateGrant", {
        "KeyId": own, "GranteePrincipal": user("x", OTHER), "Operations": ["Encrypt"]},
        STRANGER)["GrantToken"]
    for operation, action, more in (
            ("Decrypt", "Decrypt", {"CiphertextBlob": blob}),
            ("ReEncrypt", "ReEncryptFrom", {"CiphertextBlob": blob, "DestinationKeyId": own}),
            ("RetireGrant", "RetireGrant", {"GrantToken": token})):
        name = "SourceKeyId" if operation == "ReEncrypt" else "KeyId"
        answers = {heard(crowd, STRANGER, operation, {name: asked.arn, **more})[0]
                   for key in keys.values() for asked in (key, absent(key))}
        assert len(answers) == 1, operation
        assert veiled(user(STRANGER, OTHER), action).encode() in answers.pop()[1]
    second = crowd.wire.make("CreateKey", {}, STRANGER)["KeyMetadata"]["Arn"]
    for operation, body, code in (
            ("Decrypt", {"KeyId": second, "CiphertextBlob": blob}, "IncorrectKeyException"),
            ("RetireGrant", {"KeyId": second, "GrantToken": token}, "NotFoundException")):
        assert crowd.wire.ask(STRANGER, operation, body).code == code
    # In the account itself, too, what may not be used is not compared with anything.
    answer = crowd.wire.ask(NOBODY, "Decrypt", {"KeyId": keys["plain"].arn,
                                                "CiphertextBlob": blob})
    assert answer.code == "AccessDeniedException"


def test_who_is_denied_by_its_own_account_hears_so_of_keys_it_could_reach(crowd):
    key = crowd.key()
    crowd.wire.make("PutKeyPolicy", {"KeyId": key, "Policy": key_policy(
        statement({"AWS": root(OTHER)}, "kms:Encrypt"))})
    arn = user(REFUSED, OTHER)
    answer = crowd.wire.ask(REFUSED, "Encrypt", {"KeyId": key, "Plaintext": "eA=="})
    assert answer.words == denied(arn, "Encrypt", "on this resource with an explicit deny in "
                                  "an identity-based policy")
    answer = crowd.wire.ask(REFUSED, "DescribeKey", {"KeyId": key})
    assert answer.words == veiled(arn, "DescribeKey")
    record = audit.by_request(crowd.daemon.data_dir, answer.request)
    assert record["decision"] == "identity policy nothing statement 0"


def test_in_its_own_account_a_key_that_is_missing_is_not_found(crowd, keys):
    key = keys["plain"].arn
    answer = crowd.wire.ask(NOBODY, "DescribeKey", {"KeyId": key})
    assert answer.words == denied(user(NOBODY), "DescribeKey", f"on resource: {key} because no "
                                  "identity-based policy allows the kms:DescribeKey action")
    missing = key[:-36] + NO_ID
    answer = crowd.wire.ask(NOBODY, "DescribeKey", {"KeyId": missing})
    assert answer.code == "NotFoundException"
    assert answer.words == f"Key '{missing}' does not exist"


def test_the_record_tells_what_the_outsider_is_not_told(crowd, keys):
    key = keys["plain"]
    answer = crowd.wire.ask(STRANGER, "DescribeKey", {"KeyId": key.arn})
    record = audit.by_request(crowd.daemon.data_dir, answer.request)
    assert record["decision"] == (
        "because no resource-based policy allows the kms:DescribeKey action")
    answer = crowd.wire.ask(STRANGER, "DescribeKey", {"KeyId": absent(key).arn})
    assert "decision" not in audit.by_request(crowd.daemon.data_dir, answer.request)
