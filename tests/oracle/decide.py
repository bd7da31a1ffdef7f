"""The decision of one request: RULES.md sections 6 and 7."""

from document import Refused, read
from evaluate import ACCOUNT, GRADES, ROLE, SELF, evaluate, grade
import document

CARRIES_CONTEXT = {
    "Encrypt", "Decrypt", "ReEncryptFrom", "ReEncryptTo", "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext", "GenerateDataKeyPair",
    "GenerateDataKeyPairWithoutPlaintext"}

NO_RESOURCE = "because no resource-based policy allows the {} action"
NO_IDENTITY = "because no identity-based policy allows the {} action"
NO_BOUNDARY = "because no permissions boundary allows the {} action"
NO_SESSION = "because no session policy allows the {} action"
DENIED = "with an explicit deny in {}"


# --- grants (section 7) --------------------------------------------------------------------

def principal_of(text):
    """A grantee in the form of a policy's principal."""
    return document.read_aws_principal(text) if text != "*" else None


def contains(pairs, wanted):
    return all(pairs.get(k) == v for k, v in wanted.items())


def constraint_holds(grant, action, context, sources):
    if grant.get("source_arn") is not None and sources != [grant["source_arn"]]:
        return False
    if action not in CARRIES_CONTEXT:
        return True
    context = context or {}
    if grant.get("equals") is not None and context != grant["equals"]:
        return False
    return grant.get("subset") is None or contains(context, grant["subset"])


def narrower(child, grant):
    """May a grant be made by another (7.3)?"""
    if not set(child["operations"]) <= set(grant["operations"]):
        return False
    equals, subset = child.get("equals"), child.get("subset")
    if grant.get("equals") is not None and equals != grant["equals"]:
        return False
    if grant.get("source_arn") is not None and child.get("source_arn") != grant["source_arn"]:
        return False
    if grant.get("subset") is not None:
        held = [pairs for pairs in (equals, subset) if pairs is not None]
        return any(contains(pairs, grant["subset"]) for pairs in held)
    return True


def grantee_grade(text, who):
    principal = principal_of(text)
    return grade(principal, who) if principal else None


def grant_grade(grant, world):
    action = world["action"].partition(":")[2]
    if action not in grant["operations"]:
        return None
    sources = world["context"].get("aws:SourceArn", [])
    if not constraint_holds(grant, action, world.get("encryption_context"), sources):
        return None
    if action == "CreateGrant" and not narrower(world["child"], grant):
        return None
    return grantee_grade(grant["grantee"], world["principal"])


# --- paths (6.3) -------------------------------------------------------------------------------

def key_policy_paths(allow):
    return [(g, False, ["key policy", allow[g]]) for g in GRADES if g in allow]


def grant_paths(world):
    who = world["principal"]
    for i, grant in enumerate(world["grants"]):
        g = grant_grade(grant, world)
        if g:
            yield g, grant["issuing_account"] == who["account"], ["grant", i]


def retire_paths(world):
    """Who may retire the one grant of the world (7.4)."""
    who, grant = world["principal"], world["grants"][0]
    own = grant["issuing_account"] == who["account"]
    if grant.get("retiring"):
        g = grantee_grade(grant["retiring"], who)
        if g:
            yield g, own, ["grant", 0]
    if "RetireGrant" in grant["operations"]:
        g = grantee_grade(grant["grantee"], who)
        if g:
            yield g, own, ["grant", 0]
    if who["kind"] != "service" and who["account"] in (grant["issuing_account"],
                                                       world["key_account"]):
        yield ACCOUNT, own, ["grant", 0]


# --- the decision ------------------------------------------------------------------------------

def missing(path, same, service, iam, boundary, session):
    """What a path needs and lacks, first things first; [] when it passes."""
    g, stands_for_iam, _ = path
    if service:
        return [] if g == SELF else [NO_RESOURCE]
    if same or stands_for_iam:
        needs = {SELF: [], ROLE: [boundary, session], ACCOUNT: [iam, boundary, session]}[g]
    else:
        needs = [iam, boundary, session]
    return [reason for held, reason in needs if not held]


def needs_iam(path, same):
    g, stands_for_iam, _ = path
    return g == ACCOUNT or not (same or stands_for_iam)


def first_allow(verdicts):
    for i, verdict in enumerate(verdicts):
        if verdict["allow"]:
            return i
    return None


def settle(world, key, identity, boundary, session):
    """{"allowed": …, "reason": text of a refusal or what allowed it}."""
    who, action = world["principal"], world["action"]
    denials = [("a resource-based policy", [key] if key else []),
               ("an identity-based policy", identity),
               ("a permissions boundary", [boundary] if boundary else []),
               ("a session policy", session)]
    for name, verdicts in denials:
        for i, verdict in enumerate(verdicts):
            if verdict["deny"] is not None:
                return False, DENIED.format(name), [i, verdict["deny"]]

    held = (
        (who["kind"] == "root" or first_allow(identity) is not None, NO_IDENTITY),
        (boundary is None or bool(boundary["allow"]), NO_BOUNDARY),
        (not session or first_allow(session) is not None, NO_SESSION))
    service = who["kind"] == "service"
    same = world["key_account"] == who["account"]

    if world["key_account"] is None:
        at = first_allow(identity)
        where = [at, identity[at]["allow"][SELF]] if at is not None else None
        paths = [(ACCOUNT, False, ["identity", where])]
        same = True
    elif world.get("retire"):
        paths = list(retire_paths(world))
    else:
        paths = (key_policy_paths(key["allow"]) if key else []) + list(grant_paths(world))
    for path in paths:
        if not missing(path, same, service, *held):
            return True, *path[2]
    if service or not paths:
        return False, NO_RESOURCE.format(action), None
    failed = [p for p in paths if not needs_iam(p, same)] or paths
    return False, missing(failed[0], same, service, *held)[0].format(action), None


def decide(world):
    """What decide_main prints for the world."""
    read_ok, wrong = {}, {}
    documents = ([("key", world.get("key_policy"), "key")]
                 + [(f"identity {i}", t, "identity")
                    for i, t in enumerate(world["identity"])]
                 + [("boundary", world.get("boundary"), "identity")]
                 + [(f"session {i}", t, "session") for i, t in enumerate(world["session"])])
    request = {"action": world["action"], "resource": world["resource"],
               "principal": world["principal"], "bounded": bool(world.get("boundary")),
               "context": {document.lower(k): v for k, v in world["context"].items()}}
    for name, text, kind in documents:
        if text is None:
            continue
        try:
            read_ok[name] = evaluate(read(text, kind), kind, request)
        except Refused as refusal:
            wrong[name] = refusal.args[0]
    if wrong:
        return {"refused": wrong}
    allowed, reason, where = settle(
        world, read_ok.get("key"),
        [read_ok[f"identity {i}"] for i in range(len(world["identity"]))],
        read_ok.get("boundary"),
        [read_ok[f"session {i}"] for i in range(len(world["session"]))])
    return {"allowed": allowed, "reason": reason, "where": where}
