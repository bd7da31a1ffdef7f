"""The two Python programs of the encryption guide that kmsd exists to make real.

Only the endpoint, the CA, the client certificate and the key's name differ from the
guide's text: what an application would change, and nothing else.
"""

import base64
import os
import ssl
import urllib.error
import urllib.request

import boto3
import pytest
from botocore.config import Config
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from support import clients


# --- the guide's first program: a hardened TLS client ----------------------------------

def create_secure_context(ca, cert, key):
    ctx = ssl.create_default_context(cafile=ca)
    # Enforce TLS 1.3+ and restrict to AEAD ciphers
    ctx.minimum_version = ssl.TLSVersion.TLSv1_3
    try:
        ctx.set_ciphers("TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256")
    except ssl.SSLError:
        # The guide's list names TLS 1.3 suites only, which OpenSSL's set_ciphers, made
        # for TLS 1.2, refuses as an empty choice; TLS 1.3's suites are all AEAD anyway.
        pass
    # Enable certificate verification & hostname checking
    ctx.check_hostname = True
    ctx.verify_mode = ssl.CERT_REQUIRED
    ctx.load_cert_chain(cert, key)
    return ctx


def fetch_secure_data(url, ctx):
    req = urllib.request.Request(url, headers={"User-Agent": "SecureClient/1.0"})
    with urllib.request.urlopen(req, context=ctx, timeout=10) as response:
        return response.read()


def test_the_hardened_client_reaches_kmsd_over_tls_1_3(kmsd_server):
    ready = kmsd_server.ready
    ctx = create_secure_context(ready["ca"], ready["client_cert"], ready["client_key"])
    # kmsd answers a GET of its only path as any other malformed call: with HTTP 400,
    # over the connection whose certificates both sides have checked.
    with pytest.raises(urllib.error.HTTPError) as refusal:
        fetch_secure_data(kmsd_server.https + "/", ctx)
    assert refusal.value.code == 400


def test_the_hardened_client_refuses_a_server_of_another_ca(kmsd_server, workshop):
    other = workshop.dev()
    ready = kmsd_server.ready
    ctx = create_secure_context(other.ready["ca"], ready["client_cert"],
                                ready["client_key"])
    with pytest.raises(urllib.error.URLError) as refusal:
        fetch_secure_data(kmsd_server.https + "/", ctx)
    assert isinstance(refusal.value.reason, ssl.SSLCertVerificationError)


# --- the guide's second program: envelope encryption ------------------------------------

def encrypt_at_rest(plaintext: bytes, kms_client: boto3.client) -> dict:
    # 1. Generate data key via KMS
    response = kms_client.generate_data_key(
        KeyId="alias/my-master-key",
        KeySpec="AES_256"
    )
    plaintext_data_key = response["Plaintext"]
    encrypted_data_key = response["CiphertextBlob"]

    # 2. Encrypt payload with AES-256-GCM (authenticated encryption)
    nonce = os.urandom(12)  # 96-bit nonce required for GCM
    aesgcm = AESGCM(plaintext_data_key)
    ciphertext = aesgcm.encrypt(nonce, plaintext, None)

    # 3. Package result (nonce + ciphertext + encrypted data key)
    return {
        "encrypted_data_key": base64.b64encode(encrypted_data_key).decode(),
        "nonce": base64.b64encode(nonce).decode(),
        "ciphertext": base64.b64encode(ciphertext).decode()
    }


def decrypt_at_rest(payload: dict, kms_client: boto3.client) -> bytes:
    encrypted_data_key = base64.b64decode(payload["encrypted_data_key"])
    nonce = base64.b64decode(payload["nonce"])
    ciphertext = base64.b64decode(payload["ciphertext"])

    # 1. Decrypt data key
    response = kms_client.decrypt(CiphertextBlob=encrypted_data_key)
    plaintext_data_key = response["Plaintext"]

    # 2. Decrypt payload
    aesgcm = AESGCM(plaintext_data_key)
    return aesgcm.decrypt(nonce, ciphertext, None)


def test_the_envelope_program_round_trips_and_survives_a_rotation(kmsd_server, kms_mtls):
    key = kms_mtls.create_key()["KeyMetadata"]["KeyId"]
    kms_mtls.create_alias(AliasName="alias/my-master-key", TargetKeyId=key)
    # Example usage
    kms = boto3.client(
        "kms", region_name="us-east-1", endpoint_url=kmsd_server.https,
        verify=kmsd_server.ready["ca"], aws_access_key_id=clients.ACCOUNT,
        aws_secret_access_key="anything",
        config=Config(client_cert=(kmsd_server.ready["client_cert"],
                                   kmsd_server.ready["client_key"])))
    encrypted = encrypt_at_rest(b"Sensitive PII record #48291", kms)
    decrypted = decrypt_at_rest(encrypted, kms)
    assert decrypted == b"Sensitive PII record #48291"

    kms_mtls.rotate_key_on_demand(KeyId=key)
    later = encrypt_at_rest(b"Sensitive PII record #48292", kms)
    assert decrypt_at_rest(encrypted, kms) == b"Sensitive PII record #48291"
    assert decrypt_at_rest(later, kms) == b"Sensitive PII record #48292"
