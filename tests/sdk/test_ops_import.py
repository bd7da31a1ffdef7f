"""Importing key material: parameters, tokens, and what an import is refused for."""

from datetime import datetime, timedelta, timezone

import pytest

from support import audit, clients, importing
from support.clocked import START, arn_of, date
from support.importing import bring, external, imported, parameters
from support.rawhttp import call
from support.refusal import refused, shown

OTHER = b"\x17" * 32


def metadata(kms, key):
    return kms.describe_key(KeyId=key)["KeyMetadata"]


def at(daemon, seconds):
    """A client of a daemon whose clock stands at START and some seconds."""
    daemon.clock(freeze=True)
    daemon.clock(set=START + seconds)
    return clients.plain(daemon)


# --- the key before its material, and with it --------------------------------------------

def test_a_key_with_origin_external_waits_for_its_material(kms):
    made = kms.create_key(Origin="EXTERNAL")["KeyMetadata"]
    assert (made["KeyState"], made["Enabled"], made["Origin"]) == (
        "PendingImport", False, "EXTERNAL")
    for absent in ("CurrentKeyMaterialId", "ExpirationModel", "ValidTo"):
        assert absent not in made
    assert metadata(kms, made["KeyId"]) == made


def test_the_first_import_enables_the_key_and_shows_its_material(kms):
    key = external(kms)
    answer = shown(bring(kms, key, OTHER))
    assert set(answer) == {"KeyId", "KeyMaterialId"}
    assert answer["KeyId"] == arn_of(key)
    now = metadata(kms, key)
    assert (now["KeyState"], now["Enabled"]) == ("Enabled", True)
    assert now["CurrentKeyMaterialId"] == answer["KeyMaterialId"]
    assert now["ExpirationModel"] == "KEY_MATERIAL_DOES_NOT_EXPIRE"
    assert "ValidTo" not in now


@pytest.mark.parametrize("spec", ["HMAC_256", "ECC_NIST_P256"])
def test_only_symmetric_keys_tell_the_id_of_their_material(kms, spec):
    key = external(kms, spec)
    assert shown(bring(kms, key, importing.material(spec))) == {"KeyId": arn_of(key)}
    assert "CurrentKeyMaterialId" not in metadata(kms, key)
    assert shown(kms.delete_imported_key_material(KeyId=key)) == {"KeyId": arn_of(key)}


def test_the_same_bytes_have_another_id_in_another_key(kms):
    ids = {bring(kms, external(kms), OTHER)["KeyMaterialId"] for _ in range(2)}
    assert len(ids) == 2


def test_a_ciphertext_is_of_its_key_even_when_another_has_the_same_bytes(kms):
    one, other = imported(kms, OTHER)[0], imported(kms, OTHER)[0]
    blob = kms.encrypt(KeyId=one, Plaintext=b"x")["CiphertextBlob"]
    with refused("IncorrectKeyException"):
        kms.decrypt(KeyId=other, CiphertextBlob=blob)
    kms.schedule_key_deletion(KeyId=one)
    with refused("KMSInvalidStateException"):
        kms.decrypt(CiphertextBlob=blob)


# --- parameters and tokens ---------------------------------------------------------------

def test_parameters_are_valid_for_a_day_and_fresh_each_time(kmsd_own):
    kms = at(kmsd_own, 0)
    key = external(kms)
    answers = [kms.get_parameters_for_import(
        KeyId=key, WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048")
        for _ in range(2)]
    for answer in answers:
        assert set(shown(answer)) == {"KeyId", "ImportToken", "PublicKey",
                                      "ParametersValidTo"}
        assert answer["KeyId"] == arn_of(key)
        assert answer["ParametersValidTo"] == date(24 * 3600)
    assert answers[0]["PublicKey"] != answers[1]["PublicKey"]
    assert answers[0]["ImportToken"] != answers[1]["ImportToken"]


def test_a_token_serves_until_it_expires_also_after_a_restart(kmsd_own):
    kms = at(kmsd_own, 0)
    key, params, plain = imported(kms)
    kmsd_own.restart()
    kms = at(kmsd_own, 24 * 3600 - 1)
    bring(kms, key, plain, params)
    with refused("InvalidCiphertextException", ""):     # the token stays good
        kms.import_key_material(KeyId=key, ImportToken=params.token,
                                EncryptedKeyMaterial=b"\0" * 256,
                                ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE")
    bring(kms, key, plain, params)
    kms = at(kmsd_own, 24 * 3600)
    with refused("ExpiredImportTokenException", ""):
        bring(kms, key, plain, params)


def test_several_sets_of_parameters_live_side_by_side(kms):
    key = external(kms)
    sets = [parameters(kms, key, algorithm) for algorithm in importing.OAEP]
    for params in (*sets, *reversed(sets)):
        bring(kms, key, OTHER, params)
    with refused("InvalidCiphertextException", ""):     # a key of the other set
        bring(kms, key, OTHER, importing.Parameters(sets[0].token, sets[1].public_key,
                                                    sets[0].algorithm))


def test_a_token_is_of_one_key(kms):
    mine, other = external(kms), external(kms)
    params = parameters(kms, other)
    with refused("InvalidImportTokenException", ""):
        bring(kms, mine, OTHER, params)
    assert metadata(kms, mine)["KeyState"] == "PendingImport"


def test_a_token_of_a_relative_in_another_region_is_of_another_key(kmsd_own):
    here, there = clients.plain(kmsd_own), clients.plain(kmsd_own, region="eu-west-1")
    key, params, plain = imported(here, MultiRegion=True)
    here.replicate_key(KeyId=key, ReplicaRegion="eu-west-1")
    kmsd_own.clock(advance_s=1)
    with refused("InvalidImportTokenException", ""):
        bring(there, key, plain, params)


def test_no_flipped_bit_of_a_token_goes_unnoticed(kms):
    key = external(kms)
    params = parameters(kms, key)
    n = len(params.token)
    # Every byte of the head, and some of what is sealed.
    for i in (*range(80), *range(80, n, 97), n - 1):
        bad = bytearray(params.token)
        bad[i] ^= 1 << i % 8
        with refused("InvalidImportTokenException", ""):
            bring(kms, key, OTHER, importing.Parameters(bytes(bad), params.public_key,
                                                        params.algorithm))
    for bad in (b"\1", params.token[:-1], params.token + b"\0", params.token[:40],
                b"\0" * 2000):
        with refused("InvalidImportTokenException", ""):
            bring(kms, key, OTHER, importing.Parameters(bad, params.public_key,
                                                        params.algorithm))
    assert metadata(kms, key)["KeyState"] == "PendingImport"
    bring(kms, key, OTHER, params)


@pytest.mark.parametrize("spec, bad", [
    ("SYMMETRIC_DEFAULT", [b"x", b"x" * 31, b"x" * 33, b"x" * 64]),
    ("ECC_NIST_P256", [b"x" * 32, b"\x30\x03\x02\x01\x00"]),
    ("RSA_2048", [b"x" * 64])])
def test_bytes_that_are_no_material_of_the_spec_are_refused(kms, spec, bad):
    key = external(kms, spec)
    params = parameters(kms, key, importing.default_algorithm(spec))
    for plain in bad:
        with refused("InvalidCiphertextException", ""):
            bring(kms, key, plain, params)
    assert metadata(kms, key)["KeyState"] == "PendingImport"


@pytest.mark.parametrize("spec, wrong", [
    ("ECC_NIST_P256", "ECC_SECG_P256K1"), ("ECC_NIST_P256", "ECC_NIST_P384"),
    ("RSA_2048", "RSA_3072"), ("RSA_2048", "ECC_NIST_P256")])
def test_a_private_key_of_another_spec_is_refused(kms, spec, wrong):
    key = external(kms, spec)
    params = parameters(kms, key, "RSA_AES_KEY_WRAP_SHA_256")
    with refused("InvalidCiphertextException", ""):
        bring(kms, key, importing.material(wrong), params)


def test_damaged_wrapped_material_is_refused(kms):
    key = external(kms)
    params = parameters(kms, key)
    good = params.wrapped(OTHER)
    wrapped = good["EncryptedKeyMaterial"]
    for bad in (wrapped[:-1], wrapped + b"\0", b"\0" + wrapped, b"x",
                wrapped[:100] + bytes([wrapped[100] ^ 1]) + wrapped[101:]):
        with refused("InvalidCiphertextException", ""):
            kms.import_key_material(KeyId=key, ImportToken=params.token,
                                    EncryptedKeyMaterial=bad,
                                    ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE")


# --- what is refused before anything is looked at ----------------------------------------

REQUESTS = [
    ({}, "A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES"),
    ({"ExpirationModel": "KEY_MATERIAL_EXPIRES"},
     "A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES"),
    ({"ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE", "ValidTo": 60},
     "A validTo date cannot be set if the ExpirationModel is KEY_MATERIAL_DOES_NOT_EXPIRE"),
    ({"ValidTo": -1}, "ValidTo must be in the future"),
    ({"ValidTo": 0}, "ValidTo must be in the future"),
    ({"ValidTo": 365 * 86400 + 1}, "ValidTo must be less than 365 days in the future"),
    ({"ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE", "ImportType": "NEW_KEY_MATERIAL",
      "KeyMaterialId": "0" * 64},
     "Input parameter keyMaterialId cannot be used with NEW_KEY_MATERIAL importType."),
]


@pytest.mark.parametrize("more, text", REQUESTS)
def test_contradictory_requests_are_refused_before_the_key_is_looked_for(kmsd_own, more,
                                                                         text):
    kms = at(kmsd_own, 0)
    if "ValidTo" in more:
        more = {**more, "ValidTo": date(more["ValidTo"])}
    missing = "11111111-2222-4333-8444-555555555555"
    with refused("ValidationException", text):
        kms.import_key_material(KeyId=missing, ImportToken=b"x",
                                EncryptedKeyMaterial=b"x", **more)


def test_an_expiry_of_up_to_a_year_is_taken(kmsd_own):
    kms = at(kmsd_own, 0)
    key, params, plain = imported(kms)
    for seconds in (1, 365 * 86400):
        bring(kms, key, plain, params, ValidTo=date(seconds))
        now = metadata(kms, key)
        assert now["ValidTo"] == date(seconds)
        assert now["ExpirationModel"] == "KEY_MATERIAL_EXPIRES"


def test_the_first_import_is_new_material_also_when_that_is_not_said(kms):
    key = external(kms)
    params = parameters(kms, key)
    with refused("ValidationException",
                 "Input parameter keyMaterialId cannot be used with NEW_KEY_MATERIAL "
                 "importType."):
        bring(kms, key, OTHER, params, KeyMaterialId="0" * 64)
    with refused("IncorrectKeyMaterialException"):
        bring(kms, key, OTHER, params, ImportType="EXISTING_KEY_MATERIAL")
    bring(kms, key, OTHER, params, ImportType="NEW_KEY_MATERIAL")


@pytest.mark.parametrize("name, value", [
    ("ImportType", "NEW_KEY_MATERIAL"), ("ImportType", "EXISTING_KEY_MATERIAL"),
    ("KeyMaterialId", "0" * 64), ("KeyMaterialDescription", "words")])
@pytest.mark.parametrize("spec", ["HMAC_256", "ECC_NIST_P256"])
def test_what_is_for_several_materials_is_for_symmetric_keys_only(kms, spec, name, value):
    key = external(kms, spec)
    with refused("ValidationException"):
        bring(kms, key, importing.material(spec), **{name: value})
    assert metadata(kms, key)["KeyState"] == "PendingImport"


@pytest.mark.parametrize("operation, more", [
    ("get_parameters_for_import", {"WrappingAlgorithm": "RSAES_OAEP_SHA_256",
                                   "WrappingKeySpec": "RSA_2048"}),
    ("import_key_material", {"ImportToken": b"x", "EncryptedKeyMaterial": b"x",
                             "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}),
    ("delete_imported_key_material", {})])
def test_a_key_with_material_of_our_making_imports_none(kms, key_id, operation, more):
    with refused("UnsupportedOperationException",
                 f"{arn_of(key_id)} origin is AWS_KMS which is not valid for this "
                 "operation."):
        getattr(kms, operation)(KeyId=key_id, **more)
    kms.disable_key(KeyId=key_id)   # the origin is looked at before the state
    with refused("UnsupportedOperationException"):
        getattr(kms, operation)(KeyId=key_id, **more)


@pytest.mark.parametrize("operation, more", [
    ("get_parameters_for_import", {"WrappingAlgorithm": "RSAES_OAEP_SHA_256",
                                   "WrappingKeySpec": "RSA_2048"}),
    ("import_key_material", {"ImportToken": b"x", "EncryptedKeyMaterial": b"x",
                             "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}),
    ("delete_imported_key_material", {})])
def test_aliases_and_keys_elsewhere_are_refused_as_everywhere(kms, operation, more):
    key = external(kms)
    kms.create_alias(AliasName=f"alias/{key}", TargetKeyId=key)
    do = getattr(kms, operation)
    with refused("InvalidArnException", "Key Aliases are not supported for this operation."):
        do(KeyId=f"alias/{key}", **more)
    with refused("NotFoundException", "Invalid arn eu-west-1"):
        do(KeyId=arn_of(key, "eu-west-1"), **more)
    missing = "11111111-2222-4333-8444-555555555555"
    with refused("NotFoundException", f"Key '{arn_of(missing)}' does not exist"):
        do(KeyId=missing, **more)


def test_constraints_come_from_the_model(kms, kmsd_dev):
    key = external(kms)
    answer = call(kmsd_dev.http_port, "GetParametersForImport",
                  {"KeyId": key, "WrappingAlgorithm": "RSAES_OAEP_SHA_256",
                   "WrappingKeySpec": "RSA_1024"})
    assert (answer.status, answer.type) == (400, "ValidationException")
    assert answer.message.startswith(
        "1 validation error detected: Value 'RSA_1024' at 'wrappingKeySpec' failed to "
        "satisfy constraint: Member must satisfy enum value set: [")
    answer = call(kmsd_dev.http_port, "ImportKeyMaterial",
                  {"KeyId": key, "ImportToken": "eA==", "EncryptedKeyMaterial": "eA==",
                   "KeyMaterialId": "xyz", "ExpirationModel": "KEY_MATERIAL_EXPIRES"})
    assert (answer.status, answer.type) == (400, "ValidationException")
    assert "at 'keyMaterialId'" in answer.message


# --- the log -----------------------------------------------------------------------------

def test_records_of_an_import_hold_no_token_and_no_material(kmsd_own):
    kms = clients.plain(kmsd_own)
    key = external(kms)
    got = kms.get_parameters_for_import(KeyId=key, WrappingKeySpec="RSA_2048",
                                        WrappingAlgorithm="RSAES_OAEP_SHA_256")
    params = importing.Parameters(got["ImportToken"], got["PublicKey"],
                                  "RSAES_OAEP_SHA_256")
    until = datetime.now(timezone.utc) + timedelta(days=1)
    brought = bring(kms, key, OTHER, params, ValidTo=until, KeyMaterialDescription="first")
    gone = kms.delete_imported_key_material(KeyId=key)
    data = kmsd_own.data_dir

    record = audit.by_request(data, got["ResponseMetadata"]["RequestId"])
    assert (record["eventName"], record["readOnly"], record["responseElements"]) == (
        "GetParametersForImport", True, None)
    assert record["requestParameters"] == {
        "keyId": key, "wrappingAlgorithm": "RSAES_OAEP_SHA_256",
        "wrappingKeySpec": "RSA_2048"}
    record = audit.by_request(data, brought["ResponseMetadata"]["RequestId"])
    assert (record["eventName"], record["readOnly"]) == ("ImportKeyMaterial", False)
    asked = record["requestParameters"]
    assert "importToken" not in asked and "encryptedKeyMaterial" not in asked
    assert asked["expirationModel"] == "KEY_MATERIAL_EXPIRES"
    assert asked["keyMaterialDescription"] == "first"
    assert record["responseElements"]["keyMaterialId"] == brought["KeyMaterialId"]
    record = audit.by_request(data, gone["ResponseMetadata"]["RequestId"])
    assert (record["eventName"], record["readOnly"]) == ("DeleteImportedKeyMaterial", False)
    for record in audit.records(data):
        assert [r["ARN"] for r in record["resources"]] in ([], [arn_of(key)])
    audit.verify(data)
