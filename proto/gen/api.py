"""The operations -> wire/api.gen.c, the table behind `kmsctl api` and its help."""

import cgen
import shapes


def flag(name):
    """KeyId -> key-id, as the AWS CLI spells it."""
    return cgen.snake(name).replace("_", "-")


def value_hint(made):
    """What to type after a flag."""
    if made.kind == "ENUM":
        return "|".join(made.enum.values)
    if made.kind == "LIST":
        item = value_hint(made.item)
        return f"{item} ..." if made.item.kind != "STRUCT" else "JSON"
    return {"STRING": "TEXT", "BLOB": "BASE64", "INTEGER": "N", "BOOLEAN": "true|false",
            "TIMESTAMP": "EPOCH", "MAP": "KEY=VALUE ...", "STRUCT": "JSON"}[made.kind]


def flag_row(op, index, member):
    default = member.default if member.default is not None else member.op_default
    text = "NULL" if default is None else cgen.quote(shapes.wire_text(default))
    doc = member.doc or member.type.doc
    return (f"    {{&kms_{op.inp.c_name}_members[{index}], {cgen.quote(flag(member.name))},\n"
            f"     {cgen.quote(value_hint(member.type))},\n"
            f"     {cgen.quote(doc)},\n     {text}}},\n")


def api_source(model):
    out = [f"{cgen.BANNER}#include \"wire/api.h\"\n\n"]
    for op in model.ops.values():
        rows = "".join(flag_row(op, i, m) for i, m in enumerate(op.inp.members))
        out.append(f"static const struct kms_api_flag {op.c_name}_flags[] = {{\n{rows}}};\n")
    rows = "".join(
        f"    {{&kms_ops[KMS_OP_{op.c_name.upper()}], {cgen.quote(flag(op.name))},\n"
        f"     {cgen.quote(op.doc)},\n"
        f"     {op.c_name}_flags, {len(op.inp.members)}}},\n" for op in model.ops.values())
    out.append(f"\nconst struct kms_api_op kms_api_ops[KMS_OP_COUNT] = {{\n{rows}}};\n")
    return "".join(out)
