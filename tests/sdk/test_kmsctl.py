"""kmsctl: every command, what it says, what it leaves, and its exit status."""

import base64
import http.server
import json
import os
import select
import shutil
import signal
import sqlite3
import stat
import subprocess
import threading
from pathlib import Path

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from support import audit, clients
from support.daemon import KMSCTL, KMSD, kmsctl, wait_for

COMMANDS = ["init", "status", "api", "client-cert", "server-cert", "crl", "audit verify",
            "audit tail", "token selftest", "completion"]


def refused(*args, status=1, **kw):
    """Run what has to fail; its words. Nothing goes to standard output."""
    done = kmsctl(*args, check=False, **kw)
    assert done.returncode == status, done
    assert done.stdout == ""
    assert done.stderr.startswith("kmsctl: ")
    return done.stderr


def connection(daemon):
    """Options that reach a daemon over mutual TLS with its own client certificate."""
    return ["--data", daemon.data_dir, "--endpoint", daemon.https]


def api(daemon, *args, **kw):
    return kmsctl("api", *args, *connection(daemon), **kw)


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def uri_of(path):
    """The URI subject alternative name of a certificate."""
    cert = x509.load_pem_x509_certificate(Path(path).read_bytes())
    names = cert.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return names.get_values_for_type(x509.UniformResourceIdentifier)


@pytest.fixture(scope="module")
def key_id(kmsd_dev):
    return api(kmsd_dev, "create-key", "--output", "KeyMetadata.KeyId").stdout.strip()


# --- the command line ---------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command):
    text = kmsctl(*command.split(), "--help").stdout
    assert text.startswith(f"usage: kmsctl {command}")
    assert "--help" in text


def test_the_help_lists_every_command():
    text = kmsctl("--help").stdout
    for command in COMMANDS:
        assert f"  {command} " in text
    assert "canary" not in text


@pytest.mark.parametrize("args", [
    [], ["bogus"], ["audit"], ["audit", "bogus"], ["init"], ["init", "--data"],
    ["init", "--data", "x", "--data", "y"], ["init", "--bogus"], ["status"],
    ["status", "--data=x", "operand"], ["client-cert", "--data", "x"],
    ["audit", "verify", "--data", "x", "--db", "y"], ["audit", "tail", "--db", "x", "-n", "y"],
    ["audit", "tail", "--json=x", "--db", "y"], ["api"], ["api", "Bogus"],
    ["api", "CreateKey", "--bogus", "x"], ["completion", "fish"], ["crl", "--data", "x"],
])
def test_a_wrong_command_line_exits_with_2(args):
    done = kmsctl(*args, check=False, env={"KMSCTL_DATA": ""})
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr


def test_completion_knows_commands_operations_and_members():
    script = kmsctl("completion", "bash").stdout + r"""
complete_at() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _kmsctl kmsctl "${!#}"; echo "${COMPREPLY[@]}"; }
complete_at kmsctl sta
complete_at kmsctl api generate-r
complete_at kmsctl api generate-random --num
complete_at kmsctl audit v
complete_at kmsctl init --li
"""
    done = subprocess.run(["bash", "-euc", script], capture_output=True, text=True,
                          timeout=30, check=True)
    assert done.stdout.split() == ["status", "generate-random", "--number-of-bytes",
                                   "verify", "--listen"]


def test_what_cannot_be_printed_is_a_failure():
    with open("/dev/full", "w") as full:
        done = subprocess.run([KMSCTL, "--help"], stdout=full, stderr=subprocess.PIPE,
                              text=True, timeout=30)
    assert done.returncode == 1
    assert "standard output" in done.stderr


# --- init ---------------------------------------------------------------------------------


def test_init_makes_a_server_that_serves_over_mutual_tls(workshop):
    daemon = workshop.server()
    data = daemon.server_data
    assert mode(data) == 0o700
    for secret in ("pin", "kmsd.db", "kmsd.yaml", "pki/ca.key", "pki/server.key",
                   "pki/client.key"):
        assert mode(data / secret) == 0o600, secret
    assert len((data / "pin").read_text().strip()) == 43
    key = json.loads(api(daemon, "create-key", "--description", "é").stdout)["KeyMetadata"]
    assert key["Arn"] == f"arn:aws:kms:us-east-1:111122223333:key/{key['KeyId']}"
    assert key["Description"] == "é"


def test_init_writes_what_it_was_told(workshop):
    data = workshop.directory() / "it's here"
    kmsctl("init", "--data", data, "--account", "444455556666", "--region", "eu-central-1",
           "--dns", "kms.example", "--dns", "localhost", "--ip", "192.0.2.7",
           "--listen", "127.0.0.1:0", "--client", "alice")
    assert uri_of(data / "pki/client.pem") == ["arn:aws:iam::444455556666:user/alice"]
    cert = x509.load_pem_x509_certificate((data / "pki/server.pem").read_bytes())
    names = cert.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost", "kms.example"]
    assert [str(ip) for ip in names.get_values_for_type(x509.IPAddress)] == [
        "127.0.0.1", "::1", "192.0.2.7"]
    daemon = workshop.dev(config=data / "kmsd.yaml")
    arn = api(daemon, "create-key", "--output", "KeyMetadata.Arn").stdout
    assert arn.startswith("arn:aws:kms:eu-central-1:444455556666:key/")


def test_init_never_touches_what_is_there(workshop):
    data = workshop.directory() / "data"
    kmsctl("init", "--data", data)

    def picture():
        return {str(p): p.read_bytes() for p in sorted(data.rglob("*"))
                if p.is_file() and p.name not in ("lock",)}

    before = picture()
    assert "nothing was changed" in refused("init", "--data", data)
    assert picture() == before


def test_init_refuses_dev_data(workshop):
    daemon = workshop.dev(keep=True)
    data = daemon.data_dir
    daemon.stop()
    assert "dev" in refused("init", "--data", data)
    assert not (data / "kmsd.yaml").exists()
    daemon.start()


def test_an_init_that_failed_says_what_to_remove_and_goes_on_after_that(workshop):
    data = workshop.directory() / "data"
    data.mkdir(mode=0o700)
    (data / "token").mkdir()
    words = refused("init", "--data", data)
    assert str(data / "token") in words and "remove it" in words
    (data / "token").rmdir()
    kmsctl("init", "--data", data)
    kmsctl("token", "selftest", "--data", data)


def test_init_goes_on_where_a_killed_one_stopped(workshop):
    """Everything but the configuration was made: the next run writes that."""
    data = workshop.directory() / "data"
    kmsctl("init", "--data", data, "--listen", "127.0.0.1:0")
    (data / "kmsd.yaml").unlink()
    pin = (data / "pin").read_bytes()
    kmsctl("init", "--data", data, "--listen", "127.0.0.1:0")
    assert (data / "pin").read_bytes() == pin
    workshop.dev(config=data / "kmsd.yaml")


@pytest.mark.parametrize("args, words", [
    (["--account", "12"], "12 digits"), (["--region", "Not A Region"], "us-east-1"),
    (["--listen", "localhost"], "127.0.0.1:8443"), (["--client", "../x"], "no name"),
    (["--ip", "1.2.3"], "1.2.3"), (["--dns", "a b"], "a b"), (["--label", "x"], "--module"),
    (["--module", "/nonexistent.so"], "--pin-file"),
])
def test_init_refuses_what_cannot_be_and_makes_nothing(workshop, args, words):
    data = workshop.directory() / "data"
    done = kmsctl("init", "--data", data, *args, check=False)
    assert done.returncode in (1, 2)
    assert words in done.stderr
    assert not data.exists() or not any(data.iterdir())


def test_init_uses_a_token_of_another_module(workshop):
    """A SoftHSM2 token made by its own tool stands for somebody's HSM."""
    top = workshop.directory()
    (top / "tokens").mkdir()
    (top / "softhsm2.conf").write_text(f"directories.tokendir = {top}/tokens\n")
    (top / "pin").write_text("1234\n")
    (top / "pin").chmod(0o600)
    env = {"SOFTHSM2_CONF": str(top / "softhsm2.conf")}
    subprocess.run(["softhsm2-util", "--init-token", "--free", "--label", "theirs",
                    "--so-pin", "0000", "--pin", "1234"], check=True, timeout=60,
                   capture_output=True, env={**os.environ, **env})
    module = next(p for p in ("/usr/lib/softhsm/libsofthsm2.so",
                              "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
                              "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so")
                  if os.path.exists(p))
    data = top / "data"
    kmsctl("init", "--data", data, "--listen", "127.0.0.1:0", "--module", module,
           "--label", "theirs", "--pin-file", top / "pin", env=env)
    assert not (data / "token").exists() and not (data / "pin").exists()
    daemon = workshop.dev(config=data / "kmsd.yaml", env=env)
    key = api(daemon, "create-key", "--output", "KeyMetadata.KeyId").stdout.strip()
    daemon.restart()
    api(daemon, "generate-data-key", "--key-id", key, "--key-spec", "AES_256")


# --- api ----------------------------------------------------------------------------------


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


# --- certificates -------------------------------------------------------------------------


def test_another_client_is_somebody_else(workshop):
    daemon = workshop.server()
    data = daemon.server_data
    kmsctl("client-cert", "--data", data, "bob")
    assert uri_of(data / "pki/bob.pem") == ["arn:aws:iam::111122223333:user/bob"]
    assert mode(data / "pki/bob.key") == 0o600
    bob = clients.mutual(daemon, cert=data / "pki/bob.pem", key=data / "pki/bob.key")
    bob.list_keys()
    who = audit.named(data, "ListKeys")[-1]["userIdentity"]
    assert who["arn"] == "arn:aws:iam::111122223333:user/bob"
    assert "is there already" in refused("client-cert", "--data", data, "bob")
    for name in ("ca", "server", "crl", "../x", ".hidden", "a b"):
        refused("client-cert", "--data", data, "--", name)


def test_a_revoked_client_is_refused_after_a_reload_and_others_are_not(workshop):
    daemon = workshop.server()
    data = daemon.server_data
    kmsctl("client-cert", "--data", data, "bob")
    kmsctl("client-cert", "--data", data, "carol")

    def ask(name):
        return kmsctl("api", "list-keys", *connection(daemon), "--cert",
                      data / f"pki/{name}.pem", "--key", data / f"pki/{name}.key",
                      check=False).returncode

    assert ask("bob") == 0 and ask("carol") == 0
    kmsctl("crl", "--data", data, "--revoke", data / "pki/bob.pem")
    kmsctl("crl", "--data", data, "--revoke", data / "pki/bob.pem")
    daemon.process.send_signal(signal.SIGHUP)
    wait_for("bob to be refused", lambda: ask("bob") == 1)
    assert ask("carol") == 0
    crl = x509.load_pem_x509_crl((data / "pki/crl.pem").read_bytes())
    bob = x509.load_pem_x509_certificate((data / "pki/bob.pem").read_bytes())
    assert [entry.serial_number for entry in crl] == [bob.serial_number]
    assert crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 3


def test_a_certificate_of_another_ca_cannot_be_revoked(workshop, kmsd_dev):
    data = workshop.directory() / "data"
    kmsctl("init", "--data", data)
    before = (data / "pki/crl.pem").read_bytes()
    assert "not issued by this CA" in refused(
        "crl", "--data", data, "--revoke", kmsd_dev.data_dir / "pki/client.pem")
    refused("crl", "--data", data, "--revoke", data / "kmsd.yaml")
    refused("crl", "--data", data, "--revoke", data / "absent")
    assert (data / "pki/crl.pem").read_bytes() == before


def test_a_new_server_certificate_is_shown_after_a_reload(workshop):
    daemon = workshop.server()
    data = daemon.server_data
    kmsctl("server-cert", "--data", data, "--dns", "other.example")
    cert = x509.load_pem_x509_certificate((data / "pki/server.pem").read_bytes())
    key = serialization.load_pem_private_key((data / "pki/server.key").read_bytes(), None)
    assert cert.public_key() == key.public_key()
    daemon.process.send_signal(signal.SIGHUP)

    def expires():
        return json.loads(kmsctl("status", "--data", data, "--json").stdout)[
            "listeners"]["certificate_expires"]

    want = cert.not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%SZ")
    wait_for("the new certificate", lambda: expires() == want)
    api(daemon, "list-keys")


def test_without_the_ca_key_nothing_is_issued(workshop):
    data = workshop.directory() / "data"
    kmsctl("init", "--data", data)
    (data / "pki/ca.key").rename(data / "elsewhere")
    for args in (["client-cert", "bob"], ["server-cert"],
                 ["crl", "--revoke", data / "pki/client.pem"]):
        assert "ca.key" in refused(*args, "--data", data)
    assert not (data / "pki/bob.key").exists()


# --- status -------------------------------------------------------------------------------


def test_status_speaks_to_people_and_to_programs(kmsd_dev):
    told = json.loads(kmsctl("status", "--data", kmsd_dev.data_dir, "--json").stdout)
    assert told["profile"] == "dev"
    assert told["pid"] == kmsd_dev.pid
    assert told["token"]["healthy"] is True
    text = kmsctl("status", "--socket", kmsd_dev.data_dir / "admin.sock").stdout
    lines = dict(line.split(None, 1) for line in text.splitlines() if len(line.split()) > 1)
    assert lines["profile"] == "dev"
    assert lines["pid"] == str(kmsd_dev.pid)


def test_status_of_a_daemon_that_does_not_run_fails(workshop):
    data = workshop.directory() / "data"
    kmsctl("init", "--data", data)
    assert "no kmsd runs" in refused("status", "--data", data)


# --- the audit log ------------------------------------------------------------------------


def test_verify_counts_what_is_there(workshop):
    daemon = workshop.dev(keep=True)
    kms = clients.plain(daemon)
    for _ in range(20):
        kms.create_key()
    told = json.loads(kmsctl("audit", "verify", "--data", daemon.data_dir, "--json").stdout)
    records = audit.records(daemon.data_dir)
    assert told["records"] == len(records) == told["lastSeq"]
    assert told["firstTime"] == records[0]["eventTime"]
    assert told["lastTime"] == records[-1]["eventTime"]
    text = kmsctl("audit", "verify", "--data", daemon.data_dir).stdout
    assert f"verified {len(records)} records" in text and told["head"] in text


def test_verify_names_the_record_that_was_changed(workshop):
    daemon = workshop.dev(keep=True)
    kms = clients.plain(daemon)
    for _ in range(8):
        kms.create_key()
    data = daemon.data_dir
    daemon.stop()
    copy = data / "copy.db"
    shutil.copy(audit.database(data), copy)
    kmsctl("audit", "verify", "--db", copy)
    with sqlite3.connect(copy) as db:
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'"
                                  ).fetchall():
            db.execute(f'DROP TRIGGER "{name}"')
        db.execute("UPDATE records SET record = CAST(replace(CAST(record AS TEXT),"
                   " 'CreateKey', 'CreatEKey') AS BLOB) WHERE seq = 5")
    db.close()
    words = refused("audit", "verify", "--db", copy)
    assert "record 5" in words or "record 6" in words
    kmsctl("audit", "verify", "--data", data)
    daemon.start()


def test_verify_of_what_is_no_database_fails(tmp_path):
    refused("audit", "verify", "--db", tmp_path / "absent")
    (tmp_path / "text").write_text("not a database, but long enough to be looked at" * 100)
    refused("audit", "verify", "--db", tmp_path / "text")
    assert not (tmp_path / "absent").exists()


def test_tail_prints_the_newest_records(kmsd_dev, key_id):
    refused("api", "describe-key", "--key-id", "bogus", *connection(kmsd_dev))
    api(kmsd_dev, "describe-key", "--key-id", key_id)
    data = kmsd_dev.data_dir
    lines = kmsctl("audit", "tail", "--data", data, "-n", "2").stdout.splitlines()
    assert len(lines) == 2
    assert " DescribeKey NotFoundException arn:aws:iam::111122223333:user/" in lines[0]
    assert " DescribeKey ok " in lines[1] and lines[1].endswith(f":key/{key_id}")
    raw = kmsctl("audit", "tail", "--data", data, "-n", "2", "--json").stdout
    assert [line.encode() for line in raw.splitlines()] == [
        record for _, record in audit.raw_records(data)[-2:]]
    assert kmsctl("audit", "tail", "--data", data, "-n", "0").stdout == ""
    everything = kmsctl("audit", "tail", "--data", data, "-n", "1000000").stdout
    assert len(everything.splitlines()) == audit.last_seq(data)


def test_tail_follows(workshop):
    daemon = workshop.dev(keep=True)
    tail = subprocess.Popen([KMSCTL, "audit", "tail", "--data", daemon.data_dir, "-n", "0",
                             "--follow", "--json"], stdout=subprocess.PIPE)
    try:
        made = clients.plain(daemon).create_key()["ResponseMetadata"]["RequestId"]
        assert select.select([tail.stdout], [], [], 30)[0]
        assert json.loads(tail.stdout.readline())["requestID"] == made
    finally:
        tail.terminate()
        tail.wait(10)
        tail.stdout.close()


# --- the token and the lock ---------------------------------------------------------------


def test_the_token_is_tested_when_the_daemon_is_stopped(workshop):
    daemon = workshop.server()
    words = refused("token", "selftest", "--data", daemon.server_data)
    assert f"process {daemon.pid}" in words
    daemon.stop()
    assert "cannot be read, wrapped, weakened" in kmsctl(
        "token", "selftest", "--data", daemon.server_data).stdout


def test_a_second_daemon_on_the_same_data_does_not_start(workshop):
    daemon = workshop.server()
    second = subprocess.run([KMSD, "--config", daemon.server_data / "kmsd.yaml"],
                            capture_output=True, text=True, timeout=60)
    assert second.returncode != 0
    assert f"process {daemon.pid}" in second.stderr
    assert second.stdout == ""
    api(daemon, "list-keys")


def test_a_pin_that_others_may_read_stops_the_start(workshop):
    data = workshop.directory() / "data"
    kmsctl("init", "--data", data)
    (data / "pin").chmod(0o644)
    assert "chmod 600" in refused("token", "selftest", "--data", data)


def test_nobody_but_the_owner_can_read_what_a_daemon_writes(workshop):
    daemon = workshop.dev(keep=True)
    clients.plain(daemon).create_key()
    for path in daemon.data_dir.rglob("*"):
        if not path.name.endswith(".pem"):
            assert mode(path) & 0o077 == 0, path


def test_a_backup_of_a_running_daemon_restores_at_another_path(workshop):
    """As deploy/OPERATIONS.md tells it."""
    daemon = workshop.server()
    data = daemon.server_data
    key = api(daemon, "create-key", "--output", "KeyMetadata.KeyId").stdout.strip()
    sealed = api(daemon, "encrypt", "--key-id", key, "--plaintext", "aGVsbG8=",
                 "--output", "CiphertextBlob").stdout.strip()
    backup = workshop.directory() / "backup.db"
    with sqlite3.connect(f"file:{data}/kmsd.db?mode=ro", uri=True) as source:
        with sqlite3.connect(backup) as target:
            source.backup(target)
        target.close()
    source.close()
    api(daemon, "create-key")
    kmsctl("audit", "verify", "--db", backup)
    daemon.stop()

    restored = workshop.directory() / "elsewhere"
    restored.mkdir(mode=0o700)
    for name in ("token", "pki"):
        shutil.copytree(data / name, restored / name)
    for name in ("pin", "kmsd.yaml"):
        shutil.copy2(data / name, restored / name)
    shutil.copy(backup, restored / "kmsd.db")
    (restored / "kmsd.db").chmod(0o600)
    text = (restored / "kmsd.yaml").read_text()
    (restored / "kmsd.yaml").write_text(text.replace(str(data), str(restored)))
    shutil.rmtree(data)
    kmsctl("token", "selftest", "--data", restored)
    again = workshop.dev(config=restored / "kmsd.yaml")
    opened = api(again, "decrypt", "--ciphertext-blob", sealed, "--output", "Plaintext",
                 "--raw")
    assert opened.stdout == "hello"
    assert len(json.loads(api(again, "list-keys").stdout)["Keys"]) == 1
    kmsctl("audit", "verify", "--data", restored)


def test_a_denied_client_sees_the_error_of_the_service(kmsd_dev):
    """boto3 and kmsctl are told the same."""
    with pytest.raises(ClientError) as seen:
        clients.mutual(kmsd_dev).describe_key(KeyId="alias/none")
    error = seen.value.response["Error"]
    words = refused("api", "describe-key", "--key-id", "alias/none", *connection(kmsd_dev))
    assert words == f"kmsctl: {error['Code']}: {error['Message']}\n"
