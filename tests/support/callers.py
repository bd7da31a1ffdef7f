"""Callers of a dev daemon: users, sessions of roles and roots, by credentials of its file."""

from . import audit, clients, identities
from .identities import allow, deny, document

ACCOUNT, OTHER = "111122223333", "444455556666"


def user(name, account=ACCOUNT):
    return f"arn:aws:iam::{account}:user/{name}"


def role(name, account=ACCOUNT):
    return f"arn:aws:iam::{account}:role/{name}"


def session(name, who="one", account=ACCOUNT):
    return f"arn:aws:sts::{account}:assumed-role/{name}/{who}"


def root(account=ACCOUNT):
    return f"arn:aws:iam::{account}:root"


EVERYTHING = identities.document(identities.allow("kms:*"))


class Callers:
    """A dev daemon whose identities.yaml has these principals, each with a client.

    principals: name of a caller -> ARN. entries: lists of the file (users=, roles=, ...)."""

    def __init__(self, workshop, principals, policies=None, **entries):
        self.path = workshop.directory() / "identities.yaml"
        self.principals = dict(principals)
        self.write(policies, **entries)
        self.daemon = workshop.dev(keep=True, args=["--identities", str(self.path)])
        self._clients = {}

    def write(self, policies=None, **entries):
        identities.write(
            self.path, {"everything": EVERYTHING, **(policies or {})},
            credentials=[{"access_key_id": name, "principal": arn}
                         for name, arn in self.principals.items()], **entries)

    def __getitem__(self, name):
        if name not in self._clients:
            self._clients[name] = clients.plain(self.daemon, name)
        return self._clients[name]

    def arn(self, name):
        return self.principals[name]


DEFAULT = document({"Sid": "Enable IAM User Permissions", "Effect": "Allow",
                    "Principal": {"AWS": root()}, "Action": "kms:*", "Resource": "*"})


def statement(principal, *actions, effect="Allow", **more):
    return {"Effect": effect, "Principal": principal, "Action": list(actions),
            "Resource": "*", **more}


def key_policy(*more):
    """The default statement, and these."""
    return document(statement({"AWS": root()}, "kms:*"), *more)


def put(callers, key, policy):
    callers["admin"].put_key_policy(KeyId=key, PolicyName="default", Policy=policy)


def record_of(callers, caught):
    request = caught.value.response["ResponseMetadata"]["RequestId"]
    return audit.by_request(callers.daemon.data, request)


def cast(workshop):
    """Who appears in the tests of authorization."""
    team = document(allow("kms:*", Condition={
        "StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}))
    return Callers(
        workshop,
        {"admin": user("admin"), "nobody": user("nobody"), "alice": user("div/alice"),
         "reader": user("reader"), "app": session("app"), "app2": session("app", "two"),
         "batch": session("batch"), "bounded": session("bounded"), "root": root(),
         "blue": user("blue"), "stranger": user("stranger", OTHER),
         "powerless": user("powerless", OTHER), "otherapp": session("app", "x", OTHER)},
        {"reader": document(allow("kms:Describe*", "kms:Get*", "kms:List*")),
         "aliases": document(allow("kms:*Alias")), "team": team,
         "no-decrypt": document(allow("kms:*"), deny("kms:Decrypt"))},
        users=[{"arn": user("admin"), "policies": ["everything"]},
               {"arn": user("nobody")}, {"arn": user("div/alice")},
               {"arn": user("reader"), "policies": ["reader"]},
               {"arn": user("blue"), "policies": ["team"],
                "tags": [{"key": "team", "value": "blue"}]},
               {"arn": user("stranger", OTHER), "policies": ["everything"]},
               {"arn": user("powerless", OTHER)}],
        roles=[{"arn": role("team/app")}, {"arn": role("batch")},
               {"arn": role("bounded"), "policies": ["everything"],
                "boundary": "no-decrypt"},
               {"arn": role("app", OTHER), "policies": ["everything"]}])
