#!/usr/bin/env python3
"""lib/policy against the oracle, on random worlds and on the cases of cases.json.

    run.py DECIDE_MAIN [--count N] [--seed S] [--jobs J] [--first I]

Prints how the decisions came out, and for a disagreement the seed, the number, and the
smallest world that still shows it. Exits with 1 then.
"""

import argparse
import collections
import copy
import json
import multiprocessing
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import decide
import worlds

BATCH = 2000


def lib_decides(program, batch):
    lines = "".join(json.dumps(w) + "\n" for w in batch)
    done = subprocess.run([program], input=lines, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def disagree(program, world):
    return lib_decides(program, [world])[0] != decide.decide(world)


# --- the smallest world ------------------------------------------------------------------

DOCUMENTS = ("key_policy", "boundary")


def opened(world):
    """The world with its documents as JSON where they are JSON."""
    def load(text):
        try:
            return json.loads(text)
        except (ValueError, TypeError):
            return text
    out = copy.deepcopy(world)
    for name in DOCUMENTS:
        if name in out:
            out[name] = load(out[name])
    for name in ("identity", "session"):
        out[name] = [load(text) for text in out[name]]
    return out


def closed(world):
    def dump(value):
        return value if isinstance(value, str) else json.dumps(value)
    out = copy.deepcopy(world)
    for name in DOCUMENTS:
        if name in out:
            out[name] = dump(out[name])
    for name in ("identity", "session"):
        out[name] = [dump(value) for value in out[name]]
    return out


def places(value, path=()):
    """Where something could be left out, the outer first."""
    members = value.items() if isinstance(value, dict) else \
        enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        yield path + (name,)
        yield from places(member, path + (name,))


def without(value, path):
    out = copy.deepcopy(value)
    part = out
    for name in path[:-1]:
        part = part[name]
    del part[path[-1]]
    return out


def smaller(program, world):
    if not disagree(program, closed(opened(world))):
        return world                # the texts themselves matter
    small, again = opened(world), True
    while again:
        again = False
        for path in list(places(small)):
            try:
                candidate = without(small, path)
                if disagree(program, closed(candidate)):
                    small, again = candidate, True
                    break
            except (KeyError, IndexError, TypeError, AttributeError,
                    subprocess.CalledProcessError):
                continue
    return closed(small)


# --- the run -------------------------------------------------------------------------------

def outcome(answer, action):
    if "refused" in answer:
        return "refused document"
    words = answer["reason"].replace(action, "…")
    return ("allowed by " if answer["allowed"] else "denied ") + words


def batch(task):
    program, seed, first, count = task
    made = [worlds.make(seed, i) for i in range(first, first + count)]
    tally = collections.Counter()
    answers = lib_decides(program, made)
    wrong = [first + count if len(answers) != count else None]
    for i, (world, answer) in enumerate(zip(made, answers)):
        tally[outcome(answer, world["action"])] += 1
        if answer != decide.decide(world):
            wrong.append(first + i)
    return tally, [number for number in wrong if number is not None]


def report(program, seed, number):
    world = worlds.make(seed, number)
    print(f"\nDISAGREEMENT: --seed {seed} --first {number} --count 1")
    small = smaller(program, world)
    print(json.dumps(small, indent=1, ensure_ascii=False))
    print("lib/policy:", json.dumps(lib_decides(program, [small])[0]))
    print("oracle:    ", json.dumps(decide.decide(small)))


def run_random(args):
    start = time.monotonic()
    tasks = [(args.program, args.seed, args.first + i, min(BATCH, args.count - i))
             for i in range(0, args.count, BATCH)]
    tally, wrong = collections.Counter(), []
    with multiprocessing.Pool(args.jobs) as pool:
        for part, numbers in pool.imap_unordered(batch, tasks):
            tally += part
            wrong += numbers
    for name, n in tally.most_common():
        print(f"{n:9}  {name}")
    decided = args.count - tally["refused document"]
    print(f"{args.count} worlds, {decided} decisions, seed {args.seed}, "
          f"{time.monotonic() - start:.1f} s: {len(wrong)} disagreements")
    for number in sorted(wrong)[:3]:
        report(args.program, args.seed, number)
    return not wrong


# --- fixed cases -----------------------------------------------------------------------------

def world_of(case, shared):
    """A case is a world with documents as JSON and callers by name."""
    world = copy.deepcopy(shared["world"])
    world.update(copy.deepcopy({k: v for k, v in case.items() if k not in ("name", "want")}))
    world["principal"] = shared["callers"][world["principal"]]
    if isinstance(world.get("key_policy"), str):
        world["key_policy"] = shared["policies"][world["key_policy"]]
    return closed(world)


def run_cases(program):
    shared = json.loads((Path(__file__).parent / "cases.json").read_text(encoding="utf-8"))
    good = True
    for case in shared["cases"]:
        world = world_of(case, shared)
        for who, answer in (("oracle", decide.decide(world)),
                            ("lib/policy", lib_decides(program, [world])[0])):
            got = outcome(answer, world["action"])
            if got != case["want"]:
                good = False
                print(f"{case['name']}: {who} says {got!r}, not {case['want']!r}")
    print(f"{len(shared['cases'])} cases: {'as documented' if good else 'WRONG'}")
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("program")
    parser.add_argument("--count", type=int, default=10000)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1)
    args = parser.parse_args()
    good = run_cases(args.program)
    return 0 if run_random(args) and good else 1


if __name__ == "__main__":
    sys.exit(main())
