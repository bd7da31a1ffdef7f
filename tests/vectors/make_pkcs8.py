#!/usr/bin/env python3
"""Private keys in PKCS#8, good and bad, from an implementation of its own.

    python3 tests/vectors/make_pkcs8.py > tests/vectors/pkcs8.txt

Each group: spec and what (ASCII), der, ok (01: has to be imported, 00: has to be
refused) and, for good ones, the public key as the package cryptography writes it. The
containers are put together here, byte by byte; numbers come from a counter hashed with
SHA-256, so a second run gives the same file.
"""

import hashlib

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


class Source:
    def __init__(self, name):
        self.name, self.count = name.encode(), 0

    def take(self, n):
        out = b""
        while len(out) < n:
            out += hashlib.sha256(self.name + self.count.to_bytes(4, "big")).digest()
            self.count += 1
        return out[:n]


# --- DER --------------------------------------------------------------------------------

def tlv(tag, *parts):
    body = b"".join(parts)
    n = len(body)
    if n < 128:
        return bytes([tag, n]) + body
    octets = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + body


def ber(tag, *parts):
    """The same with an indefinite length (X.690 section 8.1.3.6)."""
    return bytes([tag, 0x80]) + b"".join(parts) + b"\0\0"


def seq(*parts):
    return tlv(0x30, *parts)


def num(n):
    return tlv(2, n.to_bytes(n.bit_length() // 8 + 1, "big"))


def octets(b):
    return tlv(4, b)


def bits(b):
    return tlv(3, b"\0", b)


def oid(text):
    first, second, *rest = map(int, text.split("."))
    out = bytes([40 * first + second])
    for arc in rest:
        part = [arc & 0x7f]
        while arc := arc >> 7:
            part.append(0x80 | (arc & 0x7f))
        out += bytes(reversed(part))
    return tlv(6, out)


NULL = b"\x05\0"
RSA = seq(oid("1.2.840.113549.1.1.1"), NULL)
EC_KEY = oid("1.2.840.10045.2.1")
CURVES = {
    "ECC_NIST_P256": ("1.2.840.10045.3.1.7", 32, ec.SECP256R1()),
    "ECC_NIST_P384": ("1.3.132.0.34", 48, ec.SECP384R1()),
    "ECC_NIST_P521": ("1.3.132.0.35", 66, ec.SECP521R1()),
    "ECC_SECG_P256K1": ("1.3.132.0.10", 32, ec.SECP256K1()),
    "SM2": ("1.2.156.10197.1.301", 32, None),
}
ORDER = {
    "ECC_NIST_P256": 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551,
}


def pkcs8(alg, key, version=0, attributes=b"", public=b""):
    return seq(num(version), alg, octets(key), attributes, public)


# friendlyName, as PKCS#12 tools leave it behind.
ATTRIBUTES = tlv(0xa0, seq(oid("1.2.840.113549.1.9.20"), tlv(0x31, tlv(0x1e, b"\0k"))))


def v2_public(b):
    return tlv(0x81, b"\0", b)


# --- output -----------------------------------------------------------------------------

def group(spec, what, der, spki=None):
    print(f"\n# {spec}, {'good' if spki else 'bad'}: {what}")
    print(f"spec {spec.encode().hex()}")
    print(f"what {what.encode().hex()}")
    print(f"der {der.hex() or '-'}")
    print(f"ok {'01' if spki else '00'}")
    if spki:
        print(f"spki {spki.hex()}")


def spki_of(key):
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


# --- RSA --------------------------------------------------------------------------------

def is_prime(n):
    if any(n % p == 0 for p in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)):
        return False
    d, s = n - 1, 0
    while d % 2 == 0:
        d, s = d // 2, s + 1
    source = Source(f"witness {n}")
    for _ in range(24):
        x = pow(int.from_bytes(source.take(16), "big") + 2, d, n)
        if x in (1, n - 1):
            continue
        for _ in range(s - 1):
            x = x * x % n
            if x == n - 1:
                break
        else:
            return False
    return True


def prime(name, size, e):
    """The two top bits set, so that two of them fill the modulus."""
    source = Source(name)
    while True:
        n = int.from_bytes(source.take(size // 8), "big") | (3 << (size - 2)) | 1
        n &= (1 << size) - 1
        if (n - 1) % e and is_prime(n):
            return n


class RsaKey:
    def __init__(self, primes, e=65537):
        self.e, self.primes = e, primes
        self.n, phi = 1, 1
        for p in primes:
            self.n *= p
            phi *= p - 1
        self.d = pow(e, -1, phi)

    def parts(self, **changed):
        p, q = self.primes[:2]
        fields = {"n": self.n, "e": self.e, "d": self.d, "p": p, "q": q,
                  "dp": self.d % (p - 1), "dq": self.d % (q - 1), "qinv": pow(q, -1, p)}
        fields.update(changed)
        return fields

    def inner(self, version=0, extra=b"", **changed):
        return seq(num(version), *map(num, self.parts(**changed).values()), extra)

    def public(self):
        return rsa.RSAPublicNumbers(self.e, self.n).public_key()


def rsa_groups():
    spec = "RSA_2048"
    p, q = prime("p", 1024, 65537), prime("q", 1024, 65537)
    key = RsaKey([p, q])
    good = spki_of(key.public())
    pkcs1 = seq(num(key.n), num(key.e))

    group(spec, "version 1", pkcs8(RSA, key.inner()), good)
    group(spec, "the smaller prime first", pkcs8(RSA, RsaKey([min(p, q), max(p, q)]).inner()),
          good)
    group(spec, "with attributes", pkcs8(RSA, key.inner(), attributes=ATTRIBUTES), good)
    group(spec, "version 2 with its public key",
          pkcs8(RSA, key.inner(), 1, b"", v2_public(pkcs1)), good)
    group(spec, "BER, indefinite length outside",
          ber(0x30, num(0), RSA, octets(key.inner())), good)
    group(spec, "BER, the octet string in pieces",
          seq(num(0), RSA, tlv(0x24, octets(key.inner()[:100]), octets(key.inner()[100:]))),
          good)
    group(spec, "an exponent of 33 bits",
          pkcs8(RSA, RsaKey([p, q], 4294967311).inner()),
          spki_of(RsaKey([p, q], 4294967311).public()))

    bad = {
        "nothing": b"",
        "half of it": pkcs8(RSA, key.inner())[:600],
        "a byte too much": pkcs8(RSA, key.inner()) + b"\0",
        "PKCS#1 without PKCS#8": key.inner(),
        "its public key": good,
        "version 3": pkcs8(RSA, key.inner(), 2),
        "RSASSA-PSS": pkcs8(seq(oid("1.2.840.113549.1.1.10")), key.inner()),
        "parameters that are not NULL":
            pkcs8(seq(oid("1.2.840.113549.1.1.1"), oid("1.2.3")), key.inner()),
        "version 2 with another public key":
            pkcs8(RSA, key.inner(), 1, b"", v2_public(seq(num(key.n + 2), num(key.e)))),
        "a byte after the inner key": pkcs8(RSA, key.inner() + b"\0"),
        "private exponent off by two": pkcs8(RSA, key.inner(d=key.d + 2)),
        "d mod p-1 off by two": pkcs8(RSA, key.inner(dp=key.d % (p - 1) + 2)),
        "d mod q-1 off by two": pkcs8(RSA, key.inner(dq=key.d % (q - 1) + 2)),
        "q inverse off by one": pkcs8(RSA, key.inner(qinv=pow(q, -1, p) + 1)),
        "modulus off by two": pkcs8(RSA, key.inner(n=key.n + 2)),
        "no primes": pkcs8(RSA, key.inner(p=0, q=0, dp=0, dq=0, qinv=0)),
        "a public exponent of 1": pkcs8(RSA, key.inner(e=1, d=1, dp=1, dq=1)),
        "an even public exponent": pkcs8(RSA, key.inner(e=65538)),
    }
    small, large = prime("s", 512, 65537), prime("l", 1536, 65537)
    bad["primes of 512 and 1536 bits"] = pkcs8(RSA, RsaKey([large, small]).inner())
    p3, q3 = prime("p3", 1024, 3), prime("q3", 1024, 3)
    bad["a public exponent of 3"] = pkcs8(RSA, RsaKey([p3, q3], 3).inner())
    huge = (1 << 64) + 13
    bad["a public exponent of 65 bits"] = pkcs8(RSA, RsaKey([p, q], huge).inner())
    bad["1024 bits"] = pkcs8(RSA, RsaKey([prime("a", 512, 65537), small]).inner())
    bad["3072 bits"] = pkcs8(RSA, RsaKey([large, prime("m", 1536, 65537)]).inner())
    three = [prime(f"t{i}", 704 if i < 2 else 640, 65537) for i in range(3)]
    multi = RsaKey(three)
    r = three[2]
    bad["three primes"] = pkcs8(RSA, multi.inner(1, seq(seq(
        num(r), num(multi.d % (r - 1)), num(pow(three[0] * three[1], -1, r))))))
    # p is a product of two primes; all relations hold with its real totient.
    f, g = prime("f", 512, 65537), prime("g", 512, 65537)
    fake = RsaKey([f, g, q])
    bad["p composite"] = pkcs8(RSA, seq(
        num(0), num(f * g * q), num(65537), num(fake.d), num(f * g), num(q),
        num(fake.d % (f * g - 1)), num(fake.d % (q - 1)), num(pow(q, -1, f * g))))
    bad["p and q the same"] = pkcs8(RSA, seq(
        num(0), num(p * p), num(65537), num(pow(65537, -1, p - 1)), num(p), num(p),
        num(pow(65537, -1, p - 1)), num(pow(65537, -1, p - 1)), num(1)))
    for what, der in bad.items():
        group(spec, what, der)


# --- curves -----------------------------------------------------------------------------

def ec_inner(scalar, width, point=None, params=b""):
    return seq(num(1), octets(scalar.to_bytes(width, "big")),
               tlv(0xa0, params) if params else b"",
               tlv(0xa1, bits(point)) if point else b"")


def explicit_p256():
    """SpecifiedECDomain (SEC 1 C.2) of the very same curve."""
    p = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffff
    b = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b
    gx = 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296
    gy = 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5
    g = b"\4" + gx.to_bytes(32, "big") + gy.to_bytes(32, "big")
    return seq(num(1), seq(oid("1.2.840.10045.1.1"), num(p)),
               seq(octets((p - 3).to_bytes(32, "big")), octets(b.to_bytes(32, "big"))),
               octets(g), num(ORDER["ECC_NIST_P256"]), num(1))


def ec_point(curve, scalar):
    public = ec.derive_private_key(scalar, curve).public_key()
    return (public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint),
            spki_of(public))


def curve_groups():
    for spec, (name, width, curve) in CURVES.items():
        if curve is None:
            continue
        alg = seq(EC_KEY, oid(name))
        scalar = int.from_bytes(Source(spec).take(width - 1), "big")
        point, good = ec_point(curve, scalar)
        group(spec, "version 1", pkcs8(alg, ec_inner(scalar, width, point)), good)
        group(spec, "without its public key", pkcs8(alg, ec_inner(scalar, width)), good)
        group(spec, "curve named inside too",
              pkcs8(alg, ec_inner(scalar, width, point, oid(name))), good)
        group(spec, "a byte too much", pkcs8(alg, ec_inner(scalar, width, point)) + b"\0")

    spec = "ECC_NIST_P256"
    name, width, curve = CURVES[spec]
    alg, order = seq(EC_KEY, oid(name)), ORDER[spec]
    scalar = int.from_bytes(Source(spec).take(31), "big")
    point, good = ec_point(curve, scalar)
    other, _ = ec_point(curve, scalar + 1)
    off = point[:-1] + bytes([point[-1] ^ 1])
    key = ec_inner(scalar, width, point)
    group(spec, "the scalar 1", pkcs8(alg, ec_inner(1, width)), ec_point(curve, 1)[1])
    group(spec, "the greatest scalar", pkcs8(alg, ec_inner(order - 1, width)),
          ec_point(curve, order - 1)[1])
    group(spec, "with attributes", pkcs8(alg, key, attributes=ATTRIBUTES), good)
    group(spec, "version 2 with its public key", pkcs8(alg, key, 1, b"", v2_public(point)),
          good)
    group(spec, "BER, indefinite length outside", ber(0x30, num(0), alg, octets(key)), good)
    bad = {
        "nothing": b"",
        "half of it": pkcs8(alg, key)[:60],
        "SEC 1 without PKCS#8": key,
        "its public key": good,
        "the scalar 0": pkcs8(alg, ec_inner(0, width)),
        "the scalar of the order": pkcs8(alg, ec_inner(order, width)),
        "a scalar over the order": pkcs8(alg, ec_inner(order + 1, width)),
        "another public key": pkcs8(alg, ec_inner(scalar, width, other)),
        "a public key off the curve": pkcs8(alg, ec_inner(scalar, width, off)),
        "version 2 with another public key":
            pkcs8(alg, ec_inner(scalar, width), 1, b"", v2_public(other)),
        "a byte after the inner key": pkcs8(alg, key + b"\0"),
        "on P-384": pkcs8(seq(EC_KEY, oid(CURVES["ECC_NIST_P384"][0])),
                          ec_inner(scalar, 48)),
        "on secp256k1": pkcs8(seq(EC_KEY, oid(CURVES["ECC_SECG_P256K1"][0])),
                              ec_inner(scalar, 32)),
        "another curve named inside":
            pkcs8(alg, ec_inner(scalar, 32, b"", oid(CURVES["ECC_SECG_P256K1"][0]))),
        "no curve named": pkcs8(seq(EC_KEY), key),
        "an implicit curve": pkcs8(seq(EC_KEY, NULL), key),
        "explicit parameters": pkcs8(seq(EC_KEY, explicit_p256()), key),
        "explicit parameters inside":
            pkcs8(alg, ec_inner(scalar, width, point, explicit_p256())),
        "an Ed25519 key": ed_key(b"\x42" * 32),
    }
    for what, der in bad.items():
        group(spec, what, der)


# --- Ed25519 ----------------------------------------------------------------------------

ED = seq(oid("1.3.101.112"))


def ed_key(seed, version=0, attributes=b"", public=b""):
    return pkcs8(ED, octets(seed), version, attributes, public)


def ed_groups():
    spec = "ECC_NIST_EDWARDS25519"
    seed = Source(spec).take(32)
    key = ed25519.Ed25519PrivateKey.from_private_bytes(seed)
    raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    other = ed25519.Ed25519PrivateKey.from_private_bytes(seed[::-1])
    other_raw = other.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    good = spki_of(key.public_key())
    group(spec, "version 1", ed_key(seed), good)
    group(spec, "with attributes", ed_key(seed, attributes=ATTRIBUTES), good)
    group(spec, "version 2 with its public key", ed_key(seed, 1, b"", v2_public(raw)), good)
    bad = {
        "nothing": b"",
        "half of it": ed_key(seed)[:24],
        "a byte too much": ed_key(seed) + b"\0",
        "BER, indefinite length outside": ber(0x30, num(0), ED, octets(octets(seed))),
        "BER, a length longer than it has to be":
            b"\x30\x81\x2e" + ed_key(seed)[2:],
        "version 2 with another public key": ed_key(seed, 1, b"", v2_public(other_raw)),
        "version 1 with a public key": ed_key(seed, 0, b"", v2_public(raw)),
        "a seed of 31 bytes": ed_key(seed[:31]),
        "a seed of 33 bytes": ed_key(seed + b"\0"),
        "the seed without its octet string": pkcs8(ED, seed),
        "X25519": pkcs8(seq(oid("1.3.101.110")), octets(seed)),
        "NULL parameters": pkcs8(seq(oid("1.3.101.112"), NULL), octets(seed)),
        "its public key": good,
    }
    for what, der in bad.items():
        group(spec, what, der)


if __name__ == "__main__":
    print("# Private keys to be imported, made by make_pkcs8.py; - is empty.")
    rsa_groups()
    curve_groups()
    ed_groups()
