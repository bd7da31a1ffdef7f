#!/usr/bin/env python3
"""Makes C, help and documentation from the declarative model under proto/.

    kmsgen.py rc    OUTDIR          rc.gen.h rc.gen.c
    kmsgen.py wire  OUTDIR          enums.gen.h shapes.gen.h shapes.gen.c ops.gen.h
                                    ops.gen.c api.gen.c
    kmsgen.py ops   OUTDIR          ops.gen.h: prototypes of the operations
    kmsgen.py table OUT SOURCE...   the dispatch table of the operations whose sources
                                    are given
    kmsgen.py pages OUTDIR [--examples DIR] SOURCE...
                                    the reference, Markdown: an index, a page an
                                    operation with its example from DIR, structures,
                                    errors; served are those whose sources are given
    kmsgen.py dict  OUT             the fuzz dictionary

Run by meson; needs nothing but the Python standard library. What it writes is never
edited and never committed.
"""

import sys
from pathlib import Path

sys.dont_write_bytecode = True      # a build leaves nothing in the source tree

import api      # noqa: E402
import cgen     # noqa: E402
import model    # noqa: E402
import ops      # noqa: E402
import pages    # noqa: E402
import rc       # noqa: E402
import shapes   # noqa: E402

PROTO = Path(__file__).resolve().parent.parent


def make_rc(proto, out, _):
    cgen.write(out / "rc.gen.h", rc.rc_header(proto))
    cgen.write(out / "rc.gen.c", rc.rc_source(proto))


def make_wire(proto, out, _):
    cgen.write(out / "enums.gen.h", shapes.enums_header(proto))
    cgen.write(out / "shapes.gen.h", shapes.shapes_header(proto))
    cgen.write(out / "shapes.gen.c", shapes.shapes_source(proto))
    cgen.write(out / "ops.gen.h", ops.ops_header(proto))
    cgen.write(out / "ops.gen.c", ops.ops_source(proto))
    cgen.write(out / "api.gen.c", api.api_source(proto))


def make_ops(proto, out, _):
    cgen.write(out / "ops.gen.h", ops.prototypes_header(proto))


def make_table(proto, out, sources):
    cgen.write(out, ops.table_source(proto, sources))


def make_pages(proto, out, rest):
    examples = rest[1] if rest[:1] == ["--examples"] else None
    out.mkdir(exist_ok=True)
    pages.write_pages(proto, out, rest[2:] if examples else rest, examples)


def make_dict(proto, out, _):
    cgen.write(out, pages.dictionary(proto))


MAKERS = {"rc": make_rc, "wire": make_wire, "ops": make_ops, "table": make_table,
          "pages": make_pages, "dict": make_dict}


def main(argv):
    if len(argv) < 3 or argv[1] not in MAKERS:
        sys.exit(__doc__)
    try:
        MAKERS[argv[1]](model.load(PROTO), Path(argv[2]), argv[3:])
    except model.ModelError as err:
        sys.exit(f"kmsgen: {err}")


if __name__ == "__main__":
    main(sys.argv)
