"""securesystemslib, which signs the metadata of update frameworks: tuf.py KEY_ID

Imports the public key of the KMS key, signs by the KMS and verifies by itself. The
endpoint is in AWS_ENDPOINT_URL_KMS: it makes its own client.
"""

import sys

from securesystemslib.exceptions import UnverifiedSignatureError
from securesystemslib.signer import AWSSigner, Signer


def main(key_id):
    uri, public = AWSSigner.import_(key_id)
    signer = Signer.from_priv_key_uri(uri, public)
    signature = signer.sign(b"metadata")
    public.verify_signature(signature, b"metadata")
    try:
        public.verify_signature(signature, b"other metadata")
        print("accepted")
    except UnverifiedSignatureError:
        print(public.keytype, public.scheme, "verified")


main(*sys.argv[1:])
