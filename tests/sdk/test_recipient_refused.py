"""Attestation documents that are refused, and daemons without a root for them."""

import time

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from support import clients, nitro
from support.nitro import UNSET, Authority, recipient
from support.refusal import refused

NOT_VALID = "The attestation document is not valid: "


@pytest.fixture(scope="module")
def hypervisor():
    return nitro.Nitro()


@pytest.fixture(scope="module")
def enclave():
    return nitro.Enclave()


@pytest.fixture(scope="module")
def kms(shared_workshop, hypervisor):
    daemon = shared_workshop.dev(keep=True)
    (daemon.data / "pki" / "attestation-root.pem").write_bytes(hypervisor.root.pem)
    daemon.restart()
    return clients.plain(daemon)


def ask(kms, document):
    return kms.generate_random(NumberOfBytes=8, Recipient=recipient(document))


def is_refused(kms, document, words=None):
    with refused("ValidationException") as caught:
        ask(kms, document)
    message = caught.value.response["Error"]["Message"]
    assert message.startswith(NOT_VALID if words is None else words), message
    return message


# --- the message -------------------------------------------------------------------------

def messages(h, enclave):
    payload = nitro.cbor(h.fields(enclave))
    protected = nitro.cbor(nitro.ES384)
    signature = nitro.sign(h.leaf.key, protected, payload)
    whole = h.document(enclave)
    return {
        "garbage": b"garbage",
        "one byte": b"\x84",
        "cut off": whole[:-1],
        "too long": whole + b"\0",
        "a payload alone": payload,
        "another tag": b"\xd1" + whole,
        "ES256": h.document(enclave, header={1: -7}),
        "ES512": h.document(enclave, header={1: -36}),
        "no algorithm": h.document(enclave, header={}),
        "more in its header": h.document(enclave, header={1: -35, 4: b"kid"}),
        "an encoded header in another form": h.document(
            enclave, header=b"\xbf\x01\x38\x22\xff"),
        "an unprotected header": h.document(enclave, unprotected={4: b"kid"}),
        "three parts": nitro.cbor([protected, {}, payload]),
        "five parts": nitro.cbor([protected, {}, payload, signature, b""]),
        "payload detached": nitro.cbor([protected, {}, None, signature]),
        "payload a text": nitro.cbor([protected, {}, "x", signature]),
        "payload empty": h.document(payload=b""),
        "payload over 16 KiB": h.document(enclave, user_data=b"u" * 16384),
        "no signature": h.document(enclave, signature=b""),
        "a short signature": h.document(enclave, signature=signature[:-1]),
        "a DER signature": h.document(enclave, signature=h.leaf.key.sign(
            payload, ec.ECDSA(hashes.SHA384()))),
        "signature zero": h.document(enclave, signature=bytes(96)),
        "signature of the payload alone": h.document(
            payload=payload, signature=nitro.sign(h.leaf.key, b"", payload)),
        "signature with SHA-256": h.document(payload=payload, signature=nitro.sign(
            h.leaf.key, protected, payload, digest=hashes.SHA256())),
        "signed by somebody else": h.document(enclave, key=ec.generate_private_key(
            ec.SECP384R1())),
        "signed by the issuer": h.document(enclave, key=h.instance.key),
        "chopped in pieces": nitro.cbor([protected, {}, nitro.Raw(
            b"\x5f" + nitro.cbor(payload) + b"\xff"), signature]),
    }


def test_a_message_that_is_none_is_refused(kms, hypervisor, enclave):
    for what, document in messages(hypervisor, enclave).items():
        message = is_refused(kms, document)
        assert message, what
    ask(kms, hypervisor.document(enclave))


def test_every_byte_of_a_document_counts(kms, hypervisor, enclave):
    document = hypervisor.document(enclave)
    for at in range(0, len(document), 37):
        changed = bytearray(document)
        changed[at] ^= 1
        with refused("ValidationException"):
            ask(kms, bytes(changed))


def test_no_cut_of_a_document_is_one(kms, hypervisor, enclave):
    document = hypervisor.document(enclave)
    for n in range(1, len(document), 61):
        is_refused(kms, document[:n])


# --- its fields --------------------------------------------------------------------------

FIELDS = {
    "module_id": [UNSET, None, "", b"bytes", 7],
    "digest": [UNSET, None, "SHA256", "sha384", b"SHA384", ""],
    "timestamp": [UNSET, None, 0, -1, "1", 1 << 63],
    "pcrs": [UNSET, None, {}, [], {32: b"x" * 48}, {-1: b"x" * 48}, {0: b"x" * 47},
             {0: b"x" * 49}, {0: b""}, {0: "x" * 48}, {"0": b"x" * 48},
             nitro.Raw(b"\xa2\x00\x58\x30" + b"x" * 48 + b"\x00\x58\x30" + b"y" * 48),
             nitro.Raw(b"\xbf\x00\x58\x30" + b"x" * 48)],
    "certificate": [UNSET, None, b"", b"x", "text", b"\x30\x80" + b"x" * 1025],
    "cabundle": [UNSET, None, [], {}, [b""], ["text"], [b"x" * 1025], [b"x"] * 9],
    "public_key": [b"", "text", 1, b"x" * 1025],
    "user_data": ["text", b"x" * 1025, {}],
    "nonce": ["text", b"x" * 1025, True],
    "nitrotpm_pcrs": [dict(nitro.PCRS), None],
    "unknown": [None, b"x", 1],
}


@pytest.mark.parametrize("field, value", [
    (field, value) for field, values in FIELDS.items() for value in values],
    ids=lambda value: repr(value)[:20])
def test_a_field_outside_its_limits_is_refused(kms, hypervisor, enclave, field, value):
    is_refused(kms, hypervisor.document(enclave, **{field: value}))


def test_payloads_that_are_no_map_of_fields_are_refused(kms, hypervisor, enclave):
    fields = hypervisor.fields(enclave)
    encoded = nitro.cbor(dict(fields))
    pairs = [nitro.cbor(k) + nitro.cbor(v) for k, v in fields.items()]
    for payload in (b"\xa0", b"\xbf\xff", b"\x80", b"\xf6", b"\xa1", encoded + b"\0",
                    b"\xbf" + encoded[1:], nitro.cbor(fields)[:-1],
                    bytes([encoded[0] + 1]) + encoded[1:],
                    bytes([encoded[0] + 1]) + encoded[1:] + pairs[0],
                    b"\xbf" + b"".join(pairs + pairs[:1]) + b"\xff",
                    b"\xbf" + b"".join(pairs) + nitro.cbor(7) + nitro.cbor(7) + b"\xff",
                    b"\x9f" * 16000):
        is_refused(kms, hypervisor.document(payload=payload))


def test_the_attested_key_has_to_be_rsa(kms, hypervisor):
    words = "The public_key of the attestation document is not an RSA key"
    small, curve = nitro.Enclave(1024), nitro.Enclave()
    curve.spki = ec.generate_private_key(ec.SECP384R1()).public_key().public_bytes(
        nitro.DER, nitro.serialization.PublicFormat.SubjectPublicKeyInfo)
    pkcs1 = nitro.Enclave()
    pkcs1.spki = pkcs1.key.public_key().public_bytes(
        nitro.DER, nitro.serialization.PublicFormat.PKCS1)
    trailing = nitro.Enclave()
    trailing.spki += b"\0"
    for enclave in (small, curve, pkcs1, trailing):
        is_refused(kms, hypervisor.document(enclave), words)
    for absent in (None, UNSET):
        is_refused(kms, hypervisor.document(public_key=absent),
                   "The attestation document has no public_key to encrypt to.")


# --- its certificates --------------------------------------------------------------------

def test_another_root_is_not_trusted(kms, enclave):
    other = nitro.Nitro()
    message = is_refused(kms, other.document(enclave))
    assert "do not lead to a trusted root" in message
    # Nor does it help to bring the root's name along, or the root itself.
    named = nitro.Nitro(root=Authority("kmsd test attestation root", path_length=3))
    assert "trusted root" in is_refused(kms, named.document(enclave))


def broken_chains(root):
    """(what, leaf, bundle): chains up to a trusted root that prove nothing."""
    zone = Authority("zone", root, path_length=1)
    instance = Authority("instance", zone, path_length=0)

    def leaf(issuer, **kw):
        return Authority("leaf", issuer, **{"ca": False, **kw})

    yield "no bundle that fits", leaf(instance), [root, zone]
    yield "a gap", leaf(instance), [root, instance]
    yield "expired", leaf(instance, days=(-2, -1)), [root, zone, instance]
    yield "not yet valid", leaf(instance, days=(1, 2)), [root, zone, instance]
    old = Authority("old", zone, path_length=0, days=(-9, -1))
    yield "an issuer expired", leaf(old), [root, zone, old]
    yield "a CA as signer", leaf(instance, ca=True, usage={
        "key_cert_sign": True, "digital_signature": True}), [root, zone, instance]
    yield "not for signatures", leaf(instance, usage={"key_agreement": True}), [
        root, zone, instance]
    yield "for anything", leaf(instance, usage=None), [root, zone, instance]
    end = leaf(instance)
    yield "issued by an end entity", leaf(end), [root, zone, instance, end]
    plain = Authority("plain", zone, ca=None, usage={"key_cert_sign": True})
    yield "issued by no CA", leaf(plain), [root, zone, plain]
    loose = Authority("loose", zone, usage={"digital_signature": True})
    yield "issued by a CA that may not", leaf(loose), [root, zone, loose]
    any_use = Authority("any", zone, usage=None, path_length=0)
    yield "issued by a CA for anything", leaf(any_use), [root, zone, any_use]
    deep = Authority("deep", instance, path_length=0)
    yield "longer than allowed", leaf(deep), [root, zone, instance, deep]
    p256 = leaf(instance, key=ec.generate_private_key(ec.SECP256R1()))
    yield "P-256", p256, [root, zone, instance]
    forged = Authority("instance", zone, path_length=0)
    yield "the issuer's name with another key", leaf(forged), [root, zone, instance]
    weak = leaf(instance, digest=hashes.SHA224())
    yield "a weak hash", weak, [root, zone, instance]
    short = Authority("rsa", zone, path_length=0, key=rsa.generate_private_key(65537, 2048))
    yield "a weak issuer", leaf(short), [root, zone, short]


def test_a_chain_that_proves_nothing_is_refused(kms, hypervisor, enclave):
    for what, leaf, bundle in broken_chains(hypervisor.root):
        fields = hypervisor.fields(enclave, certificate=leaf.der,
                                   cabundle=[b.der for b in bundle])
        payload, protected = nitro.cbor(fields), nitro.cbor(nitro.ES384)
        signature = nitro.sign(leaf.key, protected, payload)
        document = nitro.cbor([protected, {}, payload, signature.rjust(96, b"\0")])
        message = is_refused(kms, document)
        assert message, what


def test_a_chain_of_the_longest_allowed_length_is_accepted(kms, hypervisor, enclave):
    zone = Authority("zone", hypervisor.root, path_length=2)
    lower = Authority("lower", zone, path_length=1)
    instance = Authority("instance", lower, path_length=0)
    leaf = Authority("leaf", instance, ca=False)
    answer = ask(kms, hypervisor.document(
        enclave, key=leaf.key, certificate=leaf.der,
        cabundle=[a.der for a in (hypervisor.root, zone, lower, instance)]))
    assert len(enclave.open(answer["CiphertextForRecipient"])) == 8


# --- its time ----------------------------------------------------------------------------

def test_documents_end_with_their_certificate(workshop, hypervisor, enclave):
    """Replays are accepted while the certificate is valid, as the service does."""
    daemon = workshop.dev(keep=True)
    (daemon.data / "pki" / "attestation-root.pem").write_bytes(hypervisor.root.pem)
    daemon.restart()
    kms = clients.plain(daemon)
    document = hypervisor.document(enclave)
    ask(kms, document)
    ask(kms, document)
    daemon.clock(advance_s=29 * 86400)
    ask(kms, document)
    daemon.clock(advance_s=2 * 86400)
    assert "certificate has expired" in is_refused(kms, document)


def test_a_document_is_not_from_the_future_nor_older_than_its_certificate(kms, hypervisor,
                                                                          enclave):
    now = int(time.time() * 1000)
    ask(kms, hypervisor.document(enclave, timestamp=now + 200_000))
    assert "in the future" in is_refused(
        kms, hypervisor.document(enclave, timestamp=now + 600_000))
    for future in ((1 << 62) - 1, (1 << 63) - 1):
        is_refused(kms, hypervisor.document(enclave, timestamp=future))
    ask(kms, hypervisor.document(enclave, timestamp=now - 86_000_000))
    assert "before its certificate's time" in is_refused(
        kms, hypervisor.document(enclave, timestamp=now - 2 * 86_400_000))
    is_refused(kms, hypervisor.document(enclave, timestamp=1))


# --- roots -------------------------------------------------------------------------------

def test_without_a_root_nothing_can_be_verified(kmsd_dev, hypervisor, enclave):
    kms = clients.plain(kmsd_dev)
    is_refused(kms, hypervisor.document(enclave), (
        "No attestation document can be verified: this kmsd has no attestation root "
        "(attestation_roots in its configuration)."))


def configured(workshop, content):
    daemon = workshop.server(start=False)
    (daemon.server_data / "roots.pem").write_bytes(content)
    with open(daemon.server_data / "kmsd.yaml", "a", encoding="utf-8") as file:
        file.write("attestation_roots: roots.pem\n")
    return daemon


def test_a_server_trusts_the_roots_it_is_given(workshop, hypervisor, enclave):
    second = nitro.Nitro(root=Authority("another root"))
    daemon = configured(workshop, b"# two of them\n" + hypervisor.root.pem +
                        second.root.pem)
    kms = clients.mutual(daemon.start())
    for one in (hypervisor, second):
        answer = ask(kms, one.document(enclave))
        assert len(enclave.open(answer["CiphertextForRecipient"])) == 8
    is_refused(kms, nitro.Nitro().document(enclave))


@pytest.mark.parametrize("what", ["empty", "garbage", "broken", "leaf", "intermediate",
                                  "many"])
def test_roots_that_are_none_are_refused_at_the_start(workshop, hypervisor, what):
    pem = hypervisor.root.pem
    content = {
        "empty": b"", "garbage": b"no PEM here\n", "broken": pem[:200] + pem[210:],
        "leaf": hypervisor.leaf.pem, "intermediate": pem + hypervisor.zone.pem,
        "many": b"".join(Authority(f"r{i}").pem for i in range(17))}[what]
    daemon = configured(workshop, content)
    daemon.spawn()
    assert daemon.wait() != 0
    assert "roots.pem" in daemon.log() and "attestation root" in daemon.log()


def test_a_file_of_roots_that_is_not_there_is_an_error(workshop):
    daemon = configured(workshop, b"")
    (daemon.server_data / "roots.pem").unlink()
    daemon.spawn()
    assert daemon.wait() != 0
    assert "roots.pem" in daemon.log()
