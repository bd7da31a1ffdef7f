"""Tink's AWS KMS client: tink_aead.py KEY_ARN TEXT

Prints the text after it went through an envelope (a data key under the KMS key), and
whether a wrong associated data was refused, which is KMS's encryption context.
"""

import sys

import tink
from tink import aead
from tink.integration import awskms

from client import client


def main(arn, text):
    aead.register()
    uri = f"aws-kms://{arn}"
    kms = awskms.new_client(boto3_client=client(arn.split(":")[3]), key_uri=uri)
    remote = kms.get_aead(uri)
    envelope = aead.KmsEnvelopeAead(aead.aead_key_templates.AES256_GCM, remote)
    sealed = envelope.encrypt(text.encode(), b"table 7")
    print(envelope.decrypt(sealed, b"table 7").decode())
    bound = remote.encrypt(text.encode(), b"row 1")
    print(remote.decrypt(bound, b"row 1").decode())
    try:
        remote.decrypt(bound, b"row 2")
        print("opened")
    except tink.TinkError as refused:
        print("refused" if "InvalidCiphertextException" in str(refused) else refused)


main(*sys.argv[1:])
