"""Small helpers for writing C: names, quoting, and files that change only when they must."""

import re
from pathlib import Path

BANNER = "/* Made by proto/gen/kmsgen.py from proto/; do not edit. */\n"


def snake(name):
    """KeyId -> key_id, AWSAccountId -> aws_account_id, CreateCustomKeyStore -> ..."""
    name = name.replace("CMKs", "Cmks")
    name = re.sub(r"(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def lower_first(name):
    """KeyId -> keyId: how AWS spells a member inside a validation text."""
    return name[:1].lower() + name[1:]


def quote(text):
    """A C string literal; everything outside printable ASCII becomes octal escapes."""
    out = []
    for byte in text.encode():
        char = chr(byte)
        if char in '"\\':
            out.append("\\" + char)
        elif 0x20 <= byte < 0x7F:
            out.append(char)
        else:
            out.append(f"\\{byte:03o}")
    return '"' + "".join(out).replace("??", "?\\?") + '"'


def boolean(value):
    return "true" if value else "false"


def guard(path):
    return "KMS_" + re.sub(r"[^A-Za-z0-9]", "_", path).upper()


def header(path, body):
    """Wrap body in an include guard named after the path it is included by."""
    name = guard(path)
    return f"{BANNER}#ifndef {name}\n#define {name}\n\n{body.strip()}\n\n#endif\n"


def write(path, text):
    Path(path).write_text(text)
