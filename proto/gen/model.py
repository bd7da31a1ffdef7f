"""Reads proto/*.toml into plain objects and refuses what the generator cannot express."""

import tomllib
from dataclasses import dataclass
from pathlib import Path


class ModelError(Exception):
    """A file under proto/ says something wrong; the text names the file and the entry."""


@dataclass
class Error:
    name: str       # NOT_FOUND
    wire: str       # NotFoundException
    http: int
    visible: bool
    message: str    # the member that carries the words
    doc: str


def load_toml(path):
    try:
        return tomllib.loads(Path(path).read_text())
    except tomllib.TOMLDecodeError as err:
        raise ModelError(f"{path}: {err}") from err


def take(table, where, required, optional=()):
    """Check that table has every required entry and nothing but those and optional."""
    for key in required:
        if key not in table:
            raise ModelError(f"{where}: '{key}' is missing")
    for key in table:
        if key not in required and key not in optional:
            raise ModelError(f"{where}: '{key}' is not known here")
    return table


def load_errors(path):
    errors = {}
    for name, row in load_toml(path).items():
        take(row, f"{path} [{name}]", ("wire", "http", "visible", "doc"), ("message",))
        errors[name] = Error(name, row["wire"], row["http"], row["visible"],
                             row.get("message", "message"), row["doc"])
    return errors
