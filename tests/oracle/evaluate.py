"""Which statements apply to a request: RULES.md sections 2 to 4."""

import re

import document
import values

TRUE, FALSE, UNDECIDED = "true", "false", "undecided"
SELF, ROLE, ACCOUNT = "self", "role", "account"
GRADES = (SELF, ROLE, ACCOUNT)

NO_VALUE = object()


# --- patterns ----------------------------------------------------------------------------

def value_of(piece, look, before_fifth_colon):
    """The text of a variable, or NO_VALUE (4.2)."""
    _, name, default = piece
    found = look(document.lower(name))
    text = found[0] if len(found) == 1 else default
    if text is None or (before_fifth_colon and ":" in text):
        return NO_VALUE
    return text


def regex_of(pieces, look, star=".*", any_one=".", last_star=None, arn_field=False):
    """The regular expression of a field, or NO_VALUE. last_star: what a star that ends
    the field matches."""
    out = ""
    for i, piece in enumerate(pieces):
        if piece[0] == "text":
            out += re.escape(piece[1])
        elif piece == ("*",):
            ends = all(p == ("*",) for p in pieces[i:])
            out += last_star if ends and last_star else star
        elif piece == ("?",):
            out += any_one
        else:
            text = value_of(piece, look, arn_field)
            if text is NO_VALUE:
                return NO_VALUE
            out += re.escape(text)
    return out


def full(regex, text):
    return re.fullmatch(regex, text, re.DOTALL) is not None


def resource_matches(fields, resource, look):
    """True, False or NO_VALUE (2.2)."""
    if fields is None:
        return True
    parts = []
    for i, field in enumerate(fields):
        if i < 5:
            part = regex_of(field, look, "[^:]*", "[^:]", ".*", arn_field=True)
        else:
            part = regex_of(field, look)
        if part is NO_VALUE:
            return NO_VALUE
        parts.append(part)
    return full(":".join(parts), resource)


# --- one value against one listed value ----------------------------------------------------

def fold(text):
    """Case of ASCII and Latin-1 ignored (5.1)."""
    return "".join(c.lower() if c.isascii() or 0xc0 <= ord(c) <= 0xde else c for c in text)


def string_matches(test, value, pieces, look):
    regex = regex_of(pieces, look)
    if regex is NO_VALUE:
        return False
    if "IgnoreCase" in test:
        text = "".join(p[1] if p[0] == "text" else value_of(p, look, False) for p in pieces)
        return fold(text) == fold(value)
    return full(regex, value)


def arn_matches(value, fields, look):
    if fields == "*":
        return True
    for i, (field, part) in enumerate(zip(fields, value)):
        regex = regex_of(field, look, arn_field=i < 5)
        if regex is NO_VALUE or not full(regex, part):
            return False
    return True


def ordered(test, value, listed):
    return {"Equals": value == listed, "NotEquals": value == listed,
            "LessThan": value < listed, "LessThanEquals": value <= listed,
            "GreaterThan": value > listed, "GreaterThanEquals": value >= listed}[test]


def one_matches(family, test, value, listed, look):
    if family == "String":
        return string_matches(test, value, listed, look)
    if family == "Arn":
        return arn_matches(value, listed, look)
    if family == "Ip":
        return value.version == listed.version and value.subnet_of(listed)
    if family in ("Bool", "Binary"):
        return value == listed
    return ordered(test, value, listed)


# --- conditions ------------------------------------------------------------------------------

def key_test(operator, key, listed, look):
    """TRUE, FALSE or UNDECIDED (section 3)."""
    quantifier, family, test, if_exists = operator
    negated = test.startswith("Not")
    given = look(key)

    if family == "Null":
        return TRUE if any(want == (not given) for want in listed) else FALSE
    if not given or (quantifier and given == [""]):
        if quantifier == "foranyvalue":
            return FALSE
        return TRUE if quantifier or if_exists or negated else FALSE
    if not quantifier and len(given) > 1:
        return UNDECIDED
    typed = [values.READ_REQUEST[family](value) for value in given]
    if None in typed:
        return UNDECIDED
    results = []
    for value in typed:
        hit = any(one_matches(family, test, value, want, look) for want in listed)
        results.append(hit != negated)
    return TRUE if (any if quantifier == "foranyvalue" else all)(results) else FALSE


def condition(tests, look):
    results = [key_test(*test, look) for test in tests]
    if FALSE in results:
        return FALSE
    return UNDECIDED if UNDECIDED in results else TRUE


# --- principals --------------------------------------------------------------------------------

def root_arn(who):
    return f"arn:{who['arn'].split(':')[1]}:iam::{who['account']}:root"


def grade(principal, who):
    """The grade in which a principal of a policy is the caller, or None (2.3)."""
    form, text = principal
    kind = who["kind"]
    if form == "*":
        return SELF
    if form == "Service":
        return SELF if kind == "service" and text == who["arn"] else None
    if form == "Federated":
        return ROLE if kind == "role" and text == who.get("provider") else None
    if kind == "service":
        return None
    if form == "account":
        return ACCOUNT if text in (who["account"], root_arn(who)) else None
    if kind == "root":
        return None
    own = who["arn"] if form == "arn" else who.get("unique_id") if kind == "user" else None
    parent = None
    if kind in ("role", "federated"):
        parent = who.get("parent_arn") if form == "arn" else who.get("unique_id")
    if text == own:
        return SELF
    return ROLE if text == parent else None


def best(principals, who):
    grades = [g for g in (grade(p, who) for p in principals) if g]
    return min(grades, key=GRADES.index) if grades else None


def spared(principals, who, bounded):
    """Does NotPrincipal list the whole chain (2.4)?"""
    if bounded:
        return False
    if ("*", "*") in principals:
        return True
    grades = {grade(p, who) for p in principals if p[0] != "Federated"}
    chain = {"service": {SELF}, "root": {ACCOUNT}, "user": {ACCOUNT, SELF},
             "federated": {ACCOUNT, SELF}, "role": {ACCOUNT, ROLE, SELF}}[who["kind"]]
    return chain <= grades


# --- statements ----------------------------------------------------------------------------------

def action_matches(pattern, action):
    regex = regex_of(document.pieces_of(document.lower(pattern), False), None)
    return full(regex, document.lower(action))


def matches(statement, request, look):
    """(TRUE, FALSE or UNDECIDED, grade)."""
    if statement["actions"] is None or statement["resources"] is None:
        return FALSE, None
    hit = any(action_matches(a, request["action"]) for a in statement["actions"])
    if hit == statement["not_action"]:
        return FALSE, None

    results = [resource_matches(r, request["resource"], look)
               for r in statement["resources"]]
    undecided = False
    if statement["not_resource"]:
        if True in results:
            return FALSE, None
        undecided = NO_VALUE in results
    elif True not in results:
        return FALSE, None

    found = SELF
    if statement["principals"] is not None:
        if statement["not_principal"]:
            if spared(statement["principals"], request["principal"], request["bounded"]):
                return FALSE, None
        else:
            found = best(statement["principals"], request["principal"])
            if found is None:
                return FALSE, None

    result = condition(statement["condition"], look)
    if result == TRUE and undecided:
        result = UNDECIDED
    return result, found


def evaluate(statements, kind, request):
    """{"deny": statement or None, "allow": {grade: first statement that allows in it}}."""
    def look(key):
        if kind == "key" and key == "kms:resourcealiases":
            return []
        return request["context"].get(key, [])

    out = {"deny": None, "allow": {}}
    for i, statement in enumerate(statements):
        result, found = matches(statement, request, look)
        if statement["effect"] == "Deny":
            if result != FALSE and out["deny"] is None:
                out["deny"] = i
        elif result == TRUE:
            out["allow"].setdefault(found, i)
    return out
