"""GetKeyPolicy, PutKeyPolicy, ListKeyPolicies, and the policy given to CreateKey."""

import json

import pytest

from support.refusal import refused, shown

# As the service lays it out, to the last space.
DEFAULT = """{
  "Version" : "2012-10-17",
  "Id" : "key-default-1",
  "Statement" : [ {
    "Sid" : "Enable IAM User Permissions",
    "Effect" : "Allow",
    "Principal" : {
      "AWS" : "arn:aws:iam::111122223333:root"
    },
    "Action" : "kms:*",
    "Resource" : "*"
  } ]
}"""


def policy(**changes):
    return json.dumps(dict(json.loads(DEFAULT), **changes))


def test_a_key_has_the_default_policy_and_no_other(kms, key_id):
    answer = kms.get_key_policy(KeyId=key_id)
    assert shown(answer) == {"Policy": DEFAULT, "PolicyName": "default"}
    assert kms.get_key_policy(KeyId=key_id, PolicyName="default")["Policy"] == DEFAULT
    assert shown(kms.list_key_policies(KeyId=key_id)) == {
        "PolicyNames": ["default"], "Truncated": False}
    with refused("NotFoundException", "No such policy exists"):
        kms.get_key_policy(KeyId=key_id, PolicyName="other")
    with refused("NotFoundException", "No such policy exists"):
        kms.put_key_policy(KeyId=key_id, PolicyName="other", Policy=DEFAULT)


def test_the_default_policy_names_the_callers_account(kms_as):
    kms = kms_as(account="666677778888")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    assert '"arn:aws:iam::666677778888:root"' in kms.get_key_policy(KeyId=key)["Policy"]


def test_a_policy_comes_back_as_it_was_put(kms, key_id):
    text = policy(Id="mine") + "\n\t "
    assert shown(kms.put_key_policy(KeyId=key_id, Policy=text)) == {}
    assert kms.get_key_policy(KeyId=key_id)["Policy"] == text
    kms.put_key_policy(KeyId=key_id, PolicyName="default", Policy=DEFAULT,
                       BypassPolicyLockoutSafetyCheck=True)
    assert kms.get_key_policy(KeyId=key_id)["Policy"] == DEFAULT


def test_create_key_takes_a_policy(kms):
    text = policy(Id="from-create")
    key = kms.create_key(Policy=text)["KeyMetadata"]["KeyId"]
    assert kms.get_key_policy(KeyId=key)["Policy"] == text


@pytest.mark.parametrize("text", [
    "not a policy", "{}", "[]", "null", '{"Statement": []}', DEFAULT[:-1], DEFAULT + "x",
    policy(Version="2024-01-01"), policy(Unknown=1), policy(Statement="x"),
    policy(Statement=[{"Effect": "Allow", "Action": "kms:*", "Resource": "*"}]),
    policy(Statement=[{"Effect": "Maybe", "Principal": "*"}])])
def test_a_malformed_policy_is_refused_without_words(kms, key_id, text):
    with refused("MalformedPolicyDocumentException", ""):
        kms.put_key_policy(KeyId=key_id, Policy=text)
    with refused("MalformedPolicyDocumentException", ""):
        kms.create_key(Policy=text)
    assert kms.get_key_policy(KeyId=key_id)["Policy"] == DEFAULT


def test_a_policy_has_at_most_32768_bytes(kms, key_id):
    room = 32768 - len(policy(Id=""))
    longest = policy(Id="x" * room)
    kms.put_key_policy(KeyId=key_id, Policy=longest)
    assert kms.get_key_policy(KeyId=key_id)["Policy"] == longest
    for call in (lambda text: kms.put_key_policy(KeyId=key_id, Policy=text),
                 lambda text: kms.create_key(Policy=text)):
        with refused("LimitExceededException"):
            call(policy(Id="x" * (room + 1)))
        with refused("ValidationException"):
            call(policy(Id="x" * 131072))
    assert kms.get_key_policy(KeyId=key_id)["Policy"] == longest
