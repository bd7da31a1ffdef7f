#!/usr/bin/env python3
"""House rules that no compiler checks. Prints what breaks one; silent when all hold."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Files over 400 lines, and why each has no seam.
LONG = {}
LONG_LIMIT = 400
CODE = {".c", ".h", ".py", ".sh", ".mjs", ".sql"}
TEXT = CODE | {".toml", ".md", ".yaml", ".ini", ".build", ".json", ".1", ".8", ".txt",
               ".service", ".conf"}
# Words that promise work instead of doing it. Spelled apart, so that this file passes.
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|HA" r"CK|"
                        r"(?i:not implemen" r"ted|for n" r"ow))\b")
# The project speaks of itself alone: no machine's paths, no registry's host.
ELSEWHERE = re.compile(r"(?<![\w.$/}])/wo" r"rk/|/ro" r"ot/|regi" r"stry\.npm|py" r"pi\.org|"
                       r"deb\.deb" r"ian\.org")
# A secret's bytes in reach of a formatter or the log.
SPOKEN = re.compile(r"(printf|kms_log\w*|kms_err|KMS_LOG_TEXT|perror)\s*\([^;]*"
                    r"(kms_secret_view|plaintext|->plain\b|\bpin\b(?!_|\.))", re.S)
# The names of files that words about PINs may be in: they never hold its bytes.
SPOKEN_OK = {"daemon/common/pin.c": "speaks of the file, never of what is in it"}
# Calls that belong to one folder: (pattern, folders).
OWNED = [
    (re.compile(r"\bEVP_\w+\s*\("), ["lib/crypto/", "tests/"]),
    (re.compile(r"\bsqlite3_\w+\s*\("), ["lib/store/", "tests/"]),
    (re.compile(r"\bC_[A-Z]\w+\s*\("), ["lib/token/", "tests/"]),
    (re.compile(r"\bMHD_\w+\s*\("), ["daemon/kmsd/", "tests/"]),
    (re.compile(r"\bgnutls_\w+\s*\("), ["daemon/", "tests/"]),
    (re.compile(r"\b(strcpy|strcat|sprintf|gets|alloca|setjmp|longjmp)\s*\("), ["tests/"]),
    # The one clock: everything else asks it.
    (re.compile(r"\b(gettimeofday|time)\s*\(\s*(NULL|&)"), ["lib/base/clock.c", "tests/"]),
    (re.compile(r"\bclock_gettime\s*\(\s*CLOCK_REALTIME"), ["lib/base/clock.c", "tests/"]),
]


def files():
    """What git holds, and what it would hold: nothing ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT,
        check=True, capture_output=True, text=True).stdout.splitlines()
    return [ROOT / name for name in sorted(set(listed)) if (ROOT / name).is_file()]


def rel(path):
    return str(path.relative_to(ROOT))


def check_lengths(path, text):
    lines = text.count("\n")
    if path.suffix in {".c", ".h", ".py"} and lines > LONG_LIMIT and rel(path) not in LONG:
        yield f"{rel(path)}: {lines} lines; over {LONG_LIMIT} there is a seam to find"


def check_words(path, text):
    for number, line in enumerate(text.splitlines(), 1):
        found = UNFINISHED.search(line) or ELSEWHERE.search(line)
        if found:
            yield f"{rel(path)}:{number}: \"{found.group(0)}\""


def without_comments(text):
    return re.sub(r"/\*.*?\*/", lambda m: "\n" * m.group(0).count("\n"), text, flags=re.S)


def without_strings(text):
    return re.sub(r'"(?:\\.|[^"\\\n])*"', '""', text)


def check_code(path, text):
    where, bare = rel(path), without_comments(text)
    if re.search(r"^[^\"\n]*(?<!:)//", without_strings(bare), re.M):
        yield f"{where}: a // comment"
    for statement in without_strings(bare).split(";"):
        if SPOKEN.search(statement + ";") and where not in SPOKEN_OK \
                and where.startswith(("lib/", "daemon/")):
            yield f"{where}: a secret in reach of printf or the log: " \
                  f"{' '.join(statement.split())[-90:]}"
    for pattern, folders in OWNED:
        found = pattern.search(without_strings(bare))
        if found and not any(where.startswith(folder) for folder in folders):
            yield f"{where}: {found.group(0)}...) belongs in {folders[0]}"
    if path.suffix == ".h":
        guard = re.search(r"#ifndef (\w+)\n#define \1\b", text)
        if not guard and where.startswith(("lib/", "daemon/")):
            yield f"{where}: no include guard"


def snake(name):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def check_operations(paths):
    """Each operation with code has its model and a front-door test that names it."""
    sys.path.insert(0, str(ROOT / "tests"))
    from support.tour import OPERATIONS
    tests = "\n".join(p.read_text(encoding="utf-8") for p in paths
                      if rel(p).startswith("tests/sdk/test_ops"))
    all_tests = "\n".join(p.read_text(encoding="utf-8") for p in paths
                          if rel(p).startswith("tests/sdk/test_"))
    for name in OPERATIONS:
        file = snake(name)
        if not (ROOT / f"lib/ops/{file}.c").is_file():
            yield f"lib/ops/{file}.c: missing"
        if not (ROOT / f"proto/ops/{file}.toml").is_file():
            yield f"proto/ops/{file}.toml: missing"
        if not re.search(rf"\b({file}|{name})\b", tests):
            yield f"tests/sdk: no test_ops_* names {name}"
    table = "\n".join(p.read_text(encoding="utf-8") for p in paths
                      if rel(p).startswith("lib/ops/"))
    for path in (ROOT / "lib/ops").glob("*.c"):
        code = path.read_text(encoding="utf-8")
        named = re.search(rf"\bkms_op_{path.stem}\s*\(", code)
        if named and not (ROOT / f"proto/ops/{path.stem}.toml").is_file():
            yield f"{rel(path)}: no operation of the model"
        camel = "".join(word.capitalize() for word in path.stem.split("_"))
        if named and not re.search(rf"\b({path.stem}|{camel})\b", all_tests):
            yield f"tests/sdk: no test names {camel}"
    if not table:
        yield "lib/ops: empty"


def check_unit_tests(paths):
    """Every Check program is built and run."""
    listed = (ROOT / "tests/unit/meson.build").read_text(encoding="utf-8")
    for path in paths:
        if rel(path).startswith("tests/unit/test_") and path.suffix == ".c":
            name = path.stem.removeprefix("test_")
            if f"'{name}'" not in listed and f"test_{name}.c" not in listed:
                yield f"{rel(path)}: not in tests/unit/meson.build"


def check_tests(path, text):
    if re.search(r"^\s*(time\.sleep|sleep|usleep|nanosleep)\s*\(", text, re.M) \
            and rel(path).startswith(("tests/unit/", "tests/sdk/")):
        yield f"{rel(path)}: a test that sleeps; poll for the event with a bound"


def main():
    problems = []
    paths = files()
    for path in paths:
        if path.suffix not in TEXT or path.name == "package-lock.json":
            continue
        text = path.read_text(encoding="utf-8")
        problems += check_lengths(path, text)
        problems += check_words(path, text)
        problems += check_tests(path, text)
        if path.suffix in {".c", ".h"}:
            problems += check_code(path, text)
    problems += check_operations(paths)
    problems += check_unit_tests(paths)
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
