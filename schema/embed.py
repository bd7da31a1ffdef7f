#!/usr/bin/env python3
"""Embeds the schema into C: migrations as bytes, named statements as an enum and texts.

    embed.py OUTDIR QUERIES MIGRATION...      sql.gen.h sql.gen.c

Run by meson; needs nothing but the Python standard library. What it writes is never
edited and never committed.
"""

import re
import sys
from pathlib import Path

BANNER = "/* Made by schema/embed.py from schema/; do not edit. */\n"
HEAD = re.compile(r"^-- (name: |let: \$)([A-Z][A-Z0-9_]*)$")
PIECE = re.compile(r"\$([A-Z][A-Z0-9_]*)")


def read_ascii(path):
    data = path.read_bytes()
    if not data.isascii() or b"\0" in data:
        sys.exit(f"{path}: ASCII only")
    return data


def load_queries(path):
    """-> {name: text} in the order of the file; pieces are filled in."""
    blocks = {}     # "name: X" or "let: $X" -> lines
    lines = None
    for number, line in enumerate(read_ascii(path).decode().splitlines(), 1):
        head = HEAD.match(line)
        if head:
            if head[1] + head[2] in blocks:
                sys.exit(f"{path}:{number}: {head[2]} is there twice")
            lines = blocks.setdefault(head[1] + head[2], [])
        elif line.startswith(("-- name", "-- let")):
            sys.exit(f"{path}:{number}: not a name")
        elif line.strip() and not line.startswith("--"):
            if lines is None:
                sys.exit(f"{path}:{number}: a statement without a name")
            lines.append(line.strip())

    def piece(match):
        key = "let: $" + match[1]
        if key not in blocks:
            sys.exit(f"{path}: {match[0]} is not defined")
        return " ".join(blocks[key])

    queries = {}
    for key, lines in blocks.items():
        text = " ".join(lines)
        if key.startswith("name: "):
            if text.count(";") != 1 or not text.endswith(";"):
                sys.exit(f"{path}: {key[6:]} has to be one statement ending in ';'")
            queries[key[6:]] = PIECE.sub(piece, text)[:-1]
    return queries


def load_migrations(paths):
    """-> [(name, bytes)], numbered 0001, 0002, ... without a gap."""
    paths = sorted(paths, key=lambda path: path.name)
    for number, path in enumerate(paths, 1):
        if not re.fullmatch(rf"{number:04}_[a-z0-9_]+\.sql", path.name):
            sys.exit(f"{path}: expected {number:04}_<what>.sql")
    return [(path.stem, read_ascii(path)) for path in paths]


def header(queries, migrations):
    enum = "".join(f"    KMS_SQL_{name},\n" for name in queries)
    return f"""{BANNER}#ifndef KMS_STORE_SQL_GEN_H
#define KMS_STORE_SQL_GEN_H

/* Statements of schema/queries.sql. */
enum kms_sql {{
{enum}    KMS_SQL_COUNT
}};
extern const char *const kms_sql_text[KMS_SQL_COUNT];

/* Migrations of schema/, in order: the nth brings a database to user_version n. */
enum {{ KMS_SCHEMA_VERSION = {len(migrations)} }};
struct kms_migration {{
    const char *name; /* "0001_initial" */
    const char *sql;
}};
extern const struct kms_migration kms_migrations[KMS_SCHEMA_VERSION];

#endif
"""


def c_string(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def c_bytes(data):
    """Numbers and not a literal: ISO C promises literals of 4095 characters only."""
    data += b"\0"
    return ",\n".join(
        "    " + ", ".join(str(byte) for byte in data[at:at + 20])
        for at in range(0, len(data), 20)
    )


def source(queries, migrations):
    texts = "".join(f"    [KMS_SQL_{name}] =\n        {c_string(text)},\n"
                    for name, text in queries.items())
    blobs = "".join(f"static const char m{number}[] = {{\n{c_bytes(data)}}};\n\n"
                    for number, (_, data) in enumerate(migrations, 1))
    rows = "".join(f"    {{{c_string(name)}, m{number}}},\n"
                   for number, (name, _) in enumerate(migrations, 1))
    return f"""{BANNER}#include "store/sql.gen.h"

const char *const kms_sql_text[KMS_SQL_COUNT] = {{
{texts}}};

{blobs}const struct kms_migration kms_migrations[KMS_SCHEMA_VERSION] = {{
{rows}}};
"""


def main(argv):
    if len(argv) < 4:
        sys.exit(__doc__)
    outdir = Path(argv[1])
    queries = load_queries(Path(argv[2]))
    migrations = load_migrations([Path(arg) for arg in argv[3:]])
    (outdir / "sql.gen.h").write_text(header(queries, migrations))
    (outdir / "sql.gen.c").write_text(source(queries, migrations))


if __name__ == "__main__":
    main(sys.argv)
