"""What the expectations of a scenario say about an output.

A dict names members that must be there and match; others may be there. A list matches
element by element. Anything else must be equal, after references are followed. Or:

    {"$absent": true}       the member is not there
    {"$present": true}      it is there, whatever it is
    {"$kind": K}            it is a blob, time, text, number, flag, list or map
    {"$length": N}          of a text or list, or of bytes
    {"$match": R}           a text that the regular expression R matches as a whole
    {"$not": V}             something else than V
    {"$has": [E...]}        a list that has, for each E, an element that matches it
    {"$has_not": [E...]}    a list in which no element matches any E
    {"$json": E}            a JSON text whose value matches E
    {"$in_s": S}            a time S seconds from now, give or take two minutes
    {"$all": [M...]}        all of these
"""

import json
import re
import time

from . import values

NEAR_S = 120
MISSING = object()
KINDS = {
    "blob": lambda v: isinstance(v, dict) and set(v) == {"$b64"},
    "time": lambda v: isinstance(v, dict) and set(v) == {"$time"},
    "text": lambda v: isinstance(v, str),
    "number": lambda v: isinstance(v, (int, float)) and not isinstance(v, bool),
    "flag": lambda v: isinstance(v, bool),
    "list": lambda v: isinstance(v, list),
    "map": lambda v: isinstance(v, dict) and not set(v) & {"$b64", "$time"},
}


def short(value):
    said = "nothing" if value is MISSING else json.dumps(value, ensure_ascii=False)
    return said if len(said) < 300 else said[:300] + "..."


def _length(value):
    return len(values.raw(value)) if KINDS["blob"](value) else len(value)


def _matches(wanted, value, names):
    return not differences(wanted, value, names)


def _check(rule, wanted, value, names):
    """Whether a value other than MISSING obeys one $rule."""
    if rule == "$present":
        return True
    if rule == "$kind":
        return KINDS[wanted](value)
    if rule == "$length":
        return hasattr(value, "__len__") and _length(value) == wanted
    if rule == "$match":
        pattern = values.REFERENCE.sub(
            lambda found: re.escape(str(values.look_up(found[1], names))), wanted)
        return isinstance(value, str) and re.fullmatch(pattern, value, re.S) is not None
    if rule == "$not":
        return not _matches(wanted, value, names)
    if rule == "$has":
        return isinstance(value, list) and all(
            any(_matches(e, item, names) for item in value) for e in wanted)
    if rule == "$has_not":
        return isinstance(value, list) and not any(
            _matches(e, item, names) for e in wanted for item in value)
    if rule == "$json":
        return isinstance(value, str) and _matches(wanted, json.loads(value), names)
    if rule == "$in_s":
        return KINDS["time"](value) and abs(
            value["$time"] - time.time() - wanted) < NEAR_S
    if rule == "$all":
        return all(_matches(e, value, names) for e in wanted)
    raise ValueError(f"no such rule: {rule}")


def _rule(wanted):
    if isinstance(wanted, dict) and len(wanted) == 1:
        (name, said), = wanted.items()
        # Bytes and times are values, not rules.
        if name.startswith("$") and (name == "$json" or name not in values.MAKERS):
            return name, said
    return None


def differences(wanted, value, names, path=""):
    """Lines that tell how a value is not what is wanted; none when it is."""
    rule = _rule(wanted)
    if rule and rule[0] == "$absent":
        return [] if value is MISSING else [f"{path} is there: {short(value)}"]
    if value is MISSING:
        return [f"{path} is missing, wanted {short(wanted)}"]
    if rule:
        if _check(*rule, value, names):
            return []
        return [f"{path} is {short(value)}, wanted {short(wanted)}"]
    if isinstance(wanted, dict) and not values.maker(wanted):
        if not isinstance(value, dict):
            return [f"{path} is {short(value)}, wanted members"]
        return [line for name, inner in wanted.items() for line in differences(
            inner, value.get(name, MISSING), names, f"{path}.{name}")]
    if isinstance(wanted, list):
        if not isinstance(value, list) or len(value) != len(wanted):
            return [f"{path} is {short(value)}, wanted {len(wanted)} elements"]
        return [line for i, inner in enumerate(wanted) for line in differences(
            inner, value[i], names, f"{path}.{i}")]
    wanted = values.resolve(wanted, names)
    if wanted == value:
        return []
    return [f"{path} is {short(value)}, wanted {short(wanted)}"]
