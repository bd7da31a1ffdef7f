"""Signatures and ciphertexts as nobody should make them: what Wycheproof's catalogue has,
made for a key at hand. Everything here has to be refused."""

import hashlib
import secrets

from cryptography.hazmat.primitives import serialization

from . import edwards, sm2

DIGEST_INFO = {"sha256": "3031300d060960864801650304020105000420",
               "sha384": "3041300d060960864801650304020205000430",
               "sha512": "3051300d060960864801650304020305000440"}


def take_pair(signature):
    """(r, s) of a DER signature."""
    _, body, _ = sm2.der_take(signature)
    _, r, body = sm2.der_take(body)
    _, s, _ = sm2.der_take(body)
    return int.from_bytes(r, "big"), int.from_bytes(s, "big")


def integer(n, padding=0):
    return sm2.der(2, bytes(padding) + n.to_bytes(n.bit_length() // 8 + 1, "big"))


def ecdsa(signature, order):
    """(what, signature) of what is not this DER signature or not a signature at all.

    (r, order - s) is left out: it is as good a signature in ECDSA as the one it is made of.
    """
    r, s = take_pair(signature)
    body = integer(r) + integer(s)
    yield "BER length", b"\x30\x81" + bytes([len(body)]) + body
    yield "long BER length", b"\x30\x82" + len(body).to_bytes(2, "big") + body
    yield "indefinite length", b"\x30\x80" + body + b"\0\0"
    yield "r with a zero too many", sm2.der(0x30, integer(r, 1) + integer(s))
    yield "s with a zero too many", sm2.der(0x30, integer(r) + integer(s, 1))
    yield "something behind", signature + b"\0"
    yield "something behind, inside", sm2.der(0x30, body + sm2.der(5, b""))
    yield "a set", sm2.der(0x31, body)
    yield "no sequence", body
    yield "one integer", sm2.der(0x30, integer(r))
    yield "cut", signature[:-1]
    yield "raw", r.to_bytes(66, "big") + s.to_bytes(66, "big")
    yield "negative r", sm2.der(0x30, sm2.der(2, (-r).to_bytes(67, "big", signed=True)) +
                                integer(s))
    for name, n in (("0", 0), ("1", 1), ("order", order), ("order - 1", order - 1),
                    ("2^256", 2**256), ("order * 2", order * 2)):
        yield f"r = {name}", sm2.der(0x30, integer(n) + integer(s))
        yield f"s = {name}", sm2.der(0x30, integer(r) + integer(n))
        yield f"both {name}", sm2.der(0x30, integer(n) * 2)
    yield "r + order", sm2.der(0x30, integer(r + order) + integer(s))
    yield "s + order", sm2.der(0x30, integer(r) + integer(s + order))
    yield "exchanged", sm2.der(0x30, integer(s) + integer(r))


def ed25519(signature):
    """(what, signature) of what is not this signature (RFC 8032 section 8.4)."""
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    for n in (1, 2, 7):
        if s + n * edwards.L < 2**256:
            yield f"s + {n} L", r + (s + n * edwards.L).to_bytes(32, "little")
    yield "s = 0", r + bytes(32)
    yield "s = L", r + edwards.L.to_bytes(32, "little")
    yield "s with its highest bit", r + (s | 1 << 255).to_bytes(32, "little")
    yield "the other sign of R", r[:31] + bytes([r[31] ^ 0x80]) + signature[32:]
    yield "R of small order", (1).to_bytes(32, "little") + signature[32:]
    yield "zeros", bytes(64)
    yield "ones", b"\xff" * 64
    yield "cut", signature[:63]
    yield "longer", signature + b"\0"
    yield "halves exchanged", signature[32:] + r


class Rsa:
    """The bare operation with a key that is known here: any encoding can be signed."""

    def __init__(self, pkcs8):
        numbers = serialization.load_der_private_key(pkcs8, None).private_numbers()
        self.n, self.d, self.e = numbers.public_numbers.n, numbers.d, numbers.public_numbers.e
        self.k = (self.n.bit_length() + 7) // 8

    def private(self, encoded):
        return pow(int.from_bytes(encoded, "big"), self.d, self.n).to_bytes(self.k, "big")

    def public(self, encoded):
        return pow(int.from_bytes(encoded, "big"), self.e, self.n).to_bytes(self.k, "big")


def pkcs1(rsa, name, message):
    """(what, signature) over encodings that are not the one of RFC 8017 section 9.2."""
    digest = hashlib.new(name, message).digest()
    info = bytes.fromhex(DIGEST_INFO[name])
    other = "sha512" if name != "sha512" else "sha256"

    def encode(tail, kind=1, fill=b"\xff", room=None):
        n = (rsa.k if room is None else room) - 3 - len(tail)
        return b"\0" + bytes([kind]) + fill * n + b"\0" + tail

    good = encode(info + digest)
    # AlgorithmIdentifier without its NULL: two bytes less in two lengths.
    bare = bytes([info[0], info[1] - 2, info[2], info[3] - 2]) + info[4:-4] + info[-2:]
    yield "no NULL", rsa.private(encode(bare + digest))
    yield "no DigestInfo", rsa.private(encode(digest))
    yield "another hash's DigestInfo", rsa.private(
        encode(bytes.fromhex(DIGEST_INFO[other]) + digest))
    yield "another hash", rsa.private(
        encode(bytes.fromhex(DIGEST_INFO[other]) + hashlib.new(other, message).digest()))
    yield "block type 2", rsa.private(encode(info + digest, kind=2))
    yield "block type 0", rsa.private(encode(info + digest, kind=0, fill=b"\0"))
    yield "padding of other bytes", rsa.private(encode(info + digest, fill=b"\xfe"))
    yield "short padding and garbage behind", rsa.private(
        encode(info + digest, room=3 + 8 + len(info + digest)).ljust(rsa.k, b"\x5a"))
    yield "garbage inside the DigestInfo", rsa.private(
        encode(info + digest + bytes(8))[:rsa.k])
    yield "a byte of the digest", rsa.private(good[:-1] + bytes([good[-1] ^ 1]))
    yield "no zero before the DigestInfo", rsa.private(
        b"\0\1" + b"\xff" * (rsa.k - 2 - len(info + digest)) + info + digest)
    number = int.from_bytes(rsa.private(good), "big") + rsa.n
    if number < 1 << 8 * rsa.k:
        yield "s + n", number.to_bytes(rsa.k, "big")
    yield "a zero in front", b"\0" + rsa.private(good)
    yield "0", bytes(rsa.k)
    yield "1", bytes(rsa.k - 1) + b"\1"
    yield "n - 1", (rsa.n - 1).to_bytes(rsa.k, "big")
    yield "n", rsa.n.to_bytes(rsa.k, "big")


def _mgf1(name, seed, n):
    out = b""
    while len(out) < n:
        out += hashlib.new(name, seed + (len(out) // hashlib.new(name).digest_size)
                           .to_bytes(4, "big")).digest()
    return out[:n]


def _xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


def pss_encode(rsa, name, message, salt_len=None, mgf=None, one=1, trailer=0xBC):
    """EMSA-PSS (RFC 8017 section 9.1.1), with one thing or another changed."""
    h_len = hashlib.new(name).digest_size
    salt = secrets.token_bytes(h_len if salt_len is None else salt_len)
    h = hashlib.new(name, bytes(8) + hashlib.new(name, message).digest() + salt).digest()
    db = (bytes(rsa.k - len(salt) - h_len - 2) + bytes([one]) + salt)
    masked = bytearray(_xor(db, _mgf1(mgf or name, h, len(db))))
    masked[0] &= 0x7F
    return bytes(masked) + h + bytes([trailer])


def pss(rsa, name, message):
    """(what, signature) of what RSASSA-PSS with a salt as long as the hash is not."""
    h_len = hashlib.new(name).digest_size
    other = "sha512" if name != "sha512" else "sha256"
    for n in (0, 8, 20, h_len - 1, h_len + 1, rsa.k - h_len - 2):
        yield f"a salt of {n} bytes", rsa.private(
            pss_encode(rsa, name, message, salt_len=n))
    yield "MGF1 with another hash", rsa.private(pss_encode(rsa, name, message, mgf=other))
    yield "MGF1 with SHA-1", rsa.private(pss_encode(rsa, name, message, mgf="sha1"))
    yield "another hash", rsa.private(pss_encode(rsa, other, message))
    yield "another trailer", rsa.private(pss_encode(rsa, name, message, trailer=0xCC))
    yield "no 01 before the salt", rsa.private(pss_encode(rsa, name, message, one=2))
    yield "the PKCS#1 encoding", rsa.private(
        b"\0\1" + b"\xff" * (rsa.k - 3 - 19 - h_len) + b"\0" +
        bytes.fromhex(DIGEST_INFO[name]) + hashlib.new(name, message).digest())
    yield "0", bytes(rsa.k)
    yield "n - 1", (rsa.n - 1).to_bytes(rsa.k, "big")


def oaep_encode(rsa, name, plain, label=b"", mgf=None, first=0, one=1, filler=0):
    """EME-OAEP (RFC 8017 section 7.1.1), with one thing or another changed."""
    h_len = hashlib.new(name).digest_size
    db = hashlib.new(name, label).digest() + \
        bytes([filler]) * (rsa.k - len(plain) - 2 * h_len - 2) + bytes([one]) + plain
    seed = secrets.token_bytes(h_len)
    masked = _xor(db, _mgf1(mgf or name, seed, len(db)))
    return bytes([first]) + _xor(seed, _mgf1(mgf or name, masked, h_len)) + masked


def oaep(rsa, name, plain):
    """(what, ciphertext) of what RSAES-OAEP with this hash and no label is not."""
    other = "sha1" if name != "sha1" else "sha256"
    yield "a label", rsa.public(oaep_encode(rsa, name, plain, label=b"label"))
    yield "MGF1 with another hash", rsa.public(oaep_encode(rsa, name, plain, mgf=other))
    yield "another hash", rsa.public(oaep_encode(rsa, other, plain))
    yield "a first byte that is not zero", rsa.public(
        oaep_encode(rsa, name, plain, first=1))
    yield "no 01 before the plaintext", rsa.public(oaep_encode(rsa, name, plain, one=2))
    yield "only zeros behind the hash", rsa.public(oaep_encode(rsa, name, b"", one=0))
    yield "filler that is not zero", rsa.public(oaep_encode(rsa, name, plain, filler=3))
    tail = b"\0\2" + b"\x5a" * (rsa.k - 3 - len(plain)) + b"\0" + plain
    yield "PKCS#1 v1.5", rsa.public(tail)
    yield "no padding", rsa.public(plain.rjust(rsa.k, b"\0"))
    good = rsa.public(oaep_encode(rsa, name, plain))
    number = int.from_bytes(good, "big") + rsa.n
    if number < 1 << 8 * rsa.k:
        yield "c + n", number.to_bytes(rsa.k, "big")
    for what, n in (("0", 0), ("1", 1), ("n - 1", rsa.n - 1), ("n", rsa.n)):
        yield what, n.to_bytes(rsa.k, "big")
    yield "cut", good[:-1]
    yield "a zero in front", b"\0" + good
