#!/usr/bin/env python3
"""Makes C, help and documentation from the declarative model under proto/.

    kmsgen.py rc OUTDIR      rc.gen.h rc.gen.c

Run by meson; needs nothing but the Python standard library. What it writes is never
edited and never committed.
"""

import sys
from pathlib import Path
from types import SimpleNamespace

sys.dont_write_bytecode = True      # a build leaves nothing in the source tree

import cgen     # noqa: E402
import model    # noqa: E402
import rc       # noqa: E402

PROTO = Path(__file__).resolve().parent.parent


def make_rc(outdir):
    proto = SimpleNamespace(errors=model.load_errors(PROTO / "errors.toml"))
    cgen.write(outdir / "rc.gen.h", rc.rc_header(proto))
    cgen.write(outdir / "rc.gen.c", rc.rc_source(proto))


def main(argv):
    if len(argv) != 3 or argv[1] != "rc":
        sys.exit(__doc__)
    try:
        make_rc(Path(argv[2]))
    except model.ModelError as err:
        sys.exit(f"kmsgen: {err}")


if __name__ == "__main__":
    main(sys.argv)
