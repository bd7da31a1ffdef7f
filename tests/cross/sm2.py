"""SM2 after GB/T 32918 (signatures: part 2, encryption: part 4) and GM/T 0009, in plain
Python over hashlib's SM3: slow, and nobody else's code."""

import hashlib
import secrets

# GB/T 32918.5: the recommended curve.
P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
A = P - 3
B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
G = (0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
     0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0)
IDENTITY = b"1234567812345678"
W = 32


def sm3(*parts):
    return hashlib.new("sm3", b"".join(parts)).digest()


def raw(*numbers):
    return b"".join(n.to_bytes(W, "big") for n in numbers)


def add(p, q):
    if p is None or q is None:
        return p or q
    if p[0] == q[0]:
        if (p[1] + q[1]) % P == 0:
            return None
        m = (3 * p[0] * p[0] + A) * pow(2 * p[1], -1, P) % P
    else:
        m = (q[1] - p[1]) * pow(q[0] - p[0], -1, P) % P
    x = (m * m - p[0] - q[0]) % P
    return x, (m * (p[0] - x) - p[1]) % P


def times(n, p):
    total = None
    while n:
        if n & 1:
            total = add(total, p)
        p, n = add(p, p), n >> 1
    return total


def point(octets):
    """An uncompressed point; fails unless it is on the curve."""
    assert octets[0] == 4 and len(octets) == 1 + 2 * W
    x, y = (int.from_bytes(octets[1 + i * W:1 + (i + 1) * W], "big") for i in (0, 1))
    assert (y * y - x * x * x - A * x - B) % P == 0
    return x, y


# --- DER, as much as is needed ------------------------------------------------------------

def der(tag, body):
    n = len(body)
    length = bytes([n]) if n < 128 else (
        bytes([0x81, n]) if n < 256 else bytes([0x82]) + n.to_bytes(2, "big"))
    return bytes([tag]) + length + body


def der_integer(n):
    return der(2, n.to_bytes(n.bit_length() // 8 + 1, "big"))


def der_take(octets):
    """(tag, body, rest) of the first element."""
    n, head = octets[1], 2
    if n & 0x80:
        head += n & 0x7F
        n = int.from_bytes(octets[2:head], "big")
    assert len(octets) >= head + n
    return octets[0], octets[head:head + n], octets[head + n:]


# --- signatures ---------------------------------------------------------------------------

def digest(q, message, identity=IDENTITY):
    """SM3(Z | message): what is signed (part 2 section 5.5)."""
    z = sm3((8 * len(identity)).to_bytes(2, "big"), identity, raw(A, B, *G, *q))
    return sm3(z, message)


def sign(d, e):
    e = int.from_bytes(e, "big")
    while True:
        k = secrets.randbelow(N - 1) + 1
        r = (e + times(k, G)[0]) % N
        s = pow(1 + d, -1, N) * (k - r * d) % N
        if r and s and r + k != N:
            return der(0x30, der_integer(r) + der_integer(s))


def verify(q, e, signature):
    tag, body, rest = der_take(signature)
    tag_r, r, behind = der_take(body)
    tag_s, s, end = der_take(behind)
    if (tag, tag_r, tag_s, rest, end) != (0x30, 2, 2, b"", b""):
        return False
    r, s = int.from_bytes(r, "big"), int.from_bytes(s, "big")
    if not (0 < r < N and 0 < s < N) or (r + s) % N == 0:
        return False
    x = add(times(s, G), times((r + s) % N, q))
    return x is not None and (int.from_bytes(e, "big") + x[0]) % N == r


# --- encryption -----------------------------------------------------------------------------

def _stream(x, y, n):
    """The KDF of part 4 section 5.4.3."""
    blocks = (sm3(raw(x, y), i.to_bytes(4, "big")) for i in range(1, n // 32 + 2))
    return b"".join(blocks)[:n]


def _xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


def encrypt(q, plain):
    """SM2Cipher of GM/T 0009 section 7.2: x, y, SM3(x2 | plain | y2), cipher."""
    k = secrets.randbelow(N - 1) + 1
    c1, (x, y) = times(k, G), times(k, q)
    return der(0x30, der_integer(c1[0]) + der_integer(c1[1]) +
               der(4, sm3(raw(x), plain, raw(y))) +
               der(4, _xor(plain, _stream(x, y, len(plain)))))


def decrypt(d, cipher):
    tag, body, rest = der_take(cipher)
    assert (tag, rest) == (0x30, b"")
    _, x, body = der_take(body)
    _, y, body = der_take(body)
    _, check, body = der_take(body)
    _, hidden, rest = der_take(body)
    assert rest == b""
    x, y = times(d, point(b"\4" + raw(int.from_bytes(x, "big"), int.from_bytes(y, "big"))))
    plain = _xor(hidden, _stream(x, y, len(hidden)))
    assert check == sm3(raw(x), plain, raw(y))
    return plain


def derive(d, q):
    """The x coordinate, as ECDH has it: SM2's own agreement is another protocol."""
    return raw(times(d, q)[0])


# --- containers -----------------------------------------------------------------------------

def public_of(spki):
    _, body, _ = der_take(spki)
    _, _, bits = der_take(body)
    return point(der_take(bits)[1][1:])


def private_of(pkcs8):
    """The scalar inside ECPrivateKey (RFC 5915) inside PrivateKeyInfo (RFC 5208)."""
    _, body, _ = der_take(pkcs8)
    _, _, body = der_take(body)
    _, _, body = der_take(body)
    _, inner, _ = der_take(der_take(body)[1])
    _, _, inner = der_take(inner)
    return int.from_bytes(der_take(inner)[1], "big")
