"""kmsctl api: any request over mutual TLS, and what becomes of the answer."""

import base64
import http.server
import json
import subprocess
import threading

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from support import clients
from support.ctl import api, connection, refused
from support.daemon import KMSCTL, kmsctl


@pytest.fixture(scope="module")
def key_id(kmsd_dev):
    return api(kmsd_dev, "create-key", "--output", "KeyMetadata.KeyId").stdout.strip()


def test_api_goes_the_whole_way_over_mutual_tls(kmsd_dev, key_id, tmp_path):
    plain = tmp_path / "plain"
    plain.write_bytes(bytes(range(256)))
    context = ["--encryption-context", "tenant=42", "--encryption-context", '{"app": "é"}']
    sealed = api(kmsd_dev, "encrypt", "--key-id", key_id, "--plaintext", f"fileb://{plain}",
                 *context, "--output", "CiphertextBlob").stdout.strip()
    again = subprocess.run(
        [KMSCTL, "api", "Decrypt", "--ciphertext-blob", sealed, *context, "--output",
         "Plaintext", "--raw", *map(str, connection(kmsd_dev))],
        capture_output=True, check=True, timeout=60)
    assert again.stdout == plain.read_bytes()
    words = refused("api", "decrypt", "--ciphertext-blob", sealed, "--encryption-context",
                    "tenant=43", *connection(kmsd_dev))
    assert words == "kmsctl: InvalidCiphertextException\n"


def test_api_prints_the_words_of_a_refusal(kmsd_dev):
    words = refused("api", "describe-key", "--key-id", "bogus", *connection(kmsd_dev))
    assert words == "kmsctl: NotFoundException: Invalid keyId 'bogus'\n"


def test_api_takes_json_and_options_on_top(kmsd_dev, key_id, tmp_path):
    request = tmp_path / "request.json"
    request.write_text(json.dumps({"KeyId": "alias/none", "NumberOfBytes": 16}))
    answer = api(kmsd_dev, "GenerateDataKey", "--json", f"file://{request}",
                 "--key-id", key_id)
    assert len(base64.b64decode(json.loads(answer.stdout)["Plaintext"])) == 16


def test_api_takes_lists_of_structures(kmsd_dev, key_id):
    api(kmsd_dev, "tag-resource", "--key-id", key_id,
        "--tags", '{"TagKey": "a", "TagValue": "1"}',
        "--tags", '[{"TagKey": "b", "TagValue": "2"}, {"TagKey": "c", "TagValue": ""}]')
    tags = json.loads(api(kmsd_dev, "list-resource-tags", "--key-id", key_id).stdout)["Tags"]
    assert tags == [{"TagKey": "a", "TagValue": "1"}, {"TagKey": "b", "TagValue": "2"},
                    {"TagKey": "c", "TagValue": ""}]
    api(kmsd_dev, "untag-resource", "--key-id", key_id, "--tag-keys", "a", "--tag-keys", "b",
        "--tag-keys", "c")


def test_api_prints_nothing_for_an_empty_answer(kmsd_dev, key_id):
    done = api(kmsd_dev, "enable-key", "--key-id", key_id)
    assert done.stdout == "" and done.stderr == ""


def test_api_shows_times_as_the_service_sends_them(kmsd_dev, key_id):
    want = clients.mutual(kmsd_dev).describe_key(KeyId=key_id)["KeyMetadata"]["CreationDate"]
    got = api(kmsd_dev, "describe-key", "--key-id", key_id, "--output",
              "KeyMetadata.CreationDate").stdout
    assert float(got) == pytest.approx(want.timestamp(), abs=0.0005)
    assert len(got.strip().split(".")[-1]) <= 3


@pytest.mark.parametrize("args, words", [
    (["--number-of-bytes", "x"], "--number-of-bytes takes"),
    (["--key-id"], "needs a value"), (["--dry-run", "maybe"], "true|false"),
    (["--json", "[1]"], "an object"), (["--json", "{"], "--json: "),
    (["--encryption-context", "novalue"], "KEY=VALUE"), (["operand"], "operand"),
])
def test_api_refuses_what_no_request_can_hold(kmsd_dev, args, words):
    assert words in refused("api", "generate-data-key", *connection(kmsd_dev), *args,
                            status=2)


def test_api_refuses_text_that_is_not_base64(kmsd_dev):
    assert "base64" in refused("api", "decrypt", "--ciphertext-blob", "hello world",
                               *connection(kmsd_dev), status=2)


def test_api_reads_a_secret_from_standard_input(kmsd_dev, key_id):
    sealed = api(kmsd_dev, "encrypt", "--key-id", key_id, "--plaintext",
                 "fileb:///dev/stdin", "--output", "CiphertextBlob", input="from a pipe")
    opened = api(kmsd_dev, "decrypt", "--ciphertext-blob", sealed.stdout.strip(),
                 "--output", "Plaintext", "--raw")
    assert opened.stdout == "from a pipe"


def test_api_says_which_member_an_answer_lacks(kmsd_dev, key_id):
    assert "KeyMetadata.Bogus" in refused(
        "api", "describe-key", "--key-id", key_id, "--output", "KeyMetadata.Bogus",
        *connection(kmsd_dev))


def test_api_trusts_no_other_ca(kmsd_dev, kmsd_server):
    pki = kmsd_dev.data_dir / "pki"
    words = refused("api", "list-keys", "--endpoint", kmsd_server.https,
                    "--ca", pki / "ca.pem", "--cert", pki / "client.pem",
                    "--key", pki / "client.key")
    assert "certificate" in words


def test_api_without_a_client_certificate_of_the_ca_is_refused(kmsd_dev, kmsd_server):
    pki = kmsd_dev.data_dir / "pki"
    refused("api", "list-keys", "--endpoint", kmsd_server.https, "--ca",
            kmsd_server.data_dir / "pki" / "ca.pem", "--cert", pki / "client.pem",
            "--key", pki / "client.key")


def test_api_without_a_daemon_says_so(kmsd_dev):
    assert "https://localhost:1" in refused("api", "list-keys", "--data", kmsd_dev.data_dir,
                                            "--endpoint", "https://localhost:1")


def test_api_finds_the_listener_of_a_configuration(workshop):
    data = workshop.directory() / "data"
    kmsctl("init", "--data", data, "--listen", "127.0.0.1:0")
    daemon = workshop.dev(config=data / "kmsd.yaml")
    text = (data / "kmsd.yaml").read_text()
    (data / "kmsd.yaml").write_text(
        text.replace("127.0.0.1:0", f"127.0.0.1:{daemon.https_port}"))
    key = kmsctl("api", "create-key", "--output", "KeyMetadata.KeyId",
                 env={"KMSCTL_DATA": str(data)})
    assert len(key.stdout.strip()) == 36


def test_api_means_the_region_it_was_told(kmsd_dev):
    arn = api(kmsd_dev, "create-key", "--region", "ap-south-1", "--output",
              "KeyMetadata.Arn").stdout
    assert arn.startswith("arn:aws:kms:ap-south-1:")
    arn = api(kmsd_dev, "create-key", "--output", "KeyMetadata.Arn",
              env={"AWS_REGION": "sa-east-1"}).stdout
    assert arn.startswith("arn:aws:kms:sa-east-1:")


def test_api_over_the_plain_listener_names_its_account(kmsd_dev):
    arn = kmsctl("api", "create-key", "--endpoint", kmsd_dev.http, "--account",
                 "999988887777", "--output", "KeyMetadata.Arn",
                 env={"KMSCTL_DATA": ""}).stdout
    assert arn.startswith("arn:aws:kms:us-east-1:999988887777:key/")


class Recorder(http.server.BaseHTTPRequestHandler):
    """Keeps one request and answers it with an empty object."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((dict(self.headers), body))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


@pytest.fixture
def recorder():
    server = http.server.HTTPServer(("127.0.0.1", 0), Recorder)
    server.seen = []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("token", [None, "a/session+token=="])
def test_api_signs_as_botocore_does(recorder, token):
    host = f"127.0.0.1:{recorder.server_port}"
    env = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_REGION": "us-west-2", "KMSCTL_DATA": "",
           "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
           "AWS_SESSION_TOKEN": token or ""}
    kmsctl("api", "encrypt", "--key-id", "alias/é", "--plaintext", "aGk=",
           "--endpoint", f"http://{host}", env=env)
    headers, body = recorder.seen[0]
    assert json.loads(body) == {"KeyId": "alias/é", "Plaintext": "aGk="}
    assert headers["Host"] == host
    signed = ["Content-Type", "Host", "X-Amz-Date", "X-Amz-Target"]
    request = AWSRequest("POST", f"http://{host}/", data=body,
                         headers={name: headers[name] for name in signed})
    request.context["timestamp"] = headers["X-Amz-Date"]
    if token:
        assert headers["X-Amz-Security-Token"] == token
        request.headers["X-Amz-Security-Token"] = token
    auth = SigV4Auth(Credentials(env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"],
                                 token), "kms", "us-west-2")
    string = auth.string_to_sign(request, auth.canonical_request(request))
    assert headers["Authorization"].endswith(
        "Signature=" + auth.signature(string, request))


def test_a_denied_client_sees_the_error_of_the_service(kmsd_dev):
    """boto3 and kmsctl are told the same."""
    with pytest.raises(ClientError) as seen:
        clients.mutual(kmsd_dev).describe_key(KeyId="alias/none")
    error = seen.value.response["Error"]
    words = refused("api", "describe-key", "--key-id", "alias/none", *connection(kmsd_dev))
    assert words == f"kmsctl: {error['Code']}: {error['Message']}\n"
