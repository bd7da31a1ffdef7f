"""What the inputs of a scenario say, made into what a driver takes.

    "${key.Arn}"                 a member of an earlier output, of whatever kind it is
    "alias/${run}"               the same inside a text
    {"$text": T} {"$hex": H} {"$b64": B}    bytes
    {"$random": N} {"$fill": N}             N random bytes; N times the same byte
    {"$flip": BYTES}             the same bytes, the last bit turned over
    {"$time": S}                 S seconds from now
    {"$json": VALUE}             VALUE as JSON text

Drivers know bytes as {"$b64": ...} and times as {"$time": seconds since 1970}; so outputs
are kept.
"""

import base64
import json
import os
import re
import time

REFERENCE = re.compile(r"\$\{([^}]+)\}")


class Unbound(KeyError):
    """A reference to what no earlier step has named."""


def blob(raw):
    return {"$b64": base64.b64encode(raw).decode()}


def raw(value):
    """The bytes of a blob as drivers know it."""
    return base64.b64decode(value["$b64"], validate=True)


def look_up(path, names):
    value = names
    for part in path.split("."):
        try:
            value = value[int(part)] if isinstance(value, list) else value[part]
        except (KeyError, IndexError, TypeError, ValueError):
            raise Unbound(path) from None
    return value


def text(template, names):
    whole = REFERENCE.fullmatch(template)
    if whole:
        return look_up(whole[1], names)
    return REFERENCE.sub(lambda found: str(look_up(found[1], names)), template)


def _flip(value):
    turned = bytearray(raw(value))
    turned[-1] ^= 1
    return blob(bytes(turned))


MAKERS = {
    "$text": lambda said: blob(said.encode()),
    "$hex": lambda said: blob(bytes.fromhex(said)),
    "$b64": lambda said: {"$b64": said},
    "$random": lambda said: blob(os.urandom(said)),
    "$fill": lambda said: blob(b"\x5a" * said),
    "$flip": _flip,
    "$time": lambda said: {"$time": int(time.time()) + said},
    "$json": json.dumps,
}


def maker(value):
    """The maker that a dict of one entry calls, and what it is given; or None."""
    if isinstance(value, dict) and len(value) == 1:
        (name, said), = value.items()
        if name in MAKERS:
            return MAKERS[name], said
    return None


def resolve(value, names):
    """A value of the scenario with its references followed and its makers called."""
    if isinstance(value, str):
        return text(value, names)
    if isinstance(value, list):
        return [resolve(item, names) for item in value]
    if not isinstance(value, dict):
        return value
    called = maker(value)
    if called:
        make, said = called
        return make(resolve(said, names))
    return {name: resolve(item, names) for name, item in value.items()}


def references(value):
    """The names that a value of the scenario refers to."""
    if isinstance(value, str):
        return {found.split(".")[0] for found in REFERENCE.findall(value)}
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list):
        return set()
    return set().union(*map(references, value))
