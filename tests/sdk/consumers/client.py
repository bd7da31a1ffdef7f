"""boto3 as a user of kmsd would make it."""

import os

import boto3
from botocore.config import Config


def client(region):
    """Where KMS_ENDPOINT says, over mutual TLS when there are certificates."""
    more = {}
    if "KMS_CA" in os.environ:
        more["verify"] = os.environ["KMS_CA"]
        cert = os.environ["KMS_CERT"], os.environ["KMS_KEY"]
        more["config"] = Config(client_cert=cert)
    return boto3.client(
        "kms", region_name=region, endpoint_url=os.environ["KMS_ENDPOINT"],
        aws_access_key_id=os.environ["KMS_ACCOUNT"], aws_secret_access_key="anything",
        **more)
