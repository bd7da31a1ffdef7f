"""libmongocrypt, MongoDB's client-side field encryption: field.py KEY_ARN TEXT

It writes its own HTTP and its own signature, with no AWS SDK in between. Makes a data
key under the KMS key, encrypts the text, has both opened again by a second instance with
no memory, and prints the text. The key vault is a list in here.
"""

import os
import socket
import ssl
import sys
from urllib.parse import urlsplit

import bson
from bson.codec_options import CodecOptions
from pymongocrypt.options import MongoCryptOptions
from pymongocrypt.synchronous.explicit_encrypter import ExplicitEncrypter
from pymongocrypt.synchronous.state_machine import MongoCryptCallback

AT = urlsplit(os.environ["KMS_ENDPOINT"])
ALGORITHM = "AEAD_AES_256_CBC_HMAC_SHA_512-Random"
RAW = CodecOptions(uuid_representation=4)


def connect():
    plain = socket.create_connection((AT.hostname, AT.port), 30)
    if AT.scheme == "http":
        return plain
    context = ssl.create_default_context(cafile=os.environ["KMS_CA"])
    context.load_cert_chain(os.environ["KMS_CERT"], os.environ["KMS_KEY"])
    return context.wrap_socket(plain, server_hostname=AT.hostname)


class Callback(MongoCryptCallback):
    def __init__(self, vault):
        self.vault = vault

    def kms_request(self, kms_context):
        with connect() as peer:
            peer.sendall(kms_context.message)
            while kms_context.bytes_needed > 0:
                piece = peer.recv(kms_context.bytes_needed)
                if not piece:
                    raise OSError("the connection ended")
                kms_context.feed(piece)

    def fetch_keys(self, filter):
        yield from self.vault

    def insert_data_key(self, data_key):
        self.vault.append(bytes(data_key))
        return bson.decode(self.vault[-1], RAW)["_id"]

    def bson_encode(self, doc):
        return bson.encode(doc)

    def collection_info(self, database, filter):
        raise NotImplementedError

    def mark_command(self, database, cmd):
        raise NotImplementedError

    def close(self):
        pass


def encrypter(vault):
    aws = {"accessKeyId": os.environ["KMS_ACCOUNT"], "secretAccessKey": "anything"}
    return ExplicitEncrypter(
        Callback(vault), MongoCryptOptions({"aws": aws}, bypass_query_analysis=True))


def main(arn, text):
    vault = []
    # It wants a dot in the name of a host; it only writes it down.
    endpoint = f"127.0.0.1:{AT.port}"
    master = {"region": arn.split(":")[3], "key": arn, "endpoint": endpoint}
    key_id = encrypter(vault).create_data_key("aws", master)
    sealed = encrypter(vault).encrypt(
        bson.encode({"v": text}), ALGORITHM, key_id=bytes(key_id.bytes))
    assert text.encode() not in sealed
    print(bson.decode(encrypter(vault).decrypt(sealed))["v"])


main(*sys.argv[1:])
