#!/usr/bin/env python3
"""Known answers for the ciphertext of version 1, from an implementation of its own.

    python3 tests/vectors/make_envelope.py > tests/vectors/envelope.txt

Written from the description in lib/crypto/envelope.h with Python's hmac and hashlib and
the AES-GCM of the package cryptography; no code of kmsd takes part. All inputs come from
a counter hashed with SHA-256, so a second run gives the same file. KBKDF is computed
twice, by hand and by cryptography's KBKDFHMAC.
"""

import hashlib
import hmac
import struct

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.kbkdf import CounterLocation, KBKDFHMAC, Mode


class Source:
    """Bytes that look random and are the same each time."""

    def __init__(self, name):
        self.name, self.count = name.encode(), 0

    def take(self, n):
        out = b""
        while len(out) < n:
            out += hashlib.sha256(self.name + struct.pack(">Q", self.count)).digest()
            self.count += 1
        return out[:n]


def kbkdf(key, label, context):
    block = b"\0\0\0\1" + label + b"\0" + context + struct.pack(">I", 256)
    by_hand = hmac.new(key, block, hashlib.sha256).digest()
    library = KBKDFHMAC(
        algorithm=hashes.SHA256(), mode=Mode.CounterMode, length=32, rlen=4, llen=4,
        location=CounterLocation.BeforeFixed, label=label, context=context, fixed=None,
    ).derive(key)
    assert by_hand == library
    return by_hand


def canonical(pairs):
    if not pairs:
        return b""
    out = struct.pack(">H", len(pairs))
    for key, value in sorted((k.encode(), v.encode()) for k, v in pairs.items()):
        out += struct.pack(">H", len(key)) + key + struct.pack(">H", len(value)) + value
    return out


class Message:
    """Everything about one message but its plaintext."""

    def __init__(self, material, uuid, pairs, nonce, iv, kmid=None):
        self.material, self.uuid, self.nonce, self.iv = material, uuid, nonce, iv
        self.kmid = kmid or kbkdf(material, b"kmsd-kmid-v1", uuid)
        self.context = canonical(pairs)
        self.head = b"\1\1" + uuid + self.kmid
        self.aad = self.head + self.context
        ctx = nonce + hashlib.sha256(self.aad).digest()
        self.kenc = kbkdf(material, b"kmsd-enc-v1", ctx)
        self.commit = kbkdf(material, b"kmsd-commit-v1", ctx)

    def blob(self, sealed):
        return self.head + self.nonce + self.iv + self.commit + sealed

    def seal(self, plain):
        return self.blob(AESGCM(self.kenc).encrypt(self.iv, plain, self.aad))


def show(**values):
    for name, value in values.items():
        print(name, value.hex() if value else "-")
    print()


def design_answer():
    m = Message(bytes(range(32)), bytes.fromhex("11223344556677889900aabbccddeeff"),
                {"tenant": "42", "app": "é"}, bytes(range(0xA0, 0xB0)),
                bytes(range(0xB0, 0xBC)), hashlib.sha256(b"kmid").digest())
    blob = m.seal(b"hello kmsd")
    assert m.kenc.hex().startswith("c500e306b1d10f9c")
    assert m.commit.hex().startswith("81762a27003c432a")
    assert blob.hex().endswith("ed23cc3138275ebf665b9b370e0a734e03b82ef828e91aa82266")
    return m, b"hello kmsd", blob


# --- GF(2^128) as GCM writes it: bit 0 is the first bit of the first byte ---------------

def gf_mul(x, y):
    z = 0
    for i in range(128):
        if (y >> (127 - i)) & 1:
            z ^= x
        x = (x >> 1) ^ (0xE1 << 120) if x & 1 else x >> 1
    return z


def gf_inverse(x):
    """x^(2^128 - 2)."""
    result, power = 1 << 127, x
    for _ in range(127):
        power = gf_mul(power, power)
        result = gf_mul(result, power)
    return result


def ecb(key, block):
    e = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    return e.update(block) + e.finalize()


def ghash(h, data):
    y = 0
    for at in range(0, len(data), 16):
        block = data[at:at + 16].ljust(16, b"\0")
        y = gf_mul(y ^ int.from_bytes(block, "big"), h)
    return y


def padded(data):
    return data + b"\0" * (-len(data) % 16)


def tag_parts(m, ct):
    """The tag of ct without its second block, and the factor of that block."""
    h = int.from_bytes(ecb(m.kenc, b"\0" * 16), "big")
    lengths = struct.pack(">QQ", 8 * len(m.aad), 8 * len(ct))
    fixed = ghash(h, padded(m.aad) + ct[:16] + b"\0" * 16 + ct[32:] + lengths)
    fixed ^= int.from_bytes(ecb(m.kenc, m.iv + b"\0\0\0\1"), "big")
    blocks_after = (len(ct) - 32) // 16 + 1
    factor = h
    for _ in range(blocks_after):
        factor = gf_mul(factor, h)
    return fixed, factor


def salamander():
    """One ciphertext and tag that AES-GCM opens under the keys of two messages.

    Both name the same key and material id, as a database edited by an attacker could
    have it. Only the commitment tells the two apart.
    """
    source = Source("salamander")
    uuid, kmid, nonce, iv = (source.take(n) for n in (16, 32, 16, 12))
    one = Message(source.take(32), uuid, {}, nonce, iv, kmid)
    two = Message(source.take(32), uuid, {}, nonce, iv, kmid)
    ct = source.take(48)
    (t1, f1), (t2, f2) = tag_parts(one, ct), tag_parts(two, ct)
    block = gf_mul(t1 ^ t2, gf_inverse(f1 ^ f2))
    tag = (t1 ^ gf_mul(block, f1)).to_bytes(16, "big")
    sealed = ct[:16] + block.to_bytes(16, "big") + ct[32:] + tag
    return one, two, sealed


def main():
    print("# Known answers for lib/crypto/envelope.h, made by make_envelope.py; - is empty.")
    print("# First the one that the design gives, then generated ones, then a ciphertext")
    print("# that AES-GCM alone would open under two keys.")
    print()
    m, plain, blob = design_answer()
    cases = [(m, plain, blob)]
    contexts = [
        {}, {"a": ""}, {"a": "b", "aa": "", "é": "ü"},
        {"\uffff": "1", "\U00010000": "2"},
        {f"key{i:03}": "v" * i for i in range(60)},
    ]
    sizes = [0, 1, 15, 16, 17, 31, 32, 33, 255, 4096]
    source = Source("envelope")
    for i, size in enumerate(sizes):
        m = Message(source.take(32), source.take(16), contexts[i % len(contexts)],
                    source.take(16), source.take(12))
        plain = source.take(size)
        cases.append((m, plain, m.seal(plain)))
    for m, plain, blob in cases:
        show(material=m.material, uuid=m.uuid, kmid=m.kmid, context=m.context,
             kenc=m.kenc, commit=m.commit, plain=plain, blob=blob)
    one, two, sealed = salamander()
    for m in (one, two):
        plain = AESGCM(m.kenc).decrypt(m.iv, sealed, m.aad)
        show(salamander=m.material, uuid=m.uuid, kmid=m.kmid, context=m.context,
             kenc=m.kenc, commit=m.commit, plain=plain, blob=m.blob(sealed))


if __name__ == "__main__":
    main()
