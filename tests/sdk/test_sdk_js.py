"""The AWS SDK for JavaScript v3 through every operation (js/tour.mjs), on both listeners."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from support.daemon import SLOW
from support.tour import OPERATIONS

HERE = Path(__file__).resolve().parent / "js"


@pytest.fixture(scope="module", params=["plain", "mutual"])
def outcomes(request, kmsd_dev):
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    if not (HERE / "node_modules").is_dir():
        pytest.skip("tests/sdk/js/node_modules is missing: tests/run.sh setup installs it")
    env = dict(os.environ, KMS_ENDPOINT=kmsd_dev.http)
    if request.param == "mutual":
        ready = kmsd_dev.ready
        env.update(KMS_ENDPOINT=kmsd_dev.https, KMS_CA=ready["ca"],
                   KMS_CERT=ready["client_cert"], KMS_KEY=ready["client_key"])
    done = subprocess.run(["node", "tour.mjs"], cwd=HERE, env=env, capture_output=True,
                          text=True, timeout=120 * SLOW)
    assert done.returncode == 0, done.stderr
    return {o["operation"]: o for o in map(json.loads, done.stdout.splitlines())}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_javascript_sdk_gets_its_answer(outcomes, operation):
    assert operation in outcomes, "never called"
    assert outcomes[operation]["ok"], outcomes[operation]["why"]
