"""Recipient: answers that leave only encrypted to an attested enclave."""

import subprocess

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from support import audit, clients, nitro
from support.nitro import recipient
from support.refusal import refused, shown

DRY = "The request would have succeeded, but the DryRun option is set."


@pytest.fixture(scope="module")
def hypervisor():
    return nitro.Nitro()


@pytest.fixture(scope="module")
def enclave():
    return nitro.Enclave()


def with_root(workshop, pem, **kw):
    """A dev daemon that trusts this root: the file is read at the start."""
    daemon = workshop.dev(keep=True, **kw)
    (daemon.data / "pki" / "attestation-root.pem").write_bytes(pem)
    daemon.restart()
    return daemon


@pytest.fixture(scope="module")
def kmsd_attested(shared_workshop, hypervisor):
    return with_root(shared_workshop, hypervisor.root.pem)


@pytest.fixture(scope="module")
def kms_attested(kmsd_attested):
    return clients.plain(kmsd_attested)


@pytest.fixture(scope="module")
def key(kms_attested):
    return kms_attested.create_key()["KeyMetadata"]["Arn"]


@pytest.fixture(scope="module")
def to(hypervisor, enclave):
    return recipient(hypervisor.document(enclave))


# --- the five operations -----------------------------------------------------------------

def test_decrypt_answers_the_enclave_alone(kms_attested, enclave, key, to):
    context = {"tenant": "42"}
    blob = kms_attested.encrypt(KeyId=key, Plaintext=b"for the enclave",
                                EncryptionContext=context)["CiphertextBlob"]
    answer = kms_attested.decrypt(CiphertextBlob=blob, EncryptionContext=context,
                                  Recipient=to)
    assert set(shown(answer)) == {"KeyId", "EncryptionAlgorithm", "CiphertextForRecipient"}
    assert enclave.open(answer["CiphertextForRecipient"]) == b"for the enclave"


@pytest.mark.parametrize("length", [1, 15, 16, 17, 4096])
def test_plaintexts_of_every_length_come_through(kms_attested, enclave, key, to, length):
    plain = bytes(range(256)) * 16
    blob = kms_attested.encrypt(KeyId=key, Plaintext=plain[:length])["CiphertextBlob"]
    answer = kms_attested.decrypt(CiphertextBlob=blob, Recipient=to)
    assert enclave.open(answer["CiphertextForRecipient"]) == plain[:length]


def test_generate_data_key_answers_the_enclave_alone(kms_attested, enclave, key, to):
    answer = kms_attested.generate_data_key(KeyId=key, KeySpec="AES_256", Recipient=to)
    assert set(shown(answer)) == {"KeyId", "CiphertextBlob", "CiphertextForRecipient"}
    data_key = enclave.open(answer["CiphertextForRecipient"])
    assert len(data_key) == 32
    assert kms_attested.decrypt(
        CiphertextBlob=answer["CiphertextBlob"])["Plaintext"] == data_key


def test_generate_random_answers_the_enclave_alone(kms_attested, enclave, to):
    answers = [kms_attested.generate_random(NumberOfBytes=64, Recipient=to)
               for _ in range(2)]
    assert [set(shown(a)) for a in answers] == [{"CiphertextForRecipient"}] * 2
    opened = {enclave.open(a["CiphertextForRecipient"]) for a in answers}
    assert len(opened) == 2 and {len(o) for o in opened} == {64}


@pytest.mark.parametrize("spec", ["RSA_2048", "ECC_NIST_P256", "ECC_NIST_P521",
                                  "ECC_NIST_EDWARDS25519"])
def test_generate_data_key_pair_answers_the_enclave_alone(kms_attested, enclave, key, to,
                                                          spec):
    answer = kms_attested.generate_data_key_pair(KeyId=key, KeyPairSpec=spec, Recipient=to)
    assert set(shown(answer)) == {"KeyId", "KeyMaterialId", "KeyPairSpec", "PublicKey",
                                  "PrivateKeyCiphertextBlob", "CiphertextForRecipient"}
    pkcs8 = enclave.open(answer["CiphertextForRecipient"])
    private = serialization.load_der_private_key(pkcs8, None)
    assert private.public_key().public_bytes(
        serialization.Encoding.DER,
        serialization.PublicFormat.SubjectPublicKeyInfo) == answer["PublicKey"]
    assert kms_attested.decrypt(
        CiphertextBlob=answer["PrivateKeyCiphertextBlob"])["Plaintext"] == pkcs8


@pytest.mark.parametrize("spec, curve", [("ECC_NIST_P256", ec.SECP256R1()),
                                         ("ECC_NIST_P521", ec.SECP521R1())])
def test_derive_shared_secret_answers_the_enclave_alone(kms_attested, enclave, to, spec,
                                                        curve):
    key = kms_attested.create_key(KeySpec=spec, KeyUsage="KEY_AGREEMENT")["KeyMetadata"]
    peer = ec.generate_private_key(curve)
    answer = kms_attested.derive_shared_secret(
        KeyId=key["KeyId"], KeyAgreementAlgorithm="ECDH", Recipient=to,
        PublicKey=peer.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo))
    assert set(shown(answer)) == {"KeyId", "KeyAgreementAlgorithm", "KeyOrigin",
                                  "CiphertextForRecipient"}
    ours = serialization.load_der_public_key(
        kms_attested.get_public_key(KeyId=key["KeyId"])["PublicKey"])
    assert enclave.open(answer["CiphertextForRecipient"]) == peer.exchange(ec.ECDH(), ours)


def test_an_rsa_key_decrypts_for_the_enclave_too(kms_attested, enclave, to):
    key = kms_attested.create_key(
        KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")["KeyMetadata"]["KeyId"]
    what = {"KeyId": key, "EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}
    blob = kms_attested.encrypt(Plaintext=b"by RSA", **what)["CiphertextBlob"]
    answer = kms_attested.decrypt(CiphertextBlob=blob, Recipient=to, **what)
    assert enclave.open(answer["CiphertextForRecipient"]) == b"by RSA"
    assert "Plaintext" not in answer


# --- the form of the answer --------------------------------------------------------------

@pytest.mark.parametrize("bits", [2048, 3072, 4096])
def test_openssl_opens_what_an_enclave_gets(kms_attested, hypervisor, key, tmp_path, bits):
    enclave = nitro.Enclave(bits)
    answer = kms_attested.generate_data_key(
        KeyId=key, KeySpec="AES_256", Recipient=recipient(hypervisor.document(enclave)))
    (tmp_path / "cms").write_bytes(answer["CiphertextForRecipient"])
    (tmp_path / "key").write_bytes(enclave.pem())
    opened = subprocess.run(
        ["openssl", "cms", "-decrypt", "-inform", "DER", "-in", tmp_path / "cms", "-inkey",
         tmp_path / "key"], check=True, capture_output=True).stdout
    assert opened == enclave.open(answer["CiphertextForRecipient"])
    assert opened == kms_attested.decrypt(
        CiphertextBlob=answer["CiphertextBlob"])["Plaintext"]


def test_nobody_else_opens_it(kms_attested, to):
    answer = kms_attested.generate_random(NumberOfBytes=32, Recipient=to)
    with pytest.raises(AssertionError):
        nitro.Enclave().open(answer["CiphertextForRecipient"])


# --- documents that are good -------------------------------------------------------------

def good(hypervisor, enclave):
    """Everything the format allows."""
    fields = hypervisor.fields(enclave)
    pcrs = {i: bytes([i]) * (32, 48, 64)[i % 3] for i in range(32)}
    tpm = dict(fields, nitrotpm_pcrs=fields["pcrs"])
    del tpm["pcrs"]
    return {
        "definite lengths": hypervisor.document(payload=nitro.cbor(dict(fields))),
        "tagged": hypervisor.document(enclave, tagged=True),
        "another order": hypervisor.document(
            payload=nitro.cbor(dict(reversed(fields.items())))),
        "optional fields": hypervisor.document(enclave, user_data=b"u" * 1024,
                                               nonce=b""),
        "without optional fields": hypervisor.document(
            enclave, user_data=nitro.UNSET, nonce=nitro.UNSET),
        "every register": hypervisor.document(enclave, pcrs=pcrs),
        "one register": hypervisor.document(enclave, pcrs=nitro.Open({31: b"x" * 48})),
        "of a debug enclave": hypervisor.document(enclave, pcrs={0: bytes(48)}),
        "of a TPM": hypervisor.document(payload=nitro.cbor(tpm)),
        "without the root": hypervisor.document(enclave, cabundle=hypervisor.bundle[1:]),
        "with more than it needs": hypervisor.document(
            enclave, cabundle=hypervisor.bundle + [nitro.Authority("other").der]),
        "bundle in another order": hypervisor.document(
            enclave, cabundle=hypervisor.bundle[::-1]),
    }


def test_every_form_of_document_is_accepted(kms_attested, hypervisor, enclave):
    for what, document in good(hypervisor, enclave).items():
        answer = kms_attested.generate_random(NumberOfBytes=7,
                                              Recipient=recipient(document))
        assert len(enclave.open(answer["CiphertextForRecipient"])) == 7, what


# --- requests ----------------------------------------------------------------------------

def test_a_recipient_has_both_members(kms_attested, to):
    null = ("1 validation error detected: Value null at 'recipient.{}' failed to satisfy "
            "constraint: Member must not be null")
    for member in to:
        half = {k: v for k, v in to.items() if k != member}
        path = member[0].lower() + member[1:]
        with refused("ValidationException", null.format(path)):
            kms_attested.generate_random(NumberOfBytes=1, Recipient=half)
    with refused("ValidationException"):
        kms_attested.generate_random(
            NumberOfBytes=1, Recipient=dict(to, KeyEncryptionAlgorithm="RSAES_OAEP_SHA_1"))


def test_a_dry_run_verifies_and_answers_nothing(kms_attested, hypervisor, enclave, key, to):
    blob = kms_attested.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    with refused("DryRunOperationException", DRY):
        kms_attested.decrypt(CiphertextBlob=blob, Recipient=to, DryRun=True)
    with refused("DryRunOperationException", DRY):
        kms_attested.decrypt(KeyId=key, Recipient=to, DryRun=True,
                             DryRunModifiers=["IGNORE_CIPHERTEXT"])
    with refused("DryRunOperationException", DRY):
        kms_attested.generate_data_key_pair(KeyId=key, KeyPairSpec="RSA_4096", Recipient=to,
                                            DryRun=True)
    bad = recipient(hypervisor.document(enclave, digest="SHA256"))
    with refused("ValidationException"):
        kms_attested.decrypt(CiphertextBlob=blob, Recipient=bad, DryRun=True)


def test_other_refusals_are_as_without_a_recipient(kms_attested, key, to):
    with refused("InvalidCiphertextException", ""):
        kms_attested.decrypt(CiphertextBlob=b"garbage", KeyId=key, Recipient=to)
    missing = key[:-12] + "0" * 12
    with refused("NotFoundException", f"Key '{missing}' does not exist"):
        kms_attested.generate_data_key(KeyId=missing, KeySpec="AES_256", Recipient=to)
    with refused("ValidationException", "NumberOfBytes is required."):
        kms_attested.generate_random(Recipient=to)


def test_a_use_for_a_recipient_is_a_use(kms_attested, to):
    key = kms_attested.create_key()["KeyMetadata"]["KeyId"]
    answer = kms_attested.generate_data_key(KeyId=key, KeySpec="AES_256", Recipient=to)
    usage = kms_attested.get_key_last_usage(KeyId=key)["KeyLastUsage"]
    assert usage["KmsRequestId"] == answer["ResponseMetadata"]["RequestId"]


# --- records -----------------------------------------------------------------------------

def test_records_name_the_enclave(kms_attested, kmsd_attested, hypervisor, enclave, key, to):
    import base64
    answer = kms_attested.generate_data_key(KeyId=key, KeySpec="AES_256", Recipient=to)
    record = audit.by_request(kmsd_attested.data, answer["ResponseMetadata"]["RequestId"])
    shown_pcrs = {"ImageDigest": 0, "PCR1": 1, "PCR2": 2, "PCR3": 3, "PCR4": 4, "PCR8": 8}
    assert record["additionalEventData"]["recipient"] == {
        "attestationDocumentModuleId": nitro.MODULE,
        **{f"attestationDocumentEnclave{name}":
           base64.b64encode(nitro.PCRS[i]).decode() for name, i in shown_pcrs.items()}}
    assert record["requestParameters"]["recipient"] == {
        "keyEncryptionAlgorithm": "RSAES_OAEP_SHA_256"}
    assert record["responseElements"] is None


def test_records_name_the_registers_of_a_tpm(kms_attested, kmsd_attested, hypervisor,
                                             enclave):
    fields = hypervisor.fields(enclave, nitrotpm_pcrs={4: b"4" * 48, 23: b"w" * 48})
    del fields["pcrs"]
    answer = kms_attested.generate_random(
        NumberOfBytes=1, Recipient=recipient(hypervisor.document(
            payload=nitro.cbor(fields))))
    record = audit.by_request(kmsd_attested.data, answer["ResponseMetadata"]["RequestId"])
    told = record["additionalEventData"]["recipient"]
    assert set(told) == {"attestationDocumentModuleId", "attestationDocumentNitroTPMPCR4",
                         "attestationDocumentNitroTPMPCR23"}


def test_a_refused_document_is_recorded_as_such(kms_attested, kmsd_attested, hypervisor,
                                                enclave, key):
    bad = recipient(hypervisor.document(enclave, key=ec.generate_private_key(
        ec.SECP384R1())))
    with refused("ValidationException", "The attestation document is not valid: its "
                                        "signature does not match.") as caught:
        kms_attested.generate_data_key(KeyId=key, KeySpec="AES_256", Recipient=bad)
    answer = caught.value.response["ResponseMetadata"]
    record = audit.by_request(kmsd_attested.data, answer["RequestId"])
    assert record["errorCode"] == "ValidationException"
    assert "recipient" not in record.get("additionalEventData", {})


def test_weak_hashes_are_no_proof(kms_attested, hypervisor, enclave):
    weak = nitro.Nitro(root=hypervisor.root, digest=hashes.SHA224())
    with refused("ValidationException"):
        kms_attested.generate_random(NumberOfBytes=1,
                                     Recipient=recipient(weak.document(enclave)))
