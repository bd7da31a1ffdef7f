"""Operation by caller by key policy by grants by state: kmsd decides as the oracle does.

The oracle is tests/oracle/decide.py, written from lib/policy/RULES.md and not from the code.
A caller who is refused hears nothing about the state; one who is not gets the state's answer
or the operation's. Every request leaves a record that says what decided. Here a sample is
asked; tests/campaign/authz.py asks everything, and what this one found wrong again.
"""

import os
import random

import pytest

from botocore.credentials import Credentials

from support import front
from support.authz_matrix import Key, Stage
from support.authz_rows import CROSS_ACCOUNT, EXCEPTIONS, ROWS, STATES, described
from support.authz_verdict import sample

SEED = os.environ.get("KMSD_AUTHZ_SEED", "1")


@pytest.fixture(scope="module")
def stage(shared_workshop):
    return Stage(shared_workshop)


def test_the_matrix_has_every_operation_that_is_authorized():
    asked = {row.operation for row in ROWS}
    assert asked | set(EXCEPTIONS) == set(described())
    assert not asked & set(EXCEPTIONS)
    assert all(reason for reason in EXCEPTIONS.values())


def test_what_the_matrix_leaves_out_is_no_operation(stage):
    wire = stage.wire()
    for operation in EXCEPTIONS:
        assert wire.ask("admin", operation, {}).code == "UnknownOperationException"


def test_the_model_says_what_works_across_accounts_as_the_reference_does():
    said = {name for name, op in described().items()
            if any(key.get("cross_account") for key in op.get("key", []))}
    assert said - set(EXCEPTIONS) == CROSS_ACCOUNT


def test_every_permission_of_the_model_is_asked_for():
    """Each key rule of an operation has a permission, and the matrix asks for it."""
    asked = {ask.action for row in ROWS for ask in row.asks}
    for name, op in described().items():
        if name not in EXCEPTIONS:
            wanted = {key.get("action", op["action"]) for key in op.get("key", [])}
            assert (wanted or {op["action"]}) <= asked, name


@pytest.mark.slow
def test_kmsd_decides_as_the_oracle_does(stage):
    chosen = list(sample(random.Random(SEED)))
    good, wrong = stage.run(chosen)
    print(f"{good} of {len(chosen)} cells as the oracle says")
    assert not wrong, (f"{len(wrong)} disagreements with KMSD_AUTHZ_SEED={SEED}; "
                       "the first:\n" + "\n".join(wrong[:5]))
    assert good == len(chosen)


def test_who_is_not_who_it_says_hears_the_same_of_every_key_and_is_counted(workshop):
    """Nothing is decided for a stranger, whatever the operation and the key's state."""
    stage = Stage(workshop, keep=True)
    known = stage.signers["narrowed"]
    stage.signers["forger"] = Credentials(known.access_key, "x" * 40, known.token)
    wire, asked, heard = stage.wire(), 0, set()
    keys = [Key(wire, ("data", "open", "none", state), {}).arn for state in STATES["data"]]
    for operation in described():
        for key in (*keys, keys[0][:-12] + "0" * 12):
            answer = wire.ask("forger", operation, {"KeyId": key})
            # What follows the first paragraph is the request itself, as it was read.
            heard.add((answer.code, answer.words.partition("\n\n")[0]))
            asked += 1
    assert len(heard) == 1 and heard.pop()[0] == "InvalidSignatureException"
    stage.daemon.stop()
    counted = front.refusals(stage.daemon.data)
    assert counted == {("127.0.0.1", "InvalidSignatureException"): asked}
