"""identities.yaml: what is wrong with one and where, and what takes effect when."""

import json

import pytest

from support import audit, clients
from support.callers import ACCOUNT, OTHER, Callers, role, session, user
from support.daemon import kmsctl, wait_for
from support.identities import allow, document, write
from support.refusal import refused

GOOD = """policies:
  - name: all
    document: |
      {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}]}
users:
  - arn: arn:aws:iam::111122223333:user/alice
    policies: [all]
"""

# What is added to a good file, the line that is named (None: it is near), words about it.
WRONG = {
    "an unknown key": ("colour: red\n", None, "Unexpected key: colour"),
    "an unknown key of a user": ("  - arn: arn:aws:iam::111122223333:user/b\n"
                                 "    polices: [all]\n", None, "Unexpected key: polices"),
    "no ARN": ("  - policies: [all]\n", 9, 'is not an ARN with ":user/"'),
    "a role among users": ("  - arn: arn:aws:iam::111122223333:role/b\n", 9,
                           'is not an ARN with ":user/"'),
    "a malformed ARN": ("  - arn: arn:aws:iam::1111:user/b\n", 9, "is not like arn:aws:iam"),
    "a policy that is none": ("  - arn: arn:aws:iam::111122223333:user/b\n"
                              "    policies:\n      - all\n      - none\n", 12,
                              'no policy is called "none"'),
    "a boundary that is none": ("  - arn: arn:aws:iam::111122223333:user/b\n"
                                "    boundary: none\n", 10, 'no policy is called "none"'),
    "a unique id of a role": ("  - arn: arn:aws:iam::111122223333:user/b\n"
                              "    id: AROAABCDEFGHIJKLMNOP\n", 10, "is not AIDA"),
    "the same user again": ("  - arn: arn:aws:iam::111122223333:user/alice\n", 9,
                            "another entry has"),
    "the same name by another path": ("  - arn: arn:aws:iam::111122223333:user/x/alice\n", 9,
                                      "another entry has"),
    "a certificate without a way": ("certificates:\n"
                                    "  - principal: arn:aws:iam::111122223333:user/b\n",
                                    10, "needs one of uri, uri_prefix"),
    "a certificate with two": ("certificates:\n  - uri: a\n    subject: CN=a\n"
                               "    principal: arn:aws:iam::111122223333:user/b\n", 10,
                               "needs one of uri, uri_prefix"),
    "a certificate of nobody": ("certificates:\n  - uri: a\n    principal: alice\n", 10,
                                "is not like arn:aws:iam"),
    "a tail without a prefix": ("certificates:\n  - uri: a\n"
                                "    principal: arn:aws:iam::111122223333:user/{tail}\n", 10,
                                "{tail} needs a rule with a prefix"),
    "a SPIFFE id that is none": ("certificates:\n  - spiffe: https://a/b\n"
                                 "    principal: arn:aws:iam::111122223333:user/b\n", 10,
                                 "spiffe://example.org"),
    "a key that is none": ("certificates:\n  - spki: ABCD\n"
                           "    principal: arn:aws:iam::111122223333:user/b\n", 10,
                           "64 lower-case hex digits"),
    "credentials of a server": ("credentials:\n  - access_key_id: A\n"
                                "    principal: arn:aws:iam::111122223333:user/b\n", 10,
                                "dev profile"),
}


def check(path, *args):
    return kmsctl("identities", "check", *args, path, check=False)


@pytest.mark.parametrize("name", WRONG)
def test_check_says_what_is_wrong_and_where(tmp_path, name):
    more, line, words = WRONG[name]
    path = tmp_path / "identities.yaml"
    path.write_text(GOOD + more)
    path.chmod(0o600)
    done = check(path)
    assert done.returncode == 1 and words in done.stderr, done.stderr
    assert (f"{path}:{line}: " if line else f"{path}: near line ") in done.stderr


@pytest.mark.parametrize("old, new, line, words", [
    ('"Allow"', '"allow"', 3, "no identity policy document"),
    ('"Resource": "*"', '"Resource": "*", "Principal": "*"', 3, "no identity policy"),
    ("name: all", "name: ''", 2, "needs a name"),
    ("name: all", "name: other", 8, 'no policy is called "all"')])
def test_check_reads_the_policies_too(tmp_path, old, new, line, words):
    path = tmp_path / "identities.yaml"
    path.write_text(GOOD.replace(old, new))
    path.chmod(0o600)
    done = check(path)
    assert done.returncode == 1 and words in done.stderr
    assert f":{line}: " in done.stderr


def test_check_prints_the_digest_that_the_record_has(workshop, tmp_path):
    daemon = workshop.server()
    path = daemon.server_data / "identities.yaml"
    path.write_text(path.read_text() + "# a change\n")
    digest = check(path).stdout.split("sha256 ")[1].strip()
    daemon.process.send_signal(1)
    wait_for("the record of the reload",
             lambda: audit.named(daemon.data_dir, "IdentitiesReload"))
    details = audit.named(daemon.data_dir, "IdentitiesReload")[0]["serviceEventDetails"]
    assert details == {"reason": f"sha256 {digest}"}
    daemon.stop()
    daemon.start()
    start = audit.named(daemon.data_dir, "Start")[-1]
    assert start["serviceEventDetails"] == {"reason": f"identities sha256 {digest}"}


def test_others_may_not_write_the_file(tmp_path):
    path = tmp_path / "identities.yaml"
    path.write_text(GOOD)
    path.chmod(0o622)
    assert "chmod 600" in check(path).stderr


def test_documents_may_be_files(tmp_path):
    path = write(tmp_path / "identities.yaml",
                 users=[{"arn": user("a"), "policies": ["p"]}])
    whole = json.loads(path.read_text())
    whole["policies"] = [{"name": "p", "file": "p.json"}]
    path.write_text(json.dumps(whole))
    assert "p.json cannot be read" in check(path).stderr
    (tmp_path / "p.json").write_text(document(allow("kms:*")))
    first = check(path)
    assert first.returncode == 0
    (tmp_path / "p.json").write_text(document(allow("kms:Encrypt")))
    assert check(path).stdout != first.stdout


def test_a_fresh_installation_lets_its_client_do_everything_and_others_nothing(workshop,
                                                                               tmp_path):
    from support import front
    data = workshop.directory() / "data"
    kmsctl("init", "--data", data, "--listen", "127.0.0.1:0")
    daemon = workshop.dev(config=data / "kmsd.yaml")
    kms = clients.mutual(daemon)
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.encrypt(KeyId=key, Plaintext=b"x")
    known = front.Pki(daemon, tmp_path)
    other = known.ca.issue(uris=(user("other"),))
    with front.Client(daemon, known.settings(other)) as client:
        answer = client.call()
    assert answer.status == 400 and answer.type == "AccessDeniedException"


def test_a_change_takes_effect_as_a_whole_or_not_at_all(workshop):
    callers = Callers(workshop, {"alice": user("alice"), "bob": user("bob")},
                      users=[{"arn": user("alice"), "policies": ["everything"]},
                             {"arn": user("bob")}])
    daemon = callers.daemon
    callers["alice"].list_keys()
    with refused("AccessDeniedException"):
        callers["bob"].list_keys()

    callers.write(users=[{"arn": user("alice")},
                         {"arn": user("bob"), "policies": ["everything"]}])
    daemon.process.send_signal(1)
    wait_for("the reload", lambda: audit.named(daemon.data, "IdentitiesReload"))
    callers["bob"].list_keys()
    with refused("AccessDeniedException"):
        callers["alice"].list_keys()

    good = callers.path.read_text()
    callers.path.write_text(good.replace('"everything"', '"nothing"', 1))
    daemon.process.send_signal(1)
    wait_for("the refusal in the log",
             lambda: "the identities stay as they were" in daemon.log())
    callers["bob"].list_keys()
    with refused("AccessDeniedException"):
        callers["alice"].list_keys()
    assert len(audit.named(daemon.data, "IdentitiesReload")) == 1


def test_a_file_that_is_no_good_keeps_kmsd_from_starting(workshop):
    daemon = workshop.server(start=False)
    path = daemon.server_data / "identities.yaml"
    path.write_text(path.read_text() + "colour: red\n")
    daemon.spawn()
    assert daemon.wait() == 78
    assert "Unexpected key: colour" in daemon.log()
    path.unlink()
    daemon.start()
    assert "there is no identities.yaml" in daemon.log()
    kms = clients.mutual(daemon)
    with refused("AccessDeniedException"):
        kms.list_keys()
    # One that appears counts from the next signal on; one that goes again changes nothing.
    kmsctl("init", "--data", daemon.server_data.parent / "other", "--listen", "127.0.0.1:0")
    made = daemon.server_data.parent / "other" / "identities.yaml"
    made.rename(path)
    daemon.process.send_signal(1)
    wait_for("the reload", lambda: audit.named(daemon.data_dir, "IdentitiesReload"))
    kms.list_keys()
    path.unlink()
    daemon.process.send_signal(1)
    wait_for("the refusal in the log",
             lambda: "the identities stay as they were" in daemon.log())
    kms.list_keys()


def test_in_dev_who_has_no_entry_may_do_everything(kmsd_own):
    for account in (ACCOUNT, OTHER):
        kms = clients.plain(kmsd_own, account=account)
        kms.encrypt(KeyId=kms.create_key()["KeyMetadata"]["KeyId"], Plaintext=b"x")


def test_records_show_sessions_and_their_role(workshop):
    callers = Callers(workshop, {"app": session("app", "web1")},
                      roles=[{"arn": role("team/app"), "policies": ["everything"]}])
    answer = callers["app"].list_keys()
    record = audit.by_request(callers.daemon.data, answer["ResponseMetadata"]["RequestId"])
    assert record["userIdentity"]["arn"] == session("app", "web1")
    assert record["userIdentity"]["type"] == "AssumedRole"
    assert record["decision"] == "identity policy everything statement 0"
