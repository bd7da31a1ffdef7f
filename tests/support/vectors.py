"""The vectors of tests/vectors: groups of "name hex" lines, parted by empty lines."""

from .daemon import ROOT


def groups(name):
    """Every group of a file as a dictionary; "-" is an empty value."""
    group = {}
    for line in [*(ROOT / "tests/vectors" / f"{name}.txt").read_text().splitlines(), ""]:
        line = line.split("#")[0].strip()
        if not line:
            if group:
                yield group
            group = {}
            continue
        field, value = line.split()
        group[field] = b"" if value == "-" else bytes.fromhex(value)


def tests(name):
    """Every test, with what its key is: groups without a "tc" hold for those below."""
    held = {}
    for group in groups(name):
        if "tc" not in group:
            held = group
            continue
        yield {**held, **group, "tc": group["tc"].hex(), "ok": group["ok"] == b"\1"}


def by(field, name):
    """{value of a field: the tests that have it}"""
    found = {}
    for test in tests(name):
        found.setdefault(test[field], []).append(test)
    return found
