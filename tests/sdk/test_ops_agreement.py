"""DeriveSharedSecret."""

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, x25519

from support import specs
from support.refusal import refused, shown

DRY = "The request would have succeeded, but the DryRun option is set."
CURVES = dict(zip(specs.NIST, (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)))
OTHER_CURVE = {"ECC_NIST_P256": ec.SECP384R1, "ECC_NIST_P384": ec.SECP521R1,
               "ECC_NIST_P521": ec.SECP256K1}


def spki(private):
    return private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def derive(kms, key, peer, **more):
    return kms.derive_shared_secret(KeyId=key["KeyId"], PublicKey=peer,
                                    KeyAgreementAlgorithm="ECDH", **more)


@pytest.mark.parametrize("spec", specs.NIST)
def test_both_sides_have_the_same_secret(kms, made, spec):
    key = made(spec, specs.AGREE)
    peer = ec.generate_private_key(CURVES[spec]())
    answer = shown(derive(kms, key, spki(peer)))
    secret = answer.pop("SharedSecret")
    assert answer == {"KeyId": key["Arn"], "KeyAgreementAlgorithm": "ECDH",
                      "KeyOrigin": "AWS_KMS"}
    ours = serialization.load_der_public_key(
        kms.get_public_key(KeyId=key["KeyId"])["PublicKey"])
    assert secret == peer.exchange(ec.ECDH(), ours)
    assert len(secret) == specs.SECRET_LEN[spec]


def test_two_keys_of_the_daemon_agree_and_a_key_agrees_with_itself(kms, made):
    one = made("ECC_NIST_P256", specs.AGREE)
    two = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage=specs.AGREE)["KeyMetadata"]
    public = {k["KeyId"]: kms.get_public_key(KeyId=k["KeyId"])["PublicKey"]
              for k in (one, two)}
    assert derive(kms, one, public[two["KeyId"]])["SharedSecret"] == \
        derive(kms, two, public[one["KeyId"]])["SharedSecret"]
    assert len(derive(kms, one, public[one["KeyId"]])["SharedSecret"]) == 32


@pytest.mark.parametrize("spec", specs.NIST)
def test_a_secret_that_starts_with_zeros_keeps_them(kms, made, spec):
    """One peer in 256 gives such a secret: made outside until there is one."""
    key = made(spec, specs.AGREE)
    ours = serialization.load_der_public_key(
        kms.get_public_key(KeyId=key["KeyId"])["PublicKey"])
    while True:
        peer = ec.generate_private_key(CURVES[spec]())
        secret = peer.exchange(ec.ECDH(), ours)
        # P-521 has seven bits more than its order: every other secret starts with zero.
        if secret[0] == 0 and (spec != "ECC_NIST_P521" or secret[1] == 0):
            break
    assert derive(kms, key, spki(peer))["SharedSecret"] == secret


def compressed(private):
    """SubjectPublicKeyInfo of P-256 with a compressed point (RFC 5480 section 2.2)."""
    point = private.public_key().public_bytes(serialization.Encoding.X962,
                                              serialization.PublicFormat.CompressedPoint)
    return bytes.fromhex("3039301306072a8648ce3d020106082a8648ce3d030107032200") + point


def test_a_compressed_point_is_as_good(kms, made):
    peer = ec.generate_private_key(ec.SECP256R1())
    key = made("ECC_NIST_P256", specs.AGREE)
    assert derive(kms, key, compressed(peer))["SharedSecret"] == \
        derive(kms, key, spki(peer))["SharedSecret"]


def bad_peers(spec):
    good = spki(ec.generate_private_key(CURVES[spec]()))
    yield "one byte", b"\0"
    yield "cut", good[:-1]
    yield "longer", good + b"\0"
    yield "not on the curve", good[:-1] + bytes([good[-1] ^ 1])
    yield "infinity", good[:2] + good[2:-2 * specs.SECRET_LEN[spec] - 1] + b"\0"
    yield "other curve", spki(ec.generate_private_key(OTHER_CURVE[spec]()))
    yield "RSA", spki(rsa.generate_private_key(65537, 2048))
    yield "Ed25519", spki(ed25519.Ed25519PrivateKey.generate())
    yield "X25519", spki(x25519.X25519PrivateKey.generate())
    yield "PEM", ec.generate_private_key(CURVES[spec]()).public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize("spec", specs.NIST)
def test_a_peer_that_is_no_key_on_the_curve_is_refused_without_words(kms, made, spec):
    key = made(spec, specs.AGREE)
    for what, peer in bad_peers(spec):
        for more in ({}, {"DryRun": True}):
            with refused("ValidationException", "") as caught:
                derive(kms, key, peer, **more)
            assert "SharedSecret" not in caught.value.response, what


def test_an_unknown_algorithm_is_refused_with_the_known_one(lenient, made):
    with refused("ValidationException",
                 "1 validation error detected: Value 'DH' at 'keyAgreementAlgorithm' failed "
                 "to satisfy constraint: Member must satisfy enum value set: [ECDH]"):
        lenient.derive_shared_secret(KeyId=made("ECC_NIST_P256", specs.AGREE)["KeyId"],
                                     PublicKey=b"x", KeyAgreementAlgorithm="DH")


@pytest.mark.parametrize("spec, usage", [("SYMMETRIC_DEFAULT", specs.CRYPT),
                                         ("ECC_NIST_P256", specs.SIGN),
                                         ("HMAC_256", specs.MAC)])
def test_a_key_of_another_usage_is_refused_before_its_peer(kms, made, spec, usage):
    key = made(spec, usage)
    with refused("InvalidKeyUsageException",
                 f"{key['Arn']} key usage is {usage} which is not valid for "
                 "DeriveSharedSecret."):
        derive(kms, key, b"not a key")


def test_the_state_comes_before_the_peer(kms):
    key = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage=specs.AGREE)["KeyMetadata"]
    kms.disable_key(KeyId=key["KeyId"])
    with refused("DisabledException", f"{key['Arn']} is disabled."):
        derive(kms, key, b"not a key")
    kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)
    with refused("KMSInvalidStateException", f"{key['Arn']} is pending deletion."):
        derive(kms, key, b"not a key", DryRun=True)


def test_a_dry_run_ends_in_its_own_refusal(kms, made):
    peer = spki(ec.generate_private_key(ec.SECP256R1()))
    with refused("DryRunOperationException", DRY) as caught:
        derive(kms, made("ECC_NIST_P256", specs.AGREE), peer, DryRun=True)
    assert "SharedSecret" not in caught.value.response
