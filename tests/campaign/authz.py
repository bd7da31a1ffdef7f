#!/usr/bin/env python3
"""Operation by caller by key policy by grants by state: every cell, decided as the oracle does.

  authz.py                       all of them
  authz.py --sample N --seed S   N of them
  authz.py --only TEXT           those whose name has TEXT, as a disagreement prints it:
                                 "Encrypt | alice | closed | users | Disabled"

The test of a sample is tests/sdk/test_authz_matrix.py. Prints a closing line for RESULTS.md;
exits 1 on a disagreement, and shows the first ones.
"""

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.authz_matrix import Stage  # noqa: E402
from support.authz_verdict import cells  # noqa: E402
from support.daemon import Kmsd  # noqa: E402

CHUNK = 20000
SHOWN = 5


class Workshop:
    """What Stage wants of the tests' workshop."""

    def __init__(self):
        self.path, self.daemon = Path(tempfile.mkdtemp(prefix="kmsd-authz-")), None

    def directory(self):
        return self.path

    def dev(self, **kw):
        self.daemon = Kmsd(**kw).start()
        return self.daemon

    def close(self):
        if self.daemon:
            self.daemon.close()
        shutil.rmtree(self.path, ignore_errors=True)


def chosen(args):
    found = [cell for cell in cells() if args.only is None or args.only in str(cell)]
    if args.sample is not None:
        found = random.Random(args.seed).sample(found, min(args.sample, len(found)))
    # A chunk has the cells of few keys, so that no key is made twice.
    return sorted(found, key=lambda cell: str(cell.about))


def run(args):
    asked, workshop, begun = chosen(args), Workshop(), time.monotonic()
    wrong, outcomes = [], Counter()
    try:
        stage = Stage(workshop)
        for at in range(0, len(asked), CHUNK):
            part = asked[at:at + CHUNK]
            wrong += stage.run(part, args.connections, outcomes)[1]
            print(f"{at + len(part)} of {len(asked)}, {len(wrong)} disagreements, "
                  f"{time.monotonic() - begun:.0f} s", flush=True)
    finally:
        workshop.close()
    for code, n in outcomes.most_common():
        print(f"{n:9}  {code or 'success'}")
    print("\n".join(wrong[:SHOWN]))
    which = "all" if args.sample is None and args.only is None else f"seed {args.seed}"
    print(f"authz: {len(asked)} cells ({which}), {len({c.row.operation for c in asked})} "
          f"operations, {len({c.caller for c in asked})} callers, "
          f"{len({c.about for c in asked})} keys: {len(wrong)} disagreements, "
          f"{time.monotonic() - begun:.0f} s")
    return 1 if wrong or not asked else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sample", type=int)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--only")
    parser.add_argument("--connections", type=int, default=8)
    return run(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
