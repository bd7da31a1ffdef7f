"""Daemons and keys for the matrix: one daemon of the dev profile, one of a China Region."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sdk.conftest import (kms, kmsd_dev, lenient, made, programs,  # noqa: E402,F401
                          pytest_runtest_makereport, shared_workshop)
from support import clients, importing, specs  # noqa: E402
from support.daemon import Kmsd, kmsctl  # noqa: E402

from cross.outside import OPENSSL, TOOLS  # noqa: E402

CHINA = "cn-north-1"


@pytest.fixture(scope="session")
def kms_china(shared_workshop):  # noqa: F811
    """boto3 over mutual TLS on a server of the partition aws-cn, where SM2 is."""
    data = shared_workshop.directory() / "data"
    kmsctl("init", "--data", data, "--listen", "127.0.0.1:0", "--region", CHINA)
    config = data / "kmsd.yaml"
    # Certificates name users of the partition aws.
    user = f"iam::{clients.ACCOUNT}:user/client"
    config.write_text(config.read_text().replace(
        "profile: server", "profile: server\npartition: aws-cn"))
    identities = data / "identities.yaml"
    identities.write_text(
        identities.read_text().replace("arn:aws:", "arn:aws-cn:") +
        f"certificates:\n  - uri: arn:aws:{user}\n    principal: arn:aws-cn:{user}\n")
    daemon = Kmsd(config=config)
    shared_workshop.daemons.append(daemon)
    return clients.mutual(daemon.start(), region=CHINA)


@pytest.fixture(scope="session")
def client_for(kms, kms_china):  # noqa: F811
    """client_for(spec): where keys of a spec can be had."""
    return lambda spec: kms_china if spec in specs.CHINA else kms


class Key:
    """A key of kmsd; private is its PKCS#8 or raw bytes when it was made outside."""

    def __init__(self, kms, key_id, private=None):  # noqa: F811
        self.kms, self.id, self.private = kms, key_id, private
        self._public = None

    @property
    def public(self):
        if self._public is None:
            self._public = self.kms.get_public_key(KeyId=self.id)["PublicKey"]
        return self._public


def bring_sm2(kms, usage):  # noqa: F811
    """A key of SM2 made outside, wrapped by SM2PKE and imported."""
    private = OPENSSL.generate("SM2")
    key = importing.external(kms, "SM2", usage)
    params = kms.get_parameters_for_import(KeyId=key, WrappingAlgorithm="SM2PKE",
                                           WrappingKeySpec="SM2")
    kms.import_key_material(
        KeyId=key, ImportToken=params["ImportToken"],
        EncryptedKeyMaterial=TOOLS["openssl"].encrypt(params["PublicKey"], "SM2PKE",
                                                      private),
        ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE")
    return key, private


@pytest.fixture(scope="session")
def key_of(client_for, made):  # noqa: F811
    """key_of(spec, usage, "made" or "brought"): a Key, made once."""
    known = {}

    def get(spec, usage, how):
        name = (spec, usage, how)
        if name in known:
            return known[name]
        client = client_for(spec)
        if how == "made":
            metadata = client.create_key(KeySpec=spec, KeyUsage=usage)["KeyMetadata"] \
                if spec in specs.CHINA else made(spec, usage)
            known[name] = Key(client, metadata["KeyId"])
        elif spec == "SM2":
            known[name] = Key(client, *bring_sm2(client, usage))
        else:
            plain = None if spec in specs.HMAC else OPENSSL.generate(spec)
            key, _, plain = importing.imported(client, plain, spec, usage)
            known[name] = Key(client, key, plain)
        return known[name]
    return get


@pytest.fixture
def possible():
    """possible(case): skips what this machine's OpenSSL cannot do, and says so."""
    def check(case):
        if case.lacks():
            pytest.skip(case.lacks())
    return check
