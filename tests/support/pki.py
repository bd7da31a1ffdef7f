"""Certificates of every kind, good and bad, for the tests of the handshake."""

import datetime
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.x509 import ocsp
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = datetime.timedelta(days=1)
CLIENT = (ExtendedKeyUsageOID.CLIENT_AUTH,)
SERVER = (ExtendedKeyUsageOID.SERVER_AUTH,)
ALICE = "arn:aws:iam::111122223333:user/alice"


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def name(common):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def new_key(kind="P-256"):
    if kind == "P-192":
        return ec.generate_private_key(ec.SECP192R1())
    if kind.startswith("RSA-"):
        return rsa.generate_private_key(65537, int(kind[4:]))
    return ec.generate_private_key(ec.SECP256R1())


def usage(**given):
    fields = dict.fromkeys(
        ("digital_signature", "content_commitment", "key_encipherment",
         "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign",
         "encipher_only", "decipher_only"), False)
    return x509.KeyUsage(**{**fields, **given})


def pem(thing):
    if isinstance(thing, (list, tuple)):
        return b"".join(pem(one) for one in thing)
    if hasattr(thing, "public_bytes"):
        return thing.public_bytes(serialization.Encoding.PEM)
    return thing.private_bytes(serialization.Encoding.PEM,
                               serialization.PrivateFormat.PKCS8,
                               serialization.NoEncryption())


class Authority:
    """A CA: a new one, or one read from the files of an installation."""

    def __init__(self, common="test CA", files=None, parent=None, path_length=None,
                 is_ca=True):
        self.revoked = []
        if files:
            cert, key = files
            self.cert = x509.load_pem_x509_certificate(Path(cert).read_bytes())
            self.key = serialization.load_pem_private_key(Path(key).read_bytes(), None)
            return
        self.key = new_key()
        issuer = parent or self
        self.cert = self.builder(name(common), self.key.public_key(), issuer.subject
                                  if parent else name(common), issuer.key) \
            .add_extension(x509.BasicConstraints(is_ca, path_length), True) \
            .add_extension(usage(key_cert_sign=True, crl_sign=True), True) \
            .sign(issuer.key, hashes.SHA256())

    @property
    def subject(self):
        return self.cert.subject

    @staticmethod
    def builder(subject, public, issuer, signer, begins=-1, ends=30):
        """With the key identifiers that strict verifiers ask for (RFC 5280, 4.2.1)."""
        return x509.CertificateBuilder().subject_name(subject).issuer_name(issuer) \
            .public_key(public).serial_number(x509.random_serial_number()) \
            .not_valid_before(now() + begins * DAY).not_valid_after(now() + ends * DAY) \
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), False) \
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(
                signer.public_key()), False)

    def issue(self, common="alice", uris=(ALICE,), purposes=CLIENT, begins=-1, ends=30,
              kind="P-256", digest=None, key_usage=None, is_ca=False, dns=(), ips=(),
              self_signed=False, extra=()):
        """(certificate, key); purposes None leaves the extension out."""
        key = new_key(kind)
        signer = key if self_signed else self.key
        builder = self.builder(name(common), key.public_key(),
                                name(common) if self_signed else self.subject, signer,
                                begins, ends)
        builder = builder.add_extension(x509.BasicConstraints(is_ca, None), True)
        names = [x509.UniformResourceIdentifier(uri) for uri in uris]
        names += [x509.DNSName(one) for one in dns]
        names += [x509.IPAddress(ipaddress.ip_address(one)) for one in ips]
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), False)
        if purposes is not None:
            builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), False)
        if key_usage is None:
            key_usage = usage(digital_signature=True)
        builder = builder.add_extension(key_usage, True)
        for extension, critical in extra:
            builder = builder.add_extension(extension, critical)
        return builder.sign(signer, digest or hashes.SHA256()), key

    def revoke(self, cert):
        self.revoked.append(cert.serial_number)

    def crl(self, begins=-1, ends=30):
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.subject) \
            .last_update(now() + begins * DAY).next_update(now() + ends * DAY)
        for serial in self.revoked:
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder().serial_number(serial)
                .revocation_date(now() - DAY).build())
        return builder.sign(self.key, hashes.SHA256())

    def ocsp(self, cert):
        """DER of a response that says cert is good."""
        return ocsp.OCSPResponseBuilder().add_response(
            cert, self.cert, hashes.SHA256(), ocsp.OCSPCertStatus.GOOD,
            now() - DAY, now() + 30 * DAY, None, None) \
            .responder_id(ocsp.OCSPResponderEncoding.NAME, self.cert) \
            .sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def write(folder, stem, cert, key):
    """The paths of a PEM certificate (or chain) and its key."""
    folder = Path(folder)
    cert_path, key_path = folder / f"{stem}.pem", folder / f"{stem}.key"
    cert_path.write_bytes(pem(cert))
    key_path.touch(mode=0o600)
    key_path.write_bytes(pem(key))
    return cert_path, key_path
