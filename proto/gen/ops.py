"""The operations -> wire/ops.gen.{h,c} (rows), and ops/ops.gen.h, table.gen.c (code)."""

from pathlib import Path

import cgen
import shapes


def op_id(op):
    return f"KMS_OP_{op.c_name.upper()}"


def ops_header(model):
    ids = "".join(f"    {op_id(op)},\n" for op in model.ops.values())
    return cgen.header("wire/ops.gen.h", f"""
#include "wire/op.h"

/* Every operation of the service, in order of name: the index of its row. */
enum kms_op_id {{
{ids.rstrip(chr(10)).rstrip(',')}
}};

enum {{ KMS_OP_COUNT = {len(model.ops)} }};

extern const struct kms_op kms_ops[KMS_OP_COUNT];
""")


def member_ref(struct, member):
    return f"&kms_{struct.c_name}_members[{struct.members.index(member)}]"


def mask(enum, words):
    return " |\n            ".join(f"1u << {enum.enumerator(w)}" for w in words)


def key_rule(model, op, rule):
    parts = [f".from = {member_ref(op.inp, rule.source)}",
             f".forms = KMS_FORMS_{rule.forms.upper()}",
             f".states = {mask(model.enums['key_state'], rule.states)}",
             f".action = {cgen.quote(rule.action)}"]
    if rule.cross_account:
        parts.append(".cross_account = true")
    if rule.origins:
        parts.append(f".origins = {mask(model.enums['origin_type'], rule.origins)}")
    if rule.usage:
        usage = model.enums["key_usage_type"].enumerator(rule.usage)
        parts.append(f".usage = {usage}")
    for name in ("ciphertext", "context", "algorithm"):
        member = getattr(rule, name)
        if member:
            parts.append(f".{name} = {member_ref(op.inp, member)}")
    return "{\n         " + ",\n         ".join(parts) + "}"


def op_row(model, op):
    _, answer = shapes.op_structs(op)
    out = f"&kms_{op.out.c_name}_shape" if op.out else "NULL"
    parts = [f".index = {op_id(op)}",
             f".name = {cgen.quote(op.name)}, .action = {cgen.quote(op.action)}",
             f".effect = KMS_EFFECT_{op.effect.upper()}, .scope = KMS_SCOPE_"
             f"{op.scope.upper()}",
             f".in = &kms_{op.inp.c_name}_shape",
             f".out = {out}, .out_size = sizeof(struct kms_{answer.c_name})"]
    if op.keys:
        rules = ", ".join(key_rule(model, op, r) for r in op.keys)
        parts.append(f".keys = {{{rules}}}, .n_keys = {len(op.keys)}")
    for field, name in (("dry_run", "DryRun"), ("grant_tokens", "GrantTokens")):
        if op.inp.member(name):
            parts.append(f".{field} = {member_ref(op.inp, op.inp.member(name))}")
    parts.append(f".errors = {op.c_name}_errors, .n_errors = {len(op.errors)}")
    body = ",\n     ".join(parts)
    return f"    [{op_id(op)}] = {{\n     {body}}},\n"


def ops_source(model):
    out = [f"{cgen.BANNER}#include \"wire/ops.gen.h\"\n\n"]
    for op in model.ops.values():
        codes = "".join(f"    KMS_E_{model.error_of(w).name},\n" for w in op.errors)
        out.append(f"static const enum kms_rc {op.c_name}_errors[] = {{\n{codes}}};\n")
    out.append("\nconst struct kms_op kms_ops[KMS_OP_COUNT] = {\n")
    out += [op_row(model, op) for op in model.ops.values()]
    out.append("};\n")
    return "".join(out)


def prototypes_header(model):
    rows = "".join(
        f"KMS_RC kms_op_{op.c_name}(struct kms_call *call,\n"
        f"    const struct kms_{op.c_name}_in *in, struct kms_{op.c_name}_out *out);\n"
        for op in model.ops.values())
    return cgen.header("ops/ops.gen.h", f"""
#include "base/err.h"
#include "wire/ops.gen.h"
#include "wire/shapes.gen.h"

struct kms_call;

/* in and out are the structs of the operation's shapes; out comes zeroed. */
typedef enum kms_rc kms_op_fn(struct kms_call *call, const void *in, void *out);

/*
 * The code of an operation, or NULL when there is none yet: it is then answered as an
 * unknown operation is.
 */
kms_op_fn *kms_op_code(const struct kms_op *op);

/* One function an operation, in lib/ops/<operation>.c. */
{rows}""")


def table_source(model, files):
    """The dispatch table of those operations whose source is among files."""
    stems = {Path(f).stem for f in files}
    have = [op for op in model.ops.values() if op.c_name in stems]
    out = [f"{cgen.BANNER}#include <stddef.h>\n\n#include \"ops/ops.gen.h\"\n"]
    for op in have:
        out.append(f"""
static enum kms_rc run_{op.c_name}(struct kms_call *call, const void *in, void *out)
{{
    return kms_op_{op.c_name}(call, in, out);
}}
""")
    rows = "".join(f"    [{op_id(op)}] = run_{op.c_name},\n" for op in have)
    out.append(f"""
static kms_op_fn *const code[KMS_OP_COUNT] = {{
{rows or '    NULL,' + chr(10)}}};

kms_op_fn *kms_op_code(const struct kms_op *op)
{{
    return code[op->index];
}}
""")
    return "".join(out)
