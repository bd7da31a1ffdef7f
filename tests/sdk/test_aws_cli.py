"""The AWS CLI through every operation, on the plain listener of the dev profile.

Debian 12's CLI knows the service as it was early in 2023; it is given the model of the
installed botocore through its own data path, as `aws configure add-model` would.
"""

import base64
import gzip
import json
import os
import shutil
import subprocess
from pathlib import Path

import botocore
import pytest
from botocore import xform_name

from support import clients
from support.daemon import SLOW
from support.tour import OPERATIONS, Tour

AWS = next((p for p in ("/usr/bin/aws", "/usr/local/bin/aws") if Path(p).exists()),
           shutil.which("aws"))


class Refused(Exception):
    """What the CLI wrote to standard error."""


class Cli:
    """Stands in for a boto3 client: each operation is one run of aws."""

    def __init__(self, endpoint, home, region=clients.REGION):
        self.endpoint, self.region = endpoint, region
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        self.env.update(
            HOME=str(home), AWS_DATA_PATH=str(home / "models"), AWS_PAGER="",
            AWS_ACCESS_KEY_ID=clients.ACCOUNT, AWS_SECRET_ACCESS_KEY="anything",
            AWS_DEFAULT_REGION=region, AWS_MAX_ATTEMPTS="1", LC_ALL="C.UTF-8")

    def run(self, operation, request):
        encoded = {name: base64.b64encode(value).decode() if isinstance(value, bytes)
                   else value for name, value in request.items()}
        done = subprocess.run(
            [AWS, "kms", xform_name(operation, "-"), "--endpoint-url", self.endpoint,
             "--output", "json", "--cli-input-json", json.dumps(encoded)],
            env=self.env, capture_output=True, text=True, timeout=60 * SLOW)
        if done.returncode != 0:
            raise Refused(done.stderr.strip())
        answer = json.loads(done.stdout) if done.stdout.strip() else {}
        for blob in ("Plaintext", "CiphertextBlob"):
            if blob in answer:
                answer[blob] = base64.b64decode(answer[blob])
        return answer


class Steps(Tour):
    """The tour by the CLI, with the first failure of each operation kept."""

    def __init__(self, cli):
        super().__init__(None, "cli")
        self.cli, self.failed = cli, {}

    def call(self, operation, **request):
        try:
            answer = self.cli.run(operation, request)
        except (Refused, ValueError, subprocess.TimeoutExpired) as problem:
            self.failed.setdefault(operation, str(problem))
            raise
        self.answers.append((operation, request, answer))
        return answer


@pytest.fixture(scope="module")
def cli(kmsd_dev, tmp_path_factory):
    if AWS is None:
        pytest.skip("the AWS CLI is not installed")
    home = tmp_path_factory.mktemp("cli")
    model = home / "models" / "kms" / "2014-11-01"
    model.mkdir(parents=True)
    packed = Path(botocore.__file__).parent / "data/kms/2014-11-01/service-2.json.gz"
    model.joinpath("service-2.json").write_bytes(gzip.decompress(packed.read_bytes()))
    return Cli(kmsd_dev.http, home)


@pytest.fixture(scope="module")
def steps(cli):
    walked = Steps(cli)
    try:
        walked.walk()
    except (Refused, ValueError, AssertionError, subprocess.TimeoutExpired):
        pass        # each operation's own test tells
    return walked


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_cli_gets_its_answer(steps, operation):
    assert operation not in steps.failed, steps.failed[operation]
    assert operation in {name for name, _, _ in steps.answers}, "not reached"


def test_the_cli_shows_the_refusal_of_the_service(cli):
    with pytest.raises(Refused) as refusal:
        cli.run("DescribeKey", {"KeyId": "fake-key-id"})
    said = str(refusal.value)
    assert "An error occurred (NotFoundException) when calling the DescribeKey" in said
    assert said.endswith("Invalid keyId 'fake-key-id'")


def test_the_cli_reads_blobs_from_files_and_writes_text(cli, tmp_path):
    key = cli.run("CreateKey", {})["KeyMetadata"]["KeyId"]
    secret = tmp_path / "secret"
    secret.write_bytes(os.urandom(64))

    def run(*args):
        done = subprocess.run([AWS, "kms", *args, "--endpoint-url", cli.endpoint],
                              env=cli.env, capture_output=True, text=True,
                              timeout=60 * SLOW)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    blob = run("encrypt", "--key-id", key, "--plaintext", f"fileb://{secret}",
               "--query", "CiphertextBlob", "--output", "text")
    sealed = tmp_path / "sealed"
    sealed.write_bytes(base64.b64decode(blob))
    opened = run("decrypt", "--ciphertext-blob", f"fileb://{sealed}", "--query",
                 "Plaintext", "--output", "text")
    assert base64.b64decode(opened) == secret.read_bytes()
