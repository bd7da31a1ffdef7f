"""The types of the wire -> wire/shapes.gen.h (C types) and shapes.gen.c (descriptors)."""

import cgen
import pattern

SCALARS = {"INTEGER": "int32_t {0}", "BOOLEAN": "bool {0}", "TIMESTAMP": "int64_t {0}_ms"}


def c_enum(enum):
    """enum kms_key_spec with its name and parse functions."""
    name, upper = enum.name, enum.name.upper()
    rows = "".join(f"    {enum.enumerator(v)},\n" for v in enum.values).rstrip(",\n")
    return f"""
/* {enum.doc} */
enum kms_{name} {{
    KMS_{upper}_NONE = 0,
{rows}
}};
enum {{ KMS_{upper}_COUNT = {len(enum.values) + 1} }}; /* NONE included */

/* The word on the wire; "" for NONE. */
const char *kms_{name}_name(enum kms_{name} value);
/* False, *out untouched, when text is not one of the words. */
bool kms_{name}_parse(struct kms_str text, enum kms_{name} *out);
"""


def list_type(item):
    """The C type of a list of item."""
    if item.kind == "STRING":
        return "struct kms_str_list"
    name = item.enum.of.name if item.kind == "ENUM" else item.struct.c_name
    return f"struct kms_{name}_list"


def c_list(item):
    kind = "enum" if item.kind == "ENUM" else "struct"
    name = item.enum.of.name if item.kind == "ENUM" else item.struct.c_name
    return (f"\nstruct kms_{name}_list {{\n    const {kind} kms_{name} *v;\n"
            f"    size_t n;\n    bool present;\n}};\n")


def c_member(member):
    kind, name = member.type.kind, member.c_name
    if kind in SCALARS:
        return f"    {SCALARS[kind].format(name)};\n    bool has_{name};\n"
    c_type = {
        "STRING": lambda t: "struct kms_str ",
        "BLOB": lambda t: "struct kms_bytes ",
        "ENUM": lambda t: f"enum kms_{t.enum.of.name} ",
        "LIST": lambda t: f"{list_type(t.item)} ",
        "MAP": lambda t: "struct kms_str_map ",
        "STRUCT": lambda t: f"const struct kms_{t.struct.c_name} *",
    }[kind](member.type)
    return f"    {c_type}{name};\n"


def c_struct(struct, doc):
    body = "".join(c_member(m) for m in struct.members)
    # An empty struct is not C; an answer without members still needs a type.
    body = body or "    char nothing;\n"
    return f"\n/* {doc} */\nstruct kms_{struct.c_name} {{\n{body}}};\n"


def op_structs(op):
    """The C structs of an operation: an answer without a body still has a type."""
    out = op.out
    if out is None:
        out = type(op.inp)(f"{op.name} out", f"{op.c_name}_out")
    return op.inp, out


def item_types(model):
    """Types that lists hold, one for each C type, strings aside."""
    seen = {}
    for made in model.types.values():
        if made.kind == "LIST" and made.item.kind != "STRING":
            seen.setdefault(list_type(made.item), made.item)
    return list(seen.values())


def shapes_header(model):
    out = ["#include <stdbool.h>\n#include <stddef.h>\n#include <stdint.h>\n\n"
           "#include \"wire/enums.gen.h\"\n#include \"wire/shape.h\"\n"]
    items = item_types(model)
    out += [c_list(i) for i in items if i.kind == "ENUM"]
    for struct in model.structs.values():
        out.append(c_struct(struct, struct.doc))
        out += [c_list(i) for i in items if i.struct is struct]
    for op in model.ops.values():
        inp, answer = op_structs(op)
        out.append(c_struct(inp, f"{op.name}, the request. {op.doc}"))
        out.append(c_struct(answer, f"{op.name}, the answer."))
    out.append("\n/* The descriptors: kms_<struct>_shape, and the members it is made of. */\n")
    for struct in all_structs(model):
        out.append(f"extern const struct kms_shape kms_{struct.c_name}_shape;\n"
                   f"extern const struct kms_member kms_{struct.c_name}_members[];\n")
    return cgen.header("wire/shapes.gen.h", "".join(out))


def enums_header(model):
    body = "#include <stdbool.h>\n\n#include \"base/bytes.h\"\n"
    body += "".join(c_enum(e) for e in model.enums.values() if e.of is e)
    return cgen.header("wire/enums.gen.h", body)


def all_structs(model):
    """Every struct that has a descriptor."""
    yield from model.structs.values()
    for op in model.ops.values():
        yield op.inp
        if op.out is not None:
            yield op.out


def enum_tables(enum):
    out = ""
    if enum.of is enum:
        names = "".join(f"    {cgen.quote(v)},\n" for v in enum.values)
        out += f"static const char *const {enum.name}_names[] = {{\n    \"\",\n{names}}};\n"
    values = "".join(f"    {enum.enumerator(v)},\n" for v in enum.values)
    out += f"static const uint8_t {enum.name}_values[] = {{\n{values}}};\n"
    out += (f"static const struct kms_enum {enum.name}_words = {{\n"
            f"    {enum.of.name}_names, KMS_{enum.of.name.upper()}_COUNT,\n"
            f"    {enum.name}_values, {len(enum.values)}}};\n\n")
    if enum.of is enum:
        name = enum.name
        out += f"""const char *kms_{name}_name(enum kms_{name} value)
{{
    return kms_enum_name(&{name}_words, value);
}}

bool kms_{name}_parse(struct kms_str text, enum kms_{name} *out)
{{
    unsigned value = kms_enum_parse(&{name}_words, text);

    if (value == 0)
        return false;
    *out = (enum kms_{name})value;
    return true;
}}

"""
    return out


def pattern_tables(index, text):
    auto = pattern.compile_pattern(text)
    ranges = "".join(f"    {{0x{last:X}, {k}}},\n"
                     for last, k in zip(auto.lasts, auto.classes))
    rows = "".join("    " + " ".join(f"{s}," for s in row) + "\n" for row in auto.table)
    accepts = " ".join(f"{cgen.boolean(a)}," for a in auto.accepts)
    name = f"pattern_{index}"
    return f"""/* {text.replace('*/', '* /').replace('/*', '/ *')} */
static const struct kms_pattern_range {name}_ranges[] = {{
{ranges}}};
static const uint8_t {name}_next[] = {{
{rows}}};
static const bool {name}_accepts[] = {{{accepts}}};
static const struct kms_pattern {name} = {{
    {cgen.quote(text)},
    {name}_ranges, {auto.n_classes}, {name}_next, {name}_accepts}};

"""


def type_name(made):
    return f"type_{cgen.snake(made.name)}"


def type_row(made, patterns):
    parts = [f".kind = KMS_KIND_{made.kind}"]
    for limit in ("min", "max"):
        value = getattr(made, limit)
        if value is not None:
            parts.append(f".has_{limit} = true, .{limit} = {value}")
    if made.pattern is not None:
        parts.append(f".pattern = &pattern_{patterns.index(made.pattern)}")
    if made.enum:
        parts.append(f".words = &{made.enum.name}_words")
    if made.item:
        parts.append(f".item = &{type_name(made.item)}")
    if made.struct:
        parts.append(f".shape = &kms_{made.struct.c_name}_shape")
    body = ",\n".join(f"    {p}" for p in parts)
    return f"static const struct kms_type {type_name(made)} = {{\n{body}}};\n"


def wire_text(value):
    """A default as the wire spells it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def shape_tables(struct):
    name = f"kms_{struct.c_name}"
    rows = ""
    for m in struct.members:
        field = m.c_name + ("_ms" if m.type.kind == "TIMESTAMP" else "")
        rows += (f"    {{.name = {cgen.quote(m.name)}, .path = "
                 f"{cgen.quote(cgen.lower_first(m.name))},\n"
                 f"     .type = &{type_name(m.type)},\n"
                 f"     .offset = offsetof(struct {name}, {field}),\n")
        if m.type.kind in SCALARS:
            rows += f"     .has_offset = offsetof(struct {name}, has_{m.c_name}),\n"
        for flag in ("required", "secret"):
            if getattr(m, flag):
                rows += f"     .{flag} = true,\n"
        if m.default is not None:
            rows += f"     .by_default = {cgen.quote(wire_text(m.default))},\n"
        if m.condition:
            rows += f"     .condition = {cgen.quote(m.condition)},\n"
        rows = rows.rstrip(",\n") + "},\n"
    rows = rows or "    {.name = NULL},\n"
    return f"""const struct kms_member {name}_members[] = {{
{rows}}};
const struct kms_shape {name}_shape = {{
    {cgen.quote(struct.name)}, sizeof(struct {name}),
    {name}_members, {len(struct.members)}}};

"""


def shapes_source(model):
    patterns = sorted({t.pattern for t in model.types.values() if t.pattern is not None})
    out = [f"{cgen.BANNER}#include <assert.h>\n\n#include \"wire/shapes.gen.h\"\n\n"]
    out += [f"static_assert(sizeof(enum kms_{e.name}) == sizeof(unsigned), \"\");\n"
            for e in model.enums.values() if e.of is e]
    out += [f"static_assert(sizeof({list_type(i)}) == sizeof(struct kms_str_list), "
            "\"\");\n" for i in item_types(model)]
    out.append("\n")
    out += [enum_tables(e) for e in model.enums.values()]
    out += [pattern_tables(i, text) for i, text in enumerate(patterns)]
    out += [type_row(t, patterns) for t in used_types(model)]
    out.append("\n")
    out += [shape_tables(s) for s in all_structs(model)]
    return "".join(out)


def used_types(model):
    """Types some member uses, an item before its list."""
    used = {}
    for struct in all_structs(model):
        for member in struct.members:
            made = member.type
            if made.item:
                used[made.item.name] = made.item
            used[made.name] = made
    return used.values()
