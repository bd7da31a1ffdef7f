#!/usr/bin/env python3
"""The include ladder of lib/ARCHITECTURE.md, drawn and checked.

Reads every #include of lib/ and daemon/, prints who sees whom, and fails on an include
that goes up or sideways, or on a foreign header outside the folder that may have it.
"""

import re
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Each module, rung by rung, with the modules it may include besides its own.
LADDER = [
    ("base", []),
    ("wire", ["base"]),
    ("key", ["base", "wire"]),
    ("policy", ["base", "wire", "key"]),
    ("crypto", ["base", "wire", "key", "policy"]),
    ("store", ["base", "wire", "key", "policy"]),
    ("token", ["base", "wire", "key", "policy"]),
    ("keyring", ["base", "wire", "key", "policy", "crypto", "store", "token"]),
    ("audit", ["base", "wire", "key", "policy", "crypto", "store", "token"]),
    ("authn", ["base", "wire", "key", "policy", "crypto", "store", "token"]),
    ("authz", ["base", "wire", "key", "policy", "crypto", "store", "token"]),
    ("ops", ["base", "wire", "key", "policy", "store", "keyring"]),
    ("dispatch", ["base", "wire", "key", "policy", "crypto", "store", "token", "keyring",
                  "audit", "authn", "authz", "ops"]),
]
RUNG = {"base": 0, "wire": 1, "key": 1, "policy": 1, "crypto": 2, "store": 2, "token": 2,
        "keyring": 3, "audit": 3, "authn": 3, "authz": 3, "ops": 4, "dispatch": 5}
LIB = [name for name, _ in LADDER]
MAY_SEE = dict(LADDER)

# Programs see the library, their shared folder, and nothing of each other.
DAEMON = {"common": [], "kmsd": ["common"], "kmsctl": ["common"]}

# A foreign header and the only places that may include it.
FOREIGN = {
    "openssl/": ["lib/crypto/"],
    "sqlite3.h": ["lib/store/"],
    "p11-kit/": ["lib/token/"],
    "pkcs11": ["lib/token/"],
    "jansson.h": ["lib/wire/", "lib/policy/"],
    "cbor.h": ["lib/wire/"],
    "cyaml/": ["daemon/common/", "daemon/kmsd/config"],
    "microhttpd.h": ["daemon/kmsd/"],
    "gnutls/": ["daemon/kmsd/"],
    "seccomp.h": ["daemon/kmsd/", "daemon/common/"],
    "curl/": ["daemon/kmsctl/"],
}
# Where the rule above yields, and why.
EXCEPTIONS = {
    "jansson.h": {"daemon/kmsctl/": "reads answers and records as any other client does"},
}
# C and POSIX headers anybody may include: no folder, or one of these.
SYSTEM_FOLDERS = {"sys", "netinet", "arpa", "linux"}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)


def sources():
    for top in ("lib", "daemon"):
        for path in sorted((ROOT / top).rglob("*.[ch]")):
            yield path


def module_of(path):
    parts = path.relative_to(ROOT).parts
    return parts[1] if len(parts) > 2 else None


def allowed_foreign(name, where):
    for prefix, places in FOREIGN.items():
        if name.startswith(prefix):
            return (any(where.startswith(place) for place in places)
                    or any(where.startswith(place) for place in EXCEPTIONS.get(prefix, {})))
    folder = name.partition("/")[0] if "/" in name else None
    return folder is None or folder in SYSTEM_FOLDERS


def check_include(top, module, where, name):
    """What is wrong with module including name, or None; and the edge it makes."""
    target = name.partition("/")[0] if "/" in name else None
    if name.endswith(".gen.h") and target in (None, "proto"):
        return None, None
    if top == "lib":
        if target is None:
            return f"{where}: own headers are included as \"{module}/{name}\"", None
        if target not in LIB:
            return f"{where}: includes \"{name}\", which is no module of lib", None
        if target == module:
            return None, None
        if target in MAY_SEE[module]:
            return None, (module, target)
        way = "up" if RUNG[target] > RUNG[module] else "sideways"
        return f"{where}: {module} includes {name}, {way} the ladder", (module, target)
    if target in LIB:
        return None, (module, target)
    if target is None or target == module:
        return None, None
    if target in ("common", "kmsd", "kmsctl"):
        ok = target in DAEMON.get(module, [])
        return (None if ok else f"{where}: {module} includes {name} of another program",
                (module, target))
    return f"{where}: includes \"{name}\", which nobody owns", None


def check():
    problems, edges, foreign = [], defaultdict(set), defaultdict(set)
    for path in sources():
        where = str(path.relative_to(ROOT))
        top, module = where.split("/")[0], module_of(path)
        if module is None or (top == "lib" and module not in LIB):
            problems.append(f"{where}: in no module of the ladder")
            continue
        for mark, name in INCLUDE.findall(path.read_text(encoding="utf-8")):
            if mark == "<":
                if not allowed_foreign(name, where):
                    problems.append(f"{where}: <{name}> does not belong in {top}/{module}")
                if any(name.startswith(prefix) for prefix in FOREIGN):
                    foreign[module].add(name.partition("/")[0].removesuffix(".h"))
                continue
            problem, edge = check_include(top, module, where, name)
            if problem:
                problems.append(problem)
            if edge:
                edges[edge[0]].add(edge[1])
    return problems, edges, foreign


def draw(edges, foreign):
    print("rung  module     sees                                          outside")
    for name in LIB + sorted(DAEMON):
        sees = " ".join(m for m in LIB + sorted(DAEMON) if m in edges[name])
        print(f"{RUNG.get(name, 6):>4}  {name:<9}  {sees:<44}  "
              f"{' '.join(sorted(foreign[name]))}".rstrip())


def main():
    problems, edges, foreign = check()
    draw(edges, foreign)
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
