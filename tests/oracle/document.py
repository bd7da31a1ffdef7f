"""Policy documents, read by lib/policy/RULES.md section 1, 4 and 5. Slow and plain."""

import json
import re

import values

SIZE_MAX = 32768
DEPTH_MAX = 32

MALFORMED = "malformed"
PRINCIPALS = "invalid principals"
OVERLY = "overly permissive"


class Refused(Exception):
    """The document is not one; args[0] says why."""


def need(condition, why=MALFORMED):
    if not condition:
        raise Refused(why)


# --- JSON ----------------------------------------------------------------------------

def unique(pairs):
    names = [name for name, _ in pairs]
    need(len(names) == len(set(names)))
    return dict(pairs)


def no_constant(_):
    raise Refused(MALFORMED)


def strings_of(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, member in value.items():
            yield name
            yield from strings_of(member)
    elif isinstance(value, list):
        for member in value:
            yield from strings_of(member)


def depth_of(value):
    if isinstance(value, dict):
        return 1 + max(map(depth_of, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(depth_of, value), default=0)
    return 0


def numbers_of(value):
    if isinstance(value, (dict, list)):
        for member in (value.values() if isinstance(value, dict) else value):
            yield from numbers_of(member)
    elif isinstance(value, int) and not isinstance(value, bool):
        yield value


def read_json(text):
    need(len(text.encode()) <= SIZE_MAX)
    try:
        value = json.loads(text, object_pairs_hook=unique, parse_constant=no_constant)
    except (ValueError, RecursionError):
        raise Refused(MALFORMED) from None
    need(isinstance(value, (dict, list)) and depth_of(value) <= DEPTH_MAX)
    for s in strings_of(value):
        need("\0" not in s and not re.search("[\ud800-\udfff]", s))
    for n in numbers_of(value):
        need(-2**63 <= n < 2**63)
    return value


def listed(value):
    """A string, or a list of strings that is not empty (1.4)."""
    values = [value] if isinstance(value, str) else value
    need(isinstance(values, list) and values and all(isinstance(v, str) for v in values))
    return values


# --- patterns and variables (section 4) ------------------------------------------------

# A pattern is a list of pieces: ("text", s), ("*",), ("?",), ("var", name, default). A
# colon is a piece of its own.
SPECIAL = "*?$:"
RUN = re.compile(r"[^*?$:]*")
VARIABLE = re.compile(r"\$\{ *([^ ',{}$]+) *(?:, *'([^']*)' *)?\}")


def pieces_of(text, variables, wild=True):
    pieces, at, named = [], 0, 0
    while at < len(text):
        special = text[at:at + 4]
        if variables and special in ("${*}", "${?}", "${$}"):
            pieces.append(("text", special[2]))
            at += 4
        elif variables and text.startswith("${", at):
            found = VARIABLE.match(text, at)
            need(found)
            pieces.append(("var", found.group(1), found.group(2)))
            named += 1
            at = found.end()
        elif wild and text[at] in "*?":
            pieces.append((text[at],))
            at += 1
        else:
            run = RUN.match(text, at + 1).group() if text[at] not in SPECIAL else ""
            pieces.append(("text", text[at] + run))
            at += 1 + len(run)
    need(named <= 8)
    return pieces


def fields_of(pieces):
    """The six fields of an ARN pattern, split at its first five colons, or fewer."""
    fields = [[]]
    for piece in pieces:
        if piece == ("text", ":") and len(fields) < 6:
            fields.append([])
        else:
            fields[-1].append(piece)
    return fields


# --- statements ------------------------------------------------------------------------

ACTION = re.compile(r"\*|[A-Za-z0-9-]+:[A-Za-z0-9_*?-]+")


def read_actions(value):
    actions = listed(value)
    need(all(len(a) <= 128 and ACTION.fullmatch(a) for a in actions))
    return actions


def read_resource(text, kind, variables):
    """None for everything, else the fields of the pattern (1.6)."""
    if text == "*":
        return None
    need(text.startswith("arn:"))
    fields = fields_of(pieces_of(text, variables))
    written = text.split(":")[1:3]
    need(len(written) == 2 and all(written))
    need(not any(c in field for c in "*?" for field in written))
    need(not (variables and any("${" in field for field in written)))
    if kind == "session":
        need(len(fields) == 6)
    while kind == "identity" and len(fields) < 6:
        fields.append([("*",)])
    return fields


ACCOUNT = r"[0-9]{12}"
NAME = r"[A-Za-z0-9_+=,.@-]+"
PRINCIPAL = [
    ("account", re.compile(f"({ACCOUNT})")),
    ("account", re.compile(rf"arn:[A-Za-z0-9-]+:iam::{ACCOUNT}:root")),
    ("arn", re.compile(rf"arn:[A-Za-z0-9-]+:iam::{ACCOUNT}:(user|role)/{NAME}(/{NAME})*")),
    ("arn", re.compile(rf"arn:[A-Za-z0-9-]+:sts::{ACCOUNT}:assumed-role/{NAME}/{NAME}")),
    ("arn", re.compile(rf"arn:[A-Za-z0-9-]+:sts::{ACCOUNT}:federated-user/{NAME}")),
    ("unique", re.compile(r"(AIDA|AROA)[A-Z0-9]{12,124}")),
]


def read_aws_principal(text):
    if text == "*":
        return ("*", text)
    for form, pattern in PRINCIPAL:
        if pattern.fullmatch(text):
            return (form, text)
    return None


def read_principals(value, found):
    """A list of (form, text); what is no principal goes to found (1.7)."""
    if value == "*":
        return [("*", "*")]
    need(isinstance(value, dict) and value)
    principals = []
    for name, who in value.items():
        need(name in ("AWS", "Service", "Federated", "CanonicalUser"))
        for text in listed(who):
            if name == "AWS":
                principals.append(read_aws_principal(text))
            elif name in ("Service", "Federated") and text and not set(text) & set("*?"):
                principals.append((name, text))
            else:
                principals.append(None)
    if None in principals:
        found.add(PRINCIPALS)
    return principals


# --- conditions --------------------------------------------------------------------------

FAMILIES = {
    "String": ["Equals", "NotEquals", "EqualsIgnoreCase", "NotEqualsIgnoreCase", "Like",
               "NotLike"],
    "Numeric": ["Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan",
                "GreaterThanEquals"],
    "Date": ["Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan",
             "GreaterThanEquals"],
    "Arn": ["Equals", "NotEquals", "Like", "NotLike"],
}
OPERATORS = {family + test: (family, test) for family, tests in FAMILIES.items()
             for test in tests}
OPERATORS.update({"Bool": ("Bool", "Equals"), "BinaryEquals": ("Binary", "Equals"),
                  "IpAddress": ("Ip", "Equals"), "NotIpAddress": ("Ip", "NotEquals"),
                  "Null": ("Null", "Equals")})
OPERATORS = {name.lower(): found for name, found in OPERATORS.items()}


def read_operator(name):
    """(set operator, family, test, if exists) (1.9)."""
    need(name.isascii())
    low = name.lower()
    quantifier, if_exists = None, False
    for prefix in ("forallvalues:", "foranyvalue:"):
        if low.startswith(prefix):
            quantifier, low = prefix[:-1], low[len(prefix):]
            break
    if low.endswith("ifexists") and low not in OPERATORS:
        if_exists, low = True, low[:-len("ifexists")]
    need(low in OPERATORS)
    family, test = OPERATORS[low]
    need(family != "Null" or (quantifier is None and not if_exists))
    return quantifier, family, test, if_exists


def read_value(value, family, test, variables):
    if isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, int):
        text = str(value)
    else:
        need(isinstance(value, str))
        text = value
    if family == "String":
        return pieces_of(text, variables, wild="Like" in test)
    if family == "Arn":
        pieces = pieces_of(text, variables)
        fields = fields_of(pieces)
        need(pieces == [("*",)] or len(fields) == 6)
        return "*" if pieces == [("*",)] else fields
    typed = values.READ[family](text)
    need(typed is not None)
    return typed


def read_condition(value, kind, variables, found):
    """A list of (operator, key, values)."""
    need(isinstance(value, dict))
    tests = []
    for name, keys in value.items():
        operator = read_operator(name)
        need(isinstance(keys, dict))
        for key, members in keys.items():
            vendor, colon, rest = key.partition(":")
            need(vendor and colon and rest)
            members = members if isinstance(members, list) else [members]
            typed = [read_value(m, operator[1], operator[2], variables) for m in members]
            low = lower(key)
            if kind == "key" and operator[0] == "forallvalues" and (
                    low.startswith("kms:encryptioncontext:")
                    or low.startswith("aws:requesttag/")):
                found.add(OVERLY)
            tests.append((operator, low, typed))
    return tests


ASCII_LOWER = {ord(c): c.lower() for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


def lower(text):
    """Of ASCII letters only."""
    return text.translate(ASCII_LOWER)


# --- documents -----------------------------------------------------------------------------

def read_statement(value, kind, variables, found):
    need(isinstance(value, dict))
    known = {"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"}
    if kind == "key":
        known |= {"Principal", "NotPrincipal"}
    need(set(value) <= known)
    for name in ("Action", "Resource", "Principal"):
        need(not (name in value and "Not" + name in value))
    need(value.get("Effect") in ("Allow", "Deny"))
    sid = value.get("Sid", "")
    need(isinstance(sid, str))
    if kind != "key":
        need(re.fullmatch("[A-Za-z0-9]*", sid))
    out = {"effect": value["Effect"], "sid": value.get("Sid"),
           "actions": None, "resources": None, "principals": None,
           "not_action": "NotAction" in value, "not_resource": "NotResource" in value,
           "not_principal": "NotPrincipal" in value}
    for name in ("Action", "NotAction"):
        if name in value:
            out["actions"] = read_actions(value[name])
    for name in ("Resource", "NotResource"):
        if name in value:
            out["resources"] = [read_resource(text, kind, variables)
                                for text in listed(value[name])]
    for name in ("Principal", "NotPrincipal"):
        if name in value:
            out["principals"] = read_principals(value[name], found)
    if kind == "key":
        need(out["principals"] is not None)
        need(not out["not_principal"] or out["effect"] == "Deny")
    else:
        need(out["actions"] is not None and out["resources"] is not None)
    out["condition"] = read_condition(value.get("Condition", {}), kind, variables, found)
    return out


def read(text, kind):
    """The statements of a document; Refused if it is none."""
    found = set()
    value = read_json(text)
    need(isinstance(value, dict))
    need(set(value) <= {"Version", "Id", "Statement"} and "Statement" in value)
    version = value.get("Version", "2008-10-17")
    need(version in ("2008-10-17", "2012-10-17"))
    if "Id" in value:
        need(kind == "key" and isinstance(value["Id"], str))
    statements = value["Statement"]
    if isinstance(statements, dict):
        statements = [statements]
    need(isinstance(statements, list) and statements)
    out = [read_statement(s, kind, version == "2012-10-17", found) for s in statements]
    sids = [s["sid"] for s in out if s["sid"] is not None]
    need(kind == "key" or len(sids) == len(set(sids)))
    for why in (PRINCIPALS, OVERLY):
        need(why not in found, why)
    return out
