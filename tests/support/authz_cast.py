"""Who asks, what key policies say, and which grants there are, in the matrix of decisions.

A caller is described twice from one entry: for the oracle (what it is, and the documents that
speak of it) and for the daemon (identities.yaml, a credential). So is a grant.
"""

from dataclasses import dataclass, field

from .callers import ACCOUNT, EVERYTHING, OTHER, role, root, session, user
from .identities import allow, deny, document

LISTED, UNLISTED = "777788889999", "999900001111"  # accounts with an entry, and without

# --- identity policies, boundaries, session policies ---------------------------------------

POLICIES = {
    "everything": EVERYTHING,
    "reader": document(allow("kms:Describe*", "kms:Get*", "kms:List*")),
    "keys": document(allow("kms:*", resource=f"arn:aws:kms:us-east-1:{ACCOUNT}:key/*")),
    "no-decrypt": document(allow("kms:*"), deny("kms:Decrypt", "kms:ReEncryptFrom")),
}
# What the dev profile lets everybody do who has no entry.
DEV = document({"Effect": "Allow", "Action": "*", "Resource": "*"})
NARROW = document(allow("kms:Encrypt", "kms:Sign", "kms:DescribeKey", "kms:CreateAlias",
                        "kms:CreateGrant", "kms:ReEncrypt*", "kms:ListKeys"),
                  deny("kms:GenerateDataKey*"))


def text_of(policy):
    return DEV if policy == "dev" else NARROW if policy == "session" else POLICIES[policy]


# --- callers ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Caller:
    """who: as the oracle takes it. policies, boundary: names. Without an entry in the file
    policies are what its account, or the dev profile, gives it."""
    who: dict
    policies: tuple = ()
    boundary: str = None
    session: bool = False  # calls with an access key whose session policy is NARROW
    entry: bool = True

    @property
    def arn(self):
        return self.who["arn"]

    @property
    def account(self):
        return self.who["account"]


def a_user(name, *policies, account=ACCOUNT, boundary=None, entry=True, **more):
    return Caller({"kind": "user", "account": account, "arn": user(name, account), **more},
                  policies, boundary, entry=entry)


def a_session(name, *policies, account=ACCOUNT, who="one", boundary=None, narrowed=False,
              **more):
    return Caller({"kind": "role", "account": account, "arn": session(name, who, account),
                   "parent_arn": role(name, account), **more},
                  policies, boundary, narrowed)


def a_root(account, *policies):
    return Caller({"kind": "root", "account": account, "arn": root(account)}, policies,
                  entry=False)


ALICE, APP = "AIDAALICEALICEALICE1", "AROAAPPAPPAPPAPPAPP1"
CAROL = f"arn:aws:sts::{ACCOUNT}:federated-user/carol"
WHO = {
    "root": a_root(ACCOUNT, "dev"),
    "admin": a_user("admin", "everything"),
    "reader": a_user("reader", "reader"),
    "keyed": a_user("keyed", "keys"),
    "alice": a_user("alice", unique_id=ALICE),
    "denied": a_user("denied", "everything", "no-decrypt"),
    "fenced": a_user("fenced", "everything", boundary="reader"),
    "app": a_session("app", unique_id=APP),
    "app-narrowed": a_session("app", who="two", narrowed=True, unique_id=APP),
    "bounded": a_session("bounded", "everything", boundary="no-decrypt"),
    "narrowed": a_session("worker", "everything", narrowed=True),
    "carol": Caller({"kind": "federated", "account": ACCOUNT, "arn": CAROL}, ("dev",),
                    entry=False),
    "stranger": a_user("stranger", "everything", account=OTHER),
    "powerless": a_user("powerless", account=OTHER),
    "other-app": a_session("app", "everything", account=OTHER, narrowed=True),
    "other-root": a_root(OTHER, "dev"),
    "guest": a_user("guest", "reader", account=LISTED, entry=False),
    "unknown": a_user("unknown", "dev", account=UNLISTED, entry=False),
}


def entries():
    """Lists of identities.yaml."""
    users, roles = {}, {}
    for caller in WHO.values():
        if not caller.entry:
            continue
        arn = caller.who.get("parent_arn", caller.arn)
        made = {"arn": arn, "policies": list(caller.policies)}
        if caller.boundary:
            made["boundary"] = caller.boundary
        if "unique_id" in caller.who:
            made["id"] = caller.who["unique_id"]
        (roles if caller.who["kind"] == "role" else users)[arn] = made
    return {"users": list(users.values()), "roles": list(roles.values()),
            "accounts": [{"arn": root(LISTED), "policies": ["reader"]}]}


# --- key policies -----------------------------------------------------------------------

def says(principal, *actions, effect="Allow", **more):
    return {"Effect": effect, "Principal": principal, "Action": list(actions),
            "Resource": "*", **more}


DELEGATED = says({"AWS": root()}, "kms:*")
NAMED = [user("alice"), role("app"), session("bounded"), session("worker"), CAROL,
         user("powerless", OTHER)]
KEY_POLICIES = {
    "default": document(DELEGATED),
    "named": document(DELEGATED, says(
        {"AWS": NAMED}, "kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*",
        "kms:DescribeKey", "kms:Sign", "kms:*Mac", "kms:DeriveSharedSecret", "kms:*Grant",
        "kms:*Alias")),
    "by id": document(DELEGATED, says({"AWS": [ALICE, APP]}, "kms:*")),
    "others": document(DELEGATED, says({"AWS": [root(OTHER), LISTED]}, "kms:*"),
                       says({"AWS": user("alice")}, "kms:*", effect="Deny")),
    "tenant 42": document(DELEGATED, says(
        "*", "kms:*", Condition={"StringEquals": {"kms:EncryptionContext:tenant": "42"}})),
    "closed": document(says({"AWS": [user("alice"), role("app")]}, "kms:*")),
    "by account": document(DELEGATED, says(
        "*", "kms:*", Condition={"StringNotEquals": {"kms:CallerAccount": ACCOUNT}})),
    "all but": document(
        says({"AWS": "*"}, "kms:*"),
        {"Effect": "Deny", "Action": ["kms:Describe*", "kms:Encrypt", "kms:Tag*"],
         "Resource": "*", "NotPrincipal": {"AWS": [
             root(), user("admin"), user("fenced"), role("app"), session("app")]}}),
    "open": document(says("*", "kms:*")),      # of keys that stand beside the one asked about
    "replica": document(says({"AWS": [root(), user("alice")]}, "kms:UpdatePrimaryRegion")),
}
POLICIES_ASKED = [name for name in KEY_POLICIES if name not in ("open", "replica")]

# --- grants -----------------------------------------------------------------------------

COMMON = ["DescribeKey", "CreateGrant", "RetireGrant"]
DATA = ["Encrypt", "Decrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext",
        "GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext", "ReEncryptFrom",
        "ReEncryptTo"]
BY_KIND = {"sign": ["Sign", "Verify", "GetPublicKey"], "mac": ["GenerateMac", "VerifyMac"],
           "agree": ["DeriveSharedSecret", "GetPublicKey"]}
TENANT = {"tenant": "42"}
CHILD = {"grantee": user("admin"), "operations": ["Decrypt"], "subset": TENANT}


@dataclass(frozen=True)
class Grant:
    """operations: "all", "few" (the first two) or a list; by: who makes it."""
    grantee: str
    operations: object = "all"
    by: str = "admin"
    more: dict = field(default_factory=dict)


GRANTS = {
    "none": [],
    "users": [Grant(user("alice"))],
    "session": [Grant(session("bounded"), "few"), Grant(role("app"), "few"),
                Grant(session("worker"), "few")],
    "account": [Grant(root(OTHER)), Grant(root(), "few")],
    "tenant": [Grant(user("alice"), more={"subset": TENANT}),
               Grant(APP, more={"equals": TENANT}),
               Grant(session("app", "two"), ["CreateGrant", "Decrypt"],
                     more={"subset": TENANT})],
    "elsewhere": [Grant(user("powerless", OTHER), by="stranger"),
                  Grant(session("app", "one", OTHER), by="stranger"),
                  Grant(CAROL, "few", by="stranger")],
    "retiring": [Grant(user("keyed"), "few", more={"retiring": user("alice")}),
                 Grant(user("reader"), ["RetireGrant", "DescribeKey"])],
}


def grants_of(shape, kind, makers=False):
    """Grants of a shape as the oracle takes them, for a key of this kind; with makers, each
    with the caller that makes it."""
    special = BY_KIND.get(kind, DATA)
    names = {"all": special + COMMON, "few": special[:2]}
    made = []
    for grant in GRANTS[shape]:
        operations = names.get(grant.operations) if isinstance(grant.operations, str) else [
            o for o in grant.operations if o in special + COMMON] + ["DescribeKey"]
        more = {k: v for k, v in grant.more.items() if special is DATA or k == "retiring"}
        made.append({"grantee": grant.grantee, "operations": operations,
                     "issuing_account": WHO[grant.by].account, **more})
    return list(zip(made, [grant.by for grant in GRANTS[shape]])) if makers else made


def grant_request(grant):
    """The CreateGrant request for a grant of the oracle's."""
    made = {"GranteePrincipal": grant["grantee"], "Operations": grant["operations"]}
    names = {"subset": "EncryptionContextSubset", "equals": "EncryptionContextEquals"}
    constraints = {names[k]: grant[k] for k in names if k in grant}
    if constraints:
        made["Constraints"] = constraints
    if "retiring" in grant:
        made["RetiringPrincipal"] = grant["retiring"]
    return made
