"""The examples of the operation reference: one call of every operation, and its answer.

A tour goes on where tour.py ends; what went over the wire is written down for
proto/gen/pages.py, the first call of each operation as its example.
"""

import hashlib
import json

from cryptography.hazmat.primitives.asymmetric import ec

from . import importing
from .grants import ALICE, ROOT
from .tour import Tour

MESSAGE = b"order #48291"


class Recorder:
    """Keeps {operation: {"request", "reply"}} of a client, as the wire had it."""

    def __init__(self, kms):
        self.first = {}
        kms.meta.events.register("before-send.kms", self._sent)
        kms.meta.events.register("response-received.kms", self._got)

    def _sent(self, request, **_):
        self.request = json.loads(request.body)

    def _got(self, response_dict, context, **_):
        name, body = response_dict["context"]["operation_name"], response_dict["body"]
        assert response_dict["status_code"] == 200, f"{name}: {body}"
        self.first.setdefault(name, {"request": self.request,
                                     "reply": json.loads(body) if body else None})

    def write(self, folder):
        """A file <Operation>.json an operation."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, example in self.first.items():
            (folder / f"{name}.json").write_text(json.dumps(example, indent=2) + "\n")


class Examples(Tour):
    """The tour, and what it leaves out."""

    def walk(self):
        super().walk()
        self.signatures()
        self.macs()
        self.key_pairs()
        self.imported()
        self.regions()
        self.grants()
        used = self.answers[0][2]["KeyMetadata"]["KeyId"]
        self.call("GetKeyLastUsage", KeyId=used)
        return self.answers

    def key(self, **request):
        return self.call("CreateKey", **request)["KeyMetadata"]["KeyId"]

    def signatures(self):
        key = self.key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
        how = {"KeyId": key, "Message": hashlib.sha256(MESSAGE).digest(),
               "MessageType": "DIGEST", "SigningAlgorithm": "ECDSA_SHA_256"}
        signature = self.call("Sign", **how)["Signature"]
        self.call("Verify", **how, Signature=signature)
        self.call("GetPublicKey", KeyId=key)

    def macs(self):
        key = self.key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")
        how = {"KeyId": key, "Message": MESSAGE, "MacAlgorithm": "HMAC_SHA_256"}
        self.call("VerifyMac", **how, Mac=self.call("GenerateMac", **how)["Mac"])

    def key_pairs(self):
        key = self.key()
        self.call("GenerateDataKeyPair", KeyId=key, KeyPairSpec="ECC_NIST_P256",
                  EncryptionContext={"tenant": "42"})
        self.call("GenerateDataKeyPairWithoutPlaintext", KeyId=key,
                  KeyPairSpec="ECC_NIST_P384")
        mine = self.key(KeySpec="ECC_NIST_P256", KeyUsage="KEY_AGREEMENT")
        peer = ec.generate_private_key(ec.SECP256R1()).public_key()
        self.call("DeriveSharedSecret", KeyId=mine, KeyAgreementAlgorithm="ECDH",
                  PublicKey=importing.spki(peer))

    def imported(self):
        key = self.key(Origin="EXTERNAL")
        algorithm = "RSAES_OAEP_SHA_256"
        got = self.call("GetParametersForImport", KeyId=key, WrappingAlgorithm=algorithm,
                        WrappingKeySpec="RSA_2048")
        parameters = importing.Parameters(got["ImportToken"], got["PublicKey"], algorithm)
        material = importing.material("SYMMETRIC_DEFAULT")
        self.call("ImportKeyMaterial", KeyId=key, **parameters.wrapped(material),
                  ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE")
        self.call("DeleteImportedKeyMaterial", KeyId=key)

    def regions(self):
        key = self.key(MultiRegion=True)
        self.call("ReplicateKey", KeyId=key, ReplicaRegion="eu-west-1")
        self.call("UpdatePrimaryRegion", KeyId=key, PrimaryRegion="eu-west-1")

    def grants(self):
        key = self.key()
        terms = {"GranteePrincipal": ALICE, "RetiringPrincipal": ROOT,
                 "Operations": ["Decrypt", "DescribeKey"]}
        grant = self.call("CreateGrant", KeyId=key, **terms, Constraints={
            "EncryptionContextSubset": {"tenant": "42"}})
        other = self.call("CreateGrant", KeyId=key, **terms)
        self.call("ListGrants", KeyId=key)
        self.call("ListRetirableGrants", RetiringPrincipal=ROOT)
        self.call("RevokeGrant", KeyId=key, GrantId=grant["GrantId"])
        self.call("RetireGrant", GrantToken=other["GrantToken"])
