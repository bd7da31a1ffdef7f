"""Programs that people use on top of KMS, unmodified: what each writes comes back."""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from support import clients
from support.daemon import SLOW
from support.scenario import drivers, sdks, walk

HERE = Path(__file__).resolve().parent / "consumers"
# The first test installs the packages.
pytestmark = pytest.mark.timeout(1800)

ESDK = {"python-keyring": [sys.executable, HERE / "esdk.py", "keyring"],
        "python-provider": [sys.executable, HERE / "esdk.py", "provider"],
        "javascript": ["node", HERE / "esdk.mjs"]}


def packages():
    """The folder with the Python packages of consumers/requirements.txt."""
    listed = HERE / "requirements.txt"
    return sdks.built("consumers", lambda out: sdks.run(
        [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--use-pep517",
         "--disable-pip-version-check", "--upgrade", "--target", out / "packages", "-r",
         listed], out), listed) / "packages"


class Site:
    """A listener of a daemon as a consumer sees it."""

    def __init__(self, daemon, listener):
        plain = listener == "plain"
        self.kms = clients.plain(daemon) if plain else clients.mutual(daemon)
        self.env = dict(
            drivers.environment(daemon, listener), KMS_ACCOUNT=clients.ACCOUNT,
            PYTHONPATH=str(packages()), PYTHONDONTWRITEBYTECODE="1",
            AWS_ACCESS_KEY_ID=clients.ACCOUNT, AWS_SECRET_ACCESS_KEY="anything",
            AWS_DEFAULT_REGION=clients.REGION)
        self.env["AWS_ENDPOINT_URL_KMS"] = self.env["KMS_ENDPOINT"]

    def key(self, **how):
        return self.kms.create_key(**how)["KeyMetadata"]["Arn"]

    def run(self, *argv, given=None, **env):
        """What a program printed; it has to end well."""
        done = subprocess.run(
            [str(part) for part in argv], input=given, env=dict(self.env, **env),
            capture_output=True, text=True, timeout=120 * SLOW)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def esdk(self, name, request):
        env = {}
        if name == "javascript":
            try:
                env["KMS_MODULES"] = str(sdks.newest_modules())
            except sdks.Unavailable as why:
                pytest.skip(str(why))
        return json.loads(self.run(*ESDK[name], given=json.dumps(request), **env))


@pytest.fixture(scope="module", params=["plain", "mutual"])
def site(request, kmsd_dev, kmsd_server):
    return Site(kmsd_dev if request.param == "plain" else kmsd_server, request.param)


@pytest.fixture(scope="module")
def plain_site(kmsd_dev):
    """For programs that make their own client and know no client certificates."""
    return Site(kmsd_dev, "plain")


# --- the AWS Encryption SDK -------------------------------------------------------------

CONTEXT = {"tenant": "42", "app": "é"}


@pytest.fixture(scope="module")
def messages(site):
    """Two keys, and what each of the encryption SDKs wrote under both."""
    keys = [site.key(), site.key()]
    written = {name: site.esdk(name, {
        "do": "encrypt", "keys": keys, "context": CONTEXT, "text": f"by {name} ü"})
        for name in ESDK}
    return keys, written


@pytest.mark.parametrize("reader", ESDK)
@pytest.mark.parametrize("writer", ESDK)
def test_an_encryption_sdk_reads_what_another_wrote(site, messages, writer, reader):
    keys, written = messages
    read = site.esdk(reader, dict(written[writer], do="decrypt", keys=keys))
    assert read["text"] == f"by {writer} ü"
    assert CONTEXT.items() <= read["context"].items()


@pytest.mark.parametrize("reader", ESDK)
def test_the_second_key_opens_a_message_when_the_first_is_disabled(site, reader):
    keys = [site.key(), site.key()]
    written = site.esdk("python-keyring", {
        "do": "encrypt", "keys": keys, "context": CONTEXT, "text": "either"})
    site.kms.disable_key(KeyId=keys[0])
    read = site.esdk(reader, dict(written, do="decrypt", keys=keys))
    assert read["text"] == "either"
    site.kms.disable_key(KeyId=keys[1])
    assert "error" in site.esdk(reader, dict(written, do="decrypt", keys=keys))


@pytest.mark.parametrize("reader", ESDK)
def test_a_changed_context_opens_nothing(site, messages, reader):
    keys, written = messages
    message = base64.b64decode(written["python-keyring"]["message"])
    assert message.count(b"tenant") == 1
    changed = base64.b64encode(message.replace(b"tenant", b"tenanz")).decode()
    read = site.esdk(reader, {"do": "decrypt", "keys": keys, "message": changed})
    assert "error" in read and "text" not in read


# --- others -----------------------------------------------------------------------------

def test_tink_seals_an_envelope_and_minds_its_associated_data(site):
    said = site.run(sys.executable, HERE / "tink_aead.py", site.key(), "tinkered é")
    assert said.split("\n") == ["tinkered é", "tinkered é", "refused", ""]


def test_mongodb_field_encryption_writes_its_own_requests(site):
    said = site.run(sys.executable, HERE / "field.py", site.key(), "field é")
    assert said == "field é\n"


SECRETS = {"secrets.json": '{\n    "password": "open sesame",\n    "port": 5432\n}',
           "secrets.yaml": "db:\n    password: open sesame\n    port: 5432\n"}


@pytest.mark.parametrize("name", SECRETS)
def test_sops_keeps_a_file_of_secrets(plain_site, tmp_path, name):
    path, text = tmp_path / name, SECRETS[name]
    path.write_text(text)
    sops = [sys.executable, "-c", "import sops; sops.main()"]
    key = plain_site.key()
    sealed = plain_site.run(*sops, "-k", key, "-e", path)
    assert "open sesame" not in sealed and key in sealed
    path.write_text(sealed)
    assert plain_site.run(*sops, "-d", path) == text


def test_update_metadata_is_signed_by_the_kms_and_verified_without(
        plain_site, kmsd_dev):
    if not {"Sign", "GetPublicKey"} <= walk.implemented(kmsd_dev.http_port):
        pytest.skip("kmsd has no Sign, GetPublicKey")
    for spec, said in (("ECC_NIST_P256", "ecdsa ecdsa-sha2-nistp256 verified"),
                       ("RSA_2048", "rsa rsassa-pss-sha256 verified")):
        key = plain_site.key(KeySpec=spec, KeyUsage="SIGN_VERIFY")
        assert plain_site.run(sys.executable, HERE / "tuf.py", key) == said + "\n"
