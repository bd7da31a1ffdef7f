"""The operations -> a reference page each (Markdown), and the fuzz dictionary."""

import os

import cgen
import shapes


def limits(made):
    """The constraints of a type in words."""
    unit = {"STRING": " characters", "BLOB": " bytes", "LIST": " elements"}.get(made.kind, "")
    parts = []
    if made.min is not None and made.max is not None:
        low = f"{made.min}" if made.min == made.max else f"{made.min} to {made.max}"
        parts.append(low + unit)
    elif made.max is not None:
        parts.append(f"at most {made.max}{unit}")
    if made.pattern is not None:
        parts.append("`" + made.pattern.replace("|", "\\|") + "`")
    if made.enum:
        parts.append(", ".join(f"`{v}`" for v in made.enum.values))
    return "; ".join(parts)


def type_word(made):
    if made.kind == "LIST":
        return f"list of {type_word(made.item)}"
    if made.kind == "STRUCT":
        return f"[{made.struct.name}](structures.md#{made.struct.name.lower()})"
    return {"ENUM": "word", "MAP": "map of string to string"}.get(made.kind,
                                                                  made.kind.lower())


def member_rows(struct):
    out = "| member | type | | meaning |\n| --- | --- | --- | --- |\n"
    for m in struct.members:
        notes = ["required"] if m.required else []
        default = m.default if m.default is not None else m.op_default
        if default is not None and default != "":
            notes.append(f"default `{shapes.wire_text(default)}`")
        notes += [word for word in ("secret", "deprecated") if getattr(m, word)]
        made = m.type.item if m.type.kind == "LIST" else m.type
        words = [text for text in (limits(m.type), limits(made) if made is not m.type
                                   else "") if text]
        meaning = " ".join([m.doc or m.type.doc] + [f"({'; '.join(words)})"] * bool(words))
        out += f"| {m.name} | {type_word(m.type)} | {', '.join(notes)} | {meaning} |\n"
    return out


def key_words(rule, model):
    forms = {"any": "key id, key ARN, alias name or alias ARN",
             "key": "key id or key ARN", "alias": "alias name"}[rule.forms]
    states = ("any state" if len(rule.states) == len(model.enums["key_state"].values)
              else "state " + ", ".join(rule.states))
    words = [f"`{rule.source.name}`: {forms}", states]
    if rule.usage:
        words.append(f"usage {rule.usage}")
    if rule.origins:
        words.append("origin " + ", ".join(rule.origins))
    words.append(f"permission `{rule.action}`")
    words.append("other accounts allowed" if rule.cross_account else "own account only")
    return "; ".join(words)


def op_page(op, model):
    out = f"# {op.name}\n\n{op.doc}\n\n"
    out += "| | |\n| --- | --- |\n"
    out += f"| permission | `{op.action}` |\n"
    out += f"| effect | {op.effect} |\n"
    who = {"key": "the policy and grants of the key", "account": "identity policies",
           "grant": "the grant"}[op.scope]
    out += f"| decided by | {who} |\n"
    for rule in op.keys:
        out += f"| key | {key_words(rule, model)} |\n"
    out += f"\n## Request\n\n{member_rows(op.inp)}"
    if op.out is None:
        out += "\n## Answer\n\nStatus 200, no body.\n"
    elif not op.out.members:
        out += "\n## Answer\n\nStatus 200, an empty object.\n"
    else:
        out += f"\n## Answer\n\n{member_rows(op.out)}"
    out += "\n## Errors\n\n| error | status | meaning |\n| --- | --- | --- |\n"
    for wire in op.errors:
        error = model.error_of(wire)
        out += f"| {wire} | {error.http} | {error.doc} |\n"
    return out


def structures_page(model):
    out = "# Structures\n"
    for struct in sorted(model.structs.values(), key=lambda s: s.name):
        out += f"\n## {struct.name}\n\n{struct.doc}\n\n{member_rows(struct)}"
    return out


def index_page(model):
    out = "# Operations\n\n| operation | effect | |\n| --- | --- | --- |\n"
    for op in model.ops.values():
        out += f"| [{op.name}]({op.c_name}.md) | {op.effect} | {op.doc} |\n"
    return out


def write_pages(model, folder):
    folder.mkdir(exist_ok=True)
    cgen.write(folder / "README.md", index_page(model))
    cgen.write(folder / "structures.md", structures_page(model))
    for op in model.ops.values():
        cgen.write(folder / f"{op.c_name}.md", op_page(op, model))
    os.utime(folder)    # a folder's own time says when it was made last


def dictionary(model):
    """Tokens for libFuzzer: member names, words, and the marks of JSON."""
    tokens = {"true", "false", "null", "{}", "[]", "1e400", "-0.0", "\\u0000", "\\ud800"}
    for struct in shapes.all_structs(model):
        tokens |= {f'"{m.name}":' for m in struct.members}
    for enum in model.enums.values():
        tokens |= {f'"{v}"' for v in enum.values}
    return "".join(f"{cgen.quote(t)}\n" for t in sorted(tokens))
