"""What a cell of the matrix of decisions has to come out as, by the oracle."""

import itertools
import re
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "oracle"))

from decide import decide  # noqa: E402

from .authz_cast import (CHILD, GRANTS, KEY_POLICIES, POLICIES_ASKED, TENANT,  # noqa: E402
                         WHO, grants_of, text_of)
from .authz_rows import CROSS_ACCOUNT, HERE, ROWS, STATES, THERE, Row  # noqa: E402
from .callers import ACCOUNT  # noqa: E402
from .denial import denied, veiled, veiled_ciphertext  # noqa: E402

# These stand for whatever key and alias: no document here speaks of one alone.
SOME_KEY = {region: f"arn:aws:kms:{region}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
            for region in (HERE, THERE)}
SOME_ALIAS = f"arn:aws:kms:{HERE}:{ACCOUNT}:alias/some"
BESIDE = ("open", "mac")  # keys with the policy "open"


@dataclass(frozen=True)
class Cell:
    row: Row
    caller: str
    policy: str = "-"
    shape: str = "-"
    state: str = "-"

    def __str__(self):
        return " | ".join((self.row.title, self.caller, self.policy, self.shape, self.state))

    @property
    def about(self):
        """Cells that are alike in this share a key."""
        return self.row.kind, self.policy, self.shape, self.state


def cells():
    """All of them."""
    for row, caller in itertools.product(ROWS, WHO):
        if row.kind is None:
            yield Cell(row, caller)
            continue
        for place in itertools.product(POLICIES_ASKED, GRANTS, STATES[row.kind]):
            yield Cell(row, caller, *place)


def sample(rng):
    """A cell for every row, caller and policy, in some state, with some grants.

    Material that is brought costs a wrapping key: of such keys there are few, with grants
    only where a grant may allow the operation."""
    shapes = list(GRANTS)
    waiting = {policy: rng.choice(shapes) for policy in POLICIES_ASKED}
    for row, caller in itertools.product(ROWS, WHO):
        if row.kind is None:
            yield Cell(row, caller)
            continue
        for policy in POLICIES_ASKED:
            shape, state = rng.choice(shapes), rng.choice(STATES[row.kind])
            if row.kind == "imported":
                shape = "none"
                state = state if rng.random() < 0.2 else "PendingImport"
            elif state == "PendingImport":
                shape = waiting[policy] if row.kind == "data" else "none"
            yield Cell(row, caller, policy, shape, state)


@dataclass(frozen=True)
class Expected:
    """codes: of the answer, "" for success. words: of a refusal for want of a permission.
    decision: a pattern for the record's member, None where there is none."""
    codes: tuple
    words: str = None
    decision: str = None


# --- one permission -----------------------------------------------------------------------

def world(caller, ask, policy, shape, kind):
    who = WHO[caller]
    made = {"action": ask.action, "principal": who.who, "key_account": ACCOUNT,
            "identity": [text_of(p) for p in who.policies],
            "boundary": text_of(who.boundary) if who.boundary else None,
            "session": [text_of("session")] if who.session else [],
            "context": {"kms:CallerAccount": [who.account]}, "child": CHILD, "grants": [],
            "encryption_context": dict(ask.context or ())}
    if ask.about is None:
        made.update(key_account=None, resource=SOME_ALIAS if ask.alias else "*")
        return made
    made["resource"] = SOME_KEY[THERE if ask.about == "replica" else HERE]
    made["key_policy"] = KEY_POLICIES[
        "open" if ask.about in BESIDE else "replica" if ask.about == "replica" else policy]
    if ask.about in ("key", "grant"):
        made["grants"] = grants_of(shape, kind)
        made["retire"] = ask.about == "grant"
    pairs = TENANT if ask.action == "kms:CreateGrant" else made["encryption_context"]
    for name, value in pairs.items():
        made["context"][f"kms:EncryptionContext:{name}"] = [value]
    return made


@lru_cache(maxsize=None)
def decided(caller, ask, policy, shape, kind):
    """(allowed, why, what decided): the record's words, or the numbers of the grants of
    which any one allows it."""
    asked = world(caller, ask, policy, shape, kind)
    answer = decide(asked)
    assert "refused" not in answer, (asked, answer)
    why, where = answer["reason"], answer["where"]
    if not answer["allowed"]:
        return False, why, basis_of_deny(caller, why, where)
    if why == "grant":
        return True, why, tuple(i for i, grant in enumerate(asked["grants"]) if decide(
            {**asked, "grants": [grant]})["allowed"]) if ask.about == "key" else (0,)
    return True, why, basis_of_allow(caller, why, where)


def basis_of_allow(caller, why, where):
    if why == "key policy":
        return f"key policy statement {where}"
    if where is None:
        return "root"
    return f"identity policy {WHO[caller].policies[where[0]]} statement {where[1]}"


def basis_of_deny(caller, why, where):
    if where is None:
        return why
    who, (document, statement) = WHO[caller], where
    by = {"a resource-based policy": "key policy",
          "an identity-based policy": "identity policy "
          + (who.policies[document] if who.policies else ""),
          "a permissions boundary": f"permissions boundary {who.boundary}",
          "a session policy": "session policy session"}
    return f"{by[why.removeprefix('with an explicit deny in ')]} statement {statement}"


# --- a whole request --------------------------------------------------------------------------

def resource_of(ask, key):
    if ask.about is None:
        return alias_arn(ask.alias, key) if ask.alias else "*"
    return key.arn if ask.about in ("key", "grant") else key.of(ask.about)


def alias_arn(alias, key):
    return f"arn:aws:kms:{HERE}:{ACCOUNT}:{key.alias if alias == 'key' else alias}"


@lru_cache(maxsize=None)
def hidden(caller, ask, policy, shape, kind):
    """Is it the key that refuses, or would it, were it not for the caller's own policies?
    (That grants might let the caller near does not count where policies deny.)"""
    asked = world(caller, ask, policy, shape, kind)
    why = decide(asked)["reason"]
    if "explicit deny" in why and "resource-based policy" not in why:
        grants = asked["grants"] if ask.about == "grant" else []
        why = decide({**asked, "identity": [], "boundary": None, "session": [],
                      "grants": grants})["reason"]
    return "resource-based policy" in why


def refusal(cell, ask, key, why):
    """The words for a permission that is not there."""
    who, action = WHO[cell.caller], ask.action.removeprefix("kms:")
    veil = ask.about is not None and hidden(cell.caller, ask, cell.policy, cell.shape,
                                            cell.row.kind)
    if not ask.named:
        if veil:
            return veiled_ciphertext(who.arn, action)
        return denied(who.arn, action, f"on the resource associated with this ciphertext {why}")
    if ask.about is not None and who.account != ACCOUNT:
        if veil:
            return veiled(who.arn, action)
        return denied(who.arn, action, f"on this resource {why}")
    return denied(who.arn, action, f"on resource: {resource_of(ask, key)} {why}")


def unresolved(cell, who, key):
    """What is answered before anything is decided, or None."""
    foreign, operation = who.account != ACCOUNT, cell.row.operation
    if cell.row.kind is None:
        return None
    if foreign and cell.row.by_alias:
        return Expected(("NotFoundException",))
    if foreign and operation not in CROSS_ACCOUNT:
        # Refused in the name of the first permission, whatever stands at the key.
        return Expected(("AccessDeniedException",), veiled(who.arn, operation))
    if operation == "RetireGrant" and not key.grant_ids:
        if foreign:
            return Expected(("AccessDeniedException",), veiled(who.arn, operation))
        return Expected(("NotFoundException",))
    return None


def expected(cell, key):
    """key: as support/authz_matrix.py makes it; None for a row about none."""
    who = WHO[cell.caller]
    early = unresolved(cell, who, key)
    if early:
        return early
    bases = []
    for ask in cell.row.asks:
        if ask.about == "replica" and not key.replica:
            continue
        allowed, why, basis = decided(cell.caller, ask, cell.policy, cell.shape,
                                      cell.row.kind)
        if not allowed:
            return Expected(("AccessDeniedException",), refusal(cell, ask, key, why),
                            re.escape(basis))
        if isinstance(basis, tuple):
            basis = f"grant ({'|'.join(key.grant_ids[i] for i in basis)})"
        else:
            basis = re.escape(basis)
        bases.append(basis + r"(, identity policy \S+ statement \d+)?")
    codes = cell.row.after if cell.row.kind is None else cell.row.answers(
        cell.state, key.imported, key)
    return Expected(codes, decision=together(bases))


def together(bases):
    """What decided twice alike in a row is written once."""
    out = bases[0]
    for basis in bases[1:]:
        out += f"(; {basis})?" if basis in out else f"; {basis}"
    return out
