"""Writes the operations of the model as Rust: python3 generate.py SDK OUT

The SDK for Rust has no reflection, so what the other drivers find by name is spelled out
here: how a line of JSON fills each request, and how each answer becomes one. SDK is the
directory of the crate's sources: what it does not have is left out, and the driver then
says that it does not know it.
"""

import re
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "proto" / "gen"))

import cgen  # noqa: E402
import model as proto  # noqa: E402

PAGED = ("ListAliases", "ListGrants", "ListKeyPolicies", "ListKeyRotations", "ListKeys",
         "ListResourceTags", "ListRetirableGrants")


class Sdk:
    """What the crate has, by its sources."""

    def __init__(self, source):
        self.source = Path(source) / "src"
        names = re.findall(r"::(\w+);", (self.source / "types.rs").read_text())
        self.types = set(names)

    def type(self, name):
        """The name of a structure or an enumeration in the crate, None without one."""
        pascal = "".join(word[:1].upper() + word[1:] for word in name.split("_"))
        return next((n for n in (pascal, f"{pascal}Type") if n in self.types), None)

    def has_operation(self, op):
        return (self.source / "operation" / cgen.snake(op.name)).is_dir()

    @cache
    def _text(self, path):
        return path.read_text()

    def _file(self, op, part):
        module = cgen.snake(op.name)
        return self.source / "operation" / module / f"_{module}_{part}.rs"

    def members(self, struct, op=None, part=None):
        """The members of a structure, or of an operation's input or output, it has."""
        path = (self._file(op, part) if op else self.source / "types" /
                f"_{cgen.snake(self.type(struct.name))}.rs")
        fields = re.findall(r"^    pub (?:r#)?(\w+): ", self._text(path), re.M)
        return [m for m in struct.members if cgen.snake(m.name) in fields]


def item(member):
    kind = member.type
    while kind.kind == "LIST":
        kind = kind.item
    return kind


def reached(sdk, members, seen):
    """The enumerations and structures that members are made of."""
    for kind in map(item, members):
        if kind.enum:
            seen["enums"].add(kind.enum.name)
        if kind.struct and kind.struct.name not in seen["structs"]:
            seen["structs"][kind.struct.name] = kind.struct
            reached(sdk, sdk.members(kind.struct), seen)
    return seen


def fills(members):
    for m in members:
        yield (f'    if let Some(v) = m.remove("{m.name}") '
               f'{{ b = b.set_{cgen.snake(m.name)}(Some(FromJson::read(v)?)); }}')


def puts(members):
    for m in members:
        yield f'    put(&mut j, "{m.name}", &o.{cgen.snake(m.name)});'
    if not members:
        yield "    let _ = (&mut j, o);"


def operation(sdk, op):
    yield f'    "{op.name}" => {{ let mut b = c.{cgen.snake(op.name)}();'
    yield from fills(sdk.members(op.inp, op, "input"))
    yield "    rest(m)?;"
    if op.name in PAGED:
        yield "    if pages { let mut s = b.into_paginator().send(); let mut all = vec![];"
        yield "        while let Some(page) = s.next().await {"
        yield "            match page { Ok(o) => all.push(o.to()),"
        yield "                         Err(e) => return Ok(refusal(e)) }"
        yield "        }"
        yield '        return Ok(json!({"out": {"pages": all}})); }'
    yield "    Ok(match b.send().await { Ok(o) => answer(&o), Err(e) => refusal(e) }) }"


def generate(model, sdk):
    ops = [op for op in model.ops.values() if sdk.has_operation(op)]
    inputs, outputs = {"enums": set(), "structs": {}}, {"enums": set(), "structs": {}}
    for op in ops:
        reached(sdk, sdk.members(op.inp, op, "input"), inputs)
        if op.out:
            reached(sdk, sdk.members(op.out, op, "output"), outputs)
    for name in sorted(inputs["enums"] | outputs["enums"]):
        yield f"enumeration!({sdk.type(name)});"
    for struct in inputs["structs"].values():
        name = sdk.type(struct.name)
        yield f"impl FromJson for types::{name} {{"
        yield "    fn read(v: Value) -> Result<Self, Trouble> {"
        yield f"    let (mut m, mut b) = (object(v)?, types::{name}::builder());"
        yield from fills(sdk.members(struct))
        yield "    rest(m)?; b.build().finish() } }"
    for struct in outputs["structs"].values():
        name = sdk.type(struct.name)
        yield f"impl ToJson for types::{name} {{ fn to(&self) -> Value {{"
        yield "    let (mut j, o) = (Map::new(), self);"
        yield from puts(sdk.members(struct))
        yield "    Value::Object(j) } }"
    for op in ops:
        name = f"operation::{cgen.snake(op.name)}::{op.name}Output"
        yield f"impl ToJson for {name} {{ fn to(&self) -> Value {{"
        yield "    let (mut j, o) = (Map::new(), self);"
        yield from puts(sdk.members(op.out, op, "output") if op.out else [])
        yield "    Value::Object(j) } }"
    yield ("async fn perform(c: &Client, op: &str, input: Value, pages: bool)"
           " -> Result<Value, Trouble> {")
    yield "    let mut m = object(input)?;"
    yield "    match op {"
    for op in ops:
        yield from operation(sdk, op)
    yield "    _ => Err(Trouble::Unknown(op.to_string())),"
    yield "    } }"


def main():
    sdk, out = Sdk(sys.argv[1]), Path(sys.argv[2])
    lines = generate(proto.Loader(ROOT / "proto").load(), sdk)
    text = "// Made by generate.py from proto/.\n" + "\n".join(lines) + "\n"
    if not out.exists() or out.read_text() != text:
        out.write_text(text)


if __name__ == "__main__":
    main()
