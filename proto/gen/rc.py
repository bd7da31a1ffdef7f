"""errors.toml -> rc.gen.h and rc.gen.c: enum kms_rc and what a client sees of each code."""

import cgen


def rc_header(model):
    codes = "".join(
        f"    /* {e.doc} */\n    KMS_E_{e.name},\n" for e in model.errors.values()
    )
    return cgen.header("rc.gen.h", f"""
#include <stdbool.h>

/* What a call came to: one code for each exception on the wire, and some inside. */
enum kms_rc {{
    KMS_OK = 0,
{codes}}};

enum {{ KMS_RC_COUNT = {len(model.errors) + 1} }};

/*
 * One row of proto/errors.toml. wire is the "__type" a client sees, http the status.
 * visible says whether the words given to kms_err() reach the client; the member that
 * carries them is message_member ("message" but for a few). KMS_OK has http 200.
 */
struct kms_rc_info {{
    const char *id;             /* "KMS_E_NOT_FOUND" */
    const char *wire;           /* "NotFoundException" */
    const char *message_member;
    int http;
    bool visible;
}};

/* The row of rc; never NULL: a number that is no code gets the row of INTERNAL. */
const struct kms_rc_info *kms_rc_info(enum kms_rc rc);
""")


def rc_source(model):
    rows = "".join(
        f"    [KMS_E_{e.name}] = {{\n        \"KMS_E_{e.name}\",\n"
        f"        {cgen.quote(e.wire)},\n        {cgen.quote(e.message)}, {e.http}, {cgen.boolean(e.visible)}}},\n"
        for e in model.errors.values()
    )
    return f"""{cgen.BANNER}#include "rc.gen.h"

static const struct kms_rc_info rows[KMS_RC_COUNT] = {{
    [KMS_OK] = {{"KMS_OK", "", "message", 200, false}},
{rows}}};

const struct kms_rc_info *kms_rc_info(enum kms_rc rc)
{{
    if ((unsigned)rc >= KMS_RC_COUNT)
        return &rows[KMS_E_INTERNAL];
    return &rows[rc];
}}
"""
