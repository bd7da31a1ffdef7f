"""Signatures: which are good, what bad ones are told, and which proofs a listener wants."""

import json
import ssl
from datetime import datetime, timedelta, timezone
from http.client import HTTPSConnection
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from support import audit, clients
from support.callers import ACCOUNT, role, session, user
from support.daemon import kmsctl
from support.identities import allow, document
from support.refusal import refused

WRONG = ("The request signature we calculated does not match the signature you provided. "
         "Check your AWS Secret Access Key and signing method. Consult the service "
         "documentation for details.")
INVALID = "The security token included in the request is invalid."


class PresignedJson(SigV4QueryAuth):
    """botocore moves the body of what it presigns into the query; JSON has to stay."""

    def _modify_request_before_signing(self, request):
        body, request.data = request.data, b""
        super()._modify_request_before_signing(request)
        request.data = body


def server(workshop, proof):
    daemon = workshop.server(start=False)
    text = daemon.config.read_text()
    daemon.config.write_text(text.replace("https:\n", f"https:\n  proof: {proof}\n"))
    return daemon.start()


def access_key(daemon, principal, *more):
    """Credentials of kmsctl identities access-key create."""
    made = json.loads(kmsctl("identities", "access-key", "create", "--data",
                             daemon.server_data, "--principal", principal, *more).stdout)
    assert made["Version"] == 1
    return Credentials(made["AccessKeyId"], made["SecretAccessKey"],
                       made.get("SessionToken"))


def client(daemon, credentials, certificate=None, **more):
    """boto3 with these credentials, and a client certificate if one is given."""
    if certificate:
        more["client_cert"] = tuple(map(str, certificate))
    return boto3.session.Session().client(
        "kms", region_name=clients.REGION, endpoint_url=daemon.https,
        verify=daemon.ready["ca"], aws_access_key_id=credentials.access_key,
        aws_secret_access_key=credentials.secret_key,
        aws_session_token=credentials.token, config=clients._config(**more))


@pytest.fixture(scope="module")
def signed(shared_workshop):
    """A server that wants signatures, and only those."""
    return server(shared_workshop, "signature")


@pytest.fixture(scope="module")
def alice(signed):
    return access_key(signed, user("alice"))


def send(daemon, request):
    """(status, error type, words) of a prepared botocore request."""
    where = urlsplit(daemon.https)
    context = ssl.create_default_context(cafile=daemon.ready["ca"])
    connection = HTTPSConnection(where.hostname, where.port, context=context, timeout=30)
    target = urlsplit(request.url)
    connection.request("POST", "/" + (f"?{target.query}" if target.query else ""),
                       body=request.body, headers=dict(request.headers))
    answer = connection.getresponse()
    body = json.loads(answer.read() or b"{}")
    connection.close()
    return answer.status, body.get("__type"), body.get("message", body.get("Message"))


def prepared(daemon, credentials, how=SigV4Auth, region="us-east-1", service="kms",
             operation="ListKeys", body=b"{}", edit=None, at=None, **more):
    """A signed request; edit(request) runs after signing."""
    request = AWSRequest("POST", daemon.https + "/", data=body, headers={
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": f"TrentService.{operation}"})
    auth = how(credentials, service, region, **more)
    if at is not None:
        import botocore.auth
        real = botocore.auth.get_current_datetime
        botocore.auth.get_current_datetime = lambda *a, **k: at.replace(tzinfo=None)
        try:
            auth.add_auth(request)
        finally:
            botocore.auth.get_current_datetime = real
    else:
        auth.add_auth(request)
    if edit:
        edit(request)
    made = request.prepare()
    made.headers["Content-Length"] = str(len(body))
    return made


# --- good ones -------------------------------------------------------------------------

def test_an_access_key_signs_for_its_principal(signed, alice):
    kms = client(signed, alice)
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    answer = kms.encrypt(KeyId=key, Plaintext=b"\x00\xff", EncryptionContext={"é": "×"})
    record = audit.by_request(signed.data_dir, answer["ResponseMetadata"]["RequestId"])
    assert record["userIdentity"] == {
        "type": "IAMUser", "principalId": alice.access_key, "arn": user("alice"),
        "accountId": ACCOUNT, "accessKeyId": alice.access_key}
    assert kms.decrypt(CiphertextBlob=answer["CiphertextBlob"],
                       EncryptionContext={"é": "×"})["Plaintext"] == b"\x00\xff"


def test_a_session_has_a_token_and_what_its_policy_leaves(signed, tmp_path):
    policy = tmp_path / "session.json"
    policy.write_text(document(allow("kms:List*")))
    kms = client(signed, access_key(signed, session("app", "web1"), "--ttl", "900",
                                    "--policy", policy))
    answer = kms.list_keys()
    record = audit.by_request(signed.data_dir, answer["ResponseMetadata"]["RequestId"])
    assert record["userIdentity"]["arn"] == session("app", "web1")
    with refused("AccessDeniedException", (
            f"User: {session('app', 'web1')} is not authorized to perform: kms:CreateKey on "
            "resource: * because no session policy allows the kms:CreateKey action")):
        kms.create_key()


def test_a_presigned_request_is_good_as_long_as_it_says(signed, alice):
    assert send(signed, prepared(signed, alice, PresignedJson, expires=60))[0] == 200
    now = datetime.now(timezone.utc)
    old = prepared(signed, alice, PresignedJson, expires=3600,
                   at=now - timedelta(minutes=50))
    assert send(signed, old)[0] == 200
    status, error, words = send(signed, prepared(signed, alice, PresignedJson, expires=60,
                                                 at=now - timedelta(minutes=2)))
    assert (status, error) == (400, "InvalidSignatureException")
    assert words.startswith("Signature expired: ")


# --- bad ones --------------------------------------------------------------------------

def drop(name):
    def edit(request):
        del request.headers[name]
    return edit


def put(name, value):
    def edit(request):
        del request.headers[name]
        request.headers[name] = value
    return edit


def edit_authorization(old, new):
    def edit(request):
        text = request.headers["Authorization"]
        assert old in text
        del request.headers["Authorization"]
        request.headers["Authorization"] = text.replace(old, new, 1)
    return edit


BAD = {
    "another target": ({"edit": put("X-Amz-Target", "TrentService.CreateKey")},
                       "InvalidSignatureException", WRONG),
    "a header that is not signed": ({"edit": put("X-Amz-Extra", "1")},
                                    "InvalidSignatureException",
                                    "'X-Amz-Extra' must be a 'SignedHeader' in the AWS "
                                    "Authorization."),
    "host left out": ({"edit": edit_authorization("host;", "")},
                      "InvalidSignatureException", "'Host' or ':authority' must be a"),
    "no signature": ({"edit": edit_authorization("Signature=", "Sig=")},
                     "IncompleteSignatureException",
                     "Authorization header requires 'Signature' parameter."),
    "no date": ({"edit": drop("X-Amz-Date")}, "IncompleteSignatureException",
                "Authorization header requires existence of either a 'X-Amz-Date' or a "
                "'Date' header."),
    "another algorithm": ({"edit": edit_authorization("SHA256 ", "SHA512 ")},
                          "IncompleteSignatureException", "requires 'AWS4-HMAC-SHA256'"),
    "another scheme": ({"edit": put("Authorization", "Basic Zm9vOmJhcg==")},
                       "IncompleteSignatureException", "requires 'AWS4-HMAC-SHA256'"),
    "no header": ({"edit": drop("Authorization")}, "MissingAuthenticationTokenException",
                  "Missing Authentication Token"),
    "another service": ({"service": "s3"}, "InvalidSignatureException",
                        "Credential should be scoped to correct service: 'kms'."),
    "another region": ({"edit": edit_authorization("us-east-1", "eu-west-1")},
                       "InvalidSignatureException", WRONG),
    "another day": ({"edit": edit_authorization("/20", "/19")}, "InvalidSignatureException",
                    "Date in Credential scope does not match"),
    "a cut signature": ({"edit": edit_authorization("Signature=", "Signature=0")},
                        "InvalidSignatureException", WRONG),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_signature_is_refused_in_the_services_words(signed, alice, name):
    how, error, words = BAD[name]
    status, got, said = send(signed, prepared(signed, alice, **how))
    assert (status, got) == (400, error), said
    assert words in said


def test_a_changed_body_is_found(signed, alice):
    made = prepared(signed, alice, body=b'{"Limit":1}')
    made.body = b'{"Limit":2}'
    status, error, words = send(signed, made)
    assert (status, error) == (400, "InvalidSignatureException")
    assert words.startswith(WRONG)
    assert "The Canonical String for this request should have been\n'POST\n/\n\n" in words


def test_times_outside_a_quarter_of_an_hour_are_refused(signed, alice):
    now = datetime.now(timezone.utc)
    for minutes, words in ((-16, "Signature expired: "), (16, "Signature not yet current: ")):
        status, error, said = send(signed, prepared(
            signed, alice, at=now + timedelta(minutes=minutes)))
        assert (status, error) == (400, "InvalidSignatureException")
        assert said.startswith(words)
    for minutes in (-14, 14):
        assert send(signed, prepared(signed, alice,
                                     at=now + timedelta(minutes=minutes)))[0] == 200


def test_keys_that_are_none_and_secrets_that_are_wrong(signed, alice):
    nobody = Credentials("AKIAAAAAAAAAAAAAAAAA", "x" * 40)
    assert send(signed, prepared(signed, nobody)) == (
        400, "UnrecognizedClientException", INVALID)
    status, error, _ = send(signed, prepared(
        signed, Credentials(alice.access_key, "x" * 40)))
    assert (status, error) == (400, "InvalidSignatureException")
    # 12 digits are nobody's name here.
    assert send(signed, prepared(signed, Credentials(ACCOUNT, "x")))[1] == (
        "UnrecognizedClientException")


def test_tokens_are_for_sessions_and_of_their_key(signed, alice):
    one = access_key(signed, session("app", "one"), "--ttl", "900")
    two = access_key(signed, session("app", "two"), "--ttl", "900")
    for credentials in (Credentials(one.access_key, one.secret_key),
                        Credentials(one.access_key, one.secret_key, two.token),
                        Credentials(alice.access_key, alice.secret_key, one.token)):
        assert send(signed, prepared(signed, credentials)) == (
            400, "UnrecognizedClientException", INVALID)


def test_a_session_ends(workshop):
    daemon = workshop.dev(keep=True)
    made = json.loads(kmsctl("identities", "access-key", "create", "--socket",
                             daemon.data / "admin.sock", "--principal",
                             session("app"), "--ttl", "900").stdout)
    credentials = Credentials(made["AccessKeyId"], made["SecretAccessKey"],
                              made["SessionToken"])

    def ask():
        return boto3.session.Session().client(
            "kms", region_name="us-east-1", endpoint_url=daemon.http,
            aws_access_key_id=credentials.access_key,
            aws_secret_access_key=credentials.secret_key,
            aws_session_token=credentials.token, config=clients._config()).list_keys()

    ask()
    daemon.clock(advance_s=901)
    with refused("ExpiredTokenException",
                 "The security token included in the request is expired"):
        ask()


def test_a_revoked_key_is_nobodys_from_then_on(signed):
    bob = access_key(signed, user("bob"))
    kms = client(signed, bob)
    kms.list_keys()
    kmsctl("identities", "access-key", "revoke", "--data", signed.server_data,
           bob.access_key)
    with refused("UnrecognizedClientException", INVALID):
        kms.list_keys()
    done = kmsctl("identities", "access-key", "revoke", "--data", signed.server_data,
                  bob.access_key, check=False)
    assert done.returncode == 1 and "there is no access key" in done.stderr
    events = [r["serviceEventDetails"]["reason"]
              for name in ("CreateAccessKey", "DeleteAccessKey")
              for r in audit.named(signed.data_dir, name)
              if bob.access_key in r["serviceEventDetails"]["reason"]]
    assert events == [f"{bob.access_key} of {user('bob')}", bob.access_key]


def test_the_secret_is_kept_sealed_and_shown_once(signed, alice):
    listed = json.loads(kmsctl("identities", "access-key", "list", "--data",
                               signed.server_data).stdout)["accessKeys"]
    assert alice.access_key in [k["id"] for k in listed]
    assert all(set(k) <= {"id", "principal", "created", "expires", "policy"} for k in listed)
    for path in signed.server_data.rglob("*"):
        if path.is_file():
            assert alice.secret_key.encode() not in path.read_bytes(), path
    assert alice.secret_key not in signed.log()
    signed.stop()
    signed.start()
    client(signed, alice).list_keys()


@pytest.mark.parametrize("args, words", [
    (("--principal", role("app")), "a role is called by its sessions"),
    (("--principal", session("app")), "a session needs a time to live"),
    (("--principal", session("app"), "--ttl", "60"), "lasts from 900 to 129600"),
    (("--principal", f"arn:aws:iam::{ACCOUNT}:root"), "is no user or session"),
    (("--principal", "alice"), "is no user or session"),
    (("--principal", f"arn:aws-cn:iam::{ACCOUNT}:user/a"), "not of the partition aws")])
def test_keys_are_made_for_users_and_sessions(signed, args, words):
    done = kmsctl("identities", "access-key", "create", "--data", signed.server_data, *args,
                  check=False)
    assert done.returncode == 1 and words in done.stderr


# --- what a listener wants ---------------------------------------------------------------

@pytest.mark.parametrize("proof", ["certificate", "both", "either"])
def test_certificate_and_signature_are_one_caller(workshop, proof):
    daemon = server(workshop, proof)
    mine = (daemon.ready["client_cert"], daemon.ready["client_key"])
    own, other = (access_key(daemon, user(name)) for name in ("client", "other"))
    nobody = Credentials("AKIAAAAAAAAAAAAAAAAA", "x" * 40)

    client(daemon, own, mine).list_keys()
    with refused("AccessDeniedException", (
            f"The certificate is of {user('client')} and the signature of "
            f"{user('other')}.")):
        client(daemon, other, mine).list_keys()
    with refused("InvalidSignatureException"):
        client(daemon, Credentials(own.access_key, "x" * 40), mine).list_keys()
    if proof == "both":
        with refused("UnrecognizedClientException", INVALID):
            client(daemon, nobody, mine).list_keys()
    else:
        client(daemon, nobody, mine).list_keys()


def test_either_takes_a_signature_where_there_is_no_certificate(workshop):
    daemon = server(workshop, "either")
    bob = access_key(daemon, user("bob"))
    answer = client(daemon, bob).list_keys()
    record = audit.by_request(daemon.data_dir, answer["ResponseMetadata"]["RequestId"])
    assert record["userIdentity"]["arn"] == user("bob")
    assert "certificate" not in record["userIdentity"]
    assert send(daemon, prepared(daemon, bob, edit=drop("Authorization")))[1] == (
        "MissingAuthenticationTokenException")


def test_a_gateways_rule_lets_it_bring_others_signatures(workshop):
    daemon = server(workshop, "both")
    path = daemon.server_data / "identities.yaml"
    path.write_text(path.read_text() + "certificates:\n"
                    f"  - uri: {user('client')}\n    principal: {user('client')}\n"
                    f"    signs_for: arn:aws:iam::{ACCOUNT}:user/*\n")
    daemon.restart()
    mine = (daemon.ready["client_cert"], daemon.ready["client_key"])
    answer = client(daemon, access_key(daemon, user("bob")), mine).list_keys()
    record = audit.by_request(daemon.data_dir, answer["ResponseMetadata"]["RequestId"])
    assert record["userIdentity"]["arn"] == user("bob")
    assert record["userIdentity"]["certificate"]["uri"] == user("client")
    with refused("AccessDeniedException"):
        client(daemon, access_key(daemon, session("app"), "--ttl", "900"), mine).list_keys()


def test_strangers_are_counted_and_not_recorded_one_by_one(signed, alice):
    before = audit.last_seq(signed.data_dir)
    for _ in range(20):
        send(signed, prepared(signed, Credentials("AKIAAAAAAAAAAAAAAAAA", "x" * 40)))
    assert audit.last_seq(signed.data_dir) <= before + 1
