"""Ed25519ph after RFC 8032 section 5.1, in plain Python: slow, and nobody else's code."""

import hashlib

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
PREFIX = b"SigEd25519 no Ed25519 collisions"


def _x(y, sign):
    """The x coordinate of a y and the lowest bit of x; None when there is none."""
    x2 = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - x2) % P or (x == 0 and sign):
        return None
    return P - x if x & 1 != sign else x


_BY = 4 * pow(5, -1, P) % P
_BX = _x(_BY, 0)
# Extended coordinates: X, Y, Z, T with x = X/Z, y = Y/Z, xy = T/Z.
B = (_BX, _BY, 1, _BX * _BY % P)
NEUTRAL = (0, 1, 1, 0)


def add(p, q):
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(n, p):
    total = NEUTRAL
    while n:
        if n & 1:
            total = add(total, p)
        p, n = add(p, p), n >> 1
    return total


def encode(p):
    z = pow(p[2], -1, P)
    x, y = p[0] * z % P, p[1] * z % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def decode(raw):
    n = int.from_bytes(raw, "little")
    y, sign = n & (1 << 255) - 1, n >> 255
    x = _x(y, sign) if y < P else None
    return None if x is None else (x, y, 1, x * y % P)


def _hash(*parts):
    """SHA-512 behind dom2 with the flag of pre-hashing and no context."""
    h = hashlib.sha512(PREFIX + b"\x01\x00" + b"".join(parts)).digest()
    return int.from_bytes(h, "little")


def _secret(seed):
    h = bytearray(hashlib.sha512(seed).digest())
    h[0] &= 248
    h[31] = h[31] & 127 | 64
    return int.from_bytes(h[:32], "little"), bytes(h[32:])


def public(seed):
    return encode(times(_secret(seed)[0], B))


def sign(seed, message):
    a, prefix = _secret(seed)
    hashed = hashlib.sha512(message).digest()
    r = _hash(prefix, hashed) % L
    big_r, big_a = encode(times(r, B)), encode(times(a, B))
    s = (r + _hash(big_r, big_a, hashed) * a) % L
    return big_r + s.to_bytes(32, "little")


def verify(key, message, signature):
    if len(signature) != 64:
        return False
    a, r = decode(key), decode(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L:
        return False
    k = _hash(signature[:32], key, hashlib.sha512(message).digest())
    return encode(times(s, B)) == encode(add(r, times(k, a)))
