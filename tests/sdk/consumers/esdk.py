"""The AWS Encryption SDK for Python: one JSON request on standard input, one answer.

    {"do": "encrypt", "keys": [ARN...], "context": {...}, "text": T}  -> {"message": B64}
    {"do": "decrypt", "keys": [ARN...], "message": B64}  -> {"text": T, "context": {...}}
    {"error": "name of the exception"}  when it refuses

Argument "keyring" uses the material providers library, "provider" the older master keys.
Where kmsd is, and with which certificates, is in KMS_ENDPOINT, KMS_CA, KMS_CERT, KMS_KEY.
"""

import base64
import json
import sys

import aws_encryption_sdk
from aws_cryptographic_material_providers.mpl import AwsCryptographicMaterialProviders
from aws_cryptographic_material_providers.mpl.config import MaterialProvidersConfig
from aws_cryptographic_material_providers.mpl.models import (
    CreateAwsKmsKeyringInput, CreateMultiKeyringInput)

from client import client


def keyring(arns):
    library = AwsCryptographicMaterialProviders(config=MaterialProvidersConfig())
    each = [library.create_aws_kms_keyring(CreateAwsKmsKeyringInput(
        kms_key_id=arn, kms_client=client(arn.split(":")[3]))) for arn in arns]
    return {"keyring": library.create_multi_keyring(CreateMultiKeyringInput(
        generator=each[0], child_keyrings=each[1:]))}


class Provider(aws_encryption_sdk.StrictAwsKmsMasterKeyProvider):
    """The master keys with their client."""

    def _client(self, key_id):
        return client(key_id.split(":")[3])


def provider(arns):
    return {"key_provider": Provider(key_ids=arns)}


def main():
    asked = json.load(sys.stdin)
    keys = {"keyring": keyring, "provider": provider}[sys.argv[1]](asked["keys"])
    sdk = aws_encryption_sdk.EncryptionSDKClient()
    try:
        if asked["do"] == "encrypt":
            message, _ = sdk.encrypt(source=asked["text"].encode(),
                                     encryption_context=asked["context"], **keys)
            return {"message": base64.b64encode(message).decode()}
        text, header = sdk.decrypt(source=base64.b64decode(asked["message"]), **keys)
        return {"text": text.decode(), "context": header.encryption_context}
    except Exception as refused:
        return {"error": type(refused).__name__, "words": str(refused)}


print(json.dumps(main()))
