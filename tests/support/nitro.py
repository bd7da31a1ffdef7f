"""A Nitro of one's own: a test root, what it certifies, and attestation documents.

Written from the published format (aws-nitro-enclaves-nsm-api, "Nitro Enclaves Attestation
Process") and from recorded answers of the service, and shares no code with kmsd: the CBOR
and CMS here are done by hand.
"""

import datetime
import hashlib
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

DER = serialization.Encoding.DER
ES384 = {1: -35}
MODULE = "i-0123456789abcdef0-enc0123456789abcdef0"
PCRS = {i: hashlib.sha384(b"pcr%d" % i).digest() for i in (0, 1, 2, 3, 4, 8)}
UNSET = object()


# --- CBOR, the way in -------------------------------------------------------------------

def _head(major, number):
    for size, mark in ((1, 24), (2, 25), (4, 26), (8, 27)):
        if number < 24:
            return bytes([major << 5 | number])
        if number < 1 << 8 * size:
            return bytes([major << 5 | mark]) + number.to_bytes(size, "big")
    raise ValueError(number)


class Raw(bytes):
    """CBOR that is already encoded."""


class Open(dict):
    """A map of indefinite length: what today's hypervisors write."""


def cbor(value):
    if isinstance(value, Raw):
        return bytes(value)
    if value is None:
        return b"\xf6"
    if value is True or value is False:
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    if isinstance(value, bytes):
        return _head(2, len(value)) + value
    if isinstance(value, str):
        return _head(3, len(value.encode())) + value.encode()
    if isinstance(value, (list, tuple)):
        return _head(4, len(value)) + b"".join(map(cbor, value))
    if isinstance(value, dict):
        pairs = b"".join(cbor(k) + cbor(v) for k, v in value.items())
        return b"\xbf" + pairs + b"\xff" if isinstance(value, Open) else (
            _head(5, len(value)) + pairs)
    raise TypeError(type(value))


# --- certificates ------------------------------------------------------------------------

def _usage(**on):
    names = ("digital_signature", "content_commitment", "key_encipherment",
             "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign",
             "encipher_only", "decipher_only")
    return x509.KeyUsage(**{name: on.get(name, False) for name in names})


class Authority:
    """A certificate with its key."""

    def __init__(self, name, issuer=None, ca=True, path_length=None, days=(-1, 30),
                 key=None, usage=UNSET, digest=None, now=None):
        self.key = key or ec.generate_private_key(ec.SECP384R1())
        self.subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        issuer = issuer or self
        self.issuer = issuer
        now = datetime.datetime.fromtimestamp(now or time.time(), datetime.timezone.utc)
        if usage is UNSET:
            usage = {"key_cert_sign": True} if ca else {"digital_signature": True}
        builder = (
            x509.CertificateBuilder().subject_name(self.subject)
            .issuer_name(issuer.subject).public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + datetime.timedelta(days=days[0]))
            .not_valid_after(now + datetime.timedelta(days=days[1])))
        if ca is not None:
            builder = builder.add_extension(
                x509.BasicConstraints(ca=ca, path_length=path_length if ca else None),
                critical=True)
        if usage is not None:
            builder = builder.add_extension(_usage(**usage), critical=True)
        self.certificate = builder.sign(issuer.key, digest or hashes.SHA384())

    @property
    def der(self):
        return self.certificate.public_bytes(DER)

    @property
    def pem(self):
        return self.certificate.public_bytes(serialization.Encoding.PEM)


class Nitro:
    """Root, two authorities in between, and the certificate that signs documents."""

    def __init__(self, root=None, now=None, **leaf):
        self.now = now
        self.root = root or Authority("kmsd test attestation root", path_length=3, now=now)
        self.zone = Authority("zone", self.root, path_length=1, now=now)
        self.instance = Authority("instance", self.zone, path_length=0, now=now)
        self.leaf = Authority(MODULE, self.instance, ca=False, now=now, **leaf)

    @property
    def bundle(self):
        return [self.root.der, self.zone.der, self.instance.der]

    def fields(self, enclave=None, **changes):
        """The map of a good document for enclave, with some fields changed or UNSET."""
        fields = {
            "module_id": MODULE, "digest": "SHA384",
            "timestamp": int((self.now or time.time()) * 1000), "pcrs": dict(PCRS),
            "certificate": self.leaf.der, "cabundle": self.bundle,
            "public_key": enclave.spki if enclave else None, "user_data": None,
            "nonce": None}
        fields.update(changes)
        return Open((k, v) for k, v in fields.items() if v is not UNSET)

    def document(self, enclave=None, key=None, header=ES384, tagged=False, payload=None,
                 unprotected=None, signature=None, **changes):
        """A signed document."""
        if payload is None:
            payload = cbor(self.fields(enclave, **changes))
        protected = header if isinstance(header, bytes) else cbor(header)
        if signature is None:
            signature = sign(key or self.leaf.key, protected, payload)
        message = cbor([protected, unprotected or {}, payload, signature])
        return (b"\xd2" if tagged else b"") + message


def sign(key, protected, payload, digest=None):
    """RFC 9052 section 4.4, with ECDSA."""
    der = key.sign(cbor(["Signature1", protected, b"", payload]),
                   ec.ECDSA(digest or hashes.SHA384()))
    r, s = decode_dss_signature(der)
    size = (key.curve.key_size + 7) // 8
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


# --- the enclave, and what comes back to it -----------------------------------------------

def _tlv(data, at):
    """(tag, start of content, length or None when indefinite)."""
    tag, first = data[at], data[at + 1]
    if first == 0x80:
        return tag, at + 2, None
    if first < 0x80:
        return tag, at + 2, first
    octets = first & 0x7f
    return tag, at + 2 + octets, int.from_bytes(data[at + 2:at + 2 + octets], "big")


class _Reader:
    """Walks BER as aws-nitro-enclaves-sdk-c does: each step names what has to be next."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def enter(self, tag):
        found, self.at, length = _tlv(self.data, self.at)
        assert (found, length) == (tag, None), "a structure of indefinite length"

    def take(self, tag):
        found, start, length = _tlv(self.data, self.at)
        assert found == tag and length is not None, (hex(found), hex(tag), length)
        self.at = start + length
        return self.data[start:self.at]

    def end(self):
        assert self.data[self.at:self.at + 2] == b"\0\0"
        self.at += 2


_ENVELOPED = bytes.fromhex("2a864886f70d010703")
_DATA = bytes.fromhex("2a864886f70d010701")
_AES_256_CBC = bytes.fromhex("60864801650304012a")
_OAEP_SHA256 = bytes.fromhex(
    "06092a864886f70d010107302fa00f300d06096086480165030402010500a11c301a06092a864886f70d01"
    "0108300d06096086480165030402010500")


class Enclave:
    """Has an RSA key, and opens what was encrypted to it."""

    def __init__(self, bits=2048):
        self.key = rsa.generate_private_key(65537, bits)
        self.spki = self.key.public_key().public_bytes(
            DER, serialization.PublicFormat.SubjectPublicKeyInfo)

    def pem(self):
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption())

    def open(self, cms):
        """The plaintext of a CiphertextForRecipient."""
        r = _Reader(cms)
        r.enter(0x30)
        assert r.take(0x06) == _ENVELOPED
        r.enter(0xa0)
        r.enter(0x30)
        assert r.take(0x02) == b"\2"
        recipients = _Reader(r.take(0x31))
        recipient = _Reader(recipients.take(0x30))
        assert recipients.at == len(recipients.data), "one recipient"
        assert recipient.take(0x02) == b"\2"
        assert recipient.take(0x80) == hashlib.sha256(self.spki).digest()
        assert recipient.take(0x30) == _OAEP_SHA256
        wrapped = recipient.take(0x04)
        assert recipient.at == len(recipient.data)
        r.enter(0x30)
        assert r.take(0x06) == _DATA
        algorithm = _Reader(r.take(0x30))
        assert algorithm.take(0x06) == _AES_256_CBC
        iv = algorithm.take(0x04)
        r.enter(0xa0)
        content = r.take(0x04)
        for _ in range(5):
            r.end()
        assert r.at == len(cms)
        key = self.key.decrypt(wrapped, padding.OAEP(
            padding.MGF1(hashes.SHA256()), hashes.SHA256(), None))
        assert len(key) == 32 and len(iv) == 16
        decryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
        plain = decryptor.update(content) + decryptor.finalize()
        pad = plain[-1]
        assert 1 <= pad <= 16 and plain.endswith(bytes([pad]) * pad)
        return plain[:-pad]


def recipient(document):
    return {"KeyEncryptionAlgorithm": "RSAES_OAEP_SHA_256", "AttestationDocument": document}
