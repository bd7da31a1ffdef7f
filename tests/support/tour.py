"""One call of every operation on symmetric keys, in an order in which all succeed.

The same tour is walked by boto3 (Python), the AWS CLI and the SDK for JavaScript. The
other operations are in examples.py, and all of them in ../sdk/scenario.json.
"""

import json

OPERATIONS = (
    "CreateKey", "DescribeKey", "ListKeys", "EnableKey", "DisableKey",
    "UpdateKeyDescription", "ScheduleKeyDeletion", "CancelKeyDeletion", "CreateAlias",
    "UpdateAlias", "DeleteAlias", "ListAliases", "TagResource", "UntagResource",
    "ListResourceTags", "GetKeyPolicy", "PutKeyPolicy", "ListKeyPolicies",
    "EnableKeyRotation", "DisableKeyRotation", "GetKeyRotationStatus", "RotateKeyOnDemand",
    "ListKeyRotations", "Encrypt", "Decrypt", "ReEncrypt", "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext", "GenerateRandom")

# Words that a test looks for where they must not be.
CANARY = b"canary-plaintext-7d1f9c2e"


class Tour:
    """Walks with boto3 and keeps every (operation, answer)."""

    def __init__(self, kms, name="tour"):
        self.kms, self.name, self.answers = kms, name, []

    def call(self, operation, **request):
        from botocore import xform_name
        answer = getattr(self.kms, xform_name(operation))(**request)
        self.answers.append((operation, request, answer))
        return answer

    def walk(self):
        call, alias = self.call, f"alias/{self.name}"
        key = call("CreateKey", Description="tour", Tags=[
            {"TagKey": "team", "TagValue": "red"}])["KeyMetadata"]["KeyId"]
        other = call("CreateKey")["KeyMetadata"]["KeyId"]
        call("DescribeKey", KeyId=key)
        call("ListKeys")
        call("DisableKey", KeyId=key)
        call("EnableKey", KeyId=key)
        call("UpdateKeyDescription", KeyId=key, Description="toured")
        call("CreateAlias", AliasName=alias, TargetKeyId=key)
        call("UpdateAlias", AliasName=alias, TargetKeyId=other)
        call("UpdateAlias", AliasName=alias, TargetKeyId=key)
        call("ListAliases", KeyId=key)
        call("TagResource", KeyId=key, Tags=[{"TagKey": "cost", "TagValue": "7"}])
        call("UntagResource", KeyId=key, TagKeys=["cost"])
        call("ListResourceTags", KeyId=key)
        policy = json.loads(call("GetKeyPolicy", KeyId=key, PolicyName="default")["Policy"])
        policy["Id"] = "tour"
        call("PutKeyPolicy", KeyId=key, PolicyName="default", Policy=json.dumps(policy))
        call("ListKeyPolicies", KeyId=key)
        call("EnableKeyRotation", KeyId=key, RotationPeriodInDays=365)
        call("GetKeyRotationStatus", KeyId=key)
        call("DisableKeyRotation", KeyId=key)
        context = {"tenant": "42"}
        blob = call("Encrypt", KeyId=alias, Plaintext=CANARY,
                    EncryptionContext=context)["CiphertextBlob"]
        call("RotateKeyOnDemand", KeyId=key)
        call("ListKeyRotations", KeyId=key)
        assert call("Decrypt", CiphertextBlob=blob,
                    EncryptionContext=context)["Plaintext"] == CANARY
        call("ReEncrypt", CiphertextBlob=blob, SourceEncryptionContext=context,
             DestinationKeyId=other)
        call("GenerateDataKey", KeyId=alias, KeySpec="AES_256", EncryptionContext=context)
        call("GenerateDataKeyWithoutPlaintext", KeyId=key, KeySpec="AES_128")
        call("GenerateRandom", NumberOfBytes=32)
        call("DeleteAlias", AliasName=alias)
        call("ScheduleKeyDeletion", KeyId=other, PendingWindowInDays=7)
        call("CancelKeyDeletion", KeyId=other)
        return self.answers
