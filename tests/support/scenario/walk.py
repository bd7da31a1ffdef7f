"""Walks a group of the scenario through a driver."""

import json
import re
import sys
import time
import uuid
from pathlib import Path

from .. import clients, rawhttp
from ..daemon import ROOT, SLOW
from . import local, match, values

sys.path.insert(0, str(ROOT / "proto" / "gen"))
import model as proto  # noqa: E402

SCENARIO = ROOT / "tests" / "sdk" / "scenario.json"
OTHER_REGION = "eu-west-1"
REQUEST_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
FIXED = ("run", "account", "region", "other_region")


class Skip(Exception):
    """Why a group cannot run here: not a failure."""


class StepFailed(AssertionError):
    """Which step went wrong, and how."""


def load():
    """The groups of the scenario by name, in order."""
    return {group["group"]: group for group in json.loads(SCENARIO.read_text())}


def model():
    """The protocol as proto/ tells it."""
    return proto.Loader(ROOT / "proto").load()


MODEL = model()


def operations(group):
    return {step["op"] for step in group["steps"] if "op" in step}


def implemented(port):
    """The operations that the daemon on a plain listener's port has code for.

    A body that is no JSON is refused by all that have, and nothing comes of it.
    """
    return {op for op in MODEL.ops
            if b"UnknownOperation" not in rawhttp.call(port, op, b"[").body}


class Walk:
    """One driver on one daemon."""

    def __init__(self, driver, known, name):
        self.driver, self.known, self.name = driver, known, name

    def group(self, group):
        """Walks a group; StepFailed where it goes wrong, Skip where it cannot go."""
        lacking = sorted(operations(group) - self.known)
        if lacking:
            raise Skip(f"kmsd has no {', '.join(lacking)}")
        names = {"run": f"{self.name}-{uuid.uuid4().hex[:8]}",
                 "account": clients.ACCOUNT, "region": clients.REGION,
                 "other_region": OTHER_REGION}
        for number, step in enumerate(group["steps"], 1):
            try:
                self._step(step, names)
            except Skip:
                raise
            except Exception as problem:
                told = isinstance(problem, AssertionError)
                raise StepFailed(
                    f"{self.driver.sdk}: {group['group']}, step {number}: "
                    f"{step.get('op', step.get('do'))}\n"
                    f"{problem if told else repr(problem)}") from problem

    def _step(self, step, names):
        end = time.monotonic() + step.get("within_s", 0) * SLOW
        while True:
            answer = self._ask(step, names)
            wrong = self._wrong(step, answer, names)
            if not wrong or time.monotonic() > end:
                break
            time.sleep(0.05)
        assert not wrong, "\n".join(wrong)
        if "as" in step:
            names[step["as"]] = answer["out"]

    def _ask(self, step, names):
        request = values.resolve(step.get("in", {}), names)
        if "do" in step:
            return {"out": local.FUNCTIONS[step["do"]](**request)}
        region = OTHER_REGION if step.get("region") == "other" else clients.REGION
        answer = self.driver.call(step["op"], request, clients.ACCOUNT, region,
                                  step.get("pages", False))
        if "unknown" in answer:
            raise Skip(f"{self.driver.sdk} has no {answer['unknown']}")
        return answer

    def _wrong(self, step, answer, names):
        """Lines that tell how an answer is not what the step wants."""
        error = answer.get("error")
        if "op" in step and not step.get("pages") and self.driver.tells_ids:
            if not REQUEST_ID.fullmatch(answer.get("request_id") or ""):
                return [f"no request id in {match.short(answer)}"]
        if error and "skip_on" in step and not match.differences(
                step["skip_on"], error, names):
            raise Skip(f"{error['code']}: {error['message']}")
        if "error" not in step:
            if error:
                return [f"refused: {error['code']}: {error['message']}"]
            return match.differences(step.get("out", {}), answer["out"], names, "answer")
        if not error:
            return [f"not refused: {match.short(answer)}"]
        wanted = step["error"]
        wanted = {"code": wanted} if isinstance(wanted, str) else wanted
        modelled = MODEL.ops[step["op"]].errors
        if wanted["code"] in modelled and (
                error["class"].lower() != wanted["code"].lower()):
            return [f"the SDK made a {error['class']} of {match.short(error)}"]
        return match.differences(wanted, error, names, "error")


def lacks(group):
    """Lines that tell what is wrong with a group as it is written."""
    known, wrong = set(FIXED), []
    allowed = {"op", "do", "in", "as", "out", "error", "region", "pages", "within_s",
               "skip_on", "why"}
    for number, step in enumerate(group["steps"], 1):
        where = f"{group['group']}, step {number}"
        wrong += [f"{where}: what is {name}?" for name in step if name not in allowed]
        loose = set().union(*(values.references(step.get(part, {}))
                              for part in ("in", "out", "error"))) - known
        wrong += [f"{where}: {name} is not named before" for name in sorted(loose)]
        known |= {step["as"]} if "as" in step else set()
        wrong += [f"{where}: {line}" for line in _unknown_members(step)]
    return wrong


def _unknown_members(step):
    if "do" in step:
        return [] if step["do"] in local.FUNCTIONS else [f"no function {step['do']}"]
    op = MODEL.ops.get(step.get("op"))
    if op is None:
        return [f"no operation {step.get('op')}"]
    asked = [name for name in step.get("in", {}) if not op.inp.member(name)]
    out = {} if step.get("pages") else step.get("out", {})
    told = [name for name in out if not (op.out and op.out.member(name))]
    return [f"{op.name} has no member {name}" for name in asked + told]
