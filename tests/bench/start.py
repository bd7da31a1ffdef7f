#!/usr/bin/env python3
"""How long a dev start takes, from fork to the ready line, token made included.

  start.py [--runs 20] [--target-ms 150]

Prints the median for RESULTS.md. With --check, exits 1 over the target.
"""

import argparse
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.daemon import Kmsd  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--target-ms", type=float, default=150)
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    took = []
    for _ in range(args.runs):
        daemon = Kmsd()
        begun = time.monotonic()
        daemon.start()
        took.append((time.monotonic() - begun) * 1000)
        daemon.stop()
        daemon.close()
    median = statistics.median(took)
    print(f"start: median {median:.0f} ms of {args.runs} dev starts to the ready line "
          f"(min {min(took):.0f}, max {max(took):.0f}; target {args.target_ms:.0f})")
    return 1 if args.check and median > args.target_ms else 0


if __name__ == "__main__":
    sys.exit(main())
