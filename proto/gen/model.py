"""Reads proto/*.toml into plain objects and refuses what the generator cannot express."""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

import cgen
import pattern

# base of a type -> kind of the C descriptor
KINDS = {"string": "STRING", "blob": "BLOB", "integer": "INTEGER", "boolean": "BOOLEAN",
         "timestamp": "TIMESTAMP", "list": "LIST", "map": "MAP"}


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


@dataclass
class Enum:
    name: str       # key_spec
    values: list    # the words on the wire, in order
    of: "Enum"      # the enum whose C type it uses: itself, unless it is a selection
    doc: str

    def enumerator(self, value):
        word = value if value.upper() == value else cgen.snake(value).upper()
        return f"KMS_{self.of.name.upper()}_{word}"


@dataclass
class Type:
    name: str
    kind: str               # a value of KINDS, ENUM or STRUCT
    min: int = None
    max: int = None
    pattern: str = None
    secret: bool = False
    doc: str = ""
    enum: Enum = None
    struct: "Struct" = None
    item: "Type" = None     # what a list holds


@dataclass
class Member:
    name: str               # KeyId
    type: Type
    required: bool = False
    secret: bool = False
    deprecated: bool = False
    default: object = None      # applied by the decoder
    op_default: object = None   # applied by the operation: it depends on something else
    condition: str = ""         # policy condition key fed by this member
    doc: str = ""

    @property
    def c_name(self):
        return cgen.snake(self.name)


@dataclass
class Struct:
    name: str               # KeyMetadata; of an operation "Encrypt in"
    c_name: str             # key_metadata; encrypt_in
    doc: str = ""
    members: list = field(default_factory=list)

    def member(self, name):
        return next((m for m in self.members if m.name == name), None)


@dataclass
class KeyRule:
    source: Member          # names the key
    forms: str
    states: list
    action: str
    usage: str = None
    origins: list = None
    cross_account: bool = False
    ciphertext: Member = None
    context: Member = None
    algorithm: Member = None


@dataclass
class Op:
    name: str
    c_name: str
    doc: str
    action: str
    effect: str
    scope: str
    errors: list
    keys: list
    inp: Struct
    out: Struct             # None: the answer has no body


@dataclass
class Model:
    errors: dict
    enums: dict
    types: dict
    structs: dict
    ops: dict

    def error_of(self, wire):
        return next(e for e in self.errors.values() if e.wire == wire)


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


def load_enums(path):
    enums = {}
    for name, row in load_toml(path).items():
        where = f"{path} [{name}]"
        take(row, where, ("values", "doc"), ("of",))
        enum = Enum(name, row["values"], None, row["doc"])
        enum.of = enums[row["of"]] if "of" in row else enum
        for value in set(enum.values) - set(enum.of.values):
            raise ModelError(f"{where}: {value} is not a value of {enum.of.name}")
        enums[name] = enum
    return enums


class Loader:
    """Resolves names: a type is one of types.toml, an enum, or a structure."""

    def __init__(self, proto):
        self.proto = Path(proto)
        self.errors = load_errors(self.proto / "errors.toml")
        self.enums = load_enums(self.proto / "enums.toml")
        self.raw_types = load_toml(self.proto / "types.toml")
        self.raw_structs = load_toml(self.proto / "structs.toml")
        self.types = {}
        self.structs = {}
        self.ops = {}

    def load(self):
        for name in self.raw_types:
            self.type(name, "types.toml")
        for name in self.raw_structs:
            self.type(name, "structs.toml")
        ops = [self.op(path) for path in (self.proto / "ops").glob("*.toml")]
        self.ops = {op.name: op for op in sorted(ops, key=lambda op: op.name)}
        return Model(self.errors, self.enums, self.types, self.structs, self.ops)

    def type(self, name, where):
        if name in self.types:
            return self.types[name]
        if name in self.enums:
            enum = self.enums[name]
            made = Type(name, "ENUM", enum=enum, doc=enum.doc)
        elif name in self.raw_structs:
            struct = Struct(name, cgen.snake(name), self.raw_structs[name].get("doc", ""))
            made = Type(name, "STRUCT", struct=struct, doc=struct.doc)
            rows = {k: v for k, v in self.raw_structs[name].items() if k != "doc"}
            struct.members = self.members(rows, f"structs.toml [{name}]")
            self.structs[name] = struct     # after those it contains
        elif name in self.raw_types:
            made = self.simple_type(name)
        else:
            raise ModelError(f"{where}: no type, enum or structure is called '{name}'")
        self.types[name] = made
        return made

    def simple_type(self, name):
        where = f"types.toml [{name}]"
        row = take(self.raw_types[name], where, ("base",),
                   ("of", "min", "max", "pattern", "secret", "doc"))
        if row["base"] not in KINDS:
            raise ModelError(f"{where}: base '{row['base']}' is not known")
        made = Type(name, KINDS[row["base"]], row.get("min"), row.get("max"),
                    row.get("pattern"), row.get("secret", False), row.get("doc", ""))
        if made.pattern is not None:
            try:
                pattern.compile_pattern(made.pattern)
            except pattern.PatternError as err:
                raise ModelError(f"{where}: {err}") from err
        if made.kind == "LIST":
            made.item = self.type(row["of"], where)
            if made.item.kind not in ("STRING", "ENUM", "STRUCT"):
                raise ModelError(f"{where}: lists of {made.item.name} are not supported")
        return made

    def members(self, rows, where):
        out = []
        for name, row in rows.items():
            at = f"{where} {name}"
            row = {"type": row} if isinstance(row, str) else row
            take(row, at, ("type",), ("required", "secret", "deprecated", "default",
                                      "op_default", "condition", "doc"))
            made = self.type(row["type"], at)
            member = Member(name, made, **{k: v for k, v in row.items() if k != "type"})
            member.secret = member.secret or made.secret
            if made.kind == "LIST":
                member.secret = member.secret or made.item.secret
            self.check_default(member, at)
            out.append(member)
        return out

    def check_default(self, member, where):
        for value in (member.default, member.op_default):
            good = {"ENUM": lambda v: v in member.type.enum.values,
                    "INTEGER": lambda v: isinstance(v, int),
                    "BOOLEAN": lambda v: isinstance(v, bool),
                    "STRING": lambda v: isinstance(v, str)}.get(member.type.kind)
            if value is not None and (good is None or not good(value)):
                raise ModelError(f"{where}: {value!r} cannot be its default")

    def op(self, path):
        where = f"ops/{path.name}"
        row = take(load_toml(path), where,
                   ("name", "doc", "action", "effect", "scope", "errors", "in"),
                   ("key", "out"))
        c_name = cgen.snake(row["name"])
        if path.stem != c_name:
            raise ModelError(f"{where}: must be called {c_name}.toml")
        for key, words in (("effect", ("read", "use", "change")),
                           ("scope", ("key", "account", "grant"))):
            if row[key] not in words:
                raise ModelError(f"{where}: {key} is one of {', '.join(words)}")
        wires = {e.wire for e in self.errors.values()}
        for wire in row["errors"]:
            if wire not in wires:
                raise ModelError(f"{where}: no error is called {wire}")
        inp = Struct(f"{row['name']} in", f"{c_name}_in", members=self.members(
            row["in"], f"{where} [in]"))
        out = None
        if "out" in row:
            out = Struct(f"{row['name']} out", f"{c_name}_out", members=self.members(
                row["out"], f"{where} [out]"))
        keys = [self.key_rule(k, inp, row["action"], f"{where} [[key]]")
                for k in row.get("key", [])]
        if len(keys) > 2:
            raise ModelError(f"{where}: at most two keys")
        return Op(row["name"], c_name, row["doc"], row["action"], row["effect"],
                  row["scope"], row["errors"], keys, inp, out)

    def key_rule(self, row, inp, action, where):
        take(row, where, ("from", "forms", "states"),
             ("usage", "origins", "cross_account", "action", "ciphertext", "context",
              "algorithm"))
        if row["forms"] not in ("any", "key", "alias"):
            raise ModelError(f"{where}: forms is any, key or alias")
        all_states = self.enums["key_state"].values
        states = all_states if row["states"] == "any" else row["states"]
        for name, words in (("key_state", states),
                            ("key_usage_type", [row["usage"]] if "usage" in row else []),
                            ("origin_type", row.get("origins", []))):
            for word in words:
                if word not in self.enums[name].values:
                    raise ModelError(f"{where}: {word} is no {name}")
        named = {}
        for part in ("from", "ciphertext", "context", "algorithm"):
            if part in row:
                named[part] = inp.member(row[part])
                if named[part] is None:
                    raise ModelError(f"{where}: [in] has no {row[part]}")
        return KeyRule(named["from"], row["forms"], states, row.get("action", action),
                       row.get("usage"), row.get("origins"),
                       row.get("cross_account", False), named.get("ciphertext"),
                       named.get("context"), named.get("algorithm"))


def load(proto):
    return Loader(proto).load()
