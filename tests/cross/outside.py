"""The other side of the matrix: programs and libraries that are not kmsd.

A tool signs, verifies, encrypts, decrypts, agrees and authenticates with keys in standard
containers: PKCS#8 and SubjectPublicKeyInfo, DER. `message` is what the API is sent for a
message type: the message, its digest, or ML-DSA's mu.
"""

import hashlib
import hmac
import os
import re
import subprocess
import tempfile
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, utils

from support import specs

from . import edwards, sm2

PROGRAM = os.environ.get("OPENSSL", "openssl")


def bits_of(algorithm):
    return int(algorithm.rsplit("_", 1)[1])


class OpenSSL:
    """The command line."""

    name = "openssl"

    def __init__(self):
        words = subprocess.run([PROGRAM, "version"], capture_output=True, text=True,
                               check=True).stdout
        self.version = tuple(map(int, re.match(r"OpenSSL (\d+)\.(\d+)", words).groups()))

    def cannot(self, spec, algorithm):
        if spec in specs.ML_DSA and self.version < (3, 5):
            return "ML-DSA needs the openssl program of version 3.5"
        if algorithm == "ED25519_PH_SHA_512" and self.version < (3, 5):
            return "the openssl program has no Ed25519ph before version 3.5"
        if spec == "SM2" and algorithm == "ECDH":
            return "the openssl program does not take SM2 keys for ECDH"
        return None

    def _run(self, *args, check=True, **files):
        """Run it in a directory of its own with these files; what it wrote to `out`."""
        with tempfile.TemporaryDirectory(prefix="kmsd-cross-") as place:
            for name, content in files.items():
                Path(place, name).write_bytes(content)
            done = subprocess.run([PROGRAM, *args], cwd=place, capture_output=True,
                                  timeout=60)
            if check:
                assert done.returncode == 0, (args, done.stderr.decode())
            out = Path(place, "out")
            return done.returncode == 0, out.read_bytes() if out.exists() else done.stdout

    def _how(self, algorithm, kind, option):
        """Options for one signature: by what command, and how."""
        how = []
        if algorithm.startswith("RSASSA_PSS"):
            how = [option, "rsa_padding_mode:pss", option, "rsa_pss_saltlen:digest"]
        elif algorithm == "SM2DSA" and kind == "RAW":
            how = ["-digest", "sm3", option, f"distid:{sm2.IDENTITY.decode()}"]
        elif algorithm == "ED25519_PH_SHA_512":
            how = [option, "instance:Ed25519ph"]
        elif kind == "EXTERNAL_MU":
            how = [option, "mu:1"]
        return how

    def _hashes(self, algorithm):
        return not algorithm.startswith(("SM2", "ED25519", "ML_DSA"))

    def sign(self, pkcs8, algorithm, kind, message):
        how = self._how(algorithm, kind, "-pkeyopt")
        if kind == "RAW" and self._hashes(algorithm):
            how = self._how(algorithm, kind, "-sigopt")
            return self._run("dgst", f"-sha{bits_of(algorithm)}", "-keyform", "DER", "-sign",
                             "key", *how, "-out", "out", "message", key=pkcs8,
                             message=message)[1]
        if self._hashes(algorithm):
            how += ["-pkeyopt", f"digest:sha{bits_of(algorithm)}"]
        elif not (algorithm == "SM2DSA" and kind == "DIGEST"):
            how = ["-rawin", *how]
        return self._run("pkeyutl", "-sign", "-keyform", "DER", "-inkey", "key", "-in",
                         "message", *how, "-out", "out", key=pkcs8, message=message)[1]

    def verify(self, spki, algorithm, kind, message, signature):
        how = self._how(algorithm, kind, "-pkeyopt")
        files = {"key": spki, "message": message, "signature": signature}
        if kind == "RAW" and self._hashes(algorithm):
            how = self._how(algorithm, kind, "-sigopt")
            return self._run("dgst", f"-sha{bits_of(algorithm)}", "-keyform", "DER",
                             "-verify", "key", *how, "-signature", "signature", "message",
                             check=False, **files)[0]
        if self._hashes(algorithm):
            how += ["-pkeyopt", f"digest:sha{bits_of(algorithm)}"]
        elif not (algorithm == "SM2DSA" and kind == "DIGEST"):
            how = ["-rawin", *how]
        return self._run("pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", "key",
                         "-in", "message", *how, "-sigfile", "signature", check=False,
                         **files)[0]

    def _oaep(self, algorithm):
        if algorithm == "SM2PKE":
            return []
        md = "sha1" if algorithm.endswith("SHA_1") else "sha256"
        return [word for option in ("rsa_padding_mode:oaep", f"rsa_oaep_md:{md}",
                                    f"rsa_mgf1_md:{md}") for word in ("-pkeyopt", option)]

    def encrypt(self, spki, algorithm, plain):
        return self._run("pkeyutl", "-encrypt", "-pubin", "-keyform", "DER", "-inkey", "key",
                         "-in", "plain", "-out", "out", *self._oaep(algorithm), key=spki,
                         plain=plain)[1]

    def decrypt(self, pkcs8, algorithm, cipher):
        return self._run("pkeyutl", "-decrypt", "-keyform", "DER", "-inkey", "key", "-in",
                         "cipher", "-out", "out", *self._oaep(algorithm), key=pkcs8,
                         cipher=cipher)[1]

    def derive(self, pkcs8, spki):
        return self._run("pkeyutl", "-derive", "-keyform", "DER", "-inkey", "key",
                         "-peerform", "DER", "-peerkey", "peer", "-out", "out", key=pkcs8,
                         peer=spki)[1]

    def mac(self, key, algorithm, message):
        return self._run("dgst", f"-sha{bits_of(algorithm)}", "-mac", "HMAC", "-macopt",
                         f"hexkey:{key.hex()}", "-binary", "-out", "out", "message",
                         message=message)[1]

    def generate(self, spec):
        """A fresh private key: PKCS#8."""
        curves = {**dict(zip(specs.NIST, ("P-256", "P-384", "P-521"))),
                  specs.SECG: "secp256k1", "SM2": "SM2"}
        if spec in specs.RSA:
            how = ["-algorithm", "RSA", "-pkeyopt", f"rsa_keygen_bits:{spec[4:]}"]
        elif spec in curves:
            how = ["-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{curves[spec]}"]
        else:
            how = ["-algorithm", "ED25519"]
        pem = self._run("genpkey", *how, "-out", "out")[1]
        return self._run("pkcs8", "-topk8", "-nocrypt", "-in", "key", "-outform", "DER",
                         "-out", "out", key=pem)[1]

    def public_of(self, pkcs8):
        return self._run("pkey", "-inform", "DER", "-in", "key", "-pubout", "-outform", "DER",
                         "-out", "out", key=pkcs8)[1]

    def describe(self, spki):
        """What the program says of a public key."""
        return self._run("pkey", "-pubin", "-inform", "DER", "-in", "key", "-noout", "-text",
                         key=spki)[1].decode()

    def rewrite(self, pkcs8):
        """A private key as the program writes it, after checking it."""
        self._run("pkey", "-inform", "DER", "-in", "key", "-check", "-noout", key=pkcs8)
        return self._run("pkcs8", "-topk8", "-nocrypt", "-inform", "DER", "-in", "key",
                         "-outform", "DER", "-out", "out", key=pkcs8)[1]


class Cryptography:
    """The Python package, which brings a library of its own."""

    name = "cryptography"

    def cannot(self, spec, algorithm):
        if spec == "SM2":
            return "the package has no SM2"
        if algorithm == "ED25519_PH_SHA_512":
            return "the package has no Ed25519ph"
        return None

    def _scheme(self, algorithm, kind):
        """Arguments of sign and verify behind the message."""
        if algorithm.startswith(("ED25519", "ML_DSA")):
            return []
        digest = getattr(hashes, f"SHA{bits_of(algorithm)}")()
        what = digest if kind == "RAW" else utils.Prehashed(digest)
        if algorithm.startswith("ECDSA"):
            return [ec.ECDSA(what)]
        if algorithm.startswith("RSASSA_PSS"):
            return [padding.PSS(padding.MGF1(digest), padding.PSS.DIGEST_LENGTH), what]
        return [padding.PKCS1v15(), what]

    def sign(self, pkcs8, algorithm, kind, message):
        key = serialization.load_der_private_key(pkcs8, None)
        return key.sign(message, *self._scheme(algorithm, kind))

    def verify(self, spki, algorithm, kind, message, signature):
        key = serialization.load_der_public_key(spki)
        try:
            if kind == "EXTERNAL_MU":
                key.verify_mu(signature, message)
            else:
                key.verify(signature, message, *self._scheme(algorithm, kind))
        except InvalidSignature:
            return False
        return True

    def _oaep(self, algorithm):
        digest = hashes.SHA1 if algorithm.endswith("SHA_1") else hashes.SHA256
        return padding.OAEP(padding.MGF1(digest()), digest(), None)

    def encrypt(self, spki, algorithm, plain):
        return serialization.load_der_public_key(spki).encrypt(plain, self._oaep(algorithm))

    def decrypt(self, pkcs8, algorithm, cipher):
        return serialization.load_der_private_key(pkcs8, None).decrypt(
            cipher, self._oaep(algorithm))

    def derive(self, pkcs8, spki):
        return serialization.load_der_private_key(pkcs8, None).exchange(
            ec.ECDH(), serialization.load_der_public_key(spki))

    def mac(self, key, algorithm, message):
        return hmac.digest(key, message, f"sha{bits_of(algorithm)}")


class Plain:
    """What neither of them has, written out: Ed25519ph and SM2."""

    name = "plain"

    def cannot(self, spec, algorithm):
        if spec != "SM2" and algorithm != "ED25519_PH_SHA_512":
            return "the others have it"
        return None

    def sign(self, pkcs8, algorithm, kind, message):
        if algorithm == "ED25519_PH_SHA_512":
            return edwards.sign(pkcs8[-32:], message)    # RFC 8410: the seed comes last
        d = sm2.private_of(pkcs8)
        e = sm2.digest(sm2.times(d, sm2.G), message) if kind == "RAW" else message
        return sm2.sign(d, e)

    def verify(self, spki, algorithm, kind, message, signature):
        if algorithm == "ED25519_PH_SHA_512":
            return edwards.verify(spki[-32:], message, signature)
        q = sm2.public_of(spki)
        return sm2.verify(q, sm2.digest(q, message) if kind == "RAW" else message, signature)

    def encrypt(self, spki, algorithm, plain):
        return sm2.encrypt(sm2.public_of(spki), plain)

    def decrypt(self, pkcs8, algorithm, cipher):
        return sm2.decrypt(sm2.private_of(pkcs8), cipher)

    def derive(self, pkcs8, spki):
        return sm2.derive(sm2.private_of(pkcs8), sm2.public_of(spki))


OPENSSL = OpenSSL()
TOOLS = {tool.name: tool for tool in (OPENSSL, Cryptography(), Plain())}


def content(algorithm, kind, message, spki=None):
    """What is sent as Message for a message of this type."""
    if kind == "RAW":
        return message
    if kind == "EXTERNAL_MU":
        # FIPS 204 section 6.2, an empty context: SHAKE256(SHAKE256(pk) | 00 00 | message).
        _, body, _ = sm2.der_take(spki)
        _, _, bits = sm2.der_take(body)
        tr = hashlib.shake_256(sm2.der_take(bits)[1][1:]).digest(64)
        return hashlib.shake_256(tr + b"\0\0" + message).digest(64)
    if algorithm == "SM2DSA":
        return sm2.digest(sm2.public_of(spki), message)
    return hashlib.new(f"sha{bits_of(algorithm)}", message).digest()
