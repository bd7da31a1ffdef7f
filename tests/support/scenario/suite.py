"""The scenario as pytest runs it: a test a group, SDK and listener."""

import pytest

from . import sdks, walk

GROUPS = list(walk.load())
LISTENERS = ("plain", "mutual")
BY_NAME = walk.load()


def walker(*names):
    """A fixture: an SDK on the dev daemon's plain listener, then over mutual TLS."""
    params = [(name, listener) for name in names for listener in LISTENERS]

    @pytest.fixture(scope="module", params=params, ids="-".join)
    def walk_of(request, kmsd_dev, kmsd_server):
        name, listener = request.param
        daemon = kmsd_dev if listener == "plain" else kmsd_server
        try:
            driver = sdks.start(name, daemon, listener)
        except sdks.Unavailable as why:
            pytest.skip(str(why))
        known = walk.implemented(kmsd_dev.http_port)
        yield walk.Walk(driver, known, f"{name}-{listener}")
        driver.close()

    return walk_of


def run(walk_of, name):
    skipped = failed = None
    try:
        walk_of.group(BY_NAME[name])
    except walk.Skip as why:
        skipped = str(why)
    except walk.StepFailed as why:
        failed = str(why)
    # Outside, so that the report has the step's words and no trace of the walker.
    if skipped:
        pytest.skip(skipped)
    if failed:
        pytest.fail(failed, pytrace=False)
