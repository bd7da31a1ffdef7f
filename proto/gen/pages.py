"""The operations -> the reference in Markdown, and the fuzz dictionary."""

import json
from pathlib import Path

import cgen
import shapes

DECIDED = {"key": "the policy and the grants of the key, identity policies",
           "account": "the identity policies of the caller's account",
           "grant": "the grant itself: its parties may; a policy can only deny"}
EFFECTS = {"read": "read: nothing changes",
           "use": "use: cryptography with a key, nothing changes",
           "change": "change: one transaction with its audit record"}
FORMS = {"any": "key id, key ARN, alias name or alias ARN",
         "key": "key id or key ARN, no alias", "alias": "alias name"}


def row(*cells):
    return "| " + " | ".join(cells) + " |\n"


def table(*heads):
    return row(*heads) + row(*["---"] * len(heads))


def code(text):
    """Inline code that may hold the bar of a table."""
    return "`" + text.replace("|", "\\|") + "`"


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
        parts.append(code(made.pattern))
    if made.enum:
        parts.append(", ".join(f"`{v}`" for v in made.enum.values))
    if made.kind == "LIST":
        inner = limits(made.item)
        parts += [f"each: {inner}"] if inner else []
    return "; ".join(parts)


def type_word(made):
    if made.kind == "LIST":
        return f"list of {type_word(made.item)}"
    if made.kind == "STRUCT":
        return f"[{made.struct.name}](structures.md#{made.struct.name.lower()})"
    return {"ENUM": "word", "MAP": "map of string to string"}.get(made.kind,
                                                                  made.kind.lower())


def member_rows(struct):
    out = table("member", "type", "", "limits", "meaning")
    for m in struct.members:
        notes = ["required"] if m.required else []
        default = m.default if m.default is not None else m.op_default
        if default is not None and default != "":
            notes.append(f"default `{shapes.wire_text(default)}`")
        notes += [word for word in ("secret", "deprecated") if getattr(m, word)]
        meaning = m.doc or m.type.doc
        if m.condition:
            meaning += f" Condition key `{m.condition}`."
        out += row(f"`{m.name}`", type_word(m.type), ", ".join(notes), limits(m.type),
                   meaning)
    return out


def named_by(rule):
    """Members that say which key a rule is about."""
    words = [f"`{rule.source.name}`: {FORMS[rule.forms]}"]
    if rule.ciphertext:
        words.append(f"or, when it is absent, `{rule.ciphertext.name}`")
    return " ".join(words)


def key_section(rule, model):
    states = ("any" if len(rule.states) == len(model.enums["key_state"].values)
              else ", ".join(f"`{s}`" for s in rule.states))
    lines = [("named by", named_by(rule)), ("permission", f"`{rule.action}`"),
             ("states that pass", states),
             ("usage", f"`{rule.usage}`" if rule.usage else "any"),
             ("origins", ", ".join(f"`{o}`" for o in rule.origins or []) or "any"),
             ("of another account", "allowed" if rule.cross_account else "no")]
    lines += [(word, f"`{member.name}`") for word, member in
              (("encryption context", rule.context), ("algorithm", rule.algorithm))
              if member]
    return table("key", "") + "".join(row(*line) for line in lines)


def error_rows(op, model):
    errors = map(model.error_of, op.errors)
    return table("error", "status", "meaning") + "".join(
        row(f"`{e.wire}`", str(e.http), e.doc) for e in errors)


def headline(op, done):
    takes = [name for name in ("DryRun", "GrantTokens") if op.inp.member(name)]
    actions = dict.fromkeys([op.action] if not op.keys else [r.action for r in op.keys])
    return table("", "") + "".join(row(*line) for line in (
        ("state", "served" if done else "not served: answered as an unknown operation"),
        ("permission", ", ".join(f"`{a}`" for a in actions)),
        ("decided by", DECIDED[op.scope]),
        ("effect", EFFECTS[op.effect]),
        ("`DryRun`", "yes" if "DryRun" in takes else "no"),
        ("`GrantTokens`", "yes" if "GrantTokens" in takes else "no")))


def answer_section(op):
    if op.out is None:
        return "Status 200, no body.\n"
    return member_rows(op.out) if op.out.members else "Status 200, an empty object.\n"


def shortened(value, made):
    """A wire value of a type with its long bytes and tokens cut."""
    if made.kind == "LIST":
        return [shortened(item, made.item) for item in value]
    if made.kind == "STRUCT":
        return shorten(value, made.struct)
    opaque = made.kind == "BLOB" or made.secret
    return value[:40] + "…" if opaque and len(value) > 44 else value


def shorten(body, struct):
    return {name: shortened(value, struct.member(name).type)
            for name, value in body.items()}


def example_section(op, example):
    def block(words, body):
        shown = json.dumps(body, indent=2, ensure_ascii=False)
        return f"```\n{words}\n```\n\n```json\n{shown}\n```\n"

    asked = block(f"POST / HTTP/1.1\nContent-Type: application/x-amz-json-1.1\n"
                  f"X-Amz-Target: TrentService.{op.name}",
                  shorten(example["request"], op.inp))
    reply = example["reply"]
    told = ("```\nHTTP/1.1 200, no body\n```\n" if reply is None else
            block("HTTP/1.1 200", shorten(reply, op.out)))
    return f"## Example\n\nIt was run.\n\n{asked}\n{told}\n"


def op_page(op, model, done, example):
    out = f"# {op.name}\n\n{op.doc}\n\n{headline(op, done)}\n"
    for number, rule in enumerate(op.keys, 1):
        which = f" {number}" if len(op.keys) > 1 else ""
        out += f"## Key{which}\n\n{key_section(rule, model)}\n"
    asked = member_rows(op.inp) if op.inp.members else "An empty object.\n"
    out += f"## Request\n\n{asked}\n## Answer\n\n{answer_section(op)}\n"
    out += (f"## Errors\n\n{error_rows(op, model)}\n"
            f"And those of [every operation](errors.md#every-operation).\n\n")
    if example:
        out += example_section(op, example)
    return out.rstrip("\n") + "\n"


def structures_page(model):
    out = "# Structures\n"
    for struct in sorted(model.structs.values(), key=lambda s: s.name):
        out += f"\n## {struct.name}\n\n{struct.doc}\n\n{member_rows(struct)}"
    return out


def words_of(error):
    if not error.visible:
        return "no"
    return "yes" if error.message == "message" else f"yes, in `{error.message}`"


def errors_page(model):
    """Errors by the name on the wire; the first of a name speaks for it."""
    by_wire = {}
    for error in model.errors.values():
        by_wire.setdefault(error.wire, error)
    named = {wire for op in model.ops.values() for wire in op.errors}
    out = ("# Errors\n\nThe body is `{\"__type\": NAME, \"message\": WORDS}`. Where "
           "\"words\" says no, every cause looks the same and there is no message.\n")
    for head, chosen in (("Every operation", set(by_wire) - named), ("Some", named)):
        out += f"\n## {head}\n\n" + table("error", "status", "words", "meaning")
        out += "".join(row(f"`{e.wire}`", str(e.http), words_of(e), e.doc)
                       for wire, e in by_wire.items() if wire in chosen)
    return out


def index_page(model, served):
    out = (f"# Operations\n\n{len(served)} of the {len(model.ops)} in the model are served. "
           "See also [structures](structures.md) and [errors](errors.md).\n\n")
    out += table("operation", "state", "effect", "")
    for op in model.ops.values():
        out += row(f"[{op.name}]({op.c_name}.md)",
                   "served" if op.name in served else "not served", op.effect, op.doc)
    return out


def load_example(folder, op):
    path = Path(folder) / f"{op.name}.json"
    return json.loads(path.read_text()) if path.exists() else None


def write_pages(model, folder, sources, examples=None):
    """The reference into folder. Served is what has a source among sources; examples is a
    folder of <Operation>.json: {"request", "reply"}, as they went over the wire."""
    stems = {Path(source).stem for source in sources}
    served = {op.name for op in model.ops.values() if op.c_name in stems}
    cgen.write(folder / "README.md", index_page(model, served))
    cgen.write(folder / "structures.md", structures_page(model))
    cgen.write(folder / "errors.md", errors_page(model))
    for op in model.ops.values():
        example = load_example(examples, op) if examples else None
        cgen.write(folder / f"{op.c_name}.md",
                   op_page(op, model, op.name in served, example))


def dictionary(model):
    """Tokens for libFuzzer: member names, words, and the marks of JSON."""
    tokens = {"true", "false", "null", "{}", "[]", "1e400", "-0.0", "\\u0000", "\\ud800"}
    for struct in shapes.all_structs(model):
        tokens |= {f'"{m.name}":' for m in struct.members}
    for enum in model.enums.values():
        tokens |= {f'"{v}"' for v in enum.values}
    return "".join(f"{cgen.quote(t)}\n" for t in sorted(tokens))
